/**
 * A machine as a recorder had it: nodes, distances and processors from the arguments of the virtual machine, and on it tasks, regions and
 * files whose pages are placed by our rules, in the frames of the simulated machine. Everything fits: recordings of this kind leave no node full,
 * so nodes are made just large enough.
 */
import { OP_SHIFT, OP_STORE } from '../machine/access.ts';
import { createMemory } from '../machine/create-memory.ts';
import { OUT_OF_MEMORY, type Memory, type NodeMemory } from '../machine/memory.ts';
import type { MempolicyFlags, MempolicyMode } from '../numa/mempolicy.ts';
import {
  firstNodes,
  formatNodelist,
  hasNode,
  nodemask,
  NO_NODES,
  parseNodelist,
  type Nodemask,
} from '../numa/nodemask.ts';
import { NumaPlacement } from '../numa/numa-placement.ts';
import { NumaSystem, type NumaChange } from '../numa/system.ts';
import { defaultDistances, LOCAL_DISTANCE } from '../numa/zonelist.ts';
import { PAGE_SIZE } from '../units.ts';
import { UnusableRecording } from './sets.ts';

export interface RecordedMachine {
  readonly distances: readonly (readonly number[])[];
  /** The node of each processor. */
  readonly cpuNodes: readonly number[];
  /** Nodes that have memory. */
  readonly memory: Nodemask;
}

export function maskOf(list: string, where: string): Nodemask {
  const mask = parseNodelist(list);
  if (typeof mask === 'string') throw new UnusableRecording(`${where}: '${list}' is no list of nodes`);
  return mask;
}

/** The machine behind arguments of QEMU (`-numa node,…`, `-numa dist,…`); one that says nothing of nodes has `nodes` equally distant ones. */
export function machineOf(args: string, nodes: number): RecordedMachine {
  const options = [...args.matchAll(/-numa\s+(\w+),(\S+)/g)].map(([, kind, rest]) => ({
    kind,
    pairs: rest.split(',').map((pair) => pair.split('=') as [string, string | undefined]),
  }));
  const value = (pairs: [string, string | undefined][], name: string): string | undefined =>
    pairs.find(([key]) => key === name)?.[1];
  const declared = options.filter(({ kind }) => kind === 'node');
  const count = declared.length > 0 ? declared.length : nodes;
  const cpuNodes: number[] = [];
  declared.forEach(({ pairs }, i) => {
    const node = Number(value(pairs, 'nodeid') ?? i);
    for (const [key, range] of pairs) {
      if (key !== 'cpus' || range === undefined) continue;
      const [first, last = first] = range.split('-').map(Number);
      for (let cpu = first; cpu <= last; cpu++) cpuNodes[cpu] = node;
    }
  });
  const cpus = Number(/-smp\s+(?:cpus=)?(\d+)/.exec(args)?.[1] ?? count);
  // processors that no node claims are node 0's; without any claim they are dealt out
  const claimed = cpuNodes.length > 0;
  for (let cpu = 0; cpu < cpus; cpu++) cpuNodes[cpu] ??= claimed ? 0 : cpu % count;
  const distances = defaultDistances(count);
  const given = new Set<string>();
  for (const { kind, pairs } of options) {
    if (kind !== 'dist') continue;
    const [from, to, distance] = ['src', 'dst', 'val'].map((name) => Number(value(pairs, name)));
    if (from >= count || to >= count || !(distance >= LOCAL_DISTANCE)) continue;
    distances[from][to] = distance;
    given.add(`${from}-${to}`);
    // one direction given stands for both
    if (!given.has(`${to}-${from}`)) distances[to][from] = distance;
  }
  const withMemory = declared.flatMap(({ pairs }, i) =>
    value(pairs, 'memdev') === undefined && value(pairs, 'mem') === undefined
      ? []
      : [Number(value(pairs, 'nodeid') ?? i)],
  );
  const dimms = [...args.matchAll(/-device\s+pc-dimm,\S*\bnode=(\d+)/g)].map(([, node]) => Number(node));
  const memory = withMemory.length === 0 ? firstNodes(count) : nodemask([...withMemory, ...dimms]);
  return { distances, cpuNodes, memory };
}

export interface Placed {
  /** Pages by node. */
  readonly pages: readonly number[];
  /** The nodes of the first 16 pages. */
  readonly seq: string;
}

/** What a recording says of pages just placed. */
export interface RecordedPages {
  readonly pages: readonly number[];
  readonly seq?: string | undefined;
}

/** Pages between the starts of two lots: room for every place interleaving may begin at. */
const GAP = 64;
/** Frames that the kernel itself may want of a node. */
const SPARE = 2048;

export class NumaBench {
  readonly system: NumaSystem;
  readonly machine: RecordedMachine;
  readonly #lot: number;
  readonly #starts = new Map<string, { start: number; pages: number }>();
  #placement: NumaPlacement | null = null;
  #memory: Memory | null = null;
  #next = 0;
  readonly #layout: { base: number; pages: number }[] = [];

  /** `lot`: most pages that are placed at once. */
  constructor(machine: RecordedMachine, version: 1 | 2, lot: number, memory?: Nodemask, movable?: Nodemask) {
    this.machine = machine;
    this.#lot = lot + GAP;
    this.system = new NumaSystem({
      distances: machine.distances,
      cpuNodes: machine.cpuNodes,
      cpusets: version,
      memory: memory ?? machine.memory,
      ...(movable === undefined ? {} : { movable }),
    });
  }

  /** A cpuset below the root with these mems and all processors. */
  addCpuset(mems: Nodemask, migrate?: boolean): { readonly cpuset: number; readonly errno: string | null } {
    const { system } = this;
    const cpuset = system.cpusets.add(formatNodelist(mems), 0, migrate === undefined ? {} : { migrate });
    system.writeCpus(cpuset, system.cpusets.at(0).cpus);
    const written = system.writeMems(cpuset, mems);
    return { cpuset, errno: written.ok ? null : written.errno };
  }

  /** A task; null or an empty set: in the root. */
  addTask(mems: Nodemask | null): number {
    const task = this.system.addTask();
    if (mems !== null && mems !== NO_NODES) this.system.attach(task, this.addCpuset(mems).cpuset);
    return task;
  }

  addRegion(owner: number, lots: number): number {
    return this.#lay(this.system.addRegion('anon', owner), lots);
  }

  addFile(mount: number, lots: number): number {
    return this.#lay(this.system.addTmpfsFile(mount), lots);
  }

  #lay(region: number, lots: number): number {
    if (this.#starts.size > 0) throw new Error('regions come before the first page');
    this.#placement = null;
    this.#memory = null;
    this.#layout.push({ base: this.#next, pages: lots * this.#lot });
    this.#next += lots * this.#lot;
    return region;
  }

  get placement(): NumaPlacement {
    this.#placement ??= new NumaPlacement(
      this.system,
      this.#layout,
      this.system.tasks.map((_, task) => task),
    );
    return this.#placement;
  }

  cpuNode(cpu: number): number {
    return this.machine.cpuNodes[cpu] ?? 0;
  }

  mbindAll(task: number, region: number, mode: MempolicyMode, flags: MempolicyFlags, mask: Nodemask) {
    return this.system.mbind(task, region, 0, this.#layout[region].pages, mode, flags, mask);
  }

  #predict(start: number, pages: number): Placed {
    const { placement } = this;
    const count = new Array<number>(this.system.nodes).fill(0);
    let seq = '';
    for (let page = start; page < start + pages; page++) {
      placement.place(page);
      const node = placement.answer.count > 0 ? placement.answer.order[0] : -1;
      if (node >= 0) count[node]++;
      if (page < start + 16) seq += node < 0 ? 'x' : node.toString(36);
    }
    return { pages: count, seq };
  }

  /**
   * A task touches as many pages of a lot as the recording says. Where interleaving began can't be known, nor on which of `cpuNodes` the task
   * ran if there are several: of all beginnings the one that fits the recording, if any does.
   */
  touch(task: number, region: number, lot: number, cpuNodes: readonly number[], recorded: RecordedPages): Placed {
    const total = recorded.pages.reduce((sum, n) => sum + n, 0);
    const base = this.#layout[region].base + lot * this.#lot;
    let best: { placed: Placed; start: number; cpuNode: number; fit: number } | null = null;
    for (const cpuNode of cpuNodes) {
      this.placement.setTask(task, cpuNode);
      for (let offset = 0; offset < Math.min(GAP, this.system.nodes); offset++) {
        const placed = this.#predict(base + offset, total);
        const fit = (samePages(placed.pages, recorded.pages) ? 2 : 0) + (sameSeq(placed.seq, recorded.seq) ? 1 : 0);
        if (best === null || fit > best.fit) best = { placed, start: base + offset, cpuNode, fit };
        if (fit === 3 || this.#alike(placed)) break;
      }
      if (best?.fit === 3) break;
    }
    if (best === null) throw new Error('a task needs a processor');
    const { placement } = this;
    placement.setTask(task, best.cpuNode);
    const store = (OP_STORE << OP_SHIFT) >>> 0;
    for (let page = best.start; page < best.start + total; page++) {
      if ((this.memory.access(store + page, 0) & OUT_OF_MEMORY) !== 0) break;
    }
    this.#starts.set(`${region} ${lot}`, { start: best.start, pages: total });
    return { pages: this.pagesOf(region, lot), seq: this.#seqOf(best.start, total) };
  }

  #seqOf(start: number, pages: number): string {
    let seq = '';
    for (let page = start; page < start + Math.min(16, pages); page++) {
      const node = this.nodes.nodeOf(page);
      seq += node < 0 ? 'x' : node.toString(36);
    }
    return seq;
  }

  get nodes(): NodeMemory {
    return this.memory.nodes!;
  }

  /** The simulated machine: made when the first page is touched. */
  get memory(): Memory {
    return (this.#memory ??= this.#makeMemory());
  }

  #makeMemory(): Memory {
    const { placement, system } = this;
    // each node could take all there is, twice over
    const frames = 2 * this.#next + SPARE;
    const objects = system.regions.map(({ kind }, i) => ({
      kind,
      name: `region ${i}`,
      pages: this.#layout[i].pages,
      values: {},
      ...(kind === 'tmpfs' ? { mount: 0 } : {}),
    }));
    const memory = createMemory({
      machine: {
        name: 'recorded',
        values: { memory: frames * system.nodes * PAGE_SIZE, cpus: this.machine.cpuNodes.length },
        disk: {},
        swap: [],
        nodes: this.machine.distances.map((_, node) => ({
          values: { memory: frames * PAGE_SIZE, movable: hasNode(system.movable, node) },
        })),
        distances: this.machine.distances,
      },
      cgroups: [{ name: '/', parent: null, values: {} }],
      objects,
      bases: this.#layout.map(({ base }) => base),
      pages: Math.max(1, this.#next),
      mounts: [{ name: 'tmpfs', values: {} }],
      sysctls: { 'vm.min_free_kbytes': 64 },
      reclaim: { id: 'v6.1', values: {} },
      kswapd: 'synchronous',
      placement,
    });
    return memory;
  }

  /** All on one node: it begins nowhere else. */
  #alike(placed: Placed): boolean {
    return placed.pages.filter((n) => n > 0).length <= 1;
  }

  /** Where the pages of a lot are now. */
  pagesOf(region: number, lot: number): number[] {
    const count = new Array<number>(this.system.nodes).fill(0);
    const run = this.#starts.get(`${region} ${lot}`);
    if (run !== undefined) {
      for (let page = run.start; page < run.start + run.pages; page++) {
        const node = this.nodes.nodeOf(page);
        if (node >= 0) count[node]++;
      }
    }
    return count;
  }

  /** Moves what a change asks to be moved: pages of the tasks' own regions. Pages of files that nobody maps stay. */
  migrate(change: NumaChange): void {
    if (this.#next === 0) return;
    const { nodes } = this;
    for (const { task, steps } of change.migrations) {
      this.#layout.forEach(({ base, pages }, region) => {
        const { kind, owner } = this.system.regions[region];
        if (kind !== 'anon' || owner !== task) return;
        for (const { from, to } of steps) {
          for (let page = base; page < base + pages; page++) {
            if (nodes.nodeOf(page) === from) nodes.migrate(page, to);
          }
        }
      });
    }
  }

  /** Takes a node offline: its pages go to the next node of its zonelist first, also where some unmovable memory stays (`incomplete`). */
  offline(node: number, incomplete: boolean): void {
    const to = this.system.zonelists[node].find((other) => other !== node);
    if (this.#next > 0 && !incomplete) this.nodes.offline(node);
    else if (this.#next > 0 && to !== undefined) {
      for (let page = 0; page < this.#next; page++) {
        if (this.nodes.nodeOf(page) === node) this.nodes.migrate(page, to);
      }
    }
    if (!incomplete) this.migrate(this.system.setNode(node, false));
  }

  online(node: number, movable: boolean): void {
    if (this.#next > 0) this.nodes.online(node, movable);
    this.migrate(this.system.setNode(node, true, movable));
  }
}

export const samePages = (ours: readonly number[], recorded: readonly number[]): boolean => {
  for (let node = 0; node < Math.max(ours.length, recorded.length); node++) {
    if ((ours[node] ?? 0) !== (recorded[node] ?? 0)) return false;
  }
  return true;
};

export const sameSeq = (ours: string, recorded: string | undefined): boolean =>
  recorded === undefined || recorded === '' || ours.startsWith(recorded) || recorded.startsWith(ours);
