/**
 * A recovery in which nothing else happens, by the closed form: what large sweeps are run by. The machine (engine/recovery.ts) gives the same
 * to the microsecond where processes don't compete, and as closely as exit/contention.ts says where they do; a test holds the two together.
 */
import { counterRows } from '../machine/counters.ts';
import { recovery } from '../exit/recovery.ts';
import { crashOf, lockedRegions, processesPer, recoveryRules } from '../exit/scenario.ts';
import { sizeOf } from '../exit/recovery.ts';
import type { ExitReport, PointReport, RecoveryReport } from '../report.ts';
import type { Plan, PointSpec, Scenario } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as exit from '../tables/exit-knobs.ts';
import * as knobs from '../tables/knobs.ts';
import { PAGE_SIZE } from '../units.ts';
import { evaluateExpectations } from './evaluate.ts';
import type { PointRun } from './point-run.ts';
import { measuresOf } from './readings.ts';
import { recoverySpans } from './recorder.ts';
import { isGauge, isCounter, type Wanted } from './wanted.ts';

/** Whether formulas tell all that is asked: a crash at the start, of processes that do nothing but hold locked memory. */
export function formulasSuffice(scenario: Scenario, wanted: Wanted, logging: boolean): boolean {
  const { recovery: spec } = scenario;
  if (!spec || logging || scenario.duration !== undefined || scenario.timeline.length > 0) return false;
  if (spec.values[exit.after.name] !== undefined && spec.values[exit.after.name] !== 0) return false;
  if (
    scenario.processes.some(({ phases }) =>
      phases.some(({ steps, duration }) => steps.length > 0 || duration !== undefined),
    )
  )
    return false;
  // Somebody else's memory would be in the way, or in want of frames.
  if (spec.processes.length !== scenario.processes.length) return false;
  return !wanted.objects && !wanted.pressure && ![...wanted.names].some((name) => isGauge(name) || isCounter(name));
}

const NOTHING: Readonly<Record<string, number>> = Object.fromEntries(counterRows.map(({ name }) => [name, 0]));

export class FormulasRun implements PointRun {
  done = false;
  readonly warnings: readonly string[] = [];
  private readonly plan: Plan;
  private readonly point: PointSpec;
  private result: PointReport | null = null;

  constructor(plan: Plan, point: PointSpec) {
    this.plan = plan;
    this.point = point;
  }

  get fraction(): number {
    return this.done ? 1 : 0;
  }

  advance(): number {
    this.done = true;
    return 1;
  }

  report(): PointReport {
    return (this.result ??= this.work());
  }

  private work(): PointReport {
    const { plan, point } = this;
    const { scenario } = point;
    const { found, exits } = recoverByFormulas(scenario);
    const at: Record<string, number> = {};
    plan.axes.forEach((axis, i) => {
      const { value } = axis.values[point.coordinates[i]];
      if (typeof value === 'number') at[axis.name] = value;
    });
    const time = Math.max(found.timeToService, ...exits.map(({ end }) => end));
    const unjudged: PointReport = {
      coordinates: point.coordinates,
      variant: { reclaim: scenario.reclaim.id },
      values: scenario.reclaim.values,
      at,
      path: 'formulas',
      complete: this.done,
      time,
      counters: NOTHING,
      measures: measuresOf({
        accesses: 0,
        hits: 0,
        misses: 0,
        elapsed: time,
        counter: () => 0,
        exits,
        recovery: found,
      }),
      phases: [],
      series: [],
      distributions: [],
      events: [],
      spans: recoverySpans(found),
      exits,
      recovery: found,
      expectations: [],
    };
    return { ...unjudged, expectations: evaluateExpectations(plan, unjudged) };
  }
}

function recoverByFormulas(scenario: Scenario): { found: RecoveryReport; exits: ExitReport[] } {
  const spec = scenario.recovery!;
  const { machine, processes } = scenario;
  const count = processesPer(machine);
  const groups = spec.processes.map((process) => ({
    name: processes[process].name,
    count,
    regions: lockedRegions(scenario, process),
  }));
  const exiting = groups.filter(({ regions }) => regions.length > 0);
  const memory = Math.floor(valueOf(machine.values, knobs.memory) / PAGE_SIZE);
  const held = sizeOf(exiting.flatMap(({ regions }) => regions)) / PAGE_SIZE;
  const rules = recoveryRules(machine, spec, Math.max(0, memory - held));
  const r = recovery(rules, exiting);
  const start = r.phases.find(({ name }) => name === 'munlock' || name === 'zap')?.start ?? 0;
  const kernel = crashOf(spec) === 'kernel';
  const exits = kernel
    ? []
    : exiting.map(({ name, regions }, i): ExitReport => ({
        process: name,
        start,
        end: start + (r.exits[i]?.end ?? 0),
        pages: sizeOf(regions) / PAGE_SIZE,
      }));
  return {
    exits,
    found: {
      crash: 0,
      budget: rules.budget,
      timeToService: r.timeToService,
      slack: r.slack,
      latentDebt: r.latentDebt,
      peakLockWait: r.peakLockWait,
      exitP99: r.exitP99,
      teardown: kernel ? 0 : Math.max(0, r.teardownEnd - start),
      phases: r.phases.map(({ name, part, resource, start: from, end }, i) => {
        const stretch = r.critical.find(({ phase, to, from: begin }) => phase === i && to > begin);
        return {
          name,
          ...(part === undefined ? {} : { part }),
          resource,
          start: from,
          end,
          ...(stretch ? { critical: { from: stretch.from, to: stretch.to } } : {}),
          float: r.float[i],
        };
      }),
    },
  };
}
