/**
 * A processor waits for many lines of memory as long as for one, if it may ask for them at once. Loops that must wait for one access before they
 * can do the next read what a stretch of accesses will need beforehand.
 */
import { PAGE_MASK } from '../machine/access.ts';

/** Accesses that are looked at together: few enough that what they need stays in the nearest caches. */
export const STRETCH = 64;

/** Reads the state bytes of the pages that `block` names from `from` to `to`. The caller must keep the result, or compilers drop the reading. */
export function warm(state: Uint8Array, block: Uint32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += state[block[i] & PAGE_MASK];
  return sum;
}
