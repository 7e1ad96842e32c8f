/**
 * LIRS: ranks pages by the distance between their last two uses. Pages of short distance (LIR) hold nearly all of memory; the rest (HIR) pass
 * through a short queue. The stack S holds LIR pages, and HIR pages, resident or not, used more recently than the oldest LIR page; a HIR page
 * used again while on it becomes LIR, and the bottom LIR page takes its place in the queue.
 *
 * Source: Jiang, Zhang, "LIRS: an efficient low inter-reference recency set replacement policy", SIGMETRICS 2002. Equal to libCacheSim's LIRS,
 * miss for miss, from 200 pages up (below, a queue of one page makes libCacheSim lose count of a page). Divergence from the paper, taken over
 * from libCacheSim and switched off by `demote-on-queue-hit off`: a hit on a HIR page that is not on the stack also demotes the bottom LIR
 * page. The stack is bounded to twice the memory by forgetting ghosts, the longest evicted first.
 * Memory: 24 bytes a frame (stack 12, ghosts 12, queue by its share), 9 a tracked page.
 */
import { PAGE_MASK } from '../machine/access.ts';
import { RESIDENT, type CacheReclaimer, type MemoryHost, type ReclaimVariant } from '../machine/reclaimer.ts';
import type { KnobValues } from '../plan.ts';
import { flag, knob, share, valueOf } from '../tables/define.ts';
import type { Pages, Ppm } from '../units.ts';
import { PageLog } from './page-log.ts';
import { placesFor, shareOf } from './share-of.ts';

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

// A page is LIR (on the stack), HIR (in the queue, perhaps on the stack too) or a ghost (on the stack only).
const LIR = 2;
const ON_STACK = 4;

class Lirs implements CacheReclaimer {
  readonly kind = 'cache';
  readonly state: Uint8Array;
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
  /** Its tail stands on the bottom LIR page, whenever there is one. */
  private readonly stack: PageLog;
  private readonly queue: PageLog;
  private readonly ghosts: PageLog;

  constructor(host: MemoryHost, values: KnobValues) {
    this.host = host;
    this.hirShare = valueOf(values, hir);
    this.stackShare = valueOf(values, stack);
    this.demoteOnQueueHit = valueOf(values, demoteOnQueueHit);
    this.divide(host.capacity);
    this.state = new Uint8Array(host.pages);
    this.stack = new PageLog(new Int32Array(host.pages).fill(-1), 0, this.stackRoom());
    const positions = new Int32Array(host.pages).fill(-1);
    this.queue = new PageLog(positions, 0, 2 * placesFor(this.hirLimit, this.host.pages));
    this.ghosts = new PageLog(positions, -1, this.stackRoom());
  }

  get resident(): Pages {
    return this.hirCount + this.lirCount;
  }

  run(block: Uint32Array, offset: number, n: number, missBits?: Uint8Array, missOffset = 0): void {
    const { state, stack } = this;
    const { positions, entries } = stack;
    const limit = entries.length;
    let misses = 0;
    for (let i = 0; i < n; i++) {
      const page = block[offset + i] & PAGE_MASK;
      const s = state[page];
      if ((s & LIR) !== 0) {
        if (stack.end === limit) stack.compact();
        const was = positions[page];
        const at = stack.end++;
        positions[page] = at;
        entries[at] = page;
        if (was === stack.tail) this.prune();
      } else if ((s & RESIDENT) !== 0) this.touchHir(page, s);
      else {
        misses++;
        if (missBits !== undefined) missBits[(missOffset + i) >> 3] |= 1 << ((missOffset + i) & 7);
        this.admit(page, s);
      }
    }
    this.tally.misses += misses;
    this.tally.hits += n - misses;
  }

  access(page: number): boolean {
    const s = this.state[page];
    if ((s & RESIDENT) === 0) {
      this.tally.misses++;
      this.admit(page, s);
      return false;
    }
    this.tally.hits++;
    if ((s & LIR) === 0) this.touchHir(page, s);
    else {
      this.stack.append(page);
      this.prune();
    }
    return true;
  }

  setCapacity(pages: Pages): void {
    this.divide(pages);
    while (this.lirCount > this.lirLimit) this.demoteLir();
    while (this.hirCount > this.hirLimit) this.evictHir();
    this.limitStack();
    this.stack.resize(this.stackRoom());
    this.queue.resize(2 * placesFor(this.hirLimit, this.host.pages));
    this.ghosts.resize(this.stackRoom());
  }

  drop(page: number): void {
    const s = this.state[page];
    if (s === 0) return;
    if ((s & ON_STACK) !== 0) this.leaveStack(page);
    if ((s & LIR) !== 0) this.lirCount--;
    else if ((s & RESIDENT) !== 0) {
      this.queue.remove(page);
      this.hirCount--;
    } else this.ghosts.remove(page);
    this.state[page] = 0;
    if ((s & LIR) !== 0) this.prune();
  }

  private divide(pages: Pages): void {
    const capacity = Math.max(1, pages);
    this.hirLimit = Math.max(1, shareOf(capacity, this.hirShare));
    this.lirLimit = capacity - this.hirLimit;
    this.stackLimit = shareOf(capacity, this.stackShare);
  }

  private stackRoom(): Pages {
    const places = placesFor(this.stackLimit, this.host.pages);
    return places + (places >> 1) + 2;
  }

  private touchHir(page: number, s: number): void {
    if ((s & ON_STACK) !== 0) {
      this.stack.append(page);
      if (this.lirLimit === 0) {
        this.queue.append(page);
        return;
      }
      this.queue.remove(page);
      this.hirCount--;
      this.becomeLir(page);
      return;
    }
    this.queue.append(page);
    if (this.demoteOnQueueHit && this.lirCount > 0 && this.lirCount === this.lirLimit) {
      // Demoting may need a place in the queue, which must not be the page's own.
      if (this.hirCount < this.hirLimit || this.queue.oldest() !== page) this.demoteLir();
    }
    this.enterStack(page);
    this.state[page] = RESIDENT | ON_STACK;
    this.limitStack();
  }

  private admit(page: number, s: number): void {
    if (s !== 0 && this.lirLimit > 0) {
      this.stack.append(page);
      this.ghosts.remove(page);
      this.becomeLir(page);
      return;
    }
    if (s !== 0) this.drop(page);
    if (this.lirCount < this.lirLimit) {
      this.enterStack(page);
      this.lirCount++;
      this.state[page] = RESIDENT | LIR | ON_STACK;
      // The first LIR page after there was none: what lies below it must go.
      this.prune();
    } else {
      if (this.hirCount === this.hirLimit) this.evictHir();
      this.enterStack(page);
      this.queue.append(page);
      this.hirCount++;
      this.state[page] = RESIDENT | ON_STACK;
    }
    this.limitStack();
  }

  /** `page` is on top of the stack and nowhere else. */
  private becomeLir(page: number): void {
    // Marked first, so that pruning stops here at the latest.
    this.state[page] = RESIDENT | LIR | ON_STACK;
    if (this.lirCount === this.lirLimit) this.demoteLir();
    this.lirCount++;
    this.prune();
  }

  private enterStack(page: number): void {
    this.stack.append(page);
    this.stackSize++;
  }

  private leaveStack(page: number): void {
    this.stack.remove(page);
    this.stackSize--;
  }

  /** The bottom LIR page goes to the young end of the queue. */
  private demoteLir(): void {
    const page = this.stack.shift();
    this.stackSize--;
    this.lirCount--;
    while (this.hirCount >= this.hirLimit) this.evictHir();
    this.queue.append(page);
    this.hirCount++;
    this.state[page] = RESIDENT;
    this.prune();
  }

  private evictHir(): void {
    const page = this.queue.shift();
    this.hirCount--;
    if ((this.state[page] & ON_STACK) !== 0) {
      this.ghosts.append(page);
      this.state[page] = ON_STACK;
    } else this.state[page] = 0;
    this.host.evicted(page);
  }

  /** Takes HIR pages off the bottom, so that a LIR page is there; but never the top. */
  private prune(): void {
    const { state, stack, ghosts } = this;
    const { positions, entries } = stack;
    const top = stack.end - 1;
    let tail = stack.tail;
    for (; tail < top; tail++) {
      const page = entries[tail];
      if (positions[page] !== tail) continue;
      const s = state[page];
      if ((s & LIR) !== 0) break;
      positions[page] = -1;
      this.stackSize--;
      if ((s & RESIDENT) === 0) ghosts.remove(page);
      state[page] = s & RESIDENT;
    }
    stack.tail = tail;
  }

  private limitStack(): void {
    while (this.stackSize > this.stackLimit) {
      const page = this.ghosts.shift();
      this.leaveStack(page);
      this.state[page] = 0;
    }
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
