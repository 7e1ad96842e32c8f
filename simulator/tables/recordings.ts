/** Recordings of real kernels that come with Refault (samples/recordings), one row a folder: what `fidelity` in a run may name. */

export interface RecordingRow {
  /** The folder's name. */
  readonly name: string;
  readonly title: string;
  /** What was recorded. */
  readonly kernel: string;
  readonly doc: string;
  /** What the model follows, simplifies and leaves out, in docs/models/. */
  readonly page: string;
  /** Single recordings of it, named as `reclaim.C_scan`. Empty where their names are no words: then only the folder is named. */
  readonly recordings: readonly string[];
}

export const recordingRows: readonly RecordingRow[] = [
  {
    name: 'reclaim',
    title: 'Page reclaim, Linux 6.1',
    kernel: '6.1',
    doc: 'Reads and stores under a cgroup limit, with the two lists and with MGLRU: misses, hit or miss of each access, workingset and scan counters.',
    page: 'reclaim.md',
    recordings: ['A_k0.9', 'A_k1.1', 'B_shift', 'C_scan', 'D_zipf1.0', 'E_u1.5', 'F_zipf1.0_mmap', 'G_mix_sw60'],
  },
  {
    name: 'reclaim-6.12',
    title: 'Page reclaim, Linux 6.12',
    kernel: '6.12',
    doc: 'The same sequences on a kernel that reads cgroup statistics by the clock.',
    page: 'reclaim.md',
    recordings: ['A_k1.1', 'B_shift', 'C_scan', 'D_zipf1.0'],
  },
  {
    name: 'numa',
    title: 'Memory policies, cpusets, tmpfs, hotplug, Linux 6.1',
    kernel: '6.1',
    doc: 'Masks, errnos and the nodes of pages after policies were set, mems changed, mounts made and memory taken away: each value is one check.',
    page: 'numa.md',
    recordings: ['change2', 'hot2', 'static2', 'tmpfs2'],
  },
  {
    name: 'fuse',
    title: 'FUSE writeback, Linux 6.1 and 6.18',
    kernel: '6.1, 6.18',
    doc: 'How much gets dirty under a slow daemon, by max_ratio, request size and number of mounts.',
    page: 'writeback.md',
    recordings: [
      'default_thresh',
      'mr',
      'mr_nostrict',
      'writethrough',
      'mounts',
      'ring',
      'maxw',
      'bg',
      'small4k',
      'stall',
      'stall_ext',
      'stall_ext_nostrict',
      'slow_ext',
    ],
  },
  {
    name: 'exit',
    title: 'Exit times, Linux 6.18',
    kernel: '6.18',
    doc: 'What giving memory up costs by kind of memory, by kill or exit, one process and several at a time.',
    page: 'exit.md',
    recordings: [
      'a4k',
      'a4k_lock',
      'thp',
      'thp_lock',
      'hugetlb',
      'file',
      'file_lock',
      'filew',
      'shm',
      'shm_lock',
      'shmown',
    ],
  },
  {
    name: 'madv-free',
    title: 'Lazily freed memory, Linux 6.18',
    kernel: '6.18',
    doc: 'What reclaim takes of lazily freed, anonymous and file pages and in what order, and what madvise answers: each figure is one check.',
    page: 'volatile-ranges.md',
    recordings: [],
  },
];

export const recordingRow = (name: string): RecordingRow | undefined => recordingRows.find((row) => row.name === name);

/** Which single recording a compared set belongs to: `mr rate=1000000` is one of `mr`. */
export const recordingOf = (set: string): string => set.split(/,? /, 1)[0];
