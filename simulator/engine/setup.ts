/** From a scenario to what can be run: the page-number space, where traces live, and which of the two speeds fits. */
import { BLOCK, MAX_PAGES, OP_SHIFT, OP_STORE, OP_WRITE, PAGE_MASK } from '../machine/access.ts';
import { processesPer } from '../exit/scenario.ts';
import type { MemoryLayout } from '../machine/memory.ts';
import { Shmem } from '../machine/shmem.ts';
import { PlanError } from '../plan-error.ts';
import { accessesOf, type KnobValues, type ObjectSpec, type Plan, type Scenario, type Step } from '../plan.ts';
import { reclaimVariant } from '../reclaim/registry.ts';
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/knobs.ts';
import { bugFoldZero, bugRefcount, bugRemountUaf } from '../tables/numa-knobs.ts';
import { PAGE_SIZE, type Pages } from '../units.ts';
import type { TracePlacement } from '../workload/program.ts';
import { isLocked, numberedPages } from './numbering.ts';
import { Numa } from './numa.ts';
import type { Wanted } from './wanted.ts';

/** What one look through a trace tells. */
export interface TraceFacts {
  readonly words: Uint32Array;
  /** Pages that its file accesses and its anonymous accesses span: numbered apart, each from 0. */
  readonly filePages: number;
  readonly anonPages: number;
  readonly writesFiles: boolean;
}

export function* traceFacts(words: Uint32Array): Generator<number, TraceFacts> {
  let file = -1;
  let anon = -1;
  let writesFiles = false;
  for (let i = 0; i < words.length;) {
    const end = Math.min(words.length, i + 16 * BLOCK);
    for (; i < end; i++) {
      const operation = words[i] >>> OP_SHIFT;
      const page = words[i] & PAGE_MASK;
      if (operation === OP_STORE) {
        if (page > anon) anon = page;
      } else {
        if (page > file) file = page;
        if (operation === OP_WRITE) writesFiles = true;
      }
    }
    yield BLOCK;
  }
  return { words, filePages: file + 1, anonPages: anon + 1, writesFiles };
}

export interface Setup {
  readonly scenario: Scenario;
  readonly layout: MemoryLayout & { readonly numbered: readonly Pages[] };
  readonly path: 'blocks' | 'events';
  /** Why not the fast one; empty on the fast path. */
  readonly because: string;
  readonly placements: readonly TracePlacement[];
  readonly threads: number;
  readonly watchesClock: boolean;
  /** Pages of each object, those of traces included. */
  readonly objects: readonly ObjectSpec[];
  /** Machines with several nodes, under one of the kernel's ways. */
  readonly numa?: Numa;
}

const stepsOf = (scenario: Scenario): Step[] =>
  scenario.processes.flatMap((process) => process.phases.flatMap((phase) => [...phase.steps]));

/** Whether programs say what they need no more, or fork: only the full machine knows ranges, locks and handlers. */
export const usesVolatile = (scenario: Scenario): boolean =>
  stepsOf(scenario).some(({ kind }) => ['volatile', 'nonvolatile', 'madvise', 'fork'].includes(kind));

export const threadsOf = (scenario: Scenario): number =>
  scenario.processes.reduce((sum, process) => sum + valueOf(process.values, knobs.threads), 0);

/** kswapd as it will run: `auto` is synchronous for a single thread that has nobody beside it, no daemon either. */
export function kswapdOf(scenario: Scenario): 'synchronous' | 'concurrent' {
  const mode = valueOf(scenario.machine.values, knobs.kswapd);
  const alone = threadsOf(scenario) === 1 && !scenario.fuse?.length;
  if (mode === 'auto') return alone ? 'synchronous' : 'concurrent';
  return mode === 'concurrent' ? 'concurrent' : 'synchronous';
}

/** Whether reclaim asks what time it is: only the full machine knows at every access. */
const watchesClock = ({ reclaim }: Scenario): boolean =>
  reclaimVariant(reclaim.id)?.watchesClock?.(reclaim.values) ?? false;

/** Policies that know no lists know no nodes either. */
export const hasNodes = ({ machine, reclaim }: Scenario): boolean =>
  (machine.nodes?.length ?? 1) > 1 && ['kernel', 'proposal'].includes(reclaimVariant(reclaim.id)?.family ?? '');

/** Whether files of a tmpfs mount are larger than it. */
function mayFill({ machine, mounts = [], objects }: Scenario): boolean {
  const { limits } = new Shmem(mounts, Math.floor(valueOf(machine.values, knobs.memory) / PAGE_SIZE));
  const sizes = mounts.map(() => 0);
  for (const object of objects) if (object.mount !== undefined) sizes[object.mount] += object.pages;
  return sizes.some((pages, mount) => pages > limits[mount]);
}

const hasNumaBugs = (machine: KnobValues): boolean =>
  valueOf(machine, bugRefcount) || valueOf(machine, bugRemountUaf) || valueOf(machine, bugFoldZero);

/** Why a scenario needs the full machine; empty if the fast path will do. */
export function needsEvents(
  scenario: Scenario,
  wanted: Wanted,
  traces: readonly TraceFacts[],
  logging: boolean,
): string {
  const threads = threadsOf(scenario);
  if (hasNodes(scenario) && hasNumaBugs(scenario.machine.values)) return 'a known bug of memory policies';
  if (threads !== 1) return `${threads} threads`;
  if (kswapdOf(scenario) === 'concurrent') return 'kswapd runs concurrently';
  if (scenario.timeline.length > 0) return 'a timeline';
  if (scenario.recovery) return 'a recovery';
  if (processesPer(scenario.machine) > 1) return 'processes that exit together';
  if (scenario.duration !== undefined) return 'a run that ends by time';
  if (scenario.devices?.length) return 'a device';
  if (watchesClock(scenario)) return 'a variant that watches the clock';
  if (wanted.pressure) return 'memory pressure is asked for';
  if (logging) return 'events are logged';
  for (const process of scenario.processes)
    for (const phase of process.phases) if (phase.duration !== undefined) return 'a phase that ends by time';
  if (usesVolatile(scenario)) return 'volatile memory';
  if (mayFill(scenario)) return 'a tmpfs mount that may be full';
  for (const step of stepsOf(scenario)) {
    if (step.kind === 'mempolicy') return 'memory policies that change';
    if (step.kind === 'sync') return 'sync';
    if ((step.kind === 'access' || step.kind === 'mix') && step.amount.kind === 'time')
      return 'a step that ends by time';
    if (step.kind === 'replay' && traces[step.trace].writesFiles) return 'a trace that writes files';
    for (const access of accessesOf(step)) {
      const object = scenario.objects[access.target.object];
      if (step.kind === 'access' && access.rate !== undefined) return 'a rate';
      if (object.kind === 'file' && access.verb === 'write') return 'file writes';
      if (object.kind === 'file' && access.verb === 'read' && valueOf(object.values, knobs.readahead) > 0)
        return 'read-ahead';
    }
  }
  return '';
}

export function setUp(
  plan: Plan,
  scenario: Scenario,
  wanted: Wanted,
  traces: readonly TraceFacts[],
  logging: boolean,
  test: { readonly forceEvents: boolean; readonly numberAll: boolean },
): Setup {
  const objects: ObjectSpec[] = [...scenario.objects];
  const replayed = new Set(stepsOf(scenario).flatMap((step) => (step.kind === 'replay' ? [step.trace] : [])));
  // A declared object with the trace's name is what the trace accesses; otherwise one is made that fits.
  const homes = traces.map(({ filePages, anonPages }, i) => {
    if (!replayed.has(i)) return { file: -1, anon: -1 };
    const { name } = plan.traces[i];
    const home = (kind: 'file' | 'anon', pages: number): number => {
      if (pages === 0) return -1;
      const declared = objects.findIndex((object) => object.kind === kind && object.name === name);
      if (declared >= 0) {
        if (objects[declared].pages < pages)
          throw new PlanError(
            `trace '${name}' accesses page ${pages - 1} of '${name}', which has ${objects[declared].pages} pages`,
            `Declare '${name}' with at least ${pages} pages, or leave the declaration out.`,
            plan.traces[i].source,
          );
        return declared;
      }
      const process = scenario.processes.findIndex((p) =>
        p.phases.some((phase) => phase.steps.some((step) => step.kind === 'replay' && step.trace === i)),
      );
      objects.push({ kind, name, pages, values: {}, ...(kind === 'anon' ? { process } : {}) });
      return objects.length - 1;
    };
    return { file: home('file', filePages), anon: home('anon', anonPages) };
  });
  const bases: number[] = [];
  let pages = 0;
  const numbered = test.numberAll
    ? objects.map((object) => object.pages)
    : numberedPages(scenario, objects, new Set(homes.flatMap(({ file, anon }) => [file, anon])));
  // every page has a node: locked regions that nobody accesses, too
  if (hasNodes(scenario)) {
    objects.forEach((object, i) => {
      if (isLocked(object)) numbered[i] = object.pages;
    });
  }
  for (const n of numbered) {
    bases.push(pages);
    pages += n;
  }
  if (pages > MAX_PAGES)
    throw new PlanError(
      `files and anonymous regions have ${pages} pages together, more than the ${MAX_PAGES} (4 TiB) of one simulation`,
      'Make them smaller, or scale machine and objects down together: hit ratios depend on their proportion.',
    );
  const because = test.forceEvents ? 'asked for' : needsEvents(scenario, wanted, traces, logging);
  const numa = hasNodes(scenario)
    ? new Numa(scenario, objects, bases, numbered, (process) =>
        valueOf(scenario.processes[process].values, knobs.threads),
      )
    : undefined;
  const layout = {
    machine: scenario.machine,
    cgroups: scenario.cgroups,
    objects,
    bases,
    numbered,
    pages: Math.max(pages, 1),
    sysctls: scenario.sysctls,
    ...(scenario.fuse && scenario.fuse.length > 0
      ? { devices: objects.map((object) => (object.fuse === undefined ? 0 : 1 + object.fuse)) }
      : {}),
    ...(numa === undefined ? {} : { placement: numa.placement }),
    ...(scenario.mounts === undefined ? {} : { mounts: scenario.mounts }),
    reclaim: scenario.reclaim,
    kswapd: kswapdOf(scenario),
  };
  return {
    scenario,
    layout,
    path: because === '' ? 'blocks' : 'events',
    because,
    placements: traces.map(({ words }, i) => ({
      words,
      fileBase: homes[i].file >= 0 ? bases[homes[i].file] : 0,
      anonBase: homes[i].anon >= 0 ? bases[homes[i].anon] : 0,
    })),
    threads: threadsOf(scenario),
    watchesClock: watchesClock(scenario),
    objects,
    ...(numa === undefined ? {} : { numa }),
  };
}
