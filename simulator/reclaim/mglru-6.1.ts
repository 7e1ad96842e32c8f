/**
 * MGLRU as in Linux 6.1, by default with the fix that its stable series took in 6.1.69.
 */
import { valueOf, flag, knob } from '../tables/define.ts';
import type { ReclaimVariant } from '../machine/reclaimer.ts';
import { minTtlMs, watchesTtl } from './mglru-knobs.ts';
import { Mglru } from './mglru.ts';
import { rules61, rules61Stable } from './mglru-rules.ts';

const stableFixes = knob({
  name: 'stable-fixes',
  scope: 'variant',
  type: flag(),
  default: true,
  doc: 'With “mm/mglru: fix underprotected page cache”, as from 6.1.69 on: new pages are not added at the very end, and pages read five times move on. Without: 6.1.0 to 6.1.68.',
  kernel: 'commit 081488051d28',
  source: { kind: 'published', where: '6.1-stable review patch 085/106 of 2023-12-18' },
});

export const mglru61: ReclaimVariant = {
  id: 'mglru-6.1',
  title: 'MGLRU (6.1)',
  mechanism: 'reclaim',
  family: 'kernel',
  linux: '6.1',
  year: 2022,
  commit: 'ac35a4902374',
  summary:
    'Multi-generational LRU as merged: generations instead of active and inactive, aged by page-table walks; pages read through descriptors start near the end and are protected in tiers by how often they were read and how often such pages came back.',
  knobs: [minTtlMs, stableFixes],
  source: { kind: 'measured', where: 'Linux 6.1.10 mm/vmscan.c; held against 6.1.192 access by access' },
  watchesClock: watchesTtl,
  create: (host, values) =>
    new Mglru(host, valueOf(values, stableFixes) ? rules61Stable : rules61, valueOf(values, minTtlMs)),
};
