/**
 * What the two lists of Linux 3.2–3.15 have in common: file pages kept half inactive, anonymous pages by the size of memory, pressure shared by
 * how many of the scanned pages were in use.
 *
 * Kernel: get_scan_count, inactive_list_is_low in mm/vmscan.c, mark_page_accessed in mm/swap.c, 3.15.
 */
import {
  LRU_ACTIVE_ANON,
  LRU_ACTIVE_FILE,
  LRU_INACTIVE_ANON,
  LRU_INACTIVE_FILE,
  STATS,
} from '../machine/memcg-stats.ts';
import type { MemoryHost, ScanControl } from '../machine/reclaimer.ts';
import { integerSqrt } from '../machine/watermarks.ts';
import { SWAP_CLUSTER_MAX, type Policy } from './two-list.ts';

/** PAGEVEC_SIZE of those days. */
const PAGEVEC_SIZE = 14;

export class TwoList315 implements Policy {
  readonly era = '3.15';
  readonly batch = PAGEVEC_SIZE;
  readonly writesMark = true;
  readonly anonActive = true;
  readonly anonOneLook = true;
  readonly clearReferenced = false;
  readonly firstTouch = true;
  readonly lot = SWAP_CLUSTER_MAX;
  protected readonly host: MemoryHost;
  readonly #scanned: Float64Array;
  readonly #rotated: Float64Array;
  readonly #anonRatio: number;

  constructor(host: MemoryHost) {
    this.host = host;
    this.#scanned = new Float64Array(host.lruvecs * 2);
    this.#rotated = new Float64Array(host.lruvecs * 2);
    const gib = host.memoryPages >>> 18;
    this.#anonRatio = gib > 0 ? integerSqrt(10 * gib) : 1;
  }

  /** Exact size of a list. */
  protected size(lru: number, list: number): number {
    return this.host.stats.local[lru * STATS + list];
  }

  protected nodeOf(lru: number): number {
    return Math.floor(lru / this.host.cgroups);
  }

  /** Active file pages of all cgroups on a node: the clock and its measure are the zone's. */
  protected activeFile(node: number): number {
    const first = node * this.host.cgroups;
    let pages = 0;
    for (let lru = first; lru < first + this.host.cgroups; lru++) pages += this.size(lru, LRU_ACTIVE_FILE);
    return pages;
  }

  activated(_lru: number): void {
    // no clock
  }

  eviction(_page: number, _target: number, _workingset: boolean): number {
    return 0;
  }

  refault(_page: number, _lru: number, _shadow: number, _target: number, _file: boolean, _op: number): number {
    return 0;
  }

  wrote(_lru: number, _file: boolean, _pages: number): void {
    // writing costs nothing yet
  }

  looked(lru: number, file: boolean, scanned: number, rotated: number): void {
    const at = lru * 2 + (file ? 1 : 0);
    this.#scanned[at] += scanned;
    this.#rotated[at] += rotated;
  }

  inactiveIsLow(lru: number, file: boolean): boolean {
    return file
      ? this.size(lru, LRU_ACTIVE_FILE) > this.size(lru, LRU_INACTIVE_FILE)
      : this.size(lru, LRU_INACTIVE_ANON) * this.#anonRatio < this.size(lru, LRU_ACTIVE_ANON);
  }

  mayDeactivate(lru: number, _sc: ScanControl, file: boolean, _pages: number): boolean {
    return file ? this.inactiveIsLow(lru, true) : this.host.swapTotal() > 0 && this.inactiveIsLow(lru, false);
  }

  scanCount(lru: number, sc: ScanControl, nr: Float64Array): void {
    const { host } = this;
    const swappiness = host.swappiness(lru);
    const anon = this.size(lru, LRU_INACTIVE_ANON) + this.size(lru, LRU_ACTIVE_ANON);
    const file = this.size(lru, LRU_INACTIVE_FILE) + this.size(lru, LRU_ACTIVE_FILE);
    let anonShare = 1;
    let fileShare = 1;
    let whole = 1;
    if (!sc.maySwap || host.swapFree() <= 0 || (sc.memcg && swappiness === 0)) anonShare = 0;
    else if (sc.priority === 0 && swappiness > 0) whole = 1;
    else if (!sc.memcg && file + host.freePages(lru) <= host.highWatermark(lru)) fileShare = 0;
    else if (!this.inactiveIsLow(lru, true)) anonShare = 0;
    else {
      anonShare = this.#pressure(lru * 2, anon, swappiness);
      fileShare = this.#pressure(lru * 2 + 1, file, 200 - swappiness);
      whole = anonShare + fileShare + 1;
    }
    const protectedPages = host.protection(lru, sc);
    for (let list = 0; list < 4; list++) {
      const size = this.size(lru, list);
      const open = protectedPages > 0 ? size - Math.floor((size * protectedPages) / (host.usage(lru) + 1)) : size;
      let scan = Math.floor(open / (1 << sc.priority));
      if (scan === 0 && sc.memcg) scan = Math.min(size, SWAP_CLUSTER_MAX);
      nr[list] = Math.floor((scan * (list >= LRU_INACTIVE_FILE ? fileShare : anonShare)) / whole);
    }
  }

  /** Pressure on a type: its due, more if few of the pages looked at lately were in use. */
  #pressure(at: number, pages: number, due: number): number {
    if (this.#scanned[at] > Math.floor(pages / 4)) {
      this.#scanned[at] = Math.floor(this.#scanned[at] / 2);
      this.#rotated[at] = Math.floor(this.#rotated[at] / 2);
    }
    return Math.floor((due * (this.#scanned[at] + 1)) / (this.#rotated[at] + 1));
  }
}
