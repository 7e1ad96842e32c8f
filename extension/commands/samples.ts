/**
 * The samples that come with the extension. Listed here because a browser cannot list a folder of an installed extension; a test compares
 * the list with the folder.
 */
export interface Sample {
  /** In `samples/`. */
  readonly file: string;
  readonly title: string;
  readonly about: string;
}

export const samples: readonly Sample[] = [
  {
    file: 'page-cache-reclaim.refault.md',
    title: 'Page-cache reclaim with changing workloads',
    about: 'Why two lists were not enough, what was proposed in 2013, what was merged, what runs today',
  },
  {
    file: 'one-fix-in-mglru.refault.md',
    title: 'What one stable fix did to MGLRU',
    about: 'The same kernel before and after 6.1.69, on a working set that moves, in a memory cgroup',
  },
  {
    file: 'a-change-of-plumbing.refault.md',
    title: 'A change of plumbing',
    about: 'What it was worth that 6.12 reads cgroup statistics by the clock: the same policy from older numbers',
  },
  {
    file: 'how-faithful.refault.md',
    title: 'How faithful is all this?',
    about:
      'The simulator beside recordings of real kernels: every error, the kernel’s own spread, what is not held against anything',
  },
  {
    file: 'tmpfs-and-cpusets.refault.md',
    title: 'tmpfs and cpusets',
    about: 'Where pages go when policies, cpusets, a mount option, a memory cgroup and hotplug all have a say',
  },
  {
    file: 'fuse-writeback.refault.md',
    title: 'FUSE writeback and the deadlock',
    about: 'Copies of dirty pages that no limit counts fill memory; what was proposed, what was merged, what is today',
  },
  {
    file: 'volatile-ranges.refault.md',
    title: 'Volatile ranges, and what became of them',
    about: 'Why not VMAs? What programs could say, what reclaim took, what was decoded again, and who waited for whom',
  },
  {
    file: 'exit-and-recovery.refault.md',
    title: 'Exit times, munlock, and back within thirty seconds',
    about: 'What it takes to give half a terabyte of locked memory up and get it back, phase by phase, and what helps',
  },
  {
    file: 'hardware-initiated-paging.refault.md',
    title: 'Hardware-initiated paging',
    about: 'A GPU faults pages across a link: when moving them pays, when it does not, and where the break-even is',
  },
];
