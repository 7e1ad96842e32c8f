/**
 * Who reclaims, how hard and until when: direct reclaim for a cgroup's limit or for the node, and kswapd.
 *
 * Kernel: do_try_to_free_pages, shrink_node, balance_pgdat, do_shrink_slab in mm/vmscan.c, 3.15 and 6.1.
 * Left out: throttling of reclaimers, compaction, boosted watermarks, shrinkers other than that of shadow nodes.
 */
import type { Pages } from '../units.ts';
import { ALLOCSTALL, PAGEOUTRUN, WORKINGSET_NODERECLAIM } from './counters.ts';
import type { MemoryCore } from './memory-core.ts';
import type { ListReclaimer, ScanControl } from './reclaimer.ts';
import { NODE_BYTES, SLOTS } from './page-tree.ts';
import { RECLAIM_DIRECT, RECLAIM_KSWAPD, RECLAIM_SHADOW_NODES } from '../tables/rules.ts';
import { PAGE_SIZE } from '../units.ts';

export const SWAP_CLUSTER_MAX = 32;
export const DEF_PRIORITY = 12;
const SHRINK_BATCH = 128;
/** kswapd rests after so many runs in vain, until somebody else makes progress. */
const MAX_RECLAIM_RETRIES = 16;

export class ReclaimDriver {
  kswapdAwake = false;
  /** Inside reclaim now (PF_MEMALLOC). */
  reclaiming = false;
  readonly #core: MemoryCore;
  readonly #reclaimer: ListReclaimer;
  readonly #deferred: Float64Array;
  readonly #lot: Pages;
  /** The variant would rather have the OOM killer than go on. */
  #oom = false;
  #kswapdPriority = DEF_PRIORITY;
  #kswapdReclaimed = 0;
  #kswapdFailures = 0;

  constructor(core: MemoryCore, reclaimer: ListReclaimer) {
    this.#core = core;
    this.#reclaimer = reclaimer;
    this.#lot = reclaimer.lot ?? SWAP_CLUSTER_MAX;
    this.#deferred = new Float64Array(core.lruvecs);
  }

  /** try_to_free_mem_cgroup_pages: at least 32 pages from the subtree of `cgroup`. */
  reclaimMemcg(cgroup: number, pages: Pages): Pages {
    return this.#tryToFree(this.#control(cgroup, Math.max(pages, this.#lot), true));
  }

  /** Direct reclaim by an allocating task, on behalf of the node. */
  reclaimNode(): Pages {
    this.#core.counters[ALLOCSTALL]++;
    const reclaimed = this.#tryToFree(this.#control(0, this.#lot, false));
    if (reclaimed > 0) this.#kswapdFailures = 0;
    return reclaimed;
  }

  wakeKswapd(synchronous: boolean): void {
    if (this.kswapdAwake || this.#kswapdFailures >= MAX_RECLAIM_RETRIES) return;
    this.kswapdAwake = true;
    this.#kswapdPriority = DEF_PRIORITY;
    this.#kswapdReclaimed = 0;
    this.#core.counters[PAGEOUTRUN]++;
    if (synchronous) while (this.kswapdAwake) this.#kswapdPass(this.#core.marks.high);
  }

  kswapdStep(): Pages {
    return this.kswapdAwake ? this.#kswapdPass(SWAP_CLUSTER_MAX) : 0;
  }

  /** One pass of balance_pgdat: shrinks the node once at the present priority, then decides whether to go on. */
  #kswapdPass(target: Pages): Pages {
    const { marks } = this.#core;
    let scanned = 0;
    this.reclaiming = true;
    this.#reclaimer.age?.(0);
    if (this.#core.free < marks.high + marks.gap) {
      const sc = this.#control(0, Math.max(target, SWAP_CLUSTER_MAX), false);
      sc.kswapd = true;
      sc.priority = this.#kswapdPriority;
      this.#shrinkNode(sc);
      scanned = sc.nrScanned;
      this.#kswapdReclaimed += sc.nrReclaimed;
      if (sc.oom === true) this.#oom = true;
      if (sc.nrScanned < sc.nrToReclaim || sc.nrReclaimed === 0) this.#kswapdPriority--;
    }
    this.reclaiming = false;
    if (this.#core.free >= marks.high || this.#kswapdPriority < 1) {
      if (this.#kswapdReclaimed === 0) this.#kswapdFailures++;
      else this.#kswapdFailures = 0;
      this.kswapdAwake = false;
      if (this.#core.logging) this.#core.log(RECLAIM_KSWAPD.id, 0, this.#kswapdReclaimed, this.#core.free);
      this.#reclaimer.finish?.(0);
    }
    return scanned;
  }

  takeOom(): boolean {
    const oom = this.#oom;
    this.#oom = false;
    return oom;
  }

  #control(target: number, nrToReclaim: Pages, memcg: boolean): ScanControl {
    return {
      target,
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

  #tryToFree(sc: ScanControl): Pages {
    this.#core.noteDirectReclaim();
    this.reclaiming = true;
    for (;;) {
      sc.priority = DEF_PRIORITY;
      do {
        sc.nrScanned = 0;
        this.#shrinkNode(sc);
        if (sc.nrReclaimed >= sc.nrToReclaim) break;
      } while (--sc.priority >= 0);
      this.#reclaimer.finish?.(sc.target);
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
    if (this.#core.logging) this.#core.log(RECLAIM_DIRECT.id, 0, sc.nrReclaimed, sc.target);
    return sc.nrReclaimed;
  }

  #shrinkNode(sc: ScanControl): void {
    const core = this.#core;
    this.#reclaimer.prepare?.(sc.target, sc);
    for (let lru = 0; lru < core.lruvecs; lru++) {
      if (!core.isInSubtree(lru, sc.target)) continue;
      if (lru !== sc.target && lru !== 0) {
        const usage = core.usage(lru);
        if (usage <= core.memcg.min[lru] && core.memcg.min[lru] > 0) continue;
        if (usage <= core.memcg.low[lru] && core.memcg.low[lru] > 0 && !sc.lowReclaim) {
          sc.lowSkipped = true;
          continue;
        }
      }
      this.#shrinkLists(lru, sc);
      this.#shrinkShadowNodes(lru, sc.priority);
    }
  }

  /** Lists and streams together give what is wanted, each in proportion to its size. */
  #shrinkLists(lru: number, sc: ScanControl): void {
    const { streams } = this.#core;
    if (streams.pages === 0) {
      this.#reclaimer.shrink(lru, sc);
      return;
    }
    const { inactiveFile, activeFile } = this.#reclaimer.sizes(lru);
    const wanted = sc.nrToReclaim;
    const freed = streams.shrink(lru, sc, inactiveFile + activeFile);
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
    if (core.era === '3.15' || lru === 0)
      return Math.floor(core.memoryPages / (core.era === '3.15' ? SLOTS / 4 : SLOTS / 8));
    const { inactiveFile, activeFile, inactiveAnon, activeAnon } = this.#reclaimer.sizes(lru);
    const slab = Math.floor(core.memcg.slabBytes[lru] / PAGE_SIZE);
    return Math.floor((inactiveFile + activeFile + inactiveAnon + activeAnon + slab) / (SLOTS / 8));
  }
}

export const nodePages = (nodes: number): Pages => Math.ceil((nodes * NODE_BYTES) / PAGE_SIZE);
