/** Levels that are sampled over time. Kernel names of /proc/vmstat where there is one. */
import type { Gauges } from '../machine/memory.ts';
import type { Counter } from './define.ts';

const vmstat = { kind: 'published', where: 'Linux 6.1 mm/vmstat.c' } as const;
const own = { kind: 'derived', where: 'counted by the simulator' } as const;

export type GaugeRow = Counter & {
  readonly name: keyof Gauges;
  /** Only the kernel's ways have it: the literature's know no lists and no shadow entries, and a flat line at 0 would say they do. */
  readonly kernelOnly?: true;
};

const gauge = (row: GaugeRow): GaugeRow => row;

const row = (name: keyof Gauges, title: string, doc: string) =>
  gauge({ name, title, kind: 'gauge', unit: 'pages', doc, kernel: '/proc/vmstat', source: vmstat });

const kernelRow = (...args: Parameters<typeof row>) => gauge({ ...row(...args), kernelOnly: true });

/** Order is that of samples and legends. */
export const gauges: readonly GaugeRow[] = [
  row('nr_free_pages', 'Free', 'Frames that nobody uses.'),
  kernelRow('nr_active_file', 'Active file', 'File pages on active lists; the newest two generations of MGLRU.'),
  kernelRow('nr_inactive_file', 'Inactive file', 'File pages on inactive lists; the older generations of MGLRU.'),
  kernelRow('nr_active_anon', 'Active anonymous', 'Anonymous pages on active lists.'),
  kernelRow('nr_inactive_anon', 'Inactive anonymous', 'Anonymous pages on inactive lists.'),
  row('nr_unevictable', 'Unevictable', 'Pages that reclaim must leave alone: locked memory.'),
  row('nr_dirty', 'Dirty', 'File pages changed in memory and not yet being written.'),
  row('nr_writeback', 'Under writeback', 'File pages being written to disk now.'),
  row(
    'nr_writeback_temp',
    'Temporary',
    'Copies of file pages on their way to FUSE daemons. They are on no list: reclaim can’t free them.',
  ),
  gauge({
    ...row('nr_dirty_threshold', 'Dirty threshold', 'Dirty pages and pages under writeback above which writers wait.'),
    limit: true,
  }),
  gauge({
    ...row('nr_dirty_background_threshold', 'Background threshold', 'Dirty pages above which flushers write.'),
    limit: true,
  }),
  gauge({
    name: 'nr_swap_used',
    title: 'Swap in use',
    kind: 'gauge',
    unit: 'pages',
    doc: 'Swap slots in use.',
    kernel: '/proc/swaps',
    source: own,
  }),
  gauge({
    name: 'nr_slab',
    kernelOnly: true,
    title: 'Kernel memory',
    kind: 'gauge',
    unit: 'pages',
    doc: 'Frames the kernel itself uses: page-cache tree nodes and page tables.',
    kernel: 'nr_slab_reclaimable and nr_page_table_pages in /proc/vmstat',
    source: own,
  }),
  gauge({
    name: 'workingset_nodes',
    kernelOnly: true,
    title: 'Shadow nodes',
    kind: 'gauge',
    unit: 'nodes',
    doc: 'Page-cache tree nodes that hold only shadow entries.',
    kernel: '/proc/vmstat',
    source: vmstat,
  }),
  gauge({
    name: 'nr_shadows',
    kernelOnly: true,
    title: 'Shadow entries',
    kind: 'gauge',
    unit: 'entries',
    doc: 'Entries that remember when an evicted page left.',
    source: own,
  }),
  kernelRow('nr_shmem', 'Shared memory', 'Pages of tmpfs files in memory; they are on the anonymous lists.'),
];

export const noGauges = (): Gauges => ({
  nr_free_pages: 0,
  nr_active_file: 0,
  nr_inactive_file: 0,
  nr_active_anon: 0,
  nr_inactive_anon: 0,
  nr_unevictable: 0,
  nr_dirty: 0,
  nr_writeback: 0,
  nr_writeback_temp: 0,
  nr_dirty_threshold: 0,
  nr_dirty_background_threshold: 0,
  nr_swap_used: 0,
  nr_slab: 0,
  workingset_nodes: 0,
  nr_shadows: 0,
  nr_shmem: 0,
});
