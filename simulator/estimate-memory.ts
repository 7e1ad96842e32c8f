/** How much memory a run will hold, so that a host can refuse before starting instead of dying halfway. */
import { BLOCK } from './machine/access.ts';
import { threadsOf } from './engine/setup.ts';
import { BYTES_PER_FORESEEN } from './engine/future.ts';
import type { Plan, Scenario, Step } from './plan.ts';
import { reclaimVariant } from './reclaim/registry.ts';
import { valueOf } from './tables/define.ts';
import * as knobs from './tables/knobs.ts';
import { PAGE_SIZE, type Bytes } from './units.ts';
import { validatePlan } from './validate.ts';
import { MAX_MEMO } from './workload/memo-source.ts';
import { patternBytes } from './workload/program.ts';

/** Largest memory a run would hold at a time, to be compared with what the host has before starting. */
export interface MemoryEstimate {
  readonly bytes: Bytes;
  /** The biggest parts, for the message. */
  readonly parts: readonly { readonly what: string; readonly bytes: Bytes }[];
}

/** Bytes of state per page number: flags, shadows, tree and the greediest policy (20 measured), object and in-flight marks of the engine. */
const BYTES_PER_PAGE = 24;
/** Bytes per frame of memory: rings, heaps and ghosts of the greediest policies (LIRS, 22 measured). */
const BYTES_PER_FRAME = 24;
/** Buffers of a running point, samples included. */
const FIXED = 16 * 1024 * 1024;
/** Series of a finished point at most: about twenty with 4 000 points of 16 bytes. */
const SERIES_POINT_BYTES = 20 * 16;

/** Nothing for a plan that can't be run: `createSimulation` says why. */
export function estimateMemory(plan: Plan): MemoryEstimate {
  try {
    validatePlan(plan);
  } catch {
    return { bytes: 0, parts: [] };
  }
  const sums = new Map<string, Bytes>();
  const most = (what: string, bytes: Bytes) => sums.set(what, Math.max(sums.get(what) ?? 0, bytes));
  const tables = new Map<string, Bytes>();
  for (const { scenario } of plan.points) {
    const pages =
      scenario.objects.reduce((n, object) => n + object.pages, 0) +
      replayed(scenario).reduce((n, i) => n + (plan.traces[i]?.pages ?? 0), 0);
    most('pages of files and regions', pages * BYTES_PER_PAGE);
    const frames = Math.ceil(valueOf(scenario.machine.values, knobs.memory) / PAGE_SIZE);
    // The kernel’s lists need no table by frame.
    const listed = ['kernel', 'proposal'].includes(reclaimVariant(scenario.reclaim.id)?.family ?? '');
    if (!listed) most('frames of the machine', frames * BYTES_PER_FRAME);
    most('buffers of threads', threadsOf(scenario) * 4096 + 3 * 4 * BLOCK);
    for (const step of stepsOf(scenario))
      for (const access of step.kind === 'access'
        ? [step]
        : step.kind === 'mix'
          ? step.parts.map((p) => p.access)
          : []) {
        const { object, start, pages: length } = access.target;
        const bytes = patternBytes(access.pattern, length);
        if (bytes > 0)
          tables.set(`${object}/${start}/${length}/${access.pattern.kind === 'zipf' ? access.pattern.s : ''}`, bytes);
      }
    if (reclaimVariant(scenario.reclaim.id)?.clairvoyant)
      most(
        `the future that '${scenario.reclaim.id}' must know`,
        foreseen(plan, scenario) * BYTES_PER_FORESEEN + pages * 8,
      );
  }
  most(
    'tables of access patterns',
    [...tables.values()].reduce((a, b) => a + b, 0),
  );
  most('accesses that points share', plan.points.length > 1 ? 4 * MAX_MEMO : 0);
  most(
    'traces',
    plan.traces.reduce((n, trace) => n + 4 * (trace.records ?? 0), 0),
  );
  const points = plan.points.length;
  most('results', points * Math.min(4000, Math.max(250, Math.floor(40_000 / points))) * SERIES_POINT_BYTES + FIXED);
  const parts = [...sums].map(([what, bytes]) => ({ what, bytes })).sort((a, b) => b.bytes - a.bytes);
  return { bytes: parts.reduce((n, part) => n + part.bytes, 0), parts: parts.filter((part) => part.bytes > 0) };
}

const stepsOf = (scenario: Scenario): Step[] =>
  scenario.processes.flatMap((process) => process.phases.flatMap((phase) => [...phase.steps]));

const replayed = (scenario: Scenario): number[] => [
  ...new Set(stepsOf(scenario).flatMap((step) => (step.kind === 'replay' ? [step.trace] : []))),
];

function foreseen(plan: Plan, scenario: Scenario): number {
  return stepsOf(scenario).reduce((n, step) => {
    if (step.kind === 'replay') return n + (plan.traces[step.trace]?.records ?? 0);
    if (step.kind !== 'access' && step.kind !== 'mix') return n;
    const { amount } = step;
    const pass =
      step.kind === 'access' ? step.target.pages : step.parts.reduce((sum, part) => sum + part.access.target.pages, 0);
    switch (amount.kind) {
      case 'passes':
        return n + amount.count * pass;
      case 'accesses':
        return n + amount.count;
      case 'bytes':
        return n + Math.ceil(amount.bytes / PAGE_SIZE);
      case 'time':
        return n;
    }
  }, 0);
}
