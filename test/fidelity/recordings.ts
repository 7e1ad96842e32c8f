/** The recordings that the project ships, and how far a variant is from them. */
import { join } from 'node:path';
import { recordedFolder } from '../../cli/recorded-folder.ts';
import { readRun, replayRun, type Mode, type RecordedRun, type Replayed } from '../../simulator/fidelity/reclaim.ts';
import { nearest } from '../../simulator/fidelity/sets.ts';
import type { KnobValues } from '../../simulator/plan.ts';

const shipped = join(import.meta.dirname, '../../samples/recordings');

export const recordingOf = (name: string, folder = 'reclaim'): RecordedRun =>
  readRun(recordedFolder(join(shipped, folder)), name);

export interface Comparison extends Replayed {
  /** The kernel's repeats. */
  readonly kernel: readonly {
    readonly misses: readonly [number, number];
    readonly counters: Readonly<Record<string, number>>;
  }[];
}

export function replay(run: RecordedRun, mode: Mode, variant: string, values: KnobValues = {}): Comparison {
  const repeats = run.repeats[mode];
  if (!repeats) throw new Error(`${run.name} was not recorded in mode ${mode}`);
  return {
    ...replayRun(run, mode, variant, values),
    kernel: repeats.map((r) => ({
      misses: [r.misses_class0, r.misses_class1],
      counters: { ...r.memory_stat_end, ...r.vmstat_delta },
    })),
  };
}

/** Error against the nearest of the kernel's repeats, in per cent. */
export const percentOff = (value: number, recorded: readonly number[]): number =>
  100 * Math.abs(nearest(value, recorded).error);

export const missesOff = (c: Comparison, of: 0 | 1): number =>
  percentOff(
    c.misses[of],
    c.kernel.map((k) => k.misses[of]),
  );

/** The counter that is farthest off, in per cent. */
export function worstCounter(c: Comparison): { readonly name: string; readonly off: number } {
  let worst = { name: '', off: 0 };
  for (const name of Object.keys(c.kernel[0].counters)) {
    const off = percentOff(
      c.counters[name],
      c.kernel.map((k) => k.counters[name]),
    );
    if (off > worst.off) worst = { name, off };
  }
  return worst;
}
