/**
 * Memory cgroups: what is charged to whom, limits, and the per-CPU stocks that make charging cheap and limits a little early.
 *
 * Kernel: page_counter, try_charge_memcg, obj_cgroup_charge in mm/memcontrol.c (6.1), one CPU.
 * Left out: swap limits. Objects freed under RCU are given back at once.
 */
import type { Pages } from '../units.ts';
import { PAGE_SIZE } from '../units.ts';
import { MemcgHigh } from './memcg-high.ts';
import type { MemcgStats } from './memcg-stats.ts';

/** Pages charged ahead (MEMCG_CHARGE_BATCH). */
const BATCH = 64;

export interface MemcgHost {
  /** Reclaims in the subtree of `cgroup` on behalf of its limit; pages reclaimed. */
  reclaimMemcg(cgroup: number, pages: Pages): Pages;
  /** Inside reclaim: charges may not reclaim again, they just succeed. */
  readonly reclaiming: boolean;
}

export class Memcg {
  readonly parents: Int32Array;
  /** Charged pages with children and stocks (memory.current); the root's is not counted. */
  readonly charged: Float64Array;
  readonly max: Float64Array;
  /** What is above memory.high is in memcg-high.ts; whoever charges only takes note. */
  readonly high: MemcgHigh;
  readonly low: Float64Array;
  readonly min: Float64Array;
  /** Kernel memory in pages per cgroup (`kernel` in memory.stat). */
  readonly kernelPages: Float64Array;
  /** Bytes of slab objects per cgroup. */
  readonly slabBytes: Float64Array;
  readonly #host: MemcgHost;
  readonly #stats: MemcgStats;
  #stockOf = -1;
  #stock = 0;
  #objectsOf = -1;
  #bytes = 0;
  #statBytes = 0;
  readonly #leftover: Float64Array;

  constructor(parents: Int32Array, host: MemcgHost, stats: MemcgStats) {
    const n = parents.length;
    this.parents = parents;
    this.#host = host;
    this.#stats = stats;
    this.charged = new Float64Array(n);
    this.max = new Float64Array(n).fill(Infinity);
    this.high = new MemcgHigh(parents, this.charged);
    this.low = new Float64Array(n);
    this.min = new Float64Array(n);
    this.kernelPages = new Float64Array(n);
    this.slabBytes = new Float64Array(n);
    this.#leftover = new Float64Array(n);
  }

  /** Charges pages to `cgroup`, reclaiming if a limit is met; false if nothing helps (the OOM killer's turn). */
  charge(cgroup: number, pages: Pages): boolean {
    if (cgroup === 0) return true;
    if (this.#stockOf === cgroup && this.#stock >= pages) {
      this.#stock -= pages;
      return true;
    }
    return this.#chargeCounters(cgroup, pages);
  }

  #chargeCounters(cgroup: number, pages: Pages): boolean {
    let batch = Math.max(BATCH, pages);
    let drained = false;
    let retries = 16;
    for (;;) {
      if (this.#stockOf === cgroup && this.#stock >= pages) {
        this.#stock -= pages;
        return true;
      }
      const over = this.#tryCharge(cgroup, batch);
      if (over < 0) {
        if (batch > pages) this.#refillStock(cgroup, batch - pages);
        if (this.high.any) this.high.charged(cgroup, batch);
        return true;
      }
      if (batch > pages) {
        batch = pages;
        continue;
      }
      if (this.#host.reclaiming) {
        this.#add(cgroup, pages);
        return true;
      }
      const reclaimed = this.#host.reclaimMemcg(over, pages);
      if (this.max[over] - this.charged[over] >= pages) continue;
      if (!drained) {
        this.drain();
        drained = true;
        continue;
      }
      if (reclaimed > 0) continue;
      if (retries-- > 0) continue;
      return false;
    }
  }

  /**
   * How many pages can be charged to `cgroup` one after the other, and nothing happens but that: out of the stock, or one by one where the limit is too
   * near for a stock.
   */
  easyCharges(cgroup: number): Pages {
    if (cgroup === 0) return Infinity;
    if (this.high.any) return 0;
    if (this.#stockOf === cgroup && this.#stock > 0) return this.#stock;
    const room = this.room(cgroup);
    return room < BATCH ? room : 0;
  }

  /** As many were, at most. */
  chargedEasily(cgroup: number, pages: Pages): void {
    if (cgroup === 0) return;
    if (this.#stockOf === cgroup && this.#stock > 0) this.#stock -= pages;
    else this.#add(cgroup, pages);
  }

  /** Pages that can be charged to `cgroup` before a limit is met. */
  room(cgroup: number): Pages {
    let room = Infinity;
    for (let at = cgroup; at > 0; at = this.parents[at]) room = Math.min(room, this.max[at] - this.charged[at]);
    return room;
  }

  /** Charges pages for which there is room, `kernel` of them for kernel memory. */
  chargeFitting(cgroup: number, pages: Pages, kernel: Pages): void {
    if (cgroup === 0) return;
    this.#add(cgroup, pages);
    this.kernelPages[cgroup] += kernel;
  }

  uncharge(cgroup: number, pages: Pages): void {
    for (let at = cgroup; at > 0; at = this.parents[at]) this.charged[at] -= pages;
  }

  /** Charges a slab object; kernel memory is charged in whole pages, the rest of which the next objects use. */
  chargeObject(cgroup: number, bytes: number): boolean {
    if (cgroup === 0) return true;
    if (this.#objectsOf === cgroup && this.#bytes >= bytes) this.#bytes -= bytes;
    else {
      const pages = Math.ceil(bytes / PAGE_SIZE);
      if (!this.chargeKernelPages(cgroup, pages)) return false;
      this.#refillBytes(cgroup, pages * PAGE_SIZE - bytes, false);
    }
    this.#slab(cgroup, bytes);
    return true;
  }

  unchargeObject(cgroup: number, bytes: number): void {
    if (cgroup === 0) return;
    this.#refillBytes(cgroup, bytes, true);
    this.#slab(cgroup, -bytes);
  }

  chargeKernelPages(cgroup: number, pages: Pages): boolean {
    if (cgroup === 0) return true;
    if (!this.charge(cgroup, pages)) return false;
    this.kernelPages[cgroup] += pages;
    this.#stats.updated(pages);
    return true;
  }

  unchargeKernelPages(cgroup: number, pages: Pages): void {
    if (cgroup === 0) return;
    this.kernelPages[cgroup] -= pages;
    this.#stats.updated(pages);
    this.#refillStock(cgroup, pages);
  }

  /** Gives the stocks back (drain_all_stock). */
  drain(): void {
    this.#drainBytes();
    this.#drainStock();
  }

  #slab(cgroup: number, bytes: number): void {
    this.slabBytes[cgroup] += bytes;
    // byte statistics are passed on when a page of them has come together, and then count as that many changes
    if (this.#statBytes === 0) this.#statBytes = bytes;
    else {
      this.#statBytes += bytes;
      if (Math.abs(this.#statBytes) > PAGE_SIZE) {
        this.#stats.updated(Math.abs(this.#statBytes));
        this.#statBytes = 0;
      }
    }
  }

  /** −1 if it fitted, else the cgroup whose limit it would exceed. */
  #tryCharge(cgroup: number, pages: Pages): number {
    for (let at = cgroup; at > 0; at = this.parents[at]) {
      if (this.charged[at] + pages > this.max[at]) return at;
    }
    this.#add(cgroup, pages);
    return -1;
  }

  #add(cgroup: number, pages: Pages): void {
    for (let at = cgroup; at > 0; at = this.parents[at]) this.charged[at] += pages;
  }

  #refillStock(cgroup: number, pages: Pages): void {
    if (this.#stockOf !== cgroup) {
      this.#drainStock();
      this.#stockOf = cgroup;
    }
    this.#stock += pages;
    if (this.#stock > BATCH) this.#drainStock();
  }

  #drainStock(): void {
    if (this.#stock > 0) this.uncharge(this.#stockOf, this.#stock);
    this.#stock = 0;
    this.#stockOf = -1;
  }

  #refillBytes(cgroup: number, bytes: number, mayUncharge: boolean): void {
    let uncharge = mayUncharge;
    if (this.#objectsOf !== cgroup) {
      this.#drainBytes();
      this.#objectsOf = cgroup;
      this.#bytes = this.#leftover[cgroup];
      this.#leftover[cgroup] = 0;
      uncharge = true;
    }
    this.#bytes += bytes;
    if (uncharge && this.#bytes > PAGE_SIZE) {
      const pages = Math.floor(this.#bytes / PAGE_SIZE);
      this.#bytes -= pages * PAGE_SIZE;
      this.unchargeKernelPages(cgroup, pages);
    }
  }

  #drainBytes(): void {
    const cgroup = this.#objectsOf;
    if (cgroup < 0) return;
    const pages = Math.floor(this.#bytes / PAGE_SIZE);
    if (pages > 0) this.unchargeKernelPages(cgroup, pages);
    this.#leftover[cgroup] += this.#bytes - pages * PAGE_SIZE;
    this.#bytes = 0;
    this.#objectsOf = -1;
    if (this.#statBytes !== 0) {
      this.#stats.updated(Math.abs(this.#statBytes));
      this.#statBytes = 0;
    }
  }
}
