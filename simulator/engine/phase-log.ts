/** When processes were in which phase, and what happened meanwhile: phases and passes of the report. */
import type { DeviceState } from '../device/device-records.ts';
import type { Gauges } from '../machine/memory.ts';
import type { ProcessSpec } from '../plan.ts';
import type { PassReport, PhaseReport } from '../report.ts';
import { measureByName } from '../tables/measures.ts';
import type { Nanoseconds } from '../units.ts';
import type { Cursor } from '../workload/cursor.ts';
import { sideBySide, type PassEntry } from '../workload/pass-log.ts';
import { countersRecord, measuresOf, type Reading, type Readings, type Totals } from './readings.ts';
import { isCounter, isGauge } from './wanted.ts';

/** What one thread did in a phase. */
interface Part extends Totals {
  readonly passes: readonly PassEntry[];
  /** Its passes are passes over an object, not slices of time. */
  readonly whole: boolean;
}

interface PhaseState {
  start: Nanoseconds;
  end: Nanoseconds;
  /** Threads in it now, and threads that have left it. */
  inside: number;
  readonly before: { readonly counters: Float64Array; readonly devices: DeviceState | undefined };
  after: Reading | null;
  readonly left: Part[];
  group: number;
}

const partOf = ({ accesses, hits, misses, passes }: Cursor): Part => ({
  accesses,
  hits,
  misses,
  passes: passes.entries(),
  whole: passes.kind === 'passes',
});

function totalsOf(parts: readonly Totals[]): Totals {
  const sum = { accesses: 0, hits: 0, misses: 0 };
  for (const { accesses, hits, misses } of parts) {
    sum.accesses += accesses;
    sum.hits += hits;
    sum.misses += misses;
  }
  return sum;
}

export class PhaseLog {
  private readonly readings: Readings;
  private readonly cursors: readonly Cursor[];
  /** Metrics asked for of each pass. */
  private readonly byPass: ReadonlySet<string>;
  private readonly phases = new Map<string, PhaseState>();

  constructor(readings: Readings, cursors: readonly Cursor[], byPass: ReadonlySet<string>) {
    this.readings = readings;
    this.cursors = cursors;
    this.byPass = byPass;
  }

  /** A thread enters a phase. True for the first of its process. */
  start(process: number, phase: number, now: Nanoseconds): boolean {
    const key = `${process}/${phase}`;
    const known = this.phases.get(key);
    if (known) {
      known.inside++;
      return false;
    }
    const before = { counters: this.readings.counters(), devices: this.readings.devices() };
    this.phases.set(key, { start: now, end: now, inside: 1, before, after: null, left: [], group: 1 });
    return true;
  }

  end(cursor: Cursor, now: Nanoseconds): void {
    const state = this.phases.get(`${cursor.program.process}/${cursor.phase}`)!;
    state.inside--;
    state.end = Math.max(state.end, now);
    state.left.push(partOf(cursor));
    state.group = Math.max(state.group, cursor.passes.group);
    if (state.inside === 0) state.after = this.readings.take();
  }

  /** What a process did so far. */
  totals(process: number): Totals {
    return totalsOf([
      ...[...this.phases].flatMap(([key, { left }]) => (key.startsWith(`${process}/`) ? left : [])),
      ...this.cursors.filter((cursor) => cursor.program.process === process && cursor.live),
    ]);
  }

  /** The phases of all processes that have begun. */
  reports(processes: readonly ProcessSpec[], now: Nanoseconds, warn: (text: string) => void): PhaseReport[] {
    return processes.flatMap((spec, process) =>
      spec.phases.flatMap(({ name }, phase) => {
        const state = this.phases.get(`${process}/${phase}`);
        if (!state) return [];
        const report = this.report(spec.name, name, state, this.partsOf(state, process, phase), now);
        if (state.group > 1)
          warn(`passes of phase '${name}' are shown in groups of ${state.group}: there were too many`);
        return [report];
      }),
    );
  }

  private partsOf({ left }: PhaseState, process: number, phase: number): Part[] {
    const inside = this.cursors.filter((c) => c.program.process === process && c.phase === phase && c.live);
    return [...left, ...inside.map(partOf)];
  }

  private report(
    process: string,
    name: string,
    state: PhaseState,
    parts: readonly Part[],
    now: Nanoseconds,
  ): PhaseReport {
    const { before } = state;
    const totals = totalsOf(parts);
    const passes = sideBySide(parts.map((part) => part.passes)).map((entry) => this.passReport(entry, now));
    const after = state.inside > 0 || !state.after ? this.readings.take() : state.after;
    // An access or a reclaim under way when `for TIME` is over counts, and is taken to end there.
    const start = Math.min(now, state.start);
    const end = state.inside > 0 ? now : Math.min(now, state.end);
    const input = this.readings.input(totals, {
      elapsed: end - start,
      before,
      after,
      passes: parts.some((part) => part.whole) ? passes : undefined,
      key: `${process}/${name}`,
    });
    return {
      name,
      process,
      start,
      end,
      ...totals,
      passes,
      counters: countersRecord(after.counters, before.counters),
      measures: measuresOf(input),
      gauges: { ...after.gauges },
    };
  }

  private passReport(entry: PassEntry, now: Nanoseconds): PassReport {
    const { accesses, hits, misses } = entry;
    const start = Math.min(now, entry.start);
    const end = Math.min(now, entry.end);
    const plain = { accesses, hits, misses, start, end };
    if (!entry.before || !entry.after) return plain;
    const before = entry.before as Reading;
    const after = entry.after as Reading;
    const input = this.readings.input(plain, { elapsed: end - start, before, after, key: null });
    const values: Record<string, number> = {};
    for (const name of this.byPass) {
      const value = isCounter(name)
        ? input.counter(name)
        : isGauge(name)
          ? after.gauges[name as keyof Gauges]
          : (measureByName(name)?.of(input) ?? NaN);
      if (!Number.isNaN(value)) values[name] = value;
    }
    return { ...plain, values };
  }
}
