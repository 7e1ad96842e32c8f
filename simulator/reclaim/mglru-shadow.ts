/**
 * MGLRU's shadow entries: which generation was the oldest when the page left, and how often it had been accessed.
 *
 * Kernel counterpart: lru_gen_eviction, lru_gen_test_recent and lru_gen_refault in mm/workingset.c. An entry is
 * 1 | workingset << 1 | accesses << 2 | cgroup << 4 | sequence number << 12; the kernel's is wider (36 bits and more of sequence number).
 */
import * as counter from '../machine/counters.ts';
import type { LruvecIndex } from '../machine/reclaimer.ts';
import { MAX_NR_GENS, TYPE_FILE } from './mglru-lists.ts';
import { REFS_MASK, REFS_SHIFT, WORKINGSET } from './mglru-rules.ts';
import type { Generations } from './mglru-state.ts';

const TOKEN_SHIFT = 2;
const LRU_SHIFT = 4;
const LRU_MASK = 0xff;
const SEQ_SHIFT = 12;
const SEQ_MASK = 0x7ffff;

/** The entry for a page that leaves in this state. */
export function packShadow(g: Generations, lru: LruvecIndex, type: number, state: number): number {
  const refs = g.rules.refs[state];
  const workingset = g.rules.refault === 'oldest' ? refs > 0 : (state & WORKINGSET) !== 0;
  return (
    1 |
    (workingset ? 2 : 0) |
    (Math.max(refs - 1, 0) << TOKEN_SHIFT) |
    ((lru & LRU_MASK) << LRU_SHIFT) |
    ((g.lists.minSeq[lru * 2 + type] & SEQ_MASK) << SEQ_SHIFT)
  );
}

/** Judges and counts a refault; returns the marks with which the page comes back. */
export function refault(g: Generations, lru: LruvecIndex, type: number, shadow: number, inFault: boolean): number {
  const { counters } = g.host;
  if (((shadow >>> LRU_SHIFT) & LRU_MASK) !== (lru & LRU_MASK)) return 0;
  const seq = (shadow >>> SEQ_SHIFT) & SEQ_MASK;
  const token = (shadow >>> TOKEN_SHIFT) & 3;
  const workingset = (shadow & 2) !== 0;
  const file = type === TYPE_FILE;
  const refaults = file ? counter.WORKINGSET_REFAULT_FILE : counter.WORKINGSET_REFAULT_ANON;
  const restores = file ? counter.WORKINGSET_RESTORE_FILE : counter.WORKINGSET_RESTORE_ANON;

  if (g.rules.refault === 'oldest') {
    if (seq !== (g.lists.minSeq[lru * 2 + type] & SEQ_MASK)) return 0;
    counters[refaults]++;
    const refs = token + (workingset ? 1 : 0);
    g.feedback.refaulted(lru, type, 32 - Math.clz32(refs));
    if (!inFault && refs < g.rules.restoreRefs) return 0;
    counters[restores]++;
    return g.rules.restoredMarks;
  }

  counters[refaults]++;
  const age = (g.lists.maxSeq[lru] - seq) & SEQ_MASK;
  if (age >= MAX_NR_GENS && SEQ_MASK + 1 - age >= MAX_NR_GENS) return 0;
  g.feedback.refaulted(lru, type, workingset ? 3 : 32 - Math.clz32(token));
  if (inFault) counters[file ? counter.WORKINGSET_ACTIVATE_FILE : counter.WORKINGSET_ACTIVATE_ANON]++;
  if (!workingset) return (token << REFS_SHIFT) & REFS_MASK;
  counters[restores]++;
  return WORKINGSET;
}
