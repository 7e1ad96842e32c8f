/** What is counted of volatile memory: the simulator's own figures, in the words of the proposals. */
import { counter, type Counter } from '../tables/define.ts';

const row = <N extends string>(name: N, title: string, doc: string, unit: Counter['unit'] = 'pages') =>
  ({
    ...counter({
      name,
      title,
      kind: 'counter',
      unit,
      doc,
      source: { kind: 'derived', where: 'counted by the simulator' },
    }),
    name,
  }) as const;

export const volatileCounterRows = [
  row('vr_mark', 'Ranges marked', 'Calls that made memory volatile, one for each range.', 'events'),
  row('vr_unmark', 'Ranges taken back', 'Calls that made memory non-volatile again.', 'events'),
  row(
    'purged',
    'Pages purged',
    'Volatile pages that reclaim dropped, content and all: purged ranges, and lazily freed pages.',
  ),
  row(
    'purged-ranges',
    'Ranges purged',
    'Ranges of which some page was purged, each counted once until it is marked anew.',
    'events',
  ),
  row(
    'reported-purged',
    'Purges reported',
    'Calls that took memory back and were told that it had been purged.',
    'events',
  ),
  row(
    'false-purged',
    'Purges reported falsely',
    'Calls that were told of a purge although every page of theirs was intact: the state belonged to a larger range.',
    'events',
  ),
  row(
    'over-purged',
    'Pages purged beyond need',
    'Pages that a purge took after reclaim had what it wanted, because ranges go whole.',
  ),
  row(
    'regenerated',
    'Pages regenerated',
    'Pages that programs wrote anew because their range was said, or seen, to be lost.',
  ),
  row('regenerated-intact', 'Intact pages regenerated', 'Those of them that had not been lost.'),
  row('regenerations', 'Regenerations', 'Ranges whose content programs made anew.', 'events'),
  row('sigbus', 'SIGBUS', 'Accesses to purged volatile memory that raised SIGBUS.', 'events'),
  row('zero-fills', 'Zero-fills', 'Accesses that found zeros where content had been lost.', 'events'),
  row(
    'access-errors',
    'Accesses refused',
    'Accesses to purged volatile memory that were refused with an error.',
    'events',
  ),
  row(
    'swap-outs-avoided',
    'Swap-outs avoided',
    'Volatile pages dropped on a machine with swap: without the interface, reclaim would have had to write them.',
  ),
  row('purge-busy', 'Ranges busy', 'Ranges that purging passed by because a lock it needed was held.', 'events'),
  row('zapped', 'Pages dropped by request', 'Pages that MADV_DONTNEED dropped at once.'),
  row(
    'call-errors',
    'Calls refused',
    'Calls on ranges that failed with an errno; each is an event of the run.',
    'events',
  ),
  row(
    'records',
    'Records',
    'Statements that read or wrote memory which the program makes volatile, carried out to their end by one thread.',
    'events',
  ),
  row(
    'record-time',
    'Time at volatile memory',
    'Time in which some thread used such memory, or made calls on it.',
    'ns',
  ),
  row(
    'call-time',
    'Time of calls on ranges',
    'From entering the kernel to leaving it, waits for locks included, all calls together.',
    'ns',
  ),
  row('regeneration-time', 'Time of regeneration', 'What programs took to make lost content anew.', 'ns'),
  row('mmap_sem-taken', 'mmap_sem taken', 'Times mmap_sem was taken, by faults and by calls.', 'events'),
  row('mmap_sem-contended', 'mmap_sem contended', 'Those of them that had to wait.', 'events'),
  row('mmap_sem-wait-time', 'Time waited for mmap_sem', 'All waits together.', 'ns'),
  row('fault-waits', 'Faults that took mmap_sem', 'Page faults of processes whose threads share it.', 'events'),
  row('fault-wait-time', 'Time faults waited', 'Waits of page faults for mmap_sem, all together.', 'ns'),
] as const satisfies readonly Counter[];
