/**
 * Streams: files whose pages come, get dirty, are written and leave in one order, so that counts stand for them: what one writer appends or
 * overwrites from the front to the end. With them what else a FUSE mount or its daemon takes of memory: temporary pages and a reserve.
 *
 * Of a stream's pages in memory the clean ones are the oldest, then come those under writeback, then the dirty ones. Where pages come to differ
 * in other ways, they need numbers (MemoryLayout.numbered).
 *
 * Kernel: what write(), writeback and reclaim do to folios nobody looks at again (mm/filemap.c, mm/vmscan.c, fs/fuse/file.c).
 * Known divergence: reclaim takes from streams and from lists in proportion to their sizes, not by age; lists whose own inactive part is short are
 * left alone as long as streams make up for it.
 */
import type { Pages } from '../units.ts';
import { PGSCAN_DIRECT, PGSCAN_FILE, PGSCAN_KSWAPD, PGSTEAL_DIRECT, PGSTEAL_FILE, PGSTEAL_KSWAPD } from './counters.ts';
import type { ScanControl } from './reclaimer.ts';

/** The machine, as streams see it. */
export interface StreamHost {
  readonly counters: Float64Array;
  /** Frames that can be had before anybody is woken. */
  spareFrames(): Pages;
  /** Takes so many of them. */
  takeFrames(pages: Pages): void;
  /** Takes one, whatever it needs; false if there is none. */
  allocate(): boolean;
  freeFrames(pages: Pages): void;
  /** Pages that can be charged to a cgroup before it must reclaim. */
  room(cgroup: number): Pages;
  /** Charges pages for which there is room. */
  chargeFitting(cgroup: number, pages: Pages): void;
  /** Charges one, whatever it needs; false if the limit stays exceeded. */
  charge(cgroup: number): boolean;
  uncharge(cgroup: number, pages: Pages): void;
}

export interface Stream {
  /** Length of the file: who writes on goes round. */
  readonly size: Pages;
  readonly cgroup: number;
  clean: Pages;
  writeback: Pages;
  dirty: Pages;
  /** Frames lent by the reserve, which gets them back before anybody else. */
  owed: Pages;
}

export type FrameSource = 'any' | 'any-then-reserve' | 'reserve';

/** Pages scanned at a time at least. */
const LOT: Pages = 32;

export class Streams {
  /** In memory, of all streams. */
  pages: Pages = 0;
  dirty: Pages = 0;
  writeback: Pages = 0;
  /** Copies on their way to FUSE daemons: neither on a list nor movable nor reclaimable (NR_WRITEBACK_TEMP). */
  temps: Pages = 0;
  /** The most there ever were. */
  mostTemps: Pages = 0;
  /** Set aside for daemons and not in use. */
  reserve: Pages = 0;
  /** Reclaim has met nothing but dirty pages since the flushers last asked (WB_REASON_VMSCAN). */
  metDirty = false;
  /** Of the last `write`: pages that were not in memory, and pages there that have become dirty. */
  entered: Pages = 0;
  redirtied: Pages = 0;
  readonly list: Stream[] = [];
  /** Of the frames last got, those of the reserve. */
  #borrowed: Pages = 0;
  readonly #host: StreamHost;

  constructor(host: StreamHost) {
    this.#host = host;
  }

  /** Frames can only be had by waking or reclaiming. */
  get short(): boolean {
    return this.#host.spareFrames() <= 0;
  }

  add(size: Pages, cgroup: number): Stream {
    const stream: Stream = { size, cgroup, clean: 0, writeback: 0, dirty: 0, owed: 0 };
    this.list.push(stream);
    return stream;
  }

  /**
   * Writes the next pages of a stream; how many, fewer than asked for if no frame can be had. `frames` says where they may come from: anywhere,
   * anywhere and then the reserve, or from the reserve alone.
   */
  write(stream: Stream, pages: Pages, frames: FrameSource = 'any'): Pages {
    this.entered = 0;
    this.redirtied = 0;
    let left = pages;
    const absent = stream.size - stream.clean - stream.writeback - stream.dirty;
    if (absent > 0) {
      const wanted = Math.min(left, absent);
      const got = this.#frames(wanted, stream.cgroup, frames);
      stream.owed += this.#borrowed;
      stream.dirty += got;
      this.pages += got;
      this.dirty += got;
      this.entered = got;
      left -= got;
      if (got < wanted) return pages - left;
    }
    const again = Math.min(left, stream.clean);
    stream.clean -= again;
    stream.dirty += again;
    this.dirty += again;
    this.redirtied = again;
    // what is left was dirty already
    return pages;
  }

  /** Pages written through: clean at once. Otherwise as `write`. */
  writeThrough(stream: Stream, pages: Pages): Pages {
    const done = this.write(stream, pages);
    const dirtied = this.entered + this.redirtied;
    stream.dirty -= dirtied;
    stream.clean += dirtied;
    this.dirty -= dirtied;
    return done;
  }

  /** The oldest dirty pages, at most `limit`, are under writeback now; how many. */
  take(stream: Stream, limit: Pages): Pages {
    const n = Math.min(limit, stream.dirty);
    stream.dirty -= n;
    stream.writeback += n;
    this.dirty -= n;
    this.writeback += n;
    return n;
  }

  /** The oldest pages under writeback are clean. */
  written(stream: Stream, pages: Pages): void {
    stream.writeback -= pages;
    stream.clean += pages;
    this.writeback -= pages;
  }

  /** Frames for temporary pages; how many it got. */
  takeTemps(pages: Pages): Pages {
    const got = this.#frames(pages, 0, 'any');
    this.temps += got;
    this.mostTemps = Math.max(this.mostTemps, this.temps);
    return got;
  }

  putTemps(pages: Pages): void {
    this.temps -= pages;
    this.#host.freeFrames(pages);
  }

  /** Sets frames aside that can be had without reclaim. */
  setAside(pages: Pages): void {
    const n = Math.max(0, Math.min(pages, this.#host.spareFrames()));
    if (n > 0) this.#host.takeFrames(n);
    this.reserve += n;
  }

  /** Up to `pages` frames charged to `cgroup`. */
  #frames(pages: Pages, cgroup: number, source: FrameSource): Pages {
    const host = this.#host;
    this.#borrowed = 0;
    if (source === 'reserve') {
      const n = Math.min(pages, this.reserve, host.room(cgroup));
      this.reserve -= n;
      this.#borrowed = n;
      host.chargeFitting(cgroup, n);
      return n;
    }
    let got = 0;
    while (got < pages) {
      const most = Math.min(pages - got, host.spareFrames(), host.room(cgroup));
      if (most > 0) {
        host.takeFrames(most);
        host.chargeFitting(cgroup, most);
        got += most;
        continue;
      }
      if (!host.allocate()) {
        if (source === 'any' || this.reserve === 0) break;
        this.reserve--;
        this.#borrowed++;
      }
      if (!host.charge(cgroup)) {
        host.freeFrames(1);
        break;
      }
      got++;
    }
    return got;
  }

  /** Pages charged to a cgroup. */
  pagesOf(cgroup: number): Pages {
    let pages = 0;
    for (const stream of this.list)
      if (stream.cgroup === cgroup) pages += stream.clean + stream.writeback + stream.dirty;
    return pages;
  }

  /**
   * Reclaim's look at the streams of one cgroup, beside `listed` file pages on its lists. Adds to what has been scanned and reclaimed; how many
   * pages it freed.
   */
  shrink(cgroup: number, sc: ScanControl, listed: Pages): Pages {
    const pages = this.pagesOf(cgroup);
    const scan = Math.floor(pages / (1 << sc.priority));
    if (scan === 0) return 0;
    const share = Math.ceil((sc.nrToReclaim * pages) / (pages + listed));
    const most = Math.min(scan, Math.max(LOT, share));
    const freed = this.dropClean(cgroup, most);
    const { counters } = this.#host;
    counters[sc.kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT] += most;
    counters[PGSCAN_FILE] += most;
    counters[sc.kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT] += freed;
    counters[PGSTEAL_FILE] += freed;
    sc.nrScanned += most;
    sc.nrReclaimed += freed;
    if (freed === 0) this.metDirty = true;
    return freed;
  }

  /** Frees up to `pages` clean pages of a cgroup's streams, each in proportion to what it has. */
  dropClean(cgroup: number, pages: Pages): Pages {
    let clean = 0;
    for (const stream of this.list) if (stream.cgroup === cgroup) clean += stream.clean;
    const wanted = Math.min(pages, clean);
    let freed = 0;
    let lent = 0;
    for (const stream of this.list) {
      if (stream.cgroup !== cgroup || clean === 0) continue;
      const n = Math.min(stream.clean, wanted - freed, Math.ceil((wanted * stream.clean) / clean));
      stream.clean -= n;
      freed += n;
      const back = Math.min(n, stream.owed);
      stream.owed -= back;
      lent += back;
    }
    this.pages -= freed;
    this.reserve += lent;
    if (freed > 0) {
      this.#host.freeFrames(freed - lent);
      this.#host.uncharge(cgroup, freed);
    }
    return freed - lent;
  }

  /** What the sums should be: throws if anything is lost or counted twice. */
  check(): void {
    let pages = 0;
    let dirty = 0;
    let writeback = 0;
    for (const stream of this.list) {
      if (Math.min(stream.clean, stream.writeback, stream.dirty, stream.owed) < 0)
        throw new Error('a stream has negative pages');
      const own = stream.clean + stream.writeback + stream.dirty;
      if (own > stream.size) throw new Error(`a stream of ${stream.size} pages has ${own} in memory`);
      pages += own;
      dirty += stream.dirty;
      writeback += stream.writeback;
    }
    if (pages !== this.pages || dirty !== this.dirty || writeback !== this.writeback)
      throw new Error(
        `streams are not conserved: ${pages}, ${dirty}, ${writeback} pages, counted ${this.pages}, ${this.dirty}, ${this.writeback}`,
      );
    if (this.temps < 0 || this.reserve < 0) throw new Error('fewer than no temporary or reserved pages');
  }
}
