/**
 * W-TinyLFU: a small LRU window lets bursts in; what leaves it may enter the main part only if it was asked for more often than the page it
 * would displace, by a compact count of frequencies. The main part is a segmented LRU: probation and protected.
 *
 * Source: Einziger, Friedman, Manes, "TinyLFU: a highly efficient cache admission policy", ACM ToS 13(4), 2017. There are two well-known
 * forms, and they differ by several per cent of misses; `form` chooses. `libcachesim` is its WTinyLFU: a counting filter that counts arrivals,
 * hits in the main part and contests, halved every 32 memories of main hits; once memory is full, contests go on until a page of the window
 * loses. `caffeine` counts every access in a four-bit sketch halved every ten memories, and holds one contest for each page that leaves the
 * window. `adaptive` adds Caffeine's hill climber (Einziger, Eytan, Friedman, Manes, "Adaptive software cache management", Middleware 2018).
 * Divergence: none known from libCacheSim's for numeric ids that stay what they are and memories of 100 pages and more (below, its window has no
 * page and it admits nothing); in `caffeine` hash functions, and ties always keep the page that is there, where Caffeine lets a few in by chance.
 * Memory: 8 bytes a tracked page; a frame 14.4 to 16 bytes (`libcachesim`; more where most of its counters pass 255) or 8 to 16 (`caffeine`).
 */
import { PAGE_MASK } from '../machine/access.ts';
import type { CacheReclaimer, MemoryHost, ReclaimVariant } from '../machine/reclaimer.ts';
import type { KnobValues } from '../plan.ts';
import { choice, flag, knob, share, valueOf } from '../tables/define.ts';
import type { Pages, Ppm } from '../units.ts';
import { CountingFilter } from './counting-filter.ts';
import { FrequencySketch } from './frequency-sketch.ts';
import { NO_LIST, PageLists } from './page-lists.ts';
import { placesFor, shareOf } from './share-of.ts';
import { STRETCH } from './warm.ts';

const source = {
  kind: 'published',
  where: 'Einziger, Friedman, Manes, TinyLFU, ACM ToS 13(4), 2017; libCacheSim WTinyLFU.c; Caffeine',
} as const;

const window = knob({
  name: 'window',
  scope: 'variant',
  type: share(0, 990_000),
  default: 10_000,
  doc: 'Share of memory for the window that every new page passes; at least one page.',
  source,
});
const protectedShare = knob({
  name: 'protected',
  scope: 'variant',
  type: share(0, 1_000_000),
  default: 800_000,
  doc: 'Share of the main part for pages that were hit there.',
  source,
});
const form = knob({
  name: 'form',
  scope: 'variant',
  type: choice({
    libcachesim: 'As libCacheSim counts and admits.',
    caffeine: 'As the Caffeine library counts and admits.',
  }),
  default: 'libcachesim',
  doc: 'Whose form of the policy: what is counted, how it fades, and how pages compete.',
  source,
});
const adaptive = knob({
  name: 'adaptive',
  scope: 'variant',
  type: flag(),
  default: false,
  doc: 'Whether a hill climber moves the border between window and main part by the hit ratio.',
  source: { kind: 'published', where: 'Caffeine, BoundedLocalCache' },
});

const WINDOW = 1;
const PROBATION = 2;
const PROTECTED = 3;

/** Counts are halved after so many of them, in memories. */
const CAFFEINE_SAMPLE = 10;
const LIBCACHESIM_SAMPLE = 32;

/** The hill climber's first step as a share of memory, its decay, and the change of hit ratio at which it starts again. */
const STEP = 0.0625;
const DECAY = 0.98;
const RESTART = 0.05;
/** It climbs once in so many memories of accesses. */
const PERIOD = 10;

class WTinyLfu implements CacheReclaimer {
  readonly kind = 'cache';
  readonly tally = { hits: 0, misses: 0 };
  resident: Pages = 0;
  private readonly host: MemoryHost;
  private readonly windowShare: Ppm;
  private readonly protectedShare: Ppm;
  private readonly caffeine: boolean;
  private readonly adaptive: boolean;
  private capacity: Pages = 0;
  private windowLimit: Pages = 0;
  private probationLimit: Pages = 0;
  private protectedLimit: Pages = 0;
  private readonly lists: PageLists;
  private readonly counts: CountingFilter | FrequencySketch;
  private untilHalving = 0;
  private sample = 0;
  /** Accesses until the hill climber acts; Infinity if it never does. */
  private untilClimb = Infinity;
  private step = 0;
  private hitsBefore = 0;
  private hitRatioBefore = 0;

  constructor(host: MemoryHost, values: KnobValues) {
    this.host = host;
    this.windowShare = valueOf(values, window);
    this.protectedShare = valueOf(values, protectedShare);
    this.caffeine = valueOf(values, form) === 'caffeine';
    this.adaptive = valueOf(values, adaptive);
    this.lists = new PageLists(host.pages, 3);
    this.counts = this.caffeine ? new FrequencySketch() : new CountingFilter();
    this.divide(host.capacity);
  }

  run(block: Uint32Array, offset: number, n: number, missBits?: Uint8Array, missOffset = 0): void {
    const { lists } = this;
    for (let i = 0; i < n; i++) {
      if (i % STRETCH === 0) lists.warm(block, offset + i, offset + Math.min(i + STRETCH, n));
      const page = block[offset + i] & PAGE_MASK;
      const list = lists.listOf(page);
      if (list !== NO_LIST) this.touch(page, list);
      else {
        if (missBits !== undefined) missBits[(missOffset + i) >> 3] |= 1 << ((missOffset + i) & 7);
        this.admit(page);
      }
    }
  }

  access(page: number): boolean {
    const list = this.lists.listOf(page);
    if (list !== NO_LIST) {
      this.touch(page, list);
      return true;
    }
    this.admit(page);
    return false;
  }

  isResident(page: number): boolean {
    return this.lists.listOf(page) !== NO_LIST;
  }

  setCapacity(pages: Pages): void {
    this.divide(pages);
    this.settle();
    while (this.resident > this.capacity) this.evict(this.lists.sizes[PROBATION] > 0 ? PROBATION : PROTECTED);
  }

  drop(page: number): void {
    if (!this.isResident(page)) return;
    this.lists.remove(page);
    this.resident--;
  }

  private divide(pages: Pages): void {
    this.capacity = Math.max(1, pages);
    this.split(Math.max(1, shareOf(this.capacity, this.windowShare)));
    const counted = Math.max(1, this.caffeine ? this.capacity : this.capacity - this.windowLimit);
    this.counts.resize(placesFor(counted, this.host.pages));
    this.sample = (this.caffeine ? CAFFEINE_SAMPLE : LIBCACHESIM_SAMPLE) * counted;
    this.untilHalving = this.sample;
    this.step = STEP * this.capacity;
    this.untilClimb = this.adaptive ? PERIOD * this.capacity : Infinity;
  }

  private split(windowPages: Pages): void {
    const main = this.capacity - windowPages;
    this.windowLimit = windowPages;
    this.protectedLimit = shareOf(main, this.protectedShare);
    this.probationLimit = shareOf(main, 1_000_000 - this.protectedShare);
  }

  private touch(page: number, list: number): void {
    const { lists } = this;
    this.tally.hits++;
    if (list !== PROBATION || this.protectedLimit === 0) this.move(page, list);
    else {
      this.move(page, PROTECTED);
      if (lists.sizes[PROTECTED] > this.protectedLimit) this.cool();
    }
    if (this.caffeine || list !== WINDOW) {
      this.counts.increment(page);
      this.countDown();
    }
    if (--this.untilClimb === 0) this.climb();
  }

  /**
   * The protected segment is too full: its oldest page is on probation again. In libCacheSim each segment's share is rounded down, so that the main
   * part may hold a page more than both; that page leaves now, and memory has room for one until the next miss.
   */
  private cool(): void {
    const { lists } = this;
    this.move(lists.back(PROTECTED), PROBATION);
    if (!this.caffeine) while (lists.sizes[PROBATION] > this.probationLimit) this.evict(PROBATION);
  }

  private countDown(): void {
    if (--this.untilHalving > 0) return;
    this.counts.halve();
    // Caffeine takes what it forgot off its count of what it knows.
    this.untilHalving = this.caffeine ? Math.floor(this.sample / 2) : this.sample;
  }

  private admit(page: number): void {
    this.tally.misses++;
    if (this.caffeine) this.admitAsCaffeine(page);
    else this.admitAsLibCacheSim(page);
    if (--this.untilClimb === 0) this.climb();
  }

  private admitAsCaffeine(page: number): void {
    const { lists, counts } = this;
    counts.increment(page);
    this.countDown();
    this.enterWindow(page);
    const list = lists.sizes[PROBATION] > 0 ? PROBATION : PROTECTED;
    if (lists.sizes[WINDOW] <= this.windowLimit) {
      if (this.resident > this.capacity) this.evict(list);
      return;
    }
    const candidate = lists.back(WINDOW);
    if (this.resident <= this.capacity) {
      this.move(candidate, PROBATION);
      return;
    }
    if (lists.sizes[list] > 0 && counts.estimate(candidate) > counts.estimate(lists.back(list))) {
      this.evict(list);
      this.move(candidate, PROBATION);
    } else this.evict(WINDOW);
  }

  private admitAsLibCacheSim(page: number): void {
    if (this.resident >= this.capacity) this.contest();
    this.enterWindow(page);
    this.counts.increment(page);
  }

  /** The oldest pages of the window try for the main part, one after another, until one loses and leaves. */
  private contest(): void {
    const { lists, counts } = this;
    const sizes = lists.sizes;
    const mainLimit = this.capacity - this.windowLimit;
    while (sizes[WINDOW] > 0) {
      const candidate = lists.back(WINDOW);
      let lost = false;
      if (sizes[PROBATION] + sizes[PROTECTED] < mainLimit) this.enterMain(candidate);
      else {
        const list = sizes[PROBATION] > 0 ? PROBATION : PROTECTED;
        lost = sizes[list] === 0 || counts.estimate(candidate) <= counts.estimate(lists.back(list));
        if (lost) this.evict(WINDOW);
        else {
          this.evict(list);
          this.enterMain(candidate);
        }
      }
      counts.increment(candidate);
      if (lost) return;
    }
    // All of the window won: libCacheSim lets one more page of the main part go, though there is room by now.
    if (this.resident > 0) this.evict(sizes[PROBATION] > 0 ? PROBATION : PROTECTED);
  }

  private enterWindow(page: number): void {
    this.lists.pushFront(WINDOW, page);
    this.resident++;
  }

  /** The lowest segment that has room. */
  private enterMain(page: number): void {
    const sizes = this.lists.sizes;
    const full = sizes[PROBATION] >= this.probationLimit && sizes[PROTECTED] < this.protectedLimit;
    this.move(page, full ? PROTECTED : PROBATION);
  }

  /** To the young end of a list, from whichever it is in. */
  private move(page: number, to: number): void {
    this.lists.remove(page);
    this.lists.pushFront(to, page);
  }

  private evict(list: number): void {
    const page = this.lists.back(list);
    this.lists.remove(page);
    this.resident--;
    this.host.evicted?.(page);
  }

  /** Brings window and protected segment within their limits without evicting. */
  private settle(): void {
    const { lists } = this;
    while (lists.sizes[WINDOW] > this.windowLimit) this.move(lists.back(WINDOW), PROBATION);
    while (lists.sizes[PROTECTED] > this.protectedLimit) this.move(lists.back(PROTECTED), PROBATION);
  }

  /** Goes on in the direction that paid, turns round if it did not. */
  private climb(): void {
    const { lists, capacity } = this;
    const period = PERIOD * capacity;
    this.untilClimb = period;
    const hitRatio = (this.tally.hits - this.hitsBefore) / period;
    const change = hitRatio - this.hitRatioBefore;
    this.hitsBefore = this.tally.hits;
    this.hitRatioBefore = hitRatio;
    const step = change >= 0 ? this.step : -this.step;
    const sign = step >= 0 ? 1 : -1;
    this.step = Math.abs(change) >= RESTART ? sign * STEP * capacity : DECAY * step;
    const before = this.windowLimit;
    this.split(Math.min(Math.max(1, before + Math.trunc(step)), Math.max(1, capacity - 1)));
    // A window that grows is filled from the old end of the main part, as Caffeine does.
    for (let grown = this.windowLimit - before; grown > 0; grown--) {
      const list = lists.sizes[PROBATION] > 0 ? PROBATION : PROTECTED;
      if (lists.sizes[list] === 0) break;
      this.move(lists.back(list), WINDOW);
    }
    this.settle();
  }
}

export const wTinyLfu: ReclaimVariant = {
  id: 'w-tinylfu',
  title: 'W-TinyLFU',
  mechanism: 'reclaim',
  family: 'reference',
  year: 2017,
  summary: 'A new page displaces an old one only if it was asked for more often lately.',
  knobs: [window, protectedShare, form, adaptive],
  source,
  create: (host, values) => new WTinyLfu(host, values),
};
