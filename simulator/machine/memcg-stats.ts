/**
 * Statistics of cgroups as the kernel reads them: late. Every change is made to a per-CPU copy; the copies are added up (rstat flush) only when
 * about 64 changes a CPU have come together and somebody who cares asks. Reclaim decides from the flushed numbers, so how late they are shows
 * in which pages leave.
 *
 * Kernel: memcg_rstat_updated, mem_cgroup_flush_stats in mm/memcontrol.c (6.1).
 * Left out: the flush every two seconds of real time, and other CPUs' copies: one CPU does all updates.
 */

export const LRU_INACTIVE_ANON = 0;
export const LRU_ACTIVE_ANON = 1;
export const LRU_INACTIVE_FILE = 2;
export const LRU_ACTIVE_FILE = 3;
export const WS_ACTIVATE_ANON = 4;
export const WS_ACTIVATE_FILE = 5;
export const STATS = 8;

/** Changes a CPU collects before they count (MEMCG_CHARGE_BATCH). */
const BATCH = 64;

export class MemcgStats {
  /** Exact, per cgroup (and node: see LruvecIndex) without children: index cgroup × STATS + item. */
  readonly local: Float64Array;
  /** As of the last flush, children included. */
  readonly seen: Float64Array;
  /** Parent of each cgroup, −1 for the root; with several nodes that of each lruvec, on its own node. */
  readonly parents: Int32Array;
  readonly #cpus: number;
  #updates = 0;
  #batches = 0;

  /** `parents[i] < i`, −1 for the root. */
  constructor(parents: Int32Array, cpus: number) {
    this.parents = parents;
    this.#cpus = cpus;
    this.local = new Float64Array(parents.length * STATS);
    this.seen = new Float64Array(parents.length * STATS);
  }

  /** One statistic changed by `n` (its absolute value). */
  updated(n: number): void {
    this.#updates += n;
    if (this.#updates > BATCH) {
      if (this.#batches <= this.#cpus) this.#batches += Math.trunc(this.#updates / BATCH);
      this.#updates = 0;
    }
  }

  /** The same `times` over. */
  updatedEach(n: number, times: number): void {
    // how many changes fill what is begun, and a whole batch
    const rest = Math.ceil((BATCH + 1 - this.#updates) / n);
    const full = Math.ceil((BATCH + 1) / n);
    if (times < rest) {
      this.#updates += n * times;
      return;
    }
    this.#updates += n * (rest - 1);
    this.updated(n);
    const left = times - rest;
    const fills = Math.floor(left / full);
    if (fills > 0 && this.#batches <= this.#cpus) {
      const each = Math.trunc((full * n) / BATCH);
      this.#batches += each * Math.min(fills, Math.ceil((this.#cpus + 1 - this.#batches) / each));
    }
    this.#updates = n * (left % full);
  }

  /** Nothing is left to be told. */
  settle(): void {
    this.flushNow();
    this.#updates = 0;
  }

  /** Adds up if enough has changed since the last time (mem_cgroup_flush_stats). */
  flush(): void {
    if (this.#batches > this.#cpus) this.flushNow();
  }

  flushNow(): void {
    const { local, seen } = this;
    seen.set(local);
    for (let cgroup = this.parents.length - 1; cgroup > 0; cgroup--) {
      const from = cgroup * STATS;
      const to = this.parents[cgroup] * STATS;
      if (to < 0) continue;
      for (let item = 0; item < STATS; item++) seen[to + item] += seen[from + item];
    }
    this.#batches = 0;
  }
}
