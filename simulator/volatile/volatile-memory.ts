/**
 * Which pages are volatile, which of them have been purged, and what calls on ranges do and report: the state behind every interface, without
 * time. Reclaim asks it what may go (machine/reclaimer.ts, VolatilePages); the engine adds locks and costs (engine/range-calls.ts).
 *
 * Counterpart: mm/vrange.c (proposed), drivers/staging/android/ashmem.c, MADV_FREE and MAP_DROPPABLE in mm/{madvise,rmap,vmscan}.c.
 * Known divergence: after a fork parent and child share frames by number, so the copy that a write makes is always the child's, whoever writes;
 * all trees of a process count as one only for their lock.
 */
import type { Advice } from '../machine/advice.ts';
import type { Memory } from '../machine/memory.ts';
import { ObjectMap } from '../machine/object-map.ts';
import type { ListReclaimer, ScanControl, VolatilePages } from '../machine/reclaimer.ts';
import {
  FALSE_PURGED,
  OVER_PURGED,
  PURGED,
  PURGED_RANGES,
  PURGE_BUSY,
  SWAP_OUTS_AVOIDED,
  ZAPPED,
} from '../machine/counters.ts';
import { PAGE_SIZE, type Bytes, type Pages } from '../units.ts';
import type { RangeRules, VolatileInterface } from './interfaces.ts';
import { PurgeQueue, RangeTree, type VolatileRange } from './range-tree.ts';

// What is known of each page, by machine-wide number.
/** Volatile for its owner: purging may take it. */
export const VOLATILE = 1;
/** Purged since, and not reported yet (the mark that MADV_VOLATILE leaves in the page-table entry). */
export const PURGE_MARK = 2;
/** Its content is lost, and has not been written again. */
export const LOST = 4;
/** Of a child's page: it is still its parent's. */
export const COW = 8;
/** Some child still shares it. */
export const SHARED = 16;

const SHRINK_BATCH = 128;
/** Reclaim looks at volatile memory from this priority downwards (DEF_PRIORITY − 2), unless it is scanning anonymous lists anyway. */
const PURGE_PRIORITY = 10;
/** Pages that one call looks at in the order of the LRU lists. */
const LRU_LOT: Pages = 1024;

export interface VolatileLayout {
  readonly pages: number;
  /** First page number of each object, and how many it has. */
  readonly bases: readonly number[];
  readonly sizes: readonly Pages[];
  /** Process that each object belongs to; −1: none. */
  readonly processes: readonly number[];
}

/** Whether purging may touch a range now: locks, in simulated time. */
export interface PurgeLocks {
  tryLock(range: VolatileRange): boolean;
  /** `pages` were looked at while it was held. */
  unlock(range: VolatileRange, pages: Pages): void;
}

/** What a call did, for its cost. */
export interface CallResult {
  /** Ranges in the tree before. */
  readonly ranges: number;
  /** Bounds of the call that cut a mapping, and neighbours that became one with it. */
  readonly splits: number;
  readonly merges: number;
  readonly pages: Pages;
  /** Some page was reported purged (unmark). */
  readonly purged: boolean;
  /** Pages whose content is lost. */
  readonly lost: Pages;
}

const NO_LOCKS: PurgeLocks = { tryLock: () => true, unlock: () => undefined };

export class VolatileMemory implements VolatilePages {
  /** State of each page: the bits above. */
  readonly state: Uint8Array;
  readonly queue = new PurgeQueue();
  locks: PurgeLocks = NO_LOCKS;
  /** Resident volatile pages. */
  resident: Pages = 0;
  /** Pages whose content is lost now. */
  lost: Pages = 0;
  readonly rules: RangeRules | null;
  private readonly memory: Memory;
  private readonly pages: Advice;
  private readonly layout: VolatileLayout;
  private readonly objects: ObjectMap;
  private readonly face: VolatileInterface;
  /** By object. */
  private readonly trees = new Map<number, RangeTree>();
  /** Objects whose pages a child shares: parent's object → children's. */
  private readonly copies = new Map<number, number[]>();
  private deferred = 0;

  constructor(memory: Memory, layout: VolatileLayout, face: VolatileInterface, rules: RangeRules | null) {
    this.memory = memory;
    this.pages = memory.advice!;
    this.layout = layout;
    this.objects = new ObjectMap(layout.bases, layout.sizes);
    this.face = face;
    this.rules = rules;
    this.state = new Uint8Array(layout.pages);
  }

  // ---- trees

  tree(object: number): RangeTree {
    let tree = this.trees.get(object);
    if (!tree) {
      const { coalesce, scope } = this.rules!;
      tree = new RangeTree(
        object,
        scope === 'shared' ? -1 : this.layout.processes[object],
        { coalesce, requeueTrimmed: this.face.requeueTrimmed },
        this.queue,
      );
      this.trees.set(object, tree);
    }
    return tree;
  }

  /** Ranges of all trees. */
  get ranges(): number {
    let n = 0;
    for (const tree of this.trees.values()) n += tree.size;
    return n;
  }

  /** Ranges of one process's trees, or of an object's. */
  rangesOf(object: number): number {
    if (this.rules?.scope === 'shared') return this.tree(object).size;
    let n = 0;
    const process = this.layout.processes[object];
    for (const [other, tree] of this.trees) if (this.layout.processes[other] === process) n += tree.size;
    return n;
  }

  // ---- calls on ranges

  mark(object: number, start: Bytes, end: Bytes): CallResult {
    const tree = this.tree(object);
    const ranges = this.rangesOf(object);
    const before = tree.size;
    const edges = edgesInside(tree, start, end);
    tree.mark(start, end);
    const pages = this.refresh(object, start, end, true);
    // Marking in mappings cuts one where no range was, and joins with ranges that touch.
    const joined = Math.max(0, before + 1 - tree.size);
    return { ranges, splits: 2 - edges, merges: joined, pages, purged: false, lost: 0 };
  }

  unmark(object: number, start: Bytes, end: Bytes): CallResult {
    const { counters } = this.memory;
    const tree = this.tree(object);
    const ranges = this.rangesOf(object);
    const edges = edgesInside(tree, start, end);
    const flagged = tree.unmark(start, end);
    let marks = 0;
    let lost = 0;
    const base = this.layout.bases[object];
    const first = base + Math.floor(start / PAGE_SIZE);
    const last = base + Math.ceil(end / PAGE_SIZE);
    for (let page = first; page < last; page++) {
      const s = this.state[page];
      if ((s & PURGE_MARK) !== 0) {
        marks++;
        this.state[page] = s & ~PURGE_MARK;
      }
      if ((s & LOST) !== 0) lost++;
    }
    this.refresh(object, start, end, false);
    const purged = this.rules!.tracking === 'pte' ? marks > 0 : flagged;
    if (purged && marks === 0) counters[FALSE_PURGED]++;
    return { ranges, splits: edges, merges: 2 - edges, pages: last - first, purged, lost };
  }

  /** Whether any byte of it is volatile (GET_PIN_STATUS). */
  isVolatile(object: number, start: Bytes, end: Bytes): boolean {
    if (this.rules === null) {
      const base = this.layout.bases[object];
      for (let page = base + Math.floor(start / PAGE_SIZE); page < base + Math.ceil(end / PAGE_SIZE); page++)
        if ((this.state[page] & VOLATILE) !== 0) return true;
      return false;
    }
    return this.tree(object).overlapping(start, end).length > 0;
  }

  /** The mapping is gone, or the last user has closed it (munmap, exec, exit). Reports nothing. */
  forget(object: number, start: Bytes, end: Bytes): void {
    this.trees.get(object)?.unmark(start, end);
    const base = this.layout.bases[object];
    for (let page = base + Math.floor(start / PAGE_SIZE); page < base + Math.ceil(end / PAGE_SIZE); page++) {
      const s = this.state[page];
      if ((s & VOLATILE) !== 0 && this.isThere(page)) this.resident--;
      if ((s & LOST) !== 0) this.lost--;
      this.state[page] = 0;
    }
    for (const copy of this.copies.get(object) ?? []) this.ownAll(copy, object);
  }

  /** munmap and exit. Of shared memory others may still have it: only what its owner gives up is forgotten. */
  released(start: number, pages: Pages): void {
    const object = this.objectOf(start);
    const first = (start - this.layout.bases[object]) * PAGE_SIZE;
    this.forget(object, first, first + pages * PAGE_SIZE);
  }

  /**
   * After marking [start, end), or taking it back: sets the bit of each page that ranges cover wholly, clears it elsewhere. Only of pages that it
   * cuts the tree must be asked. Returns the pages looked at.
   */
  private refresh(object: number, start: Bytes, end: Bytes, marked: boolean): Pages {
    const tree = this.tree(object);
    const base = this.layout.bases[object];
    const first = Math.floor(start / PAGE_SIZE);
    const last = Math.ceil(end / PAGE_SIZE);
    for (let page = first; page < last; page++) {
      const from = page * PAGE_SIZE;
      const to = from + PAGE_SIZE;
      const whole = from >= start && to <= end;
      this.setVolatile(base + page, whole ? marked : marked && tree.covers(from, to));
    }
    return last - first;
  }

  private setVolatile(page: number, volatile: boolean): void {
    const s = this.state[page];
    if (((s & VOLATILE) !== 0) === volatile) return;
    this.state[page] = s ^ VOLATILE;
    if (this.isThere(page)) this.resident += volatile ? 1 : -1;
  }

  private isThere(page: number): boolean {
    return this.memory.isResident(page);
  }

  // ---- calls on pages

  /** madvise on whole pages. Returns how many changed. */
  advise(way: 'free' | 'cold' | 'pageout' | 'dontneed', object: number, first: Pages, count: Pages): Pages {
    const { pages, state } = this;
    const base = this.layout.bases[object];
    let changed = 0;
    for (let page = base + first; page < base + first + count; page++) {
      // Of several who map a page none speaks for the others.
      const shared = (state[page] & (COW | SHARED)) !== 0;
      if (way === 'dontneed') {
        if ((state[page] & COW) !== 0) state[page] &= ~COW;
        else if ((state[page] & SHARED) !== 0) this.ownCopies(page);
        if (!pages.holdsContent(page)) continue;
        if ((state[page] & VOLATILE) !== 0 && this.isThere(page)) this.resident--;
        pages.discard(page);
        this.lose(page, 0);
        changed++;
        continue;
      }
      if (shared) continue;
      if (way === 'free') {
        if (!pages.holdsContent(page)) continue;
        if (this.isThere(page)) {
          if (!pages.lazyFree(page)) continue;
          this.setVolatile(page, true);
        } else {
          pages.discard(page);
          this.lose(page, 0);
        }
        changed++;
      } else if (way === 'cold' ? pages.deactivate(page) : pages.pageOut(page)) changed++;
    }
    if (way === 'dontneed') this.memory.counters[ZAPPED] += changed;
    return changed;
  }

  /** The pages of an object that is droppable for life. */
  makeDroppable(object: number): void {
    this.pages.setDroppable(object, this.layout.bases[object], this.layout.sizes[object]);
    this.state.fill(VOLATILE, this.layout.bases[object], this.layout.bases[object] + this.layout.sizes[object]);
  }

  // ---- accesses

  /** A page is about to be written: what was lost does not matter any more, and lazily freed memory is taken back. */
  written(page: number): void {
    const s = this.state[page];
    if ((s & LOST) !== 0) {
      this.state[page] &= ~LOST;
      this.lost--;
    }
    if (this.face.way === 'free' && (s & VOLATILE) !== 0) this.setVolatile(page, false);
  }

  /** A page has come into memory. */
  came(page: number): void {
    if ((this.state[page] & VOLATILE) !== 0) this.resident++;
  }

  // ---- fork

  /** The child's object `copy` shares the pages of `of`; it gets the same ranges in the same states (a page that is lost is lost for both). */
  fork(of: number, copy: number): void {
    const { bases, sizes } = this.layout;
    const shared = this.rules?.scope === 'shared';
    if (this.face.way === 'droppable' && (this.state[bases[of]] & VOLATILE) !== 0) {
      // VM_WIPEONFORK
      this.makeDroppable(copy);
      return;
    }
    this.copies.set(of, [...(this.copies.get(of) ?? []), copy]);
    for (let i = 0; i < sizes[of]; i++) {
      const page = bases[of] + i;
      this.state[bases[copy] + i] = COW | (shared ? 0 : this.state[page] & (VOLATILE | PURGE_MARK | LOST));
      this.state[page] |= SHARED;
    }
    if (this.rules !== null && !shared) this.tree(of).copyTo(this.tree(copy));
  }

  /** Parent's page of a child's page. */
  parentOf(page: number, of: number, copy: number): number {
    return this.layout.bases[of] + page - this.layout.bases[copy];
  }

  /** A child's page becomes its own. */
  own(page: number, parent: number, of: number): void {
    this.state[page] &= ~COW;
    if (this.sharers(parent, of).length === 0) this.state[parent] &= ~SHARED;
  }

  /** Children's pages that share this one. */
  sharers(page: number, object: number): number[] {
    const offset = page - this.layout.bases[object];
    return (this.copies.get(object) ?? [])
      .map((copy) => this.layout.bases[copy] + offset)
      .filter((child) => (this.state[child] & COW) !== 0);
  }

  objectOf(page: number): number {
    return this.objects.objectOf(page);
  }

  private ownCopies(page: number): void {
    const object = this.objectOf(page);
    for (const child of this.sharers(page, object)) this.state[child] &= ~COW;
    this.state[page] &= ~SHARED;
  }

  private ownAll(copy: number, of: number): void {
    const { bases, sizes } = this.layout;
    for (let i = 0; i < sizes[copy]; i++) this.state[bases[copy] + i] &= ~COW;
    this.copies.set(
      of,
      (this.copies.get(of) ?? []).filter((other) => other !== copy),
    );
  }

  // ---- purging

  /** Whether nobody who maps the page needs it. */
  mayPurge(page: number): boolean {
    const s = this.state[page];
    if ((s & VOLATILE) === 0) return false;
    if ((s & SHARED) === 0 || this.rules?.scope === 'shared') return true;
    return this.sharers(page, this.objectOf(page)).every((child) => (this.state[child] & VOLATILE) !== 0);
  }

  /** LRU order: reclaim has met the page at the end of a list. */
  mayDrop(page: number): boolean {
    return this.rules?.order === 'pagelru' && this.mayPurge(page);
  }

  /** Reclaim has dropped it, content and all. */
  dropped(page: number): void {
    this.gone(page, true);
  }

  private gone(page: number, wasThere: boolean): void {
    const s = this.state[page];
    if ((s & VOLATILE) !== 0 && wasThere) this.resident--;
    this.lose(page, this.rules === null ? 0 : PURGE_MARK);
    if ((s & SHARED) !== 0)
      for (const child of this.sharers(page, this.objectOf(page)))
        this.lose(child, this.rules === null ? 0 : PURGE_MARK);
    if (this.rules !== null) {
      const object = this.objectOf(page);
      const range = this.tree(object).at((page - this.layout.bases[object]) * PAGE_SIZE);
      if (range && !range.purged) {
        range.purged = true;
        this.memory.counters[PURGED_RANGES]++;
      }
    } else if (this.face.way !== 'droppable') this.state[page] &= ~VOLATILE;
    this.memory.counters[PURGED]++;
    if (this.pages.hasSwap) this.memory.counters[SWAP_OUTS_AVOIDED]++;
  }

  /** Reclaim has swapped it out. */
  left(page: number): void {
    if ((this.state[page] & VOLATILE) !== 0) this.resident--;
  }

  private lose(page: number, mark: number): void {
    if ((this.state[page] & LOST) === 0) this.lost++;
    this.state[page] |= LOST | mark;
  }

  /** Reclaim is about to scan a lruvec; returns how many pages it need not find any more. */
  purge(lru: number, sc: ScanControl, scansAnon: boolean): Pages {
    const { rules } = this;
    if (rules === null || rules.purgedBy === 'shrinker') return 0;
    const wanted = sc.nrToReclaim - sc.nrReclaimed;
    if (wanted <= 0 || this.resident === 0) return 0;
    if (rules.order !== 'early' && !scansAnon && sc.priority >= PURGE_PRIORITY) return 0;
    if (rules.order !== 'pagelru') return this.purgeOldest(wanted, rules);
    if (this.pages.hasSwap) return 0;
    const reclaimer = this.memory.reclaimer as ListReclaimer;
    const { inactiveFile, activeFile } = reclaimer.sizes(lru);
    // As get_scan_count has it: nothing anonymous while there is enough inactive page cache.
    if (inactiveFile > activeFile) return 0;
    return reclaimer.takeVolatile?.(lru, sc, Math.min(wanted, LRU_LOT)) ?? 0;
  }

  /** do_shrink_slab for ashmem and its kin. */
  shrink(priority: number): Pages {
    const { rules } = this;
    if (rules?.purgedBy !== 'shrinker') return 0;
    const freeable = this.resident;
    if (freeable === 0) return 0;
    const delta = 2 * Math.floor(freeable / (1 << priority));
    // As of 3.15, where what was put off counts whole.
    let total = Math.min(this.deferred + delta, delta < freeable / 4 ? freeable / 2 : 2 * freeable);
    let scanned = 0;
    let freed = 0;
    while (total >= SHRINK_BATCH || total >= freeable) {
      const batch = Math.min(SHRINK_BATCH, total);
      if (batch === 0 || this.queue.oldest === null) break;
      freed += this.purgeOldest(batch, rules);
      total -= batch;
      scanned += batch;
    }
    this.deferred = Math.min(Math.max(this.deferred + delta - scanned, 0), 2 * freeable);
    return freed;
  }

  private purgePage(page: number): boolean {
    if (!this.mayPurge(page) || !this.pages.holdsContent(page)) return false;
    const there = this.isThere(page);
    this.pages.discard(page);
    this.gone(page, there);
    return there;
  }

  /** PURGE_ALL_CACHES. */
  purgeAll(): Pages {
    let freed = 0;
    for (let n = this.queue.length; n > 0 && this.queue.oldest !== null; n--)
      freed += this.purgeOldest(Infinity, { ...this.rules!, scan: Infinity });
    return freed;
  }

  /** Ranges in the order in which they were marked, until `wanted` pages are free or enough has been looked at. */
  private purgeOldest(wanted: Pages, rules: RangeRules): Pages {
    const { queue, memory } = this;
    let freed = 0;
    let looked = 0;
    let busy = 0;
    while (freed < wanted && looked * PAGE_SIZE < rules.scan) {
      const range = queue.oldest;
      if (range === null) break;
      queue.remove(range);
      if (!this.locks.tryLock(range)) {
        memory.counters[PURGE_BUSY]++;
        queue.push(range);
        if (++busy > rules.retries) break;
        continue;
      }
      const from = looked;
      const enough = rules.granularity === 'partial' ? wanted - freed : Infinity;
      const room = Math.ceil(rules.scan / PAGE_SIZE) - looked;
      const base = this.layout.bases[range.tree.object];
      let page = Math.ceil(Math.max(range.start, range.purgedTo) / PAGE_SIZE);
      const last = Math.floor(range.end / PAGE_SIZE);
      let gone = 0;
      for (; page < last && gone < enough && looked - from < room; page++) {
        looked++;
        if (this.purgePage(base + page)) gone++;
      }
      // A page of which only a part is volatile is never looked at.
      looked = Math.max(looked, from + 1);
      if (page < last) {
        range.purgedTo = page * PAGE_SIZE;
        queue.putBack(range);
      }
      freed += gone;
      this.locks.unlock(range, looked - from);
    }
    if (freed > wanted) memory.counters[OVER_PURGED] += freed - wanted;
    return freed;
  }
}

/** How many of the two bounds already are a border between volatile and not. */
function edgesInside(tree: RangeTree, start: Bytes, end: Bytes): number {
  let inside = 0;
  const left = tree.at(start);
  if (left !== undefined && left.start < start) inside++;
  const right = tree.at(end - 1);
  if (right !== undefined && right.end > end) inside++;
  return inside;
}
