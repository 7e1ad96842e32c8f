/** Everything between a point of a plan and its first access, in steps small enough to be interrupted. */
import { BLOCK, OP_SHIFT, OP_STORE } from '../machine/access.ts';
import { OUT_OF_MEMORY, type CreateMemory, type Memory } from '../machine/memory.ts';
import { PlanError } from '../plan-error.ts';
import type { Plan, PointSpec } from '../plan.ts';
import type { Pages } from '../units.ts';
import { hashWords } from '../plan-hash.ts';
import { drawTogether } from '../workload/drawn-source.ts';
import { MAX_MEMO, remembering } from '../workload/memo-source.ts';
import { buildPrograms, type Program } from '../workload/program.ts';
import { AgainstRemote, remotePoint } from './against-remote.ts';
import { BlocksRun } from './blocks-run.ts';
import { EventsRun } from './events-run.ts';
import { countAccesses, foreseeProgram, MAX_FORESEEN } from './future.ts';
import { FormulasRun, formulasSuffice } from './formulas-run.ts';
import { isLocked } from './numbering.ts';
import type { PointRun } from './point-run.ts';
import { Recorder } from './recorder.ts';
import { setUp, type Setup, type TraceFacts } from './setup.ts';
import type { SharedWork } from './shared-work.ts';
import { wantedBy, type Wanted } from './wanted.ts';

export interface PrepareContext {
  readonly plan: Plan;
  readonly wanted: Wanted;
  readonly traces: readonly TraceFacts[];
  readonly shared: SharedWork;
  /** Where threads keep the accesses together that points like this one are likely to make. */
  readonly words: SharedArrayBuffer | undefined;
  /** Whether other points are likely to make the same accesses. */
  readonly sharing: boolean;
  readonly createMemory: CreateMemory;
  readonly log: { readonly from: number; readonly to: number; readonly limit: number } | undefined;
  /** Count frames after every event (tests). */
  readonly check: boolean;
  /** Always use the full machine (tests). */
  readonly forceEvents: boolean;
  /** Give every object page numbers (tests). */
  readonly numberAll: boolean;
}

/** Words a thread of the full machine draws ahead. */
export const EVENTS_LOT = 256;
/** Accesses that a step of filling an extent is worth as work. */
const EXTENT_WORK = 512;

export function* preparePoint(context: PrepareContext, point: PointSpec): Generator<number, PointRun> {
  const { run, recorder } = yield* prepareOne(context, point);
  const records = recorder?.devices;
  if (!records || !context.wanted.names.has('speedup')) return run;
  const base = remotePoint(point);
  const key = JSON.stringify(base.scenario);
  const { remotes } = context.shared;
  const known = remotes.get(key);
  if (known) {
    records.remote = known;
    return run;
  }
  // Its times are all that matters.
  const wanted = wantedBy({ ...context.plan, plots: [], expects: [] });
  const remote = yield* prepareOne({ ...context, wanted, log: undefined }, base);
  return new AgainstRemote(remote.run, run, (found) => {
    records.remote = found;
    remotes.set(key, found);
  });
}

function* prepareOne(
  context: PrepareContext,
  point: PointSpec,
): Generator<number, { readonly run: PointRun; readonly recorder: Recorder | null }> {
  const { plan, wanted } = context;
  const { scenario } = point;
  if (!context.forceEvents && formulasSuffice(scenario, wanted, context.log !== undefined))
    return { run: new FormulasRun(plan, point), recorder: null };
  const setup = setUp(plan, scenario, wanted, context.traces, context.log !== undefined, context);
  const build = (longest = setup.path === 'blocks' ? BLOCK : EVENTS_LOT) =>
    buildPrograms({
      scenario,
      seed: plan.seed,
      bases: setup.layout.bases,
      traces: setup.placements,
      tables: context.shared.tables,
      longest,
    });
  const programs = setup.path === 'blocks' ? yield* remembered(context, setup, build) : yield* build();
  const memory = context.createMemory(setup.layout);
  setup.numa?.records.attach(memory);
  yield BLOCK;
  if (memory.wantsFuture) {
    if (programs.length !== 1)
      throw new PlanError(
        `'${scenario.reclaim.id}' must know all accesses beforehand, but the order in which ${programs.length} threads make them is not known`,
        'Run it with a single thread, or leave it out of this comparison.',
      );
    const total = countAccesses(programs[0]);
    if (total > MAX_FORESEEN)
      throw new PlanError(
        total === Infinity
          ? `'${scenario.reclaim.id}' must know all accesses beforehand, but a step ends by time`
          : `'${scenario.reclaim.id}' must know all ${total} accesses beforehand, more than the ${MAX_FORESEEN} that fit`,
        'Give numbers of accesses or passes instead of times, and fewer of them, or leave it out of this comparison.',
      );
    const own = programs === context.shared.programs ? programs : yield* build(BLOCK);
    memory.foresee(yield* foreseeProgram(own[0], setup.layout.pages));
  }
  yield* faultInLocked(setup, memory);
  const recorder = new Recorder(plan, setup, memory, wanted, plan.points.length);
  if (hasPacedParts(setup)) recorder.warn('rates and think times of a mixture’s parts are ignored');
  if (setup.path === 'blocks') return { run: new BlocksRun(point, setup, memory, programs[0], recorder), recorder };
  const run = new EventsRun(point, setup, memory, programs, recorder, EVENTS_LOT, {
    check: context.check,
    log: context.log,
  });
  return { run, recorder };
}

const hasPacedParts = ({ scenario }: Setup): boolean =>
  scenario.processes.some(({ phases }) =>
    phases.some(({ steps }) =>
      steps.some(
        (step) =>
          step.kind === 'mix' && step.parts.some(({ access }) => access.rate !== undefined || (access.think ?? 0) > 0),
      ),
    ),
  );

/** On the fast path, points that differ only in machine and variant share one program and the words it drew. */
function* remembered(
  context: PrepareContext,
  setup: Setup,
  build: () => Generator<number, Program[]>,
): Generator<number, Program[]> {
  const { shared } = context;
  if (!context.sharing) return yield* build();
  const { processes } = setup.scenario;
  const key = JSON.stringify([
    processes,
    setup.objects.map(({ kind, pages }, i) => [kind, pages, setup.layout.bases[i]]),
    setup.placements.length,
  ]);
  if (shared.key === key && shared.programs) return shared.programs;
  // Before others are built: together they may be too large.
  shared.key = '';
  shared.programs = null;
  const programs = yield* build();
  if (countAccesses(programs[0]) > MAX_MEMO) return programs;
  const together = context.words && (yield* drawTogether(programs[0], context.words, hashWords(key), shared.sharer));
  shared.key = key;
  return (shared.programs = together ? [together] : programs.map(remembering));
}

/** Locked regions are there from the start. */
function* faultInLocked(setup: Setup, memory: Memory): Generator<number, void> {
  let any = false;
  for (const [i, object] of setup.objects.entries()) {
    if (!isLocked(object)) continue;
    any = true;
    const misfit = (fitted: Pages) =>
      new PlanError(
        `the locked region '${object.name}' (${object.pages} pages) does not fit in memory: no frame is left after ${fitted}`,
        'Make it smaller, or give the machine (or its cgroup) more memory.',
        object.source,
      );
    const base = setup.layout.bases[i];
    const cgroup = object.process === undefined ? 0 : setup.scenario.processes[object.process].cgroup;
    if (object.process !== undefined) setup.numa?.runProcess(object.process);
    if (setup.layout.numbered[i] === 0) {
      for (let left = object.pages; left > 0;) {
        const taken = memory.occupy(i, left, cgroup);
        if (taken === 0) throw misfit(object.pages - left);
        left -= taken;
        yield EXTENT_WORK;
      }
      continue;
    }
    memory.setLocked(base, object.pages, true);
    for (let page = 0; page < object.pages;) {
      const end = Math.min(object.pages, page + BLOCK);
      const from = page;
      for (; page < end; page++)
        if (memory.access(((OP_STORE << OP_SHIFT) >>> 0) + base + page, cgroup) & OUT_OF_MEMORY) throw misfit(page);
      yield end - from;
    }
  }
  if (any) memory.settle();
}
