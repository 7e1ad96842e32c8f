/** Why reclaim did something: ids that the event log carries, with what the two numbers beside the page mean. */
import { rule, type Rule } from './define.ts';
import { deviceRules } from './device-rules.ts';
import { engineRules } from './engine-rules.ts';
import { numaEvents, placementRules } from './placement-rules.ts';
import { volatileRules } from './volatile-rules.ts';

export const RECLAIM_EVICT = rule({
  id: 'reclaim.evict',
  doc: 'A page leaves memory. Numbers: what its shadow entry holds (0: no shadow), the cgroup it was charged to.',
  kernel: '__remove_mapping in mm/vmscan.c',
});
export const RECLAIM_DISCARD = rule({
  id: 'reclaim.discard',
  doc: 'A page leaves memory and its content with it: it was lazily freed, droppable or volatile. Numbers: 0, the cgroup it was charged to.',
  kernel: 'try_to_unmap_one in mm/rmap.c (discard)',
});
export const RECLAIM_PAGEOUT = rule({
  id: 'reclaim.pageout',
  doc: 'A dirty file page at the end of its list is written out so that it can be freed.',
  kernel: 'pageout in mm/vmscan.c',
});
export const RECLAIM_SCAN = rule({
  id: 'reclaim.scan',
  doc: 'A lot of pages from the end of an inactive list was scanned (0: anonymous, 2: file, in the page’s place). Numbers: scanned, reclaimed.',
  kernel: 'shrink_inactive_list in mm/vmscan.c',
});
export const RECLAIM_ACTIVATE = rule({
  id: 'reclaim.activate',
  doc: 'A second touch while on the inactive list: the page becomes active.',
  kernel: 'folio_mark_accessed in mm/swap.c',
});
export const RECLAIM_DEACTIVATE = rule({
  id: 'reclaim.deactivate',
  doc: 'The oldest active pages become inactive; the page is the first of them. Numbers: how many, the cgroup.',
  kernel: 'shrink_active_list in mm/vmscan.c',
});
export const RECLAIM_REFAULT_ACTIVATE = rule({
  id: 'reclaim.refault.activate',
  doc: 'An evicted page returns within the size of the list it is held against: it becomes active at once. Numbers: refault distance, that size.',
  kernel: 'workingset_refault in mm/workingset.c, a528910e12ec (3.15)',
});
export const RECLAIM_REFAULT_FAR = rule({
  id: 'reclaim.refault.far',
  doc: 'An evicted page returns from too far: it starts over as inactive. Numbers: refault distance, the size it exceeds.',
  kernel: 'workingset_refault in mm/workingset.c',
});
export const RECLAIM_REFAULT_STALE = rule({
  id: 'reclaim.refault.stale',
  doc: 'An evicted page returns within the size of the active list, which must give up a page for it. Numbers: refault distance, that size.',
  kernel: 'never merged: thrash detection-based file cache sizing (2013)',
});
export const RECLAIM_SHADOW_NODES = rule({
  id: 'reclaim.shadow-nodes',
  doc: 'There were too many tree nodes with nothing but shadow entries; the oldest went, and their shadows with them. Numbers: how many, the cgroup.',
  kernel: 'scan_shadow_nodes in mm/workingset.c',
});
export const RECLAIM_DIRECT = rule({
  id: 'reclaim.direct',
  doc: 'A task had to reclaim for itself. Numbers: pages reclaimed, the cgroup whose limit was met (0: the node).',
  kernel: 'do_try_to_free_pages in mm/vmscan.c',
});
export const RECLAIM_KSWAPD = rule({
  id: 'reclaim.kswapd',
  doc: 'kswapd ends a run. Numbers: pages reclaimed, free pages now.',
  kernel: 'balance_pgdat in mm/vmscan.c',
});

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

/** Every rule, in the order documentation lists them. */
export const rules: readonly Rule[] = [
  ...engineRules,
  ...volatileRules,
  RECLAIM_EVICT,
  RECLAIM_DISCARD,
  RECLAIM_PAGEOUT,
  RECLAIM_SCAN,
  RECLAIM_ACTIVATE,
  RECLAIM_DEACTIVATE,
  RECLAIM_REFAULT_ACTIVATE,
  RECLAIM_REFAULT_FAR,
  RECLAIM_REFAULT_STALE,
  RECLAIM_SHADOW_NODES,
  RECLAIM_DIRECT,
  RECLAIM_KSWAPD,
  MGLRU_AGE,
  MGLRU_PROTECT,
  MGLRU_PROMOTE,
  MGLRU_WRITEBACK,
  MGLRU_EVICT,
  MGLRU_KEEP,
  MGLRU_REFAULT,
  ...deviceRules,
  ...placementRules,
  ...numaEvents,
];
