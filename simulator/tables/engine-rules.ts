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

export const engineRules = [
  PHASE_START,
  PROCESS_END,
  PROCESS_EXIT,
  PROCESS_KILL,
  OOM_KILL_RULE,
  OOM_PANIC,
  SYSCTL_SET,
  CGROUP_SET,
  RUN_STUCK,
  RUN_TIMELESS,
] as const;
