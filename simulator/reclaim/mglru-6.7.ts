/**
 * MGLRU as from Linux 6.7 to 6.13: aging ends a reclaim pass, page cache is less readily evicted.
 */
import { valueOf } from '../tables/define.ts';
import type { ReclaimVariant } from '../machine/reclaimer.ts';
import { minTtlMs, watchesTtl } from './mglru-knobs.ts';
import { Mglru } from './mglru.ts';
import { rules67 } from './mglru-rules.ts';

export const mglru67: ReclaimVariant = {
  id: 'mglru-6.7',
  title: 'MGLRU (6.7)',
  mechanism: 'reclaim',
  family: 'kernel',
  linux: '6.7',
  year: 2024,
  commit: '081488051d28',
  summary:
    'MGLRU after a year of fixes: new page-cache pages go to the second oldest generation while there are four, pages read five times move on whatever the feedback says, refaulting ones come back protected; mappings with random-access advice no longer count as uses.',
  knobs: [minTtlMs],
  source: {
    kind: 'measured',
    where: 'commits 081488051d28, 5095a2b23987, 8788f6781486; held against 6.12.117 access by access',
  },
  watchesClock: watchesTtl,
  create: (host, values) => new Mglru(host, rules67, valueOf(values, minTtlMs)),
};
