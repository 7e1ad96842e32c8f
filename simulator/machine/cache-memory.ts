/**
 * Memory under a policy from the literature: a capacity and page numbers. There are no watermarks, dirty pages only need writing once, and
 * anonymous pages compete with file pages as equals.
 *
 * Left out, because such policies don't know them: cgroups (one cache for all), kernel memory, swap slots running out, reserves.
 */
import type { TimelineAction } from '../plan.ts';
import type { Pages } from '../units.ts';
import { OP_SHIFT, OP_STORE, PAGE_MASK } from './access.ts';
import { PGALLOC, PGFAULT, PGFREE, PGMAJFAULT, PGPGIN, PGPGOUT, PSWPIN, PSWPOUT } from './counters.ts';
import { DirtyPages } from './dirty-pages.ts';
import type { FlagBytes } from './page-flags.ts';
import type { MemoryCore } from './memory-core.ts';
import type { Gauges, Memory } from './memory.ts';
import { HIT, MISS, READ_IO, SWAP_IN, ZEROED } from './memory.ts';
import type { CacheReclaimer, FutureAccesses } from './reclaimer.ts';
import { ANON, DIRTY, SWAPPED, TOUCHED, UNEVICTABLE } from './reclaimer.ts';
import { RECLAIM_EVICT } from '../tables/rules.ts';
import { dirtyable, dirtyLimits } from '../writeback/dirty-limits.ts';
import { Streams } from './streams.ts';

/** Pages of their own that streams drop at a time. */
const STREAM_LOT: Pages = 32;

export class CacheMemory implements Memory {
  readonly reclaimer: CacheReclaimer;
  readonly counters: Float64Array;
  readonly flags: FlagBytes;
  readonly io: Memory['io'];
  readonly kswapdAwake = false;
  readonly wantsFuture: boolean;
  readonly streams: Streams;
  readonly reserves = 0;
  readonly #core: MemoryCore;
  readonly #hasAnon: boolean;
  #locked = 0;
  readonly #extents = new Map<number, Pages>();
  /** Of all extents. */
  #extentPages = 0;
  /** Of streams, temporary pages and reserves. */
  #streamPages = 0;
  readonly #dirtyPages: DirtyPages;
  readonly #limits = { thresh: 0, background: 0 };
  #swapUsed = 0;
  #queued = { file: 0, swap: 0 };
  readonly #listener = (page: number) => this.#evicted(page);

  constructor(core: MemoryCore, reclaimer: CacheReclaimer, hasAnon: boolean) {
    this.#core = core;
    this.reclaimer = reclaimer;
    this.counters = core.counters;
    this.flags = core.flags;
    const { devices } = core;
    this.#dirtyPages = new DirtyPages(
      core.pageFlags,
      devices === undefined ? 1 : 1 + Math.max(0, ...devices),
      (page) => devices![core.objectOf(page)],
    );
    this.streams = this.#makeStreams();
    this.io = core.io;
    this.#hasAnon = hasAnon;
    this.wantsFuture = reclaimer.foresee !== undefined;
    core.evicted = this.#listener;
  }

  /** Streams take what the policy leaves free, then their own clean pages, then room from the policy. */
  #makeStreams(): Streams {
    const take = (pages: Pages) => {
      this.#streamPages += pages;
      this.counters[PGALLOC] += pages;
    };
    return new Streams({
      counters: this.counters,
      spareFrames: () => this.#room() - this.reclaimer.resident,
      takeFrames: (pages) => {
        take(pages);
        this.reclaimer.setCapacity(this.#room());
      },
      allocate: () => {
        if (this.streams.dropClean(0, STREAM_LOT) === 0 && this.#room() <= 1) return false;
        take(1);
        this.reclaimer.setCapacity(this.#room());
        return true;
      },
      freeFrames: (pages) => {
        this.#streamPages -= pages;
        this.counters[PGFREE] += pages;
        this.reclaimer.setCapacity(this.#room());
      },
      room: () => Infinity,
      chargeFitting: () => undefined,
      charge: () => true,
      uncharge: () => undefined,
    });
  }

  run(block: Uint32Array, offset: number, n: number, cgroup: number, missBits?: Uint8Array, missOffset = 0): number {
    if (!this.#hasAnon && this.#locked === 0 && !hasStores(block, offset, offset + n)) {
      this.#runReads(block, offset, n, missBits, missOffset);
      return n;
    }
    for (let i = 0; i < n; i++) {
      const outcome = this.access(block[offset + i], cgroup);
      if (missBits !== undefined && (outcome & MISS) !== 0) {
        const bit = missOffset + i;
        missBits[bit >> 3] |= 1 << (bit & 7);
      }
    }
    return n;
  }

  /** Only file pages are accessed, and only read: what happened follows from counts, and clean pages may leave unseen. */
  #runReads(block: Uint32Array, offset: number, n: number, missBits: Uint8Array | undefined, missOffset: number): void {
    const { reclaimer } = this;
    const core = this.#core;
    const unseen = this.#dirtyPages.dirty === 0 && !core.logging;
    if (unseen) core.evicted = undefined;
    const missesBefore = reclaimer.tally.misses;
    const residentBefore = reclaimer.resident;
    reclaimer.run(block, offset, n, missBits, missOffset);
    const misses = reclaimer.tally.misses - missesBefore;
    this.io.reads += misses;
    this.counters[PGPGIN] += misses;
    this.counters[PGALLOC] += misses;
    if (unseen) {
      this.counters[PGFREE] += misses - (reclaimer.resident - residentBefore);
      core.evicted = this.#listener;
    }
  }

  access(word: number, _cgroup: number): number {
    const page = word & PAGE_MASK;
    const flag = this.flags[page];
    // pages locked before they came in never pass through the policy
    if ((flag & UNEVICTABLE) !== 0) return this.#accessLocked(page, flag);
    const hit = this.reclaimer.access(page);
    let outcome = HIT;
    if (!hit) {
      this.counters[PGALLOC]++;
      outcome = this.#filled(page, flag);
    }
    if (word >>> OP_SHIFT >= OP_STORE) this.#wrote(page);
    return outcome;
  }

  #accessLocked(page: number, flag: number): number {
    if (this.reclaimer.isResident(page) || (flag & TOUCHED) !== 0) return HIT;
    this.#core.pageFlags.set(page, this.flags[page] | TOUCHED);
    this.counters[PGALLOC]++;
    return this.#filled(page, flag);
  }

  #filled(page: number, flag: number): number {
    const { counters, io } = this;
    if ((flag & ANON) === 0) {
      io.reads++;
      counters[PGPGIN]++;
      return MISS | READ_IO;
    }
    counters[PGFAULT]++;
    if ((flag & SWAPPED) !== 0) {
      this.#core.pageFlags.set(page, (flag & ~SWAPPED) | TOUCHED);
      this.#swapUsed--;
      counters[PGMAJFAULT]++;
      counters[PSWPIN]++;
      io.swapIns++;
      return MISS | SWAP_IN;
    }
    this.#core.pageFlags.set(page, this.flags[page] | TOUCHED);
    io.zeroed++;
    return ZEROED;
  }

  #evicted(page: number): void {
    const flag = this.flags[page];
    this.counters[PGFREE]++;
    if ((flag & ANON) !== 0) {
      this.#core.pageFlags.set(page, (flag & ~DIRTY) | SWAPPED);
      this.#swapUsed++;
      this.counters[PSWPOUT]++;
      this.io.swapOuts++;
      this.#queued.swap++;
    } else if ((flag & DIRTY) !== 0) {
      this.#dirtyPages.clean(page);
      this.counters[PGPGOUT]++;
      this.io.writes++;
      this.#queued.file++;
    }
    if (this.#core.logging) this.#core.log(RECLAIM_EVICT.id, page, 0, 0);
  }

  #wrote(page: number): void {
    if ((this.flags[page] & ANON) === 0) this.#dirtyPages.add(page);
  }

  readAhead(page: number, cgroup: number): number {
    if (this.reclaimer.isResident(page)) return HIT;
    if (this.reclaimer.bringIn === undefined) return this.access(page, cgroup);
    this.reclaimer.bringIn(page);
    this.counters[PGALLOC]++;
    return this.#filled(page, this.flags[page]);
  }

  isResident(page: number): boolean {
    return this.reclaimer.isResident(page) || (this.flags[page] & (UNEVICTABLE | TOUCHED)) === (UNEVICTABLE | TOUCHED);
  }

  kswapdStep(): Pages {
    return 0;
  }

  takeDirty(limit: Pages, into: Uint32Array, device = 0): Pages {
    return this.#dirtyPages.take(limit, into, device);
  }

  get dirtied(): Pages {
    return this.#dirtyPages.added;
  }

  dirtyOf(device: number): Pages {
    return this.#dirtyPages.dirtyOf(device);
  }

  writebackOf(device: number): Pages {
    return this.#dirtyPages.writebackOf(device);
  }

  writebackDone(page: number): void {
    if (this.#dirtyPages.written(page)) this.counters[PGPGOUT]++;
  }

  takeQueuedWrites(): { file: Pages; swap: Pages } {
    const queued = this.#queued;
    this.#queued = { file: 0, swap: 0 };
    return queued;
  }

  /** Locked pages leave the policy's care and its capacity. */
  setLocked(start: number, pages: Pages, locked: boolean): void {
    for (let page = start; page < start + pages; page++) {
      if (((this.flags[page] & UNEVICTABLE) !== 0) === locked) continue;
      const resident = this.reclaimer.isResident(page);
      this.#core.pageFlags.set(page, this.flags[page] ^ UNEVICTABLE);
      if (locked) {
        if (resident) {
          this.#core.pageFlags.set(page, this.flags[page] | TOUCHED);
          this.reclaimer.drop(page);
        }
        this.#locked++;
      } else {
        this.#locked--;
        if ((this.flags[page] & TOUCHED) === 0) continue;
        if (this.reclaimer.bringIn === undefined) this.reclaimer.access(page);
        else this.reclaimer.bringIn(page);
      }
    }
    this.reclaimer.setCapacity(this.#room());
  }

  occupy(object: number, pages: Pages, _cgroup: number): Pages {
    this.#extents.set(object, this.extentPages(object) + pages);
    this.#extentPages += pages;
    this.counters[PGALLOC] += pages;
    this.counters[PGFAULT] += pages;
    this.io.zeroed += pages;
    this.reclaimer.setCapacity(this.#room());
    return pages;
  }

  vacate(object: number, most: Pages = Infinity): Pages {
    const pages = Math.min(this.extentPages(object), most);
    this.#extents.set(object, this.extentPages(object) - pages);
    this.#extentPages -= pages;
    this.counters[PGFREE] += pages;
    this.reclaimer.setCapacity(this.#room());
    return pages;
  }

  extentPages(object: number): Pages {
    return this.#extents.get(object) ?? 0;
  }

  settle(): void {
    // nothing is ever late here
  }

  /** What locked pages leave for the policy. */
  #room(): Pages {
    return Math.max(1, this.#core.capacity - this.#locked - this.#extentPages - this.#streamPages);
  }

  release(start: number, pages: Pages): Pages {
    let freed = 0;
    for (let page = start; page < start + pages; page++) {
      const flag = this.flags[page];
      if (this.isResident(page)) freed++;
      this.reclaimer.drop(page);
      if ((flag & UNEVICTABLE) !== 0) this.#locked--;
      if ((flag & SWAPPED) !== 0) this.#swapUsed--;
      this.#dirtyPages.clean(page);
      this.#dirtyPages.abandon(page);
      this.#core.pageFlags.set(page, flag & ANON);
    }
    this.reclaimer.setCapacity(this.#room());
    this.counters[PGFREE] += freed;
    return freed;
  }

  apply(action: TimelineAction): void {
    // no other sysctl or limit means anything to these policies
    if (action.kind === 'sysctl') this.#core.setDirtySysctl(action.name, Number(action.value));
  }

  usage(_cgroup: number): Pages {
    return this.reclaimer.resident + this.#locked + this.#extentPages + this.#streamPages;
  }

  gauges(into: Gauges): Gauges {
    const resident = this.reclaimer.resident;
    const free = Math.max(0, this.#core.capacity - resident - this.#locked - this.#extentPages - this.#streamPages);
    const limits = dirtyLimits(
      dirtyable(free, 0, resident + this.streams.pages),
      this.#core.dirtySettings,
      this.#limits,
    );
    into.nr_free_pages = free;
    into.nr_active_file = 0;
    into.nr_inactive_file = resident + this.streams.pages;
    into.nr_active_anon = 0;
    into.nr_inactive_anon = 0;
    into.nr_unevictable = this.#locked + this.#extentPages;
    into.nr_dirty = this.#dirtyPages.dirty + this.streams.dirty;
    into.nr_writeback = this.#dirtyPages.writeback + this.streams.writeback;
    into.nr_writeback_temp = this.streams.temps;
    into.nr_dirty_threshold = limits.thresh;
    into.nr_dirty_background_threshold = limits.background;
    into.nr_swap_used = this.#swapUsed;
    into.nr_slab = this.streams.reserve;
    into.workingset_nodes = 0;
    into.nr_shadows = 0;
    into.nr_shmem = 0;
    return into;
  }

  foresee(next: FutureAccesses): void {
    this.reclaimer.foresee?.(next);
  }

  checkConservation(): void {
    this.streams.check();
    let resident = 0;
    for (let page = 0; page < this.#core.pages; page++) if (this.reclaimer.isResident(page)) resident++;
    const room = this.#room();
    if (resident !== this.reclaimer.resident || resident > room) {
      throw new Error(
        `frames are not conserved: ${resident} resident pages, counted ${this.reclaimer.resident}, room for ${room}`,
      );
    }
  }

  setLog(log: ((rule: string, page: number, a: number, b: number) => void) | null): void {
    this.#core.logging = log !== null;
    if (log !== null) this.#core.log = log;
  }
}

/** Whether any of these words stores or writes: the upper bit of the operation says so. */
function hasStores(block: Uint32Array, from: number, to: number): boolean {
  let all = 0;
  for (let i = from; i < to; i++) all |= block[i];
  return all >>> OP_SHIFT >= OP_STORE;
}
