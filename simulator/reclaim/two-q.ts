/**
 * 2Q, full version: a page comes into a FIFO (A1in) and is forgotten there unless it is asked for again while its ghost (A1out) is still
 * remembered; only then it enters the LRU list (Am). Hits in A1in change nothing: they are correlated references.
 *
 * Source: Johnson, Shasha, "2Q: a low overhead high performance buffer management replacement algorithm", VLDB 1994. Equal to libCacheSim's
 * TwoQ, miss for miss. No known divergence.
 * Memory: with the defaults 15.4 bytes a frame (the three lists), 4 a tracked page.
 */
import { PAGE_MASK } from '../machine/access.ts';
import type { CacheReclaimer, MemoryHost, ReclaimVariant } from '../machine/reclaimer.ts';
import type { KnobValues } from '../plan.ts';
import { knob, share, valueOf } from '../tables/define.ts';
import type { Pages, Ppm } from '../units.ts';
import { CHUNK_SHIFT, NO_LOG, PageLogs } from './page-logs.ts';
import { placesFor, shareOf } from './share-of.ts';
import { STRETCH } from './warm.ts';

const source = { kind: 'published', where: 'Johnson, Shasha, 2Q, VLDB 1994; libCacheSim TwoQ.c' } as const;

const kin = knob({
  name: 'kin',
  scope: 'variant',
  type: share(0, 990_000),
  default: 250_000,
  doc: 'Share of memory for pages seen once (A1in).',
  source,
});
const kout = knob({
  name: 'kout',
  scope: 'variant',
  type: share(0, 4_000_000),
  default: 500_000,
  doc: 'How many pages that left A1in are remembered (A1out), as a share of memory.',
  source,
});

const A1IN = 1;
const AM = 2;
const A1OUT = 3;
/** Entries a page that is in memory or remembered. */
const ROOM = 2.5;

class TwoQ implements CacheReclaimer {
  readonly kind = 'cache';
  readonly tally = { hits: 0, misses: 0 };
  resident: Pages = 0;
  private readonly host: MemoryHost;
  private readonly kinShare: Ppm;
  private readonly koutShare: Ppm;
  private capacity: Pages = 0;
  private kinPages: Pages = 0;
  private koutPages: Pages = 0;
  private a1inPages: Pages = 0;
  private ghosts: Pages = 0;
  private readonly logs: PageLogs;

  constructor(host: MemoryHost, values: KnobValues) {
    this.host = host;
    this.kinShare = valueOf(values, kin);
    this.koutShare = valueOf(values, kout);
    this.divide(host.capacity);
    this.logs = new PageLogs(host.pages, 3, this.room());
  }

  run(block: Uint32Array, offset: number, n: number, missBits?: Uint8Array, missOffset = 0): void {
    const { logs } = this;
    const { positions, owner } = logs;
    const stop = offset + n;
    const bits = missOffset - offset;
    let misses = 0;
    for (let from = offset; from < stop; from += STRETCH) {
      const to = Math.min(from + STRETCH, stop);
      logs.warm(block, from, to);
      for (let i = from; i < to; i++) {
        const page = block[i] & PAGE_MASK;
        const log = owner[positions[page] >> CHUNK_SHIFT];
        if (log === AM) logs.append(AM, page);
        else if (log !== A1IN) {
          misses++;
          if (missBits !== undefined) missBits[(bits + i) >> 3] |= 1 << ((bits + i) & 7);
          this.admit(page, log);
        }
      }
    }
    this.tally.misses += misses;
    this.tally.hits += n - misses;
  }

  access(page: number): boolean {
    const log = this.logs.logOf(page);
    if (log === A1IN || log === AM) {
      this.tally.hits++;
      if (log === AM) this.logs.append(AM, page);
      return true;
    }
    this.tally.misses++;
    this.admit(page, log);
    return false;
  }

  isResident(page: number): boolean {
    const log = this.logs.logOf(page);
    return log === A1IN || log === AM;
  }

  setCapacity(pages: Pages): void {
    this.divide(pages);
    while (this.ghosts > this.koutPages) this.forgetGhost();
    while (this.resident > this.capacity) this.evict();
    this.logs.grow(this.room());
  }

  drop(page: number): void {
    const log = this.logs.logOf(page);
    if (log === NO_LOG) return;
    this.logs.remove(page);
    if (log === A1OUT) this.ghosts--;
    else {
      this.resident--;
      if (log === A1IN) this.a1inPages--;
    }
  }

  private divide(pages: Pages): void {
    this.capacity = Math.max(1, pages);
    this.kinPages = shareOf(this.capacity, this.kinShare);
    this.koutPages = shareOf(this.capacity, this.koutShare);
  }

  private room(): number {
    return ROOM * placesFor(this.capacity + this.koutPages, this.host.pages);
  }

  private admit(page: number, log: number): void {
    if (log === A1OUT) {
      this.logs.remove(page);
      this.ghosts--;
      if (this.resident === this.capacity) this.evict();
      this.logs.append(AM, page);
    } else {
      if (this.resident === this.capacity) this.evict();
      this.logs.append(A1IN, page);
      this.a1inPages++;
    }
    this.resident++;
  }

  private evict(): void {
    this.resident--;
    const fromA1in = this.a1inPages > this.kinPages || this.a1inPages === this.resident + 1;
    const page = this.logs.shift(fromA1in ? A1IN : AM);
    if (fromA1in) {
      this.a1inPages--;
      this.remember(page);
    }
    this.host.evicted?.(page);
  }

  private remember(page: number): void {
    if (this.koutPages === 0) return;
    if (this.ghosts === this.koutPages) this.forgetGhost();
    this.logs.append(A1OUT, page);
    this.ghosts++;
  }

  private forgetGhost(): void {
    this.logs.shift(A1OUT);
    this.ghosts--;
  }
}

export const twoQ: ReclaimVariant = {
  id: '2q',
  title: '2Q',
  mechanism: 'reclaim',
  family: 'reference',
  year: 1994,
  summary: 'A page must be asked for again after it has left a short FIFO before it enters the LRU list.',
  knobs: [kin, kout],
  source,
  create: (host, values) => new TwoQ(host, values),
};
