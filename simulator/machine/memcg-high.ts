/**
 * memory.high: a limit that may be exceeded, at a price. Whoever charges above it reclaims on the way back to user space, and sleeps if that has
 * not sufficed: the longer, the further the group is above.
 *
 * Kernel: try_charge_memcg, mem_cgroup_handle_over_high, calculate_high_delay in mm/memcontrol.c (6.1), a timer of 1000 Hz.
 * Left out: memory.swap.high.
 */
import { MILLISECOND, SECOND, type Nanoseconds, type Pages } from '../units.ts';

/** Pages that a full delay is meant for (MEMCG_CHARGE_BATCH). */
const BATCH = 64;
const SWAP_CLUSTER_MAX = 32;
/** Rounds of reclaim, as long as they bring anything, before the task sleeps (MAX_RECLAIM_RETRIES). */
const RETRIES = 16;
const LONGEST: Nanoseconds = 2 * SECOND;
/** Delays of a hundredth of a second and less are not slept. */
const SHORTEST: Nanoseconds = 10 * MILLISECOND;
const PRECISION = 1 << 20;
const SCALING = 1 << 14;

export class MemcgHigh {
  /** Whether any group has such a limit. */
  any = false;
  /** Pages charged above a limit since the last fault returned. */
  pages: Pages = 0;
  #cgroup = 0;
  readonly #limits: Float64Array;
  readonly #parents: Int32Array;
  readonly #charged: Float64Array;

  constructor(parents: Int32Array, charged: Float64Array) {
    this.#parents = parents;
    this.#charged = charged;
    this.#limits = new Float64Array(parents.length).fill(Infinity);
  }

  set(cgroup: number, pages: Pages): void {
    this.#limits[cgroup] = pages;
    this.any = this.#limits.some((limit) => limit !== Infinity);
  }

  /** A task of `cgroup` has charged `pages` more. */
  charged(cgroup: number, pages: Pages): void {
    for (let at = cgroup; at > 0; at = this.#parents[at]) {
      if (this.#charged[at] <= this.#limits[at]) continue;
      this.#cgroup = cgroup;
      this.pages += pages;
      return;
    }
  }

  /** Reclaims what is above; how long the task must sleep then. */
  handle(reclaim: (cgroup: number, pages: Pages) => Pages): Nanoseconds {
    const { pages } = this;
    this.pages = 0;
    let most = pages;
    for (let retries = RETRIES; ;) {
      let reclaimed = 0;
      for (let at = this.#cgroup; at > 0; at = this.#parents[at])
        if (this.#charged[at] > this.#limits[at]) reclaimed += reclaim(at, most);
      const delay = Math.min(LONGEST, this.#delay(pages));
      if (delay <= SHORTEST) return 0;
      if (reclaimed === 0 || retries-- === 0) return delay;
      most = SWAP_CLUSTER_MAX;
    }
  }

  #delay(pages: Pages): Nanoseconds {
    let overage = 0;
    for (let at = this.#cgroup; at > 0; at = this.#parents[at]) {
      const limit = Math.max(1, this.#limits[at]);
      if (this.#charged[at] > this.#limits[at])
        overage = Math.max(overage, Math.floor(((this.#charged[at] - this.#limits[at]) * PRECISION) / limit));
    }
    // beyond a quarter of the limit it is the longest in any case
    const capped = Math.min(overage, PRECISION / 2);
    const jiffies = Math.floor((capped * capped * (SECOND / MILLISECOND)) / PRECISION / SCALING);
    return Math.floor((jiffies * pages) / BATCH) * MILLISECOND;
  }
}
