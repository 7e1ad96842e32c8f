/**
 * Pages change their node: one by one on request, or all of them because the node's memory goes offline. Contents, marks, charge and place among the
 * active or inactive stay; frame and lruvec change.
 *
 * Kernel: migrate_pages, alloc_migration_target in mm/migrate.c, do_migrate_range, offline_pages, online_pages in mm/memory_hotplug.c.
 * Known divergence: which frames a page has is not known, so which blocks of a kernel zone can't go offline isn't either: as many as its kernel frames
 * fill, one at least (measured on 6.1: one or two of sixteen), and their share of the pages stays.
 */
import { MIB, PAGE_SIZE, type Pages } from '../units.ts';
import { PGMIGRATE_FAIL, PGMIGRATE_SUCCESS } from './counters.ts';
import type { MemoryCore } from './memory-core.ts';
import type { Offlined } from './memory.ts';
import type { ListReclaimer } from './reclaimer.ts';
import { ANON, PINNED, RESIDENT } from './reclaimer.ts';

/** A memory block of /sys/devices/system/memory on x86-64 below 64 GiB; smaller nodes have sixteen. */
const BLOCK: Pages = (128 * MIB) / PAGE_SIZE;
const BLOCKS_OF_SMALL = 16;

export class Migration {
  readonly #core: MemoryCore;
  readonly #reclaimer: ListReclaimer;
  /** Frames of each node when all of it is online. */
  readonly #whole: Int32Array;
  readonly #one = new Int32Array(1);

  constructor(core: MemoryCore, reclaimer: ListReclaimer) {
    this.#core = core;
    this.#reclaimer = reclaimer;
    this.#whole = core.frames.present.slice();
  }

  /** Moves a page to a node, reclaiming there if need be; false if it can't be moved or the node has no frame. */
  migrate(page: number, to: number): boolean {
    this.#one[0] = to;
    return this.#migrate(page, this.#one, 1);
  }

  #migrate(page: number, order: Int32Array, count: number): boolean {
    const core = this.#core;
    const { frames, flags, counters } = core;
    const reclaimer = this.#reclaimer;
    if ((reclaimer.state[page] & RESIDENT) === 0) return false;
    const from = core.nodeOf(core.lruvecOf(page));
    if (count === 1 && order[0] === from) return true;
    const pinned = (flags[page] & (ANON | PINNED)) === PINNED;
    const to = pinned ? -1 : frames.takeAlong(order, count);
    if (to < 0) {
      counters[PGMIGRATE_FAIL]++;
      return false;
    }
    // making room for it may have reclaimed the very page
    if ((reclaimer.state[page] & RESIDENT) === 0) {
      frames.give(to, 1);
      return false;
    }
    reclaimer.isolate!(page);
    core.owners.set(page, core.lruvecAt(to, core.cgroupOf(core.lruvecOf(page))));
    reclaimer.putBack!(page);
    core.stats.updated(2);
    frames.give(from, 1);
    core.objectNodes!.moved(page, from, to);
    frames.placement!.moved(page, from, to);
    counters[PGMIGRATE_SUCCESS]++;
    return true;
  }

  offline(node: number): Offlined {
    const core = this.#core;
    const { frames } = core;
    const order = frames.placement!.zonelist(node).filter((n) => n !== node && frames.present[n] > 0);
    const present = frames.present[node];
    const block = Math.min(BLOCK, Math.ceil(this.#whole[node] / BLOCKS_OF_SMALL));
    const blocks = Math.ceil(present / block);
    const stuck = frames.kernelRoom[node] > 0 ? Math.max(1, Math.ceil(frames.kernelUsed[node] / block)) : 0;
    this.#reclaimer.drain?.();
    const pages = this.#pagesOn(node);
    const room = Math.max(0, Math.min(stuck * block, present) - frames.kernelUsed[node]);
    const stay = Math.min(room, Math.floor((pages.length * stuck) / Math.max(blocks, 1)));
    let moved = 0;
    for (let i = stay; i < pages.length; i++) if (this.#migrate(pages[i], order, order.length)) moved++;
    // the pages that found no frame keep their blocks online
    const used = this.#pagesOn(node).length + frames.kernelUsed[node];
    const kept = Math.min(present, Math.max(stuck, Math.ceil(used / block)) * block);
    frames.setPresent(node, kept, Math.min(frames.kernelRoom[node], kept));
    core.setWatermarks();
    return { moved, left: used, blocks, online: Math.ceil(kept / block) };
  }

  online(node: number, movable: boolean): Pages {
    const { frames } = this.#core;
    const added = this.#whole[node] - frames.present[node];
    frames.setPresent(node, this.#whole[node], movable ? frames.kernelRoom[node] : this.#whole[node]);
    this.#core.setWatermarks();
    return added;
  }

  #pagesOn(node: number): number[] {
    const core = this.#core;
    const { state } = this.#reclaimer;
    const pages: number[] = [];
    for (let page = 0; page < core.pages; page++)
      if ((state[page] & RESIDENT) !== 0 && core.nodeOf(core.lruvecOf(page)) === node) pages.push(page);
    return pages;
  }
}
