/**
 * The machine's memory as a time-free state machine: frames, watermarks, cgroups and their limits, the page cache with its shadow entries,
 * anonymous memory and swap slots, dirty pages, and one reclaim variant. It says what happened; the engine says how long that takes.
 *
 * Kernel counterpart: mm/{filemap,memcontrol,vmscan,workingset,swap,page_alloc,memory,shmem,migrate}.c, order-0 folios.
 *
 * This file is the contract; create-memory.ts builds it.
 */
import type {
  CgroupSpec,
  KnobValues,
  MachineSpec,
  ObjectSpec,
  TimelineAction,
  TmpfsSpec,
  VariantChoice,
} from '../plan.ts';
import type { Distribution } from '../report.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import type { Advice } from './advice.ts';
import type { Failure } from './frames.ts';
import type { Flow } from './object-nodes.ts';
import type { FlagBytes } from './page-flags.ts';
import type { Placement } from './placement.ts';
import type { DevicePages } from './device-pages.ts';
import type { CacheReclaimer, FutureAccesses, ListReclaimer } from './reclaimer.ts';
import type { Streams } from './streams.ts';

export interface MemoryLayout {
  readonly machine: MachineSpec;
  readonly cgroups: readonly CgroupSpec[];
  readonly objects: readonly ObjectSpec[];
  /** First page number of each object; objects follow one another. */
  readonly bases: readonly number[];
  /**
   * How many pages of each object have numbers. Absent: all. Objects nobody accesses page by page need none: they are extents if locked, and
   * otherwise never come into memory.
   */
  readonly numbered?: readonly Pages[];
  /** Which device (disk 0, FUSE mounts from 1) each object's dirty pages go to. Absent: all to the disk. */
  readonly devices?: readonly number[];
  /** Size of the page-number space. */
  readonly pages: number;
  readonly sysctls: KnobValues;
  readonly reclaim: VariantChoice;
  /**
   * `synchronous`: kswapd runs to completion inside the allocation that woke it. `concurrent`: allocation only sets `kswapdAwake`; the engine
   * calls kswapdStep when simulated time allows.
   */
  readonly kswapd: 'synchronous' | 'concurrent';
  /** Bytes of kernel objects charged to each cgroup from the start, beside what the page cache needs (inodes, dentries, buffers). */
  readonly kernelBytes?: readonly number[];
  /** Where frames come from; needed with more than one node. */
  readonly placement?: Placement;
  /** tmpfs mounts, which objects name by index. */
  readonly mounts?: readonly TmpfsSpec[];
  /** Whether cgroups pay for tree nodes and page tables (cgroup.memory=nokmem: false). Absent: as the variant's kernel does, since 4.5. */
  readonly chargesKernelMemory?: boolean;
}

/** Outcome bits of one access or fault. */
export const HIT = 0;
/** The page was not in memory (any kind of fault below, except a minor one). */
export const MISS = 1;
/** A new zero page was made: a minor fault, not a miss. */
export const ZEROED = 2;
/** Must be read from the file's disk. */
export const READ_IO = 4;
/** Must be read from swap. */
export const SWAP_IN = 8;
/** The task had to reclaim for itself. */
export const DIRECT_RECLAIM = 16;
/** No frame could be had: the OOM killer must act; the access did not happen. */
export const OUT_OF_MEMORY = 32;
/** The page that was missed belongs to the workingset: waiting for it is a memory stall (PSI). */
export const WORKINGSET_STALL = 64;
/** The tmpfs mount is full: a write() fails (ENOSPC), an access through a mapping ends in SIGBUS; the access did not happen. */
export const NO_SPACE = 128;

/** What there is of each node. */
export interface NodeGauges {
  nr_free_pages: Pages;
  nr_active_file: Pages;
  nr_inactive_file: Pages;
  nr_active_anon: Pages;
  nr_inactive_anon: Pages;
  nr_unevictable: Pages;
  /** Frames in kernel use. */
  nr_slab: Pages;
}

/** What came of taking a node's memory offline. */
export interface Offlined {
  /** Pages that moved to other nodes. */
  readonly moved: Pages;
  /** Frames in use that keep their memory online: kernel memory, and pages that could not be moved. */
  readonly left: Pages;
  /** Memory blocks the node had online, and has. */
  readonly blocks: number;
  readonly online: number;
}

export interface Gauges {
  nr_free_pages: Pages;
  nr_active_file: Pages;
  nr_inactive_file: Pages;
  nr_active_anon: Pages;
  nr_inactive_anon: Pages;
  nr_unevictable: Pages;
  nr_dirty: Pages;
  nr_writeback: Pages;
  /** Copies of pages on their way to FUSE daemons. */
  nr_writeback_temp: Pages;
  /** Above it writers wait; above the other, flushers write. */
  nr_dirty_threshold: Pages;
  nr_dirty_background_threshold: Pages;
  nr_swap_used: Pages;
  /** Frames in kernel use: tree nodes and page tables. */
  nr_slab: Pages;
  /** Tree nodes that hold only shadow entries. */
  workingset_nodes: number;
  /** Shadow entries in all trees. */
  nr_shadows: number;
  /** Pages of tmpfs files and shared memory in memory. */
  nr_shmem: Pages;
}

export interface Memory {
  readonly reclaimer: ListReclaimer | CacheReclaimer;
  /** Indexed by the constants of counters.ts. */
  readonly counters: Float64Array;
  readonly flags: FlagBytes;
  /** How many misses had to be read from disk / from swap, how many pages went out to disk / swap: what the fast path needs to sum time. */
  readonly io: { reads: number; swapIns: number; writes: number; swapOuts: number; zeroed: number; scanned: number };

  /** Fast path: `n` accesses by one thread in `cgroup`, reclaim synchronous. Stops early on OOM and returns how many were done. */
  run(
    block: Uint32Array,
    offset: number,
    n: number,
    cgroup: number,
    missBits?: Uint8Array,
    missOffset?: number,
  ): number;
  /** Full machine: one access. Returns outcome bits; state has already changed (the page is in memory), the engine does the waiting. */
  access(word: number, cgroup: number): number;
  /**
   * The same for hits in a row: of the words from `from` on, at most `most`, up to the first that is no plain hit: not resident, not mapped yet,
   * written to a file, or with an entry in one of the tables. Returns how many.
   */
  hits?(words: Uint32Array, from: number, most: number, away: Uint8Array, asked?: Uint8Array): number;
  /** Read-ahead: brings a page in without marking it accessed. Returns outcome bits; HIT if it was there already. */
  readAhead(page: number, cgroup: number): number;
  /** Whether a page is in memory. */
  isResident(page: number): boolean;

  /** Concurrent kswapd: true while free memory has not come back above the high watermark. */
  readonly kswapdAwake: boolean;
  /** One lot of kswapd's work (a scan of at most SWAP_CLUSTER_MAX pages a list). Returns pages scanned; clears kswapdAwake when done. */
  kswapdStep(node?: number): Pages;
  /** The machine by nodes; absent with one node, and under policies that know none. */
  readonly nodes?: NodeMemory;
  /** Pages whose owners say what they need no more; absent under the literature's policies, which know only files. */
  readonly advice?: Advice;
  /** Pages on devices, from the first call on; undefined under the literature's policies, which know only files. */
  devicePages?(): DevicePages;
  /** How long those whose accesses reclaimed must sleep for having exceeded memory.high, since the last call. Only after DIRECT_RECLAIM. */
  takeThrottle?(): Nanoseconds;
  /** Why the last access found no frame: what the OOM killer is told. */
  readonly failure?: Failure;

  /** Files without page numbers that are written from front to end, and what FUSE takes of memory. */
  readonly streams: Streams;
  /** High watermark: memory that may not be filled with dirty pages. */
  readonly reserves: Pages;
  /** Dirty file pages of a device, oldest first, at most `limit`, marked under writeback. The engine calls writebackDone when they are written. */
  takeDirty(limit: Pages, into: Uint32Array, device?: number): Pages;
  /** Pages with numbers that are dirty, or under writeback, of a device. */
  dirtyOf(device: number): Pages;
  writebackOf(device: number): Pages;
  /** How many pages with numbers have ever become dirty. */
  readonly dirtied: Pages;
  writebackDone(page: number): void;
  /** Pages that reclaim queued for writeback or swap-out since the last call; the engine charges the disk for them. */
  takeQueuedWrites(): { file: Pages; swap: Pages };

  /** mlock/munlock of a run of pages (faulting them in is the engine's job). */
  setLocked(start: number, pages: Pages, locked: boolean): void;
  /**
   * Frees anonymous pages or drops file pages: munmap, exit, truncate. Page tables go with the runs they map, unless they are kept: exit frees
   * them last.
   */
  release(start: number, pages: Pages, keepTables?: boolean): Pages;
  /**
   * Locks frames for up to `pages` more pages of an extent (an object without page numbers), before the run begins; how many it got, 0 if no
   * frame can be had.
   */
  occupy(object: number, pages: Pages, cgroup: number): Pages;
  /** Gives up to `most` of an extent's frames back (munmap, exit); how many that was. */
  vacate(object: number, most?: Pages, keepTables?: boolean): Pages;
  /** Pages of an extent in memory. */
  extentPages(object: number): Pages;
  /** All that was there before has come to rest: batches are on their lists, statistics added up, charges exact. */
  settle(): void;
  /** Changes a sysctl or a cgroup limit while running. */
  apply(action: TimelineAction): void;
  /** Pages charged to a cgroup (its subtree), kernel memory included. */
  usage(cgroup: number): Pages;
  gauges(into: Gauges): Gauges;
  /** OPT and its like are told the future; false if this variant does not ask. */
  readonly wantsFuture: boolean;
  foresee(next: FutureAccesses): void;

  /** Somebody reads memory.stat: statistics are added up if enough has changed. */
  readStatistics?(): void;
  /** Holds a resident file page as a file system holds its metadata: reclaim can't free it. */
  pin?(page: number): void;

  /** Simulated time, for what depends on it (min_ttl_ms of MGLRU). To be told between accesses, the oftener the better. */
  setTime?(now: Nanoseconds): void;

  /** Histograms that the variant keeps, such as refault distances. */
  distributions?(): readonly Distribution[];

  /** Debug and property tests: free + lists + isolated + unevictable + kernel = memory; throws with the sums otherwise. */
  checkConservation(): void;
  /** Event log window; off by default. */
  setLog(log: ((rule: string, page: number, a: number, b: number) => void) | null): void;
}

/** Memory of a machine with several nodes. */
export interface NodeMemory {
  readonly count: number;
  /** Frames of a node now: 0 when it is offline. */
  present(node: number): Pages;
  /** Frames in use on a node, and of them those the kernel has taken for itself. */
  kernelPages(node: number): Pages;
  /** Where a page is; −1 if it is not in memory. */
  nodeOf(page: number): number;
  kswapdAwake(node: number): boolean;
  gauges(node: number, into: NodeGauges): NodeGauges;
  /** Pages of each object in memory: object × count + node. Kept along the way; not to be written to. */
  readonly objectPages: Int32Array;
  /**
   * Moves a page in memory to another node, reclaiming there if need be, whatever policies and cpusets say. True if it is there now. Counts
   * pgmigrate_success or pgmigrate_fail.
   */
  migrate(page: number, to: number): boolean;
  /** Pages moved since the last call, by object and nodes. */
  takeFlows(): Flow[];
  /** Takes the memory of a node offline, as far as that goes: pages move to the nearest node of its zonelist that has a frame. */
  offline(node: number): Offlined;
  /** Brings back what is offline of a node, into its movable zone or not. Pages that brings. */
  online(node: number, movable: boolean): Pages;
}

export type CreateMemory = (layout: MemoryLayout) => Memory;
