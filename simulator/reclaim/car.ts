/**
 * CLOCK with adaptive replacement: ARC with clocks in place of its two LRU lists, so that a hit costs one bit.
 *
 * Source: Bansal, Modha, "CAR: clock with adaptive replacement", FAST 2004. `p` is a real number, as in our ARC. No known divergence from the
 * paper.
 * Memory: 9 bytes a tracked page, nothing a frame.
 */
import { PAGE_MASK } from '../machine/access.ts';
import { RESIDENT, type CacheReclaimer, type MemoryHost, type ReclaimVariant } from '../machine/reclaimer.ts';
import type { Pages } from '../units.ts';
import { PageLists } from './page-lists.ts';

/** Clocks: the hand is at the back, a page that is passed goes to the front. */
const T1 = 0;
const T2 = 1;
const B1 = 2;
const B2 = 3;

const REFERENCED = 2;
const IN_T2 = 4;
const IN_B1 = 8;
const IN_B2 = 16;

class Car implements CacheReclaimer {
  readonly kind = 'cache';
  readonly state: Uint8Array;
  readonly tally = { hits: 0, misses: 0 };
  resident: Pages = 0;
  private readonly host: MemoryHost;
  private capacity: Pages;
  private readonly lists: PageLists;
  /** Target size of T1. */
  private p = 0;

  constructor(host: MemoryHost) {
    this.host = host;
    this.capacity = Math.max(1, host.capacity);
    this.state = new Uint8Array(host.pages);
    this.lists = new PageLists(host.pages, 4);
  }

  run(block: Uint32Array, offset: number, n: number, missBits?: Uint8Array, missOffset = 0): void {
    const state = this.state;
    let misses = 0;
    for (let i = 0; i < n; i++) {
      const page = block[offset + i] & PAGE_MASK;
      const s = state[page];
      if ((s & RESIDENT) !== 0) {
        if ((s & REFERENCED) === 0) state[page] = s | REFERENCED;
        continue;
      }
      misses++;
      if (missBits !== undefined) missBits[(missOffset + i) >> 3] |= 1 << ((missOffset + i) & 7);
      this.admit(page);
    }
    this.tally.misses += misses;
    this.tally.hits += n - misses;
  }

  access(page: number): boolean {
    if ((this.state[page] & RESIDENT) !== 0) {
      this.tally.hits++;
      this.state[page] |= REFERENCED;
      return true;
    }
    this.tally.misses++;
    this.admit(page);
    return false;
  }

  setCapacity(pages: Pages): void {
    const capacity = Math.max(1, pages);
    this.capacity = capacity;
    if (this.p > capacity) this.p = capacity;
    const sizes = this.lists.sizes;
    while (this.resident > capacity) this.replace();
    while (sizes[B1] > 0 && sizes[T1] + sizes[B1] > capacity) this.forget(B1);
    while (sizes[B2] > 0 && this.resident + sizes[B1] + sizes[B2] > 2 * capacity) this.forget(B2);
  }

  drop(page: number): void {
    const s = this.state[page];
    if (s === 0) return;
    if ((s & RESIDENT) !== 0) {
      this.lists.remove((s & IN_T2) !== 0 ? T2 : T1, page);
      this.resident--;
    } else this.lists.remove(s === IN_B1 ? B1 : B2, page);
    this.state[page] = 0;
  }

  private admit(page: number): void {
    const { state, lists, capacity } = this;
    const sizes = lists.sizes;
    const s = state[page];
    if (this.resident === capacity) this.replace();
    if (s === 0) {
      if (sizes[B1] > 0 && sizes[T1] + sizes[B1] >= capacity) this.forget(B1);
      else if (sizes[B2] > 0 && this.resident + sizes[B1] + sizes[B2] >= 2 * capacity) this.forget(B2);
      lists.pushFront(T1, page);
      state[page] = RESIDENT;
    } else {
      if (s === IN_B1) {
        this.p = Math.min(this.p + Math.max(sizes[B2] / sizes[B1], 1), capacity);
        lists.remove(B1, page);
      } else {
        this.p = Math.max(this.p - Math.max(sizes[B1] / sizes[B2], 1), 0);
        lists.remove(B2, page);
      }
      lists.pushFront(T2, page);
      state[page] = RESIDENT | IN_T2;
    }
    this.resident++;
  }

  private replace(): void {
    const { state, lists, host } = this;
    const sizes = lists.sizes;
    for (;;) {
      const fromT1 = sizes[T2] === 0 || (sizes[T1] > 0 && sizes[T1] >= Math.max(1, this.p));
      const page = lists.popBack(fromT1 ? T1 : T2);
      if ((state[page] & REFERENCED) !== 0) {
        lists.pushFront(T2, page);
        state[page] = RESIDENT | IN_T2;
        continue;
      }
      lists.pushFront(fromT1 ? B1 : B2, page);
      state[page] = fromT1 ? IN_B1 : IN_B2;
      this.resident--;
      host.evicted(page);
      return;
    }
  }

  private forget(list: number): void {
    this.state[this.lists.popBack(list)] = 0;
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
