/**
 * Pages go: reclaim evicts them, munmap, exit and truncation free them. What stays behind is a shadow, a swap slot or nothing.
 *
 * Kernel: __remove_mapping, pageout in mm/vmscan.c, add_to_swap in mm/swap_state.c, zap_pte_range in mm/memory.c, mm/truncate.c.
 * Known divergence: a dirty file page that reclaim meets is written at once and freed, where the kernel wakes the flushers and comes back.
 */
import { RECLAIM_DISCARD, RECLAIM_EVICT, RECLAIM_PAGEOUT } from '../tables/rules.ts';
import type { Pages } from '../units.ts';
import { PGLAZYFREED, PGPGOUT, PSWPOUT, WORKINGSET_SHADOWS } from './counters.ts';
import type { MemoryCore } from './memory-core.ts';
import type { ListReclaimer, LruvecIndex } from './reclaimer.ts';
import { ANON, DIRTY, LAZYFREE, MAPPED, RESIDENT, SWAPPED, TOUCHED, UNEVICTABLE } from './reclaimer.ts';

export class Leaving {
  readonly #core: MemoryCore;
  readonly #reclaimer: ListReclaimer;

  constructor(core: MemoryCore, reclaimer: ListReclaimer) {
    this.#core = core;
    this.#reclaimer = reclaimer;
  }

  evict(page: number, shadow: number, target: LruvecIndex): boolean {
    const core = this.#core;
    const { flags, counters, stats } = core;
    const flag = flags[page];
    const lru = core.lruvecOf(page);
    let wrote = false;
    if ((flag & ANON) !== 0) {
      if ((flag & LAZYFREE) !== 0) {
        counters[PGLAZYFREED]++;
        this.drop(page);
        return false;
      }
      core.volatilePages?.left(page);
      if ((flag & SWAPPED) === 0) core.swap.used++;
      if ((flag & (SWAPPED | DIRTY)) !== SWAPPED) {
        wrote = true;
        counters[PSWPOUT]++;
        core.io.swapOuts++;
        core.queued.swap++;
      }
      core.pageFlags.set(page, (flag | SWAPPED) & ~(DIRTY | MAPPED));
      if (core.kinds.isShmem(page)) core.shmem.resident--;
      // NR_ANON_MAPPED, swap cache twice, MEMCG_SWAP, charge statistics
      stats.updated(5);
    } else {
      core.tree.remove(page, shadow !== 0);
      if ((flag & MAPPED) !== 0) {
        core.pageFlags.set(page, flag & ~MAPPED);
        stats.updated(1);
      }
      stats.updated(2);
    }
    if ((flag & MAPPED) !== 0) core.tlb?.forget(page);
    core.shadows[page] = shadow;
    if (shadow !== 0) {
      counters[WORKINGSET_SHADOWS]++;
      core.owners.set(page, target);
    }
    core.leftMemory(page, lru);
    core.devicePages?.listener?.left(page);
    if (core.logging) core.log(RECLAIM_EVICT.id, page, shadow, lru);
    return wrote;
  }

  /** `evict` of the first `n` of these clean, unmapped file pages of one lruvec, all of which leave shadows. */
  evictClean(pages: Int32Array, entries: Uint32Array, n: number, lru: LruvecIndex, target: LruvecIndex): void {
    const core = this.#core;
    if (core.logging || core.nodes > 1 || core.devicePages !== undefined) {
      for (let i = 0; i < n; i++) this.evict(pages[i], entries[i], target);
      return;
    }
    const { shadows, owners, stats } = core;
    core.tree.leaveShadows(pages, n, stats);
    for (let i = 0; i < n; i++) {
      shadows[pages[i]] = entries[i];
      owners.set(pages[i], target);
    }
    core.counters[WORKINGSET_SHADOWS] += n;
    core.resident -= n;
    core.frames.give(0, n);
    if (lru > 0) core.memcg.uncharge(lru, n);
  }

  /** The `discard` of try_to_unmap_one: the frame goes, and with it the content, a swap slot included. */
  drop(page: number): void {
    const core = this.#core;
    const { flags } = core;
    const flag = flags[page];
    const lru = core.lruvecOf(page);
    if ((flag & SWAPPED) !== 0) core.swap.used--;
    core.pageFlags.set(page, flag & (ANON | UNEVICTABLE | (core.isDroppable(page) ? LAZYFREE : 0)));
    if (core.kinds.isShmem(page)) core.shmem.resident--;
    if ((flag & MAPPED) !== 0) core.tlb?.forget(page);
    core.shadows[page] = 0;
    core.stats.updated(3);
    core.leftMemory(page, lru);
    if (core.logging) core.log(RECLAIM_DISCARD.id, page, 0, lru);
    core.volatilePages?.dropped(page);
    core.devicePages?.listener?.gone(page);
  }

  pageout(page: number): boolean {
    const core = this.#core;
    if ((core.flags[page] & DIRTY) === 0) return true;
    core.dirtyPages.clean(page);
    core.counters[PGPGOUT]++;
    core.io.writes++;
    core.queued.file++;
    if (core.logging) core.log(RECLAIM_PAGEOUT.id, page, 0, 0);
    return true;
  }

  release(start: number, pages: Pages, keepTables = false): Pages {
    const core = this.#core;
    core.volatilePages?.released(start, pages);
    const { flags, frames, memcg } = core;
    const reclaimer = this.#reclaimer;
    let freed = 0;
    reclaimer.drain?.();
    for (let page = start; page < start + pages; page++) {
      const flag = flags[page];
      const anon = (flag & ANON) !== 0;
      const shmem = anon && core.kinds.isShmem(page);
      const shadowed = core.shadowAt(page) !== 0;
      if ((reclaimer.state[page] & RESIDENT) !== 0) {
        reclaimer.remove(page);
        if (!anon) core.tree.remove(page, false);
        core.leftMemory(page, core.lruvecOf(page));
        core.stats.updated(3);
        if (shmem) core.shmem.resident--;
        freed++;
      } else if (shadowed && !anon) core.tree.forget(page);
      if (shmem && (flag & TOUCHED) !== 0) {
        core.tree.remove(page, false);
        core.shmem.freed(core.kinds.mountOf(page));
      }
      core.shadows[page] = 0;
      core.tlb?.forget(page);
      if ((flag & SWAPPED) !== 0) core.swap.used--;
      if (!anon) core.dirtyPages.clean(page);
      core.dirtyPages.abandon(page);
      core.devicePages?.released(page);
      core.pageFlags.set(page, anon ? ANON : 0);
    }
    if (!keepTables)
      core.tables.release(start, pages, (payer, node) => {
        memcg.unchargeKernelPages(payer, 1);
        frames.giveKernel(node, 1);
      });
    return freed;
  }
}
