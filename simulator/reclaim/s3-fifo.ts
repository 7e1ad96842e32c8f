/**
 * S3-FIFO: a small FIFO filters what is used once, a main FIFO with a two-bit counter keeps the rest, a ghost queue remembers what the small
 * one threw out and sends it straight to the main one when it returns.
 *
 * Source: Yang, Zhang, Qiu, Yue, Vinayak, "FIFO queues are all you need for cache eviction", SOSP 2023. Equal to libCacheSim's S3FIFO, miss
 * for miss, from 20 pages up. Divergence: below that libCacheSim refuses every page (a small queue of one holds none); here it holds one.
 * The ghost queue holds 90 % of memory, as libCacheSim has it; the paper remembers as many as the main queue holds.
 * Memory: 15.4 bytes a frame (small 4, main 4, ghosts 7.4), 5 a tracked page.
 */
import { PAGE_MASK } from '../machine/access.ts';
import { RESIDENT, type CacheReclaimer, type MemoryHost, type ReclaimVariant } from '../machine/reclaimer.ts';
import type { KnobValues } from '../plan.ts';
import { integer, knob, share, valueOf } from '../tables/define.ts';
import type { Pages, Ppm } from '../units.ts';
import { PageLogs } from './page-logs.ts';
import { PageQueue } from './page-queue.ts';
import { placesFor, shareOf } from './share-of.ts';
import { STRETCH, warm } from './warm.ts';

const source = {
  kind: 'published',
  where:
    'Yang, Zhang, Qiu, Yue, Vinayak, FIFO queues are all you need for cache eviction, SOSP 2023; libCacheSim S3FIFO.c',
} as const;

const small = knob({
  name: 'small',
  scope: 'variant',
  type: share(1, 990_000),
  default: 100_000,
  doc: 'Share of memory for the small queue that every new page passes.',
  source,
});
const ghost = knob({
  name: 'ghost',
  scope: 'variant',
  type: share(0, 4_000_000),
  default: 900_000,
  doc: 'How many pages that left the small queue are remembered, as a share of memory.',
  source,
});
const threshold = knob({
  name: 'threshold',
  scope: 'variant',
  type: integer(1, 3),
  default: 2,
  doc: 'Hits in the small queue that it takes to move on to the main queue.',
  source,
});

const GHOSTS = 1;

/** Bits 1–2: hits, saturating at 3. */
const HIT_ONE = 2;
const HITS = 6;
const IN_MAIN = 8;
const GHOST = 16;
/** Gone for good, but its entry is still queued in the small or the main queue. */
const STALE_SMALL = 32;
const STALE_MAIN = 64;

class S3Fifo implements CacheReclaimer {
  readonly kind = 'cache';
  private readonly state: Uint8Array;
  readonly tally = { hits: 0, misses: 0 };
  resident: Pages = 0;
  warmth = 0;
  private readonly host: MemoryHost;
  private readonly smallShare: Ppm;
  private readonly ghostShare: Ppm;
  /** In the state byte's own scale. */
  private readonly enough: number;
  private capacity: Pages;
  private mainPages: Pages = 0;
  private ghostPages: Pages = 0;
  private readonly small: PageQueue;
  private smallResident: Pages = 0;
  private readonly main: PageQueue;
  private readonly ghosts: PageLogs;
  private ghostCount: Pages = 0;

  constructor(host: MemoryHost, values: KnobValues) {
    this.host = host;
    this.smallShare = valueOf(values, small);
    this.ghostShare = valueOf(values, ghost);
    this.enough = valueOf(values, threshold) * HIT_ONE;
    this.capacity = Math.max(1, host.capacity);
    this.divide();
    this.state = new Uint8Array(host.pages);
    this.small = new PageQueue(placesFor(this.capacity, host.pages));
    this.main = new PageQueue(placesFor(this.capacity, host.pages));
    this.ghosts = new PageLogs(host.pages, 1, 2 * placesFor(this.ghostPages, host.pages));
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
          if ((s & HITS) !== HITS) state[page] = s + HIT_ONE;
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
    const s = this.state[page];
    if ((s & RESIDENT) !== 0) {
      this.tally.hits++;
      if ((s & HITS) !== HITS) this.state[page] = s + HIT_ONE;
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
    this.divide();
    while (this.ghostCount > this.ghostPages) this.forgetGhost();
    while (this.resident > this.capacity) this.evict();
    this.sweep();
    const places = placesFor(this.capacity, this.host.pages);
    this.small.resize(places);
    this.main.resize(places);
    this.ghosts.grow(2 * placesFor(this.ghostPages, this.host.pages));
  }

  drop(page: number): void {
    const s = this.state[page];
    if ((s & GHOST) !== 0) {
      this.ghosts.remove(page);
      this.ghostCount--;
      this.state[page] = 0;
    } else if ((s & RESIDENT) !== 0) {
      this.resident--;
      if ((s & IN_MAIN) === 0) this.smallResident--;
      this.state[page] = (s & IN_MAIN) !== 0 ? STALE_MAIN : STALE_SMALL;
    }
  }

  private divide(): void {
    const smallPages = Math.max(1, shareOf(this.capacity, this.smallShare));
    this.mainPages = this.capacity - smallPages;
    this.ghostPages = shareOf(this.capacity, this.ghostShare);
  }

  private sweep(): void {
    this.small.sweep(this.state, RESIDENT, STALE_SMALL);
    this.main.sweep(this.state, RESIDENT, STALE_MAIN);
  }

  private admit(page: number): void {
    const s = this.state[page];
    const known = (s & GHOST) !== 0;
    if (known) {
      this.ghosts.remove(page);
      this.ghostCount--;
      this.state[page] = 0;
    }
    while (this.resident === this.capacity) this.evict();
    if ((s & (STALE_SMALL | STALE_MAIN)) !== 0) this.sweep();
    if (known) this.pushMain(page, RESIDENT | IN_MAIN);
    else {
      if (this.small.full) this.sweep();
      this.small.push(page);
      this.smallResident++;
      this.state[page] = RESIDENT;
    }
    this.resident++;
  }

  private pushMain(page: number, s: number): void {
    if (this.main.full) this.sweep();
    this.main.push(page);
    this.state[page] = s;
  }

  /** May find nothing to evict in the small queue, having moved everything to the main one: then it must be called again. */
  private evict(): void {
    if (this.resident - this.smallResident > this.mainPages || this.smallResident === 0) this.evictMain();
    else this.evictSmall();
  }

  private evictSmall(): void {
    const { state, small, enough } = this;
    while (this.smallResident > 0) {
      const page = small.shift();
      const s = state[page];
      if ((s & RESIDENT) === 0) {
        state[page] = 0;
        continue;
      }
      this.smallResident--;
      if ((s & HITS) >= enough) {
        // What it was used for in the small queue does not count in the main one.
        this.pushMain(page, RESIDENT | IN_MAIN);
        continue;
      }
      this.resident--;
      this.remember(page);
      this.host.evicted?.(page);
      return;
    }
  }

  private evictMain(): void {
    const { state, main } = this;
    for (;;) {
      const page = main.shift();
      const s = state[page];
      if ((s & RESIDENT) === 0) {
        state[page] = 0;
        continue;
      }
      if ((s & HITS) !== 0) {
        state[page] = s - HIT_ONE;
        main.push(page);
        continue;
      }
      state[page] = 0;
      this.resident--;
      this.host.evicted?.(page);
      return;
    }
  }

  private remember(page: number): void {
    if (this.ghostPages === 0) {
      this.state[page] = 0;
      return;
    }
    if (this.ghostCount === this.ghostPages) this.forgetGhost();
    this.ghosts.append(GHOSTS, page);
    this.ghostCount++;
    this.state[page] = GHOST;
  }

  private forgetGhost(): void {
    this.state[this.ghosts.shift(GHOSTS)] = 0;
    this.ghostCount--;
  }
}

export const s3Fifo: ReclaimVariant = {
  id: 's3-fifo',
  title: 'S3-FIFO',
  mechanism: 'reclaim',
  family: 'reference',
  year: 2023,
  summary:
    'Three FIFOs: a small one to filter, a main one to keep, one of ghosts to recognise what was filtered wrongly.',
  knobs: [small, ghost, threshold],
  source,
  create: (host, values) => new S3Fifo(host, values),
};
