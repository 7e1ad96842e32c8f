/**
 * MGLRU's passes over a cgroup's lists: how much to scan, when to age first, when to stop.
 *
 * Kernel counterpart: lru_gen_age_node, lru_gen_shrink_lruvec, get_nr_to_scan, should_run_aging and should_abort_scan in mm/vmscan.c of 6.1;
 * try_to_shrink_lruvec since 6.3.
 */
import type { LruvecIndex, ScanControl } from '../machine/reclaimer.ts';
import type { Aging } from './mglru-aging.ts';
import { Eviction } from './mglru-eviction.ts';
import { MIN_LRU_BATCH } from './mglru-feedback.ts';
import { MAX_NR_GENS, MIN_NR_GENS, TYPE_ANON, TYPE_FILE } from './mglru-lists.ts';
import type { Generations } from './mglru-state.ts';

const DEF_PRIORITY = 12;

/** Number of the highest bit that is set, from 1 (fls). */
const bits = (n: number): number => 32 - Math.clz32(n);

export class ReclaimPasses {
  readonly #g: Generations;
  readonly #aging: Aging;
  readonly #eviction: Eviction;
  /** In ns; 0: no protection. */
  readonly #minTtl: number;
  /** sc.memcgs_need_aging and sc.last_reclaimed of each node's kswapd in its run (6.1). */
  readonly #needsAging: Uint8Array;
  readonly #lastReclaimed: Float64Array;

  constructor(generations: Generations, aging: Aging, minTtl: number) {
    this.#g = generations;
    this.#aging = aging;
    this.#eviction = new Eviction(generations, aging);
    this.#minTtl = minTtl;
    this.#needsAging = new Uint8Array(generations.host.nodes);
    this.#lastReclaimed = new Float64Array(generations.host.nodes);
  }

  #nodeOf(lru: LruvecIndex): number {
    return Math.floor(lru / this.#g.host.cgroups);
  }

  /** kswapd ages before it evicts (6.1), and calls the OOM killer rather than evict what is younger than min_ttl. */
  prepare(lru: LruvecIndex, sc: ScanControl): void {
    const { rules, host } = this.#g;
    if (!sc.memcg && rules.initialPriority !== undefined) this.#lowerPriority(lru, sc);
    if (!sc.kswapd || lru % host.cgroups !== 0) return;
    if (rules.loop === '6.1') {
      const node = this.#nodeOf(lru);
      this.#lastReclaimed[node] = sc.nrReclaimed;
      if (sc.priority === DEF_PRIORITY && sc.nrScanned === 0) this.#needsAging[node] = 0;
      if (this.#needsAging[node] === 0) {
        this.#needsAging[node] = 1;
        return;
      }
    }
    let reclaimable = this.#minTtl === 0;
    for (let each = lru; each < lru + host.cgroups; each++) {
      if (this.#minTtl > 0) {
        if (this.#tooYoung(each, sc)) continue;
        reclaimable = true;
      }
      if (rules.loop !== '6.1') continue;
      const swappiness = this.#swappiness(each);
      if (this.#shouldAge(each, sc.priority, swappiness) < 0) this.#aging.age(each, swappiness);
    }
    if (!reclaimable) sc.oom = true;
  }

  /** set_initial_priority: (pages >> priority) · inactive / pages should be what is wanted. */
  #lowerPriority(root: LruvecIndex, sc: ScanControl): void {
    const { lists, host, rules } = this.#g;
    if (sc.nrToReclaim < MIN_LRU_BATCH) return;
    let inactive = 0;
    for (let lru = root; lru < root + host.cgroups; lru++) {
      inactive += lists.total(lru, TYPE_FILE) - lists.active(lru, TYPE_FILE);
      if (this.#swappiness(0) !== 0) inactive += lists.total(lru, TYPE_ANON) - lists.active(lru, TYPE_ANON);
    }
    const { floor, divisor } = rules.initialPriority!;
    const priority = bits(Math.floor(inactive / divisor)) - 1 - bits(sc.nrToReclaim - 1);
    sc.priority = Math.min(sc.priority, Math.max(priority, floor));
  }

  /** Whether all evictable generations are younger than min_ttl, or there is too little to be of help. */
  #tooYoung(lru: LruvecIndex, sc: ScanControl): boolean {
    const { lists, host, rules } = this.#g;
    const swappiness = this.#swappiness(lru);
    const file = lists.minSeq[lru * 2 + TYPE_FILE];
    const oldest = rules.anonFollowsFile ? file : this.#g.evictableMinSeq(lru, swappiness);
    const birth = lists.birth[lru * MAX_NR_GENS + (oldest & 3)];
    if ((host.now?.() ?? 0) < birth + this.#minTtl) return true;
    let total = lists.total(lru, TYPE_FILE);
    if (swappiness !== 0) total += lists.total(lru, TYPE_ANON);
    const helpful = total >> sc.priority > 0;
    return !helpful && (rules.loop !== '6.1' || sc.priority !== DEF_PRIORITY);
  }

  shrink(lru: LruvecIndex, sc: ScanControl): void {
    this.#aging.walking = sc.kswapd;
    if (this.#g.rules.loop === '6.1') this.#shrink61(lru, sc);
    else this.#shrink63(lru, sc);
  }

  /** lru_gen_shrink_lruvec of 6.1: at default priority without aging, then aging when too few old pages are left. */
  #shrink61(lru: LruvecIndex, sc: ScanControl): void {
    const { lists } = this.#g;
    const maxSeq = lists.maxSeq[lru];
    const reclaimed = sc.nrReclaimed;
    let scanned = 0;
    let needAging = false;
    let swapped = false;
    for (;;) {
      let swappiness = this.#swappiness(lru);
      if (!sc.maySwap && swappiness !== 0) swappiness = sc.memcg ? 0 : 1;
      const decision = this.#shouldAge(lru, sc.priority, swappiness);
      needAging = decision < 0;
      let target = needAging ? ~decision : decision;
      if (needAging && sc.priority < DEF_PRIORITY) {
        // kswapd leaves it to prepare().
        if (sc.kswapd) return;
        this.#aging.age(lru, swappiness);
      } else if (needAging && this.#g.evictableMinSeq(lru, swappiness) + MIN_NR_GENS > lists.maxSeq[lru]) {
        target = 0;
      }
      if (target === 0) return;
      const done = this.#eviction.evict(lru, sc, swappiness);
      if (done === 0) return;
      if (this.#eviction.tookAnon) swapped = true;
      scanned += done;
      if (scanned >= target || this.#shouldAbort61(lru, maxSeq, sc, swapped)) break;
    }
    if (sc.nrReclaimed - reclaimed >= MIN_LRU_BATCH && !needAging) this.#needsAging[this.#nodeOf(lru)] = 0;
  }

  #shouldAbort61(lru: LruvecIndex, maxSeq: number, sc: ScanControl, swapped: boolean): boolean {
    if (!sc.kswapd) {
      // A cgroup is aged at most once, and swap-out is slow.
      if (this.#g.lists.maxSeq[lru] - maxSeq > 1) return true;
      if (sc.nrReclaimed >= sc.nrToReclaim && swapped) return true;
      if (sc.memcg) return false;
    } else if (sc.nrReclaimed - this.#lastReclaimed[this.#nodeOf(lru)] < sc.nrToReclaim) {
      return false;
    }
    if (sc.priority > DEF_PRIORITY - 2 || this.#g.host.watermarkMet?.(lru, sc.kswapd, 0) === false) return false;
    sc.nrReclaimed += MIN_LRU_BATCH;
    return true;
  }

  /** try_to_shrink_lruvec since 6.3: aging ends the pass. */
  #shrink63(lru: LruvecIndex, sc: ScanControl): void {
    const swappiness = sc.maySwap ? this.#swappiness(lru) : 0;
    let scanned = 0;
    for (;;) {
      const decision = this.#shouldAge(lru, sc.priority, swappiness);
      if (decision < 0 && sc.priority < DEF_PRIORITY) {
        this.#aging.age(lru, swappiness);
        return;
      }
      const target = decision < 0 ? ~decision : decision;
      if (target === 0) return;
      const done = this.#eviction.evict(lru, sc, swappiness);
      if (done === 0) return;
      scanned += done;
      if (scanned >= target) return;
      if (sc.memcg) continue;
      if (sc.nrReclaimed >= sc.nrToReclaim) return;
      if (sc.kswapd && this.#g.host.watermarkMet?.(lru, true, MIN_LRU_BATCH) === true) return;
    }
  }

  /** Pages to scan at this priority; complemented if aging is due. */
  #shouldAge(lru: LruvecIndex, priority: number, swappiness: number): number {
    const { lists, rules } = this.#g;
    const max = lists.maxSeq[lru];
    const min = this.#g.evictableMinSeq(lru, swappiness);
    if (rules.loop !== '6.1' && min + MIN_NR_GENS > max) return ~0;
    let young = 0;
    let old = 0;
    let total = 0;
    const lastType = this.#g.fileEvictable(swappiness) ? TYPE_FILE : TYPE_ANON;
    for (let type = swappiness === 0 ? TYPE_FILE : TYPE_ANON; type <= lastType; type++) {
      for (let seq = lists.minSeq[lru * 2 + type]; seq <= max; seq++) {
        const size = lists.size[(lru * 2 + type) * MAX_NR_GENS + (seq & 3)];
        total += size;
        if (seq === max) young += size;
        else if (seq + MIN_NR_GENS === max) old += size;
      }
    }
    const target = total >> priority;
    if (min + MIN_NR_GENS > max) return ~target;
    if (min + MIN_NR_GENS < max) return target;
    if (!rules.agingBySize) return ~target;
    // Too many young pages, or too few old ones.
    return young * MIN_NR_GENS > total || old * (MIN_NR_GENS + 2) < total ? ~target : target;
  }

  #swappiness(lru: LruvecIndex): number {
    return this.#g.host.swapFree() < MIN_LRU_BATCH ? 0 : this.#g.host.swappiness(lru);
  }
}
