/**
 * The stepper: `createSimulation(plan)` then `advance(budget)` until done. Whoever drives it can cancel, draw progress or stop between any two
 * calls; `report()` says what is known so far, labelled partial if it is not all. The core never observes wall time.
 *
 * Both functions may throw a PlanError: what is asked for can't be simulated, and how to change it.
 */
import { estimateMemory } from './estimate-memory.ts';
import type { RecordedFiles } from './fidelity/recorded-files.ts';
import { preparePoint } from './engine/prepare.ts';
import type { PointRun } from './engine/point-run.ts';
import { reportOf } from './merge-reports.ts';
import { traceFacts, type TraceFacts } from './engine/setup.ts';
import { SharedWork } from './engine/shared-work.ts';
import { isMetric, wantedBy, type Wanted } from './engine/wanted.ts';
import { createMemory } from './machine/create-memory.ts';
import type { CreateMemory } from './machine/memory.ts';
import { PlanError } from './plan-error.ts';
import type { Plan, VariantChoice } from './plan.ts';
import { reclaimVariants } from './reclaim/registry.ts';
import type { PointReport, Report } from './report.ts';
import { MIB } from './units.ts';
import type { Variant } from './tables/define.ts';
import { volatileInterfaces } from './volatile/interfaces.ts';
import { checkKnob, validatePlan } from './validate.ts';

export { estimateMemory };
export { workersWithin, type MemoryEstimate } from './memory-estimate.ts';
export { mergeReports, reportOf, shardOf, type MergeReports } from './merge-reports.ts';
export { PlanError } from './plan-error.ts';
export { SharedWork, type SharedMemory } from './engine/shared-work.ts';

export interface SimulationOptions {
  /** Run only these points (indices into plan.points, or plan.fidelity): how a pool spreads a sweep. Default: all. */
  readonly points?: readonly number[];
  /** Access words of Plan.traces[i] (see machine/access.ts), loaded and decoded by the host. */
  readonly traces?: readonly Uint32Array[];
  /** Folders of recordings that Plan.fidelity names, and `reclaim`, whose sequences others use. */
  readonly recordings?: readonly RecordedFiles[];
  /** What simulations of this same plan (the very object) share that one worker runs one after another: hand in the same to each. */
  readonly shared?: SharedWork;
  /** Where threads keep the accesses of the points' workload together (Handout.words). Only where memory may be shared. */
  readonly words?: SharedArrayBuffer | undefined;
  /** Record single events with rule ids in this window of simulated time. Off by default: it costs time and memory. */
  readonly log?: { readonly from: number; readonly to: number; readonly limit: number };
}

export interface Progress {
  readonly done: boolean;
  /** 0 … 1 over all points of this simulation. */
  readonly fraction: number;
  /** Index into plan.points that is being run. */
  readonly point: number;
}

export interface Simulation {
  /** Runs about `budget` page accesses (at least one batch) and returns. */
  advance(budget: number): Progress;
  report(): Report;
}

export type CreateSimulation = (plan: Plan, options?: SimulationOptions) => Simulation;

/** For tests: the full machine even where the fast path would do, frames counted after every event. */
export interface TestOptions {
  readonly forceEvents?: boolean;
  /** Page numbers for every object, extents too. */
  readonly numberAll?: boolean;
  readonly check?: boolean;
}

/** A way of making simulations on a memory of one's own making: tests use it. */
export const simulationsOn =
  (create: CreateMemory, test: TestOptions = {}): CreateSimulation =>
  (plan, options = {}) => {
    const shared = options.shared ?? new SharedWork();
    shared.begin(plan, () => validatePlan(plan));
    const points = options.points ?? plan.points.map((_, i) => i);
    for (const index of points)
      if (!Number.isInteger(index) || index < 0 || index >= plan.points.length)
        throw new PlanError(
          `there is no point ${index} among the ${plan.points.length} of this plan`,
          'Ask for points that exist.',
        );
    return new PlanSimulation(plan, points, { ...options, shared }, create, test);
  };

export const createSimulation: CreateSimulation = (plan, options = {}) => {
  const shared = options.shared ?? new SharedWork();
  shared.begin(plan, () => {
    validatePlan(plan);
    for (const { scenario } of plan.points) {
      validateVariant(scenario.reclaim, 'reclaim variant', reclaimVariants);
      if (scenario.volatile) validateVariant(scenario.volatile, 'interface of volatile memory', volatileInterfaces);
    }
  });
  return simulations(plan, { ...options, shared });
};

const simulations = simulationsOn(createMemory);

function validateVariant({ id, values }: VariantChoice, what: string, variants: readonly Variant[]): void {
  const variant = variants.find((known) => known.id === id);
  if (!variant)
    throw new PlanError(
      `there is no ${what} '${id}'`,
      `Choose one of ${variants.map((known) => known.id).join(', ')}.`,
    );
  for (const [name, value] of Object.entries(values)) {
    const knob = variant.knobs.find((known) => known.name === name);
    if (!knob)
      throw new PlanError(
        `'${id}' has no parameter '${name}'`,
        variant.knobs.length > 0
          ? `It has ${variant.knobs.map((known) => known.name).join(', ')}.`
          : 'It has no parameters; leave them out.',
      );
    checkKnob(knob, value, `'${name}' of '${id}'`);
  }
}

type Options = SimulationOptions & { readonly shared: SharedWork };

class PlanSimulation implements Simulation {
  private readonly plan: Plan;
  private readonly indices: readonly number[];
  /** The same, in the order in which they are run: workload by workload. */
  private readonly order: readonly number[];
  private readonly options: Options;
  private readonly create: CreateMemory;
  private readonly test: TestOptions;
  private readonly wanted: Wanted;
  /** How many of them are behind us. */
  private done = 0;
  private readonly finished = new Map<number, PointReport>();
  private readonly warnings: string[] = [];
  private readonly warningsOf = new Map<number, readonly string[]>();
  private preparing: Generator<number, PointRun> | null = null;
  private running: PointRun | null = null;

  constructor(plan: Plan, indices: readonly number[], options: Options, create: CreateMemory, test: TestOptions) {
    this.plan = plan;
    this.indices = indices;
    this.order = [...indices].sort((a, b) => options.shared.groupOf(a) - options.shared.groupOf(b));
    this.options = options;
    this.create = create;
    this.test = test;
    this.wanted = wantedBy(plan);
    for (const name of this.wanted.names)
      if (!isMetric(name)) this.warnings.push(`no metric is called '${name}': it stays empty`);
    plan.traces.forEach((trace, i) => {
      const replayed = plan.points.some(({ scenario }) =>
        scenario.processes.some((p) =>
          p.phases.some((phase) => phase.steps.some((step) => step.kind === 'replay' && step.trace === i)),
        ),
      );
      if (replayed && !options.traces?.[i])
        throw new PlanError(
          `trace '${trace.name}' was not loaded`,
          `Check that '${trace.path}' exists and can be read.`,
          trace.source,
        );
    });
  }

  advance(budget: number): Progress {
    let left = Math.max(1, budget);
    while (left > 0 && this.done < this.order.length) left -= this.work(left);
    return this.progress();
  }

  /** The point that is being run, or comes next. */
  private get current(): number {
    return this.order[Math.min(this.done, this.order.length - 1)] ?? 0;
  }

  private progress(): Progress {
    const done = this.done === this.order.length;
    const fraction = done ? 1 : (this.done + (this.running?.fraction ?? 0)) / this.order.length;
    return { done, fraction, point: this.current };
  }

  private work(budget: number): number {
    if (!this.running) {
      this.preparing ??= this.prepare();
      const step = this.prepareStep(this.preparing);
      if (!step.done) return step.value;
      this.running = step.value;
      this.preparing = null;
      return 1;
    }
    const spent = this.running.advance(budget);
    if (this.running.done) {
      this.warningsOf.set(this.current, this.running.warnings);
      this.finished.set(this.current, this.running.report());
      this.done++;
      this.running = null;
    }
    return Math.max(1, spent);
  }

  private prepareStep(preparing: Generator<number, PointRun>): IteratorResult<number, PointRun> {
    try {
      return preparing.next();
    } catch (error) {
      // How engines say that a typed array can't be had.
      if (!(error instanceof RangeError)) throw error;
      const { bytes, parts } = estimateMemory(this.plan);
      const most = parts.at(0);
      throw new PlanError(
        `there is not enough memory for this run: it needs about ${Math.ceil(bytes / MIB)} MiB`,
        most ? `Most of it is for ${most.what}: make that smaller.` : 'Make machine and objects smaller.',
        this.plan.source,
      );
    }
  }

  private *prepare(): Generator<number, PointRun> {
    const { plan, wanted, current } = this;
    const { shared, log, traces = [], words } = this.options;
    if (!shared.traces) {
      const facts: TraceFacts[] = [];
      for (const one of traces) facts.push(yield* traceFacts(one));
      shared.traces = facts;
    }
    return yield* preparePoint(
      {
        plan,
        wanted,
        traces: shared.traces,
        shared,
        words,
        sharing: shared.sharing(current) > 1,
        createMemory: this.create,
        log,
        check: this.test.check ?? false,
        forceEvents: this.test.forceEvents ?? false,
        numberAll: this.test.numberAll ?? false,
      },
      plan.points[current],
    );
  }

  report(): Report {
    const points: PointReport[] = [];
    const warnings = [...this.warnings];
    for (const index of this.indices) {
      const running = index === this.current && !this.finished.has(index) ? this.running : null;
      const point = this.finished.get(index) ?? running?.report();
      if (point) points.push(point);
      warnings.push(...(this.warningsOf.get(index) ?? running?.warnings ?? []));
    }
    const partial = this.finished.size < this.plan.points.length;
    return reportOf(this.plan, points, partial, warnings, this.options.shared.planHash);
  }
}
