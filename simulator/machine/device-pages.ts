/**
 * Pages of anonymous memory whose only copy is in a device's memory. The host's page tables hold a special entry for them, as if they were swapped
 * out, but no swap slot; their frame is free, their charge to the cgroup stays.
 *
 * Kernel: device-private pages of HMM, Documentation/mm/hmm.rst ("device memory is accounted as any regular page"), do_swap_page in mm/memory.c.
 */
import type { Pages } from '../units.ts';
import { OP_SHIFT, OP_STORE } from './access.ts';
import type { MemoryCore } from './memory-core.ts';
import { MISS, OUT_OF_MEMORY } from './memory.ts';
import type { ListReclaimer } from './reclaimer.ts';
import { ANON, DIRTY, MAPPED, SWAPPED, TOUCHED, UNEVICTABLE } from './reclaimer.ts';

/** Whoever has mapped pages on devices is told what the host does to them (an mmu notifier). */
export interface DeviceListener {
  /** The page left host memory: reclaimed, discarded, unmapped. */
  left(page: number): void;
  /** The page's content is gone wherever it was. */
  gone(page: number): void;
  /** A device's page was brought back by somebody who can't wait (mlock). */
  returned(page: number): void;
}

export class DevicePages {
  /** Pages lent now. */
  pages: Pages = 0;
  listener: DeviceListener | undefined;
  readonly #core: MemoryCore;
  readonly #reclaimer: ListReclaimer;
  readonly #lent: Uint8Array;

  constructor(core: MemoryCore, reclaimer: ListReclaimer) {
    this.#core = core;
    this.#reclaimer = reclaimer;
    this.#lent = new Uint8Array(core.pages);
  }

  has(page: number): boolean {
    return this.#lent[page] !== 0;
  }

  /** Whether a page has content anywhere: in memory, in swap, on a device, or in a file. */
  exists(page: number): boolean {
    const flag = this.#core.flags[page];
    return (flag & ANON) === 0 || (flag & (TOUCHED | SWAPPED)) !== 0;
  }

  /** A page in memory goes to a device: its frame is free. */
  lend(page: number): void {
    const core = this.#core;
    const { flags } = core;
    const flag = flags[page];
    this.#reclaimer.drain?.();
    core.volatilePages?.left(page);
    this.#reclaimer.remove(page);
    if ((flag & SWAPPED) !== 0) core.swap.used--;
    core.pageFlags.set(page, ANON | TOUCHED | (flag & UNEVICTABLE));
    if ((flag & MAPPED) !== 0) core.tlb?.forget(page);
    core.shadows[page] = 0;
    core.stats.updated(3);
    core.lentMemory(page, core.lruvecOf(page));
    this.#lent[page] = 1;
    this.pages++;
  }

  /** A page is made on a device at its first touch. False if its cgroup may have no more, or no frame is left for a page table. */
  populate(page: number, cgroup: number): boolean {
    const core = this.#core;
    if (!core.faults.tableFor(page, cgroup) || !core.memcg.charge(cgroup, 1)) return false;
    core.owners.set(page, core.lruvecAt(0, cgroup));
    core.pageFlags.set(page, core.flags[page] | TOUCHED);
    core.stats.updated(2);
    this.#lent[page] = 1;
    this.pages++;
    return true;
  }

  /** A page comes back into a new frame; false if none can be had. */
  takeBack(page: number): boolean {
    const core = this.#core;
    const node = core.frames.take(page);
    if (node < 0) return false;
    const lru = core.lruvecAt(node, core.cgroupOf(core.lruvecOf(page)));
    core.owners.set(page, lru);
    core.resident++;
    core.objectNodes?.came(page, node);
    core.pageFlags.set(page, core.flags[page] | TOUCHED | DIRTY | MAPPED);
    core.stats.updated(2);
    core.volatilePages?.came(page);
    this.#reclaimer.insert(((OP_STORE << OP_SHIFT) | page) >>> 0, lru, 0, lru);
    this.#lent[page] = 0;
    this.pages--;
    return true;
  }

  /** A fault that nobody timed: the page is back at once. */
  fault(page: number): number {
    if (!this.takeBack(page)) return OUT_OF_MEMORY;
    this.listener?.returned(page);
    return MISS;
  }

  /** The device has lost the content: the page is as if it had never been. */
  forfeit(page: number): void {
    const core = this.#core;
    if (this.#lent[page] === 0) return;
    this.#lent[page] = 0;
    this.pages--;
    core.memcg.uncharge(core.cgroupOf(core.lruvecOf(page)), 1);
    core.pageFlags.set(page, ANON | (core.flags[page] & UNEVICTABLE));
  }

  /** The page is unmapped for good. */
  released(page: number): void {
    this.forfeit(page);
    this.listener?.gone(page);
  }
}
