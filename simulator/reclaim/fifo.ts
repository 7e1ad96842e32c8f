/**
 * First in, first out: pages leave in the order they came, used or not. The floor to stand on, and the policy that can get worse with more
 * memory (Belady's anomaly).
 *
 * Source: Belady, Nelson, Shedler, "An anomaly in space-time characteristics of certain programs running in a paging machine", CACM 12(6),
 * 1969. Equal to libCacheSim's FIFO, miss for miss. No known divergence.
 * Memory: 4 bytes a frame (the ring), 1 a tracked page.
 */
import { PAGE_MASK } from '../machine/access.ts';
import { RESIDENT, type CacheReclaimer, type MemoryHost, type ReclaimVariant } from '../machine/reclaimer.ts';
import type { Pages } from '../units.ts';
import { PageQueue } from './page-queue.ts';
import { placesFor } from './share-of.ts';
import { STRETCH, warm } from './warm.ts';

/** Gone for good, but its entry is still queued. */
const STALE = 2;

class Fifo implements CacheReclaimer {
  readonly kind = 'cache';
  private readonly state: Uint8Array;
  readonly tally = { hits: 0, misses: 0 };
  resident: Pages = 0;
  warmth = 0;
  private readonly host: MemoryHost;
  private capacity: Pages;
  private readonly queue: PageQueue;

  constructor(host: MemoryHost) {
    this.host = host;
    this.capacity = Math.max(1, host.capacity);
    this.state = new Uint8Array(host.pages);
    this.queue = new PageQueue(placesFor(this.capacity, host.pages));
  }

  run(block: Uint32Array, offset: number, n: number, missBits?: Uint8Array, missOffset = 0): void {
    const state = this.state;
    const stop = offset + n;
    const bits = missOffset - offset;
    let misses = 0;
    for (let from = offset; from < stop; from += STRETCH) {
      const to = Math.min(from + STRETCH, stop);
      this.warmth = warm(state, block, from, to);
      for (let i = from; i < to; i++) {
        const page = block[i] & PAGE_MASK;
        if ((state[page] & RESIDENT) !== 0) continue;
        misses++;
        if (missBits !== undefined) missBits[(bits + i) >> 3] |= 1 << ((bits + i) & 7);
        this.admit(page);
      }
    }
    this.tally.misses += misses;
    this.tally.hits += n - misses;
  }

  access(page: number): boolean {
    if ((this.state[page] & RESIDENT) !== 0) {
      this.tally.hits++;
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
    this.capacity = Math.max(1, pages);
    while (this.resident > this.capacity) this.evict();
    this.queue.sweep(this.state, RESIDENT, STALE);
    this.queue.resize(placesFor(this.capacity, this.host.pages));
  }

  drop(page: number): void {
    if ((this.state[page] & RESIDENT) === 0) return;
    this.state[page] = STALE;
    this.resident--;
  }

  private admit(page: number): void {
    if (this.resident === this.capacity) this.evict();
    if (this.state[page] === STALE || this.queue.full) this.queue.sweep(this.state, RESIDENT, STALE);
    this.queue.push(page);
    this.state[page] = RESIDENT;
    this.resident++;
  }

  private evict(): void {
    for (;;) {
      const page = this.queue.shift();
      const there = this.state[page] === RESIDENT;
      this.state[page] = 0;
      if (!there) continue;
      this.resident--;
      this.host.evicted?.(page);
      return;
    }
  }
}

export const fifo: ReclaimVariant = {
  id: 'fifo',
  title: 'FIFO',
  mechanism: 'reclaim',
  family: 'reference',
  year: 1969,
  summary: 'Evicts the page that came first, whatever happened to it since.',
  knobs: [],
  source: { kind: 'published', where: 'Belady, Nelson, Shedler, CACM 12(6), 1969; libCacheSim FIFO.c' },
  create: (host) => new Fifo(host),
};
