/** The whole sequence of accesses of a program, for rulers that must know the future: made once beforehand, in steps. */
import { BLOCK, PAGE_MASK } from '../machine/access.ts';
import type { FutureAccesses } from '../machine/reclaimer.ts';
import type { Program } from '../workload/program.ts';
import { WAITED } from '../workload/shared-room.ts';

/** Beyond this the table would take more than a gigabyte. */
export const MAX_FORESEEN = 1 << 28;
/** Words become next uses in place. */
export const BYTES_PER_FORESEEN = 4;
export const NEVER = 0xffffffff;

/** Accesses in all that the program makes, up to an `exit`; Infinity if time decides. */
export function countAccesses(program: Program): number {
  let total = 0;
  for (const phase of program.phases) {
    if (phase.duration !== Infinity) return Infinity;
    for (const step of phase.steps) {
      if (step.kind === 'exit') return total;
      total += step.kind === 'accesses' ? step.count : 0;
    }
  }
  return total;
}

/** Consumes the program's sources: give it a program of its own, or one that remembers. */
export function* foreseeProgram(program: Program, pages: number): Generator<number, FutureAccesses> {
  const words = new Uint32Array(countAccesses(program));
  let filled = 0;
  for (const step of program.phases.flatMap((phase) => phase.steps)) {
    if (filled === words.length) break;
    if (step.kind !== 'accesses' || step.count === 0) continue;
    step.source!.restart();
    for (const end = filled + step.count; filled < end;) {
      const n = Math.min(BLOCK, end - filled);
      while (step.source!.ready?.(n) === false) yield WAITED;
      step.source!.fill(words, filled, filled + n);
      filled += n;
      yield n;
    }
  }
  // Backwards: for each access, where its page is used next, in place.
  const upcoming = new Uint32Array(pages).fill(NEVER);
  const next = words;
  for (let i = words.length - 1; i >= 0;) {
    const end = Math.max(-1, i - BLOCK);
    const from = i;
    for (; i > end; i--) {
      const page = words[i] & PAGE_MASK;
      next[i] = upcoming[page];
      upcoming[page] = i;
    }
    yield from - end;
  }
  return { next, first: upcoming };
}
