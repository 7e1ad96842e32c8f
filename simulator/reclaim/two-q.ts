/**
 * 2Q, full version: a page comes into a FIFO (A1in) and is forgotten there unless it is asked for again while its ghost (A1out) is still
 * remembered; only then it enters the LRU list (Am). Hits in A1in change nothing: they are correlated references.
 *
 * Source: Johnson, Shasha, "2Q: a low overhead high performance buffer management replacement algorithm", VLDB 1994. Equal to libCacheSim's
 * TwoQ, miss for miss. No known divergence.
 * Memory: with the defaults 16 bytes a frame (A1in 4, A1out 4, Am 8), 5 a tracked page.
 */
import { PAGE_MASK } from '../machine/access.ts';
import { RESIDENT, type CacheReclaimer, type MemoryHost, type ReclaimVariant } from '../machine/reclaimer.ts';
import type { KnobValues } from '../plan.ts';
import { knob, share, valueOf } from '../tables/define.ts';
import type { Pages, Ppm } from '../units.ts';
import { PageLog } from './page-log.ts';
import { PageQueue } from './page-queue.ts';
import { placesFor, shareOf } from './share-of.ts';

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

const IN_AM = 2;
const GHOST = 4;
/** Gone for good, but its entry is still queued in A1in. */
const STALE = 8;

class TwoQ implements CacheReclaimer {
  readonly kind = 'cache';
  readonly state: Uint8Array;
  readonly tally = { hits: 0, misses: 0 };
  resident: Pages = 0;
  private readonly host: MemoryHost;
  private readonly kinShare: Ppm;
  private readonly koutShare: Ppm;
  private capacity: Pages;
  private kinPages: Pages;
  private koutPages: Pages;
  private readonly a1in: PageQueue;
  private a1inResident: Pages = 0;
  private readonly am: PageLog;
  private readonly a1out: PageLog;
  private ghosts: Pages = 0;

  constructor(host: MemoryHost, values: KnobValues) {
    this.host = host;
    this.kinShare = valueOf(values, kin);
    this.koutShare = valueOf(values, kout);
    this.capacity = Math.max(1, host.capacity);
    this.kinPages = shareOf(this.capacity, this.kinShare);
    this.koutPages = shareOf(this.capacity, this.koutShare);
    this.state = new Uint8Array(host.pages);
    this.a1in = new PageQueue(placesFor(this.capacity, host.pages));
    const positions = new Int32Array(host.pages).fill(-1);
    this.am = new PageLog(positions, 0, 2 * placesFor(this.capacity, host.pages));
    this.a1out = new PageLog(positions, -1, 2 * placesFor(this.koutPages, host.pages));
  }

  run(block: Uint32Array, offset: number, n: number, missBits?: Uint8Array, missOffset = 0): void {
    const { state, am } = this;
    const { positions, entries } = am;
    const limit = entries.length;
    let misses = 0;
    for (let i = 0; i < n; i++) {
      const page = block[offset + i] & PAGE_MASK;
      const s = state[page];
      if ((s & RESIDENT) === 0) {
        misses++;
        if (missBits !== undefined) missBits[(missOffset + i) >> 3] |= 1 << ((missOffset + i) & 7);
        this.admit(page);
      } else if ((s & IN_AM) !== 0) {
        if (am.end === limit) am.compact();
        const at = am.end++;
        positions[page] = at;
        entries[at] = page;
      }
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
    if ((s & IN_AM) !== 0) this.am.append(page);
    return true;
  }

  setCapacity(pages: Pages): void {
    this.capacity = Math.max(1, pages);
    this.kinPages = shareOf(this.capacity, this.kinShare);
    this.koutPages = shareOf(this.capacity, this.koutShare);
    while (this.ghosts > this.koutPages) this.forgetGhost();
    while (this.resident > this.capacity) this.evict();
    this.a1in.sweep(this.state, RESIDENT, STALE);
    this.a1in.resize(placesFor(this.capacity, this.host.pages));
    this.am.resize(2 * placesFor(this.capacity, this.host.pages));
    this.a1out.resize(2 * placesFor(this.koutPages, this.host.pages));
  }

  drop(page: number): void {
    const s = this.state[page];
    if ((s & GHOST) !== 0) {
      this.a1out.remove(page);
      this.ghosts--;
      this.state[page] = 0;
    } else if ((s & RESIDENT) !== 0) {
      this.resident--;
      if ((s & IN_AM) !== 0) {
        this.am.remove(page);
        this.state[page] = 0;
      } else {
        this.a1inResident--;
        this.state[page] = STALE;
      }
    }
  }

  private admit(page: number): void {
    const s = this.state[page];
    if ((s & GHOST) !== 0) {
      this.a1out.remove(page);
      this.ghosts--;
      if (this.resident === this.capacity) this.evict();
      this.am.append(page);
      this.state[page] = RESIDENT | IN_AM;
    } else {
      if (this.resident === this.capacity) this.evict();
      if (s === STALE || this.a1in.full) this.a1in.sweep(this.state, RESIDENT, STALE);
      this.a1in.push(page);
      this.a1inResident++;
      this.state[page] = RESIDENT;
    }
    this.resident++;
  }

  private evict(): void {
    this.resident--;
    if (this.a1inResident > this.kinPages || this.a1inResident === this.resident + 1) {
      let page = this.a1in.shift();
      while (this.state[page] !== RESIDENT) {
        this.state[page] = 0;
        page = this.a1in.shift();
      }
      this.a1inResident--;
      this.remember(page);
      this.host.evicted(page);
    } else {
      const page = this.am.shift();
      this.state[page] = 0;
      this.host.evicted(page);
    }
  }

  private remember(page: number): void {
    if (this.koutPages === 0) {
      this.state[page] = 0;
      return;
    }
    if (this.ghosts === this.koutPages) this.forgetGhost();
    this.a1out.append(page);
    this.ghosts++;
    this.state[page] = GHOST;
  }

  private forgetGhost(): void {
    this.state[this.a1out.shift()] = 0;
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
