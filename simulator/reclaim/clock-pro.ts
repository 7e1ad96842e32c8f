/**
 * CLOCK-Pro: LIRS on one clock. Hot pages, cold pages, and the ghosts of cold pages still in their test period stand on one ring in order of
 * arrival; three hands pass over it. A cold page used again during its test becomes hot and moves to the head; the share of memory left to
 * cold pages grows with each such success and shrinks with each test that ends without one.
 *
 * Source: Jiang, Chen, Zhang, "CLOCK-Pro: an effective improvement of the CLOCK replacement", USENIX ATC 2005. Starts with all of memory for
 * cold pages, as libCacheSim does (no number in the paper). Divergence: cold pages keep at least `cold-min` of memory, where
 * the paper has no bound; libCacheSim's version refuses every page once memory is full of cold ones, and is no yardstick here.
 * Memory: 15.3 bytes a frame (the ring), 5 a tracked page.
 */
import { PAGE_MASK } from '../machine/access.ts';
import { RESIDENT, type CacheReclaimer, type MemoryHost, type ReclaimVariant } from '../machine/reclaimer.ts';
import type { KnobValues } from '../plan.ts';
import { knob, share, valueOf } from '../tables/define.ts';
import type { Pages, Ppm } from '../units.ts';
import { PageLogs } from './page-logs.ts';
import { placesFor, shareOf } from './share-of.ts';
import { STRETCH, warm } from './warm.ts';

const source = {
  kind: 'published',
  where: 'Jiang, Chen, Zhang, CLOCK-Pro: an effective improvement of the CLOCK replacement, USENIX ATC 2005',
} as const;

const cold = knob({
  name: 'cold',
  scope: 'variant',
  type: share(0, 1_000_000),
  default: 1_000_000,
  doc: 'Share of memory for cold pages at the start; it adapts.',
  source: { kind: 'published', where: 'libCacheSim ClockPro.c (init-ratio-cold=1)' },
});

const coldMin = knob({
  name: 'cold-min',
  scope: 'variant',
  type: share(0, 1_000_000),
  default: 10_000,
  doc: 'Least share of memory that cold pages keep; at least one page.',
  source: {
    kind: 'assumed',
    where: 'as much as LIRS gives its HIR pages; with one cold page each miss would turn the whole clock',
  },
});

const REFERENCED = 2;
const HOT = 4;
/** In its test period; without RESIDENT: a ghost. */
const TEST = 8;

const NONE = -1;
/** The ring, cut just behind the hot hand: its oldest page is where that hand stands, and to pass a page is to move it to the young end. */
const RING = 1;
/** Entries a page on the ring: there are at most two such pages a frame. */
const ROOM = 1.875;

class ClockPro implements CacheReclaimer {
  readonly kind = 'cache';
  private readonly state: Uint8Array;
  readonly tally = { hits: 0, misses: 0 };
  private readonly host: MemoryHost;
  private capacity: Pages;
  private hot: Pages = 0;
  private cold: Pages = 0;
  private ghosts: Pages = 0;
  /** Pages that cold ones may have; the rest is for hot ones. */
  private coldTarget: Pages;
  private coldLeast: Pages;
  private readonly coldMinShare: Ppm;
  private readonly logs: PageLogs;
  private handCold = NONE;
  private handTest = NONE;
  warmth = 0;

  constructor(host: MemoryHost, values: KnobValues) {
    this.host = host;
    this.capacity = Math.max(1, host.capacity);
    this.coldMinShare = valueOf(values, coldMin);
    this.coldLeast = Math.max(1, shareOf(this.capacity, this.coldMinShare));
    this.coldTarget = Math.max(this.coldLeast, shareOf(this.capacity, valueOf(values, cold)));
    this.state = new Uint8Array(host.pages);
    this.logs = new PageLogs(host.pages, 1, this.room());
  }

  get resident(): Pages {
    return this.hot + this.cold;
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
    if ((this.state[page] & RESIDENT) !== 0) {
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
    this.capacity = Math.max(1, pages);
    this.coldLeast = Math.max(1, shareOf(this.capacity, this.coldMinShare));
    this.coldTarget = Math.max(this.coldLeast, Math.min(this.coldTarget, this.capacity));
    this.balanceHot();
    while (this.resident > this.capacity) this.turnCold();
    while (this.ghosts > this.capacity) this.turnTest();
    this.logs.grow(this.room());
  }

  drop(page: number): void {
    const s = this.state[page];
    if (s === 0) return;
    if ((s & HOT) !== 0) this.hot--;
    else if ((s & RESIDENT) !== 0) this.cold--;
    else this.ghosts--;
    this.unlink(page);
    this.state[page] = 0;
  }

  private admit(page: number): void {
    const inTest = this.state[page] !== 0;
    if (inTest) {
      this.ghosts--;
      this.unlink(page);
      this.state[page] = 0;
      if (this.coldTarget < this.capacity) this.coldTarget++;
    }
    while (this.resident >= this.capacity) this.turnCold();
    this.linkAtHead(page);
    if (inTest) {
      this.state[page] = RESIDENT | HOT;
      this.hot++;
      this.balanceHot();
    } else {
      this.state[page] = RESIDENT | TEST;
      this.cold++;
    }
  }

  /** As the target is at least one page, the cold hand always finds a page when memory is full. */
  private balanceHot(): void {
    while (this.hot > this.capacity - this.coldTarget) this.turnHot();
  }

  /** One step of the cold hand. There must be a page on the ring. */
  private turnCold(): void {
    const { state } = this;
    const page = this.handCold;
    const s = state[page];
    this.handCold = this.nextTo(page);
    if ((s & (RESIDENT | HOT)) !== RESIDENT) return;
    if ((s & REFERENCED) !== 0) {
      if (this.handTest === page) this.handTest = this.nextTo(page);
      this.logs.append(RING, page);
      if ((s & TEST) === 0) {
        state[page] = RESIDENT | TEST;
        return;
      }
      state[page] = RESIDENT | HOT;
      this.cold--;
      this.hot++;
      if (this.coldTarget < this.capacity) this.coldTarget++;
      this.balanceHot();
      return;
    }
    this.cold--;
    if ((s & TEST) !== 0) {
      state[page] = TEST;
      this.ghosts++;
      while (this.ghosts > this.capacity) this.turnTest();
    } else {
      this.unlink(page);
      state[page] = 0;
    }
    this.host.evicted?.(page);
  }

  /** One step of the hot hand: hot pages lose their bit, then their rank; tests it passes are over. */
  private turnHot(): void {
    const { state } = this;
    const page = this.logs.oldest(RING);
    const s = state[page];
    this.logs.append(RING, page);
    if ((s & HOT) === 0) this.endTest(page);
    else if ((s & REFERENCED) !== 0) state[page] = RESIDENT | HOT;
    else {
      state[page] = RESIDENT;
      this.hot--;
      this.cold++;
    }
  }

  private turnTest(): void {
    const page = this.handTest;
    this.handTest = this.nextTo(page);
    this.endTest(page);
  }

  private endTest(page: number): void {
    const s = this.state[page];
    // A referenced page has passed its test; the cold hand will see to it.
    if ((s & TEST) === 0 || (s & REFERENCED) !== 0) return;
    if (this.coldTarget > this.coldLeast) this.coldTarget--;
    if ((s & RESIDENT) !== 0) this.state[page] = RESIDENT;
    else {
      this.ghosts--;
      this.unlink(page);
      this.state[page] = 0;
    }
  }

  private room(): number {
    return ROOM * placesFor(2 * this.capacity + 2, this.host.pages);
  }

  /** The page that a hand comes to after this one. */
  private nextTo(page: number): number {
    const next = this.logs.after(RING, page);
    return next >= 0 ? next : this.logs.oldest(RING);
  }

  private linkAtHead(page: number): void {
    this.logs.append(RING, page);
    if (this.handCold !== NONE) return;
    this.handCold = page;
    this.handTest = page;
  }

  /** Hands that stand on the page go on to the next. */
  private unlink(page: number): void {
    const alone = this.nextTo(page) === page;
    if (this.handCold === page) this.handCold = alone ? NONE : this.nextTo(page);
    if (this.handTest === page) this.handTest = alone ? NONE : this.nextTo(page);
    this.logs.remove(page);
  }
}

export const clockPro: ReclaimVariant = {
  id: 'clock-pro',
  title: 'CLOCK-Pro',
  mechanism: 'reclaim',
  family: 'reference',
  year: 2005,
  summary: 'LIRS on a clock: a cold page must prove itself within a test period that outlives it.',
  knobs: [cold, coldMin],
  source,
  create: (host, values) => new ClockPro(host, values),
};
