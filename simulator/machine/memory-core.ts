/**
 * The machine's memory, put together: frames, cgroups, the page cache's trees, swap, dirty pages, page tables; what a list reclaimer stands on
 * (MemoryHost), its settings and its gauges. How pages come is in faults.ts, how they go in leaving.ts, how they change nodes in migration.ts.
 *
 * Kernel: mm/{page_alloc,filemap,memory,swap_state,memcontrol}.c, one CPU's batches, order-0 folios.
 */
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/knobs.ts';
import { PAGE_SIZE, type Nanoseconds, type Pages } from '../units.ts';
import { cacheCapacity } from './cache-capacity.ts';
import { counterRows, PGFAULT, PGPGOUT } from './counters.ts';
import { DirtyPages } from './dirty-pages.ts';
import { dirtyable, dirtyLimits, dirtySettings, withSysctl, type DirtySettings } from '../writeback/dirty-limits.ts';
import type { DevicePages } from './device-pages.ts';
import { EasyReads } from './easy-reads.ts';
import { Extents } from './extents.ts';
import { Faults } from './faults.ts';
import { Frames } from './frames.ts';
import { Leaving } from './leaving.ts';
import { LooseFrames } from './loose-frames.ts';
import { MemcgStats } from './memcg-stats.ts';
import { Memcg } from './memcg.ts';
import type { Gauges, MemoryLayout, NodeGauges } from './memory.ts';
import { Migration } from './migration.ts';
import { nodesOf } from './node-sizes.ts';
import { ObjectKinds } from './object-kinds.ts';
import { ObjectMap } from './object-map.ts';
import { ObjectNodes } from './object-nodes.ts';
import { FLAGGED_SHIFT, PageFlags, type FlagBytes } from './page-flags.ts';
import { PageOwners } from './page-owners.ts';
import { PageTables } from './page-tables.ts';
import { NODE_BYTES, PageTree } from './page-tree.ts';
import { effectiveProtection } from './protection.ts';
import { ReclaimDriver } from './reclaim-driver.ts';
import type { ListReclaimer, LruvecIndex, MemoryHost, ScanControl, VolatilePages } from './reclaimer.ts';
import { ANON, DIRTY, PINNED, RESIDENT, SWAPPED, UNEVICTABLE } from './reclaimer.ts';
import { Shmem } from './shmem.ts';
import { Slab } from './slab.ts';
import { Streams } from './streams.ts';
import { SwapSpace } from './swap-space.ts';
import { Tlb } from './tlb.ts';

const NOTHING: (rule: string, page: number, a: number, b: number) => void = () => undefined;

export class MemoryCore implements MemoryHost {
  readonly pages: number;
  readonly capacity: Pages;
  readonly pageFlags: PageFlags;
  readonly flags: FlagBytes;
  readonly flagged: Uint8Array;
  readonly counters = new Float64Array(counterRows.length);
  readonly places: Int32Array;
  readonly lruvecs: number;
  readonly cgroups: number;
  readonly nodes: number;
  readonly cpus: number;
  readonly stats: MemcgStats;
  readonly tlb: Tlb | undefined;
  readonly memcg: Memcg;
  readonly frames: Frames;
  readonly tree: PageTree;
  readonly slab: Slab;
  readonly tables: PageTables;
  readonly extents: Extents;
  readonly streams: Streams;
  /** Frames of pages without numbers. */
  readonly loose: LooseFrames;
  readonly swap: SwapSpace;
  readonly dirtyPages: DirtyPages;
  /** Which device each object's dirty pages go to; absent: all to the disk. */
  readonly devices: readonly number[] | undefined;
  dirtySettings: DirtySettings;
  readonly kinds: ObjectKinds;
  readonly shmem: Shmem;
  /** Pages of each object by node; absent with one node. */
  readonly objectNodes: ObjectNodes | undefined;
  readonly io = { reads: 0, swapIns: 0, writes: 0, swapOuts: 0, zeroed: 0, scanned: 0 };
  /** Pages that reclaim has sent to the devices since the engine last asked. */
  readonly queued = { file: 0, swap: 0 };
  /** Shadows of pages that are not in memory; shares its bytes with `places`. */
  readonly shadows: Uint32Array;
  readonly owners: PageOwners;
  resident = 0;
  /** How long tasks must sleep for having exceeded memory.high, since the engine last asked. */
  throttled: Nanoseconds = 0;
  volatilePages: VolatilePages | undefined = undefined;
  /** Objects whose mappings are droppable for life. */
  readonly droppable = new Set<number>();
  workingsetStall = false;
  /** Who must be told what a CacheReclaimer evicts. */
  evicted: ((page: number) => void) | undefined = undefined;
  logging = false;
  log = NOTHING;
  era: '3.15' | '6.1' = '6.1';
  faults!: Faults;
  leaving!: Leaving;
  readonly easyReads: EasyReads;
  migration!: Migration;
  /** Pages that are on devices; absent on machines without any. */
  devicePages: DevicePages | undefined = undefined;

  #reclaimer!: ListReclaimer;
  #driver!: ReclaimDriver;
  readonly #synchronousKswapd: boolean;
  readonly #kernelBytes: readonly number[];
  #chargesKernel: boolean;
  readonly #objects: ObjectMap;
  #swappiness: number;
  #minFreeKbytes: number | undefined;
  #scaleFactor: number;
  #now: Nanoseconds = 0;
  readonly #limits = { thresh: 0, background: 0 };

  /** `hasLists`: the variant is one of the kernel's, which needs places and shadows; others keep pages in their own way. */
  constructor(layout: MemoryLayout, hasLists: boolean) {
    const { machine, cgroups, objects, bases, sysctls } = layout;
    this.pages = layout.pages;
    const { sizes, kernelRoom } = nodesOf(machine, layout.placement !== undefined);
    this.frames = new Frames(sizes, kernelRoom, this.counters, layout.placement);
    this.nodes = sizes.length;
    this.cpus = valueOf(machine.values, knobs.cpus);
    const tlbEntries = valueOf(machine.values, knobs.tlb);
    this.tlb = tlbEntries > 0 ? new Tlb(tlbEntries) : undefined;
    this.cgroups = cgroups.length;
    this.lruvecs = cgroups.length * this.nodes;
    const parents = Int32Array.from(cgroups, (c) => c.parent ?? -1);
    this.stats = new MemcgStats(this.#lruvecParents(parents), this.cpus);
    this.memcg = new Memcg(
      parents,
      {
        reclaimMemcg: (cgroup, pages) => this.#driver.reclaimMemcg(cgroup, pages),
        get reclaiming() {
          return reclaiming();
        },
      },
      this.stats,
    );
    const reclaiming = () => this.#driver.reclaiming;
    for (const [i, c] of cgroups.entries()) {
      const max = c.values[knobs.memoryMax.name];
      if (typeof max === 'number') this.memcg.max[i] = Math.floor(max / PAGE_SIZE);
      const high = c.values[knobs.memoryHigh.name];
      if (typeof high === 'number') this.memcg.high.set(i, Math.floor(high / PAGE_SIZE));
      this.memcg.low[i] = Math.floor(valueOf(c.values, knobs.memoryLow) / PAGE_SIZE);
      this.memcg.min[i] = Math.floor(valueOf(c.values, knobs.memoryMin) / PAGE_SIZE);
    }
    this.capacity = cacheCapacity(this.memoryPages, parents, this.memcg.max);
    this.pageFlags = new PageFlags(this.pages);
    this.flags = this.pageFlags.bytes;
    this.flagged = this.pageFlags.flagged;
    this.places = new Int32Array(hasLists ? this.pages : 0);
    this.shadows = new Uint32Array(this.places.buffer);
    this.owners = new PageOwners(this.pages, this.lruvecs);
    const numbered = layout.numbered ?? objects.map((o) => o.pages);
    this.#objects = new ObjectMap(bases, numbered);
    const { devices } = layout;
    this.devices = devices;
    this.dirtyPages = new DirtyPages(
      this.pageFlags,
      devices === undefined ? 1 : 1 + Math.max(0, ...devices),
      (page) => devices![this.objectOf(page)],
    );
    this.dirtySettings = dirtySettings(sysctls);
    this.kinds = new ObjectKinds(this.#objects, objects);
    this.objectNodes = this.nodes > 1 ? new ObjectNodes(this.#objects, this.nodes) : undefined;
    this.shmem = new Shmem(layout.mounts ?? [], this.memoryPages);
    this.loose = new LooseFrames(this.frames);
    this.extents = this.#makeExtents();
    this.streams = this.#makeStreams();
    this.tables = new PageTables(this.#objects, this.nodes);
    for (const [i, object] of objects.entries()) {
      if (object.kind !== 'file') this.pageFlags.fill(ANON, bases[i], bases[i] + numbered[i]);
    }
    this.slab = new Slab(this.frames);
    this.tree = new PageTree(
      {
        nodeFreed: (owner) => this.#nodeFreed(owner),
        shadowNodesChanged: () => this.stats.updated(1),
        clearShadows: (start, end) => this.shadows.fill(0, start, end),
      },
      this.#objects,
      objects.map((o) => o.kind !== 'anon'),
      this.lruvecs,
    );
    this.swap = new SwapSpace(machine.swap);
    this.easyReads = new EasyReads(this);
    this.#synchronousKswapd = layout.kswapd === 'synchronous';
    this.#kernelBytes = layout.kernelBytes ?? [];
    this.#chargesKernel = layout.chargesKernelMemory ?? true;
    this.#swappiness = valueOf(sysctls, knobs.swappiness);
    const minFree = sysctls[knobs.minFreeKbytes.name];
    this.#minFreeKbytes = typeof minFree === 'number' ? minFree : undefined;
    this.#scaleFactor = valueOf(sysctls, knobs.watermarkScaleFactor);
  }

  /** Lruvecs have their parents on their own node. */
  #lruvecParents(parents: Int32Array): Int32Array {
    const of = new Int32Array(this.lruvecs);
    for (let lru = 0; lru < this.lruvecs; lru++) {
      const parent = parents[lru % this.cgroups];
      of[lru] = parent < 0 ? -1 : this.lruvecAt(this.nodeOf(lru), parent);
    }
    return of;
  }

  #makeExtents(): Extents {
    const { loose } = this;
    return new Extents({
      memcg: this.memcg,
      stats: this.stats,
      spareFrames: () => loose.spare(),
      takeFrames: (pages) => loose.take(pages),
      allocate: () => loose.allocate(),
      freeFrames: (pages) => loose.give(pages),
      payer: (cgroup) => this.payer(cgroup),
      faulted: (pages) => {
        this.counters[PGFAULT] += pages;
        this.io.zeroed += pages;
      },
    });
  }

  #makeStreams(): Streams {
    const { loose, memcg } = this;
    return new Streams({
      counters: this.counters,
      spareFrames: () => loose.spare(),
      takeFrames: (pages) => loose.take(pages),
      allocate: () => loose.allocate(),
      freeFrames: (pages) => loose.give(pages),
      room: (cgroup) => memcg.room(cgroup),
      chargeFitting: (cgroup, pages) => memcg.chargeFitting(cgroup, pages, 0),
      charge: (cgroup) => memcg.charge(cgroup, 1),
      uncharge: (cgroup, pages) => memcg.uncharge(cgroup, pages),
    });
  }

  pin(page: number): void {
    this.pageFlags.set(page, this.flags[page] | PINNED);
  }

  /** Called once: the reclaimer needs the host to be made, the host the reclaimer to work. */
  attach(reclaimer: ListReclaimer): void {
    this.#reclaimer = reclaimer;
    this.era = reclaimer.era ?? '6.1';
    if (this.era === '3.15') this.#chargesKernel = false;
    this.#chargesKernel = reclaimer.chargesKernelMemory ?? this.#chargesKernel;
    this.#driver = new ReclaimDriver(this, reclaimer, this.#synchronousKswapd);
    this.frames.attach(this.#driver);
    this.faults = new Faults(this, reclaimer);
    this.leaving = new Leaving(this, reclaimer);
    this.migration = new Migration(this, reclaimer);
    for (const [cgroup, bytes] of this.#kernelBytes.entries()) this.memcg.chargeObject(this.payer(cgroup), bytes);
    this.setWatermarks();
  }

  // ---- lruvecs

  lruvecAt(node: number, cgroup: number): number {
    return node * this.cgroups + cgroup;
  }

  cgroupOf(lru: number): number {
    return this.nodes === 1 ? lru : lru % this.cgroups;
  }

  nodeOf(lru: number): number {
    return this.nodes === 1 ? 0 : Math.floor(lru / this.cgroups);
  }

  lruvecOf(page: number): number {
    return this.owners.of(page);
  }

  // ---- what variants ask

  get memoryPages(): Pages {
    return this.frames.total;
  }

  swappiness(): number {
    return this.#swappiness;
  }

  swapFree(): Pages {
    return this.swap.free;
  }

  swapTotal(): Pages {
    return this.swap.pages;
  }

  freePages(lru: number): Pages {
    return this.frames.freeOn[this.nodeOf(lru)];
  }

  /** High watermarks of all nodes: memory that may not be filled with dirty pages. */
  get reserves(): Pages {
    return this.frames.high.reduce((sum, n) => sum + n, 0);
  }

  highWatermark(lru: number): Pages {
    return this.frames.high[this.nodeOf(lru)];
  }

  watermarkMet(lru: number, kswapd: boolean, spare: Pages): boolean {
    const node = this.nodeOf(lru);
    return this.frames.freeOn[node] > (kswapd ? this.frames.high : this.frames.low)[node] + spare;
  }

  /** Simulated time as the engine last told it. */
  now(): Nanoseconds {
    return this.#now;
  }

  setTime(now: Nanoseconds): void {
    this.#now = now;
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
    return this.kinds.isRandom(page);
  }

  usage(lru: number): Pages {
    const cgroup = this.cgroupOf(lru);
    return cgroup === 0 ? this.memoryPages - this.frames.free : this.memcg.charged[cgroup];
  }

  protection(lru: number, sc: ScanControl): Pages {
    const cgroup = this.cgroupOf(lru);
    if (cgroup === 0 || lru === sc.target) return 0;
    const min = this.protectedOf(this.memcg.min, cgroup, sc.target);
    return sc.lowReclaim ? min : Math.max(min, this.protectedOf(this.memcg.low, cgroup, sc.target));
  }

  /** What memory.min or memory.low of a group comes to when reclaim is for `target`. */
  protectedOf(settings: Float64Array, cgroup: number, target: number): Pages {
    const { parents, charged } = this.memcg;
    return settings[cgroup] === 0 ? 0 : effectiveProtection(parents, charged, settings, cgroup, this.cgroupOf(target));
  }

  isInSubtree(cgroup: number, of: number): boolean {
    for (let at = cgroup; at >= 0; at = this.memcg.parents[at]) if (at === of) return true;
    return false;
  }

  noteDirectReclaim(): void {
    this.faults.directReclaim = true;
  }

  /** How many nodes' kswapds are awake. */
  get kswapdsAwake(): number {
    return this.#driver.kswapdsAwake;
  }

  kswapdAwakeOn(node: number): boolean {
    return this.#driver.kswapdAwakeOn(node);
  }

  kswapdStep(node: number): Pages {
    return this.#driver.kswapdStep(node);
  }

  // ---- what faults, evictions and migrations share

  /** Who is charged for kernel memory that `cgroup` needs. */
  payer(cgroup: number): number {
    return this.#chargesKernel ? cgroup : 0;
  }

  #nodeFreed(owner: number): void {
    this.memcg.unchargeObject(this.cgroupOf(owner), NODE_BYTES);
    this.slab.give(this.nodeOf(owner));
  }

  /** A frame that was taken for `page` is not needed after all. */
  giveFrame(page: number, node: number): void {
    this.frames.give(node, 1);
    this.frames.placement?.left(page, node);
  }

  /** `page` of lruvec `lru` is no longer in memory. */
  leftMemory(page: number, lru: number): void {
    this.resident--;
    if (this.objectNodes === undefined) {
      this.frames.give(0, 1);
      if (lru > 0) this.memcg.uncharge(lru, 1);
      return;
    }
    const node = this.nodeOf(lru);
    this.frames.give(node, 1);
    this.memcg.uncharge(this.cgroupOf(lru), 1);
    this.objectNodes.left(page, node);
    this.frames.placement!.left(page, node);
  }

  /** `page` of lruvec `lru` went to a device: the frame is free, the charge stays. */
  lentMemory(page: number, lru: number): void {
    const node = this.nodeOf(lru);
    this.resident--;
    this.frames.give(node, 1);
    if (this.objectNodes === undefined) return;
    this.objectNodes.left(page, node);
    this.frames.placement!.left(page, node);
  }

  fault(word: number, cgroup: number): number {
    return this.faults.fault(word, cgroup);
  }

  map(page: number): void {
    this.faults.map(page);
  }

  evict(page: number, shadow: number, target: number): boolean {
    return this.leaving.evict(page, shadow, target);
  }

  evictClean(pages: Int32Array, shadows: Uint32Array, n: number, lru: LruvecIndex, target: LruvecIndex): void {
    this.leaving.evictClean(pages, shadows, n, lru, target);
  }

  drop(page: number): void {
    this.leaving.drop(page);
  }

  /** Its mapping is droppable for life (VM_DROPPABLE). */
  isDroppable(page: number): boolean {
    return this.droppable.size > 0 && this.droppable.has(this.objectOf(page));
  }

  /** try_to_free_mem_cgroup_pages: what memory.reclaim asks for. */
  reclaim(cgroup: number, pages: Pages): Pages {
    return this.#driver.reclaimMemcg(cgroup, pages);
  }

  pageout(page: number): boolean {
    return this.leaving.pageout(page);
  }

  release(start: number, pages: Pages, keepTables?: boolean): Pages {
    return this.leaving.release(start, pages, keepTables);
  }

  isResident(page: number): boolean {
    return (this.#reclaimer.state[page] & RESIDENT) !== 0;
  }

  shadowAt(page: number): number {
    return (this.#reclaimer.state[page] & RESIDENT) === 0 ? this.shadows[page] : 0;
  }

  forgetShadow(page: number): void {
    if (this.shadowAt(page) === 0) return;
    if ((this.flags[page] & ANON) === 0) this.tree.forget(page);
    this.shadows[page] = 0;
  }

  wrote(page: number): void {
    if ((this.flags[page] & ANON) !== 0) this.pageFlags.set(page, this.flags[page] | DIRTY);
    else this.dirtyPages.add(page);
  }

  takeDirty(limit: Pages, into: Uint32Array, device?: number): Pages {
    return this.dirtyPages.take(limit, into, device);
  }

  dirtyOf(device: number): Pages {
    return this.dirtyPages.dirtyOf(device);
  }

  writebackOf(device: number): Pages {
    return this.dirtyPages.writebackOf(device);
  }

  get dirtied(): Pages {
    return this.dirtyPages.added;
  }

  writebackDone(page: number): void {
    if (!this.dirtyPages.written(page)) return;
    this.counters[PGPGOUT]++;
    if ((this.#reclaimer.state[page] & RESIDENT) !== 0) this.#reclaimer.writebackEnded?.(page);
  }

  takeQueuedWrites(): { file: Pages; swap: Pages } {
    const queued = { ...this.queued };
    this.queued.file = 0;
    this.queued.swap = 0;
    return queued;
  }

  setLocked(start: number, pages: Pages, locked: boolean): void {
    const { flags } = this;
    const { state } = this.#reclaimer;
    this.#reclaimer.drain?.();
    for (let page = start; page < start + pages; page++) {
      if (((flags[page] & UNEVICTABLE) !== 0) === locked) continue;
      this.pageFlags.set(page, flags[page] ^ UNEVICTABLE);
      if ((state[page] & RESIDENT) !== 0) this.#reclaimer.setUnevictable?.(page, locked);
    }
  }

  vacate(object: number, most?: Pages, keepTables?: boolean): Pages {
    this.#reclaimer.drain?.();
    return this.extents.vacate(object, most, keepTables);
  }

  settle(): void {
    this.#reclaimer.drain?.();
    this.memcg.drain();
    this.stats.settle();
  }

  // ---- settings

  setWatermarks(): void {
    this.frames.setWatermarks({
      era: this.era,
      minFreeKbytes: this.#minFreeKbytes,
      scaleFactor: this.#scaleFactor,
    });
  }

  setSysctl(name: string, value: number | string | boolean): void {
    const number = Number(value);
    if (name === knobs.swappiness.name) this.#swappiness = number;
    else if (name === knobs.minFreeKbytes.name) this.#minFreeKbytes = number;
    else if (name === knobs.watermarkScaleFactor.name) this.#scaleFactor = number;
    else this.setDirtySysctl(name, number);
    this.setWatermarks();
  }

  setDirtySysctl(name: string, value: number): void {
    this.dirtySettings = withSysctl(this.dirtySettings, name, value);
  }

  setCgroup(cgroup: number, name: string, value: number | string | boolean): void {
    const pages = typeof value === 'number' ? Math.floor(value / PAGE_SIZE) : Infinity;
    if (name === knobs.memoryLow.name) this.memcg.low[cgroup] = pages;
    else if (name === knobs.memoryMin.name) this.memcg.min[cgroup] = pages;
    else if (name === knobs.memoryMax.name) {
      this.memcg.max[cgroup] = pages;
      this.#reclaimTo(cgroup, pages, 5);
    } else if (name === knobs.memoryHigh.name) {
      this.memcg.high.set(cgroup, pages);
      this.#reclaimTo(cgroup, pages, 16);
    }
  }

  /** Back from a fault, above memory.high: reclaims there, and notes how long the task must sleep (mem_cgroup_handle_over_high). */
  reclaimHigh(): void {
    this.throttled += this.memcg.high.handle((cgroup, pages) => this.#driver.reclaimMemcg(cgroup, pages));
  }

  /** memory_max_write, memory_high_write: reclaims what is above a lowered limit, giving up after some tries in vain (for max, the next charge then meets the OOM killer). */
  #reclaimTo(cgroup: number, limit: Pages, most: number): void {
    let drained = false;
    for (let tries = most; this.memcg.charged[cgroup] > limit && tries > 0;) {
      if (!drained) {
        this.memcg.drain();
        drained = true;
        continue;
      }
      if (this.#driver.reclaimMemcg(cgroup, this.memcg.charged[cgroup] - limit) === 0) tries--;
    }
  }

  // ---- looking

  gauges(into: Gauges): Gauges {
    this.#addLists(into, 0, this.lruvecs);
    into.nr_free_pages = this.frames.free;
    into.nr_unevictable = (this.#reclaimer.unevictable ?? 0) + this.extents.pages;
    into.nr_inactive_file += this.streams.pages;
    into.nr_dirty = this.dirtyPages.dirty + this.streams.dirty;
    into.nr_writeback = this.dirtyPages.writeback + this.streams.writeback;
    into.nr_writeback_temp = this.streams.temps;
    const limits = dirtyLimits(
      dirtyable(into.nr_free_pages, this.reserves, into.nr_inactive_file + into.nr_active_file),
      this.dirtySettings,
      this.#limits,
    );
    into.nr_dirty_threshold = limits.thresh;
    into.nr_dirty_background_threshold = limits.background;
    into.nr_swap_used = this.swap.used;
    into.nr_slab = this.slab.total + this.tables.frames + this.extents.tables + this.streams.reserve;
    into.workingset_nodes = this.tree.shadowNodes.reduce((sum, n) => sum + n, 0);
    into.nr_shadows = this.tree.shadows;
    into.nr_shmem = this.shmem.resident;
    return into;
  }

  nodeGauges(node: number, into: NodeGauges): NodeGauges {
    const first = this.lruvecAt(node, 0);
    this.#addLists(into, first, first + this.cgroups);
    into.nr_free_pages = this.frames.freeOn[node];
    into.nr_unevictable = 0;
    for (let lru = first; lru < first + this.cgroups; lru++)
      into.nr_unevictable += this.#reclaimer.unevictableOf?.(lru) ?? 0;
    // of frames without page numbers it is not known which is whose: those of files are counted first
    let before = 0;
    for (let n = 0; n < node; n++) before += this.loose.on(n);
    const file = Math.max(0, Math.min(this.streams.pages - before, this.loose.on(node)));
    into.nr_inactive_file += file;
    into.nr_slab = this.frames.kernelUsed[node] + this.loose.on(node) - file;
    return into;
  }

  #addLists(into: NodeGauges, first: number, end: number): void {
    let inactiveFile = 0;
    let activeFile = 0;
    let inactiveAnon = 0;
    let activeAnon = 0;
    for (let lru = first; lru < end; lru++) {
      const sizes = this.#reclaimer.sizes(lru);
      inactiveFile += sizes.inactiveFile;
      activeFile += sizes.activeFile;
      inactiveAnon += sizes.inactiveAnon;
      activeAnon += sizes.activeAnon;
    }
    into.nr_inactive_file = inactiveFile;
    into.nr_active_file = activeFile;
    into.nr_inactive_anon = inactiveAnon;
    into.nr_active_anon = activeAnon;
  }

  /** What the conservation check needs beside gauges. */
  counts(): CoreCounts {
    const { state } = this.#reclaimer;
    let resident = 0;
    let swapped = 0;
    let shadows = 0;
    let unnoted = 0;
    const residentOn = new Int32Array(this.nodes);
    for (let page = 0; page < this.pages; page++) {
      resident += state[page] & RESIDENT;
      if ((state[page] & RESIDENT) !== 0) residentOn[this.nodeOf(this.lruvecOf(page))]++;
      if (this.shadowAt(page) !== 0 && (this.flags[page] & ANON) === 0) shadows++;
      if ((this.flags[page] & SWAPPED) !== 0) swapped++;
      if (this.flags[page] !== 0 && this.flagged[page >> FLAGGED_SHIFT] === 0) unnoted++;
    }
    const batched = this.#reclaimer.batched?.() ?? 0;
    return { unnoted, resident, residentOn, swapped, shadows, batched, counted: this.resident };
  }
}

export interface CoreCounts {
  readonly resident: Pages;
  readonly residentOn: Int32Array;
  readonly swapped: Pages;
  readonly shadows: number;
  /** Pages with flags in groups of which it is said that none has any. */
  readonly unnoted: Pages;
  readonly batched: Pages;
  /** Resident pages as counted along the way. */
  readonly counted: Pages;
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
  nr_shmem: 0,
});
