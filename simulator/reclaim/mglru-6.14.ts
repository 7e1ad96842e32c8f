/**
 * MGLRU as reworked in Linux 6.14: aging judged by the number of generations alone, refaults by the window of generations, and a workingset
 * flag that a page keeps until it leaves.
 */
import { valueOf } from '../tables/define.ts';
import type { ReclaimVariant } from '../machine/reclaimer.ts';
import { minTtlMs, watchesTtl } from './mglru-knobs.ts';
import { Mglru } from './mglru.ts';
import { rules614 } from './mglru-rules.ts';

export const mglru614: ReclaimVariant = {
  id: 'mglru-6.14',
  title: 'MGLRU (6.14)',
  mechanism: 'reclaim',
  family: 'kernel',
  linux: '6.14',
  year: 2025,
  commit: '4d5d14a01e2c',
  summary:
    'MGLRU reworked: a new generation begins whenever fewer than four are left, a refault counts if its page left within the last four generations, and pages that prove their worth stay marked as workingset and start further from eviction.',
  knobs: [minTtlMs],
  source: {
    kind: 'published',
    where: 'series “mm/mglru: performance optimizations” v3 (2024-12-07), mm/vmscan.c and mm/workingset.c since 6.14',
  },
  watchesClock: watchesTtl,
  create: (host, values) => new Mglru(host, rules614, valueOf(values, minTtlMs)),
};
