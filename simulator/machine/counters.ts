/**
 * Indices into the machine's counter array, and their rows: the single place that knows what is counted. Names are the kernel's
 * (/proc/vmstat, memory.stat of 6.1) where there is one.
 */
import { counter, type Counter } from '../tables/define.ts';
import { volatileCounterRows } from './volatile-counters.ts';

const vmstat = { kind: 'published', where: 'Linux 6.1 mm/vmstat.c, Documentation/admin-guide/cgroup-v2.rst' } as const;

const row = (name: string, title: string, doc: string, unit: Counter['unit'] = 'pages') =>
  counter({ name, title, kind: 'counter', unit, doc, kernel: '/proc/vmstat', source: vmstat });

/** Order is the index. Only ever append. */
export const counterRows = [
  row('pgscan_kswapd', 'Pages scanned by kswapd', 'Pages that kswapd looked at on inactive lists.'),
  row('pgscan_direct', 'Pages scanned directly', 'Pages that allocating tasks themselves looked at on inactive lists.'),
  row('pgscan_file', 'File pages scanned', 'File pages looked at on inactive lists, by anyone.'),
  row('pgscan_anon', 'Anonymous pages scanned', 'Anonymous pages looked at on inactive lists, by anyone.'),
  row('pgsteal_kswapd', 'Pages reclaimed by kswapd', 'Pages that kswapd freed.'),
  row('pgsteal_direct', 'Pages reclaimed directly', 'Pages that allocating tasks freed.'),
  row('pgsteal_file', 'File pages reclaimed', 'File pages freed, by anyone.'),
  row('pgsteal_anon', 'Anonymous pages reclaimed', 'Anonymous pages freed after swapping out, by anyone.'),
  row('pgrefill', 'Active pages scanned', 'Pages looked at on active lists to refill the inactive ones.'),
  row('pgactivate', 'Pages activated', 'Pages moved from an inactive to the active list.'),
  row('pgdeactivate', 'Pages deactivated', 'Pages moved from an active to the inactive list.'),
  row('pgrotated', 'Pages rotated', 'Pages put to the reclaim end after their writeback ended.'),
  row('pglazyfree', 'Pages made lazily freeable', 'Pages given to MADV_FREE.'),
  row('pglazyfreed', 'Lazily freed pages', 'MADV_FREE pages that reclaim discarded.'),
  row('pgfault', 'Page faults', 'Faults of either kind.', 'events'),
  row('pgmajfault', 'Major faults', 'Faults that waited for a device.', 'events'),
  row('pswpin', 'Pages swapped in', 'Pages read from swap.'),
  row('pswpout', 'Pages swapped out', 'Pages written to swap.'),
  row(
    'pgpgin',
    'Pages read from disk',
    'Pages read from disks for the page cache (the kernel counts KiB; here pages).',
  ),
  row('pgpgout', 'Pages written to disk', 'Pages written to disks (the kernel counts KiB; here pages).'),
  row('allocstall', 'Allocation stalls', 'Times a task had to reclaim for itself.', 'events'),
  row('pageoutrun', 'kswapd runs', 'Times kswapd was woken and worked.', 'events'),
  row(
    'workingset_refault_file',
    'File refaults',
    'File pages that came back after eviction while their shadow entry was still there.',
  ),
  row(
    'workingset_refault_anon',
    'Anonymous refaults',
    'Anonymous pages swapped back in while their shadow entry was still there.',
  ),
  row(
    'workingset_activate_file',
    'File refault activations',
    'Refaulted file pages whose distance put them straight on the active list.',
  ),
  row('workingset_activate_anon', 'Anonymous refault activations', 'Refaulted anonymous pages activated at once.'),
  row(
    'workingset_restore_file',
    'File workingset restores',
    'Refaulted file pages that were active (part of the workingset) before eviction.',
  ),
  row(
    'workingset_restore_anon',
    'Anonymous workingset restores',
    'Refaulted anonymous pages that were active before eviction.',
  ),
  row(
    'workingset_nodereclaim',
    'Shadow nodes reclaimed',
    'Page-cache tree nodes freed because they held only shadow entries and there were too many.',
    'nodes',
  ),
  row('oom_kill', 'OOM kills', 'Processes killed because memory ran out.', 'events'),
  row('pgalloc', 'Frames allocated', 'Frames handed out, for any use (the kernel counts per zone).'),
  row('pgfree', 'Frames freed', 'Frames given back.'),
  row('drop_pagecache', 'Page cache drops', 'Times the page cache was dropped.', 'events'),
  row(
    'workingset_stale',
    'Stale workingset (2013)',
    'Refaults within the size of the active list, as the 2012–13 proposal counted them.',
  ),
  row(
    'workingset_balance',
    'Balancing demotions (2013)',
    'Demotions that the 2013 proposal forced after such refaults.',
  ),
  row(
    'workingset_balance_force',
    'Ratio demotions (2013)',
    'Demotions by the list-size ratio, as the 2013 proposal counted them.',
  ),
  row(
    'workingset_shadows_reclaimed',
    'Shadow entries reclaimed (2013)',
    'Shadow entries that the proposal’s shrinker deleted.',
    'entries',
  ),
  row('workingset_shadows', 'Shadow entries planted', 'Evictions that left a shadow entry behind.', 'entries'),
  row('pgmigrate_success', 'Pages migrated', 'Pages moved to a frame of another node.'),
  row(
    'pgmigrate_fail',
    'Migrations failed',
    'Pages that could not be moved: no frame where they should go, or pinned.',
  ),
  row('numa_hit', 'Pages from the node wanted first', 'Pages taken from the node that policy and zonelist name first.'),
  row('numa_miss', 'Pages from another node', 'Pages taken from a node although another was wanted first.'),
  row('numa_foreign', 'Pages given elsewhere', 'Pages wanted from a node first and taken from another.'),
  row('numa_interleave', 'Interleaved pages', 'Pages that interleaving got from the node whose turn it was.'),
  row('numa_local', 'Local pages', 'Pages taken from the node of the processor that asked.'),
  row('numa_other', 'Remote pages', 'Pages taken from another node than that of the processor that asked.'),
  counter({
    name: 'policy-violation',
    title: 'Policy violations',
    kind: 'counter',
    unit: 'pages',
    doc: 'Pages taken from a node outside the mask of a bind policy in force.',
    source: { kind: 'derived', where: 'counted by the simulator' },
  }),
  counter({
    name: 'dropped-mask',
    title: 'Pages of dropped masks',
    kind: 'counter',
    unit: 'pages',
    doc: 'Pages placed as if there were no policy, because the cpuset allows no node of the bind mask.',
    source: { kind: 'derived', where: 'counted by the simulator' },
  }),
  ...volatileCounterRows,
  row('nr_dirtied', 'Pages dirtied', 'File pages that became dirty, ever.'),
  row('nr_written', 'Pages written back', 'File pages whose writeback ended, ever.'),
  counter({
    name: 'balance-pauses',
    title: 'Throttle pauses',
    kind: 'counter',
    unit: 'events',
    doc: 'Times somebody who dirties pages was put to sleep because too much was dirty, daemons included.',
    kernel: 'trace event balance_dirty_pages',
    source: { kind: 'derived', where: 'counted by the simulator' },
  }),
  counter({
    name: 'throttle-time',
    title: 'Throttled time',
    kind: 'counter',
    unit: 'ns',
    doc: 'How long they slept, all together.',
    kernel: 'trace event balance_dirty_pages, field pause',
    source: { kind: 'derived', where: 'counted by the simulator' },
  }),
] as const satisfies readonly Counter[];

const index = new Map<string, number>(counterRows.map((r, i) => [r.name, i]));

/** Index of a counter by name. Throws on unknown names: call it at module load, never in a loop. */
export function counterIndex(name: (typeof counterRows)[number]['name']): number {
  const i = index.get(name);
  if (i === undefined) throw new Error(`no counter '${name}'`);
  return i;
}

export const PGSCAN_KSWAPD = counterIndex('pgscan_kswapd');
export const PGSCAN_DIRECT = counterIndex('pgscan_direct');
export const PGSCAN_FILE = counterIndex('pgscan_file');
export const PGSCAN_ANON = counterIndex('pgscan_anon');
export const PGSTEAL_KSWAPD = counterIndex('pgsteal_kswapd');
export const PGSTEAL_DIRECT = counterIndex('pgsteal_direct');
export const PGSTEAL_FILE = counterIndex('pgsteal_file');
export const PGSTEAL_ANON = counterIndex('pgsteal_anon');
export const PGREFILL = counterIndex('pgrefill');
export const PGLAZYFREE = counterIndex('pglazyfree');
export const PGLAZYFREED = counterIndex('pglazyfreed');
export const PGACTIVATE = counterIndex('pgactivate');
export const PGDEACTIVATE = counterIndex('pgdeactivate');
export const PGROTATED = counterIndex('pgrotated');
export const PGFAULT = counterIndex('pgfault');
export const PGMAJFAULT = counterIndex('pgmajfault');
export const PSWPIN = counterIndex('pswpin');
export const PSWPOUT = counterIndex('pswpout');
export const PGPGIN = counterIndex('pgpgin');
export const PGPGOUT = counterIndex('pgpgout');
export const ALLOCSTALL = counterIndex('allocstall');
export const PAGEOUTRUN = counterIndex('pageoutrun');
export const WORKINGSET_REFAULT_FILE = counterIndex('workingset_refault_file');
export const WORKINGSET_REFAULT_ANON = counterIndex('workingset_refault_anon');
export const WORKINGSET_ACTIVATE_FILE = counterIndex('workingset_activate_file');
export const WORKINGSET_ACTIVATE_ANON = counterIndex('workingset_activate_anon');
export const WORKINGSET_RESTORE_FILE = counterIndex('workingset_restore_file');
export const WORKINGSET_RESTORE_ANON = counterIndex('workingset_restore_anon');
export const WORKINGSET_NODERECLAIM = counterIndex('workingset_nodereclaim');
export const OOM_KILL = counterIndex('oom_kill');
export const PGALLOC = counterIndex('pgalloc');
export const PGFREE = counterIndex('pgfree');
export const WORKINGSET_STALE = counterIndex('workingset_stale');
export const WORKINGSET_BALANCE = counterIndex('workingset_balance');
export const WORKINGSET_BALANCE_FORCE = counterIndex('workingset_balance_force');
export const WORKINGSET_SHADOWS_RECLAIMED = counterIndex('workingset_shadows_reclaimed');
export const WORKINGSET_SHADOWS = counterIndex('workingset_shadows');
export const PGMIGRATE_SUCCESS = counterIndex('pgmigrate_success');
export const PGMIGRATE_FAIL = counterIndex('pgmigrate_fail');
export const NUMA_HIT = counterIndex('numa_hit');
export const NUMA_MISS = counterIndex('numa_miss');
export const NUMA_FOREIGN = counterIndex('numa_foreign');
export const NUMA_INTERLEAVE_HIT = counterIndex('numa_interleave');
export const NUMA_LOCAL_NODE = counterIndex('numa_local');
export const NUMA_OTHER = counterIndex('numa_other');
export const POLICY_VIOLATION = counterIndex('policy-violation');
export const DROPPED_MASK = counterIndex('dropped-mask');

export const VR_MARK = counterIndex('vr_mark');
export const VR_UNMARK = counterIndex('vr_unmark');
export const PURGED = counterIndex('purged');
export const PURGED_RANGES = counterIndex('purged-ranges');
export const REPORTED_PURGED = counterIndex('reported-purged');
export const FALSE_PURGED = counterIndex('false-purged');
export const OVER_PURGED = counterIndex('over-purged');
export const REGENERATED = counterIndex('regenerated');
export const REGENERATED_INTACT = counterIndex('regenerated-intact');
export const REGENERATIONS = counterIndex('regenerations');
export const SIGBUS = counterIndex('sigbus');
export const ZERO_FILLS = counterIndex('zero-fills');
export const ACCESS_ERRORS = counterIndex('access-errors');
export const SWAP_OUTS_AVOIDED = counterIndex('swap-outs-avoided');
export const PURGE_BUSY = counterIndex('purge-busy');
export const ZAPPED = counterIndex('zapped');
export const CALL_ERRORS = counterIndex('call-errors');
export const NR_DIRTIED = counterIndex('nr_dirtied');
export const NR_WRITTEN = counterIndex('nr_written');
export const BALANCE_PAUSES = counterIndex('balance-pauses');
export const THROTTLE_TIME = counterIndex('throttle-time');
export const RECORDS = counterIndex('records');
export const RECORD_TIME = counterIndex('record-time');
export const CALL_TIME = counterIndex('call-time');
export const REGENERATION_TIME = counterIndex('regeneration-time');
export const MMAP_SEM_TAKEN = counterIndex('mmap_sem-taken');
export const MMAP_SEM_CONTENDED = counterIndex('mmap_sem-contended');
export const MMAP_SEM_WAIT_TIME = counterIndex('mmap_sem-wait-time');
export const FAULT_WAITS = counterIndex('fault-waits');
export const FAULT_WAIT_TIME = counterIndex('fault-wait-time');
