/**
 * Page frames: how many are free on each node, and how one is had. On a machine with several nodes the placement says in which order to try them;
 * each is left at its low watermark, then at its min, and only then do tasks reclaim for themselves.
 *
 * Kernel: get_page_from_freelist, __alloc_pages_slowpath, wake_all_kswapds in mm/page_alloc.c, order 0.
 * Left out: zones below the nodes (DMA, DMA32) and their reserves, per-CPU lists, nodes passed over because they hold too many dirty pages. A node's
 * movable zone is a limit on how many of its frames the kernel may take for itself.
 */
import type { Pages } from '../units.ts';
import { PGALLOC, PGFREE } from './counters.ts';
import { CONSTRAINT_MEMCG, CONSTRAINT_NONE, type Placement, type PlacementAnswer } from './placement.ts';
import { watermarks } from './watermarks.ts';

/** No frame could be had. */
export const NO_NODE = -1;
/** Fruitless rounds of direct reclaim before an allocation fails (MAX_RECLAIM_RETRIES). */
const RETRIES = 16;

/** Who gets frames back when there are too few. */
export interface FrameReclaim {
  /** Inside reclaim now (PF_MEMALLOC): frames come from below the watermarks. */
  readonly reclaiming: boolean;
  wakeKswapd(node: number): void;
  /** Whether reclaim would rather see the OOM killer. Asking takes the wish back. */
  takeOom(): boolean;
  /** Direct reclaim on these nodes; pages reclaimed. */
  reclaimNodes(order: Int32Array, count: number): Pages;
}

/** Why the last allocation failed: enum oom_constraint, and the nodes it could have come from. */
export interface Failure {
  constraint: number;
  nodes: readonly number[];
  /** It was the kernel's own: page tables, slab. Nodes whose memory is all movable have none to give. */
  kernel: boolean;
}

export interface FrameSettings {
  readonly era: '3.15' | '6.1';
  readonly minFreeKbytes: number | undefined;
  readonly scaleFactor: number;
}

const ONLY_NODE = Int32Array.of(0);

export class Frames {
  readonly nodes: number;
  /** Frames of each node that is online, and of all. */
  readonly present: Int32Array;
  total: Pages = 0;
  readonly freeOn: Int32Array;
  /** Watermarks of each node. */
  readonly min: Int32Array;
  readonly low: Int32Array;
  readonly high: Int32Array;
  /** kswapd works past high by this much (3.15). */
  readonly gap: Int32Array;
  /** Frames in a zone that the kernel may use for itself, and how many it does. */
  readonly kernelRoom: Int32Array;
  readonly kernelUsed: Int32Array;
  readonly failure: Failure = { constraint: CONSTRAINT_NONE, nodes: [], kernel: false };
  readonly placement: Placement | undefined;
  readonly #counters: Float64Array;
  #reclaim!: FrameReclaim;

  /** `placement` is needed with more than one node. */
  constructor(present: readonly Pages[], kernelRoom: readonly Pages[], counters: Float64Array, placement?: Placement) {
    this.nodes = present.length;
    this.present = Int32Array.from(present);
    this.freeOn = Int32Array.from(present);
    this.kernelRoom = Int32Array.from(kernelRoom);
    this.kernelUsed = new Int32Array(this.nodes);
    this.min = new Int32Array(this.nodes);
    this.low = new Int32Array(this.nodes);
    this.high = new Int32Array(this.nodes);
    this.gap = new Int32Array(this.nodes);
    this.#counters = counters;
    for (const pages of present) this.total += pages;
    if (this.nodes > 1) {
      if (placement === undefined) throw new Error('a machine with several nodes needs a placement');
      this.placement = placement;
    }
  }

  attach(reclaim: FrameReclaim): void {
    this.#reclaim = reclaim;
  }

  get free(): Pages {
    let pages = 0;
    for (let node = 0; node < this.nodes; node++) pages += this.freeOn[node];
    return pages;
  }

  /** __setup_per_zone_wmarks: the minimum is shared out by size. */
  setWatermarks({ era, minFreeKbytes, scaleFactor }: FrameSettings): void {
    let kernel = 0;
    for (let node = 0; node < this.nodes; node++) kernel += Math.min(this.kernelRoom[node], this.present[node]);
    for (let node = 0; node < this.nodes; node++) {
      const marks = watermarks(this.present[node], era, minFreeKbytes, scaleFactor, { all: this.total, kernel });
      this.min[node] = marks.min;
      this.low[node] = marks.low;
      this.high[node] = marks.high;
      this.gap[node] = marks.gap;
    }
  }

  // ---- taking

  /** A frame for `page`: its node, or NO_NODE. */
  take(page: number): number {
    if (this.placement === undefined) return this.#takeOnly();
    this.placement.place(page);
    return this.#takeWhere(this.placement, false);
  }

  /** A frame for the kernel's own use. */
  takeKernel(): number {
    if (this.placement === undefined) {
      const node = this.#takeOnly();
      if (node >= 0) this.kernelUsed[0]++;
      return node;
    }
    this.placement.placeKernel(false);
    return this.#takeWhere(this.placement, true);
  }

  /** A frame for a page without a number. */
  takeAny(): number {
    if (this.placement === undefined) return this.#takeOnly();
    this.placement.placeKernel(false);
    return this.#takeWhere(this.placement, false);
  }

  /** `pages` frames of a node, none of which needs anybody to be woken. */
  takeSpare(node: number, pages: Pages): void {
    this.freeOn[node] -= pages;
    this.#counters[PGALLOC] += pages;
  }

  /** A frame for a page on its way from another node, from the first of these nodes that can give one; the policy isn't asked. */
  takeAlong(order: Int32Array, count: number): number {
    const node = this.#find({ order, count, first: 0 }, false);
    if (node >= 0) this.#took(node);
    return node;
  }

  /** Memory of a node goes on- or offline; what goes is free. */
  setPresent(node: number, pages: Pages, kernelRoom: Pages): void {
    const change = pages - this.present[node];
    this.present[node] = pages;
    this.freeOn[node] += change;
    this.total += change;
    this.kernelRoom[node] = kernelRoom;
  }

  give(node: number, pages: Pages): void {
    this.freeOn[node] += pages;
    this.#counters[PGFREE] += pages;
  }

  giveKernel(node: number, pages: Pages): void {
    this.kernelUsed[node] -= pages;
    this.give(node, pages);
  }

  /** A charge failed, not a frame. */
  chargeFailed(): void {
    this.failure.constraint = CONSTRAINT_MEMCG;
    this.failure.nodes = [];
    this.failure.kernel = false;
  }

  #took(node: number): void {
    this.freeOn[node]--;
    this.#counters[PGALLOC]++;
  }

  /** The only node. */
  #takeOnly(): number {
    const { freeOn } = this;
    if (freeOn[0] <= this.low[0] && !this.#reclaim.reclaiming && !this.#makeRoom()) return NO_NODE;
    freeOn[0]--;
    this.#counters[PGALLOC]++;
    return 0;
  }

  /** Wakes kswapd below low, reclaims at min. */
  #makeRoom(): boolean {
    const reclaim = this.#reclaim;
    reclaim.wakeKswapd(0);
    if (reclaim.takeOom()) return this.#fail(CONSTRAINT_NONE, ONLY_NODE, 1) >= 0;
    for (let retries = RETRIES; this.freeOn[0] <= this.min[0];) {
      if (reclaim.reclaimNodes(ONLY_NODE, 1) > 0) continue;
      if (retries-- === 0) return this.#fail(CONSTRAINT_NONE, ONLY_NODE, 1) >= 0;
    }
    return true;
  }

  #takeWhere(placement: Placement, kernel: boolean): number {
    const node = this.#find(placement.answer, kernel);
    if (node < 0) {
      const { constraint, order, count } = placement.answer;
      return this.#fail(constraint, order, count, kernel);
    }
    this.#took(node);
    if (kernel) this.kernelUsed[node]++;
    placement.placed(node);
    return node;
  }

  /** The kernel's own allocations keep to the task's cpuset only as long as nobody need be woken. */
  #find({ order, count, first }: Pick<PlacementAnswer, 'order' | 'count' | 'first'>, kernel: boolean): number {
    const reclaim = this.#reclaim;
    if (reclaim.reclaiming) return this.#above(order, count, undefined, kernel);
    let node = NO_NODE;
    if (first > 0) {
      node = this.#above(order, first, this.low, kernel);
      if (node >= 0) return node;
    }
    if (first > 0 && !kernel) {
      // a whole allocation of its own, but without direct reclaim (alloc_pages_preferred_many)
      for (let i = 0; i < first; i++) reclaim.wakeKswapd(order[i]);
      node = this.#above(order, first, this.min, false);
      if (node >= 0) return node;
    }
    if (first === 0 || !kernel) {
      node = this.#above(order, count, this.low, kernel);
      if (node >= 0) return node;
    }
    for (let i = 0; i < count; i++) reclaim.wakeKswapd(order[i]);
    if (reclaim.takeOom()) return NO_NODE;
    for (let retries = RETRIES; ;) {
      node = this.#above(order, count, this.min, kernel);
      if (node >= 0) return node;
      if (reclaim.reclaimNodes(order, count) > 0) continue;
      if (retries-- === 0) return NO_NODE;
    }
  }

  /** The first of the nodes that has more free than its watermark (none: than nothing). */
  #above(order: Int32Array, count: number, mark: Int32Array | undefined, kernel: boolean): number {
    const { freeOn } = this;
    for (let i = 0; i < count; i++) {
      const node = order[i];
      if (freeOn[node] <= (mark === undefined ? 0 : mark[node])) continue;
      if (kernel && this.kernelUsed[node] >= this.kernelRoom[node]) continue;
      return node;
    }
    return NO_NODE;
  }

  #fail(constraint: number, order: Int32Array, count: number, kernel = false): number {
    this.failure.constraint = constraint;
    this.failure.kernel = kernel;
    this.failure.nodes = Array.from(order.subarray(0, count));
    return NO_NODE;
  }
}
