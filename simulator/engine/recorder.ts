/**
 * Everything a run says about itself: totals, phases, passes, samples, events. The drivers count accesses and tell the time; this turns it
 * into a PointReport at the end, or at any moment before.
 */
import type { DeviceRecords, DeviceState } from '../device/device-records.ts';
import { counterRows } from '../machine/counters.ts';
import type { Gauges, Memory } from '../machine/memory.ts';
import type { Plan, PointSpec, SourceSpan } from '../plan.ts';
import type {
  EventRecord,
  ExitReport,
  ObjectReport,
  PassReport,
  PhaseReport,
  PointReport,
  RecoveryReport,
  Series,
  Span,
} from '../report.ts';
import type { Rule } from '../tables/define.ts';
import type { DeviceFigures } from '../tables/device-measures.ts';
import { gauges as gaugeRows, noGauges } from '../tables/gauges.ts';
import { measureByName, measures, type MeasureInput } from '../tables/measures.ts';
import type { NumaFigures } from '../tables/numa-measures.ts';
import type { Nanoseconds } from '../units.ts';
import type { Cursor, PhaseListener } from '../workload/cursor.ts';
import { sideBySide, type PassEntry, type Snapshot } from '../workload/pass-log.ts';
import type { Program } from '../workload/program.ts';
import { evaluateExpectations } from './evaluate.ts';
import { PHASE_START } from '../tables/engine-rules.ts';
import { REFAULT_DISTANCE, RefaultDistances } from './refault-distances.ts';
import { Sampler } from './sampler.ts';
import type { Setup } from './setup.ts';
import type { VolatileRecords } from './volatile-records.ts';
import { isCounter, isGauge, type Wanted } from './wanted.ts';
import type { WritebackRecords } from './writeback-records.ts';
import { RANGE_MAP } from '../tables/volatile-measures.ts';

const MAX_EVENTS = 10_000;
const counterAt = new Map<string, number>(counterRows.map((row, i) => [row.name, i]));

interface State {
  readonly counters: Float64Array;
  readonly gauges: Gauges;
  readonly numa?: NumaFigures | undefined;
  readonly devices?: DeviceState | undefined;
}

interface PhaseState {
  start: Nanoseconds;
  end: Nanoseconds;
  /** Threads in it now, and threads that have left it. */
  inside: number;
  before: Float64Array;
  devices?: DeviceState | undefined;
  after: State | null;
  readonly left: { accesses: number; hits: number; misses: number; passes: readonly PassEntry[]; whole: boolean }[];
  group: number;
}

/** What the full machine adds. */
export interface PressureSource {
  /** `memory.pressure.some.avg10` and siblings, at this moment. */
  levels(): Readonly<Record<string, number>>;
}

export class Recorder implements PhaseListener {
  /** Totals, kept by the driver. */
  accesses = 0;
  hits = 0;
  misses = 0;
  /** Per object; null when nobody asks. */
  readonly objectAccesses: Float64Array | null;
  readonly objectMisses: Float64Array | null;
  readonly cursors: Cursor[] = [];
  pressure: PressureSource | null = null;
  /** On machines whose programs make memory volatile. */
  volatile: VolatileRecords | null = null;
  /** Kept when somebody asks for it: logging costs time. */
  readonly distances: RefaultDistances | null;
  readonly sampler: Sampler;
  /** Processes whose memory was given up, and the recovery of the run, as far as it has got. */
  exits: readonly ExitReport[] = [];
  recovery: RecoveryReport | null = null;
  /** On machines with devices. */
  devices: DeviceRecords | null = null;

  private readonly wantsMap: boolean;
  private readonly plan: Plan;
  private readonly setup: Setup;
  private readonly memory: Memory;
  /** On the full machine: what it says of writing. */
  writeback: WritebackRecords | null = null;
  readonly wanted: Wanted;
  private readonly points: number;
  private readonly phases = new Map<string, PhaseState>();
  private readonly events: EventRecord[] = [];
  private eventsLost = 0;
  private baseline: Float64Array;
  private readonly riseCounters: readonly string[];
  private readonly levelMeasures: readonly string[];
  private readonly levels: Float64Array;
  private readonly rises: Float64Array;
  private readonly now = noGauges();
  private readonly warnings: string[] = [];

  constructor(plan: Plan, setup: Setup, memory: Memory, wanted: Wanted, points: number) {
    this.plan = plan;
    this.setup = setup;
    this.memory = memory;
    this.wanted = wanted;
    this.points = points;
    this.objectAccesses = wanted.objects ? new Float64Array(setup.objects.length) : null;
    this.objectMisses = wanted.objects ? new Float64Array(setup.objects.length) : null;
    this.wantsMap = wanted.names.has(RANGE_MAP);
    this.distances = wanted.names.has(REFAULT_DISTANCE) ? new RefaultDistances() : null;
    if (this.distances) memory.setLog(this.distances.log);
    this.baseline = Float64Array.from(memory.counters);
    const needed = new Set<string>();
    const levels: string[] = [];
    for (const name of wanted.overTime) {
      if (isCounter(name)) needed.add(name);
      const measure = measureByName(name);
      for (const need of measure?.needs ?? []) needed.add(need);
      if (measure?.level) levels.push(name);
    }
    this.riseCounters = [...needed];
    this.levelMeasures = levels;
    this.levels = new Float64Array(gaugeRows.length + levels.length);
    this.rises = new Float64Array(3 + this.riseCounters.length);
    this.sampler = new Sampler(this.levels.length, this.rises.length);
  }

  /** What happened until now (locked memory faulted in) is no part of the run. */
  begin(): void {
    this.baseline = Float64Array.from(this.memory.counters);
  }

  sample(now: Nanoseconds): void {
    const gauges = this.memory.gauges(this.now);
    this.writeback?.sample(now);
    this.setup.numa?.records.sample(now);
    this.devices?.sample(now);
    if (this.wantsMap) this.volatile?.sample(now);
    const { levels, rises } = this;
    let k = 0;
    for (const row of gaugeRows) levels[k++] = gauges[row.name];
    if (this.levelMeasures.length > 0) {
      const input = {
        ...this.input(this.accesses, this.hits, this.misses, now, this.memory.counters, this.baseline, gauges),
        ...this.deviceInput(undefined, undefined, now, null),
      };
      for (const name of this.levelMeasures) levels[k++] = measureByName(name)!.of(input);
    }
    rises[0] = this.accesses;
    rises[1] = this.hits;
    rises[2] = this.misses;
    for (let i = 0; i < this.riseCounters.length; i++) {
      const at = counterAt.get(this.riseCounters[i])!;
      rises[3 + i] = this.memory.counters[at] - this.baseline[at];
    }
    this.sampler.record(now, levels, rises);
  }

  event(time: Nanoseconds, rule: Rule, subject: string, text: string, source?: SourceSpan): void {
    if (this.events.length >= MAX_EVENTS) {
      this.eventsLost++;
      return;
    }
    this.events.push({ time, rule: rule.id, subject, text, ...(source ? { source } : {}) });
  }

  warn(text: string): void {
    if (!this.warnings.includes(text)) this.warnings.push(text);
  }

  get seed(): number {
    return this.plan.seed;
  }

  get warned(): readonly string[] {
    return this.warnings;
  }

  // ---- phases

  phaseStart(program: Program, phase: number, now: Nanoseconds): void {
    const key = `${program.process}/${phase}`;
    const known = this.phases.get(key);
    if (known) {
      known.inside++;
      return;
    }
    this.phases.set(key, {
      start: now,
      end: now,
      inside: 1,
      before: Float64Array.from(this.memory.counters),
      devices: this.devices?.state(),
      after: null,
      left: [],
      group: 1,
    });
    const spec = this.setup.scenario.processes[program.process];
    const { name, source } = spec.phases[phase];
    if (name !== '') this.event(now, PHASE_START, spec.name, `${spec.name} enters phase '${name}'`, source);
  }

  phaseEnd(cursor: Cursor, now: Nanoseconds): void {
    const state = this.phases.get(`${cursor.program.process}/${cursor.phase}`)!;
    state.inside--;
    state.end = Math.max(state.end, now);
    state.left.push({
      accesses: cursor.accesses,
      hits: cursor.hits,
      misses: cursor.misses,
      passes: cursor.passes.entries(),
      whole: cursor.passes.kind === 'passes',
    });
    state.group = Math.max(state.group, cursor.passes.group);
    if (state.inside === 0) state.after = this.state();
  }

  snapshot(): Snapshot {
    return this.wanted.byPass.size > 0 ? this.state() : undefined;
  }

  private state(): State {
    return {
      counters: Float64Array.from(this.memory.counters),
      gauges: { ...this.memory.gauges(this.now) },
      numa: this.setup.numa?.records.figures(),
      devices: this.devices?.state(),
    };
  }

  /** Every metric that somebody asks for. */
  get names(): ReadonlySet<string> {
    return this.wanted.names;
  }

  /** Pages in swap now. */
  swapUsed(): number {
    return this.memory.gauges(this.now).nr_swap_used;
  }

  /** Figures of devices over a span: as many measures ask, one is reckoned. */
  private deviceInput(
    before: DeviceState | undefined,
    after: DeviceState | undefined,
    elapsed: Nanoseconds,
    key: string | null,
  ): Pick<MeasureInput, 'devices'> {
    const { devices } = this;
    if (devices === null) return {};
    let figures: DeviceFigures | undefined;
    return { devices: () => (figures ??= devices.figures(before, after ?? devices.state(), elapsed, key)) };
  }

  // ---- the report

  private input(
    accesses: number,
    hits: number,
    misses: number,
    elapsed: Nanoseconds,
    counters: Float64Array,
    before: Float64Array,
    gauges?: Gauges,
    passes?: MeasureInput['passes'],
    then?: NumaFigures,
  ): MeasureInput {
    const { numa } = this.setup;
    const { volatile } = this;
    return {
      accesses,
      hits,
      misses,
      elapsed,
      counter: (name) => {
        const at = counterAt.get(name)!;
        return counters[at] - before[at];
      },
      ...(gauges ? { gauges } : {}),
      ...(passes ? { passes } : {}),
      ...(numa ? { numa: () => then ?? numa.records.figures() } : {}),
      ...(volatile ? { volatile: () => volatile.figures() } : {}),
      ...(this.writeback && this.writeback.mounts > 0 ? { writeback: () => this.writeback!.figures() } : {}),
      ...(this.pressure ? { pressure: this.pressure.levels() } : {}),
      ...(this.distances ? { refaultDistance: this.distances.mean } : {}),
    };
  }

  private phaseReport(process: number, phase: number, now: Nanoseconds): PhaseReport | null {
    const state = this.phases.get(`${process}/${phase}`);
    if (!state) return null;
    const inside = this.cursors.filter((c) => c.program.process === process && c.phase === phase && c.live);
    const parts = [
      ...state.left,
      ...inside.map((c) => ({
        accesses: c.accesses,
        hits: c.hits,
        misses: c.misses,
        passes: c.passes.entries(),
        whole: c.passes.kind === 'passes',
      })),
    ];
    const sum = (key: 'accesses' | 'hits' | 'misses') => parts.reduce((n, part) => n + part[key], 0);
    const passes = sideBySide(parts.map((part) => part.passes)).map((entry) => this.passReport(entry, now));
    const after = state.inside > 0 || !state.after ? this.state() : state.after;
    // An access or a reclaim under way when `for TIME` is over counts, and is taken to end there.
    const start = Math.min(now, state.start);
    const end = state.inside > 0 ? now : Math.min(now, state.end);
    const spec = this.setup.scenario.processes[process];
    const figures = this.input(
      sum('accesses'),
      sum('hits'),
      sum('misses'),
      end - start,
      after.counters,
      state.before,
      after.gauges,
      parts.some((part) => part.whole) ? passes : undefined,
      after.numa,
    );
    const key = `${spec.name}/${spec.phases[phase].name}`;
    const input = { ...figures, ...this.deviceInput(state.devices, after.devices, end - start, key) };
    if (state.group > 1)
      this.warn(
        `passes of phase '${spec.phases[phase].name}' are shown in groups of ${state.group}: there were too many`,
      );
    return {
      name: spec.phases[phase].name,
      process: spec.name,
      start,
      end,
      accesses: input.accesses,
      hits: input.hits,
      misses: input.misses,
      passes,
      counters: countersRecord(after.counters, state.before),
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
    const before = entry.before as State;
    const after = entry.after as State;
    const figures = this.input(
      accesses,
      hits,
      misses,
      end - start,
      after.counters,
      before.counters,
      after.gauges,
      undefined,
      after.numa,
    );
    const input = { ...figures, ...this.deviceInput(before.devices, after.devices, end - start, null) };
    const values: Record<string, number> = {};
    for (const name of this.wanted.byPass) {
      const value = isCounter(name)
        ? input.counter(name)
        : isGauge(name)
          ? after.gauges[name as keyof Gauges]
          : (measureByName(name)?.of(input) ?? NaN);
      if (!Number.isNaN(value)) values[name] = value;
    }
    return { ...plain, values };
  }

  private series(): Series[] {
    const points = Math.min(4000, Math.max(250, Math.floor(40_000 / this.points)));
    const out: Series[] = this.writeback?.series(points) ?? [];
    const hasLists = this.memory.reclaimer.kind === 'lists';
    gaugeRows.forEach((row, i) => {
      if (row.kernelOnly && !hasLists) return;
      const { t, y } = this.sampler.level(i, points);
      if (this.wanted.overTime.has(row.name) || y.some((value) => value !== 0))
        out.push({ name: row.name, unit: row.unit, t, y });
    });
    this.levelMeasures.forEach((name, i) => {
      const { t, y } = this.sampler.level(gaugeRows.length + i, points);
      const known = Array.from(y.keys()).filter((k) => !Number.isNaN(y[k]));
      out.push({
        name,
        unit: measureByName(name)!.unit,
        t: Float64Array.from(known, (k) => t[k]),
        y: Float64Array.from(known, (k) => y[k]),
      });
    });
    this.riseCounters.forEach((name, i) => {
      if (!this.wanted.overTime.has(name)) return;
      const { unit } = counterRows[counterAt.get(name)!];
      out.push({ name, unit, ...this.sampler.total(3 + i, points) });
    });
    for (const name of new Set(['hit-ratio', ...this.wanted.overTime])) {
      const measure = measureByName(name);
      if (!measure || measure.level) continue;
      const columns = this.riseCounters;
      const windows = this.sampler.windows((rise, elapsed) =>
        measure.of({
          accesses: rise(0),
          hits: rise(1),
          misses: rise(2),
          elapsed,
          counter: (counter) => rise(3 + columns.indexOf(counter)),
        }),
      );
      if (windows.t.length > 0) out.push({ name, unit: measure.unit, ...windows });
    }
    return out;
  }

  /** Accesses of a process so far. */
  accessesOf(process: number): number {
    let accesses = 0;
    for (const [key, { left }] of this.phases)
      if (key.startsWith(`${process}/`)) for (const part of left) accesses += part.accesses;
    for (const cursor of this.cursors)
      if (cursor.program.process === process && cursor.live) accesses += cursor.accesses;
    return accesses;
  }

  /** Accesses, hits and misses of a process, by name; none of anything else. */
  countsOf(name: string): Pick<ObjectReport, 'accesses' | 'hits' | 'misses'> {
    const counts = { accesses: 0, hits: 0, misses: 0 };
    const process = this.setup.scenario.processes.findIndex((spec) => spec.name === name);
    const parts = [
      ...[...this.phases].flatMap(([key, { left }]) => (key.startsWith(`${process}/`) ? left : [])),
      ...this.cursors.filter((cursor) => cursor.program.process === process && cursor.live),
    ];
    for (const { accesses, hits, misses } of parts) {
      counts.accesses += accesses;
      counts.hits += hits;
      counts.misses += misses;
    }
    return counts;
  }

  private objects(now: Nanoseconds): ObjectReport[] {
    const found = this.files();
    return this.writeback ? this.writeback.objects(found, this.wanted.objectNames, now) : found;
  }

  private files(): ObjectReport[] {
    return this.setup.objects.map((object, i) => {
      const { bases, numbered } = this.setup.layout;
      let resident = this.memory.extentPages(i);
      for (let page = bases[i]; page < bases[i] + numbered[i]; page++) if (this.memory.isResident(page)) resident++;
      const accesses = this.objectAccesses![i];
      const misses = this.objectMisses![i];
      const values = this.setup.numa?.records.objectValues(i);
      return { name: object.name, accesses, hits: accesses - misses, misses, resident, ...(values ? { values } : {}) };
    });
  }

  report(point: PointSpec, now: Nanoseconds, complete: boolean): PointReport {
    const { plan, setup } = this;
    const { scenario } = setup;
    const phases: PhaseReport[] = [];
    for (const [p, process] of scenario.processes.entries())
      for (const i of process.phases.keys()) {
        const phase = this.phaseReport(p, i, now);
        if (phase) phases.push(phase);
      }
    const after = this.state();
    const withPasses = phases.filter((phase) => phase.measures?.['adaptation-passes'] !== undefined);
    const { exits, recovery } = this;
    const input: MeasureInput = {
      ...this.input(
        this.accesses,
        this.hits,
        this.misses,
        now,
        after.counters,
        this.baseline,
        after.gauges,
        withPasses.at(-1)?.passes,
      ),
      ...(exits.length > 0 ? { exits } : {}),
      ...(recovery ? { recovery } : {}),
      ...this.deviceInput(undefined, this.devices?.state(now), now, ''),
    };
    const at: Record<string, number> = {};
    plan.axes.forEach((axis, i) => {
      const { value } = axis.values[point.coordinates[i]];
      if (typeof value === 'number') at[axis.name] = value;
    });
    if (this.sampler.decimated)
      this.warn('series over time are decimated: of each interval the lowest and the highest value are kept');
    if (this.eventsLost > 0) this.warn(`${this.eventsLost} events after the first ${MAX_EVENTS} are left out`);
    const unjudged: PointReport = {
      coordinates: point.coordinates,
      variant: {
        reclaim: scenario.reclaim.id,
        ...(this.volatile ? { 'volatile.interface': this.volatile.id } : {}),
      },
      values: scenario.reclaim.values,
      at,
      path: setup.path,
      complete,
      time: now,
      counters: countersRecord(after.counters, this.baseline),
      measures: measuresOf(input),
      gauges: { ...after.gauges },
      ...(this.objectAccesses ? { objects: [...this.objects(now), ...(this.devices?.objects(now) ?? [])] } : {}),
      phases,
      series: [...this.series(), ...(this.devices?.series(this.wanted.overTime, now) ?? [])],
      distributions: [
        ...(this.memory.distributions?.() ?? []),
        ...(this.distances?.distribution() ?? []),
        ...(this.devices?.distributions(this.wanted.names) ?? []),
        ...(this.volatile?.distributions() ?? []),
      ],
      ...(this.wantsMap && this.volatile ? { ranges: this.volatile.maps() } : {}),
      events: [...this.events].sort((a, b) => a.time - b.time),
      spans: [
        ...phases
          .filter((phase) => phase.name !== '')
          .map((phase): Span => ({ name: phase.name, resource: phase.process, start: phase.start, end: phase.end })),
        ...(recovery ? recoverySpans(recovery) : []),
      ],
      ...(exits.length > 0 ? { exits: [...exits] } : {}),
      ...(recovery ? { recovery } : {}),
      ...(this.writeback && this.writeback.cycles.length > 0 ? { cycles: this.writeback.cycles } : {}),
      expectations: [],
      ...(setup.numa ? { numa: setup.numa.records.report(now) } : {}),
      ...(this.devices ? { devices: this.devices.report(now) } : {}),
    };
    return { ...unjudged, expectations: evaluateExpectations(plan, unjudged) };
  }
}

function countersRecord(now: Float64Array, before: Float64Array): Record<string, number> {
  const out: Record<string, number> = {};
  counterRows.forEach((row, i) => {
    out[row.name] = now[i] - before[i];
  });
  return out;
}

/** The phases of a recovery as spans on their resources. */
export const recoverySpans = ({ phases }: RecoveryReport): Span[] =>
  phases.map(({ name, part, resource, start, end }) => ({
    name: part === undefined ? name : `${name}, ${part}`,
    resource,
    start,
    end,
  }));

export function measuresOf(input: MeasureInput): Record<string, number> {
  const out: Record<string, number> = {};
  for (const measure of measures) {
    const value = measure.of(input);
    if (!Number.isNaN(value)) out[measure.name] = value;
  }
  return out;
}
