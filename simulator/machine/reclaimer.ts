/**
 * What a reclaim variant is to the machine. There are two kinds:
 *
 * - `ListReclaimer`: the kernel's ways (two lists, MGLRU). The machine owns frames, cgroups, charging, the page-cache tree with its shadow
 *   entries, swap and writeback; the variant owns its lists and decides what leaves when it is told to scan.
 * - `CacheReclaimer`: the literature's ways and the rulers (LRU, ARC, OPT …). They know a capacity and page numbers, nothing else, and evict
 *   while admitting.
 *
 * Both run whole blocks of accesses in one tight loop of their own (`run`) and single accesses through the small functions below; a property
 * test holds the two equal. No object, closure or allocation per access.
 */
import type { KnobValues } from '../plan.ts';
import type { Variant } from '../tables/define.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import type { EasyReads } from './easy-reads.ts';
import type { FlagBytes, PageFlags } from './page-flags.ts';
import type { MemcgStats } from './memcg-stats.ts';
import type { Tlb } from './tlb.ts';

/** State byte, bit 0: the page is in memory. All other bits belong to the variant. */
export const RESIDENT = 1;

/** Machine-owned flag byte of each page (`MemoryHost.flags`), only touched on rare paths. */
export const ANON = 1; // swap-backed
export const DIRTY = 2;
export const WRITEBACK = 4;
export const MAPPED = 8;
export const EXEC = 16;
/** Of an anonymous page: MADV_FREE was asked for, or its mapping is droppable; no swap, on the file lists (PG_swapbacked is off). */
export const LAZYFREE = 16;
export const UNEVICTABLE = 32; // mlocked
export const SWAPPED = 64; // content in swap, not in memory
export const TOUCHED = 128; // anon page that exists (first touch done)
export const PINNED = 128; // file page with references of its own (a metadata block in use): reclaim can't free it

export interface ReclaimVariant extends Variant {
  /** Whether, so configured, it decides by the time: only the full machine knows it at every access. */
  watchesClock?(values: KnobValues): boolean;
  create(host: MemoryHost, values: KnobValues): ListReclaimer | CacheReclaimer;
}

/** Counts since creation; what misses and hits mean is the machine's to say (a miss is an access whose page was not in memory). */
export interface Tally {
  hits: number;
  misses: number;
}

export interface CacheReclaimer {
  readonly kind: 'cache';
  readonly tally: Tally;
  isResident(page: number): boolean;
  /** Pages in memory now; never above the capacity. */
  readonly resident: Pages;
  /**
   * Accesses `n` words of `block` from `offset`, evicting as needed. Operations don't matter to these policies. If `missBits` is given, bit i
   * (of byte i >> 3) is set for each missing access i, counted from `missOffset`.
   */
  run(block: Uint32Array, offset: number, n: number, missBits?: Uint8Array, missOffset?: number): void;
  /** One access; true when the page was in memory. Tells host.evicted of each page that leaves, if it is there. */
  access(page: number): boolean;
  /** Changes the capacity, evicting at once if need be. */
  setCapacity(pages: Pages): void;
  /** The page is gone for good (truncated, freed): forget it, ghosts included. */
  drop(page: number): void;
  /** Rulers that must know the future (OPT) are given the whole access sequence before the first access. */
  foresee?(next: FutureAccesses): void;
  /**
   * Brings a page in without its being accessed (read-ahead, unlocking). Policies that lack it take it for an access; one that counts accesses
   * against the future it was told cannot.
   */
  bringIn?(page: number): void;
}

/** The coming sequence of accesses, by index; 2^32 − 1 stands for never. */
export interface FutureAccesses {
  /** For each access, the index of the next one to the same page. */
  readonly next: Uint32Array;
  /** For each page, the index of its first access. */
  readonly first: Uint32Array;
}

/**
 * A cgroup's lists on one node (struct lruvec): node × cgroups + cgroup, so that on a machine with one node it is the cgroup's number. Those of the
 * root cgroup are the first of each node.
 */
export type LruvecIndex = number;

/** One reclaim pass over a lruvec: kernel struct scan_control, as far as it is modelled. */
export interface ScanControl {
  /** The cgroup whose limit (or, for the root, the node whose watermark) causes this reclaim, on the node being scanned: shadows are told in its clock. */
  target: LruvecIndex;
  nrToReclaim: Pages;
  priority: number;
  /** kswapd as against direct reclaim. */
  kswapd: boolean;
  /** Reclaim on behalf of a memory cgroup's limit, not of the node. */
  memcg: boolean;
  /** Whether anonymous pages may go: swap exists and has room. */
  maySwap: boolean;
  mayDeactivateFile: boolean;
  mayDeactivateAnon: boolean;
  cacheTrim: boolean;
  fileIsTiny: boolean;
  nrScanned: Pages;
  nrReclaimed: Pages;
  /** Set by a variant that wants the OOM killer rather than go on (min_ttl_ms of MGLRU). */
  oom?: boolean;
  /** Everything else failed: take active pages whatever their ratio. */
  forceDeactivate: boolean;
  /** A pass left active pages alone that it could have taken. */
  skippedDeactivate: boolean;
  /** memory.low no longer protects: nothing else was left. */
  lowReclaim: boolean;
  /** Something was left alone for its memory.low. */
  lowSkipped: boolean;
}

export interface ListReclaimer {
  readonly kind: 'lists';
  /** Whose watermark formulas, kswapd gap and shadow-node limit the machine uses: 3.15 (and before) or 6.1 (default). */
  readonly era?: '3.15' | '6.1';
  /** Pages that direct reclaim goes for at least (SWAP_CLUSTER_MAX). Absent: 32. */
  readonly lot?: Pages;
  /** Whether cgroups pay for kernel memory; absent: as the layout or the era says. */
  readonly chargesKernelMemory?: boolean;
  readonly state: Uint8Array;
  readonly tally: Tally;
  /**
   * Accesses `n` words of `block` from `offset`, all by one thread in cgroup `lru`; what is not in memory goes through
   * host.fault(word, lru) out of line. Same missBits convention as above: a bit (and a miss in the tally) for each fault whose outcome has
   * MISS. Stops at a fault with OUT_OF_MEMORY and returns how many accesses were done, `n` otherwise.
   */
  run(
    block: Uint32Array,
    offset: number,
    n: number,
    lru: LruvecIndex,
    missBits?: Uint8Array,
    missOffset?: number,
  ): number;
  /** mark_accessed / young bit for a resident page. */
  accessed(word: number): void;
  /**
   * A page has got its frame and its place in the page-cache tree: judge its shadow (0: none; else left by reclaim on behalf of `target`), put it on a
   * list, count. `word` carries the operation of the faulting access; `accessed` is called separately by the machine where the kernel marks after adding (OP_READ, and
   * OP_WRITE too: whether writes mark is the variant's to know).
   */
  insert(word: number, lru: LruvecIndex, shadow: number, target: LruvecIndex): void;
  /** Takes a page off its list without reclaim (truncate, munmap, exit). */
  remove(page: number): void;
  /** One pass over one lruvec at sc.priority; adds to sc.nrScanned and sc.nrReclaimed. */
  shrink(lru: LruvecIndex, sc: ScanControl): void;
  /** Called once at the start of each reclaim cycle over a cgroup's subtree (prepare_scan_count, aging decisions). */
  prepare?(lru: LruvecIndex, sc: ScanControl): void;
  /** Called at the end of each reclaim cycle (snapshot_refaults). */
  finish?(lru: LruvecIndex): void;
  /** Sizes for `nr_*` gauges and for charging decisions. */
  sizes(lru: LruvecIndex): ListSizes;
  /** Pages added but still in a per-CPU batch: on no list yet. Absent: none. */
  batched?(): Pages;
  /** Pages on unevictable lists. Absent: none. */
  readonly unevictable?: Pages;
  /** The same of one lruvec. */
  unevictableOf?(lru: LruvecIndex): Pages;
  /** Migration: takes a page off its list and leaves its marks as they are; the machine then changes its lruvec and puts it back. */
  isolate?(page: number): void;
  putBack?(page: number): void;
  /** lru_add_drain: batches go to their lists. The machine calls it before removing pages. */
  drain?(): void;
  /**
   * MADV_FREE of a resident page: it is not young any more and, if it is on the anonymous lists, goes to the young end of the inactive file list,
   * perhaps a little later (LAZYFREE is set, pglazyfree counted then).
   */
  lazyFree?(page: number): void;
  /** MADV_COLD: an active page becomes the youngest inactive one; its marks of use go. */
  deactivate?(page: number): void;
  /** Scans anonymous pages although there is no swap, for volatile ones among them; returns how many went. */
  takeVolatile?(lru: LruvecIndex, sc: ScanControl, pages: Pages): Pages;
  /** mlock and munlock of a resident page: onto or off the unevictable list. The flag in host.flags has already changed. */
  setUnevictable?(page: number, unevictable: boolean): void;
  /** Largest number of tree nodes that may hold only shadow entries; absent: the formula of the era. 0 keeps no shadows at all. */
  maxShadowNodes?(lru: LruvecIndex | null): number;
  /** balance_pgdat's look at anonymous lists between passes (age_active_anon). */
  age?(lru: LruvecIndex): void;
  /** Anonymous pages of some process go away or a page's writeback ended: rotate it to the reclaim end if it was marked for that. */
  writebackEnded?(page: number): void;
}

/** Memory whose owners have said that its content may go, as reclaim sees it (volatile/volatile-memory.ts). */
export interface VolatilePages {
  /**
   * Before a lruvec is scanned: purges what may go now, and returns how many pages that freed. `scansAnon`: reclaim is about to look at anonymous
   * lists anyway.
   */
  purge(lru: LruvecIndex, sc: ScanControl, scansAnon: boolean): Pages;
  /** Reclaim has met an anonymous page at the end of a list: whether it may go without being swapped out. */
  mayDrop(page: number): boolean;
  /** Reclaim has dropped a page and its content. */
  dropped(page: number): void;
  /** An anonymous page has come into memory. */
  came(page: number): void;
  /** Reclaim has swapped a page out. */
  left(page: number): void;
  /** A run of pages of one object is about to be given up for good (munmap, exit). */
  released(start: number, pages: Pages): void;
  /** Slab shrinkers run; returns the pages that freed. */
  shrink(priority: number): Pages;
}

export interface ListSizes {
  inactiveFile: Pages;
  activeFile: Pages;
  inactiveAnon: Pages;
  activeAnon: Pages;
}

/** What the machine offers a variant. Counters are indexed by the constants of machine/counters.ts. */
export interface MemoryHost {
  /** Size of the page-number space. */
  readonly pages: number;
  /** Frames a CacheReclaimer may fill; a ListReclaimer never asks. */
  readonly capacity: Pages;
  /** The machine's flags of each page, and by group of pages whether any of them ever had flags: see page-flags.ts, where they are written. */
  readonly flags: FlagBytes;
  readonly flagged: Uint8Array;
  readonly pageFlags: PageFlags;
  readonly counters: Float64Array;
  /** A word a page that is the variant's while the page is in memory (its place on a list), and the machine's (the shadow) while it is not. */
  readonly places: Int32Array;
  readonly lruvecs: number;
  /** Lruvecs of each node. */
  readonly cgroups: number;
  readonly nodes: number;
  /** Total pages of memory (present), for ratios and bucket orders. */
  readonly memoryPages: Pages;
  /** vm.swappiness now. */
  swappiness(lru: LruvecIndex): number;
  /** Free swap, in pages, and all of it. */
  swapFree(): Pages;
  swapTotal(): Pages;
  /** Free frames now, and how many kswapd strives for, of the node of a lruvec. */
  freePages(lru: LruvecIndex): Pages;
  highWatermark(lru: LruvecIndex): Pages;
  /**
   * A page misses: charge, tree, read, insert, mark. Runs synchronously; the full machine turns what it did into waiting. Returns the
   * outcome bits of memory.ts: MISS for one that counts as a miss, ZEROED for a new anonymous page, OUT_OF_MEMORY if it did not happen.
   */
  fault(word: number, cgroup: number): number;
  /** The quick way of `fault` for reads, for loops over many. */
  readonly easyReads: EasyReads;
  /** A store or write() hit a resident page: it is dirty now. Loops call this for hits of OP_STORE and OP_WRITE. */
  wrote(page: number): void;
  /** `insert` sets this when the page it inserts belongs to the workingset: waiting for it is a memory stall (PSI). */
  workingsetStall: boolean;
  /** What memory.min (or, until lowReclaim, memory.low) protects of a cgroup, and its size. */
  protection(lru: LruvecIndex, sc: ScanControl): Pages;
  usage(lru: LruvecIndex): Pages;
  /** A load from a resident file page that no page table maps yet: a minor fault, with fault-around. Sets MAPPED. */
  map(page: number): void;
  /** The translation cache, if modelled: ask it before setting a young bit. */
  readonly tlb: Tlb | undefined;
  /** Processors: how late cgroup statistics are. */
  readonly cpus: number;
  /** Statistics of cgroups, read late (rstat). */
  readonly stats: MemcgStats;
  /**
   * A scanned page leaves: its frame becomes free, its cgroup is uncharged, `shadow` (32 bits; 0: none) takes its place in the tree,
   * and with it is kept on whose behalf this happened. For an anonymous page this means swapping it out (or dropping it, if clean in swap). True if it had to be written.
   */
  evict(page: number, shadow: number, target: LruvecIndex): boolean;
  /** The same for the first `n` of these file pages of one lruvec that have no flags, each with its own shadow, none of which is 0. */
  evictClean(pages: Int32Array, shadows: Uint32Array, n: number, lru: LruvecIndex, target: LruvecIndex): void;
  /** A scanned anonymous page leaves, and its content with it: nothing is written. */
  drop(page: number): void;
  /** Of a lazily freed page: its mapping is droppable for life, so that even a page that was written to goes. */
  isDroppable?(page: number): boolean;
  /** Absent: no memory is volatile. */
  readonly volatilePages?: VolatilePages | undefined;
  /** The shadow in a page's place, 0 if none; and forgetting it (the shrinker of the 2013 proposal). */
  shadowAt(page: number): number;
  forgetShadow(page: number): void;
  /** A dirty file page reached the end of the inactive list: queue it for writeback; false if the queue takes no more. */
  pageout(page: number): boolean;
  /** For CacheReclaimer: `page` has left. Absent: nobody need know now. It comes and goes, so look for it each time. */
  readonly evicted?: ((page: number) => void) | undefined;
  /** Which lruvec a page is charged to. */
  lruvecOf(page: number): LruvecIndex;
  /** Whether the mapping of a file page's object was advised random (madvise(MADV_RANDOM)). Absent: none is. */
  randomAdvice?(page: number): boolean;
  /** First page of the object that a page belongs to, and the page after its last: what page-table walks may not cross. */
  objectStart(page: number): number;
  objectEnd(page: number): number;
  /** Simulated time, as exactly as the machine knows it. Absent: it stands still. */
  now?(): Nanoseconds;
  /** Whether free memory of the lruvec's node is above the high (kswapd) or low watermark by `spare` pages. */
  watermarkMet?(lru: LruvecIndex, kswapd: boolean, spare: Pages): boolean;
  /** Whether events are logged now: ask before building one. */
  readonly logging: boolean;
  log(rule: string, page: number, a: number, b: number): void;
}
