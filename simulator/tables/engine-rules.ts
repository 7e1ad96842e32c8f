/** Why the engine did something: ids that its events carry. Variants bring the rules of reclaim. */
import { rule } from './define.ts';

export const PHASE_START = rule({ id: 'phase.start', doc: 'A process enters a phase of its program.' });
export const PROCESS_END = rule({
  id: 'process.end',
  doc: 'A process’s program is over; the process stays and keeps its memory until the run ends.',
});
export const PROCESS_EXIT = rule({
  id: 'process.exit',
  doc: 'A process exits: its anonymous memory is freed, what it read stays in the page cache.',
  kernel: 'do_exit, exit_mmap',
});
export const PROCESS_KILL = rule({
  id: 'process.kill',
  doc: 'The timeline killed a process.',
  kernel: 'SIGKILL',
});
export const EXIT_DONE = rule({
  id: 'exit.done',
  doc: 'All memory of a process that exited or was killed is given up. Numbers in the text: frames that came back, and how long that took.',
  kernel: 'exit_mmap in mm/mmap.c',
});
export const CRASH = rule({ id: 'recovery.crash', doc: 'What a recovery is about crashes: processes, or the kernel.' });
export const SERVICE = rule({ id: 'recovery.service', doc: 'The successor of what crashed serves.' });
export const TMPFS_FULL = rule({
  id: 'tmpfs.full',
  doc: 'A tmpfs mount holds as much as its size allows: a write fails (told once for each process and file), an access through a mapping ends the process with SIGBUS.',
  kernel: 'shmem_inode_acct_block in mm/shmem.c',
});
export const OOM_KILL_RULE = rule({
  id: 'oom.kill',
  doc: 'No frame could be had: the process with the most memory (of the cgroup, if its limit was the reason) was killed.',
  kernel: 'out_of_memory, select_bad_process in mm/oom_kill.c',
});
export const OOM_PANIC = rule({
  id: 'oom.panic',
  doc: 'No frame could be had and no process was left to kill; the run ends here.',
  kernel: 'out_of_memory: “System is deadlocked on memory”',
});
export const SYSCTL_SET = rule({ id: 'sysctl.set', doc: 'The timeline changed a sysctl.', kernel: '/proc/sys' });
export const CGROUP_SET = rule({ id: 'cgroup.set', doc: 'The timeline changed a cgroup’s limit.', kernel: 'cgroupfs' });
export const RUN_STUCK = rule({
  id: 'run.stuck',
  doc: 'Somebody waits and nothing will ever happen that ends the wait; the run ends here.',
});
export const RUN_TIMELESS = rule({
  id: 'run.timeless',
  doc: 'A step that ends by time does accesses that take none; the run ends here.',
});

/** Nobody can go on, because everybody waits in a circle. Classes as in docs/models/writeback.md. */
export const LOCKUP_MEMORY = rule({
  id: 'lockup.memory',
  doc: 'Class D-A: the daemon needs a page, only its own temporary pages could give one, and they wait for the daemon. The run ends here.',
  kernel: 'fuse_writepage_locked, __alloc_pages_slowpath',
});
export const LOCKUP_RECLAIM = rule({
  id: 'lockup.reclaim',
  doc: 'Class D-B: the daemon’s own allocation waits in reclaim for writeback that only this daemon can finish. The run ends here.',
  kernel: 'folio_wait_writeback in shrink_folio_list',
});
export const LOCKUP_THROTTLE = rule({
  id: 'lockup.throttle',
  doc: 'Class D-C: the daemon stands still in the throttle until fewer pages are dirty, and they are those that wait for the daemon. The run ends here.',
  kernel: 'balance_dirty_pages',
});
export const LOCKUP_SYNC = rule({
  id: 'lockup.sync',
  doc: 'Class D-D: a sync waits for writeback that its daemon will never end. The run ends here.',
  kernel: 'sync_inodes_sb, wait_sb_inodes',
});
export const LOCKUP_QUEUE = rule({
  id: 'lockup.queue',
  doc: 'Class D-E: all requests that a mount may have in the background wait for one that cannot be sent before one of them ends. The run ends here.',
  kernel: 'max_background in fs/fuse/dev.c',
});
export const DAEMON_STALL = rule({ id: 'daemon.stall', doc: 'The timeline stopped a FUSE daemon.' });
export const DAEMON_RESUME = rule({ id: 'daemon.resume', doc: 'The timeline let a stalled FUSE daemon go on.' });
export const DAEMON_DIE = rule({
  id: 'daemon.die',
  doc: 'The timeline killed a FUSE daemon: its connection is aborted, and what waits for it fails.',
  kernel: 'fuse_abort_conn',
});
export const FUSE_SET = rule({
  id: 'fuse.set',
  doc: 'The timeline changed a property of a FUSE mount or its daemon.',
  kernel: '/sys/class/bdi, /sys/fs/fuse/connections',
});

export const engineRules = [
  PHASE_START,
  PROCESS_END,
  PROCESS_EXIT,
  PROCESS_KILL,
  EXIT_DONE,
  CRASH,
  SERVICE,
  OOM_KILL_RULE,
  OOM_PANIC,
  SYSCTL_SET,
  CGROUP_SET,
  RUN_STUCK,
  RUN_TIMELESS,
  LOCKUP_MEMORY,
  LOCKUP_RECLAIM,
  LOCKUP_THROTTLE,
  LOCKUP_SYNC,
  LOCKUP_QUEUE,
  DAEMON_STALL,
  DAEMON_RESUME,
  DAEMON_DIE,
  FUSE_SET,
] as const;
