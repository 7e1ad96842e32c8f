/**
 * Frames and what fills them: page cache and its tree, anonymous memory and swap, dirty pages, kernel memory; allocation with watermarks;
 * charging. What a list reclaimer stands on (MemoryHost), and the rest of Memory over it.
 *
 * Kernel: mm/{page_alloc,filemap,memory,swap_state,memcontrol}.c, one node, one CPU's batches, order-0 folios.
 * Known divergence: a dirty file page that reclaim meets is written at once and freed, where the kernel wakes the flushers and comes back;
 * a read of an untouched anonymous page gets a frame, where the kernel maps the zero page.
 */
import { valueOf } from "../tables/define.ts";
import * as knobs from "../tables/knobs.ts";
import {
  MICROSECOND,
  PAGE_SIZE,
  type Nanoseconds,
  type Pages,
} from "../units.ts";
import {
  OP_LOAD,
  OP_READ,
  OP_SHIFT,
  OP_STORE,
  OP_WRITE,
  PAGE_MASK,
} from "./access.ts";
import {
  counterRows,
  PGALLOC,
  PGFAULT,
  PGFREE,
  PGMAJFAULT,
  PGPGIN,
  PGPGOUT,
  PSWPIN,
  PSWPOUT,
  WORKINGSET_SHADOWS,
} from "./counters.ts";
import { cacheCapacity } from "./cache-capacity.ts";
import {
  dirtyable,
  dirtyLimits,
  dirtySettings,
  withSysctl,
  type DirtySettings,
} from "../writeback/dirty-limits.ts";
import { DirtyPages } from "./dirty-pages.ts";
import { Extents } from "./extents.ts";
import { MemcgStats } from "./memcg-stats.ts";
import { Memcg } from "./memcg.ts";
import type { Gauges, MemoryLayout } from "./memory.ts";
import {
  DIRECT_RECLAIM,
  MISS,
  OUT_OF_MEMORY,
  READ_IO,
  SWAP_IN,
  WORKINGSET_STALL,
  ZEROED,
} from "./memory.ts";
import { ObjectMap } from "./object-map.ts";
import { PageTables } from "./page-tables.ts";
import { NODE_BYTES, NODES_PER_PAGE, PageTree } from "./page-tree.ts";
import { ReclaimDriver } from "./reclaim-driver.ts";
import type { ListReclaimer, MemoryHost, ScanControl } from "./reclaimer.ts";
import {
  ANON,
  DIRTY,
  MAPPED,
  PINNED,
  RESIDENT,
  SWAPPED,
  TOUCHED,
  UNEVICTABLE,
} from "./reclaimer.ts";
import { Streams } from "./streams.ts";
import { Tlb } from "./tlb.ts";
import { watermarks, type Watermarks } from "./watermarks.ts";
import { RECLAIM_EVICT, RECLAIM_PAGEOUT } from "../tables/rules.ts";

/** Pages mapped around a fault: fault_around_bytes, 64 KiB. */
const FAULT_AROUND = 16;
/** Swap devices faster than this are read and written in place (zram, RAM disks): a page read back gives up its slot at once. */
const SYNCHRONOUS_SWAP = 10 * MICROSECOND;
const NOTHING: (
  rule: string,
  page: number,
  a: number,
  b: number,
) => void = () => undefined;

export class MemoryCore implements MemoryHost {
  readonly pages: number;
  readonly capacity: Pages;
  readonly flags: Uint8Array;
  readonly counters = new Float64Array(counterRows.length);
  readonly words: Int32Array;
  readonly lruvecs: number;
  readonly memoryPages: Pages;
  readonly cpus: number;
  readonly stats: MemcgStats;
  readonly tlb: Tlb | undefined;
  readonly memcg: Memcg;
  readonly tree: PageTree;
  readonly extents: Extents;
  readonly streams: Streams;
  readonly io = {
    reads: 0,
    swapIns: 0,
    writes: 0,
    swapOuts: 0,
    zeroed: 0,
    scanned: 0,
  };
  workingsetStall = false;
  logging = false;
  log = NOTHING;
  free: Pages;
  marks: Watermarks = { min: 0, low: 0, high: 0, gap: 0 };
  era: "3.15" | "6.1" = "6.1";

  #reclaimer!: ListReclaimer;
  #driver!: ReclaimDriver;
  readonly #synchronousKswapd: boolean;
  readonly #kernelBytes: readonly number[];
  #chargesKernel: boolean;
  /** Shadows of pages that are not in memory; shares its bytes with `words`. */
  readonly #shadows: Float64Array;
  /** Which cgroup a page is charged to; absent while there is only the root. */
  readonly #owner: Uint8Array | Uint16Array | undefined;
  readonly #objects: ObjectMap;
  readonly #random: readonly boolean[];
  readonly #tables: PageTables;
  readonly #dirtyPages: DirtyPages;
  #slabFrames = 0;
  /** Nodes that a page about to come will need, already paid for. */
  #newNodes = 0;
  #resident = 0;
  #directReclaim = false;
  readonly #swapPages: Pages;
  readonly #swapSynchronous: boolean;
  #swapUsed = 0;
  #swappiness: number;
  #minFreeKbytes: number | undefined;
  #scaleFactor: number;
  dirtySettings: DirtySettings;
  readonly devices: readonly number[] | undefined;
  readonly #limits = { thresh: 0, background: 0 };
  #queuedFile = 0;
  #queuedSwap = 0;
  #now: Nanoseconds = 0;

  constructor(layout: MemoryLayout) {
    const { machine, cgroups, objects, bases, sysctls } = layout;
    this.pages = layout.pages;
    this.memoryPages = Math.floor(
      valueOf(machine.values, knobs.memory) / PAGE_SIZE,
    );
    this.free = this.memoryPages;
    this.cpus = valueOf(machine.values, knobs.cpus);
    const tlbEntries = valueOf(machine.values, knobs.tlb);
    this.tlb = tlbEntries > 0 ? new Tlb(tlbEntries) : undefined;
    this.lruvecs = cgroups.length;
    const parents = Int32Array.from(cgroups, (c) => c.parent ?? -1);
    this.stats = new MemcgStats(parents, this.cpus);
    this.memcg = new Memcg(
      parents,
      {
        reclaimMemcg: (cgroup, pages) =>
          this.#driver.reclaimMemcg(cgroup, pages),
        get reclaiming() {
          return reclaiming();
        },
      },
      this.stats,
    );
    const reclaiming = () => this.#driver.reclaiming;
    for (const [i, c] of cgroups.entries()) {
      const max = c.values[knobs.memoryMax.name];
      if (typeof max === "number")
        this.memcg.max[i] = Math.floor(max / PAGE_SIZE);
      this.memcg.low[i] = Math.floor(
        valueOf(c.values, knobs.memoryLow) / PAGE_SIZE,
      );
      this.memcg.min[i] = Math.floor(
        valueOf(c.values, knobs.memoryMin) / PAGE_SIZE,
      );
    }
    this.capacity = cacheCapacity(this.memoryPages, parents, this.memcg.max);
    this.flags = new Uint8Array(this.pages);
    const words = new ArrayBuffer(this.pages * 8);
    this.words = new Int32Array(words);
    this.#shadows = new Float64Array(words);
    this.#owner =
      this.lruvecs === 1
        ? undefined
        : this.lruvecs <= 256
          ? new Uint8Array(this.pages)
          : new Uint16Array(this.pages);
    const { devices } = layout;
    this.devices = devices;
    this.#dirtyPages = new DirtyPages(
      this.flags,
      devices === undefined ? 1 : 1 + Math.max(0, ...devices),
      (page) => devices![this.#objects.objectOf(page)],
    );
    const numbered = layout.numbered ?? objects.map((o) => o.pages);
    this.#objects = new ObjectMap(bases, numbered);
    this.extents = this.#makeExtents();
    this.streams = this.#makeStreams();
    this.dirtySettings = dirtySettings(sysctls);
    this.#tables = new PageTables(this.#objects);
    this.#random = objects.map(
      (o) => o.kind === "file" && valueOf(o.values, knobs.advice) === "random",
    );
    for (const [i, object] of objects.entries()) {
      if (object.kind === "anon")
        this.flags.fill(ANON, bases[i], bases[i] + numbered[i]);
    }
    this.tree = new PageTree(
      {
        nodeFreed: (owner) => this.#nodeFreed(owner),
        shadowNodesChanged: () => this.stats.updated(1),
        clearShadows: (start, end) => this.#shadows.fill(0, start, end),
      },
      this.#objects,
      objects.map((o) => o.kind === "file"),
      this.lruvecs,
    );
    this.#swapPages = machine.swap.reduce(
      (sum, s) =>
        sum + Math.floor(valueOf(s.values, knobs.swapSize) / PAGE_SIZE),
      0,
    );
    this.#swapSynchronous =
      machine.swap.length > 0 &&
      machine.swap.every(
        (s) => valueOf(s.values, knobs.swapLatency) < SYNCHRONOUS_SWAP,
      );
    this.#synchronousKswapd = layout.kswapd === "synchronous";
    this.#kernelBytes = layout.kernelBytes ?? [];
    this.#chargesKernel = layout.chargesKernelMemory ?? true;
    this.#swappiness = valueOf(sysctls, knobs.swappiness);
    const minFree = sysctls[knobs.minFreeKbytes.name];
    this.#minFreeKbytes = typeof minFree === "number" ? minFree : undefined;
    this.#scaleFactor = valueOf(sysctls, knobs.watermarkScaleFactor);
  }

  #makeExtents(): Extents {
    return new Extents({
      memcg: this.memcg,
      stats: this.stats,
      spareFrames: () => this.free - this.marks.low,
      takeFrames: (pages) => {
        this.free -= pages;
        this.counters[PGALLOC] += pages;
      },
      allocate: () => this.#allocate(),
      freeFrames: (pages) => this.#freeFrames(pages),
      payer: (cgroup) => this.#payer(cgroup),
      faulted: (pages) => {
        this.counters[PGFAULT] += pages;
        this.io.zeroed += pages;
      },
    });
  }

  #makeStreams(): Streams {
    return new Streams({
      counters: this.counters,
      spareFrames: () => this.free - this.marks.low,
      takeFrames: (pages) => {
        this.free -= pages;
        this.counters[PGALLOC] += pages;
      },
      allocate: () => this.#allocate(),
      freeFrames: (pages) => this.#freeFrames(pages),
      room: (cgroup) => this.memcg.room(cgroup),
      chargeFitting: (cgroup, pages) =>
        this.memcg.chargeFitting(cgroup, pages, 0),
      charge: (cgroup) => this.memcg.charge(cgroup, 1),
      uncharge: (cgroup, pages) => this.memcg.uncharge(cgroup, pages),
    });
  }

  pin(page: number): void {
    this.flags[page] |= PINNED;
  }

  /** Called once: the reclaimer needs the host to be made, the host the reclaimer to work. */
  attach(reclaimer: ListReclaimer): void {
    this.#reclaimer = reclaimer;
    this.era = reclaimer.era ?? "6.1";
    if (this.era === "3.15") this.#chargesKernel = false;
    this.#chargesKernel = reclaimer.chargesKernelMemory ?? this.#chargesKernel;
    this.#driver = new ReclaimDriver(this, reclaimer);
    for (const [cgroup, bytes] of this.#kernelBytes.entries())
      this.memcg.chargeObject(this.#payer(cgroup), bytes);
    this.#setWatermarks();
  }

  // ---- what variants ask

  swappiness(): number {
    return this.#swappiness;
  }

  swapFree(): Pages {
    return this.#swapPages - this.#swapUsed;
  }

  swapTotal(): Pages {
    return this.#swapPages;
  }

  freePages(): Pages {
    return this.free;
  }

  /** Simulated time as the engine last told it. */
  now(): Nanoseconds {
    return this.#now;
  }

  setTime(now: Nanoseconds): void {
    this.#now = now;
  }

  watermarkMet(kswapd: boolean, spare: Pages): boolean {
    return this.free > (kswapd ? this.marks.high : this.marks.low) + spare;
  }

  objectOf(page: number): number {
    return this.#objects.objectOf(page);
  }

  objectStart(page: number): number {
    return this.#objects.start(page);
  }

  objectEnd(page: number): number {
    return this.#objects.end(page);
  }

  randomAdvice(page: number): boolean {
    return this.#random[this.#objects.objectOf(page)];
  }

  highWatermark(): Pages {
    return this.marks.high;
  }

  lruvecOf(page: number): number {
    return this.#owner === undefined ? 0 : this.#owner[page];
  }

  usage(lru: number): Pages {
    return lru === 0 ? this.memoryPages - this.free : this.memcg.charged[lru];
  }

  protection(lru: number, sc: ScanControl): Pages {
    if (lru === 0 || lru === sc.target) return 0;
    const { low, min } = this.memcg;
    return !sc.lowReclaim && low[lru] > min[lru] ? low[lru] : min[lru];
  }

  isInSubtree(cgroup: number, of: number): boolean {
    for (let at = cgroup; at >= 0; at = this.memcg.parents[at])
      if (at === of) return true;
    return false;
  }

  evicted(_page: number): void {
    // cache reclaimers have a host of their own
  }

  noteDirectReclaim(): void {
    this.#directReclaim = true;
  }

  get kswapdAwake(): boolean {
    return this.#driver.kswapdAwake;
  }

  kswapdStep(): Pages {
    return this.#driver.kswapdStep();
  }

  // ---- frames

  /** Takes a frame, waking kswapd below low and reclaiming at min; false when that does not help. */
  #allocate(): boolean {
    if (this.free <= this.marks.low && !this.#driver.reclaiming) {
      this.#driver.wakeKswapd(this.#synchronousKswapd);
      if (this.#driver.takeOom()) return false;
      for (let retries = 16; this.free <= this.marks.min;) {
        if (this.#driver.reclaimNode() > 0) continue;
        if (retries-- === 0) return false;
      }
    }
    this.free--;
    this.counters[PGALLOC]++;
    return true;
  }

  #freeFrames(pages: Pages): void {
    this.free += pages;
    this.counters[PGFREE] += pages;
  }

  #makeNode(lru: number): boolean {
    if (!this.memcg.chargeObject(this.#payer(lru), NODE_BYTES)) return false;
    this.#newNodes++;
    if (this.tree.nodes + this.#newNodes > this.#slabFrames * NODES_PER_PAGE) {
      if (!this.#allocate()) {
        this.#newNodes--;
        this.memcg.unchargeObject(this.#payer(lru), NODE_BYTES);
        return false;
      }
      this.#slabFrames++;
      // making room for the frame may have freed nodes
      this.#trimSlab();
    }
    return true;
  }

  /** Nodes that were paid for are not needed after all. */
  #dropNewNodes(lru: number): void {
    for (; this.#newNodes > 0; this.#newNodes--)
      this.memcg.unchargeObject(this.#payer(lru), NODE_BYTES);
    this.#trimSlab();
  }

  /** Who is charged for kernel memory that `lru` needs. */
  #payer(lru: number): number {
    return this.#chargesKernel ? lru : 0;
  }

  #nodeFreed(owner: number): void {
    this.memcg.unchargeObject(owner, NODE_BYTES);
    this.#trimSlab();
  }

  #trimSlab(): void {
    const frames = Math.ceil(
      (this.tree.nodes + this.#newNodes) / NODES_PER_PAGE,
    );
    if (frames < this.#slabFrames) {
      this.#freeFrames(this.#slabFrames - frames);
      this.#slabFrames = frames;
    }
  }

  // ---- faults

  fault(word: number, lru: number): number {
    const page = word & PAGE_MASK;
    const op = word >>> OP_SHIFT;
    this.#directReclaim = false;
    this.workingsetStall = false;
    const anon = (this.flags[page] & ANON) !== 0;
    let outcome = anon
      ? this.#faultAnon(page, op, word, lru)
      : this.#faultFile(page, op, word, lru, true);
    if (this.workingsetStall && (outcome & MISS) !== 0)
      outcome |= WORKINGSET_STALL;
    if (this.#directReclaim) outcome |= DIRECT_RECLAIM;
    return outcome;
  }

  #faultFile(
    page: number,
    op: number,
    word: number,
    lru: number,
    mark: boolean,
  ): number {
    const { counters, io } = this;
    if (op === OP_LOAD) {
      // the fault that reads the page drops its locks and is taken again
      counters[PGFAULT] += 2;
      counters[PGMAJFAULT]++;
      this.stats.updated(3);
    }
    if (!this.#allocate()) return OUT_OF_MEMORY;
    if (!this.memcg.charge(lru, 1)) {
      this.#freeFrames(1);
      return OUT_OF_MEMORY;
    }
    const shadow = this.#shadows[page];
    if (shadow === 0) {
      // reclaim for one node may free others above it
      while (this.#newNodes < this.tree.missing(page)) {
        if (this.#makeNode(lru)) continue;
        this.#dropNewNodes(lru);
        this.memcg.uncharge(lru, 1);
        this.#freeFrames(1);
        return OUT_OF_MEMORY;
      }
    }
    this.stats.updated(2);
    const stillThere = this.#shadows[page] !== 0;
    this.tree.insert(page, stillThere, this.#payer(lru));
    this.#newNodes = 0;
    this.#shadows[page] = 0;
    if (this.#owner !== undefined) this.#owner[page] = lru;
    this.#resident++;
    this.#reclaimer.insert(word, lru, stillThere ? shadow : 0);
    let outcome = MISS;
    if (op === OP_WRITE) this.wrote(page);
    else {
      outcome |= READ_IO;
      io.reads++;
      counters[PGPGIN]++;
    }
    if (op === OP_LOAD) this.#mapAround(page);
    else if (mark) this.#reclaimer.accessed(word);
    return outcome;
  }

  #faultAnon(page: number, op: number, word: number, lru: number): number {
    const { counters, flags, io } = this;
    counters[PGFAULT]++;
    this.stats.updated(1);
    if (!this.#makeTable(page, lru)) return OUT_OF_MEMORY;
    if (!this.#allocate()) return OUT_OF_MEMORY;
    if (!this.memcg.charge(lru, 1)) {
      this.#freeFrames(1);
      return OUT_OF_MEMORY;
    }
    this.stats.updated(2);
    if (this.#owner !== undefined) this.#owner[page] = lru;
    this.#resident++;
    const shadow = this.#shadows[page];
    this.#shadows[page] = 0;
    const stores = op === OP_STORE || op === OP_WRITE;
    if ((flags[page] & SWAPPED) !== 0) {
      if (this.#swapSynchronous || stores) {
        flags[page] &= ~SWAPPED;
        flags[page] |= DIRTY;
        this.#swapUsed--;
      }
      flags[page] |= MAPPED;
      counters[PGMAJFAULT]++;
      counters[PSWPIN]++;
      io.swapIns++;
      this.#reclaimer.insert(word, lru, shadow);
      return MISS | SWAP_IN;
    }
    flags[page] |= TOUCHED | DIRTY | MAPPED;
    io.zeroed++;
    this.#reclaimer.insert(word, lru, 0);
    return ZEROED;
  }

  /** The page table that maps `page` exists afterwards, charged to whoever faulted first. */
  #makeTable(page: number, lru: number): boolean {
    if (this.#tables.has(page)) return true;
    if (!this.#allocate()) return false;
    if (!this.memcg.chargeKernelPages(this.#payer(lru), 1)) {
      this.#freeFrames(1);
      return false;
    }
    this.stats.updated(1);
    this.#tables.add(page, this.#payer(lru));
    return true;
  }

  map(page: number): void {
    this.counters[PGFAULT]++;
    this.stats.updated(1);
    this.#mapAround(page);
  }

  /** filemap_map_pages: the page and its neighbours in memory get page-table entries, which start out young. */
  #mapAround(page: number): void {
    const base = this.#objects.start(page);
    const start = page - ((page - base) % FAULT_AROUND);
    const end = Math.min(start + FAULT_AROUND, this.#objects.end(page));
    const { flags } = this;
    const { state } = this.#reclaimer;
    if (!this.#makeTable(page, this.lruvecOf(page))) return;
    for (let near = start; near < end; near++) {
      if ((state[near] & RESIDENT) === 0 || (flags[near] & MAPPED) !== 0)
        continue;
      flags[near] |= MAPPED;
      this.stats.updated(1);
      this.#reclaimer.accessed(((OP_LOAD << OP_SHIFT) | near) >>> 0);
    }
  }

  readAhead(page: number, lru: number): number {
    if ((this.#reclaimer.state[page] & RESIDENT) !== 0) return 0;
    this.#directReclaim = false;
    this.workingsetStall = false;
    let outcome = this.#faultFile(page, OP_READ, page, lru, false);
    if (this.workingsetStall && (outcome & MISS) !== 0)
      outcome |= WORKINGSET_STALL;
    if (this.#directReclaim) outcome |= DIRECT_RECLAIM;
    return outcome;
  }

  // ---- leaving

  evict(page: number, shadow: number): boolean {
    const { flags, counters } = this;
    const flag = flags[page];
    const lru = this.lruvecOf(page);
    let wrote = false;
    if ((flag & ANON) !== 0) {
      if ((flag & SWAPPED) === 0) this.#swapUsed++;
      if ((flag & (SWAPPED | DIRTY)) !== SWAPPED) {
        wrote = true;
        counters[PSWPOUT]++;
        this.io.swapOuts++;
        this.#queuedSwap++;
      }
      flags[page] = (flag | SWAPPED) & ~(DIRTY | MAPPED);
      // NR_ANON_MAPPED, swap cache twice, MEMCG_SWAP, charge statistics
      this.stats.updated(5);
    } else {
      this.tree.remove(page, shadow !== 0);
      if ((flag & MAPPED) !== 0) {
        flags[page] = flag & ~MAPPED;
        this.stats.updated(1);
      }
      this.stats.updated(2);
    }
    if ((flag & MAPPED) !== 0) this.tlb?.forget(page);
    this.#shadows[page] = shadow;
    if (shadow !== 0) counters[WORKINGSET_SHADOWS]++;
    this.#resident--;
    this.#freeFrames(1);
    if (lru > 0) this.memcg.uncharge(lru, 1);
    if (this.logging) this.log(RECLAIM_EVICT.id, page, shadow, lru);
    return wrote;
  }

  shadowAt(page: number): number {
    return (this.#reclaimer.state[page] & RESIDENT) === 0
      ? this.#shadows[page]
      : 0;
  }

  forgetShadow(page: number): void {
    if (this.shadowAt(page) === 0) return;
    if ((this.flags[page] & ANON) === 0) this.tree.forget(page);
    this.#shadows[page] = 0;
  }

  pageout(page: number): boolean {
    if ((this.flags[page] & DIRTY) === 0) return true;
    this.#dirtyPages.clean(page);
    this.counters[PGPGOUT]++;
    this.io.writes++;
    this.#queuedFile++;
    if (this.logging) this.log(RECLAIM_PAGEOUT.id, page, 0, 0);
    return true;
  }

  wrote(page: number): void {
    if ((this.flags[page] & ANON) !== 0) this.flags[page] |= DIRTY;
    else this.#dirtyPages.add(page);
  }

  takeDirty(limit: Pages, into: Uint32Array, device = 0): Pages {
    return this.#dirtyPages.take(limit, into, device);
  }

  dirtyOf(device: number): Pages {
    return this.#dirtyPages.dirtyOf(device);
  }

  writebackOf(device: number): Pages {
    return this.#dirtyPages.writebackOf(device);
  }

  get dirtied(): Pages {
    return this.#dirtyPages.added;
  }

  writebackDone(page: number): void {
    if (!this.#dirtyPages.written(page)) return;
    this.counters[PGPGOUT]++;
    if ((this.#reclaimer.state[page] & RESIDENT) !== 0)
      this.#reclaimer.writebackEnded?.(page);
  }

  takeQueuedWrites(): { file: Pages; swap: Pages } {
    const queued = { file: this.#queuedFile, swap: this.#queuedSwap };
    this.#queuedFile = 0;
    this.#queuedSwap = 0;
    return queued;
  }

  setLocked(start: number, pages: Pages, locked: boolean): void {
    const { flags } = this;
    const { state } = this.#reclaimer;
    this.#reclaimer.drain?.();
    for (let page = start; page < start + pages; page++) {
      if (((flags[page] & UNEVICTABLE) !== 0) === locked) continue;
      flags[page] ^= UNEVICTABLE;
      if ((state[page] & RESIDENT) !== 0)
        this.#reclaimer.setUnevictable?.(page, locked);
    }
  }

  release(start: number, pages: Pages): Pages {
    const { flags } = this;
    const reclaimer = this.#reclaimer;
    let freed = 0;
    reclaimer.drain?.();
    for (let page = start; page < start + pages; page++) {
      const flag = flags[page];
      const anon = (flag & ANON) !== 0;
      const shadowed = this.shadowAt(page) !== 0;
      if ((reclaimer.state[page] & RESIDENT) !== 0) {
        reclaimer.remove(page);
        if (!anon) this.tree.remove(page, false);
        this.#resident--;
        this.#freeFrames(1);
        this.memcg.uncharge(this.lruvecOf(page), 1);
        this.stats.updated(3);
        freed++;
      } else if (shadowed && !anon) this.tree.forget(page);
      this.#shadows[page] = 0;
      this.tlb?.forget(page);
      if ((flag & SWAPPED) !== 0) this.#swapUsed--;
      if (!anon) this.#dirtyPages.clean(page);
      this.#dirtyPages.abandon(page);
      flags[page] = anon ? ANON : 0;
    }
    this.#tables.release(start, pages, (payer) => {
      this.memcg.unchargeKernelPages(payer, 1);
      this.#freeFrames(1);
    });
    return freed;
  }

  vacate(object: number): Pages {
    this.#reclaimer.drain?.();
    return this.extents.vacate(object);
  }

  settle(): void {
    this.#reclaimer.drain?.();
    this.memcg.drain();
    this.stats.settle();
  }

  // ---- settings

  #setWatermarks(): void {
    this.marks = watermarks(
      this.memoryPages,
      this.era,
      this.#minFreeKbytes,
      this.#scaleFactor,
    );
  }

  setSysctl(name: string, value: number | string | boolean): void {
    const number = Number(value);
    if (name === knobs.swappiness.name) this.#swappiness = number;
    else if (name === knobs.minFreeKbytes.name) this.#minFreeKbytes = number;
    else if (name === knobs.watermarkScaleFactor.name)
      this.#scaleFactor = number;
    this.setDirtySysctl(name, number);
    this.#setWatermarks();
  }

  setDirtySysctl(name: string, value: number): void {
    this.dirtySettings = withSysctl(this.dirtySettings, name, value);
  }

  setCgroup(
    cgroup: number,
    name: string,
    value: number | string | boolean,
  ): void {
    const pages =
      typeof value === "number" ? Math.floor(value / PAGE_SIZE) : Infinity;
    if (name === knobs.memoryLow.name) this.memcg.low[cgroup] = pages;
    else if (name === knobs.memoryMin.name) this.memcg.min[cgroup] = pages;
    else if (name === knobs.memoryMax.name) {
      this.memcg.max[cgroup] = pages;
      this.#reclaimToLimit(cgroup);
    }
  }

  /** memory_max_write: reclaims what is above a lowered limit, giving up after five tries in vain (the next charge then meets the OOM killer). */
  #reclaimToLimit(cgroup: number): void {
    let drained = false;
    for (
      let tries = 5;
      this.memcg.charged[cgroup] > this.memcg.max[cgroup] && tries > 0;
    ) {
      if (!drained) {
        this.memcg.drain();
        drained = true;
        continue;
      }
      if (
        this.#driver.reclaimMemcg(
          cgroup,
          this.memcg.charged[cgroup] - this.memcg.max[cgroup],
        ) === 0
      )
        tries--;
    }
  }

  // ---- looking

  gauges(into: Gauges): Gauges {
    let inactiveFile = 0;
    let activeFile = 0;
    let inactiveAnon = 0;
    let activeAnon = 0;
    for (let lru = 0; lru < this.lruvecs; lru++) {
      const sizes = this.#reclaimer.sizes(lru);
      inactiveFile += sizes.inactiveFile;
      activeFile += sizes.activeFile;
      inactiveAnon += sizes.inactiveAnon;
      activeAnon += sizes.activeAnon;
    }
    into.nr_free_pages = this.free;
    const limits = dirtyLimits(
      dirtyable(
        this.free,
        this.marks.high,
        inactiveFile + activeFile + this.streams.pages,
      ),
      this.dirtySettings,
      this.#limits,
    );
    into.nr_inactive_file = inactiveFile + this.streams.pages;
    into.nr_active_file = activeFile;
    into.nr_inactive_anon = inactiveAnon;
    into.nr_active_anon = activeAnon;
    into.nr_unevictable =
      (this.#reclaimer.unevictable ?? 0) + this.extents.pages;
    into.nr_dirty = this.#dirtyPages.dirty + this.streams.dirty;
    into.nr_writeback = this.#dirtyPages.writeback + this.streams.writeback;
    into.nr_writeback_temp = this.streams.temps;
    into.nr_dirty_threshold = limits.thresh;
    into.nr_dirty_background_threshold = limits.background;
    into.nr_swap_used = this.#swapUsed;
    into.nr_slab =
      this.#slabFrames +
      this.#tables.frames +
      this.extents.tables +
      this.streams.reserve;
    into.workingset_nodes = this.tree.shadowNodes.reduce(
      (sum, n) => sum + n,
      0,
    );
    into.nr_shadows = this.tree.shadows;
    return into;
  }

  /** What the conservation check needs beside gauges. */
  counts(): CoreCounts {
    const { state } = this.#reclaimer;
    let resident = 0;
    let swapped = 0;
    let shadows = 0;
    for (let page = 0; page < this.pages; page++) {
      resident += state[page] & RESIDENT;
      if (this.shadowAt(page) !== 0 && (this.flags[page] & ANON) === 0)
        shadows++;
      if ((this.flags[page] & SWAPPED) !== 0) swapped++;
    }
    const batched = this.#reclaimer.batched?.() ?? 0;
    return {
      resident,
      swapped,
      shadows,
      batched,
      counted: this.#resident,
      slabFrames: this.#slabFrames,
    };
  }
}

export interface CoreCounts {
  readonly resident: Pages;
  readonly swapped: Pages;
  readonly shadows: number;
  readonly batched: Pages;
  /** Resident pages as counted along the way. */
  readonly counted: Pages;
  readonly slabFrames: Pages;
}

export const emptyGauges = (): Gauges => ({
  nr_free_pages: 0,
  nr_active_file: 0,
  nr_inactive_file: 0,
  nr_active_anon: 0,
  nr_inactive_anon: 0,
  nr_unevictable: 0,
  nr_dirty: 0,
  nr_writeback: 0,
  nr_writeback_temp: 0,
  nr_dirty_threshold: 0,
  nr_dirty_background_threshold: 0,
  nr_swap_used: 0,
  nr_slab: 0,
  workingset_nodes: 0,
  nr_shadows: 0,
});
