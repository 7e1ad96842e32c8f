/**
 * A processor waits for many lines of memory as long as for one, if it may ask for them at once. Loops that must wait for one access before they
 * can do the next read what a stretch of accesses will need beforehand.
 */
import { PAGE_MASK } from '../machine/access.ts';
import { FLAGGED_SHIFT, type FlagBytes } from '../machine/page-flags.ts';
import { RESIDENT, type MemoryHost } from '../machine/reclaimer.ts';
import type { Pages } from '../units.ts';

/** Accesses that are looked at together: few enough that what they need stays in the nearest caches. */
export const STRETCH = 64;

/** Reads the state bytes of the pages that `block` names from `from` to `to`. The caller must keep the result, or compilers drop the reading. */
export function warm(state: Uint8Array, block: Uint32Array, from: number, to: number): number {
  let sum = 0;
  for (let i = from; i < to; i++) sum += state[block[i] & PAGE_MASK];
  return sum;
}

/** The same for variants with lists, which need a page's place or shadow as well, and its flags where there may be any. */
export class ListWarmer {
  /** Nothing: a place to put sums that only exist to have read their terms. */
  warmth = 0;
  readonly #state: Uint8Array;
  readonly #places: Int32Array;
  readonly #flags: FlagBytes;
  readonly #flagged: Uint8Array;
  /** One more than it will hold. */
  readonly #coming = new Int32Array(STRETCH + 1);

  constructor(state: Uint8Array, { places, flags, flagged }: MemoryHost) {
    this.#state = state;
    this.#places = places;
    this.#flags = flags;
    this.#flagged = flagged;
  }

  /** What those of a stretch of accesses will need that miss. */
  misses(block: Uint32Array, from: number, to: number): void {
    const state = this.#state;
    const coming = this.#coming;
    let misses = 0;
    // no branch: to guess wrong would be to wait for each page's state
    for (let i = from; i < to; i++) {
      const page = block[i] & PAGE_MASK;
      coming[misses] = page;
      misses += ~state[page] & RESIDENT;
    }
    const places = this.#places;
    let sum = 0;
    for (let i = 0; i < misses; i++) sum ^= places[coming[i]];
    this.warmth = sum;
    this.#flagsOf(coming, misses);
  }

  /** What becomes of the first `n` of these pages, taken off a list, depends on. */
  taken(pages: Int32Array, n: Pages): void {
    const state = this.#state;
    let sum = 0;
    for (let i = 0; i < n; i++) sum ^= state[pages[i]];
    this.warmth = sum;
    this.#flagsOf(pages, n);
  }

  /** The first page speaks for the others: to ask each of them would cost more than it saves. */
  #flagsOf(pages: Int32Array, n: Pages): void {
    if (n === 0 || this.#flagged[pages[0] >> FLAGGED_SHIFT] === 0) return;
    const flags = this.#flags;
    let sum = 0;
    for (let i = 0; i < n; i++) sum ^= flags[pages[i]];
    this.warmth ^= sum;
  }

  /** Where the first `n` of these pages are. */
  placesOf(pages: Int32Array, n: Pages): void {
    const places = this.#places;
    let sum = 0;
    for (let i = 0; i < n; i++) sum ^= places[pages[i]];
    this.warmth = sum;
  }
}
