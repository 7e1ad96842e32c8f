/**
 * What madvise and calls on ranges do to single pages: forget their content, hand them to reclaim, or make them go next.
 *
 * Kernel: madvise_free_pte_range, madvise_cold_or_pageout_pte_range, zap_pte_range in mm/{madvise,memory}.c of 6.1; VM_DROPPABLE of 6.11.
 */
import type { Pages } from '../units.ts';
import type { MemoryCore } from './memory-core.ts';
import {
  ANON,
  DIRTY,
  LAZYFREE,
  RESIDENT,
  SWAPPED,
  UNEVICTABLE,
  type ListReclaimer,
  type VolatilePages,
} from './reclaimer.ts';

/** Of a machine under one of the kernel's ways; the literature's know no such thing. */
export class Advice {
  readonly #core: MemoryCore;
  readonly #reclaimer: ListReclaimer;

  constructor(core: MemoryCore, reclaimer: ListReclaimer) {
    this.#core = core;
    this.#reclaimer = reclaimer;
  }

  /** From now on reclaim asks about volatile memory. */
  attach(volatile: VolatilePages): void {
    this.#core.volatilePages = volatile;
  }

  /** memory.reclaim of a cgroup: how much came of it. */
  reclaim(cgroup: number, pages: Pages): Pages {
    return this.#core.reclaim(cgroup, pages);
  }

  /** Whether the variant has file lists that lazily freed pages can join. */
  get freesLazily(): boolean {
    return this.#reclaimer.lazyFree !== undefined;
  }

  get hasSwap(): boolean {
    return this.#core.swap.pages > 0;
  }

  /** In memory or in swap: there is something that could be lost. */
  holdsContent(page: number): boolean {
    return (this.#reclaimer.state[page] & RESIDENT) !== 0 || (this.#core.flags[page] & SWAPPED) !== 0;
  }

  /** The page’s content goes now, its frame and its swap slot with it. Reclaim is not told: the caller keeps the books. */
  discard(page: number): void {
    const core = this.#core;
    const { flags } = core;
    if ((this.#reclaimer.state[page] & RESIDENT) !== 0) {
      this.#reclaimer.remove(page);
      core.leftMemory(page, core.lruvecOf(page));
      core.stats.updated(3);
      if (core.kinds.isShmem(page)) core.shmem.resident--;
      core.tlb?.forget(page);
    }
    if ((flags[page] & SWAPPED) !== 0) core.swap.used--;
    core.shadows[page] = 0;
    core.pageFlags.set(page, flags[page] & (ANON | UNEVICTABLE | (core.isDroppable(page) ? LAZYFREE : 0)));
  }

  /** MADV_FREE of one page in memory; false if it is not the kind. */
  lazyFree(page: number): boolean {
    const core = this.#core;
    const { flags } = core;
    if ((flags[page] & (ANON | UNEVICTABLE)) !== ANON || this.#reclaimer.lazyFree === undefined) return false;
    // A slot that still holds it is given back.
    if ((flags[page] & SWAPPED) !== 0) core.swap.used--;
    core.pageFlags.set(page, flags[page] & ~(DIRTY | SWAPPED));
    core.tlb?.forget(page);
    this.#reclaimer.lazyFree(page);
    return true;
  }

  /** MADV_COLD. */
  deactivate(page: number): boolean {
    if (!this.#evictable(page) || this.#reclaimer.deactivate === undefined) return false;
    this.#core.tlb?.forget(page);
    this.#reclaimer.deactivate(page);
    return true;
  }

  /** MADV_PAGEOUT: true if it is out. */
  pageOut(page: number): boolean {
    const core = this.#core;
    if (!this.#evictable(page)) return false;
    if ((core.flags[page] & LAZYFREE) === 0 && core.swap.free === 0) return false;
    this.#reclaimer.remove(page);
    core.evict(page, 0, core.lruvecOf(page));
    return true;
  }

  #evictable(page: number): boolean {
    return (this.#reclaimer.state[page] & RESIDENT) !== 0 && (this.#core.flags[page] & UNEVICTABLE) === 0;
  }

  /** MAP_DROPPABLE: before any of its pages is there. */
  setDroppable(object: number, start: number, pages: Pages): void {
    const { flags, pageFlags, droppable } = this.#core;
    droppable.add(object);
    for (let page = start; page < start + pages; page++) pageFlags.set(page, flags[page] | LAZYFREE);
  }

  /** Pages that MADV_FREE or a droppable mapping left to reclaim, in memory and not written to since. */
  lazy(start: number, pages: Pages): Pages {
    const { flags } = this.#core;
    const { state } = this.#reclaimer;
    let n = 0;
    for (let page = start; page < start + pages; page++)
      if ((flags[page] & (LAZYFREE | DIRTY)) === LAZYFREE && (state[page] & RESIDENT) !== 0) n++;
    return n;
  }
}
