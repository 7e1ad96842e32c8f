/**
 * How MGLRU's kernels differ, as data. A page's marks are bits of its state byte; what a kernel does to them in each situation is a table of
 * 256 entries, so that the access loop is one look-up and the rest reads alike for every version.
 *
 * Kernel counterpart: PG_referenced, PG_workingset and LRU_REFS_MASK in folio->flags; folio_inc_refs, folio_lru_refs, lru_tier_from_refs,
 * folio_inc_gen, folio_update_gen, isolate_folio, lru_gen_add_folio (6.1 names). LRU_REFS_WIDTH is 2, as on 64-bit machines.
 */
import { RESIDENT } from '../machine/reclaimer.ts';
import { MAX_NR_GENS, MIN_NR_GENS } from './mglru-lists.ts';
import type { FeedbackRules } from './mglru-feedback.ts';

export const REFERENCED = 2;
export const WORKINGSET = 4;
export const REFS_SHIFT = 3;
export const REFS_MASK = 3 << REFS_SHIFT;
const ONE_REF = 1 << REFS_SHIFT;
/** The accessed bit of the page's mapping. */
export const YOUNG = 32;
/** On no list: isolated for eviction, or waiting in the batch of pages to be added. */
export const OFF_LIST = 64;
/** PG_reclaim: to be evicted as soon as its writeback has ended. */
export const RECLAIM = 128;

export interface MglruRules {
  readonly feedback: FeedbackRules;
  /** State after mark_accessed. */
  readonly marked: Uint8Array;
  /** Tier (0–3) and number of accesses beyond the first, by state: what eviction and the shadow entry judge by. */
  readonly tier: Uint8Array;
  readonly refs: Uint8Array;
  /** 1: moved on to the next generation whatever its tier. */
  readonly saturated: Uint8Array;
  /** State after being passed on to the next generation. */
  readonly passedOn: Uint8Array;
  /** State after the aging found the accessed bit set; `promotes` says whether the page then joins the newest generation. */
  readonly foundYoung: Uint8Array;
  readonly promotes: Uint8Array;
  /** State after isolation for eviction. */
  readonly isolated: Uint8Array;
  /**
   * The sequence number at which a page joins its lists. `active`: faulted in through a mapping, or rejected by eviction. `pinned`: anonymous
   * and not in the swap cache.
   */
  placement(state: number, maxSeq: number, minSeq: number, active: boolean, pinned: boolean): number;
  /** Pages held back before they join their lists; while held, marks are lost (6.14 tests the LRU flag). 0: none. */
  readonly addBatch: number;
  /** Size of the batch in which pages wait to be activated (PAGEVEC_SIZE). */
  readonly activateBatch: number;
  /** Where that many neighbours of a used page are used too, they are all relabelled instead (6.1). */
  readonly relabelMany: boolean;
  /** Protected pages go to the end of the next generation where eviction starts (up to 6.13), or to the other. */
  readonly protectedToTail: boolean;
  /** Saturated pages count as protected (up to 6.13). */
  readonly countSaturated: boolean;
  /** Pages merged into the next generation when a fifth is begun count as protected (since 6.14). */
  readonly countMerged: boolean;
  /** What makes a refault recent: the generation oldest then is so still, or it is within the window of four (6.14). */
  readonly refault: 'oldest' | 'window';
  /** What workingset_activate_* counts: pages protected (6.1), recent refaults (6.5), those of them by fault (6.14). */
  readonly activations: 'protected' | 'recent' | 'faulted';
  /** workingset_refault_* counts recent refaults only (6.1). */
  readonly countRecentOnly: boolean;
  /** refs at which a refault restores the page to the workingset, and the marks it then gets (`oldest` only). */
  readonly restoreRefs: number;
  readonly restoredMarks: number;
  /** A walk that finds an isolated page used marks it, and eviction keeps it (up to 6.13). */
  readonly isolatedRemember: boolean;
  /** The accessed bits of mappings with random-access advice do not count at all (since 6.3). */
  readonly randomHidesUse: boolean;
  /** min_seq of anonymous pages never passes that of file pages (up to 6.13). */
  readonly anonFollowsFile: boolean;
  /** Aging judged by generations and their sizes, or by generations only (6.14). */
  readonly agingBySize: boolean;
  /**
   * Reclaim for the node starts at the priority at which a pass should suffice, judged by inactive pages over `divisor`, and not below `floor`
   * (since 6.3; absent before: 12).
   */
  readonly initialPriority?: { readonly floor: number; readonly divisor: number };
  /** Shape of the reclaim loop: 6.1's, or the one since 6.3. */
  readonly loop: '6.1' | '6.3';
}

const table = (value: (state: number) => number): Uint8Array => Uint8Array.from({ length: 256 }, (_, s) => value(s));

const orderBase2 = (n: number): number => (n <= 1 ? 0 : 32 - Math.clz32(n - 1));

const ALL_MARKS = REFERENCED | WORKINGSET | REFS_MASK;

/** Up to 6.13: referenced, then workingset, then a counter to 3; all cleared when a page moves on. */
const countAfterWorkingset = {
  marked: table((s) => {
    if ((s & RESIDENT) === 0) return s;
    if ((s & REFERENCED) === 0) return s | REFERENCED;
    if ((s & WORKINGSET) === 0) return s | WORKINGSET;
    return (s & REFS_MASK) === REFS_MASK ? s : s + ONE_REF;
  }),
  refs: table((s) => ((s & REFS_MASK) >> REFS_SHIFT) + ((s & WORKINGSET) === 0 ? 0 : 1)),
  tier: table((s) => orderBase2(((s & REFS_MASK) >> REFS_SHIFT) + ((s & WORKINGSET) === 0 ? 0 : 1) + 1)),
  passedOn: table((s) => s & ~ALL_MARKS),
  foundYoung: table((s) => s & ~(ALL_MARKS | YOUNG)),
  promotes: table(() => 1),
  isolated: table((s) => ((s & REFERENCED) === 0 ? s & ~ALL_MARKS : s & ~REFERENCED)),
} as const;

const refsOfOldWay = countAfterWorkingset.refs;

const until613 = {
  ...countAfterWorkingset,
  feedback: { firstTierGain: 1, testedTierGain: 2, sumTiers: false },
  addBatch: 0,
  activateBatch: 15,
  protectedToTail: true,
  countSaturated: true,
  countMerged: false,
  refault: 'oldest',
  isolatedRemember: true,
  anonFollowsFile: true,
  agingBySize: true,
} as const;

/** 6.1.0 to 6.1.68. */
export const rules61: MglruRules = {
  ...until613,
  saturated: table(() => 0),
  restoreRefs: 4,
  restoredMarks: WORKINGSET,
  randomHidesUse: false,
  relabelMany: true,
  activations: 'protected',
  countRecentOnly: true,
  loop: '6.1',
  placement: (_state, maxSeq, minSeq, active, pinned) => {
    if (active) return maxSeq;
    return pinned ? minSeq + 1 : minSeq;
  },
};

/** Commit 081488051d28 (6.7, 6.1.69): pages are not put, nor left, so close to eviction. */
const protectPageCache = {
  saturated: table((s) => (refsOfOldWay[s] === 4 ? 1 : 0)),
  restoreRefs: 3,
  restoredMarks: WORKINGSET | REFS_MASK,
  placement: (_state: number, maxSeq: number, minSeq: number, active: boolean, pinned: boolean): number => {
    if (active) return maxSeq;
    if (pinned) return maxSeq - 1;
    return minSeq + MIN_NR_GENS >= maxSeq ? minSeq : minSeq + 1;
  },
} as const;

/** 6.1.69 and later. */
export const rules61Stable: MglruRules = { ...rules61, ...protectPageCache };

/** 6.7 to 6.13. */
export const rules67: MglruRules = {
  ...until613,
  ...protectPageCache,
  randomHidesUse: true,
  relabelMany: false,
  activations: 'recent',
  countRecentOnly: false,
  // MEMCG_NR_GENS
  initialPriority: { floor: 0, divisor: 3 },
  loop: '6.3',
};

const accesses = (s: number): number => ((s & REFERENCED) === 0 ? 0 : ((s & REFS_MASK) >> REFS_SHIFT) + 1);

/** 6.14: referenced, then the counter, then workingset, which stays until the page leaves memory. */
export const rules614: MglruRules = {
  feedback: { firstTierGain: 2, testedTierGain: 3, sumTiers: true },
  marked: table((s) => {
    if ((s & RESIDENT) === 0 || (s & OFF_LIST) !== 0) return s;
    if ((s & REFERENCED) === 0) return (s & ~REFS_MASK) | REFERENCED;
    return (s & REFS_MASK) === REFS_MASK ? s | WORKINGSET : s + ONE_REF;
  }),
  refs: table(accesses),
  tier: table((s) => ((s & WORKINGSET) === 0 ? orderBase2(accesses(s)) : 3)),
  saturated: table((s) => (accesses(s) + ((s & WORKINGSET) === 0 ? 0 : 1) === 5 ? 1 : 0)),
  passedOn: table((s) => s & ~(REFERENCED | REFS_MASK)),
  foundYoung: table((s) => {
    const old = s & ~YOUNG;
    if ((s & (REFERENCED | WORKINGSET)) === 0) return (old & ~REFS_MASK) | REFERENCED;
    return (old & ~(REFERENCED | REFS_MASK)) | WORKINGSET;
  }),
  promotes: table((s) => ((s & (REFERENCED | WORKINGSET)) === 0 ? 0 : 1)),
  isolated: table((s) => ((s & REFERENCED) === 0 ? s & ~REFS_MASK : s)),
  placement: (state, maxSeq, minSeq, active, pinned) => {
    const workingset = (state & WORKINGSET) === 0 ? 0 : 1;
    let distance = MAX_NR_GENS - workingset;
    if (active) distance = MIN_NR_GENS - workingset;
    else if (pinned) distance = MIN_NR_GENS;
    return Math.max(maxSeq - distance + 1, minSeq);
  },
  addBatch: 31,
  activateBatch: 31,
  relabelMany: false,
  protectedToTail: false,
  countSaturated: false,
  countMerged: true,
  refault: 'window',
  activations: 'faulted',
  countRecentOnly: false,
  restoreRefs: 0,
  restoredMarks: WORKINGSET,
  isolatedRemember: false,
  randomHidesUse: true,
  anonFollowsFile: false,
  agingBySize: false,
  initialPriority: { floor: 6, divisor: 1 },
  loop: '6.3',
};
