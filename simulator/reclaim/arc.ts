/**
 * Adaptive replacement cache: two LRU lists, seen once (T1) and more often (T2), each with the ghosts of what left it (B1, B2). A hit on a
 * ghost says which list was too short, and moves the target `p` for T1.
 *
 * Source: Megiddo, Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003. `p` is a real number and moves by the ratio of the
 * ghost lists, at least 1; as in libCacheSim's ARC, to which this is equal, miss for miss. No known divergence.
 * Memory: 15.3 bytes a frame (the four lists), 4 a tracked page.
 */
import { PAGE_MASK } from '../machine/access.ts';
import type { CacheReclaimer, MemoryHost, ReclaimVariant } from '../machine/reclaimer.ts';
import type { Pages } from '../units.ts';
import { CHUNK_SHIFT, NO_LOG, PageLogs, isChunkFull } from './page-logs.ts';
import { placesFor } from './share-of.ts';
import { STRETCH } from './warm.ts';

const T1 = 1;
const T2 = 2;
const B1 = 3;
const B2 = 4;
/** Entries a page that is in memory or a ghost: there are at most two such pages a frame. */
const ROOM = 1.875;

class Arc implements CacheReclaimer {
  readonly kind = 'cache';
  readonly tally = { hits: 0, misses: 0 };
  resident: Pages = 0;
  private readonly host: MemoryHost;
  private capacity: Pages;
  private readonly logs: PageLogs;
  /** Pages in each log. */
  private readonly sizes = new Int32Array(5);
  /** Target size of T1. */
  private p = 0;

  constructor(host: MemoryHost) {
    this.host = host;
    this.capacity = Math.max(1, host.capacity);
    this.logs = new PageLogs(host.pages, 4, this.room());
  }

  run(block: Uint32Array, offset: number, n: number, missBits?: Uint8Array, missOffset = 0): void {
    const { logs, sizes } = this;
    const { positions, owner, entries, ends } = logs;
    const stop = offset + n;
    const bits = missOffset - offset;
    let misses = 0;
    for (let from = offset; from < stop; from += STRETCH) {
      const to = Math.min(from + STRETCH, stop);
      logs.warm(block, from, to);
      for (let i = from; i < to; i++) {
        const page = block[i] & PAGE_MASK;
        const log = owner[positions[page] >> CHUNK_SHIFT];
        if (log === T1) {
          sizes[T1]--;
          sizes[T2]++;
        } else if (log !== T2) {
          misses++;
          if (missBits !== undefined) missBits[(bits + i) >> 3] |= 1 << ((bits + i) & 7);
          this.admit(page, log);
          continue;
        }
        let end = ends[T2];
        if (isChunkFull(end)) end = logs.extend(T2);
        positions[page] = end;
        entries[end] = page;
        ends[T2] = end + 1;
      }
    }
    this.tally.misses += misses;
    this.tally.hits += n - misses;
  }

  access(page: number): boolean {
    const log = this.logs.logOf(page);
    if (log !== T1 && log !== T2) {
      this.tally.misses++;
      this.admit(page, log);
      return false;
    }
    this.tally.hits++;
    this.sizes[log]--;
    this.add(T2, page);
    return true;
  }

  isResident(page: number): boolean {
    const log = this.logs.logOf(page);
    return log === T1 || log === T2;
  }

  setCapacity(pages: Pages): void {
    const capacity = Math.max(1, pages);
    this.capacity = capacity;
    if (this.p > capacity) this.p = capacity;
    const { sizes } = this;
    while (this.resident > capacity) this.replace(false);
    while (sizes[B1] > 0 && sizes[T1] + sizes[B1] > capacity) this.takeOldest(B1);
    while (sizes[B2] > 0 && this.resident + sizes[B1] + sizes[B2] > 2 * capacity) this.takeOldest(B2);
    this.logs.grow(this.room());
  }

  drop(page: number): void {
    const log = this.logs.logOf(page);
    if (log === NO_LOG) return;
    this.remove(log, page);
    if (log === T1 || log === T2) this.resident--;
  }

  private room(): number {
    return ROOM * placesFor(2 * this.capacity, this.host.pages);
  }

  private add(log: number, page: number): void {
    this.logs.append(log, page);
    this.sizes[log]++;
  }

  private remove(log: number, page: number): void {
    this.logs.remove(page);
    this.sizes[log]--;
  }

  private takeOldest(log: number): number {
    this.sizes[log]--;
    return this.logs.shift(log);
  }

  private admit(page: number, log: number): void {
    const { sizes, capacity } = this;
    if (log === NO_LOG) {
      if (sizes[T1] + sizes[B1] >= capacity) {
        if (sizes[B1] > 0) {
          this.takeOldest(B1);
          if (this.resident === capacity) this.replace(false);
        } else this.evict(T1, NO_LOG);
      } else {
        if (this.resident + sizes[B1] + sizes[B2] >= 2 * capacity) this.takeOldest(B2);
        if (this.resident === capacity) this.replace(false);
      }
      this.add(T1, page);
    } else {
      if (log === B1) this.p = Math.min(this.p + Math.max(sizes[B2] / sizes[B1], 1), capacity);
      else this.p = Math.max(this.p - Math.max(sizes[B1] / sizes[B2], 1), 0);
      this.remove(log, page);
      if (this.resident === capacity) this.replace(log === B2);
      this.add(T2, page);
    }
    this.resident++;
  }

  private replace(hitInB2: boolean): void {
    const { sizes } = this;
    const t1 = sizes[T1];
    if ((t1 > 0 && (t1 > this.p || (t1 === this.p && hitInB2))) || sizes[T2] === 0) this.evict(T1, B1);
    else this.evict(T2, B2);
  }

  private evict(log: number, ghosts: number): void {
    const page = this.takeOldest(log);
    if (ghosts !== NO_LOG) this.add(ghosts, page);
    this.resident--;
    this.host.evicted?.(page);
  }
}

export const arc: ReclaimVariant = {
  id: 'arc',
  title: 'ARC',
  mechanism: 'reclaim',
  family: 'reference',
  year: 2003,
  summary: 'Recency list and frequency list share memory; hits on the ghosts of either move the border.',
  knobs: [],
  source: { kind: 'published', where: 'Megiddo, Modha, ARC, FAST 2003; libCacheSim ARC.c' },
  create: (host) => new Arc(host),
};
