/**
 * Cpusets: which nodes and processors a group of tasks may use, and what follows when that changes, by a write or by hotplug.
 *
 * Kernel: kernel/cgroup/cpuset.c of 6.1 (update_nodemask, update_nodemasks_hier, update_tasks_nodemask, cpuset_attach,
 * cpuset_hotplug_workfn), measured on 6.1.192. Operations change the tree and say what is to be done to the tasks; who has tasks does it.
 * Absent: partitions, exclusive processors, spreading of page cache and slab.
 */
import { intersects, isSubset, NO_NODES, nodesOf, type Nodemask } from './nodemask.ts';

export type CpusetVersion = 1 | 2;

/** Processors in a mask, bit n for processor n. */
export type Cpumask = bigint;

export interface Cpuset {
  readonly name: string;
  /** Index into the tree; null: the root. */
  readonly parent: number | null;
  /** cpuset.mems as configured. Empty: not set. */
  mems: Nodemask;
  /** cpuset.mems.effective. In v1 the same as `mems`. */
  effective: Nodemask;
  /** The mems that pages migrate from at the next change. */
  oldMems: Nodemask;
  cpus: Cpumask;
  effectiveCpus: Cpumask;
  /** memory_migrate; in v2 always. */
  migrate: boolean;
  /** mem_hardwall or mem_exclusive: kernel allocations stay inside too. v1 only. */
  hardwall: boolean;
  /** Tasks directly in it. */
  tasks: number;
}

/** What is to be done to the tasks of a cpuset. */
export interface CpusetUpdate {
  readonly cpuset: number;
  /** The tasks' new mems_allowed, to which their policies are rebound; absent: mems have not changed. */
  readonly mems?: Nodemask;
  /** The configured mems, to which kernels from 3.17 until a fix of 2026 rebound the policies of regions. */
  readonly regionMems?: Nodemask;
  /** Pages of the tasks' mappings go from these nodes to those. */
  readonly migrate?: { readonly from: Nodemask; readonly to: Nodemask };
  /** The tasks' new processors. */
  readonly cpus?: Cpumask;
  /** The cpuset has become empty (v1): its tasks are now in this one. The other fields speak of the tasks moved. */
  readonly movedTo?: number;
}

export type CpusetErrno = 'EINVAL' | 'ENOSPC' | 'EACCES' | 'EBUSY';
export type CpusetReason =
  | 'root-is-read-only'
  | 'node-not-possible'
  | 'node-without-memory'
  | 'cpu-not-possible'
  | 'tasks-need-nodes'
  | 'tasks-need-cpus'
  | 'children-need-more'
  | 'beyond-parent'
  | 'empty-cpuset';

export type CpusetResult =
  | { readonly ok: true; readonly updates: readonly CpusetUpdate[] }
  | { readonly ok: false; readonly errno: CpusetErrno; readonly reason: CpusetReason };

const refuse = (errno: CpusetErrno, reason: CpusetReason): CpusetResult => ({ ok: false, errno, reason });
const nothing: CpusetResult = { ok: true, updates: [] };

export interface CpusetTreeOptions {
  readonly version: CpusetVersion;
  /** Nodes that may ever have memory. */
  readonly possible: Nodemask;
  /** Nodes that have memory now (N_MEMORY). */
  readonly memory: Nodemask;
  readonly cpus: Cpumask;
}

export class CpusetTree {
  readonly version: CpusetVersion;
  readonly cpusets: Cpuset[];
  #memory: Nodemask;
  readonly #possible: Nodemask;

  constructor(options: CpusetTreeOptions) {
    const { version, possible, memory, cpus } = options;
    this.version = version;
    this.#memory = memory;
    this.#possible = possible;
    const mems = version === 2 ? possible : memory;
    this.cpusets = [
      {
        name: '',
        parent: null,
        mems,
        effective: memory,
        oldMems: mems,
        cpus,
        effectiveCpus: cpus,
        migrate: false,
        hardwall: false,
        tasks: 0,
      },
    ];
  }

  get memory(): Nodemask {
    return this.#memory;
  }

  at(index: number): Cpuset {
    const cpuset = this.cpusets[index];
    if (cpuset === undefined) throw new RangeError(`no cpuset ${index}`);
    return cpuset;
  }

  /** mkdir. In v1 a new cpuset has no nodes and no processors until they are written. */
  add(name: string, parent: number, options: { readonly migrate?: boolean; readonly hardwall?: boolean } = {}): number {
    const above = this.at(parent);
    const v2 = this.version === 2;
    return (
      this.cpusets.push({
        name,
        parent,
        mems: NO_NODES,
        effective: v2 ? above.effective : NO_NODES,
        oldMems: NO_NODES,
        cpus: 0n,
        effectiveCpus: v2 ? above.effectiveCpus : 0n,
        migrate: options.migrate ?? v2,
        hardwall: options.hardwall ?? false,
        tasks: 0,
      }) - 1
    );
  }

  #parentOf(cpuset: Cpuset): Cpuset {
    return this.at(cpuset.parent ?? 0);
  }

  #children(index: number): number[] {
    return this.cpusets.flatMap((cpuset, i) => (cpuset.parent === index ? [i] : []));
  }

  #populated(index: number): boolean {
    return this.at(index).tasks > 0 || this.#children(index).some((child) => this.#populated(child));
  }

  /** What tasks of a cpuset may use: its effective mems that have memory, or the nearest ancestor's (guarantee_online_mems). Never empty. */
  taskMems(index: number): Nodemask {
    let cpuset = this.at(index);
    while (!intersects(cpuset.effective, this.#memory) && cpuset.parent !== null) cpuset = this.#parentOf(cpuset);
    return cpuset.effective & this.#memory;
  }

  /** The same of processors. */
  taskCpus(index: number): Cpumask {
    let cpuset = this.at(index);
    while (cpuset.effectiveCpus === 0n && cpuset.parent !== null) cpuset = this.#parentOf(cpuset);
    return cpuset.effectiveCpus;
  }

  /** Where kernel allocations may go when the cpuset's own nodes are short: the nearest hardwalled ancestor's mems. */
  kernelMems(index: number): Nodemask {
    let cpuset = this.at(index);
    while (!cpuset.hardwall && cpuset.parent !== null) cpuset = this.#parentOf(cpuset);
    return cpuset.mems & this.#memory;
  }

  /** v1: children within their parents. v2 allows anything here and lets `effective` say what it comes to. */
  #checkNesting(index: number, mems: Nodemask, cpus: Cpumask): CpusetResult | null {
    if (this.version === 2) return null;
    for (const child of this.#children(index)) {
      const { mems: childMems, cpus: childCpus } = this.at(child);
      if (!isSubset(childMems, mems) || !isSubset(childCpus, cpus)) return refuse('EBUSY', 'children-need-more');
    }
    const parent = this.#parentOf(this.at(index));
    return isSubset(mems, parent.mems) && isSubset(cpus, parent.cpus) ? null : refuse('EACCES', 'beyond-parent');
  }

  /** Writes cpuset.mems; an empty mask clears it. */
  writeMems(index: number, mems: Nodemask): CpusetResult {
    const cpuset = this.at(index);
    if (cpuset.parent === null) return refuse('EACCES', 'root-is-read-only');
    if (!isSubset(mems, this.#possible)) return refuse('EINVAL', 'node-not-possible');
    if (this.version === 1 && !isSubset(mems, this.#memory)) return refuse('EINVAL', 'node-without-memory');
    if (mems === cpuset.mems) return nothing;
    const nesting = this.#checkNesting(index, mems, cpuset.cpus);
    if (nesting !== null) return nesting;
    if (mems === NO_NODES && this.#populated(index)) return refuse('ENOSPC', 'tasks-need-nodes');
    cpuset.mems = mems;
    const updates: CpusetUpdate[] = [];
    this.#updateMems(index, updates);
    return { ok: true, updates };
  }

  /** update_nodemasks_hier: parents first; a subtree whose effective mems stay is left alone. */
  #updateMems(index: number, updates: CpusetUpdate[]): void {
    const cpuset = this.at(index);
    const parent = this.#parentOf(cpuset);
    let effective = cpuset.mems & parent.effective;
    if (this.version === 2 && effective === NO_NODES) effective = parent.effective;
    if (effective === cpuset.effective) return;
    cpuset.effective = effective;
    updates.push(this.#updateTasks(index));
    for (const child of this.#children(index)) this.#updateMems(child, updates);
  }

  /** update_tasks_nodemask. */
  #updateTasks(index: number): CpusetUpdate {
    const cpuset = this.at(index);
    const mems = this.taskMems(index);
    const from = cpuset.oldMems;
    cpuset.oldMems = mems;
    return {
      cpuset: index,
      mems,
      regionMems: cpuset.mems,
      ...(cpuset.migrate && from !== mems ? { migrate: { from, to: mems } } : {}),
    };
  }

  /** Writes cpuset.cpus; an empty mask clears it. `online`: what processors there are. */
  writeCpus(index: number, cpus: Cpumask): CpusetResult {
    const cpuset = this.at(index);
    if (cpuset.parent === null) return refuse('EACCES', 'root-is-read-only');
    if (!isSubset(cpus, this.at(0).cpus)) return refuse('EINVAL', 'cpu-not-possible');
    if (cpus === cpuset.cpus) return nothing;
    const nesting = this.#checkNesting(index, cpuset.mems, cpus);
    if (nesting !== null) return nesting;
    if (cpus === 0n && this.#populated(index) && cpuset.cpus !== 0n) return refuse('ENOSPC', 'tasks-need-cpus');
    cpuset.cpus = cpus;
    const updates: CpusetUpdate[] = [];
    this.#updateCpus(index, updates);
    return { ok: true, updates };
  }

  #updateCpus(index: number, updates: CpusetUpdate[]): void {
    const cpuset = this.at(index);
    const parent = this.#parentOf(cpuset);
    let effective = cpuset.cpus & parent.effectiveCpus;
    if (this.version === 2 && effective === 0n) effective = parent.effectiveCpus;
    if (effective === cpuset.effectiveCpus) return;
    cpuset.effectiveCpus = effective;
    updates.push({ cpuset: index, cpus: this.taskCpus(index) });
    for (const child of this.#children(index)) this.#updateCpus(child, updates);
  }

  /** v1 refuses tasks where nodes or processors are not set. */
  canAttach(index: number): CpusetResult {
    const cpuset = this.at(index);
    if (this.version === 1 && (cpuset.cpus === 0n || cpuset.mems === NO_NODES)) return refuse('ENOSPC', 'empty-cpuset');
    return cpuset.effectiveCpus === 0n ? refuse('ENOSPC', 'empty-cpuset') : nothing;
  }

  /** Moves a task. The update is for that task alone. */
  attach(from: number, to: number): CpusetResult {
    const possible = this.canAttach(to);
    if (!possible.ok) return possible;
    this.at(from).tasks--;
    this.at(to).tasks++;
    return { ok: true, updates: [this.#attached(from, to)] };
  }

  #attached(from: number, to: number): CpusetUpdate {
    const cpuset = this.at(to);
    const { oldMems } = this.at(from);
    cpuset.oldMems = cpuset.effective;
    return {
      cpuset: to,
      mems: this.taskMems(to),
      regionMems: cpuset.effective,
      ...(cpuset.migrate && oldMems !== cpuset.effective ? { migrate: { from: oldMems, to: cpuset.effective } } : {}),
      // also what the task chose itself with sched_setaffinity is gone (until 6.2)
      cpus: this.taskCpus(to),
    };
  }

  /** Memory has come or gone: the root follows it, descendants after it (cpuset_hotplug_workfn). */
  setMemory(memory: Nodemask): CpusetUpdate[] {
    const updates: CpusetUpdate[] = [];
    const root = this.at(0);
    this.#memory = memory;
    if (root.effective === memory) return updates;
    if (this.version === 1) root.mems = memory;
    root.effective = memory;
    updates.push(this.#updateTasks(0));
    for (const child of this.#children(0)) this.#hotplug(child, updates);
    return updates;
  }

  #hotplug(index: number, updates: CpusetUpdate[]): void {
    const cpuset = this.at(index);
    const parent = this.#parentOf(cpuset);
    let mems = cpuset.mems & parent.effective;
    const changed = mems !== cpuset.effective;
    if (this.version === 1) {
      // the node is gone from the configuration for good
      cpuset.mems = mems;
      cpuset.effective = mems;
      if (mems !== NO_NODES && changed) updates.push(this.#updateTasks(index));
      if (mems === NO_NODES && changed) this.#evict(index, updates);
    } else {
      if (mems === NO_NODES) mems = parent.effective;
      cpuset.effective = mems;
      if (changed) updates.push(this.#updateTasks(index));
    }
    for (const child of this.#children(index)) this.#hotplug(child, updates);
  }

  /** v1: tasks of an empty cpuset go to the nearest ancestor that has nodes and processors, and stay there. */
  #evict(index: number, updates: CpusetUpdate[]): void {
    let to = this.at(index).parent ?? 0;
    while (this.at(to).parent !== null && (this.at(to).mems === NO_NODES || this.at(to).cpus === 0n)) {
      to = this.at(to).parent ?? 0;
    }
    const { tasks } = this.at(index);
    const update = this.#attached(index, to);
    this.at(index).tasks = 0;
    this.at(to).tasks += tasks;
    updates.push({ ...update, cpuset: index, movedTo: to });
  }
}

/** One step of a migration: all pages of the mapping that are on `from` at that moment go to `to`. */
export interface MigrationStep {
  readonly from: number;
  readonly to: number;
}

/**
 * The steps that take pages of `from` to `to`: by ordinal, modulo; where the two sets differ in size, nodes that are in `to` keep their pages.
 * In the order in which no step carries on what an earlier one brought, as far as there is such an order (do_migrate_pages).
 */
export function migrationSteps(from: Nodemask, to: Nodemask): MigrationStep[] {
  const steps: MigrationStep[] = [];
  if (from === to || to === NO_NODES) return steps;
  const sources = nodesOf(from);
  const targets = nodesOf(to);
  const kept = sources.length === targets.length ? new Set<number>() : new Set(targets);
  const destOf = new Map(sources.map((source, ordinal) => [source, targets[ordinal % targets.length]]));
  const left = new Set(sources);
  while (left.size > 0) {
    let step: MigrationStep | null = null;
    for (const source of left) {
      if (kept.has(source)) continue;
      const dest = destOf.get(source)!;
      if (dest === source) continue;
      step = { from: source, to: dest };
      if (!left.has(dest)) break;
    }
    if (step === null) break;
    left.delete(step.from);
    steps.push(step);
  }
  return steps;
}
