/**
 * Two lists a type, active and inactive: what all of the kernel's classic reclaim has in common from 2.6.28 to today. New pages go to the head
 * of the inactive list, a second touch moves a page to the active one, reclaim takes from the tail. What changed over the years is a `Policy`:
 * when the active list must give, and what a page's shadow is worth when it returns.
 *
 * Kernel: mm/swap.c, shrink_inactive_list, shrink_active_list, shrink_lruvec in mm/vmscan.c.
 * Known divergence: one CPU's batches; one file position for all reads (re-reading the page just read is not a touch, as through one
 * descriptor); a page is mapped at most once.
 */
import { OP_LOAD, OP_READ, OP_SHIFT, OP_STORE, PAGE_MASK } from '../machine/access.ts';
import {
  PGACTIVATE,
  PGDEACTIVATE,
  PGLAZYFREE,
  PGREFILL,
  PGROTATED,
  PGSCAN_ANON,
  PGSCAN_DIRECT,
  PGSCAN_FILE,
  PGSCAN_KSWAPD,
  PGSTEAL_ANON,
  PGSTEAL_DIRECT,
  PGSTEAL_FILE,
  PGSTEAL_KSWAPD,
} from '../machine/counters.ts';
import {
  LRU_ACTIVE_ANON,
  LRU_ACTIVE_FILE,
  LRU_INACTIVE_ANON,
  LRU_INACTIVE_FILE,
  STATS,
} from '../machine/memcg-stats.ts';
import { FLAGGED_SHIFT } from '../machine/page-flags.ts';
import { MISS, OUT_OF_MEMORY } from '../machine/memory.ts';
import { LruRing } from './lru-ring.ts';
import type { ListReclaimer, ListSizes, MemoryHost, ScanControl, Tally } from '../machine/reclaimer.ts';
import {
  ANON, DIRTY, EXEC, LAZYFREE, MAPPED, PINNED, RESIDENT, SWAPPED, UNEVICTABLE, WRITEBACK,
} from '../machine/reclaimer.ts'; // prettier-ignore
import type { Tlb } from '../machine/tlb.ts';
import { ListWarmer, STRETCH } from './warm.ts';
import { RECLAIM_ACTIVATE, RECLAIM_DEACTIVATE, RECLAIM_SCAN } from '../tables/rules.ts';

/** State bits beside RESIDENT. */
export const REFERENCED = 2;
export const ACTIVE = 4;
/** Was on the active list before (or before it was evicted). */
export const WORKINGSET = 8;
/** A page table's accessed bit. */
export const YOUNG = 16;
/** On a list, not in a batch. */
export const ON_LRU = 32;
/** Under writeback when reclaim met it: to the reclaim end once it is written (PG_reclaim). */
export const RECLAIM = 64;

/** Anonymous and swap-backed: copied from the flags, so that the common paths need only this byte. */
const ANON_PAGE = 128;

/** What a read makes of a page's state, where that is all it does; else 0: the page is not in memory, or is to be activated. */
const AFTER_READ = Uint8Array.from({ length: 256 }, (_, s) => {
  if ((s & RESIDENT) === 0) return 0;
  return (s & (REFERENCED | ACTIVE)) === REFERENCED ? 0 : s | REFERENCED;
});
export const SWAP_CLUSTER_MAX = 32;

/** What distinguishes one kernel's two lists from another's. */
export interface Policy {
  readonly era: '3.15' | '6.1';
  /** Pages a per-CPU batch holds (PAGEVEC_SIZE). */
  readonly batch: number;
  /** write() counts as a touch (until 4.7). */
  readonly writesMark: boolean;
  /** New anonymous pages start on the active list (until 5.9). */
  readonly anonActive: boolean;
  /** A young bit alone activates anonymous pages (until 5.9). */
  readonly anonOneLook: boolean;
  /** PG_referenced is lost when a page is deactivated. False in every kernel. */
  readonly clearReferenced: boolean;
  /** The read that missed counts as the first touch. True in every kernel. */
  readonly firstTouch: boolean;
  /** Pages isolated at a time. */
  readonly lot: number;
  /** A page was activated (or an active one put back): clocks may advance. */
  activated(lru: number): void;
  /** A page leaves; the shadow to leave behind, 0 for none. */
  eviction(page: number, target: number, workingset: boolean): number;
  /** `eviction` looks at free frames, or at the shadows of pages that left before: pages must leave one at a time. */
  readonly leavesSingly?: boolean;
  /** A page returns with a shadow that reclaim on behalf of `target` left: bits to set, of ACTIVE and WORKINGSET. */
  refault(page: number, lru: number, shadow: number, target: number, file: boolean, op: number): number;
  /** Reclaim wrote pages: what that costs (LRU cost). */
  wrote(lru: number, file: boolean, pages: number): void;
  /** A list was scanned; `rotated` of the pages were in use (recent_scanned, recent_rotated). */
  looked?(lru: number, file: boolean, scanned: number, rotated: number): void;
  /** How many pages of each list to scan, into `nr` by list index. */
  scanCount(lru: number, sc: ScanControl, nr: Float64Array): void;
  inactiveIsLow(lru: number, file: boolean): boolean;
  /** Whether an active list may be shrunk now. `pages` are about to be. */
  mayDeactivate(lru: number, sc: ScanControl, file: boolean, pages: number): boolean;
}

export class TwoList implements ListReclaimer {
  readonly kind = 'lists';
  readonly era: '3.15' | '6.1';
  readonly lot: number;
  chargesKernelMemory?: boolean;
  readonly state: Uint8Array;
  readonly tally: Tally = { hits: 0, misses: 0 };
  maxShadowNodes?: (lru: number | null) => number;
  prepare?: (lru: number, sc: ScanControl) => void;
  finish?: (lru: number) => void;
  /** Exact list sizes, index lru × STATS + list. */
  readonly size: Float64Array;
  readonly #host: MemoryHost;
  readonly #tlb: Tlb | undefined;
  readonly #policy: Policy;
  /** lru × 4 + list. */
  readonly #lists: readonly LruRing[];
  readonly #unevictable: Int32Array;
  readonly #adding: Int32Array;
  #nrAdding = 0;
  readonly #activating: Int32Array;
  #nrActivating = 0;
  readonly #freeing: Int32Array;
  #nrFreeing = 0;
  readonly #taken = new Int32Array(SWAP_CLUSTER_MAX);
  readonly #leaving = new Int32Array(SWAP_CLUSTER_MAX);
  readonly #shadows = new Uint32Array(SWAP_CLUSTER_MAX);
  readonly #nr = new Float64Array(4);
  readonly #targets = new Float64Array(4);
  #lastRead = -1;
  readonly #warmer: ListWarmer;

  constructor(host: MemoryHost, policy: Policy) {
    this.#host = host;
    this.#tlb = host.tlb;
    this.#policy = policy;
    this.era = policy.era;
    this.lot = policy.lot;
    this.state = new Uint8Array(host.pages);
    this.#warmer = new ListWarmer(this.state, host);
    this.size = host.stats.local;
    this.#lists = Array.from({ length: host.lruvecs * 4 }, () => new LruRing(host.places));
    this.#unevictable = new Int32Array(host.lruvecs);
    this.#adding = new Int32Array(policy.batch);
    this.#activating = new Int32Array(policy.batch);
    this.#freeing = new Int32Array(policy.batch);
  }

  // ---- the loop

  run(block: Uint32Array, offset: number, n: number, lru: number, missBits?: Uint8Array, missOffset = 0): number {
    let done = 0;
    for (let at = 0; at < n; at += STRETCH) {
      const end = Math.min(at + STRETCH, n);
      this.#warmer.misses(block, offset + at, offset + end);
      done = this.#stretch(block, offset + at, offset + end, lru, missBits, missOffset - offset) - offset;
      if (done < end) break;
    }
    this.#host.easyReads.close();
    return done;
  }

  /** Accesses words `from` to `to` of a block; returns where it stopped. */
  #stretch(
    block: Uint32Array,
    from: number,
    to: number,
    lru: number,
    missBits: Uint8Array | undefined,
    missOffset: number,
  ): number {
    const { state } = this;
    const easy = this.#host.easyReads;
    const policy = this.#policy;
    const { firstTouch, batch } = policy;
    let last = this.#lastRead;
    let misses = 0;
    let i = from;
    for (; i < to; i++) {
      // as a signed number, which costs no conversion: page numbers are positive, and a word without operation is one
      const word = block[i] | 0;
      if (word >>> OP_SHIFT === OP_READ) {
        const s = state[word];
        const next = AFTER_READ[s];
        if (next !== 0) {
          if (word === last) continue;
          last = word;
          state[word] = next;
          continue;
        }
        if ((s & RESIDENT) !== 0) {
          if (word === last) continue;
          last = word;
          this.#touchAgain(word, s);
          continue;
        }
        if (easy.come(word)) {
          const mark = firstTouch && word !== last ? REFERENCED : 0;
          last = word;
          const { shadow } = easy;
          state[word] =
            RESIDENT | mark | (shadow === 0 ? 0 : policy.refault(word, lru, shadow, easy.target, true, OP_READ));
          this.#adding[this.#nrAdding++] = word;
          if (this.#nrAdding === batch) this.#drainAdding();
          misses++;
          if (missBits !== undefined) missBits[(missOffset + i) >> 3] |= 1 << ((missOffset + i) & 7);
          continue;
        }
      } else if ((state[word & PAGE_MASK] & RESIDENT) !== 0) {
        const op = word >>> OP_SHIFT;
        if (op === OP_LOAD && this.#tlb === undefined && (state[word & PAGE_MASK] & YOUNG) !== 0) continue;
        easy.close();
        this.accessed(block[i]);
        if (op >= OP_STORE) this.#host.wrote(word & PAGE_MASK);
        continue;
      }
      this.#lastRead = last;
      easy.close();
      const outcome = this.#host.fault(block[i], lru);
      easy.open(lru);
      last = this.#lastRead;
      if ((outcome & OUT_OF_MEMORY) !== 0) break;
      if ((outcome & MISS) !== 0) {
        misses++;
        if (missBits !== undefined) {
          const bit = missOffset + i;
          missBits[bit >> 3] |= 1 << (bit & 7);
        }
      }
    }
    this.#lastRead = last;
    this.tally.misses += misses;
    this.tally.hits += i - from - misses;
    return i;
  }

  accessed(word: number): void {
    const op = word >>> OP_SHIFT;
    const page = word & PAGE_MASK;
    const s = this.state[page];
    if (op === OP_READ) {
      if (page === this.#lastRead) return;
      this.#lastRead = page;
      if ((s & REFERENCED) === 0) this.state[page] = s | REFERENCED;
      else this.#touchAgain(page, s);
    } else if (op === OP_LOAD || op === OP_STORE) {
      if (this.#tlb?.access(page) === true || (s & YOUNG) !== 0) return;
      if ((this.#host.flags[page] & MAPPED) === 0) this.#host.map(page);
      else this.state[page] = s | YOUNG;
    } else if (this.#policy.writesMark || (s & ANON_PAGE) !== 0) {
      // shared memory is marked by writing, whatever files do (shmem_get_folio)
      if ((s & REFERENCED) === 0) this.state[page] = s | REFERENCED;
      else this.#touchAgain(page, s);
    }
  }

  /** folio_mark_accessed of a page with PG_referenced. */
  #touchAgain(page: number, s: number): void {
    if ((s & ACTIVE) !== 0) return;
    if ((s & ON_LRU) !== 0) {
      this.state[page] = s & ~REFERENCED;
      this.#activating[this.#nrActivating++] = page;
      if (this.#nrActivating === this.#policy.batch) this.#drainActivating();
    } else if ((this.#host.flags[page] & UNEVICTABLE) === 0) this.state[page] = (s & ~REFERENCED) | ACTIVE;
    else return;
    this.#policy.activated(this.#host.lruvecOf(page));
    if (this.#host.logging) this.#host.log(RECLAIM_ACTIVATE.id, page, 0, 0);
  }

  // ---- coming and going

  insert(word: number, lru: number, shadow: number, target: number): void {
    const page = word & PAGE_MASK;
    const op = word >>> OP_SHIFT;
    // A droppable page is anonymous and goes to the file lists.
    const anon = (this.#host.flags[page] & (ANON | LAZYFREE)) === ANON;
    let s = RESIDENT;
    if (anon) {
      s |= ANON_PAGE;
      // shared memory that is read or written through a descriptor is marked; what is mapped has its accessed bit
      if (op === OP_LOAD || op === OP_STORE) s |= this.#policy.anonActive ? YOUNG | ACTIVE : YOUNG;
      else {
        s |= REFERENCED;
        if (op === OP_READ) this.#lastRead = page;
      }
    }
    if (shadow !== 0) s |= this.#policy.refault(page, lru, shadow, target, !anon, anon ? OP_STORE : op);
    if ((s & WORKINGSET) !== 0) this.#host.workingsetStall = true;
    this.state[page] = s;
    if (!this.#policy.firstTouch) this.#lastRead = page;
    this.#adding[this.#nrAdding++] = page;
    if (this.#nrAdding === this.#policy.batch) this.#drainAdding();
  }

  remove(page: number): void {
    if ((this.state[page] & ON_LRU) === 0) this.drain();
    if (this.#nrActivating > 0 || this.#nrFreeing > 0) this.drain();
    const s = this.state[page];
    if ((s & ON_LRU) !== 0) this.#del(page, this.#listOf(page, s));
    else this.#unevictable[this.#host.lruvecOf(page)]--;
    this.state[page] = 0;
    if (page === this.#lastRead) this.#lastRead = -1;
  }

  isolate(page: number): void {
    if ((this.state[page] & ON_LRU) === 0 || this.#nrActivating > 0) this.drain();
    const s = this.state[page];
    if ((s & ON_LRU) === 0) this.#unevictable[this.#host.lruvecOf(page)]--;
    else {
      this.#del(page, this.#listOf(page, s));
      this.state[page] = s & ~ON_LRU;
    }
  }

  putBack(page: number): void {
    if ((this.#host.flags[page] & UNEVICTABLE) !== 0) this.#unevictable[this.#host.lruvecOf(page)]++;
    else this.#add(page, this.#listOf(page, this.state[page]));
  }

  setUnevictable(page: number, unevictable: boolean): void {
    const lru = this.#host.lruvecOf(page);
    if (unevictable) {
      this.#del(page, this.#listOf(page, this.state[page]));
      this.state[page] &= ~(ON_LRU | ACTIVE);
      this.#unevictable[lru]++;
    } else {
      this.#unevictable[lru]--;
      this.#add(page, lru * 4 + ((this.state[page] & ANON_PAGE) !== 0 ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE));
    }
  }

  get unevictable(): number {
    return this.#unevictable.reduce((sum, n) => sum + n, 0);
  }

  unevictableOf(lru: number): number {
    return this.#unevictable[lru];
  }

  batched(): number {
    return this.#nrAdding;
  }

  drain(): void {
    if (this.#nrAdding > 0) this.#drainAdding();
    if (this.#nrActivating > 0) this.#drainActivating();
    if (this.#nrFreeing > 0) this.#drainFreeing();
  }

  // ---- advice

  /** mark_page_lazyfree: through a batch, as activation. */
  lazyFree(page: number): void {
    this.state[page] &= ~YOUNG;
    if ((this.state[page] & ANON_PAGE) === 0) return;
    this.#freeing[this.#nrFreeing++] = page;
    if (this.#nrFreeing === this.#policy.batch) this.#drainFreeing();
  }

  #drainFreeing(): void {
    const n = this.#nrFreeing;
    this.#nrFreeing = 0;
    const { flags, pageFlags, counters, stats } = this.#host;
    for (let i = 0; i < n; i++) {
      const page = this.#freeing[i];
      // Still in the batch of new pages: those go to their lists first.
      if ((this.state[page] & (RESIDENT | ON_LRU)) === RESIDENT && this.#nrAdding > 0) this.#drainAdding();
      const s = this.state[page];
      if ((s & ON_LRU) === 0 || (s & ANON_PAGE) === 0) continue;
      this.#del(page, this.#listOf(page, s));
      this.state[page] = s & ~(ACTIVE | REFERENCED | ANON_PAGE);
      pageFlags.set(page, flags[page] | LAZYFREE);
      this.#add(page, this.#listOf(page, this.state[page]));
      counters[PGLAZYFREE]++;
      stats.updated(2);
    }
  }

  deactivate(page: number): void {
    this.drain();
    const s = this.state[page] & ~YOUNG;
    this.state[page] = s & ~REFERENCED;
    if ((s & (ON_LRU | ACTIVE)) !== (ON_LRU | ACTIVE)) return;
    this.#del(page, this.#listOf(page, s));
    this.state[page] = s & ~(REFERENCED | ACTIVE);
    this.#add(page, this.#listOf(page, this.state[page]));
    this.#host.counters[PGDEACTIVATE]++;
  }

  takeVolatile(lru: number, sc: ScanControl, pages: number): number {
    let taken = 0;
    // Once round the lists at most: what is no volatile page joins the active one.
    for (let left = this.size[lru * STATS + LRU_INACTIVE_ANON] + this.size[lru * STATS + LRU_ACTIVE_ANON]; left > 0;) {
      if (this.#policy.inactiveIsLow(lru, false)) this.shrinkActive(lru, false, SWAP_CLUSTER_MAX);
      if (this.size[lru * STATS + LRU_INACTIVE_ANON] === 0) break;
      taken += this.#shrinkInactive(lru, sc, false, SWAP_CLUSTER_MAX);
      if (taken >= pages) break;
      left -= SWAP_CLUSTER_MAX;
    }
    return taken;
  }

  writebackEnded(page: number): void {
    const s = this.state[page];
    if ((s & RECLAIM) === 0) return;
    this.state[page] = s & ~RECLAIM;
    if ((s & ON_LRU) === 0) return;
    const list = this.#listOf(page, s);
    this.#del(page, list);
    this.state[page] &= ~ACTIVE;
    this.#addTail(page, list & ~1);
    this.#host.counters[PGROTATED]++;
  }

  #drainAdding(): void {
    const n = this.#nrAdding;
    this.#nrAdding = 0;
    const adding = this.#adding;
    const { flags, flagged } = this.#host;
    const { state } = this;
    // mostly they all go to one list
    let main = -1;
    let together = 0;
    for (let i = 0; i < n; i++) {
      const page = adding[i];
      if (flagged[page >> FLAGGED_SHIFT] !== 0 && (flags[page] & UNEVICTABLE) !== 0) {
        state[page] &= ~ACTIVE;
        this.#unevictable[this.#host.lruvecOf(page)]++;
        continue;
      }
      const list = this.#listOf(page, state[page]);
      if (main < 0) main = list;
      if (list === main) adding[together++] = page;
      else this.#add(page, list);
    }
    if (together > 0) this.#addAll(adding, together, main);
    this.#host.stats.updated(n);
  }

  #drainActivating(): void {
    const n = this.#nrActivating;
    this.#nrActivating = 0;
    const activating = this.#activating;
    const { state } = this;
    this.#warmer.placesOf(activating, n);
    let main = -1;
    let together = 0;
    let activated = 0;
    for (let i = 0; i < n; i++) {
      const page = activating[i];
      const s = state[page];
      if ((s & ON_LRU) === 0 || (s & ACTIVE) !== 0) continue;
      activated++;
      state[page] = s | ACTIVE;
      const list = this.#listOf(page, s);
      if (main < 0) main = list;
      if (list === main) activating[together++] = page;
      else {
        this.#del(page, list);
        this.#add(page, list + 1);
      }
    }
    if (together > 0) {
      this.#lists[main].removeAll(activating, together);
      this.size[(main >> 2) * STATS + (main & 3)] -= together;
      this.#addAll(activating, together, main + 1);
    }
    this.#host.counters[PGACTIVATE] += activated;
    this.#host.stats.updatedEach(3, activated);
  }

  // ---- lists

  /** lru × 4 + list. */
  #listOf(page: number, s: number): number {
    return this.#host.lruvecOf(page) * 4 + ((s & ANON_PAGE) !== 0 ? 0 : 2) + ((s & ACTIVE) >> 2);
  }

  #add(page: number, list: number): void {
    this.#lists[list].add(page);
    this.size[(list >> 2) * STATS + (list & 3)]++;
    this.state[page] |= ON_LRU;
  }

  /** The first `n` of these pages. */
  #addAll(pages: Int32Array, n: number, list: number): void {
    this.#lists[list].addAll(pages, n);
    this.size[(list >> 2) * STATS + (list & 3)] += n;
    const { state } = this;
    for (let i = 0; i < n; i++) state[pages[i]] |= ON_LRU;
  }

  #addTail(page: number, list: number): void {
    this.#lists[list].addTail(page);
    this.size[(list >> 2) * STATS + (list & 3)]++;
    this.state[page] |= ON_LRU;
  }

  #del(page: number, list: number): void {
    this.#lists[list].remove(page);
    this.size[(list >> 2) * STATS + (list & 3)]--;
  }

  /** Takes up to `n` pages from the tail into #taken. */
  #isolate(list: number, n: number): number {
    const taken = this.#lists[list].take(n, this.#taken);
    this.size[(list >> 2) * STATS + (list & 3)] -= taken;
    return taken;
  }

  sizes(lru: number): ListSizes {
    const at = lru * STATS;
    return {
      inactiveFile: this.size[at + LRU_INACTIVE_FILE],
      activeFile: this.size[at + LRU_ACTIVE_FILE],
      inactiveAnon: this.size[at + LRU_INACTIVE_ANON],
      activeAnon: this.size[at + LRU_ACTIVE_ANON],
    };
  }

  // ---- scanning

  /** shrink_lruvec: both types' lists in proportion, in lots of 32, until enough has been reclaimed. */
  shrink(lru: number, sc: ScanControl): void {
    const nr = this.#nr;
    const targets = this.#targets;
    this.#policy.scanCount(lru, sc, nr);
    targets.set(nr);
    const proportional = !sc.memcg && !sc.kswapd && sc.priority === 12;
    let reclaimed = 0;
    if (this.#host.volatilePages !== undefined) {
      reclaimed = this.#host.volatilePages.purge(lru, sc, nr[LRU_INACTIVE_ANON] + nr[LRU_ACTIVE_ANON] > 0);
      if (reclaimed > 0 && sc.nrReclaimed + reclaimed >= sc.nrToReclaim) nr.fill(0);
    }
    while (nr[LRU_INACTIVE_ANON] > 0 || nr[LRU_ACTIVE_FILE] > 0 || nr[LRU_INACTIVE_FILE] > 0) {
      for (let list = 0; list < 4; list++) {
        if (nr[list] === 0) continue;
        const pages = Math.min(nr[list], this.lot);
        nr[list] -= pages;
        const file = list >= LRU_INACTIVE_FILE;
        if ((list & 1) === 0) reclaimed += this.#shrinkInactive(lru, sc, file, pages);
        else if (this.#policy.mayDeactivate(lru, sc, file, pages)) this.shrinkActive(lru, file, pages);
      }
      if (reclaimed < sc.nrToReclaim || proportional) continue;
      if (!scaleDown(nr, targets)) break;
    }
    sc.nrReclaimed += reclaimed;
    this.age(lru);
  }

  /** Keeps the anonymous lists in balance even when nothing of them is evicted. */
  age(lru: number): void {
    if (this.#swapPossible() && this.#policy.inactiveIsLow(lru, false)) this.shrinkActive(lru, false, SWAP_CLUSTER_MAX);
  }

  #swapPossible(): boolean {
    return this.#host.swapTotal() > 0;
  }

  shrinkActive(lru: number, file: boolean, pages: number): void {
    const { state } = this;
    const { counters, stats, flags } = this.#host;
    this.drain();
    const inactive = lru * 4 + (file ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON);
    const taken = this.#isolate(inactive + 1, pages);
    counters[PGREFILL] += taken;
    const keep = this.#policy.clearReferenced ? ~(ACTIVE | YOUNG | REFERENCED) : ~(ACTIVE | YOUNG);
    let deactivated = 0;
    let young = 0;
    // executable code in use goes round once more, and goes back before the others
    for (let i = 0; i < taken; i++) {
      const page = this.#taken[i];
      const s = state[page];
      if ((s & YOUNG) !== 0) young++;
      if (file && (s & YOUNG) !== 0 && (flags[page] & (EXEC | ANON)) === EXEC) {
        state[page] = s & ~YOUNG;
        this.#add(page, inactive + 1);
        this.#policy.activated(lru);
      } else {
        state[page] = (s & keep) | WORKINGSET;
        this.#taken[deactivated++] = page;
      }
    }
    this.#addAll(this.#taken, deactivated, inactive);
    this.#policy.looked?.(lru, file, taken, young);
    counters[PGDEACTIVATE] += deactivated;
    // isolation is one change; scanning, putting back and counting each another per page
    stats.updated(taken);
    stats.updated(taken);
    stats.updated(taken);
    stats.updated(deactivated);
    if (this.#host.logging && deactivated > 0) this.#host.log(RECLAIM_DEACTIVATE.id, this.#taken[0], deactivated, lru);
  }

  #shrinkInactive(lru: number, sc: ScanControl, file: boolean, pages: number): number {
    const host = this.#host;
    const policy = this.#policy;
    const { state } = this;
    const { counters, stats, flags, flagged } = host;
    this.drain();
    const inactive = lru * 4 + (file ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON);
    const taken = this.#isolate(inactive, pages);
    counters[sc.kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT] += taken;
    counters[file ? PGSCAN_FILE : PGSCAN_ANON] += taken;
    stats.updated(taken);
    stats.updated(taken);
    if (taken === 0) return 0;
    this.#warmer.taken(this.#taken, taken);
    let kept = 0;
    let wrote = 0;
    let activated = 0;
    let rescued = 0;
    let leaving = 0;
    for (let i = 0; i < taken; i++) {
      const page = this.#taken[i];
      let s = state[page] & ~ON_LRU;
      const flag = flagged[page >> FLAGGED_SHIFT] === 0 ? 0 : flags[page];
      if ((flag & WRITEBACK) !== 0) {
        state[page] = s | RECLAIM | ACTIVE;
        activated++;
        this.#taken[kept++] = page;
        continue;
      }
      if ((flag | (s & YOUNG)) === 0 && file) {
        state[page] = 0;
        const shadow = policy.eviction(page, sc.target, (s & WORKINGSET) !== 0);
        if (shadow === 0 || policy.leavesSingly === true) host.evict(page, shadow, sc.target);
        else {
          this.#leaving[leaving] = page;
          this.#shadows[leaving++] = shadow;
        }
        continue;
      }
      if (leaving > 0) {
        // in the order in which they were met
        host.evictClean(this.#leaving, this.#shadows, leaving, lru, sc.target);
        leaving = 0;
      }
      const young = (s & YOUNG) !== 0;
      const referenced = (s & REFERENCED) !== 0;
      s &= ~(YOUNG | REFERENCED);
      if (young) {
        s |= REFERENCED;
        if (referenced || (!file && policy.anonOneLook) || (file && (flag & (EXEC | ANON)) === EXEC)) {
          s |= ACTIVE;
          activated++;
        }
        state[page] = s;
        this.#taken[kept++] = page;
        continue;
      }
      if (file) {
        if ((flag & ANON) !== 0) {
          state[page] = s;
          if (this.#takesBack(page, lru)) {
            activated++;
            rescued++;
          } else {
            state[page] = 0;
            host.evict(page, 0, sc.target);
          }
          continue;
        }
        if ((flag & PINNED) !== 0) {
          state[page] = s | ACTIVE;
          activated++;
          this.#taken[kept++] = page;
          continue;
        }
        if ((flag & DIRTY) !== 0) {
          // written while it was referenced: left for the flushers one more round
          if (referenced || !host.pageout(page)) {
            state[page] = s;
            this.#taken[kept++] = page;
            continue;
          }
        }
      } else if (host.volatilePages?.mayDrop(page) === true) {
        state[page] = 0;
        host.drop(page);
        continue;
      } else if (host.swapFree() === 0 && (flag & SWAPPED) === 0) {
        state[page] = s | ACTIVE;
        activated++;
        this.#taken[kept++] = page;
        continue;
      }
      state[page] = 0;
      if (host.evict(page, policy.eviction(page, sc.target, (s & WORKINGSET) !== 0), sc.target)) wrote++;
    }
    if (leaving > 0) host.evictClean(this.#leaving, this.#shadows, leaving, lru, sc.target);
    for (let i = 0; i < kept; i++) {
      const page = this.#taken[i];
      const active = (state[page] & ACTIVE) !== 0;
      this.#add(page, active ? inactive + 1 : inactive);
      if (active) policy.activated(lru);
    }
    const reclaimed = taken - kept - rescued;
    counters[PGACTIVATE] += activated;
    counters[sc.kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT] += reclaimed;
    counters[file ? PGSTEAL_FILE : PGSTEAL_ANON] += reclaimed;
    stats.updated(activated);
    stats.updated(kept);
    stats.updated(reclaimed);
    stats.updated(reclaimed);
    policy.looked?.(lru, file, taken, activated);
    if (wrote > 0) policy.wrote(lru, file, wrote);
    sc.nrScanned += taken;
    if (host.logging) host.log(RECLAIM_SCAN.id, inactive & 3, taken, reclaimed);
    return reclaimed;
  }

  /** Whether a lazily freed page was written to since: then it is swap-backed again, and active (try_to_unmap_one). */
  #takesBack(page: number, lru: number): boolean {
    const host = this.#host;
    if ((host.flags[page] & DIRTY) === 0 || host.isDroppable?.(page) === true) return false;
    host.pageFlags.set(page, host.flags[page] & ~LAZYFREE);
    this.state[page] |= ANON_PAGE | ACTIVE;
    this.#add(page, lru * 4 + LRU_ACTIVE_ANON);
    this.#policy.activated(lru);
    return true;
  }
}

/**
 * Enough has been reclaimed: the type with less left to scan is done, and the other is scanned only as far as that one was. False when there
 * is nothing left to balance.
 */
function scaleDown(nr: Float64Array, targets: Float64Array): boolean {
  const file = nr[LRU_INACTIVE_FILE] + nr[LRU_ACTIVE_FILE];
  const anon = nr[LRU_INACTIVE_ANON] + nr[LRU_ACTIVE_ANON];
  if (file === 0 || anon === 0) return false;
  const smaller = file > anon ? LRU_INACTIVE_ANON : LRU_INACTIVE_FILE;
  const larger = file > anon ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
  const percentage = Math.floor((Math.min(file, anon) * 100) / (targets[smaller] + targets[smaller + 1] + 1));
  nr[smaller] = 0;
  nr[smaller + 1] = 0;
  for (let list = larger; list <= larger + 1; list++) {
    const scanned = targets[list] - nr[list];
    const left = Math.floor((targets[list] * (100 - percentage)) / 100);
    nr[list] = left - Math.min(left, scanned);
  }
  return true;
}
