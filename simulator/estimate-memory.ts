/** How much memory a run will hold, so that a host can refuse before starting instead of dying halfway. */
import { BLOCK } from './machine/access.ts';
import { placementSamples } from './engine/numa-records.ts';
import { numberedPages } from './engine/numbering.ts';
import { hasNodes, threadsOf } from './engine/setup.ts';
import { BYTES_PER_FORESEEN } from './engine/future.ts';
import type { MemoryEstimate } from './memory-estimate.ts';
import type { Plan, Scenario, Step } from './plan.ts';
import { hasLists, reclaimVariant } from './reclaim/registry.ts';
import { valueOf } from './tables/define.ts';
import * as knobs from './tables/knobs.ts';
import { drawnAccesses, foreseeableAccesses, workloadGroups } from './run-order.ts';
import { PAGE_SIZE, type Bytes, type Pages } from './units.ts';
import { validatePlan } from './validate.ts';
import { MAX_MEMO } from './workload/memo-source.ts';
import { MAX_KEPT_TABLES, patternBytes } from './workload/program.ts';

/** The node of a page and why it is there. */
const NODE_BYTES_PER_PAGE = 4;
/** Home, copies, movement and block of a page, and that it is lent; of each device its entry and when it last moved. */
const DEVICES_BYTES_PER_PAGE = 3 + 4 + 1;
const DEVICE_BYTES_PER_PAGE = 1 + 8;
/** A count as sampled, and as reported. */
const SAMPLE_BYTES = 12;
/** Of each page number: flags; the engine's object and mark of what is being read. */
const BYTES_PER_PAGE = 1 + 3;
/** Under the kernel's ways: its place or shadow. */
const LIST_BYTES_PER_PAGE = 4;
/** Of each page number of a file: its share of tree nodes. */
const TREE_BYTES_PER_PAGE = 12 / 63;
/** What a policy adds, for each page number and for each page that it can know at a time (there are at most as many as numbers). */
export interface PolicyBytes {
  readonly page: number;
  readonly place: number;
  /** Nothing is kept of pages that leave; else a page that leaves has on whose behalf, which may be another cgroup than that it came for. */
  readonly forgets?: true;
  /** It knows this many times as many pages as fit into memory. Absent: once. */
  readonly reach?: number;
}
/** Rings are between half and wholly full, and the active and the inactive one may each have held them all. */
const twoLists: PolicyBytes = { page: 1, place: 13 };
/** For pages that are only read. Of mapped ones the generation is kept (1 more for each page number), and several rings are large (15 a place). */
const generations: PolicyBytes = { page: 1, place: 8.5 };
const greediest: PolicyBytes = { page: 8, place: 16 };
/** By policy; what is not listed is the greediest. None has more than 8 bytes a page number and 16 a frame. */
export const policyBytes: Readonly<Record<string, PolicyBytes>> = {
  classic: { ...twoLists, forgets: true },
  'refault-2013': twoLists,
  'v3.15': twoLists,
  'v6.1': twoLists,
  'v6.12': twoLists,
  'mglru-6.1': generations,
  'mglru-6.7': generations,
  'mglru-6.14': generations,
  clock: { page: 1, place: 4 },
  fifo: { page: 1, place: 4 },
  '2q': { page: 4, place: 10.25, reach: 1.5 },
  lirs: { page: 8, place: 7.95, reach: 2 },
  arc: { page: 4, place: 7.65, reach: 2 },
  car: { page: 5, place: 7.65, reach: 2 },
  'clock-pro': { page: 5, place: 7.65, reach: 2 },
  'w-tinylfu': { page: 8, place: 14.4 },
  's3-fifo': { page: 5, place: 15.4 },
  sieve: { page: 1, place: 8 },
  lru: { page: 4, place: 15.3 },
  opt: { page: 8, place: 8 },
};
/** Buffers of a running point, samples included. */
const FIXED = 16 * 1024 * 1024;
/** Series of a finished point at most: about twenty with 4 000 points of 16 bytes. */
const SERIES_POINT_BYTES = 20 * 16;

/** Nothing for a plan that can't be run: `createSimulation` says why. */
export function estimateMemory(plan: Plan): MemoryEstimate {
  try {
    validatePlan(plan);
  } catch {
    return { bytes: 0, shared: 0, parts: [] };
  }
  const sums = new Map<string, Bytes>();
  const most = (what: string, bytes: Bytes) => sums.set(what, Math.max(sums.get(what) ?? 0, bytes));
  const tables = new Map<string, Bytes>();
  for (const { scenario } of plan.points) {
    const { pages, filePages } = numbersOf(plan, scenario);
    const policy = policyBytes[scenario.reclaim.id] ?? greediest;
    const lruvecs = scenario.cgroups.length * (hasNodes(scenario) ? scenario.machine.nodes!.length : 1);
    const variant = reclaimVariant(scenario.reclaim.id);
    const lists = variant === undefined || hasLists(variant);
    const sole = lruvecs === 1 || (policy.forgets && new Set(scenario.processes.map((p) => p.cgroup)).size === 1);
    const owner = !lists || sole ? 0 : lruvecs <= 256 ? 1 : lruvecs <= 65_536 ? 2 : 4;
    most(
      'pages of files and regions',
      Math.ceil(
        pages * (BYTES_PER_PAGE + (lists ? LIST_BYTES_PER_PAGE : 0) + owner + policy.page) +
          filePages * TREE_BYTES_PER_PAGE,
      ),
    );
    const frames = Math.ceil(valueOf(scenario.machine.values, knobs.memory) / PAGE_SIZE);
    most('pages in memory', Math.min(frames * (policy.reach ?? 1), pages) * policy.place);
    if (hasNodes(scenario)) {
      const nodes = scenario.machine.nodes?.length ?? 1;
      const objects = scenario.objects.length;
      most('nodes of pages, and why they lie there', pages * NODE_BYTES_PER_PAGE + nodes * nodes * 4);
      most('pages by node over time', placementSamples(objects, nodes) * objects * nodes * SAMPLE_BYTES);
    }
    const devices = scenario.devices?.length ?? 0;
    if (devices > 0) most('pages on devices', pages * (DEVICES_BYTES_PER_PAGE + devices * DEVICE_BYTES_PER_PAGE));
    most('buffers of threads', threadsOf(scenario) * 4096 + 3 * 4 * BLOCK);
    let own = 0;
    for (const step of stepsOf(scenario))
      for (const access of step.kind === 'access'
        ? [step]
        : step.kind === 'mix'
          ? step.parts.map((p) => p.access)
          : []) {
        const { object, start, pages: length } = access.target;
        const bytes = patternBytes(access.pattern, length);
        if (bytes === 0) continue;
        own += bytes;
        tables.set(`${object}/${start}/${length}/${access.pattern.kind === 'zipf' ? access.pattern.s : ''}`, bytes);
      }
    most('tables of access patterns', own);
    if (plan.points.length > 1) {
      const all = foreseeableAccesses(plan, scenario);
      most('accesses that points share', all <= MAX_MEMO ? 4 * drawnAccesses(plan, scenario) : 0);
    }
    if (reclaimVariant(scenario.reclaim.id)?.clairvoyant)
      most(
        `the future that '${scenario.reclaim.id}' must know`,
        foreseeableAccesses(plan, scenario) * BYTES_PER_FORESEEN + pages * 8,
      );
  }
  const all = [...tables.values()].reduce((a, b) => a + b, 0);
  most('tables of access patterns', Math.min(all, MAX_KEPT_TABLES));
  let shared = 0;
  if (plan.points.length > 1) {
    // Either all are shared, or as many as may be, and the others are each worker's own.
    if (all > MAX_KEPT_TABLES) most('tables that workers share', MAX_KEPT_TABLES);
    shared += Math.min(all, MAX_KEPT_TABLES);
    if (workloadGroups(plan).every((group) => group === 0)) shared += sums.get('accesses that points share') ?? 0;
  }
  most(
    'traces',
    plan.traces.reduce((n, trace) => n + 4 * (trace.records ?? 0), 0),
  );
  shared += sums.get('traces') ?? 0;
  const points = plan.points.length;
  most('results', points * Math.min(4000, Math.max(250, Math.floor(40_000 / points))) * SERIES_POINT_BYTES + FIXED);
  const parts = [...sums].map(([what, bytes]) => ({ what, bytes })).sort((a, b) => b.bytes - a.bytes);
  return { bytes: parts.reduce((n, part) => n + part.bytes, 0), shared, parts: parts.filter((part) => part.bytes > 0) };
}

/** Page numbers of a scenario, and those of them that files have. */
function numbersOf(plan: Plan, scenario: Scenario): { readonly pages: Pages; readonly filePages: Pages } {
  const traces = replayed(scenario).flatMap((i) => plan.traces[i] ?? []);
  const homes = scenario.objects.flatMap(({ name }, i) => (traces.some((trace) => trace.name === name) ? [i] : []));
  let pages = 0;
  let filePages = 0;
  numberedPages(scenario, scenario.objects, new Set(homes)).forEach((n, i) => {
    pages += n;
    if (scenario.objects[i].kind !== 'anon') filePages += n;
  });
  for (const trace of traces) {
    pages += trace.pages ?? 0;
    filePages += trace.pages ?? 0;
  }
  return { pages, filePages };
}

const stepsOf = (scenario: Scenario): Step[] =>
  scenario.processes.flatMap((process) => process.phases.flatMap((phase) => [...phase.steps]));

const replayed = (scenario: Scenario): number[] => [
  ...new Set(stepsOf(scenario).flatMap((step) => (step.kind === 'replay' ? [step.trace] : []))),
];
