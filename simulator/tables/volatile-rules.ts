/** What is told of calls on ranges, purged memory and its handlers: ids that events carry. */
import { rule } from './define.ts';

export const CALL_REFUSED = rule({
  id: 'volatile.errno',
  doc: 'A call on a range was refused with an errno; nothing changed, and the program goes on.',
  kernel: 'madvise(2), vrange(2), ASHMEM_PIN',
});
export const VOLATILE_SIGBUS = rule({
  id: 'volatile.sigbus',
  doc: 'A thread touched purged volatile memory for the first time: SIGBUS, with the address.',
  kernel: 'force_sig_fault(SIGBUS, BUS_ADRERR, …)',
});
export const VOLATILE_UNHANDLED = rule({
  id: 'volatile.unhandled',
  doc: 'SIGBUS on purged memory in a process that does not handle it: the process is killed.',
  kernel: 'the default action of SIGBUS',
});
export const VOLATILE_NO_RETURN = rule({
  id: 'volatile.no-return',
  doc: 'The handler returned without having written the memory: the same access raises the same signal for ever. The process is killed.',
});
export const VOLATILE_PURGED = rule({
  id: 'volatile.purged',
  doc: 'Taking memory back reported for the first time that it had been purged.',
});
export const VOLATILE_UNMARKED = rule({
  id: 'volatile.unmarked',
  doc: 'Memory was taken back that was not volatile.',
});
export const PROCESS_FORK = rule({ id: 'process.fork', doc: 'A process forks.', kernel: 'copy_process, dup_mmap' });

export const volatileRules = [
  CALL_REFUSED,
  VOLATILE_SIGBUS,
  VOLATILE_UNHANDLED,
  VOLATILE_NO_RETURN,
  VOLATILE_PURGED,
  VOLATILE_UNMARKED,
  PROCESS_FORK,
] as const;
