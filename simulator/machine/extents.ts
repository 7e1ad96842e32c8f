/**
 * Extents: regions whose pages are all alike, so that a count stands for them. What faults would have done to each page happens to all at once;
 * only close to a watermark or a limit, where an allocation may have to reclaim, are pages taken one by one, as faults take them.
 *
 * Today an extent is a locked anonymous region that nobody accesses page by page, held whole from the start. Where pages
 * come to differ, they need numbers: MemoryLayout.numbered says how many an object has, and an object may well have both.
 */
import type { Pages } from '../units.ts';
import type { MemcgStats } from './memcg-stats.ts';
import type { Memcg } from './memcg.ts';
import { TABLE_PAGES } from './page-tables.ts';

export interface ExtentHost {
  readonly memcg: Memcg;
  readonly stats: MemcgStats;
  /** Frames that can be had before anybody is woken. */
  spareFrames(): Pages;
  /** Takes so many of them. */
  takeFrames(pages: Pages): void;
  /** Takes one, whatever it needs; false if there is none. */
  allocate(): boolean;
  freeFrames(pages: Pages): void;
  /** Who is charged for page tables of `cgroup`. */
  payer(cgroup: number): number;
  /** So many pages were faulted in. */
  faulted(pages: Pages): void;
}

interface Extent {
  readonly cgroup: number;
  /** In memory, and locked there. */
  pages: Pages;
  tables: Pages;
}

/** Pages taken one by one at a time. */
const LOT = 512;

export class Extents {
  /** Of all extents. */
  pages: Pages = 0;
  tables: Pages = 0;
  readonly #host: ExtentHost;
  readonly #extents = new Map<number, Extent>();

  constructor(host: ExtentHost) {
    this.#host = host;
  }

  pagesOf(object: number): Pages {
    return this.#extents.get(object)?.pages ?? 0;
  }

  /** Takes frames for up to `pages` more pages of an object; how many it got, 0 if no frame can be had. */
  occupy(object: number, pages: Pages, cgroup: number): Pages {
    let extent = this.#extents.get(object);
    if (extent === undefined) this.#extents.set(object, (extent = { cgroup, pages: 0, tables: 0 }));
    const before = extent.pages;
    if (!this.#takeMany(extent, pages)) for (let n = Math.min(pages, LOT); n > 0 && this.#takeOne(extent); n--);
    return extent.pages - before;
  }

  /** As many as fit without anybody noticing; false if none do. */
  #takeMany(extent: Extent, pages: Pages): boolean {
    const { memcg } = this.#host;
    const { cgroup } = extent;
    const room = Math.min(this.#host.spareFrames(), memcg.room(cgroup));
    // a page of table for each 512, and one for those begun
    const most = Math.floor(((room - 1) * TABLE_PAGES) / (TABLE_PAGES + 1));
    const n = Math.min(pages, most);
    if (n <= 0) return false;
    const tables = Math.ceil((extent.pages + n) / TABLE_PAGES) - extent.tables;
    this.#host.takeFrames(n + tables);
    this.#host.faulted(n);
    memcg.chargeFitting(cgroup, n, 0);
    memcg.chargeFitting(this.#host.payer(cgroup), tables, tables);
    this.#add(extent, n, tables);
    return true;
  }

  #takeOne(extent: Extent): boolean {
    const host = this.#host;
    host.faulted(1);
    if (extent.pages === extent.tables * TABLE_PAGES) {
      if (!host.allocate()) return false;
      if (!host.memcg.chargeKernelPages(host.payer(extent.cgroup), 1)) {
        host.freeFrames(1);
        return false;
      }
      this.#add(extent, 0, 1);
    }
    if (!host.allocate()) return false;
    if (!host.memcg.charge(extent.cgroup, 1)) {
      host.freeFrames(1);
      return false;
    }
    this.#add(extent, 1, 0);
    return true;
  }

  #add(extent: Extent, pages: Pages, tables: Pages): void {
    extent.pages += pages;
    extent.tables += tables;
    this.pages += pages;
    this.tables += tables;
  }

  /** Gives up to `most` pages back (munmap, exit); how many that was. Page tables go with the last page, or when asked for nothing but them. */
  vacate(object: number, most: Pages = Infinity, keepTables = false): Pages {
    const extent = this.#extents.get(object);
    if (extent === undefined) return 0;
    const { memcg, stats } = this.#host;
    const { cgroup } = extent;
    const pages = Math.min(extent.pages, most);
    const tables = pages === extent.pages && !keepTables ? extent.tables : 0;
    extent.tables -= tables;
    extent.pages -= pages;
    if (extent.pages + extent.tables === 0) this.#extents.delete(object);
    this.pages -= pages;
    this.tables -= tables;
    memcg.uncharge(cgroup, pages);
    stats.updatedEach(3, pages);
    const payer = this.#host.payer(cgroup);
    // one by one, because a cgroup's stock takes them one by one
    if (payer > 0) for (let table = 0; table < tables; table++) memcg.unchargeKernelPages(payer, 1);
    this.#host.freeFrames(pages + tables);
    return pages;
  }
}
