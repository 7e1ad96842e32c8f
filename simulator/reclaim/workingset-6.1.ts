/**
 * The two lists as of Linux 6.1 with MGLRU off: a page that returns within the size of the active list joins it at once, and every such return
 * also lets active pages go until the next reclaim has looked; anonymous pages compete on the same terms; what was active before eviction
 * is known when it returns; the cost of reclaiming either type decides which is scanned.
 *
 * Kernel: mm/workingset.c, prepare_scan_count, get_scan_count in mm/vmscan.c, 6.1. Statistics of cgroups are read late, as there.
 * Left out: what MemoryHost leaves out; large folios; demotion to slower nodes.
 */
import { OP_WRITE } from '../machine/access.ts';
import {
  WORKINGSET_ACTIVATE_ANON,
  WORKINGSET_ACTIVATE_FILE,
  WORKINGSET_REFAULT_ANON,
  WORKINGSET_REFAULT_FILE,
  WORKINGSET_RESTORE_ANON,
  WORKINGSET_RESTORE_FILE,
} from '../machine/counters.ts';
import {
  LRU_ACTIVE_ANON,
  LRU_ACTIVE_FILE,
  LRU_INACTIVE_ANON,
  LRU_INACTIVE_FILE,
  STATS,
  WS_ACTIVATE_ANON,
  WS_ACTIVATE_FILE,
} from '../machine/memcg-stats.ts';
import type { ListReclaimer, MemoryHost, ReclaimVariant, ScanControl } from '../machine/reclaimer.ts';
import { integerSqrt } from '../machine/watermarks.ts';
import { choice, flag, integer, knob, time, valueOf } from '../tables/define.ts';
import type { KnobValues } from '../plan.ts';
import { ACTIVE, SWAP_CLUSTER_MAX, TwoList, WORKINGSET, type Policy } from './two-list.ts';
import { packShadow, timeSince, wasWorkingset } from './shadow-entry.ts';
import { RECLAIM_REFAULT_ACTIVATE, RECLAIM_REFAULT_FAR } from '../tables/rules.ts';
import { SECOND, type Nanoseconds } from '../units.ts';

const measured = (detail: string) => ({ kind: 'measured', where: `kernel 6.1 recordings; ${detail}` }) as const;

const inactiveRatio = knob({
  name: 'inactive-ratio',
  scope: 'variant',
  type: integer(0, 1000),
  default: 0,
  doc: 'How many times as long as the inactive list the active one may be; 0: √(10 × size in GiB), at least 1, as the kernel does.',
  kernel: 'inactive_is_low in mm/vmscan.c',
  source: { kind: 'published', where: 'commit 59dc76b0d4df (4.7)' },
});
const mayDeactivate = knob({
  name: 'refault-deactivates',
  scope: 'variant',
  type: flag(),
  default: true,
  doc: 'A refault activation lets active pages be deactivated until the next reclaim has looked. Off: only the ratio of the lists does.',
  kernel: 'prepare_scan_count in mm/vmscan.c',
  source: { kind: 'published', where: 'commit 2a2e48854d70' },
});
const anonCompetes = knob({
  name: 'anon-competes',
  scope: 'variant',
  type: flag(),
  default: true,
  doc: 'With swap, refault distances are held against anonymous pages too (5.8). Off: against active file pages only.',
  kernel: 'workingset_refault in mm/workingset.c',
  source: { kind: 'published', where: 'commit 34e58cac6d8f (5.8)' },
});
const activationsAge = knob({
  name: 'activations-age',
  scope: 'variant',
  type: flag(),
  default: true,
  doc: 'Activations advance the clock by which refault distances are told, as evictions do.',
  kernel: 'workingset_activation in mm/workingset.c',
  source: measured('6 % of misses in a scan next to a hot set'),
});
const keepReferenced = knob({
  name: 'keep-referenced',
  scope: 'variant',
  type: flag(),
  default: true,
  doc: 'A page that is deactivated keeps its referenced mark, so that one more touch brings it back.',
  kernel: 'shrink_active_list in mm/vmscan.c',
  source: measured('40 % of misses in a scan next to a hot set'),
});
const compareWith = knob({
  name: 'compare-with',
  scope: 'variant',
  type: choice({
    active: 'The active list: the page would have stayed had it been active.',
    all: 'Active and inactive lists together.',
  }),
  default: 'active',
  doc: 'What a refault distance must not exceed for the page to be activated.',
  kernel: 'workingset_refault in mm/workingset.c',
  source: measured('39 % of misses on a knife edge'),
});
const shadowLimit = knob({
  name: 'shadow-limit',
  scope: 'variant',
  type: integer(-1, 0x3fffffff),
  default: -1,
  doc: 'Tree nodes that may hold only shadow entries; −1: an eighth of the pages on the lists, as the kernel does.',
  kernel: 'count_shadow_nodes in mm/workingset.c',
  source: { kind: 'published', where: 'Linux 6.1 mm/workingset.c' },
});
const staleStatistics = knob({
  name: 'stale-statistics',
  scope: 'variant',
  type: flag(),
  default: true,
  doc: 'Cgroup statistics are added up only after some 65 changes a processor, as the kernel does. Off: always exact.',
  kernel: 'mem_cgroup_flush_stats in mm/memcontrol.c',
  source: measured('second order'),
});
export const flushInterval = knob({
  name: 'flush-interval',
  scope: 'variant',
  type: time(0, 3600 * SECOND),
  default: 0,
  doc: 'How often cgroup statistics are added up for reclaim to decide from; 0: whenever it asks and enough has changed.',
  kernel: 'mem_cgroup_flush_stats_ratelimited, FLUSH_TIME in mm/memcontrol.c',
  source: measured('against 6.12 recordings: C −53 %, D −1.7 % of misses'),
});
export const batch = knob({
  name: 'batch',
  scope: 'variant',
  type: integer(1, 31),
  default: 15,
  doc: 'Pages that wait in a per-CPU batch before they go to their list.',
  kernel: 'PAGEVEC_SIZE',
  source: { kind: 'published', where: 'Linux 6.1 include/linux/pagevec.h' },
});

const firstTouch = knob({
  name: 'first-touch',
  scope: 'variant',
  type: flag(),
  default: true,
  doc: 'The read that missed counts as the first of the two touches that make a page active.',
  kernel: 'filemap_read in mm/filemap.c',
  source: measured('up to 25 % of misses'),
});
const lot = knob({
  name: 'lot',
  scope: 'variant',
  type: integer(1, 32),
  default: SWAP_CLUSTER_MAX,
  doc: 'Pages that reclaim goes for, and isolates, at a time.',
  kernel: 'SWAP_CLUSTER_MAX',
  source: measured('55 % of misses in a scan next to a hot set, one page at a time'),
});
const chargeKernelMemory = knob({
  name: 'charge-kernel-memory',
  scope: 'variant',
  type: flag(),
  default: true,
  doc: 'Cgroups pay for page-cache tree nodes and page tables (4.5). Off: cgroup.memory=nokmem.',
  kernel: 'obj_cgroup_charge in mm/memcontrol.c',
  source: measured('0.3–1 % of misses, 3.5 % in a scan next to a hot set'),
});
const costBalance = knob({
  name: 'cost-balance',
  scope: 'variant',
  type: flag(),
  default: true,
  doc: 'What reclaim of anonymous and file pages has cost lately shifts pressure between them (5.8). Off: swappiness alone does.',
  kernel: 'lru_note_cost in mm/swap.c',
  source: { kind: 'published', where: 'commits d483a5dd009a, 1431d4d11abb (5.8)' },
});

export const workingsetKnobs = [
  inactiveRatio,
  mayDeactivate,
  anonCompetes,
  activationsAge,
  keepReferenced,
  compareWith,
  shadowLimit,
  staleStatistics,
  flushInterval,
  batch,
  firstTouch,
  lot,
  chargeKernelMemory,
  costBalance,
];

export class Workingset61 implements Policy {
  readonly era = '6.1';
  readonly batch: number;
  readonly writesMark = false;
  readonly anonActive = false;
  readonly anonOneLook = false;
  readonly clearReferenced: boolean;
  readonly firstTouch: boolean;
  readonly lot: number;
  readonly #host: MemoryHost;
  readonly #ratio: number;
  readonly #costs: boolean;
  readonly #refaultDeactivates: boolean;
  readonly #anonCompetes: boolean;
  readonly #activationsAge: boolean;
  readonly #compareAll: boolean;
  readonly #stale: boolean;
  readonly #flushInterval: Nanoseconds;
  #nextFlush: Nanoseconds = 0;
  /** Non-resident age of each lruvec: evictions and activations in its subtree, as far as shadows tell it. */
  readonly #age: Int32Array;
  readonly #parents: Int32Array;
  readonly #cost: Float64Array;
  readonly #snapshot: Float64Array;
  readonly #exact: Float64Array;
  #stats: Float64Array;

  constructor(host: MemoryHost, values: KnobValues) {
    this.#host = host;
    this.batch = valueOf(values, batch);
    this.clearReferenced = !valueOf(values, keepReferenced);
    this.firstTouch = valueOf(values, firstTouch);
    this.lot = valueOf(values, lot);
    this.#costs = valueOf(values, costBalance);
    this.#ratio = valueOf(values, inactiveRatio);
    this.#refaultDeactivates = valueOf(values, mayDeactivate);
    this.#anonCompetes = valueOf(values, anonCompetes);
    this.#activationsAge = valueOf(values, activationsAge);
    this.#compareAll = valueOf(values, compareWith) === 'all';
    this.#stale = valueOf(values, staleStatistics);
    this.#flushInterval = valueOf(values, flushInterval);
    this.#age = new Int32Array(host.lruvecs);
    this.#parents = host.stats.parents;
    this.#cost = new Float64Array(host.lruvecs * 2);
    this.#snapshot = new Float64Array(host.lruvecs * 2);
    this.#exact = host.stats.local;
    this.#stats = host.stats.seen;
  }

  /** lruvec_page_state: the flushed statistics. */
  #seen(lru: number, item: number): number {
    if (!this.#stale) this.#host.stats.flushNow();
    return this.#stats[lru * STATS + item];
  }

  #advance(lru: number): void {
    for (let at = lru; at >= 0; at = this.#parents[at]) this.#age[at]++;
  }

  activated(lru: number): void {
    if (this.#activationsAge) this.#advance(lru);
  }

  eviction(_page: number, target: number, workingset: boolean): number {
    const age = this.#age[target];
    this.#advance(target);
    return packShadow(age, workingset);
  }

  refault(page: number, lru: number, shadow: number, target: number, file: boolean, op: number): number {
    // what is about to be overwritten was not missed
    if (file && op === OP_WRITE) return 0;
    const host = this.#host;
    const distance = timeSince(this.#age[target], shadow);
    host.counters[file ? WORKINGSET_REFAULT_FILE : WORKINGSET_REFAULT_ANON]++;
    host.stats.updated(1);
    let size = this.#seen(target, LRU_ACTIVE_FILE);
    if (!file || this.#compareAll) size += this.#seen(target, LRU_INACTIVE_FILE);
    if (this.#anonCompetes && host.swapFree() > 0) {
      size += this.#seen(target, LRU_ACTIVE_ANON);
      if (file) size += this.#seen(target, LRU_INACTIVE_ANON);
    }
    if (distance > size) {
      if (host.logging) host.log(RECLAIM_REFAULT_FAR.id, page, distance, size);
      return 0;
    }
    this.#advance(lru);
    host.counters[file ? WORKINGSET_ACTIVATE_FILE : WORKINGSET_ACTIVATE_ANON]++;
    this.#exact[lru * STATS + (file ? WS_ACTIVATE_FILE : WS_ACTIVATE_ANON)]++;
    host.stats.updated(1);
    if (host.logging) host.log(RECLAIM_REFAULT_ACTIVATE.id, page, distance, size);
    if (!wasWorkingset(shadow)) return ACTIVE;
    this.#noteCost(lru, file, 1);
    host.counters[file ? WORKINGSET_RESTORE_FILE : WORKINGSET_RESTORE_ANON]++;
    host.stats.updated(1);
    return ACTIVE | WORKINGSET;
  }

  wrote(lru: number, file: boolean, pages: number): void {
    this.#noteCost(lru, file, pages);
  }

  /** lru_note_cost: what reclaim of a type has cost lately; halved when it comes to a quarter of the lists. */
  #noteCost(lru: number, file: boolean, pages: number): void {
    if (!this.#costs) return;
    const cost = this.#cost;
    for (let at = lru; at >= 0; at = this.#parents[at]) {
      cost[at * 2 + (file ? 1 : 0)] += pages;
      const size =
        this.#seen(at, LRU_INACTIVE_ANON) +
        this.#seen(at, LRU_ACTIVE_ANON) +
        this.#seen(at, LRU_INACTIVE_FILE) +
        this.#seen(at, LRU_ACTIVE_FILE);
      if (cost[at * 2] + cost[at * 2 + 1] > Math.floor(size / 4)) {
        cost[at * 2] = Math.floor(cost[at * 2] / 2);
        cost[at * 2 + 1] = Math.floor(cost[at * 2 + 1] / 2);
      }
    }
  }

  /** prepare_scan_count: decisions for a whole reclaim cycle, from the target's statistics. */
  prepare(target: number, sc: ScanControl): void {
    this.#flush();
    if (sc.forceDeactivate) {
      sc.mayDeactivateAnon = true;
      sc.mayDeactivateFile = true;
    } else {
      sc.mayDeactivateAnon = this.#thrashes(target, false) || this.inactiveIsLow(target, false);
      sc.mayDeactivateFile = this.#thrashes(target, true) || this.inactiveIsLow(target, true);
    }
    sc.cacheTrim = shift(this.#seen(target, LRU_INACTIVE_FILE), sc.priority) > 0 && !sc.mayDeactivateFile;
    if (!sc.memcg) {
      const file = this.#seen(target, LRU_ACTIVE_FILE) + this.#seen(target, LRU_INACTIVE_FILE);
      sc.fileIsTiny =
        file + this.#host.freePages(target) <= this.#host.highWatermark(target) &&
        !sc.mayDeactivateAnon &&
        shift(this.#seen(target, LRU_INACTIVE_ANON), sc.priority) > 0;
    }
  }

  /** When reclaim begins: statistics are added up on demand, or as of the last tick of a clock that began with the run. */
  #flush(): void {
    if (this.#flushInterval === 0) {
      this.#host.stats.flush();
      return;
    }
    const now = this.#host.now?.() ?? 0;
    if (now < this.#nextFlush) return;
    this.#host.stats.flushNow();
    this.#nextFlush = (Math.floor(now / this.#flushInterval) + 1) * this.#flushInterval;
  }

  #thrashes(target: number, file: boolean): boolean {
    if (!this.#refaultDeactivates) return false;
    return (
      this.#seen(target, file ? WS_ACTIVATE_FILE : WS_ACTIVATE_ANON) !== this.#snapshot[target * 2 + (file ? 1 : 0)]
    );
  }

  /** snapshot_refaults. */
  finish(target: number): void {
    this.#snapshot[target * 2] = this.#seen(target, WS_ACTIVATE_ANON);
    this.#snapshot[target * 2 + 1] = this.#seen(target, WS_ACTIVATE_FILE);
  }

  inactiveIsLow(lru: number, file: boolean): boolean {
    const inactive = this.#seen(lru, file ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON);
    const active = this.#seen(lru, file ? LRU_ACTIVE_FILE : LRU_ACTIVE_ANON);
    return inactive * (this.#ratio > 0 ? this.#ratio : inactiveRatioOf(inactive + active)) < active;
  }

  mayDeactivate(_lru: number, sc: ScanControl, file: boolean): boolean {
    const may = file ? sc.mayDeactivateFile : sc.mayDeactivateAnon;
    // Somebody who reclaims in vain comes back for it (do_try_to_free_pages; kernels of 2014 have no such second try).
    if (!may) sc.skippedDeactivate = true;
    return may;
  }

  /** get_scan_count: how many pages of each list, by size, priority, cost and swappiness. */
  scanCount(lru: number, sc: ScanControl, nr: Float64Array): void {
    const host = this.#host;
    const swappiness = host.swappiness(lru);
    let anonShare = 1;
    let fileShare = 1;
    let whole = 1;
    if (!sc.maySwap || host.swapFree() <= 0 || (sc.memcg && swappiness === 0)) anonShare = 0;
    else if (sc.priority === 0 && swappiness > 0) whole = 1;
    else if (sc.fileIsTiny) fileShare = 0;
    else if (sc.cacheTrim) anonShare = 0;
    else {
      const cost = this.#cost;
      const total = cost[sc.target * 2] + cost[sc.target * 2 + 1];
      const anonCost = total + cost[sc.target * 2];
      const fileCost = total + cost[sc.target * 2 + 1];
      const both = anonCost + fileCost;
      anonShare = Math.floor((swappiness * (both + 1)) / (anonCost + 1));
      fileShare = Math.floor(((200 - swappiness) * (both + 1)) / (fileCost + 1));
      whole = anonShare + fileShare;
    }
    const protectedPages = host.protection(lru, sc);
    for (let list = 0; list < 4; list++) {
      const size = this.#exact[lru * STATS + list];
      let scan = size;
      if (protectedPages > 0) {
        const usage = Math.max(host.usage(lru), protectedPages);
        scan = Math.max(size - Math.floor((size * protectedPages) / (usage + 1)), SWAP_CLUSTER_MAX);
      }
      scan = shift(scan, sc.priority);
      nr[list] = Math.floor((scan * (list >= LRU_INACTIVE_FILE ? fileShare : anonShare)) / whole);
    }
  }
}

const shift = (n: number, bits: number): number => Math.floor(n / (1 << bits));

/** 1 up to 1 GiB, then √(10 × GiB). */
export function inactiveRatioOf(pages: number): number {
  const gib = pages >>> 18;
  return gib > 0 ? integerSqrt(10 * gib) : 1;
}

/** Whether reclaim asks what time it is. */
export const watchesFlushClock = (values: KnobValues): boolean => valueOf(values, flushInterval) > 0;

export const workingset61: ReclaimVariant = {
  id: 'v6.1',
  title: 'Two lists with refault distance, Linux 6.1',
  mechanism: 'reclaim',
  family: 'kernel',
  linux: '6.1',
  year: 2022,
  summary:
    'Returning pages join the active list if it could have held them, and make it give up others; anonymous memory takes part on equal terms.',
  knobs: workingsetKnobs,
  source: { kind: 'measured', where: 'recorded runs of kernel 6.1 with MGLRU off' },
  watchesClock: watchesFlushClock,
  create: createWorkingset,
};

/** The two lists under this policy. */
export function createWorkingset(host: MemoryHost, values: KnobValues): ListReclaimer {
  const policy = new Workingset61(host, values);
  const lists = new TwoList(host, policy);
  lists.prepare = (target, sc) => policy.prepare(target, sc);
  lists.finish = (target) => policy.finish(target);
  if (!valueOf(values, chargeKernelMemory)) lists.chargesKernelMemory = false;
  const limit = valueOf(values, shadowLimit);
  if (limit >= 0) lists.maxShadowNodes = () => limit;
  return lists;
}
