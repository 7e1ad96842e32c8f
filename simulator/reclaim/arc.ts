/**
 * Adaptive replacement cache: two LRU lists, seen once (T1) and more often (T2), each with the ghosts of what left it (B1, B2). A hit on a
 * ghost says which list was too short, and moves the target `p` for T1.
 *
 * Source: Megiddo, Modha, "ARC: a self-tuning, low overhead replacement cache", FAST 2003. `p` is a real number and moves by the ratio of the
 * ghost lists, at least 1; as in libCacheSim's ARC, to which this is equal, miss for miss. No known divergence.
 * Memory: 9 bytes a tracked page, nothing a frame.
 */
import { PAGE_MASK } from '../machine/access.ts';
import { RESIDENT, type CacheReclaimer, type MemoryHost, type ReclaimVariant } from '../machine/reclaimer.ts';
import type { Pages } from '../units.ts';
import { PageLists } from './page-lists.ts';

const T1 = 0;
const T2 = 1;
const B1 = 2;
const B2 = 3;

// State bytes; no bit: not known at all.
const IN_T1 = RESIDENT;
const IN_T2 = RESIDENT | 2;
const IN_B1 = 4;
const IN_B2 = 8;

class Arc implements CacheReclaimer {
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
    const { state, lists } = this;
    const { prev, next } = lists;
    const t2 = lists.pages + T2;
    let misses = 0;
    for (let i = 0; i < n; i++) {
      const page = block[offset + i] & PAGE_MASK;
      const s = state[page];
      if ((s & RESIDENT) === 0) {
        misses++;
        if (missBits !== undefined) missBits[(missOffset + i) >> 3] |= 1 << ((missOffset + i) & 7);
        this.admit(page);
        continue;
      }
      const first = next[t2];
      if (first === page) continue;
      if (s === IN_T1) {
        state[page] = IN_T2;
        lists.sizes[T1]--;
        lists.sizes[T2]++;
      }
      const before = prev[page];
      const after = next[page];
      next[before] = after;
      prev[after] = before;
      // What is first may have changed only by `page` leaving, and `page` was not first.
      prev[page] = t2;
      next[page] = first;
      prev[first] = page;
      next[t2] = page;
    }
    this.tally.misses += misses;
    this.tally.hits += n - misses;
  }

  access(page: number): boolean {
    const s = this.state[page];
    if ((s & RESIDENT) === 0) {
      this.tally.misses++;
      this.admit(page);
      return false;
    }
    this.tally.hits++;
    this.lists.remove(s === IN_T1 ? T1 : T2, page);
    this.lists.pushFront(T2, page);
    this.state[page] = IN_T2;
    return true;
  }

  setCapacity(pages: Pages): void {
    const capacity = Math.max(1, pages);
    this.capacity = capacity;
    if (this.p > capacity) this.p = capacity;
    const sizes = this.lists.sizes;
    while (this.resident > capacity) this.replace(false);
    while (sizes[B1] > 0 && sizes[T1] + sizes[B1] > capacity) this.forget(B1);
    while (sizes[B2] > 0 && this.resident + sizes[B1] + sizes[B2] > 2 * capacity) this.forget(B2);
  }

  drop(page: number): void {
    const s = this.state[page];
    if (s === 0) return;
    this.lists.remove(s === IN_T1 ? T1 : s === IN_T2 ? T2 : s === IN_B1 ? B1 : B2, page);
    if ((s & RESIDENT) !== 0) this.resident--;
    this.state[page] = 0;
  }

  private admit(page: number): void {
    const { state, lists, capacity } = this;
    const sizes = lists.sizes;
    const s = state[page];
    if (s === 0) {
      if (sizes[T1] + sizes[B1] >= capacity) {
        if (sizes[B1] > 0) {
          this.forget(B1);
          if (this.resident === capacity) this.replace(false);
        } else this.evict(T1, 0);
      } else {
        if (this.resident + sizes[B1] + sizes[B2] >= 2 * capacity) this.forget(B2);
        if (this.resident === capacity) this.replace(false);
      }
      lists.pushFront(T1, page);
      state[page] = IN_T1;
    } else {
      if (s === IN_B1) {
        this.p = Math.min(this.p + Math.max(sizes[B2] / sizes[B1], 1), capacity);
        lists.remove(B1, page);
      } else {
        this.p = Math.max(this.p - Math.max(sizes[B1] / sizes[B2], 1), 0);
        lists.remove(B2, page);
      }
      if (this.resident === capacity) this.replace(s === IN_B2);
      lists.pushFront(T2, page);
      state[page] = IN_T2;
    }
    this.resident++;
  }

  private replace(hitInB2: boolean): void {
    const sizes = this.lists.sizes;
    const t1 = sizes[T1];
    if ((t1 > 0 && (t1 > this.p || (t1 === this.p && hitInB2))) || sizes[T2] === 0) this.evict(T1, IN_B1);
    else this.evict(T2, IN_B2);
  }

  private evict(list: number, becomes: number): void {
    const page = this.lists.popBack(list);
    if (becomes !== 0) this.lists.pushFront(becomes === IN_B1 ? B1 : B2, page);
    this.state[page] = becomes;
    this.resident--;
    this.host.evicted(page);
  }

  private forget(list: number): void {
    this.state[this.lists.popBack(list)] = 0;
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
