/**
 * MGLRU's shadow entries: which generation was the oldest when the page left, and how often it had been accessed.
 *
 * Kernel counterpart: lru_gen_eviction, lru_gen_test_recent and lru_gen_refault in mm/workingset.c. An entry is
 * 1 | workingset << 1 | accesses << 2 | cgroup << 4 | sequence number << 12; the kernel's is wider (36 bits and more of sequence number).
 */
import * as counter from '../machine/counters.ts';
import type { LruvecIndex } from '../machine/reclaimer.ts';
import { MAX_NR_GENS, TYPE_FILE } from './mglru-lists.ts';
import { REFS_SHIFT, WORKINGSET, type MglruRules } from './mglru-rules.ts';
import type { Generations } from './mglru-state.ts';
import { MGLRU_REFAULT } from '../tables/rules.ts';

const TOKEN_SHIFT = 2;
const LRU_SHIFT = 4;
const LRU_MASK = 0xff;
const SEQ_SHIFT = 12;
const SEQ_MASK = 0x7ffff;

/** The part of an entry that is the same for all pages that leave together. */
export function shadowOf(lru: LruvecIndex, minSeq: number): number {
  return 1 | ((lru & LRU_MASK) << LRU_SHIFT) | ((minSeq & SEQ_MASK) << SEQ_SHIFT);
}

/** By a page's state, what the entry tells of it. */
export function toldBy(rules: MglruRules): Uint8Array {
  return rules.refs.map((refs, state) => {
    const workingset = rules.refault === 'oldest' ? refs > 0 : (state & WORKINGSET) !== 0;
    return (workingset ? 2 : 0) | (Math.max(refs - 1, 0) << TOKEN_SHIFT);
  });
}

/** Judges and counts a refault; returns the marks with which the page comes back. */
export function refault(
  g: Generations,
  page: number,
  lru: LruvecIndex,
  type: number,
  shadow: number,
  inFault: boolean,
): number {
  const { host, lists, rules, feedback } = g;
  const { counters } = host;
  if (((shadow >>> LRU_SHIFT) & LRU_MASK) !== (lru & LRU_MASK)) return 0;
  const seq = (shadow >>> SEQ_SHIFT) & SEQ_MASK;
  const token = (shadow >>> TOKEN_SHIFT) & 3;
  const workingset = (shadow & 2) !== 0;
  const file = type === TYPE_FILE;
  const recent =
    rules.refault === 'oldest' ? seq === (lists.minSeq[lru * 2 + type] & SEQ_MASK) : within(lists.maxSeq[lru], seq);
  if (recent || !rules.countRecentOnly) {
    counters[file ? counter.WORKINGSET_REFAULT_FILE : counter.WORKINGSET_REFAULT_ANON]++;
  }
  if (!recent) return 0;
  if (rules.activations === 'recent' || (rules.activations === 'faulted' && inFault)) {
    counters[file ? counter.WORKINGSET_ACTIVATE_FILE : counter.WORKINGSET_ACTIVATE_ANON]++;
  }

  let marks = 0;
  let tier = 0;
  if (rules.refault === 'oldest') {
    const refs = token + (workingset ? 1 : 0);
    tier = 32 - Math.clz32(refs);
    if (inFault || refs >= rules.restoreRefs) marks = rules.restoredMarks;
  } else {
    tier = workingset ? 3 : 32 - Math.clz32(token);
    marks = workingset ? WORKINGSET : token << REFS_SHIFT;
  }
  feedback.refaulted(lru, type, tier);
  if ((marks & WORKINGSET) !== 0) {
    counters[file ? counter.WORKINGSET_RESTORE_FILE : counter.WORKINGSET_RESTORE_ANON]++;
  }
  if (host.logging) host.log(MGLRU_REFAULT.id, page, tier, (marks & WORKINGSET) === 0 ? 0 : 1);
  return marks;
}

/** Whether two sequence numbers, one of them cut short, are less than four generations apart. */
function within(max: number, seq: number): boolean {
  const age = (max - seq) & SEQ_MASK;
  return age < MAX_NR_GENS || SEQ_MASK + 1 - age < MAX_NR_GENS;
}
