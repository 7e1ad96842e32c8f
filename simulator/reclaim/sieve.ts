/**
 * SIEVE: one queue in order of arrival, a visited bit, and a hand that walks from old to young. It clears visited pages where they stand and
 * evicts the first that is not, so survivors keep their place and new pages are judged soon.
 *
 * Source: Zhang, Yang, Yue, Vigfusson, Rashmi, "SIEVE is simpler than LRU", NSDI 2024. Equal to libCacheSim's Sieve, miss for miss. No known
 * divergence. The queue is an array with holes, not a list: what leaves in the middle leaves a hole, and the living move down when the array
 * is full.
 * Memory: 8 bytes a frame, 1 a tracked page.
 */
import { PAGE_MASK } from '../machine/access.ts';
import { RESIDENT, type CacheReclaimer, type MemoryHost, type ReclaimVariant } from '../machine/reclaimer.ts';
import type { Pages } from '../units.ts';
import { placesFor } from './share-of.ts';
import { STRETCH, warm } from './warm.ts';

const VISITED = 2;
/** Gone for good, but its entry is still queued. */
const STALE = 4;
const HOLE = -1;
const roomFor = (capacity: Pages) => Math.max(2 * capacity, 256);

class Sieve implements CacheReclaimer {
  readonly kind = 'cache';
  private readonly state: Uint8Array;
  readonly tally = { hits: 0, misses: 0 };
  resident: Pages = 0;
  warmth = 0;
  private readonly host: MemoryHost;
  private capacity: Pages;
  /** Oldest first, with holes. */
  private queue: Int32Array;
  /** Entries before this are holes. */
  private start = 0;
  private end = 0;
  private hand = 0;

  constructor(host: MemoryHost) {
    this.host = host;
    this.capacity = Math.max(1, host.capacity);
    this.state = new Uint8Array(host.pages);
    this.queue = new Int32Array(roomFor(placesFor(this.capacity, this.host.pages)));
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
        const s = state[page];
        if ((s & RESIDENT) !== 0) {
          if (s === RESIDENT) state[page] = RESIDENT | VISITED;
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
    if ((this.state[page] & RESIDENT) !== 0) {
      this.tally.hits++;
      this.state[page] = RESIDENT | VISITED;
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
    this.trim();
    this.compact();
    const queue = new Int32Array(roomFor(placesFor(this.capacity, this.host.pages)));
    queue.set(this.queue.subarray(0, this.end));
    this.queue = queue;
  }

  drop(page: number): void {
    if ((this.state[page] & RESIDENT) === 0) return;
    this.state[page] = STALE;
    this.resident--;
  }

  private admit(page: number): void {
    if (this.resident === this.capacity) this.evict();
    this.trim();
    if (this.end === this.queue.length || this.state[page] === STALE) this.compact();
    this.queue[this.end++] = page;
    this.state[page] = RESIDENT;
    this.resident++;
  }

  private evict(): void {
    const { state, queue, end } = this;
    let hand = this.hand;
    for (;;) {
      if (hand === end) hand = this.start;
      const page = queue[hand];
      if (page !== HOLE) {
        const s = state[page];
        if (s === (RESIDENT | VISITED)) state[page] = RESIDENT;
        else {
          queue[hand] = HOLE;
          if (hand === this.start) this.start++;
          state[page] = 0;
          if (s === RESIDENT) {
            this.hand = hand + 1;
            this.resident--;
            this.host.evicted?.(page);
            return;
          }
        }
      } else if (hand === this.start) this.start++;
      hand++;
    }
  }

  /** A hand that has passed the youngest page starts over at the oldest, not at the page that comes in next. */
  private trim(): void {
    const { state, queue, start } = this;
    let end = this.end;
    while (end > start) {
      const page = queue[end - 1];
      if (page !== HOLE) {
        if ((state[page] & RESIDENT) !== 0) break;
        state[page] = 0;
      }
      end--;
    }
    this.end = end;
    if (this.hand >= end) this.hand = start;
  }

  private compact(): void {
    const { state, queue } = this;
    let to = 0;
    let hand = 0;
    for (let from = this.start; from < this.end; from++) {
      if (from === this.hand) hand = to;
      const page = queue[from];
      if (page === HOLE) continue;
      if ((state[page] & RESIDENT) !== 0) queue[to++] = page;
      else state[page] = 0;
    }
    this.hand = hand;
    this.start = 0;
    this.end = to;
  }
}

export const sieve: ReclaimVariant = {
  id: 'sieve',
  title: 'SIEVE',
  mechanism: 'reclaim',
  family: 'reference',
  year: 2024,
  summary: 'A FIFO whose hand takes unvisited pages out of the middle; visited ones stay where they are.',
  knobs: [],
  source: {
    kind: 'published',
    where: 'Zhang, Yang, Yue, Vigfusson, Rashmi, SIEVE is simpler than LRU, NSDI 2024; libCacheSim Sieve.c',
  },
  create: (host) => new Sieve(host),
};
