/** How far threads have come, 0 … 1: the one that is farthest behind counts. */
import type { Nanoseconds } from '../units.ts';
import type { Thread } from './thread.ts';

export const progressOf = (threads: readonly Thread[], now: Nanoseconds): number =>
  threads.reduce((least, thread) => Math.min(least, ofThread(thread, now)), 1);

function ofThread({ cursor, program, over }: Thread, now: Nanoseconds): number {
  const { phases } = program;
  if (over || cursor.phase >= phases.length) return 1;
  if (cursor.phase < 0) return 0;
  const phase = phases[cursor.phase];
  const within =
    phase.duration !== Infinity
      ? (now - cursor.phaseStart) / Math.max(1, phase.duration)
      : phase.accesses !== Infinity
        ? cursor.accesses / Math.max(1, phase.accesses)
        : cursor.share(now);
  return (cursor.phase + Math.min(1, within)) / phases.length;
}
