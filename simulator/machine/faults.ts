/**
 * Pages come in: faults on files, anonymous memory and shared memory, read-ahead, page tables. Frames, charges and tree nodes first, in the kernel's
 * order, because each may reclaim; nothing is kept of a fault that fails.
 *
 * Kernel: filemap_fault, filemap_map_pages in mm/filemap.c, do_anonymous_page, do_swap_page in mm/memory.c, shmem_get_folio in mm/shmem.c.
 * Known divergence: a read of an untouched anonymous page gets a frame, where the kernel maps the zero page.
 */
import { OP_LOAD, OP_READ, OP_SHIFT, OP_STORE, OP_WRITE, PAGE_MASK } from './access.ts';
import { PGFAULT, PGMAJFAULT, PGPGIN, PSWPIN } from './counters.ts';
import type { MemoryCore } from './memory-core.ts';
import {
  DIRECT_RECLAIM,
  HIT,
  MISS,
  NO_SPACE,
  OUT_OF_MEMORY,
  READ_IO,
  SWAP_IN,
  WORKINGSET_STALL,
  ZEROED,
} from './memory.ts';
import { NODE_BYTES } from './page-tree.ts';
import { ANON, DIRTY, MAPPED, RESIDENT, SWAPPED, TOUCHED } from './reclaimer.ts';
import type { ListReclaimer } from './reclaimer.ts';

/** Pages mapped around a fault: fault_around_bytes, 64 KiB. */
const FAULT_AROUND = 16;

export class Faults {
  /** Somebody had to reclaim for itself since the fault began. */
  directReclaim = false;
  readonly #core: MemoryCore;
  readonly #reclaimer: ListReclaimer;
  /** Tree nodes that the page about to come will need, already paid for; and, with several nodes, their owners. */
  #newNodes = 0;
  readonly #owners: Int32Array | undefined;
  #payer = 0;

  constructor(core: MemoryCore, reclaimer: ListReclaimer) {
    this.#core = core;
    this.#reclaimer = reclaimer;
    // a tree of 4 TiB has five levels, and one may be put above it
    if (core.nodes > 1) this.#owners = new Int32Array(16);
  }

  fault(word: number, cgroup: number): number {
    const core = this.#core;
    const page = word & PAGE_MASK;
    const op = word >>> OP_SHIFT;
    this.directReclaim = false;
    core.workingsetStall = false;
    let outcome: number;
    if ((core.flags[page] & ANON) === 0) outcome = this.#file(page, op, word, cgroup, true);
    else if (core.kinds.isShmem(page)) outcome = this.#shmem(page, op, word, cgroup);
    else outcome = this.#anon(page, op, word, cgroup);
    return this.#told(outcome);
  }

  readAhead(page: number, cgroup: number): number {
    if ((this.#reclaimer.state[page] & RESIDENT) !== 0) return HIT;
    this.directReclaim = false;
    this.#core.workingsetStall = false;
    return this.#told(this.#file(page, OP_READ, page, cgroup, false));
  }

  #told(outcome: number): number {
    if (this.#core.memcg.high.pages > 0) this.#core.reclaimHigh();
    let told = outcome;
    if (this.#core.workingsetStall && (outcome & MISS) !== 0) told |= WORKINGSET_STALL;
    if (this.directReclaim) told |= DIRECT_RECLAIM;
    return told;
  }

  // ---- frames

  /** A frame for `page`, charged to `cgroup`: its node, or −1. */
  #frame(page: number, cgroup: number): number {
    const { frames, memcg } = this.#core;
    const node = frames.take(page);
    if (node < 0 || memcg.charge(cgroup, 1)) return node;
    frames.chargeFailed();
    this.#core.giveFrame(page, node);
    return -1;
  }

  /** Back to before `#frame`. */
  #undo(page: number, node: number, cgroup: number): number {
    this.#core.memcg.uncharge(cgroup, 1);
    this.#core.giveFrame(page, node);
    return OUT_OF_MEMORY;
  }

  /** The page is in memory, on `node`: which lruvec it joins. */
  #settle(page: number, node: number, cgroup: number): number {
    const core = this.#core;
    const lru = core.lruvecAt(node, cgroup);
    core.owners.set(page, lru);
    core.resident++;
    core.objectNodes?.came(page, node);
    return lru;
  }

  /** Tree nodes for `page` are there and paid for. Reclaim for one may free others above it. */
  #makeNodes(page: number, cgroup: number): boolean {
    while (this.#newNodes < this.#core.tree.missing(page)) if (!this.#makeNode(cgroup)) return false;
    return true;
  }

  #makeNode(cgroup: number): boolean {
    const core = this.#core;
    const payer = core.payer(cgroup);
    if (!core.memcg.chargeObject(payer, NODE_BYTES)) {
      core.frames.chargeFailed();
      this.#dropNodes();
      return false;
    }
    const node = core.slab.take();
    if (node < 0) {
      core.memcg.unchargeObject(payer, NODE_BYTES);
      this.#dropNodes();
      return false;
    }
    if (this.#owners !== undefined) this.#owners[this.#newNodes] = core.lruvecAt(node, payer);
    this.#newNodes++;
    this.#payer = payer;
    return true;
  }

  /** Nodes that were paid for are not needed after all. */
  #dropNodes(): void {
    const core = this.#core;
    while (this.#newNodes > 0) {
      this.#newNodes--;
      core.memcg.unchargeObject(this.#payer, NODE_BYTES);
      core.slab.give(this.#owners === undefined ? 0 : core.nodeOf(this.#owners[this.#newNodes]));
    }
  }

  // ---- kinds of pages

  #file(page: number, op: number, word: number, cgroup: number, mark: boolean): number {
    const core = this.#core;
    const { counters, io, shadows, stats } = core;
    if (op === OP_LOAD) {
      // the fault that reads the page drops its locks and is taken again
      counters[PGFAULT] += 2;
      counters[PGMAJFAULT]++;
      stats.updated(3);
    }
    const node = this.#frame(page, cgroup);
    if (node < 0) return OUT_OF_MEMORY;
    const shadow = shadows[page];
    if (shadow === 0 && !this.#makeNodes(page, cgroup)) return this.#undo(page, node, cgroup);
    stats.updated(2);
    const stillThere = shadows[page] !== 0;
    core.tree.insert(page, stillThere, core.payer(cgroup), this.#owners);
    this.#newNodes = 0;
    shadows[page] = 0;
    const target = core.lruvecOf(page);
    const lru = this.#settle(page, node, cgroup);
    this.#reclaimer.insert(word, lru, stillThere ? shadow : 0, target);
    let outcome = MISS;
    if (op === OP_WRITE) core.wrote(page);
    else {
      outcome |= READ_IO;
      io.reads++;
      counters[PGPGIN]++;
    }
    if (op === OP_LOAD) this.#mapAround(page);
    else if (mark) this.#reclaimer.accessed(word);
    return outcome;
  }

  #anon(page: number, op: number, word: number, cgroup: number): number {
    const core = this.#core;
    if (core.devicePages !== undefined && core.devicePages.has(page)) return core.devicePages.fault(page);
    const { counters, flags, io, shadows, stats, swap } = core;
    counters[PGFAULT]++;
    stats.updated(1);
    if (!this.#makeTable(page, cgroup)) return OUT_OF_MEMORY;
    const node = this.#frame(page, cgroup);
    if (node < 0) return OUT_OF_MEMORY;
    stats.updated(2);
    const target = core.lruvecOf(page);
    const lru = this.#settle(page, node, cgroup);
    const shadow = shadows[page];
    shadows[page] = 0;
    const stores = op === OP_STORE || op === OP_WRITE;
    if ((flags[page] & SWAPPED) !== 0) {
      if (swap.synchronous || stores) {
        core.pageFlags.set(page, flags[page] & ~SWAPPED);
        core.pageFlags.set(page, flags[page] | DIRTY);
        swap.used--;
      }
      core.pageFlags.set(page, flags[page] | MAPPED);
      counters[PGMAJFAULT]++;
      counters[PSWPIN]++;
      io.swapIns++;
      core.volatilePages?.came(page);
      this.#reclaimer.insert(word, lru, shadow, target);
      return MISS | SWAP_IN;
    }
    core.pageFlags.set(page, flags[page] | TOUCHED | DIRTY | MAPPED);
    io.zeroed++;
    core.volatilePages?.came(page);
    this.#reclaimer.insert(word, lru, 0, target);
    return ZEROED;
  }

  /** Shared memory: a tree like a file's, in which a swap entry keeps the slot of a page that is out; swap slots are given up on return. */
  #shmem(page: number, op: number, word: number, cgroup: number): number {
    const core = this.#core;
    const { counters, flags, io, shadows, stats, swap, shmem } = core;
    const exists = (flags[page] & TOUCHED) !== 0;
    // reading a hole copies zeroes
    if (!exists && op === OP_READ) return HIT;
    const mount = core.kinds.mountOf(page);
    if (!exists && !shmem.hasRoom(mount)) return NO_SPACE;
    const mapped = op === OP_LOAD || op === OP_STORE;
    if (mapped) {
      counters[PGFAULT]++;
      stats.updated(1);
      if (!this.#makeTable(page, cgroup)) return OUT_OF_MEMORY;
    }
    const node = this.#frame(page, cgroup);
    if (node < 0) return OUT_OF_MEMORY;
    if (!exists) {
      if (!this.#makeNodes(page, cgroup)) return this.#undo(page, node, cgroup);
      core.tree.insert(page, false, core.payer(cgroup), this.#owners);
      this.#newNodes = 0;
      shmem.allocated(mount);
    }
    shmem.resident++;
    stats.updated(3);
    const target = core.lruvecOf(page);
    const lru = this.#settle(page, node, cgroup);
    const shadow = shadows[page];
    shadows[page] = 0;
    const swapped = (flags[page] & SWAPPED) !== 0;
    core.pageFlags.set(page, (flags[page] & ~SWAPPED) | TOUCHED | DIRTY | (mapped ? MAPPED : 0));
    if (swapped) {
      swap.used--;
      counters[PGMAJFAULT]++;
      counters[PSWPIN]++;
      io.swapIns++;
    } else io.zeroed++;
    this.#reclaimer.insert(word, lru, swapped ? shadow : 0, target);
    if (op === OP_LOAD) this.#mapAround(page);
    return swapped ? MISS | SWAP_IN : ZEROED;
  }

  // ---- page tables

  /** There is a page table for `page`, for an entry that is no page in memory. */
  tableFor(page: number, cgroup: number): boolean {
    return this.#makeTable(page, cgroup);
  }

  /** The page table that maps `page` exists afterwards, charged to whoever faulted first. */
  #makeTable(page: number, cgroup: number): boolean {
    const { tables, frames, memcg, stats } = this.#core;
    if (tables.has(page)) return true;
    const node = frames.takeKernel();
    if (node < 0) return false;
    const payer = this.#core.payer(cgroup);
    if (!memcg.chargeKernelPages(payer, 1)) {
      frames.chargeFailed();
      frames.giveKernel(node, 1);
      return false;
    }
    stats.updated(1);
    tables.add(page, payer, node);
    return true;
  }

  map(page: number): void {
    this.#core.counters[PGFAULT]++;
    this.#core.stats.updated(1);
    this.#mapAround(page);
  }

  /** filemap_map_pages: the page and its neighbours in memory get page-table entries, which start out young. */
  #mapAround(page: number): void {
    const core = this.#core;
    const base = core.objectStart(page);
    const start = page - ((page - base) % FAULT_AROUND);
    const end = Math.min(start + FAULT_AROUND, core.objectEnd(page));
    const { flags } = core;
    const { state } = this.#reclaimer;
    if (!this.#makeTable(page, core.cgroupOf(core.lruvecOf(page)))) return;
    for (let near = start; near < end; near++) {
      if ((state[near] & RESIDENT) === 0 || (flags[near] & MAPPED) !== 0) continue;
      core.pageFlags.set(near, flags[near] | MAPPED);
      core.stats.updated(1);
      this.#reclaimer.accessed(((OP_LOAD << OP_SHIFT) | near) >>> 0);
    }
  }
}
