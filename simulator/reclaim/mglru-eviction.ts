/**
 * MGLRU's eviction: one step takes up to 64 pages from the oldest generation, sorts out those that belong elsewhere and frees the rest.
 *
 * Kernel counterpart: evict_folios, isolate_folios, scan_folios, sort_folio, try_to_inc_min_seq in mm/vmscan.c, with the parts of
 * shrink_folio_list and folio_check_references that a page of order 0 meets.
 * Simplified: swap-out is synchronous; a dirty file page found here is written by the machine (pageout) and then taken, where the kernel moves
 * it on and takes it once the flushers have written it.
 */
import * as counter from '../machine/counters.ts';
import { FLAGGED_SHIFT } from '../machine/page-flags.ts';
import { DIRTY, EXEC, MAPPED, PINNED, SWAPPED, WRITEBACK } from '../machine/reclaimer.ts';
import type { LruvecIndex, ScanControl } from '../machine/reclaimer.ts';
import type { Aging } from './mglru-aging.ts';
import { MIN_LRU_BATCH } from './mglru-feedback.ts';
import { MIN_NR_GENS, TYPE_ANON, TYPE_FILE } from './mglru-lists.ts';
import { OFF_LIST, RECLAIM, REFERENCED, REFS_MASK, WORKINGSET, YOUNG } from './mglru-rules.ts';
import { shadowOf } from './mglru-shadow.ts';
import type { Generations } from './mglru-state.ts';
import { MGLRU_EVICT, MGLRU_KEEP, MGLRU_PROMOTE, MGLRU_PROTECT, MGLRU_WRITEBACK } from '../tables/rules.ts';
import { ListWarmer } from './warm.ts';

/** Pages that one step may look at. */
const MAX_LRU_BATCH = 64 * MIN_LRU_BATCH;

/** What becomes of an isolated page. */
const FREE = 0;
const KEEP = 1;
const ACTIVATE = 2;

export class Eviction {
  readonly #g: Generations;
  readonly #aging: Aging;
  readonly #isolated = new Int32Array(MIN_LRU_BATCH);
  readonly #activated = new Uint8Array(MIN_LRU_BATCH);
  readonly #taken = new Int32Array(MIN_LRU_BATCH);
  /** Pages about to leave together, and their shadows. */
  readonly #leaving = new Int32Array(MIN_LRU_BATCH);
  readonly #shadows = new Uint32Array(MIN_LRU_BATCH);
  #count = 0;
  readonly #warmer: ListWarmer;
  /** Whether the last step took anonymous pages. */
  tookAnon = false;

  constructor(generations: Generations, aging: Aging) {
    this.#g = generations;
    this.#warmer = new ListWarmer(generations.state, generations.host);
    this.#aging = aging;
  }

  /** One step. Returns pages looked at; 0: nothing more to be had without aging. */
  evict(lru: LruvecIndex, sc: ScanControl, swappiness: number): number {
    const { lists, feedback, rules } = this.#g;
    let type = this.#chooseType(lru, swappiness);
    let tier = feedback.tierOfChoice;
    let scanned = 0;
    const tries = swappiness === 0 || !this.#g.fileEvictable(swappiness) ? 1 : 2;
    this.#count = 0;
    for (let i = 0; i < tries; i++) {
      if (tier < 0) tier = feedback.lastTier(lru, type);
      scanned = this.#scan(lru, type, tier, sc);
      if (scanned !== 0 || i === tries - 1) break;
      type = TYPE_FILE - type;
      tier = -1;
    }
    if (this.#retireEmpty(lru, swappiness)) scanned++;
    const exhausted = rules.anonFollowsFile
      ? lists.count(lru, swappiness === 0 ? TYPE_FILE : TYPE_ANON) === MIN_NR_GENS
      : this.#g.evictableMinSeq(lru, swappiness) + MIN_NR_GENS > lists.maxSeq[lru];
    if (exhausted) scanned = 0;
    this.tookAnon = this.#count > 0 && type === TYPE_ANON;
    if (this.#count > 0) this.#freeIsolated(lru, type, sc);
    return scanned;
  }

  #chooseType(lru: LruvecIndex, swappiness: number): number {
    const { lists, feedback, rules } = this.#g;
    feedback.tierOfChoice = -1;
    if (swappiness === 0) return TYPE_FILE;
    if (rules.anonFollowsFile && lists.minSeq[lru * 2 + TYPE_ANON] < lists.minSeq[lru * 2 + TYPE_FILE]) {
      return TYPE_ANON;
    }
    if (swappiness === 1) return TYPE_FILE;
    if (swappiness === 200) return TYPE_ANON;
    return feedback.chooseType(lru, swappiness);
  }

  /** Goes through the oldest generation from its old end: sorts pages that belong elsewhere, isolates the others. */
  #scan(lru: LruvecIndex, type: number, lastTier: number, sc: ScanControl): number {
    const { lists, rules, state, host } = this.#g;
    const { counters, flags, flagged } = host;
    if (lists.count(lru, type) === MIN_NR_GENS) return 0;
    const gen = lists.minSeq[lru * 2 + type] & 3;
    const inWriting = type === TYPE_FILE ? WRITEBACK | DIRTY : WRITEBACK;
    let scanned = 0;
    let isolated = 0;
    while (scanned < MAX_LRU_BATCH && isolated < MIN_LRU_BATCH) {
      const most = Math.min(MIN_LRU_BATCH - isolated, MAX_LRU_BATCH - scanned);
      const taken = lists.take(lru, type, gen, most, this.#taken);
      if (taken === 0) break;
      this.#warmer.taken(this.#taken, taken);
      scanned += taken;
      for (let i = 0; i < taken; i++) {
        const page = this.#taken[i];
        const marks = state[page];
        if (lists.isPromoted(page, gen)) this.#promoted(page, lru, type, gen);
        else if (rules.tier[marks] > lastTier || rules.saturated[marks] === 1)
          this.#protect(page, lru, type, gen, lastTier);
        else if (
          flagged[page >> FLAGGED_SHIFT] === 0 ||
          (flags[page] & inWriting) === 0 ||
          !this.#awaitsWriting(page, lru, type, gen)
        ) {
          state[page] = (rules.isolated[marks] & ~RECLAIM) | OFF_LIST;
          this.#isolated[isolated++] = page;
        }
      }
    }
    lists.uncount(lru, type, gen, isolated);
    this.#count = isolated;
    counters[sc.kswapd ? counter.PGSCAN_KSWAPD : counter.PGSCAN_DIRECT] += isolated;
    counters[type === TYPE_FILE ? counter.PGSCAN_FILE : counter.PGSCAN_ANON] += isolated;
    counters[counter.PGREFILL] += scanned - isolated;
    return isolated > 0 || scanned === MAX_LRU_BATCH ? scanned : 0;
  }

  /** The aging has promoted this page: it goes where it belongs. */
  #promoted(page: number, lru: LruvecIndex, type: number, oldest: number): void {
    const { lists, host } = this.#g;
    const gen = lists.genOf(page);
    lists.putHead(page, lru, type, gen);
    if (host.logging) host.log(MGLRU_PROMOTE.id, page, gen, oldest);
  }

  /** Accessed too often to go now: on to the next generation. */
  #protect(page: number, lru: LruvecIndex, type: number, oldest: number, lastTier: number): void {
    const { lists, rules, state, host, feedback } = this.#g;
    const marks = state[page];
    const tier = rules.tier[marks];
    state[page] = rules.passedOn[marks];
    lists.uncount(lru, type, oldest, 1);
    if (rules.protectedToTail) lists.addTail(page, lru, type, (oldest + 1) & 3);
    else lists.addHead(page, lru, type, (oldest + 1) & 3);
    if (rules.countSaturated || rules.saturated[marks] === 0) feedback.protected(lru, type, tier);
    if (rules.activations === 'protected') {
      host.counters[type === TYPE_FILE ? counter.WORKINGSET_ACTIVATE_FILE : counter.WORKINGSET_ACTIVATE_ANON]++;
    }
    if (host.logging) host.log(MGLRU_PROTECT.id, page, tier, lastTier);
  }

  /** Whether a page is under writeback, or dirty and can't be written now; it then goes on to the next generation. */
  #awaitsWriting(page: number, lru: LruvecIndex, type: number, oldest: number): boolean {
    const { lists, rules, state, host } = this.#g;
    if ((host.flags[page] & WRITEBACK) === 0 && host.pageout(page)) return false;
    state[page] = rules.passedOn[state[page]] | RECLAIM;
    lists.uncount(lru, type, oldest, 1);
    lists.addHead(page, lru, type, (oldest + 1) & 3);
    if (host.logging) host.log(MGLRU_WRITEBACK.id, page, 0, 0);
    return true;
  }

  /** Moves the oldest generation's number past empty generations; returns whether it moved. */
  #retireEmpty(lru: LruvecIndex, swappiness: number): boolean {
    const { lists, feedback, rules } = this.#g;
    const max = lists.maxSeq[lru];
    const firstType = swappiness === 0 ? TYPE_FILE : TYPE_ANON;
    const lastType = this.#g.fileEvictable(swappiness) ? TYPE_FILE : TYPE_ANON;
    const oldFile = lists.minSeq[lru * 2 + TYPE_FILE];
    let anon = lists.minSeq[lru * 2 + TYPE_ANON];
    let file = oldFile;
    if (firstType === TYPE_ANON) while (anon + MIN_NR_GENS <= max && lists.isEmpty(lru, TYPE_ANON, anon & 3)) anon++;
    if (lastType === TYPE_FILE) while (file + MIN_NR_GENS <= max && lists.isEmpty(lru, TYPE_FILE, file & 3)) file++;
    if (firstType !== lastType) {
      if (rules.anonFollowsFile) {
        anon = Math.min(anon, file);
        file = Math.max(anon, oldFile);
      } else {
        // The types may drift apart, but not so far that one cannot be evicted while the other has generations to spare.
        const newest = max - MIN_NR_GENS;
        if (anon > newest && file < newest) anon = newest;
        else if (file > newest && anon < newest) file = newest;
      }
    }
    let moved = false;
    for (let type = firstType; type <= lastType; type++) {
      const seq = type === TYPE_ANON ? anon : file;
      if (seq <= lists.minSeq[lru * 2 + type]) continue;
      feedback.carryOver(lru, type);
      lists.retireBefore(seq, lru, type);
      moved = true;
    }
    return moved;
  }

  /** Frees the isolated pages or puts them back where eviction does not meet them at once. */
  #freeIsolated(lru: LruvecIndex, type: number, sc: ScanControl): void {
    const { state, rules, host, feedback, lists, told } = this.#g;
    const { flags, flagged } = host;
    const isolated = this.#isolated;
    const count = this.#count;
    const seq = lists.minSeq[lru * 2 + type];
    const shadow = shadowOf(lru, seq);
    // nothing keeps a page that is only ever read through descriptors
    const judgesAll = type === TYPE_ANON || this.#aging.activates;
    let kept = 0;
    let leaving = 0;
    for (let i = 0; i < count; i++) {
      const page = isolated[i];
      const flag = flagged[page >> FLAGGED_SHIFT] === 0 ? 0 : flags[page];
      if (judgesAll || (flag & (MAPPED | PINNED)) !== 0) {
        const fate = this.#judge(page, lru, type);
        if (fate !== FREE) {
          if (fate === ACTIVATE) host.counters[counter.PGACTIVATE]++;
          this.#activated[kept] = fate;
          isolated[kept++] = page;
          continue;
        }
      }
      const marks = state[page];
      feedback.evicted(lru, type, rules.tier[marks]);
      state[page] = 0;
      if (flag === 0 && !host.logging) {
        this.#leaving[leaving] = page;
        this.#shadows[leaving++] = shadow | told[marks];
        continue;
      }
      // in the order in which they were met
      if (leaving > 0) host.evictClean(this.#leaving, this.#shadows, leaving, lru, lru);
      leaving = 0;
      if (host.logging) host.log(MGLRU_EVICT.id, page, rules.tier[marks], seq);
      host.evict(page, shadow | told[marks], lru);
    }
    if (leaving > 0) host.evictClean(this.#leaving, this.#shadows, leaving, lru, lru);
    for (let i = 0; i < kept; i++) this.#putBack(isolated[i], lru, type, this.#activated[i] === ACTIVATE);
    this.#count = 0;
    const freed = count - kept;
    sc.nrScanned += count;
    sc.nrReclaimed += freed;
    host.counters[sc.kswapd ? counter.PGSTEAL_KSWAPD : counter.PGSTEAL_DIRECT] += freed;
    host.counters[type === TYPE_FILE ? counter.PGSTEAL_FILE : counter.PGSTEAL_ANON] += freed;
  }

  /** folio_check_references, and whether there is swap for an anonymous page. */
  #judge(page: number, lru: LruvecIndex, type: number): number {
    const { state, rules, host } = this.#g;
    const anon = type === TYPE_ANON;
    const flags = host.flags[page];
    if (anon || (flags & MAPPED) !== 0) {
      // The walk around another page of this batch found it used.
      if (rules.isolatedRemember && (state[page] & REFERENCED) !== 0) return KEEP;
      if ((state[page] & YOUNG) !== 0) {
        const random = !anon && host.randomAdvice?.(page) === true;
        if (!random || !rules.randomHidesUse) return this.#used(page, lru, random, !anon && (flags & EXEC) !== 0);
      }
    }
    if (this.#aging.isActivating(page)) return KEEP;
    if (anon) return host.swapFree() <= 0 && (flags & SWAPPED) === 0 ? ACTIVATE : FREE;
    return (flags & PINNED) !== 0 ? ACTIVATE : FREE;
  }

  /** An isolated page's accessed bit is set: clear it, look at the neighbours, decide. */
  #used(page: number, lru: LruvecIndex, random: boolean, executable: boolean): number {
    const { state, rules } = this.#g;
    if (rules.isolatedRemember) {
      if (random) {
        state[page] &= ~YOUNG;
        return executable ? ACTIVATE : KEEP;
      }
      this.#aging.lookAround(page, lru);
      return ACTIVATE;
    }
    state[page] &= ~YOUNG;
    this.#aging.lookAround(page, lru);
    const marks = state[page];
    if ((marks & (REFERENCED | WORKINGSET)) === 0) {
      state[page] = (marks & ~REFS_MASK) | REFERENCED;
      return KEEP;
    }
    state[page] = (marks & ~(REFS_MASK | REFERENCED)) | WORKINGSET;
    return ACTIVATE;
  }

  #putBack(page: number, lru: LruvecIndex, type: number, activated: boolean): void {
    const { state, rules, host, lists } = this.#g;
    const marks = state[page] & ~OFF_LIST;
    const min = lists.minSeq[lru * 2 + type];
    // Rejected pages do not go back to the oldest generation; up to 6.13 they go to the newest.
    const notThere =
      rules.isolatedRemember ||
      (!activated && rules.placement(marks, lists.maxSeq[lru], min, false, type === TYPE_ANON) === min);
    state[page] = notThere ? rules.passedOn[marks] : marks;
    this.#g.add(page, lru, type, activated || notThere);
    if (host.logging) host.log(MGLRU_KEEP.id, page, lists.genOf(page), activated ? 1 : 0);
  }
}
