/**
 * The two lists as of Linux 6.12: the policy of 6.1, but reclaim decides from cgroup statistics that a clock adds up every two seconds, where 6.1
 * adds them up when asked. So "a refault activation lets active pages go" works from old numbers, and a hot set beside a stream is let go
 * far less often. Folio batches hold 31.
 *
 * Kernel: mem_cgroup_flush_stats_ratelimited, FLUSH_TIME in mm/memcontrol.c, 6.12.
 * Known divergence: when the kernel's clock ticks relative to the run is not known; its own runs differ by 1 to 4 % for that.
 */
import type { KnobValues } from '../plan.ts';
import type { ReclaimVariant } from '../machine/reclaimer.ts';
import { SECOND } from '../units.ts';
import { batch, createWorkingset, flushInterval, watchesFlushClock, workingsetKnobs } from './workingset-6.1.ts';

const every2s: typeof flushInterval = { ...flushInterval, default: 2 * SECOND };
const batch31: typeof batch = {
  ...batch,
  default: 31,
  source: { kind: 'published', where: 'Linux 6.12 include/linux/pagevec.h' },
};
const knobs = workingsetKnobs.map((row) => (row === flushInterval ? every2s : row === batch ? batch31 : row));
const defaults: KnobValues = Object.fromEntries(knobs.map((row) => [row.name, row.default!]));

export const workingset612: ReclaimVariant = {
  id: 'v6.12',
  title: 'Two lists with refault distance, Linux 6.12',
  mechanism: 'reclaim',
  family: 'kernel',
  linux: '6.12',
  year: 2024,
  summary:
    'The policy of 6.1 working from cgroup statistics up to two seconds old: returning pages no longer make active ones go at once.',
  knobs,
  source: { kind: 'measured', where: 'recorded runs of kernel 6.12 with MGLRU off, within 1 % (4 % beside a stream)' },
  watchesClock: (values) => watchesFlushClock({ ...defaults, ...values }),
  create: (host, values) => createWorkingset(host, { ...defaults, ...values }),
};
