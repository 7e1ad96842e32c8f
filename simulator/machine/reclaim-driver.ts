/**
 * Who reclaims, how hard and until when: direct reclaim for a cgroup's limit or for nodes that are full, and each node's kswapd.
 *
 * Kernel: do_try_to_free_pages, shrink_zones, shrink_node, balance_pgdat, do_shrink_slab in mm/vmscan.c, 3.15 and 6.1.
 * Left out: throttling of reclaimers, compaction, boosted watermarks, shrinkers other than that of shadow nodes.
 */
import type { Pages } from '../units.ts';
import { ALLOCSTALL, PAGEOUTRUN, WORKINGSET_NODERECLAIM } from './counters.ts';
import type { MemoryCore } from './memory-core.ts';
import type { FrameReclaim } from './frames.ts';
import type { ListReclaimer, LruvecIndex, ScanControl } from './reclaimer.ts';
import { SLOTS } from './page-tree.ts';
import { RECLAIM_DIRECT, RECLAIM_KSWAPD, RECLAIM_SHADOW_NODES } from '../tables/rules.ts';
import { PAGE_SIZE } from '../units.ts';

export const SWAP_CLUSTER_MAX = 32;
export const DEF_PRIORITY = 12;
const SHRINK_BATCH = 128;
/** kswapd rests after so many runs in vain, until somebody else makes progress. */
const MAX_RECLAIM_RETRIES = 16;

export class ReclaimDriver implements FrameReclaim {
  /** Nodes whose kswapd is awake. */
  kswapdsAwake = 0;
  /** Inside reclaim now (PF_MEMALLOC). */
  reclaiming = false;
  readonly #core: MemoryCore;
  readonly #reclaimer: ListReclaimer;
  readonly #deferred: Float64Array;
  readonly #lot: Pages;
  /** The variant would rather have the OOM killer than go on. */
  #oom = false;
  /** kswapd runs to the end inside the allocation that wakes it. */
  readonly #synchronous: boolean;
  /** Of each node's kswapd: whether it is awake, its priority, what it has reclaimed since it woke, runs in vain. */
  readonly #awake: Uint8Array;
  readonly #priority: Int8Array;
  readonly #reclaimed: Float64Array;
  readonly #failures: Int32Array;
  readonly #allNodes: Int32Array;

  constructor(core: MemoryCore, reclaimer: ListReclaimer, synchronous: boolean) {
    this.#core = core;
    this.#synchronous = synchronous;
    this.#awake = new Uint8Array(core.nodes);
    this.#priority = new Int8Array(core.nodes).fill(DEF_PRIORITY);
    this.#reclaimed = new Float64Array(core.nodes);
    this.#failures = new Int32Array(core.nodes);
    this.#allNodes = Int32Array.from({ length: core.nodes }, (_, node) => node);
    this.#reclaimer = reclaimer;
    this.#lot = reclaimer.lot ?? SWAP_CLUSTER_MAX;
    this.#deferred = new Float64Array(core.lruvecs);
  }

  /** try_to_free_mem_cgroup_pages: at least 32 pages from the subtree of `cgroup`, on all nodes, those near the task first. */
  reclaimMemcg(cgroup: number, pages: Pages): Pages {
    const { placement } = this.#core.frames;
    const order = placement === undefined ? this.#allNodes : placement.zonelist(placement.answer.local);
    return this.#tryToFree(cgroup, this.#control(Math.max(pages, this.#lot), true), order, order.length);
  }

  /** Direct reclaim by an allocating task, on behalf of nodes that are full. */
  reclaimNodes(order: Int32Array, count: number): Pages {
    this.#core.counters[ALLOCSTALL]++;
    const reclaimed = this.#tryToFree(0, this.#control(this.#lot, false), order, count);
    if (reclaimed > 0) for (let i = 0; i < count; i++) this.#failures[order[i]] = 0;
    return reclaimed;
  }

  wakeKswapd(node: number): void {
    if (this.#awake[node] === 1 || this.#failures[node] >= MAX_RECLAIM_RETRIES) return;
    if (this.#core.frames.present[node] === 0) return;
    this.#awake[node] = 1;
    this.kswapdsAwake++;
    this.#priority[node] = DEF_PRIORITY;
    this.#reclaimed[node] = 0;
    this.#core.counters[PAGEOUTRUN]++;
    if (this.#synchronous) while (this.#awake[node] === 1) this.#kswapdPass(node, this.#core.frames.high[node]);
  }

  kswapdAwakeOn(node: number): boolean {
    return this.#awake[node] === 1;
  }

  kswapdStep(node: number): Pages {
    return this.#awake[node] === 1 ? this.#kswapdPass(node, SWAP_CLUSTER_MAX) : 0;
  }

  /** One pass of balance_pgdat: shrinks the node once at the present priority, then decides whether to go on. */
  #kswapdPass(node: number, target: Pages): Pages {
    const { freeOn, high, gap } = this.#core.frames;
    const root = this.#core.lruvecAt(node, 0);
    let scanned = 0;
    this.reclaiming = true;
    this.#reclaimer.age?.(root);
    if (freeOn[node] < high[node] + gap[node]) {
      const sc = this.#control(Math.max(target, SWAP_CLUSTER_MAX), false);
      sc.kswapd = true;
      sc.priority = this.#priority[node];
      this.#shrinkNode(root, sc);
      scanned = sc.nrScanned;
      this.#reclaimed[node] += sc.nrReclaimed;
      if (sc.oom === true) this.#oom = true;
      if (sc.nrScanned < sc.nrToReclaim || sc.nrReclaimed === 0) this.#priority[node]--;
    }
    this.reclaiming = false;
    if (freeOn[node] >= high[node] || this.#priority[node] < 1) {
      if (this.#reclaimed[node] === 0) this.#failures[node]++;
      else this.#failures[node] = 0;
      this.#awake[node] = 0;
      this.kswapdsAwake--;
      if (this.#core.logging) this.#core.log(RECLAIM_KSWAPD.id, node, this.#reclaimed[node], freeOn[node]);
      this.#reclaimer.finish?.(root);
    }
    return scanned;
  }

  takeOom(): boolean {
    const oom = this.#oom;
    this.#oom = false;
    return oom;
  }

  #control(nrToReclaim: Pages, memcg: boolean): ScanControl {
    return {
      target: 0,
      nrToReclaim,
      priority: DEF_PRIORITY,
      kswapd: false,
      memcg,
      maySwap: true,
      mayDeactivateFile: false,
      mayDeactivateAnon: false,
      cacheTrim: false,
      fileIsTiny: false,
      nrScanned: 0,
      nrReclaimed: 0,
      forceDeactivate: false,
      skippedDeactivate: false,
      lowReclaim: false,
      lowSkipped: false,
    };
  }

  /** From the subtree of `cgroup` on each of these nodes (shrink_zones). */
  #tryToFree(cgroup: number, sc: ScanControl, order: Int32Array, count: number): Pages {
    this.#core.noteDirectReclaim();
    this.reclaiming = true;
    for (;;) {
      sc.priority = DEF_PRIORITY;
      do {
        sc.nrScanned = 0;
        for (let i = 0; i < count; i++) this.#shrinkNode(this.#core.lruvecAt(order[i], cgroup), sc);
        if (sc.nrReclaimed >= sc.nrToReclaim) break;
      } while (--sc.priority >= 0);
      for (let i = 0; i < count; i++) this.#reclaimer.finish?.(this.#core.lruvecAt(order[i], cgroup));
      if (sc.nrReclaimed > 0) break;
      if (sc.skippedDeactivate) {
        sc.forceDeactivate = true;
        sc.skippedDeactivate = false;
      } else if (sc.lowSkipped) {
        sc.forceDeactivate = false;
        sc.lowReclaim = true;
        sc.lowSkipped = false;
      } else break;
    }
    this.reclaiming = false;
    if (this.#core.logging) this.#core.log(RECLAIM_DIRECT.id, 0, sc.nrReclaimed, cgroup);
    return sc.nrReclaimed;
  }

  /** The lists below `target` on its node. */
  #shrinkNode(target: LruvecIndex, sc: ScanControl): void {
    const core = this.#core;
    sc.target = target;
    this.#reclaimer.prepare?.(target, sc);
    const of = core.cgroupOf(target);
    for (let cgroup = 0; cgroup < core.cgroups; cgroup++) {
      if (!core.isInSubtree(cgroup, of)) continue;
      const lru = target - of + cgroup;
      if (cgroup !== of && cgroup !== 0) {
        const usage = core.usage(lru);
        const min = core.protectedOf(core.memcg.min, cgroup, target);
        if (usage <= min && min > 0) continue;
        const low = core.protectedOf(core.memcg.low, cgroup, target);
        if (usage <= low && low > 0 && !sc.lowReclaim) {
          sc.lowSkipped = true;
          continue;
        }
      }
      this.#shrinkLists(lru, sc);
      this.#shrinkShadowNodes(lru, sc.priority);
      // Shrinkers that know no cgroups run for the root only, and know no nodes either.
      if (cgroup === 0) sc.nrReclaimed += core.volatilePages?.shrink(sc.priority) ?? 0;
    }
  }

  /**
   * Lists and streams together give what is wanted, each in proportion to its size. Streams are inactive pages that the lists don't know of: as long
   * as with them the inactive pages are enough, lists whose own inactive part is short are left alone, or they would give up active pages for it.
   */
  #shrinkLists(lru: number, sc: ScanControl): void {
    const { streams } = this.#core;
    if (streams.pages === 0) {
      this.#reclaimer.shrink(lru, sc);
      return;
    }
    const { inactiveFile, activeFile } = this.#reclaimer.sizes(lru);
    const wanted = sc.nrToReclaim;
    const freed = streams.shrink(this.#core.cgroupOf(lru), sc, inactiveFile + activeFile);
    const own = streams.pagesOf(this.#core.cgroupOf(lru));
    if (freed > 0 && isLow(inactiveFile, activeFile) && !isLow(inactiveFile + own, activeFile)) return;
    sc.nrToReclaim = Math.max(1, wanted - freed);
    this.#reclaimer.shrink(lru, sc);
    sc.nrToReclaim = wanted;
  }

  /** do_shrink_slab for the one shrinker there is. */
  #shrinkShadowNodes(lru: number, priority: number): void {
    const core = this.#core;
    const nodes = core.tree.shadowNodes[lru];
    if (nodes === 0) return;
    const freeable = nodes - this.maxShadowNodes(lru);
    if (freeable <= 0) return;
    const deferred = this.#deferred[lru];
    // 6.1 gives this shrinker no seeks (half at once); 3.15 the usual two
    const delta = core.era === '6.1' ? freeable >> 1 : (freeable >> priority) * 2;
    let total = Math.min(Math.floor(deferred / (1 << priority)) + delta, 2 * freeable);
    let scanned = 0;
    while (total >= SHRINK_BATCH || total >= freeable) {
      const batch = Math.min(SHRINK_BATCH, total);
      if (batch === 0) break;
      let freed = 0;
      while (freed < batch && core.tree.shrink(lru)) {
        freed++;
        core.counters[WORKINGSET_NODERECLAIM]++;
        core.stats.updated(1);
      }
      total -= batch;
      scanned += batch;
    }
    if (core.logging && scanned > 0) core.log(RECLAIM_SHADOW_NODES.id, 0, scanned, lru);
    this.#deferred[lru] = Math.min(Math.max(deferred + delta - scanned, 0), 2 * freeable);
  }

  maxShadowNodes(lru: number): number {
    const core = this.#core;
    const own = this.#reclaimer.maxShadowNodes?.(lru);
    if (own !== undefined) return own;
    const cgroup = core.cgroupOf(lru);
    if (core.era === '3.15' || cgroup === 0)
      return Math.floor(core.frames.present[core.nodeOf(lru)] / (core.era === '3.15' ? SLOTS / 4 : SLOTS / 8));
    const { inactiveFile, activeFile, inactiveAnon, activeAnon } = this.#reclaimer.sizes(lru);
    const slab = Math.floor(core.memcg.slabBytes[cgroup] / PAGE_SIZE);
    return Math.floor((inactiveFile + activeFile + inactiveAnon + activeAnon + slab) / (SLOTS / 8));
  }
}

/** inactive_is_low: of a GiB of pages a third may be inactive, of more less. */
function isLow(inactive: Pages, active: Pages): boolean {
  const gib = Math.floor((inactive + active) / PAGES_PER_GIB);
  return inactive * (gib > 0 ? Math.floor(Math.sqrt(10 * gib)) : 1) < active;
}

const PAGES_PER_GIB: Pages = 262_144;
