/**
 * Belady's optimum: evicts the page whose next use is farthest away. It must be told the future, so it is a bound and not a policy; nothing
 * that fetches on demand misses less.
 *
 * Source: Belady, "A study of replacement algorithms for a virtual-storage computer", IBM Systems Journal 5(2), 1966. As many misses as
 * libCacheSim's Belady. No known divergence; among pages that are never used again any may go, which changes no count.
 * Memory: 8 bytes a frame (a binary heap by next use), 8 a tracked page, and 4 an access for the future it is told.
 */
import { PAGE_MASK } from '../machine/access.ts';
import type { CacheReclaimer, FutureAccesses, MemoryHost, ReclaimVariant } from '../machine/reclaimer.ts';
import type { Pages } from '../units.ts';
import { placesFor } from './share-of.ts';
import { STRETCH } from './warm.ts';

const NEVER = 0xffffffff;

class Opt implements CacheReclaimer {
  readonly kind = 'cache';
  readonly tally = { hits: 0, misses: 0 };
  resident: Pages = 0;
  private readonly host: MemoryHost;
  private capacity: Pages;
  private next: Uint32Array | null = null;
  /** For each page, the index of its next access. */
  private cursor: Uint32Array = new Uint32Array(0);
  /** No index before this one is to come any more. */
  private now = 0;
  /** A heap, from 1 on: the farthest next use on top. */
  private heapPage: Int32Array;
  private heapNext: Uint32Array;
  /** Where each page is in the heap; 0: not in memory. */
  private readonly at: Int32Array;
  warmth = 0;

  constructor(host: MemoryHost) {
    this.host = host;
    this.capacity = Math.max(1, host.capacity);
    this.heapPage = new Int32Array(1 + placesFor(this.capacity, this.host.pages));
    this.heapNext = new Uint32Array(1 + placesFor(this.capacity, this.host.pages));
    this.at = new Int32Array(host.pages);
  }

  foresee(future: FutureAccesses): void {
    this.next = future.next;
    this.cursor = new Uint32Array(future.first);
    this.now = 0;
  }

  run(block: Uint32Array, offset: number, n: number, missBits?: Uint8Array, missOffset = 0): void {
    const next = this.future();
    const { cursor, at: heap } = this;
    let misses = 0;
    for (let i = 0; i < n; i++) {
      if (i % STRETCH === 0) this.warm(block, offset + i, offset + Math.min(i + STRETCH, n));
      const page = block[offset + i] & PAGE_MASK;
      const at = cursor[page];
      let use: number;
      if (at === this.now) {
        use = next[at];
        cursor[page] = use;
        this.now++;
      } else use = this.nextUse(page);
      const place = heap[page];
      if (place !== 0) {
        this.up(place, page, use);
        continue;
      }
      misses++;
      if (missBits !== undefined) missBits[(missOffset + i) >> 3] |= 1 << ((missOffset + i) & 7);
      this.admit(page, use);
    }
    this.tally.misses += misses;
    this.tally.hits += n - misses;
  }

  private warm(block: Uint32Array, from: number, to: number): void {
    const { cursor, at } = this;
    let sum = 0;
    for (let i = from; i < to; i++) sum += cursor[block[i] & PAGE_MASK] + at[block[i] & PAGE_MASK];
    this.warmth = sum | 0;
  }

  access(page: number): boolean {
    const use = this.nextUse(page);
    if (this.isResident(page)) {
      this.tally.hits++;
      this.up(this.at[page], page, use);
      return true;
    }
    this.tally.misses++;
    this.admit(page, use);
    return false;
  }

  isResident(page: number): boolean {
    return this.at[page] !== 0;
  }

  setCapacity(pages: Pages): void {
    this.capacity = Math.max(1, pages);
    while (this.resident > this.capacity) this.evict();
    const heapPage = new Int32Array(1 + placesFor(this.capacity, this.host.pages));
    const heapNext = new Uint32Array(1 + placesFor(this.capacity, this.host.pages));
    heapPage.set(this.heapPage.subarray(0, 1 + this.resident));
    heapNext.set(this.heapNext.subarray(0, 1 + this.resident));
    this.heapPage = heapPage;
    this.heapNext = heapNext;
  }

  drop(page: number): void {
    if (this.isResident(page)) this.takeOut(this.at[page]);
  }

  bringIn(page: number): void {
    if (!this.isResident(page)) this.admit(page, this.upcoming(page));
  }

  /** Notes an access and says when the page is used next. Not all foreseen accesses need come here: locked pages need no policy. */
  private nextUse(page: number): number {
    const at = this.upcoming(page);
    if (at === NEVER) return NEVER;
    this.now = at + 1;
    return (this.cursor[page] = this.future()[at]);
  }

  private upcoming(page: number): number {
    const next = this.future();
    let at = this.cursor[page];
    while (at < this.now) at = next[at];
    this.cursor[page] = at;
    return at;
  }

  private future(): Uint32Array {
    if (this.next === null) throw new Error('OPT must be told the future (foresee) before the first access');
    return this.next;
  }

  private admit(page: number, use: number): void {
    if (this.resident === this.capacity) this.evict();
    this.up(++this.resident, page, use);
  }

  private evict(): void {
    const page = this.heapPage[1];
    this.takeOut(1);
    this.host.evicted?.(page);
  }

  /** Puts a page at hole `i` or above. A page that has just been used was next of all: its new use is never nearer, so it only rises. */
  private up(i: number, page: number, use: number): void {
    const { heapPage, heapNext, at } = this;
    while (i > 1) {
      const parent = i >> 1;
      if (heapNext[parent] >= use) break;
      const moved = heapPage[parent];
      heapPage[i] = moved;
      heapNext[i] = heapNext[parent];
      at[moved] = i;
      i = parent;
    }
    heapPage[i] = page;
    heapNext[i] = use;
    at[page] = i;
  }

  /** Takes the page at `i` out of the heap; the last one closes the hole. */
  private takeOut(i: number): void {
    const { heapPage, heapNext, at } = this;
    const last = this.resident--;
    at[heapPage[i]] = 0;
    if (i === last) return;
    const page = heapPage[last];
    const use = heapNext[last];
    for (;;) {
      let child = 2 * i;
      if (child >= last) break;
      if (child + 1 < last && heapNext[child + 1] > heapNext[child]) child++;
      if (heapNext[child] <= use) break;
      const moved = heapPage[child];
      heapPage[i] = moved;
      heapNext[i] = heapNext[child];
      at[moved] = i;
      i = child;
    }
    this.up(i, page, use);
  }
}

export const opt: ReclaimVariant = {
  id: 'opt',
  title: 'OPT',
  mechanism: 'reclaim',
  family: 'ruler',
  clairvoyant: true,
  year: 1966,
  summary:
    'Evicts the page whose next use is farthest in the future: the fewest misses that fetching on demand allows.',
  knobs: [],
  source: {
    kind: 'published',
    where: 'Belady, A study of replacement algorithms for a virtual-storage computer, IBM Syst. J. 5(2), 1966',
  },
  create: (host) => new Opt(host),
};
