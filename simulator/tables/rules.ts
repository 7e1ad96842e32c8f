/** Why reclaim did something: ids that the event log carries, with what the two numbers beside the page mean. */
import { rule, type Rule } from './define.ts';

export const MGLRU_AGE = rule({
  id: 'mglru.age',
  doc: 'A new youngest generation begins, after a walk over page tables if pages are mapped. Numbers: its sequence number, file pages of the cgroup.',
  kernel: 'inc_max_seq in mm/vmscan.c',
});
export const MGLRU_PROTECT = rule({
  id: 'mglru.protect',
  doc: 'A page of the oldest generation moves on to the next: it was read often, and pages read as often have come back. Numbers: its tier, the last tier that may go.',
  kernel: 'sort_folio in mm/vmscan.c',
});
export const MGLRU_PROMOTE = rule({
  id: 'mglru.promote',
  doc: 'Eviction meets a page that a walk had found used, and moves it to the generation it belongs to. Numbers: that generation, the oldest.',
  kernel: 'sort_folio in mm/vmscan.c',
});
export const MGLRU_WRITEBACK = rule({
  id: 'mglru.writeback',
  doc: 'A page of the oldest generation is being written: it waits in the next, and goes first when it is clean.',
  kernel: 'sort_folio in mm/vmscan.c',
});
export const MGLRU_EVICT = rule({
  id: 'mglru.evict',
  doc: 'A page leaves from the oldest generation. Numbers: its tier, the sequence number its shadow entry remembers.',
  kernel: 'evict_folios in mm/vmscan.c, lru_gen_eviction in mm/workingset.c',
});
export const MGLRU_KEEP = rule({
  id: 'mglru.keep',
  doc: 'A page isolated for eviction goes back: it has just been used through a mapping, or it cannot be freed. Numbers: its new generation, 1 if it was activated.',
  kernel: 'folio_check_references, evict_folios in mm/vmscan.c',
});
export const MGLRU_REFAULT = rule({
  id: 'mglru.refault',
  doc: 'A page comes back whose shadow entry is recent enough to count. Numbers: its tier, 1 if it is restored to the workingset.',
  kernel: 'lru_gen_refault in mm/workingset.c',
});

/** Every rule of reclaim, in the order documentation lists them. */
export const rules: readonly Rule[] = [
  MGLRU_AGE,
  MGLRU_PROTECT,
  MGLRU_PROMOTE,
  MGLRU_WRITEBACK,
  MGLRU_EVICT,
  MGLRU_KEEP,
  MGLRU_REFAULT,
];
