/** What the machine's figures are at a moment, and what measures are told of the time between two moments. */
import type { DeviceRecords, DeviceState } from '../device/device-records.ts';
import { counterRows } from '../machine/counters.ts';
import type { Gauges, Memory } from '../machine/memory.ts';
import type { DeviceFigures } from '../tables/device-measures.ts';
import { noGauges } from '../tables/gauges.ts';
import { measures, type MeasureInput } from '../tables/measures.ts';
import type { NumaFigures } from '../tables/numa-measures.ts';
import type { Nanoseconds } from '../units.ts';
import type { RefaultDistances } from './refault-distances.ts';
import type { Setup } from './setup.ts';
import type { VolatileRecords } from './volatile-records.ts';
import type { WritebackRecords } from './writeback-records.ts';

/** Of accesses. */
export interface Totals {
  readonly accesses: number;
  readonly hits: number;
  readonly misses: number;
}

export interface Reading {
  readonly counters: Float64Array;
  readonly gauges: Gauges;
  /** Those of now, if they were not read. */
  readonly numa?: NumaFigures | undefined;
  readonly devices?: DeviceState | undefined;
}

/** What the full machine adds. */
export interface PressureSource {
  /** `memory.pressure.some.avg10` and siblings, at this moment. */
  levels(): Readonly<Record<string, number>>;
}

/** Who keeps records of a mechanism, where the machine has it. */
export interface Records {
  readonly pressure: PressureSource | null;
  readonly volatile: VolatileRecords | null;
  readonly distances: RefaultDistances | null;
  readonly devices: DeviceRecords | null;
  readonly writeback: WritebackRecords | null;
}

interface Stretch {
  readonly elapsed: Nanoseconds;
  /** Without `devices`: those are reckoned from the start. */
  readonly before: Pick<Reading, 'counters' | 'devices'>;
  readonly after: Reading;
  readonly passes?: MeasureInput['passes'];
  /** For devices: `PROCESS/PHASE`, '' for the run, null for anything else. */
  readonly key: string | null;
}

export const counterAt = new Map<string, number>(counterRows.map((row, i) => [row.name, i]));

export class Readings {
  private readonly setup: Setup;
  private readonly memory: Memory;
  private readonly records: Records;
  private readonly scratch = noGauges();

  constructor(setup: Setup, memory: Memory, records: Records) {
    this.setup = setup;
    this.memory = memory;
    this.records = records;
  }

  counters(): Float64Array {
    return Float64Array.from(this.memory.counters);
  }

  /** Valid until the next call. */
  gauges(): Gauges {
    return this.memory.gauges(this.scratch);
  }

  devices(): DeviceState | undefined {
    return this.records.devices?.state();
  }

  take(): Reading {
    return {
      counters: this.counters(),
      gauges: { ...this.gauges() },
      numa: this.setup.numa?.records.figures(),
      devices: this.devices(),
    };
  }

  /** What measures are told of a stretch of time. */
  input({ accesses, hits, misses }: Totals, { elapsed, before, after, passes, key }: Stretch): MeasureInput {
    const { numa } = this.setup;
    const { volatile, writeback, pressure, distances, devices } = this.records;
    let figures: DeviceFigures | undefined;
    return {
      accesses,
      hits,
      misses,
      elapsed,
      counter: (name) => {
        const at = counterAt.get(name)!;
        return after.counters[at] - before.counters[at];
      },
      gauges: after.gauges,
      ...(passes ? { passes } : {}),
      ...(numa ? { numa: () => after.numa ?? numa.records.figures() } : {}),
      ...(volatile ? { volatile: () => volatile.figures() } : {}),
      ...(writeback && writeback.mounts > 0 ? { writeback: () => writeback.figures() } : {}),
      ...(pressure ? { pressure: pressure.levels() } : {}),
      ...(distances ? { refaultDistance: distances.mean } : {}),
      // As many measures ask, one is reckoned.
      ...(devices
        ? {
            devices: () =>
              (figures ??= devices.figures(before.devices, after.devices ?? devices.state(), elapsed, key)),
          }
        : {}),
    };
  }
}

export function countersRecord(now: Float64Array, before: Float64Array): Record<string, number> {
  const out: Record<string, number> = {};
  counterRows.forEach((row, i) => {
    out[row.name] = now[i] - before[i];
  });
  return out;
}

export function measuresOf(input: MeasureInput): Record<string, number> {
  const out: Record<string, number> = {};
  for (const measure of measures) {
    const value = measure.of(input);
    if (!Number.isNaN(value)) out[measure.name] = value;
  }
  return out;
}
