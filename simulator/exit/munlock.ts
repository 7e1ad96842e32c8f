/**
 * What it takes to unlock a region at exit, in three eras.
 *
 * Kernel: before 5.18 exit_mmap munlocked every VM_LOCKED area before unmapping it, page by page, from 3.12 on in batches of one pagevec that
 * share a zone (mm/mlock.c); since 5.18 each page's mlock count is decremented while it is unmapped (mm/rmap.c). hugetlb pages are on no LRU
 * list and were never part of it. Left out: the page lock's own contention, isolation that fails.
 */
import { backingRow, MUNLOCK_618, type Backing, type Contents, type CostSet, type Era } from './costs.ts';
import type { Pages } from '../units.ts';

export interface MunlockRules {
  readonly costs: CostSet;
  readonly era: Era;
  /** Neighbouring pages are on different nodes: a batch that must share a zone holds one page. */
  readonly interleaved: boolean;
  /** Areas of one page each that a page's reverse mapping is walked through; 1 unless memory is mapped in fragments. */
  readonly fragmentation: number;
  /** Walks end early for pages that are mapped once (the map-count shortcut). */
  readonly rmapShortcut: boolean;
}

/** Whether exit has a munlock pass of its own, before anything is unmapped. */
export const hasPass = (era: Era): boolean => era !== 'v5.18';

/** Nanoseconds for `pages` of a locked region, wherever in exit they are spent. `sharers` have it locked and exit together. */
export function munlockTime(
  rules: MunlockRules,
  backing: Backing,
  contents: Contents,
  pages: Pages,
  sharers = 1,
): number {
  const { costs, era } = rules;
  const row = backingRow(backing);
  if (row.hugetlb) return 0;
  const figure = costs.munlock[era];
  let page = (rules.interleaved ? figure.interleaved : figure.local).ns;
  if (era === 'v5.18') {
    // The count of a page that others have locked too only goes down: the last one pays for the list (measured).
    if (costs.id === 'measured-6.18') page = MUNLOCK_618[contents] ?? page;
    if (contents !== 'private') page /= sharers;
  } else if (!rules.rmapShortcut) page *= rules.fragmentation;
  if (row.entry === 1) return pages * page;
  const entries = Math.floor(pages / row.entry);
  return entries * costs.munlockHuge[era].ns + (pages - entries * row.entry) * page;
}
