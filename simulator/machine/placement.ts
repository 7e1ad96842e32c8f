/**
 * Which node a new page comes from, where a machine has more than one: asked by memory for each frame, answered by numa/ from the policy in
 * force, the cpuset and the zonelists. This file is the contract.
 *
 * Kernel: policy_nodemask, policy_node, alloc_pages_vma, __cpuset_node_allowed; zonelists of mm/page_alloc.c.
 */

/** Why only some nodes may be used: the OOM killer's constraint (enum oom_constraint). */
export const CONSTRAINT_NONE = 0;
export const CONSTRAINT_CPUSET = 1;
export const CONSTRAINT_MEMORY_POLICY = 2;
export const CONSTRAINT_MEMCG = 3;

/**
 * One answer, written over by the next: nothing is allocated per page. For a kernel allocation `first` is set too: its cpuset's nodes at the low
 * watermark first, then all (the hardwalled ancestor's) nodes.
 */
export interface PlacementAnswer {
  /** Nodes to try in this order: the zonelist of the chosen node, filtered by policy and cpuset. Shared: not to be written to. */
  order: Int32Array;
  count: number;
  /**
   * 0: all `count` nodes at once. Otherwise the first `first` nodes are tried without waking or reclaiming anything (the first pass of
   * preferred-many), and only then all.
   */
  first: number;
  /** The node that numastat holds this allocation to: first of the zonelist after filtering. */
  preferred: number;
  /** The node of the processor that asks. */
  local: number;
  /** Interleaving chose `preferred`. */
  interleaved: boolean;
  constraint: number;
  /** Index into the rules of placement: why here. */
  rule: number;
}

export interface Placement {
  readonly nodes: number;
  readonly answer: PlacementAnswer;
  /** Fills `answer` for a page (machine-wide number) faulted in by the current task. */
  place(page: number): void;
  /** The same for a kernel allocation (page tables, slab) by the current task: its own node first, within its cpuset if `hardwall`. */
  placeKernel(hardwall: boolean): void;
  /**
   * A frame was taken from `node` for the page (or kernel allocation) last asked about: counters of numastat and what ours count. Exactly once
   * for each frame handed out, after a `place` or `placeKernel` with nothing of another allocation in between.
   */
  placed(node: number): void;
  /** A page's frame on `node` was given back: reclaim, munmap, exit, truncation. Not for kernel frames. */
  left(page: number, node: number): void;
  /** A resident page's contents moved to a frame of another node: migration, hotplug. Counts nothing in numastat. */
  moved(page: number, from: number, to: number): void;
  /** Fallback order of a node, itself first: where reclaim demotes nothing and hotplug migrates to. */
  zonelist(node: number): Int32Array;
  /** Nodes with memory now (N_MEMORY). */
  hasMemory(node: number): boolean;
  /** The engine: which thread runs now, on which processor's node. */
  setTask(thread: number, cpuNode: number): void;
  /** Whether the OOM killer may choose this process for the allocation last asked about (mempolicy_in_oom_domain, cpuset_mems_allowed_intersects). */
  mayKill(process: number): boolean;
}
