/**
 * MGLRU's aging: a walk over page tables that finds pages used since the last walk, then a new youngest generation. And the small walk around
 * a used page that eviction stumbles upon.
 *
 * Kernel counterpart: try_to_inc_max_seq, inc_max_seq, inc_min_seq, walk_mm, lru_gen_look_around in mm/vmscan.c.
 * Simplified: a region under one page-table page is 512 page numbers, not addresses; the Bloom filters that remember which regions are worth a
 * walk are exact sets (the kernel's have few false positives); all processes of a cgroup count as one address space.
 */
import { PGACTIVATE } from '../machine/counters.ts';
import { ANON, RESIDENT, UNEVICTABLE } from '../machine/reclaimer.ts';
import type { LruvecIndex } from '../machine/reclaimer.ts';
import { MIN_LRU_BATCH } from './mglru-feedback.ts';
import { MAX_NR_GENS, TYPE_ANON, TYPE_FILE } from './mglru-lists.ts';
import { OFF_LIST, REFERENCED, YOUNG } from './mglru-rules.ts';
import type { Generations } from './mglru-state.ts';
import { MGLRU_AGE } from '../tables/rules.ts';

const REGION_SHIFT = 9;
const REGION = 1 << REGION_SHIFT;
/** A region is worth walking if one page in this many was used: one for each cache line of page-table entries. */
const PTES_PER_LINE = 8;

export class Aging {
  readonly #g: Generations;
  readonly #regions: number;
  /** By lruvec · 2 + parity of the sequence number: regions worth a walk; null until a walk has made one. */
  readonly #filters: (Uint8Array | null)[];
  /** Whether pages have been used through mappings at all: without, there is nothing to walk. */
  mapped = false;
  /** Whether the present reclaimer walks page tables: kswapd always, others once they have aged (current->reclaim_state->mm_walk). */
  walking = false;
  readonly #near = new Int32Array(MIN_LRU_BATCH);
  #nearCount = 0;
  readonly #activating: Int32Array;
  #activatingCount = 0;
  readonly #taken = new Int32Array(MIN_LRU_BATCH);

  constructor(generations: Generations) {
    this.#g = generations;
    this.#activating = new Int32Array(generations.rules.activateBatch);
    this.#regions = Math.ceil(generations.host.pages / REGION);
    this.#filters = new Array<Uint8Array | null>(generations.host.lruvecs * 2).fill(null);
  }

  /** One walk and a new youngest generation. `swappiness` 0: anonymous pages are left alone. */
  age(lru: LruvecIndex, swappiness: number): void {
    this.walking = true;
    if (this.mapped) this.#walk(lru, swappiness !== 0);
    const { lists, host } = this.#g;
    for (let type = TYPE_FILE; type >= TYPE_ANON; type--) {
      if (lists.count(lru, type) !== MAX_NR_GENS) continue;
      const evictable = type === TYPE_ANON ? swappiness !== 0 : this.#g.fileEvictable(swappiness);
      this.#mergeOldest(lru, type, evictable);
    }
    const max = lists.maxSeq[lru] + 1;
    lists.birth[lru * MAX_NR_GENS + (max & 3)] = host.now?.() ?? 0;
    lists.maxSeq[lru] = max;
    if (host.logging) host.log(MGLRU_AGE.id, -1, max, lists.total(lru, TYPE_FILE));
  }

  /** All four generations are in use: the oldest gives its pages to the next, unless they could not be evicted anyway. */
  #mergeOldest(lru: LruvecIndex, type: number, evictable: boolean): void {
    const { lists, rules, state, feedback } = this.#g;
    const key = lru * 2 + type;
    const old = lists.minSeq[key] & 3;
    if (evictable) {
      for (;;) {
        const taken = lists.take(lru, type, old, MIN_LRU_BATCH, this.#taken);
        if (taken === 0) break;
        let merged = 0;
        for (let i = 0; i < taken; i++) {
          const page = this.#taken[i];
          if (lists.isPromoted(page, old)) {
            lists.putTail(page, lru, type, lists.genOf(page));
            continue;
          }
          const marks = state[page];
          if (rules.countMerged && rules.saturated[marks] === 0) feedback.protected(lru, type, rules.tier[marks]);
          state[page] = rules.passedOn[marks];
          lists.addTail(page, lru, type, (old + 1) & 3);
          merged++;
        }
        lists.uncount(lru, type, old, merged);
      }
    }
    feedback.carryOver(lru, type);
    lists.retireBefore(lists.minSeq[key] + 1, lru, type);
  }

  #walk(lru: LruvecIndex, maySwap: boolean): void {
    const { host, state, lists } = this.#g;
    const max = lists.maxSeq[lru];
    const current = this.#filters[lru * 2 + (max & 1)] ?? null;
    const key = lru * 2 + ((max + 1) & 1);
    let next = this.#filters[key] ?? null;
    if (next === null) {
      next = new Uint8Array(this.#regions);
      this.#filters[key] = next;
    } else {
      next.fill(0);
    }
    for (let region = 0; region < this.#regions; region++) {
      if (current !== null && current[region] === 0) continue;
      const start = region << REGION_SHIFT;
      const end = Math.min(start + REGION, host.pages);
      let young = 0;
      for (let page = start; page < end; page++) {
        if ((state[page] & YOUNG) === 0 || host.lruvecOf(page) !== lru) continue;
        const anon = (host.flags[page] & ANON) !== 0;
        if (anon ? !maySwap : host.randomAdvice?.(page) === true) continue;
        if (this.#found(page, lru, anon ? TYPE_ANON : TYPE_FILE, max & 3)) young++;
      }
      if (young * PTES_PER_LINE >= end - start) next[region] = 1;
    }
  }

  /** Eviction found `page` used: look at its neighbours under the same page-table page, at most 64 in all. */
  lookAround(page: number, lru: LruvecIndex): void {
    const { host, state, lists } = this.#g;
    let from = Math.max(page & ~(REGION - 1), host.objectStart?.(page) ?? 0);
    let to = Math.min((page | (REGION - 1)) + 1, host.objectEnd?.(page) ?? host.pages);
    if (to - from > MIN_LRU_BATCH) {
      if (page - from < MIN_LRU_BATCH / 2) to = from + MIN_LRU_BATCH;
      else if (to - page < MIN_LRU_BATCH / 2) from = to - MIN_LRU_BATCH;
      else {
        from = page - MIN_LRU_BATCH / 2;
        to = page + MIN_LRU_BATCH / 2;
      }
    }
    const max = lists.maxSeq[lru];
    const type = (host.flags[page] & ANON) !== 0 ? TYPE_ANON : TYPE_FILE;
    // Where the page itself is not met again on the way (6.14), it counts beforehand.
    let young = (state[page] & YOUNG) === 0 ? 1 : 0;
    this.#nearCount = 0;
    for (let near = from; near < to; near++) {
      if ((state[near] & YOUNG) === 0 || host.lruvecOf(near) !== lru) continue;
      if (this.walking ? this.#found(near, lru, type, max & 3) : this.#foundNear(near, max & 3)) young++;
    }
    const filter = this.#filters[lru * 2 + (max & 1)] ?? null;
    if (filter !== null && young * PTES_PER_LINE >= to - from) filter[page >>> REGION_SHIFT] = 1;
    this.#promoteNear(lru, type, max & 3);
  }

  /** A used neighbour, found by a reclaimer who is not walking page tables: it is activated like any page, not relabelled. */
  #foundNear(page: number, gen: number): boolean {
    const { state, rules, lists } = this.#g;
    const marks = state[page];
    // Locked pages have no generation either (folio_update_gen finds no LRU_GEN_MASK).
    if ((marks & OFF_LIST) !== 0 || (this.#g.host.flags[page] & UNEVICTABLE) !== 0) {
      if (rules.isolatedRemember) state[page] = (marks & ~YOUNG) | REFERENCED;
      return rules.isolatedRemember;
    }
    // Up to 6.13 its marks stay as they are.
    state[page] = rules.isolatedRemember ? marks & ~YOUNG : rules.foundYoung[marks];
    if (rules.promotes[marks] === 1 && lists.genOf(page) !== gen) this.#near[this.#nearCount++] = page;
    return true;
  }

  #promoteNear(lru: LruvecIndex, type: number, gen: number): void {
    const { rules, state, lists } = this.#g;
    const relabel = rules.relabelMany && this.#nearCount >= rules.activateBatch;
    for (let i = 0; i < this.#nearCount; i++) {
      const page = this.#near[i];
      if (relabel) {
        state[page] = rules.passedOn[state[page]];
        lists.relabel(page, lru, type, gen);
      } else {
        this.#activating[this.#activatingCount++] = page;
        if (this.#activatingCount === rules.activateBatch) this.drainActivations();
      }
    }
    this.#nearCount = 0;
  }

  /** Whether any page waits in the batch of pages to be activated. */
  get activates(): boolean {
    return this.#activatingCount > 0;
  }

  /** Whether a page waits in the batch of pages to be activated: somebody holds it, it cannot be freed. */
  isActivating(page: number): boolean {
    for (let i = 0; i < this.#activatingCount; i++) if (this.#activating[i] === page) return true;
    return false;
  }

  /** A page leaves memory for good. */
  forget(page: number): void {
    for (let i = 0; i < this.#activatingCount; i++) if (this.#activating[i] === page) this.#activating[i] = -1;
  }

  /** Pages that were found used near another go to the generation where active pages are added. */
  drainActivations(): void {
    const { state, host, lists } = this.#g;
    const count = this.#activatingCount;
    this.#activatingCount = 0;
    for (let i = 0; i < count; i++) {
      const page = this.#activating[i];
      if (page < 0 || (state[page] & (RESIDENT | OFF_LIST)) !== RESIDENT) continue;
      if ((host.flags[page] & UNEVICTABLE) !== 0) continue;
      const lru = host.lruvecOf(page);
      const type = (host.flags[page] & ANON) !== 0 ? TYPE_ANON : TYPE_FILE;
      lists.remove(page, lru, type);
      this.#g.add(page, lru, type, true);
      host.counters[PGACTIVATE]++;
    }
  }

  /** A used page in a walk; false if the walk passes it by. */
  #found(page: number, lru: LruvecIndex, type: number, gen: number): boolean {
    const { state, rules, lists } = this.#g;
    const marks = state[page];
    if ((this.#g.host.flags[page] & UNEVICTABLE) !== 0) return false; // walks skip VM_LOCKED (should_skip_vma)
    if ((marks & OFF_LIST) !== 0) {
      if (rules.isolatedRemember) state[page] = (marks & ~YOUNG) | REFERENCED;
      return rules.isolatedRemember;
    }
    state[page] = rules.foundYoung[marks];
    if (rules.promotes[marks] === 1 && lists.genOf(page) !== gen) lists.relabel(page, lru, type, gen);
    return true;
  }
}
