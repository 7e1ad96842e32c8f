/**
 * CLOCK with adaptive replacement: ARC with clocks in place of its two LRU lists, so that a hit costs one bit.
 *
 * Source: Bansal, Modha, "CAR: clock with adaptive replacement", FAST 2004. `p` is a real number, as in our ARC. No known divergence from the
 * paper.
 * Memory: 15.3 bytes a frame (the four lists), 5 a tracked page.
 */
import { PAGE_MASK } from '../machine/access.ts';
import { RESIDENT, type CacheReclaimer, type MemoryHost, type ReclaimVariant } from '../machine/reclaimer.ts';
import type { Pages } from '../units.ts';
import { NO_LOG, PageLogs } from './page-logs.ts';
import { placesFor } from './share-of.ts';
import { STRETCH, warm } from './warm.ts';

/** Clocks: the hand is at the old end, a page that is passed goes to the young one. */
const T1 = 1;
const T2 = 2;
const B1 = 3;
const B2 = 4;
/** Entries a page that is in memory or a ghost: there are at most two such pages a frame. */
const ROOM = 1.875;

const REFERENCED = 2;

class Car implements CacheReclaimer {
  readonly kind = 'cache';
  readonly tally = { hits: 0, misses: 0 };
  resident: Pages = 0;
  private readonly host: MemoryHost;
  private capacity: Pages;
  private readonly state: Uint8Array;
  private readonly logs: PageLogs;
  /** Pages in each log. */
  private readonly sizes = new Int32Array(5);
  /** Target size of T1. */
  private p = 0;
  warmth = 0;

  constructor(host: MemoryHost) {
    this.host = host;
    this.capacity = Math.max(1, host.capacity);
    this.state = new Uint8Array(host.pages);
    this.logs = new PageLogs(host.pages, 4, this.room());
  }

  run(block: Uint32Array, offset: number, n: number, missBits?: Uint8Array, missOffset = 0): void {
    const { state, logs } = this;
    const stop = offset + n;
    const bits = missOffset - offset;
    let misses = 0;
    for (let from = offset; from < stop; from += STRETCH) {
      const to = Math.min(from + STRETCH, stop);
      this.warmth = warm(state, block, from, to);
      logs.warm(block, from, to);
      for (let i = from; i < to; i++) {
        const page = block[i] & PAGE_MASK;
        const s = state[page];
        if ((s & RESIDENT) !== 0) {
          if ((s & REFERENCED) === 0) state[page] = s | REFERENCED;
          continue;
        }
        misses++;
        if (missBits !== undefined) missBits[(bits + i) >> 3] |= 1 << ((bits + i) & 7);
        this.admit(page);
      }
    }
    this.tally.misses += misses;
    this.tally.hits += n - misses;
  }

  access(page: number): boolean {
    if (this.isResident(page)) {
      this.tally.hits++;
      this.state[page] |= REFERENCED;
      return true;
    }
    this.tally.misses++;
    this.admit(page);
    return false;
  }

  isResident(page: number): boolean {
    return (this.state[page] & RESIDENT) !== 0;
  }

  setCapacity(pages: Pages): void {
    const capacity = Math.max(1, pages);
    this.capacity = capacity;
    if (this.p > capacity) this.p = capacity;
    const { sizes } = this;
    while (this.resident > capacity) this.replace();
    while (sizes[B1] > 0 && sizes[T1] + sizes[B1] > capacity) this.takeOldest(B1);
    while (sizes[B2] > 0 && this.resident + sizes[B1] + sizes[B2] > 2 * capacity) this.takeOldest(B2);
    this.logs.grow(this.room());
  }

  drop(page: number): void {
    const log = this.logs.logOf(page);
    if (log === NO_LOG) return;
    this.remove(log, page);
    if (log === T1 || log === T2) this.resident--;
    this.state[page] = 0;
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

  private admit(page: number): void {
    const { sizes, capacity } = this;
    if (this.resident === capacity) this.replace();
    const log = this.logs.logOf(page);
    if (log === NO_LOG) {
      if (sizes[B1] > 0 && sizes[T1] + sizes[B1] >= capacity) this.takeOldest(B1);
      else if (sizes[B2] > 0 && this.resident + sizes[B1] + sizes[B2] >= 2 * capacity) this.takeOldest(B2);
      this.add(T1, page);
    } else {
      if (log === B1) this.p = Math.min(this.p + Math.max(sizes[B2] / sizes[B1], 1), capacity);
      else this.p = Math.max(this.p - Math.max(sizes[B1] / sizes[B2], 1), 0);
      this.remove(log, page);
      this.add(T2, page);
    }
    this.state[page] = RESIDENT;
    this.resident++;
  }

  private replace(): void {
    const { state, sizes } = this;
    for (;;) {
      const fromT1 = sizes[T2] === 0 || (sizes[T1] > 0 && sizes[T1] >= Math.max(1, this.p));
      const page = this.takeOldest(fromT1 ? T1 : T2);
      if ((state[page] & REFERENCED) !== 0) {
        this.add(T2, page);
        state[page] = RESIDENT;
        continue;
      }
      this.add(fromT1 ? B1 : B2, page);
      state[page] = 0;
      this.resident--;
      this.host.evicted?.(page);
      return;
    }
  }
}

export const car: ReclaimVariant = {
  id: 'car',
  title: 'CAR',
  mechanism: 'reclaim',
  family: 'reference',
  year: 2004,
  summary: 'ARC with clocks instead of LRU lists: as adaptive, and a hit only sets a bit.',
  knobs: [],
  source: { kind: 'published', where: 'Bansal, Modha, CAR: clock with adaptive replacement, FAST 2004' },
  create: (host) => new Car(host),
};
