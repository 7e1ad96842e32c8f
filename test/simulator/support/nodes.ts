/** Small machines with several nodes: tasks with policies and cpusets, objects, and a memory that places by them. */
import { createMemory } from '../../../simulator/machine/create-memory.ts';
import type { Memory, NodeMemory } from '../../../simulator/machine/memory.ts';
import { nodemask } from '../../../simulator/numa/nodemask.ts';
import { NumaPlacement } from '../../../simulator/numa/numa-placement.ts';
import { NumaSystem } from '../../../simulator/numa/system.ts';
import { defaultDistances, type Distances } from '../../../simulator/numa/zonelist.ts';
import type { CgroupSpec, KnobValues, MempolicySpec, ObjectSpec } from '../../../simulator/plan.ts';
import { PAGE_SIZE } from '../../../simulator/units.ts';

export interface NodeMachine {
  readonly variant?: string;
  readonly values?: KnobValues;
  /** Pages of each node. */
  readonly nodes: readonly number[];
  readonly movable?: readonly number[];
  readonly weights?: readonly number[];
  /** The node of each processor; absent: one on each node. */
  readonly cpuNodes?: readonly number[];
  readonly distances?: Distances;
  readonly objects: readonly { readonly kind: ObjectSpec['kind']; readonly pages: number; readonly owner?: number }[];
  /** Pages that the one tmpfs mount may hold. */
  readonly tmpfs?: number;
  readonly mpol?: string;
  readonly tasks?: readonly {
    readonly policy?: MempolicySpec;
    /** mems of a cpuset of its own. */
    readonly mems?: readonly number[];
  }[];
  readonly swap?: number;
  readonly limits?: readonly number[];
  readonly cgroups?: readonly CgroupSpec[];
  readonly kswapd?: 'synchronous' | 'concurrent';
  readonly sysctls?: KnobValues;
}

export interface NodesUnderTest {
  readonly memory: Memory;
  readonly nodes: NodeMemory;
  readonly system: NumaSystem;
  readonly placement: NumaPlacement;
  readonly bases: readonly number[];
  /** What is on each node. */
  placedOn(object: number): number[];
}

/** Distances of the measured machine: 01 = 15, 02 = 20, 03 = 30, 12 = 30, 13 = 20, 23 = 12. */
export const MEASURED_DISTANCES: Distances = [
  [10, 15, 20, 30],
  [15, 10, 30, 20],
  [20, 30, 10, 12],
  [30, 20, 12, 10],
];

export const policy = (mode: MempolicySpec['mode'], ...nodes: number[]): MempolicySpec => ({ mode, nodes });

export function nodeMachine(m: NodeMachine): NodesUnderTest {
  const count = m.nodes.length;
  const system = new NumaSystem({
    distances: m.distances ?? defaultDistances(count),
    cpuNodes: m.cpuNodes ?? m.nodes.map((_, node) => node),
    movable: nodemask(m.movable ?? []),
    cpusets: 2,
    ...(m.weights === undefined ? {} : { weights: m.weights }),
  });
  const tasks = m.tasks ?? [{}];
  for (const [i, task] of tasks.entries()) {
    system.addTask();
    if (task.mems !== undefined) {
      const cpuset = system.cpusets.add(`set${i}`, 0);
      system.writeMems(cpuset, nodemask(task.mems));
      system.attach(i, cpuset);
    }
    if (task.policy !== undefined) {
      const { mode, nodes } = task.policy;
      const set = system.setTaskPolicy(i, mode, {}, nodemask(nodes));
      if (!set.ok) throw new Error(`${mode} is refused`);
    }
  }
  if (m.objects.some(({ kind }) => kind === 'tmpfs')) {
    const { result } = system.mount(m.mpol);
    if (!result.ok) throw new Error(`${m.mpol} is refused`);
  }
  const bases: number[] = [];
  let pages = 0;
  const objects = m.objects.map((object, i): ObjectSpec => {
    if (object.kind === 'tmpfs') system.addTmpfsFile(0);
    else system.addRegion(object.kind, object.owner ?? 0);
    bases.push(pages);
    pages += object.pages;
    const mount = object.kind === 'tmpfs' ? { mount: 0 } : {};
    return { kind: object.kind, name: `o${i}`, pages: object.pages, values: {}, ...mount };
  });
  const placement = new NumaPlacement(
    system,
    objects.map((object, i) => ({ base: bases[i], pages: object.pages })),
    tasks.map((_, i) => i),
  );
  const memory = createMemory({
    machine: {
      name: 'm',
      values: { memory: m.nodes.reduce((sum, n) => sum + n, 0) * PAGE_SIZE, cpus: count },
      disk: {},
      swap: m.swap === undefined ? [] : [{ name: 'swap', values: { size: m.swap * PAGE_SIZE, latency: 100_000 } }],
      nodes: m.nodes.map((n, i) => ({
        values: { memory: n * PAGE_SIZE, movable: m.movable?.includes(i) === true },
      })),
    },
    cgroups: m.cgroups ?? [
      { name: '/', parent: null, values: {} },
      ...(m.limits ?? []).map((max, i) => ({ name: `g${i}`, parent: 0, values: { 'memory.max': max * PAGE_SIZE } })),
    ],
    objects,
    mounts: [{ name: 'tmp', values: m.tmpfs === undefined ? {} : { size: m.tmpfs * PAGE_SIZE } }],
    bases,
    pages,
    sysctls: m.sysctls ?? {},
    reclaim: { id: m.variant ?? 'v6.1', values: m.values ?? {} },
    kswapd: m.kswapd ?? 'synchronous',
    placement,
  });
  const nodes = memory.nodes!;
  const placedOn = (object: number) => Array.from(nodes.objectPages.subarray(object * count, (object + 1) * count));
  return { memory, nodes, system, placement, bases, placedOn };
}

/** `1:3 0:2 …`: on which nodes a run of pages lies, in the order of page numbers. */
export function runLengths({ nodes }: NodesUnderTest, start: number, pages: number): [node: number, pages: number][] {
  const runs: [number, number][] = [];
  for (let page = start; page < start + pages; page++) {
    const node = nodes.nodeOf(page);
    const last = runs.at(-1);
    if (last?.[0] === node) last[1]++;
    else runs.push([node, 1]);
  }
  return runs;
}
