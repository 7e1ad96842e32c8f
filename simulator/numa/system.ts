/**
 * Who may use which node on one machine: tasks with their policies and cpusets, regions and tmpfs files with policies of their own, mounts,
 * and the nodes that come and go. It places nothing (numa-placement.ts does) and moves nothing: what a change asks to be moved it returns.
 *
 * Kernel: mm/mempolicy.c, kernel/cgroup/cpuset.c, mm/shmem.c, mm/memory_hotplug.c of 6.1; measured on 6.1.192.
 */
import {
  CpusetTree,
  migrationSteps,
  type Cpumask,
  type CpusetResult,
  type CpusetUpdate,
  type CpusetVersion,
  type MigrationStep,
} from './cpuset.ts';
import {
  dividesByZero,
  newMempolicy,
  rebind,
  wishFor,
  type Mempolicy,
  type MempolicyEra,
  type MempolicyFlags,
  type MempolicyMode,
  type NodeWish,
  type PolicyContext,
  type SetResult,
} from './mempolicy.ts';
import { firstNodes, nodeBit, nodemask, NO_NODES, type Nodemask } from './nodemask.ts';
import { filePolicy, parseMpol, remountPolicy, showMpol, type MountPolicy, type MpolResult } from './tmpfs-mpol.ts';
import { buildZonelists, type Distances } from './zonelist.ts';

/** Known bugs, as switches. */
export interface NumaBugs {
  /** A tmpfs file's policy loses a reference whenever an allocation retries because the cpuset has changed meanwhile (until 3.7). */
  readonly refcount?: boolean;
  /** A remount without mpol= frees the mount's policy and keeps it (until 3.9, CVE-2013-1767). */
  readonly remountUaf?: boolean;
  /** Region policies are rebound to the configured mems instead of the effective ones, also where none are configured (since 3.17; not in 6.1.192). */
  readonly foldZero?: boolean;
}

export interface KernelCrash {
  readonly bug: keyof NumaBugs;
  /** The commit that fixed it. */
  readonly commit: string;
  readonly text: string;
}

export const crashes: Readonly<Record<keyof NumaBugs, KernelCrash>> = {
  refcount: {
    bug: 'refcount',
    commit: '00442ad04a5e',
    text: 'an allocation in a tmpfs file retried while its cpuset changed, and dropped a reference to the file’s policy that it did not hold: the policy was freed in use',
  },
  remountUaf: {
    bug: 'remountUaf',
    commit: '5f00110f7273',
    text: 'a file was created on a tmpfs whose policy an earlier remount without mpol= had freed',
  },
  foldZero: {
    bug: 'foldZero',
    commit: 'fix posted on 20 June 2026',
    text: 'a relative policy of a region was folded onto the mems of a cpuset that has none configured: division by zero',
  },
};

export interface NumaOptions {
  readonly distances: Distances;
  /** The node of each processor. */
  readonly cpuNodes: readonly number[];
  /** Nodes that have memory at the start; absent: all. */
  readonly memory?: Nodemask;
  /** Nodes whose memory is all movable: no kernel allocations. */
  readonly movable?: Nodemask;
  readonly cpusets: CpusetVersion;
  readonly era?: MempolicyEra;
  readonly emptied?: 'code' | 'documented';
  readonly bugs?: NumaBugs;
  /** Weights of weighted interleave by node, 1 to 255; absent: 1 each. */
  readonly weights?: readonly number[];
}

export interface Task {
  cpuset: number;
  mems: Nodemask;
  cpus: Cpumask;
  policy: Mempolicy | null;
  wish: NodeWish | null;
  /** Where interleaving by turns is: the last node, and how often the present one is still to come. */
  turn: number;
  turnsLeft: number;
}

/** A run of pages of an object with a policy of its own. */
export interface PolicyRange {
  readonly start: number;
  readonly end: number;
  policy: Mempolicy | null;
  readonly wish: NodeWish | null;
}

export interface Region {
  readonly kind: 'anon' | 'file' | 'tmpfs';
  /** The task whose mapping it is, or who created the file; −1: not yet known, nobody. */
  owner: number;
  /** Ascending, disjoint. */
  ranges: PolicyRange[];
  /** tmpfs: the file's policy, and what the mount asked for. */
  policy: Mempolicy | null;
  wish: NodeWish | null;
  readonly mount: number;
  /** What interleaving adds to the page's index (the inode number). */
  readonly bias: number;
  created: boolean;
}

interface Mount {
  policy: MountPolicy | null;
  freed: boolean;
  files: number;
}

/** Pages of a task's mappings that are to go elsewhere, step by step. */
export interface TaskMigration {
  readonly task: number;
  readonly steps: readonly MigrationStep[];
}

/** What a change brought about, beside new masks. */
export interface NumaChange {
  readonly updates: readonly CpusetUpdate[];
  readonly migrations: readonly TaskMigration[];
  readonly crash: KernelCrash | null;
}

export type ChangeResult = (NumaChange & { readonly ok: true }) | (CpusetResult & { readonly ok: false });

export class NumaSystem {
  readonly nodes: number;
  readonly options: NumaOptions;
  readonly cpusets: CpusetTree;
  readonly tasks: Task[] = [];
  readonly regions: Region[] = [];
  readonly mounts: Mount[] = [];
  readonly weights: readonly number[];
  memory: Nodemask;
  movable: Nodemask;
  zonelists: readonly Int32Array[];
  crash: KernelCrash | null = null;
  /** Grows with everything that placement may depend on. */
  version = 0;
  readonly #withCpus: Nodemask;

  constructor(options: NumaOptions) {
    this.options = options;
    this.nodes = options.distances.length;
    const possible = firstNodes(this.nodes);
    this.memory = options.memory ?? possible;
    this.movable = options.movable ?? NO_NODES;
    this.weights = options.weights ?? new Array<number>(this.nodes).fill(1);
    this.#withCpus = nodemask(options.cpuNodes);
    this.zonelists = buildZonelists(options.distances, this.memory, this.#withCpus);
    this.cpusets = new CpusetTree({
      version: options.cpusets,
      possible,
      memory: this.memory,
      cpus: firstNodes(options.cpuNodes.length),
    });
  }

  // ---- tasks and their policies

  /** A new task in the root cpuset. */
  addTask(): number {
    this.cpusets.at(0).tasks++;
    return (
      this.tasks.push({
        cpuset: 0,
        mems: this.cpusets.taskMems(0),
        cpus: this.cpusets.taskCpus(0),
        policy: null,
        wish: null,
        turn: -1,
        turnsLeft: 0,
      }) - 1
    );
  }

  #task(task: number): Task {
    const found = this.tasks[task];
    if (found === undefined) throw new RangeError(`no task ${task}`);
    return found;
  }

  /** The task has ended. */
  endTask(task: number): void {
    const { cpuset } = this.#task(task);
    if (cpuset < 0) return;
    this.cpusets.at(cpuset).tasks--;
    this.#task(task).cpuset = -1;
  }

  contextOf(task: number): PolicyContext {
    return { mems: this.#task(task).mems, memory: this.memory };
  }

  setTaskPolicy(task: number, mode: MempolicyMode, flags: MempolicyFlags, mask: Nodemask): SetResult {
    const made = newMempolicy(mode, flags, mask, this.contextOf(task));
    if (made.ok) {
      const t = this.#task(task);
      t.policy = made.policy;
      t.wish = mode === 'default' ? null : wishFor(mode, flags, mask);
      t.turn = -1;
      t.turnsLeft = 0;
      this.version++;
    }
    return made;
  }

  // ---- regions and files

  addRegion(kind: 'anon' | 'file', owner: number): number {
    return this.#addRegion({ kind, owner, mount: -1, bias: 0, created: true });
  }

  /** A file that its first user will create. Interleaving is spread over a mount's files by inode number; the first file has 2. */
  addTmpfsFile(mount: number): number {
    const bias = 2 + this.mounts[mount].files++;
    return this.#addRegion({ kind: 'tmpfs', owner: -1, mount, bias, created: false });
  }

  #addRegion(region: Omit<Region, 'ranges' | 'policy' | 'wish'>): number {
    return this.regions.push({ ...region, ranges: [], policy: null, wish: null }) - 1;
  }

  /** mbind of `pages` pages from `start`. On a tmpfs file it is the file's policy there, for everybody. */
  mbind(
    task: number,
    region: number,
    start: number,
    pages: number,
    mode: MempolicyMode,
    flags: MempolicyFlags,
    mask: Nodemask,
  ): SetResult {
    const made = newMempolicy(mode, flags, mask, this.contextOf(task));
    if (!made.ok) return made;
    const r = this.regions[region];
    // the page cache of other files takes no notice of the policies of mappings
    if (r.kind === 'file') return made;
    if (!r.created) this.createFile(region, task);
    const end = start + pages;
    const kept = r.ranges.flatMap((range) => [
      ...(range.start < start ? [{ ...range, end: Math.min(range.end, start) }] : []),
      ...(range.end > end ? [{ ...range, start: Math.max(range.start, end) }] : []),
    ]);
    r.ranges = [
      ...kept,
      { start, end, policy: made.policy, wish: mode === 'default' ? null : wishFor(mode, flags, mask) },
    ].sort((a, b) => a.start - b.start);
    this.version++;
    return made;
  }

  /** mount -o mpol=…; nothing given: no policy. The mounter's cpuset doesn't matter. */
  mount(mpol: string | undefined): { readonly mount: number; readonly result: MpolResult } {
    const result = mpol === undefined ? ({ ok: true, policy: null } as const) : parseMpol(mpol, this.memory);
    const policy = result.ok ? result.policy : null;
    return { mount: this.mounts.push({ policy, freed: false, files: 0 }) - 1, result };
  }

  /** mount -o remount. Files that are there keep what they have. */
  remount(mount: number, mpol: string | undefined): MpolResult {
    const m = this.mounts[mount];
    const result = remountPolicy(m.policy, mpol, this.memory);
    if (!result.ok) return result;
    if (this.options.bugs?.remountUaf === true && mpol === undefined && m.policy !== null) m.freed = true;
    else if (mpol !== undefined) m.freed = false;
    m.policy = result.policy;
    return result;
  }

  /** open(O_CREAT): the mount's policy in the creator's context becomes the file's, for good. */
  createFile(region: number, creator: number): void {
    const r = this.regions[region];
    const m = this.mounts[r.mount];
    r.created = true;
    r.owner = creator;
    if (m.freed) {
      this.crash ??= crashes.remountUaf;
      return;
    }
    r.policy = filePolicy(m.policy, this.contextOf(creator));
    r.wish =
      m.policy === null ? null : { ...wishFor(m.policy.mode, m.policy.flags, m.policy.mask), text: showMpol(m.policy) };
    this.version++;
  }

  // ---- cpusets

  writeMems(cpuset: number, mems: Nodemask): ChangeResult {
    return this.#changed(this.cpusets.writeMems(cpuset, mems));
  }

  writeCpus(cpuset: number, cpus: Cpumask): ChangeResult {
    return this.#changed(this.cpusets.writeCpus(cpuset, cpus));
  }

  attach(task: number, cpuset: number): ChangeResult {
    const t = this.#task(task);
    if (t.cpuset === cpuset) return { ok: true, updates: [], migrations: [], crash: null };
    const result = this.cpusets.attach(t.cpuset, cpuset);
    if (!result.ok) return result;
    t.cpuset = cpuset;
    return this.#changed(result, task);
  }

  #changed(result: CpusetResult, only?: number): ChangeResult {
    return result.ok ? { ok: true, ...this.#apply(result.updates, only) } : result;
  }

  /** A node's memory is there or is gone: tasks and policies follow. `movable`: it serves no kernel allocations. */
  setNode(node: number, online: boolean, movable = false): NumaChange {
    const bit = nodeBit(node);
    this.movable = online && movable ? this.movable | bit : this.movable & ~bit;
    return this.setMemory(online ? this.memory | bit : this.memory & ~bit);
  }

  setMemory(memory: Nodemask): NumaChange {
    this.memory = memory;
    this.zonelists = buildZonelists(this.options.distances, memory, this.#withCpus);
    this.version++;
    return this.#apply(this.cpusets.setMemory(memory));
  }

  /** Does to tasks what cpusets say. */
  #apply(updates: readonly CpusetUpdate[], only?: number): NumaChange {
    const migrations: TaskMigration[] = [];
    const { era = 'v6.1', emptied = 'code', bugs = {} } = this.options;
    const rebinding = { era, emptied };
    for (const update of updates) {
      this.tasks.forEach((task, index) => {
        if (only === undefined ? task.cpuset !== update.cpuset : index !== only) return;
        if (update.movedTo !== undefined) task.cpuset = update.movedTo;
        if (update.cpus !== undefined) task.cpus = update.cpus;
        const { mems, migrate } = update;
        if (mems === undefined) return;
        task.mems = mems;
        task.policy = rebind(task.policy, mems, rebinding);
        const regionMems = bugs.foldZero === true ? (update.regionMems ?? mems) : mems;
        for (const region of this.regions) {
          if (region.kind !== 'anon' || region.owner !== index) continue;
          for (const range of region.ranges) {
            if (dividesByZero(range.policy, regionMems)) this.crash ??= crashes.foldZero;
            else range.policy = rebind(range.policy, regionMems, rebinding);
          }
        }
        if (migrate !== undefined) {
          const steps = migrationSteps(migrate.from, migrate.to);
          if (steps.length > 0) migrations.push({ task: index, steps });
        }
      });
    }
    if (updates.length > 0) this.version++;
    return { updates, migrations, crash: this.crash };
  }
}
