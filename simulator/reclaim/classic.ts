/**
 * The two lists before anyone remembered what had been evicted (Linux 3.2–3.14): a page needs two touches while in memory to become active,
 * and an active list that no longer matches the workload is given up only down to half of the cache.
 *
 * Kernel: mm/vmscan.c, mm/swap.c of 3.14.
 */
import type { ReclaimVariant } from '../machine/reclaimer.ts';
import { TwoList315 } from './two-list-3.15.ts';
import { TwoList } from './two-list.ts';

export const classic: ReclaimVariant = {
  id: 'classic',
  title: 'Two lists, no memory of the past',
  mechanism: 'reclaim',
  family: 'kernel',
  linux: '3.14',
  year: 2014,
  summary:
    'Active and inactive list at one to one; what has been evicted is forgotten, so a new working set never gets past the old.',
  knobs: [],
  source: { kind: 'published', where: 'Linux 3.15 mm/vmscan.c without mm/workingset.c' },
  create: (host) => new TwoList(host, new TwoList315(host)),
};
