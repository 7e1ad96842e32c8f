/**
 * Everything a run says about itself: totals, phases, passes, samples, events. The drivers count accesses and tell the time; this turns it
 * into a PointReport at the end, or at any moment before.
 */
import type { DeviceRecords } from '../device/device-records.ts';
import type { Memory } from '../machine/memory.ts';
import type { Plan, PointSpec, SourceSpan } from '../plan.ts';
import type { EventRecord, ExitReport, ObjectReport, PointReport, RecoveryReport, Series, Span } from '../report.ts';
import type { Rule } from '../tables/define.ts';
import { PHASE_START } from '../tables/engine-rules.ts';
import type { MeasureInput } from '../tables/measures.ts';
import { RANGE_MAP } from '../tables/volatile-measures.ts';
import type { Nanoseconds } from '../units.ts';
import type { Cursor, PhaseListener } from '../workload/cursor.ts';
import type { Snapshot } from '../workload/pass-log.ts';
import type { Program } from '../workload/program.ts';
import { evaluateExpectations } from './evaluate.ts';
import { PhaseLog } from './phase-log.ts';
import { countersRecord, measuresOf, Readings, type PressureSource, type Records, type Totals } from './readings.ts';
import { REFAULT_DISTANCE, RefaultDistances } from './refault-distances.ts';
import type { Sampler } from './sampler.ts';
import type { Setup } from './setup.ts';
import { TimeSeries } from './time-series.ts';
import type { VolatileRecords } from './volatile-records.ts';
import type { Wanted } from './wanted.ts';
import type { WritebackRecords } from './writeback-records.ts';

const MAX_EVENTS = 10_000;
export class Recorder implements PhaseListener, Records {
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
  private readonly readings: Readings;
  private readonly phases: PhaseLog;
  private readonly series: TimeSeries;
  private readonly events: EventRecord[] = [];
  private eventsLost = 0;
  private baseline: Float64Array;
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
    this.readings = new Readings(setup, memory, this);
    this.phases = new PhaseLog(this.readings, this.cursors, wanted.byPass);
    this.series = new TimeSeries(wanted.overTime);
  }

  get sampler(): Sampler {
    return this.series.sampler;
  }

  /** What happened until now (locked memory faulted in) is no part of the run. */
  begin(): void {
    this.baseline = this.readings.counters();
  }

  sample(now: Nanoseconds): void {
    const { baseline, readings } = this;
    const { counters } = this.memory;
    const gauges = readings.gauges();
    this.writeback?.sample(now);
    this.setup.numa?.records.sample(now);
    this.devices?.sample(now);
    if (this.wantsMap) this.volatile?.sample(now);
    this.series.sample(now, gauges, this, counters, baseline, () =>
      readings.input(this, { elapsed: now, before: { counters: baseline }, after: { counters, gauges }, key: null }),
    );
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
    if (!this.phases.start(program.process, phase, now)) return;
    const spec = this.setup.scenario.processes[program.process];
    const { name, source } = spec.phases[phase];
    if (name !== '') this.event(now, PHASE_START, spec.name, `${spec.name} enters phase '${name}'`, source);
  }

  phaseEnd(cursor: Cursor, now: Nanoseconds): void {
    this.phases.end(cursor, now);
  }

  snapshot(): Snapshot {
    return this.wanted.byPass.size > 0 ? this.readings.take() : undefined;
  }

  /** Every metric that somebody asks for. */
  get names(): ReadonlySet<string> {
    return this.wanted.names;
  }

  /** Pages in swap now. */
  swapUsed(): number {
    return this.readings.gauges().nr_swap_used;
  }

  /** Accesses of a process so far. */
  accessesOf(process: number): number {
    return this.phases.totals(process).accesses;
  }

  /** Accesses, hits and misses of a process, by name; none of anything else. */
  countsOf(name: string): Totals {
    return this.phases.totals(this.setup.scenario.processes.findIndex((spec) => spec.name === name));
  }

  // ---- the report

  private allSeries(now: Nanoseconds): Series[] {
    const points = Math.min(4000, Math.max(250, Math.floor(40_000 / this.points)));
    return [
      ...(this.writeback?.series(points) ?? []),
      ...this.series.series(points, this.memory.reclaimer.kind === 'lists'),
      ...(this.devices?.series(this.wanted.overTime, now) ?? []),
    ];
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
    const phases = this.phases.reports(scenario.processes, now, (text) => this.warn(text));
    const after = this.readings.take();
    const withPasses = phases.filter((phase) => phase.measures?.['adaptation-passes'] !== undefined);
    const { exits, recovery } = this;
    const input: MeasureInput = {
      ...this.readings.input(this, {
        elapsed: now,
        before: { counters: this.baseline },
        after: { ...after, devices: this.devices?.state(now) },
        passes: withPasses.at(-1)?.passes,
        key: '',
      }),
      ...(exits.length > 0 ? { exits } : {}),
      ...(recovery ? { recovery } : {}),
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
      series: this.allSeries(now),
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

/** The phases of a recovery as spans on their resources. */
export const recoverySpans = ({ phases }: RecoveryReport): Span[] =>
  phases.map(({ name, part, resource, start, end }) => ({
    name: part === undefined ? name : `${name}, ${part}`,
    resource,
    start,
    end,
  }));
