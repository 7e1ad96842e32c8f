/**
 * LIRS: ranks pages by the distance between their last two uses. Pages of short distance (LIR) hold nearly all of memory; the rest (HIR) pass
 * through a short queue. The stack S holds LIR pages, and HIR pages, resident or not, used more recently than the oldest LIR page; a HIR page
 * used again while on it becomes LIR, and the bottom LIR page takes its place in the queue.
 *
 * Source: Jiang, Zhang, "LIRS: an efficient low inter-reference recency set replacement policy", SIGMETRICS 2002. Equal to libCacheSim's LIRS,
 * miss for miss, from 200 pages up (below, a queue of one page makes libCacheSim lose count of a page). Divergence from the paper, taken over
 * from libCacheSim and switched off by `demote-on-queue-hit off`: a hit on a HIR page that is not on the stack also demotes the bottom LIR
 * page. The stack is bounded to twice the memory by forgetting ghosts, the longest evicted first.
 * Memory: 15.9 bytes a frame (stack 9.8, ghosts and queue 6.1), 8 a tracked page.
 */
import { PAGE_MASK } from '../machine/access.ts';
import type { CacheReclaimer, MemoryHost, ReclaimVariant } from '../machine/reclaimer.ts';
import type { KnobValues } from '../plan.ts';
import { flag, knob, share, valueOf } from '../tables/define.ts';
import type { Pages, Ppm } from '../units.ts';
import { CHUNK_SHIFT, PageLogs, isChunkFull } from './page-logs.ts';
import { placesFor, shareOf } from './share-of.ts';
import { STRETCH } from './warm.ts';

const source = { kind: 'published', where: 'Jiang, Zhang, LIRS, SIGMETRICS 2002; libCacheSim LIRS.c' } as const;

const hir = knob({
  name: 'hir',
  scope: 'variant',
  type: share(0, 990_000),
  default: 10_000,
  doc: 'Share of memory for the queue of HIR pages; at least one page.',
  source,
});
const stack = knob({
  name: 'stack',
  scope: 'variant',
  type: share(1_000_000, 4_000_000),
  default: 2_000_000,
  doc: 'Most pages on the stack, ghosts included, as a share of memory.',
  source,
});
const demoteOnQueueHit = knob({
  name: 'demote-on-queue-hit',
  scope: 'variant',
  type: flag(),
  default: true,
  doc: 'Whether a hit on a HIR page that is not on the stack demotes a LIR page, as in libCacheSim; not so in the paper.',
  source: { kind: 'published', where: 'libCacheSim LIRS.c' },
});

/** The only log of `stack`. */
const STACK = 1;
/** The logs of `rest`: what HIR pages and ghosts are in, besides the stack. LIR pages are in neither. */
const QUEUE = 1;
const GHOSTS = 2;
/** Entries of the logs for each page that may be in them. */
const STACK_ROOM = 1.2;
const REST_ROOM = 1.45;

const NONE = -1;

class Lirs implements CacheReclaimer {
  readonly kind = 'cache';
  readonly tally = { hits: 0, misses: 0 };
  private readonly host: MemoryHost;
  private readonly hirShare: Ppm;
  private readonly stackShare: Ppm;
  private readonly demoteOnQueueHit: boolean;
  private hirLimit: Pages = 0;
  private lirLimit: Pages = 0;
  private stackLimit: Pages = 0;
  private hirCount: Pages = 0;
  private lirCount: Pages = 0;
  private stackSize: Pages = 0;
  /** Its oldest page is LIR, whenever there is one, … */
  private readonly stack: PageLogs;
  /** … and this is it. */
  private bottom = NONE;
  private readonly rest: PageLogs;

  constructor(host: MemoryHost, values: KnobValues) {
    this.host = host;
    this.hirShare = valueOf(values, hir);
    this.stackShare = valueOf(values, stack);
    this.demoteOnQueueHit = valueOf(values, demoteOnQueueHit);
    this.divide(host.capacity);
    this.stack = new PageLogs(host.pages, 1, this.stackRoom());
    this.rest = new PageLogs(host.pages, 2, this.restRoom());
  }

  get resident(): Pages {
    return this.hirCount + this.lirCount;
  }

  run(block: Uint32Array, offset: number, n: number, missBits?: Uint8Array, missOffset = 0): void {
    const { stack, rest } = this;
    const { positions, entries, ends } = stack;
    const { positions: places, owner } = rest;
    const stop = offset + n;
    const bits = missOffset - offset;
    let misses = 0;
    for (let from = offset; from < stop; from += STRETCH) {
      const to = Math.min(from + STRETCH, stop);
      stack.warm(block, from, to);
      rest.warm(block, from, to);
      for (let i = from; i < to; i++) {
        const page = block[i] & PAGE_MASK;
        const place = places[page];
        if (place === 0 && positions[page] !== 0) {
          let end = ends[STACK];
          if (isChunkFull(end)) end = stack.extend(STACK);
          positions[page] = end;
          entries[end] = page;
          ends[STACK] = end + 1;
          if (page === this.bottom) this.prune();
        } else if (owner[place >> CHUNK_SHIFT] === QUEUE) this.touchHir(page);
        else {
          misses++;
          if (missBits !== undefined) missBits[(bits + i) >> 3] |= 1 << ((bits + i) & 7);
          this.admit(page);
        }
      }
    }
    this.tally.misses += misses;
    this.tally.hits += n - misses;
  }

  access(page: number): boolean {
    if (this.isLir(page)) {
      this.stack.append(STACK, page);
      if (page === this.bottom) this.prune();
    } else if (this.rest.logOf(page) === QUEUE) this.touchHir(page);
    else {
      this.tally.misses++;
      this.admit(page);
      return false;
    }
    this.tally.hits++;
    return true;
  }

  isResident(page: number): boolean {
    return this.isLir(page) || this.rest.logOf(page) === QUEUE;
  }

  setCapacity(pages: Pages): void {
    this.divide(pages);
    while (this.lirCount > this.lirLimit) this.demoteLir();
    while (this.hirCount > this.hirLimit) this.evictHir();
    this.limitStack();
    this.stack.grow(this.stackRoom());
    this.rest.grow(this.restRoom());
  }

  drop(page: number): void {
    const lir = this.isLir(page);
    if (this.isOnStack(page)) this.leaveStack(page);
    if (lir) {
      this.lirCount--;
      if (page === this.bottom) this.prune();
      return;
    }
    if (this.rest.logOf(page) === QUEUE) this.hirCount--;
    this.rest.remove(page);
  }

  private isOnStack(page: number): boolean {
    return this.stack.positions[page] !== 0;
  }

  private isLir(page: number): boolean {
    return this.rest.positions[page] === 0 && this.isOnStack(page);
  }

  private divide(pages: Pages): void {
    const capacity = Math.max(1, pages);
    this.hirLimit = Math.max(1, shareOf(capacity, this.hirShare));
    this.lirLimit = capacity - this.hirLimit;
    this.stackLimit = shareOf(capacity, this.stackShare);
  }

  private stackRoom(): number {
    return STACK_ROOM * placesFor(this.stackLimit + 1, this.host.pages);
  }

  private restRoom(): number {
    return REST_ROOM * placesFor(this.stackLimit + 1 - this.lirLimit + this.hirLimit, this.host.pages);
  }

  private touchHir(page: number): void {
    if (this.isOnStack(page)) {
      this.stack.append(STACK, page);
      if (this.lirLimit === 0) {
        this.rest.append(QUEUE, page);
        return;
      }
      this.hirCount--;
      this.becomeLir(page);
      return;
    }
    this.rest.append(QUEUE, page);
    if (this.demoteOnQueueHit && this.lirCount > 0 && this.lirCount === this.lirLimit) {
      // Demoting may need a place in the queue, which must not be the page's own.
      if (this.hirCount < this.hirLimit || this.rest.oldest(QUEUE) !== page) this.demoteLir();
    }
    this.enterStack(page);
    this.limitStack();
  }

  private admit(page: number): void {
    const known = this.isOnStack(page);
    if (known && this.lirLimit > 0) {
      this.stack.append(STACK, page);
      this.becomeLir(page);
      return;
    }
    if (known) this.drop(page);
    if (this.lirCount < this.lirLimit) {
      this.enterStack(page);
      // The first LIR page after there was none: what lies below it must go.
      if (this.lirCount++ === 0) this.prune();
    } else {
      if (this.hirCount === this.hirLimit) this.evictHir();
      this.enterStack(page);
      this.rest.append(QUEUE, page);
      this.hirCount++;
    }
    this.limitStack();
  }

  /** `page` is on top of the stack. It may be in the queue or a ghost, but is not counted as such any more. */
  private becomeLir(page: number): void {
    // First of all, so that pruning stops here at the latest.
    this.rest.remove(page);
    if (this.lirCount === this.lirLimit) this.demoteLir();
    if (this.lirCount++ === 0) this.prune();
  }

  private enterStack(page: number): void {
    this.stack.append(STACK, page);
    this.stackSize++;
  }

  private leaveStack(page: number): void {
    this.stack.remove(page);
    this.stackSize--;
  }

  /** The bottom LIR page goes to the young end of the queue. */
  private demoteLir(): void {
    const page = this.stack.shift(STACK);
    this.stackSize--;
    this.lirCount--;
    while (this.hirCount >= this.hirLimit) this.evictHir();
    this.rest.append(QUEUE, page);
    this.hirCount++;
    this.prune();
  }

  private evictHir(): void {
    const page = this.rest.shift(QUEUE);
    this.hirCount--;
    if (this.isOnStack(page)) this.rest.append(GHOSTS, page);
    this.host.evicted?.(page);
  }

  /** Takes HIR pages off the bottom, so that a LIR page is there; but never the top. */
  private prune(): void {
    const { stack, rest } = this;
    this.bottom = NONE;
    while (this.stackSize > 0) {
      const page = stack.oldest(STACK);
      if (rest.positions[page] === 0) {
        this.bottom = page;
        return;
      }
      if (stack.positions[page] === stack.ends[STACK] - 1) return;
      this.leaveStack(page);
      if (rest.logOf(page) === GHOSTS) rest.remove(page);
    }
  }

  private limitStack(): void {
    while (this.stackSize > this.stackLimit) this.leaveStack(this.rest.shift(GHOSTS));
  }
}

export const lirs: ReclaimVariant = {
  id: 'lirs',
  title: 'LIRS',
  mechanism: 'reclaim',
  family: 'reference',
  year: 2002,
  summary: 'Ranks pages by the time between their last two uses, not since the last one.',
  knobs: [hir, stack, demoteOnQueueHit],
  source,
  create: (host, values) => new Lirs(host, values),
};
