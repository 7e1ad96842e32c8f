/**
 * Multi-generational LRU: generations aged by page-table walks, tiers of pages read repeatedly through descriptors, and a feedback loop that
 * protects the tiers whose pages come back.
 *
 * Kernel counterpart: lru_gen_* in mm/vmscan.c, mm/swap.c and mm/workingset.c. What differs between kernels is in mglru-rules.ts; this file
 * has the access loops (one for blocks of nothing but read(), one for mixed blocks), arrival and departure of pages, and the reclaim loop.
 * Known divergences: one zone; the rotation among cgroups since 6.3 (memcg LRU) is left to the machine; swap-out is synchronous.
 */
import { OP_LOAD, OP_READ, OP_SHIFT, OP_STORE, OP_WRITE, PAGE_MASK } from '../machine/access.ts';
import * as counter from '../machine/counters.ts';
import { MISS, OUT_OF_MEMORY } from '../machine/memory.ts';
import {
  ANON,
  DIRTY,
  MAPPED,
  RESIDENT,
  UNEVICTABLE,
  type ListReclaimer,
  type ListSizes,
  type LruvecIndex,
  type MemoryHost,
  type ScanControl,
  type Tally,
} from '../machine/reclaimer.ts';
import { Aging } from './mglru-aging.ts';
import { Eviction } from './mglru-eviction.ts';
import { MIN_LRU_BATCH } from './mglru-feedback.ts';
import { MAX_NR_GENS, MIN_NR_GENS, TYPE_ANON, TYPE_FILE } from './mglru-lists.ts';
import { OFF_LIST, RECLAIM, WORKINGSET, YOUNG, newPlacement, type MglruRules } from './mglru-rules.ts';
import { refault } from './mglru-shadow.ts';
import { Generations } from './mglru-state.ts';

const DEF_PRIORITY = 12;
const NO_PAGE = -1;
const NS_PER_MS = 1_000_000;

export class Mglru implements ListReclaimer {
  readonly kind = 'lists';
  readonly era = '6.1';
  readonly state: Uint8Array;
  readonly tally: Tally = { hits: 0, misses: 0 };
  readonly #g: Generations;
  readonly #aging: Aging;
  readonly #eviction: Eviction;
  /** In ns; 0: no protection. */
  readonly #minTtl: number;
  /** The page last read: reading it again at once through the same descriptor is no new access (filemap_read). */
  #lastRead = NO_PAGE;
  /** Pages waiting to be added; complemented if they came by a fault. */
  readonly #addBatch: Int32Array;
  #addCount = 0;
  #unevictable = 0;
  readonly #place = newPlacement();
  /** sc.memcgs_need_aging and sc.last_reclaimed of kswapd's run (6.1). */
  #needsAging = false;
  #lastReclaimed = 0;

  constructor(host: MemoryHost, rules: MglruRules, minTtlMs: number) {
    this.#g = new Generations(host, rules);
    this.state = this.#g.state;
    this.#aging = new Aging(this.#g);
    this.#eviction = new Eviction(this.#g, this.#aging);
    this.#minTtl = minTtlMs * NS_PER_MS;
    this.#addBatch = new Int32Array(rules.addBatch);
  }

  // ---- accesses

  run(block: Uint32Array, offset: number, n: number, lru: LruvecIndex, missBits?: Uint8Array, missOffset = 0): number {
    let operations = 0;
    for (let i = offset; i < offset + n; i++) operations |= block[i];
    return operations >>> OP_SHIFT === OP_READ
      ? this.#runReads(block, offset, n, lru, missBits, missOffset)
      : this.#runMixed(block, offset, n, lru, missBits, missOffset);
  }

  #runReads(
    block: Uint32Array,
    offset: number,
    n: number,
    lru: LruvecIndex,
    missBits: Uint8Array | undefined,
    missOffset: number,
  ): number {
    const { state } = this;
    const { marked } = this.#g.rules;
    let last = this.#lastRead;
    let misses = 0;
    for (let i = 0; i < n; i++) {
      const page = block[offset + i];
      const before = state[page];
      if ((before & RESIDENT) !== 0) {
        if (page !== last) {
          const after = marked[before];
          if (after !== before) state[page] = after;
          last = page;
        }
        continue;
      }
      this.#lastRead = last;
      const outcome = this.#g.host.fault(page, lru);
      last = this.#lastRead;
      if ((outcome & MISS) !== 0) {
        misses++;
        if (missBits !== undefined) missBits[(missOffset + i) >> 3] |= 1 << ((missOffset + i) & 7);
      }
      if ((outcome & OUT_OF_MEMORY) !== 0) {
        this.tally.misses += misses;
        this.tally.hits += i - misses;
        return i;
      }
    }
    this.#lastRead = last;
    this.tally.misses += misses;
    this.tally.hits += n - misses;
    return n;
  }

  #runMixed(
    block: Uint32Array,
    offset: number,
    n: number,
    lru: LruvecIndex,
    missBits: Uint8Array | undefined,
    missOffset: number,
  ): number {
    const { state } = this;
    const { flags } = this.#g.host;
    this.#aging.mapped = true;
    let misses = 0;
    for (let i = 0; i < n; i++) {
      const word = block[offset + i];
      const page = word & PAGE_MASK;
      const before = state[page];
      if ((before & RESIDENT) !== 0) {
        const operation = word >>> OP_SHIFT;
        if (operation === OP_READ || operation === OP_WRITE) this.accessed(word);
        else {
          if ((before & YOUNG) === 0) state[page] = before | YOUNG;
          if (operation === OP_LOAD && (flags[page] & (ANON | MAPPED)) === 0) this.#g.host.map(page);
        }
        if (operation >= OP_STORE && (flags[page] & DIRTY) === 0) this.#g.host.wrote(page);
        continue;
      }
      const outcome = this.#g.host.fault(word, lru);
      if ((outcome & MISS) !== 0) {
        misses++;
        if (missBits !== undefined) missBits[(missOffset + i) >> 3] |= 1 << ((missOffset + i) & 7);
      }
      if ((outcome & OUT_OF_MEMORY) !== 0) {
        this.tally.misses += misses;
        this.tally.hits += i - misses;
        return i;
      }
    }
    this.tally.misses += misses;
    this.tally.hits += n - misses;
    return n;
  }

  accessed(word: number): void {
    const page = word & PAGE_MASK;
    const operation = word >>> OP_SHIFT;
    const before = this.state[page];
    if (operation === OP_READ) {
      if (page === this.#lastRead) return;
      this.#lastRead = page;
      this.state[page] = this.#g.rules.marked[before];
    } else if (operation === OP_WRITE) {
      this.state[page] = this.#g.rules.marked[before];
    } else {
      this.state[page] = before | YOUNG;
      this.#aging.mapped = true;
    }
  }

  // ---- pages come and go

  insert(word: number, lru: LruvecIndex, shadow: number): void {
    const { host, rules } = this.#g;
    const page = word & PAGE_MASK;
    const operation = word >>> OP_SHIFT;
    const anon = (host.flags[page] & ANON) !== 0;
    const type = anon ? TYPE_ANON : TYPE_FILE;
    const inFault = anon || ((operation === OP_LOAD || operation === OP_STORE) && host.randomAdvice?.(page) !== true);
    let state = RESIDENT;
    // A file page that is going to be overwritten is not judged.
    if (shadow !== 0 && (anon || operation !== OP_WRITE)) state |= refault(this.#g, page, lru, type, shadow, inFault);
    if ((state & WORKINGSET) !== 0) host.workingsetStall = true;
    if (rules.addBatch === 0) {
      this.state[page] = state;
      this.#add(page, lru, type, inFault);
      return;
    }
    this.state[page] = state | OFF_LIST;
    this.#addBatch[this.#addCount++] = inFault ? ~page : page;
    if (this.#addCount === rules.addBatch) this.drain();
  }

  drain(): void {
    const { host } = this.#g;
    const count = this.#addCount;
    this.#addCount = 0;
    for (let i = 0; i < count; i++) {
      const entry = this.#addBatch[i];
      const page = entry < 0 ? ~entry : entry;
      this.state[page] &= ~OFF_LIST;
      if ((host.flags[page] & UNEVICTABLE) !== 0) {
        this.#unevictable++;
        continue;
      }
      this.#add(page, host.lruvecOf(page), this.#typeOf(page), entry < 0);
    }
  }

  batched(): number {
    return this.#addCount;
  }

  remove(page: number): void {
    if ((this.state[page] & OFF_LIST) !== 0) this.drain();
    const { host, lists } = this.#g;
    if ((host.flags[page] & UNEVICTABLE) === 0) lists.remove(page, host.lruvecOf(page), this.#typeOf(page));
    else this.#unevictable--;
    this.state[page] = 0;
    if (page === this.#lastRead) this.#lastRead = NO_PAGE;
  }

  setUnevictable(page: number, unevictable: boolean): void {
    const lru = this.#g.host.lruvecOf(page);
    // A page in the batch has not been added yet, and drain() looks at the flag.
    if ((this.state[page] & OFF_LIST) !== 0) this.drain();
    else if (unevictable) {
      this.#g.lists.remove(page, lru, this.#typeOf(page));
      this.#unevictable++;
    } else {
      this.#unevictable--;
      this.#add(page, lru, this.#typeOf(page), false);
    }
  }

  get unevictable(): number {
    return this.#unevictable;
  }

  /** A page that eviction has come across while it was dirty is clean now: it goes next (folio_rotate_reclaimable). */
  writebackEnded(page: number): void {
    const marks = this.state[page];
    if ((marks & RECLAIM) === 0) return;
    this.state[page] = marks & ~RECLAIM;
    if ((marks & OFF_LIST) !== 0 || (this.#g.host.flags[page] & UNEVICTABLE) !== 0) return;
    const { host, lists } = this.#g;
    const lru = host.lruvecOf(page);
    const type = this.#typeOf(page);
    lists.remove(page, lru, type);
    lists.addTail(page, lru, type, lists.minSeq[lru * 2 + type] & 3);
    host.counters[counter.PGROTATED]++;
  }

  /** Active, for /proc/vmstat, are the newest two generations. */
  sizes(lru: LruvecIndex): ListSizes {
    const { lists } = this.#g;
    const activeFile = lists.active(lru, TYPE_FILE);
    const activeAnon = lists.active(lru, TYPE_ANON);
    return {
      activeFile,
      activeAnon,
      inactiveFile: lists.total(lru, TYPE_FILE) - activeFile,
      inactiveAnon: lists.total(lru, TYPE_ANON) - activeAnon,
    };
  }

  /** Generations of a type (TYPE_ANON or TYPE_FILE). */
  generations(lru: LruvecIndex, type: number): number {
    return this.#g.lists.count(lru, type);
  }

  #typeOf(page: number): number {
    return (this.#g.host.flags[page] & ANON) !== 0 ? TYPE_ANON : TYPE_FILE;
  }

  #add(page: number, lru: LruvecIndex, type: number, inFault: boolean): void {
    const place = this.#place;
    place.active = inFault;
    place.pinned = type === TYPE_ANON;
    place.reclaiming = false;
    this.#g.add(page, lru, type, place);
  }

  // ---- reclaim

  /** kswapd ages before it evicts (6.1), and calls the OOM killer rather than evict what is younger than min_ttl. */
  prepare(lru: LruvecIndex, sc: ScanControl): void {
    if (!sc.kswapd || lru !== 0) return;
    const { rules, host } = this.#g;
    if (rules.loop === '6.1') {
      this.#lastReclaimed = sc.nrReclaimed;
      if (sc.priority === DEF_PRIORITY && sc.nrScanned === 0) this.#needsAging = false;
      if (!this.#needsAging) {
        this.#needsAging = true;
        return;
      }
    }
    let reclaimable = this.#minTtl === 0;
    for (let each = 0; each < host.lruvecs; each++) {
      if (this.#minTtl > 0) {
        if (this.#tooYoung(each, sc)) continue;
        reclaimable = true;
      }
      if (rules.loop !== '6.1') continue;
      const swappiness = this.#swappiness(each);
      if (this.#shouldAge(each, sc.priority, swappiness) < 0) this.#aging.age(each, swappiness);
    }
    if (!reclaimable) sc.oom = true;
  }

  /** Whether all evictable generations are younger than min_ttl, or there is too little to be of help. */
  #tooYoung(lru: LruvecIndex, sc: ScanControl): boolean {
    const { lists, host, rules } = this.#g;
    const swappiness = this.#swappiness(lru);
    const file = lists.minSeq[lru * 2 + TYPE_FILE];
    const oldest = rules.anonFollowsFile ? file : this.#g.evictableMinSeq(lru, swappiness);
    const birth = lists.birth[lru * MAX_NR_GENS + (oldest & 3)];
    if ((host.now?.() ?? 0) < birth + this.#minTtl) return true;
    let total = lists.total(lru, TYPE_FILE);
    if (swappiness !== 0) total += lists.total(lru, TYPE_ANON);
    const helpful = total >> sc.priority > 0;
    return !helpful && (rules.loop !== '6.1' || sc.priority !== DEF_PRIORITY);
  }

  shrink(lru: LruvecIndex, sc: ScanControl): void {
    this.drain();
    if (this.#g.rules.loop === '6.1') this.#shrink61(lru, sc);
    else this.#shrink63(lru, sc);
  }

  /** lru_gen_shrink_lruvec of 6.1: at default priority without aging, then aging when too few old pages are left. */
  #shrink61(lru: LruvecIndex, sc: ScanControl): void {
    const { lists } = this.#g;
    const maxSeq = lists.maxSeq[lru];
    const reclaimed = sc.nrReclaimed;
    let scanned = 0;
    let needAging = false;
    let swapped = false;
    for (;;) {
      let swappiness = this.#swappiness(lru);
      if (!sc.maySwap && swappiness !== 0) swappiness = sc.memcg ? 0 : 1;
      const decision = this.#shouldAge(lru, sc.priority, swappiness);
      needAging = decision < 0;
      let target = needAging ? ~decision : decision;
      if (needAging && sc.priority < DEF_PRIORITY) {
        // kswapd leaves it to prepare().
        if (sc.kswapd) return;
        this.#aging.age(lru, swappiness);
      } else if (needAging && this.#g.evictableMinSeq(lru, swappiness) + MIN_NR_GENS > lists.maxSeq[lru]) {
        target = 0;
      }
      if (target === 0) return;
      const done = this.#eviction.evict(lru, sc, swappiness);
      if (done === 0) return;
      if (this.#eviction.tookAnon) swapped = true;
      scanned += done;
      if (scanned >= target || this.#shouldAbort61(lru, maxSeq, sc, swapped)) break;
    }
    if (sc.nrReclaimed - reclaimed >= MIN_LRU_BATCH && !needAging) this.#needsAging = false;
  }

  #shouldAbort61(lru: LruvecIndex, maxSeq: number, sc: ScanControl, swapped: boolean): boolean {
    if (!sc.kswapd) {
      // A cgroup is aged at most once, and swap-out is slow.
      if (this.#g.lists.maxSeq[lru] - maxSeq > 1) return true;
      if (sc.nrReclaimed >= sc.nrToReclaim && swapped) return true;
      if (sc.memcg) return false;
    } else if (sc.nrReclaimed - this.#lastReclaimed < sc.nrToReclaim) {
      return false;
    }
    if (sc.priority > DEF_PRIORITY - 2 || this.#g.host.watermarkMet?.(sc.kswapd, 0) === false) return false;
    sc.nrReclaimed += MIN_LRU_BATCH;
    return true;
  }

  /** try_to_shrink_lruvec since 6.3: aging ends the pass. */
  #shrink63(lru: LruvecIndex, sc: ScanControl): void {
    const swappiness = sc.maySwap ? this.#swappiness(lru) : 0;
    let scanned = 0;
    for (;;) {
      const decision = this.#shouldAge(lru, sc.priority, swappiness);
      if (decision < 0 && sc.priority < DEF_PRIORITY) {
        this.#aging.age(lru, swappiness);
        return;
      }
      const target = decision < 0 ? ~decision : decision;
      if (target === 0) return;
      const done = this.#eviction.evict(lru, sc, swappiness);
      if (done === 0) return;
      scanned += done;
      if (scanned >= target) return;
      if (sc.memcg) continue;
      if (sc.nrReclaimed >= sc.nrToReclaim) return;
      if (sc.kswapd && this.#g.host.watermarkMet?.(true, MIN_LRU_BATCH) === true) return;
    }
  }

  /** Pages to scan at this priority; complemented if aging is due. */
  #shouldAge(lru: LruvecIndex, priority: number, swappiness: number): number {
    const { lists, rules } = this.#g;
    const max = lists.maxSeq[lru];
    const min = this.#g.evictableMinSeq(lru, swappiness);
    if (rules.loop !== '6.1' && min + MIN_NR_GENS > max) return ~0;
    let young = 0;
    let old = 0;
    let total = 0;
    const lastType = this.#g.fileEvictable(swappiness) ? TYPE_FILE : TYPE_ANON;
    for (let type = swappiness === 0 ? TYPE_FILE : TYPE_ANON; type <= lastType; type++) {
      for (let seq = lists.minSeq[lru * 2 + type]; seq <= max; seq++) {
        const size = lists.size[(lru * 2 + type) * MAX_NR_GENS + (seq & 3)];
        total += size;
        if (seq === max) young += size;
        else if (seq + MIN_NR_GENS === max) old += size;
      }
    }
    const target = total >> priority;
    if (min + MIN_NR_GENS > max) return ~target;
    if (min + MIN_NR_GENS < max) return target;
    if (!rules.agingBySize) return ~target;
    // Too many young pages, or too few old ones.
    return young * MIN_NR_GENS > total || old * (MIN_NR_GENS + 2) < total ? ~target : target;
  }

  #swappiness(lru: LruvecIndex): number {
    return this.#g.host.swapFree() < MIN_LRU_BATCH ? 0 : this.#g.host.swappiness(lru);
  }
}
