/**
 * Multi-generational LRU: generations aged by page-table walks, tiers of pages read repeatedly through descriptors, and a feedback loop that
 * protects the tiers whose pages come back.
 *
 * Kernel counterpart: lru_gen_* in mm/vmscan.c, mm/swap.c and mm/workingset.c. What differs between kernels is in mglru-rules.ts; this file
 * has the access loops (one for blocks of nothing but read(), one for mixed blocks) and the arrival and departure of pages.
 * Known divergences: one zone; the rotation among cgroups since 6.3 (memcg LRU) is left to the machine; swap-out is synchronous.
 */
import { OP_LOAD, OP_READ, OP_SHIFT, OP_STORE, OP_WRITE, PAGE_MASK } from '../machine/access.ts';
import * as counter from '../machine/counters.ts';
import { FLAGGED_SHIFT } from '../machine/page-flags.ts';
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
import { TYPE_ANON, TYPE_FILE } from './mglru-lists.ts';
import { ReclaimPasses } from './mglru-passes.ts';
import { OFF_LIST, RECLAIM, WORKINGSET, YOUNG, type MglruRules } from './mglru-rules.ts';
import { refault } from './mglru-shadow.ts';
import { Generations } from './mglru-state.ts';
import { ListWarmer, STRETCH } from './warm.ts';

const NO_PAGE = -1;
const NS_PER_MS = 1_000_000;

export class Mglru implements ListReclaimer {
  readonly kind = 'lists';
  readonly era = '6.1';
  readonly state: Uint8Array;
  readonly tally: Tally = { hits: 0, misses: 0 };
  readonly #g: Generations;
  readonly #aging: Aging;
  readonly #passes: ReclaimPasses;
  /** The page last read: reading it again at once through the same descriptor is no new access (filemap_read). */
  #lastRead = NO_PAGE;
  /** Pages waiting to be added; complemented if they came by a fault. */
  readonly #addBatch: Int32Array;
  #addCount = 0;
  readonly #unevictable: Int32Array;
  #isolatedActive = false;
  readonly #warmer: ListWarmer;

  constructor(host: MemoryHost, rules: MglruRules, minTtlMs: number) {
    this.#g = new Generations(host, rules);
    this.state = this.#g.state;
    this.#warmer = new ListWarmer(this.state, host);
    this.#aging = new Aging(this.#g);
    this.#passes = new ReclaimPasses(this.#g, this.#aging, minTtlMs * NS_PER_MS);
    this.#addBatch = new Int32Array(rules.addBatch);
    this.#unevictable = new Int32Array(host.lruvecs);
  }

  // ---- accesses

  run(block: Uint32Array, offset: number, n: number, lru: LruvecIndex, missBits?: Uint8Array, missOffset = 0): number {
    const { tally } = this;
    let done = 0;
    for (let at = 0; at < n; at += STRETCH) {
      const end = Math.min(at + STRETCH, n);
      this.#warmer.misses(block, offset + at, offset + end);
      done = this.#stretch(block, offset + at, offset + end, lru, missBits, missOffset - offset) - offset;
      tally.hits += done - at;
      if (done < end) break;
    }
    this.#g.host.easyReads.close();
    return done;
  }

  /** Accesses words `from` to `to` of a block; returns where it stopped. Each miss takes back the hit that the caller will count. */
  #stretch(
    block: Uint32Array,
    from: number,
    to: number,
    lru: LruvecIndex,
    missBits: Uint8Array | undefined,
    missOffset: number,
  ): number {
    const { state, tally } = this;
    const { host, rules } = this.#g;
    const { marked } = rules;
    const easy = host.easyReads;
    let last = this.#lastRead;
    let i = from;
    for (; i < to; i++) {
      // as a signed number, which costs no conversion: page numbers are positive, and a word without operation is one
      const word = block[i] | 0;
      const before = state[word & PAGE_MASK];
      if (word >>> OP_SHIFT === OP_READ) {
        if ((before & RESIDENT) !== 0) {
          const after = marked[before];
          if (after !== before && word !== last) state[word] = after;
          last = word;
          continue;
        }
        if (easy.come(word)) {
          this.#insertRead(word, lru, easy.shadow);
          if (word !== last) state[word] = marked[state[word]];
          last = word;
          tally.misses++;
          tally.hits--;
          if (missBits !== undefined) missBits[(missOffset + i) >> 3] |= 1 << ((missOffset + i) & 7);
          continue;
        }
      } else if ((before & RESIDENT) !== 0) {
        easy.close();
        this.#hit(block[i]);
        continue;
      }
      this.#lastRead = last;
      easy.close();
      const outcome = host.fault(block[i], lru);
      easy.open(lru);
      last = this.#lastRead;
      if ((outcome & OUT_OF_MEMORY) !== 0) break;
      if ((outcome & MISS) !== 0) {
        tally.misses++;
        tally.hits--;
        if (missBits !== undefined) {
          const bit = missOffset + i;
          missBits[bit >> 3] |= 1 << (bit & 7);
        }
      }
    }
    this.#lastRead = last;
    return i;
  }

  /** An access to a page in memory that is no read(). */
  #hit(word: number): void {
    const { host } = this.#g;
    const page = word & PAGE_MASK;
    const operation = word >>> OP_SHIFT;
    if (operation === OP_WRITE) this.accessed(word);
    else {
      this.#aging.mapped = true;
      // a cached translation hides the access
      if (host.tlb?.access(page) !== true) {
        this.state[page] |= YOUNG;
        if (operation === OP_LOAD && (host.flags[page] & MAPPED) === 0) host.map(page);
      }
    }
    if (operation >= OP_STORE && (host.flags[page] & DIRTY) === 0) host.wrote(page);
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
      if (this.#g.host.tlb?.access(page) !== true) this.state[page] = before | YOUNG;
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
    const mapped = operation === OP_LOAD || operation === OP_STORE;
    const inFault = mapped && (anon || host.randomAdvice?.(page) !== true);
    let state = RESIDENT;
    if (mapped) this.#aging.mapped = true;
    // shared memory read or written through a descriptor
    else if (anon) state = rules.marked[state];
    // A file page that is going to be overwritten is not judged.
    if (shadow !== 0 && (anon || operation !== OP_WRITE)) state |= refault(this.#g, page, lru, type, shadow, inFault);
    if ((state & WORKINGSET) !== 0) host.workingsetStall = true;
    if (rules.addBatch === 0) {
      this.state[page] = state;
      this.#arrive(page, lru, inFault);
    } else this.#await(inFault ? ~page : page, page, state);
  }

  /** A page without flags, for a read. */
  #insertRead(page: number, lru: LruvecIndex, shadow: number): void {
    const state = shadow === 0 ? RESIDENT : RESIDENT | refault(this.#g, page, lru, TYPE_FILE, shadow, false);
    if (this.#g.rules.addBatch === 0) {
      this.state[page] = state;
      this.#g.add(page, lru, TYPE_FILE, false);
    } else this.#await(page, page, state);
  }

  /** A page joins the batch of those waiting to be added. */
  #await(entry: number, page: number, state: number): void {
    this.state[page] = state | OFF_LIST;
    this.#addBatch[this.#addCount++] = entry;
    if (this.#addCount === this.#addBatch.length) this.drain();
  }

  drain(): void {
    const { host } = this.#g;
    const count = this.#addCount;
    this.#addCount = 0;
    for (let i = 0; i < count; i++) {
      const entry = this.#addBatch[i];
      const page = entry < 0 ? ~entry : entry;
      this.state[page] &= ~OFF_LIST;
      this.#arrive(page, host.lruvecOf(page), entry < 0);
    }
  }

  #arrive(page: number, lru: LruvecIndex, inFault: boolean): void {
    const { flags, flagged } = this.#g.host;
    if (flagged[page >> FLAGGED_SHIFT] === 0) this.#g.add(page, lru, TYPE_FILE, inFault);
    else if ((flags[page] & UNEVICTABLE) !== 0) this.#unevictable[lru]++;
    else this.#g.add(page, lru, this.#typeOf(page), inFault);
  }

  batched(): number {
    return this.#addCount;
  }

  remove(page: number): void {
    if ((this.state[page] & OFF_LIST) !== 0) this.drain();
    const { host, lists } = this.#g;
    if ((host.flags[page] & UNEVICTABLE) === 0) lists.remove(page, host.lruvecOf(page), this.#typeOf(page));
    else this.#unevictable[host.lruvecOf(page)]--;
    this.state[page] = 0;
    this.#aging.forget(page);
    if (page === this.#lastRead) this.#lastRead = NO_PAGE;
  }

  setUnevictable(page: number, unevictable: boolean): void {
    const lru = this.#g.host.lruvecOf(page);
    // A page in the batch has not been added yet, and drain() looks at the flag.
    if ((this.state[page] & OFF_LIST) !== 0) this.drain();
    else if (unevictable) {
      this.#g.lists.remove(page, lru, this.#typeOf(page));
      this.#unevictable[lru]++;
    } else {
      this.#unevictable[lru]--;
      this.#g.add(page, lru, this.#typeOf(page), false);
    }
  }

  get unevictable(): number {
    return this.#unevictable.reduce((sum, n) => sum + n, 0);
  }

  unevictableOf(lru: LruvecIndex): number {
    return this.#unevictable[lru];
  }

  /** A page that was active stays so (lru_gen_del_folio keeps it as PG_active): it goes to the newest generation of its new lruvec. */
  isolate(page: number): void {
    if ((this.state[page] & OFF_LIST) !== 0) this.drain();
    const { host, lists } = this.#g;
    const lru = host.lruvecOf(page);
    if ((host.flags[page] & UNEVICTABLE) !== 0) {
      this.#unevictable[lru]--;
      return;
    }
    this.#isolatedActive = lists.isActive(page, lru);
    lists.remove(page, lru, this.#typeOf(page));
    this.#aging.forget(page);
  }

  putBack(page: number): void {
    const lru = this.#g.host.lruvecOf(page);
    if ((this.#g.host.flags[page] & UNEVICTABLE) !== 0) this.#unevictable[lru]++;
    else this.#g.add(page, lru, this.#typeOf(page), this.#isolatedActive);
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

  // ---- reclaim

  prepare(lru: LruvecIndex, sc: ScanControl): void {
    this.#passes.prepare(lru, sc);
  }

  shrink(lru: LruvecIndex, sc: ScanControl): void {
    this.drain();
    this.#aging.drainActivations();
    this.#passes.shrink(lru, sc);
  }
}
