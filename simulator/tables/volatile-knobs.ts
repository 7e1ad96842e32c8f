/** Knobs of locks, of calls on ranges of memory, and of the ways to say that memory is volatile. */
import { MICROSECOND, MIB, PAGE_SIZE, SECOND } from '../units.ts';
import { bytes, choice, flag, integer, knob, time, type Knob } from './define.ts';

const VRNUM = 'ebizzy with jemalloc, 12 CPUs: 5360, 20527, 21176 and 103637 records/s (linux-mm, 8 October 2013)';
const derived = (how: string) => ({ kind: 'derived', where: `${VRNUM}; ${how}` }) as const;
const assumed = (where: string) => ({ kind: 'assumed', where }) as const;

// ---- what locks and calls cost

export const handoff = knob({
  name: 'handoff',
  scope: 'locks',
  type: time(0, SECOND),
  default: 88 * MICROSECOND,
  doc: 'From the release of a lock somebody sleeps on until that one runs with it: wake-up, scheduling. Nobody uses the lock meanwhile.',
  kernel: 'rwsem_wake, mutex_unlock slow paths',
  source: derived('1/5360 s are two exclusive calls a record, 93 µs each, of which the work is a small part'),
});
export const mutexHandoff = knob({
  name: 'mutex-handoff',
  scope: 'locks',
  type: time(0, SECOND),
  default: 200,
  doc: 'The same of a mutex, whose waiters spin as long as its holder runs: a cache line changes hands. mmap_sem had no spinning when this was measured (writers spin since 3.16, version from memory).',
  kernel: 'mutex_optimistic_spin in kernel/locking/mutex.c (2.6.30)',
  source: assumed('two cache misses'),
});
export const fair = knob({
  name: 'fair',
  scope: 'locks',
  type: flag(),
  default: true,
  doc: 'A released lock belongs to who waited longest, as rwsems did it. Off: whoever is awake takes it before the sleeper wakes.',
  kernel: 'lock stealing by writers (3.9, version from memory)',
  source: { kind: 'published', where: 'kernel/locking/rwsem.c up to 3.8' },
});
export const vmaSplit = knob({
  name: 'vma-split',
  scope: 'locks',
  type: time(0, SECOND),
  default: 2 * MICROSECOND,
  doc: 'Splitting a mapping in two where a range begins or ends inside it, with mmap_sem held for writing.',
  kernel: '__split_vma in mm/mmap.c',
  source: assumed('order of magnitude; a slab allocation and two tree operations'),
});
export const vmaMerge = knob({
  name: 'vma-merge',
  scope: 'locks',
  type: time(0, SECOND),
  default: 2 * MICROSECOND,
  doc: 'Merging a mapping with a neighbour that has become like it, with mmap_sem held for writing.',
  kernel: 'vma_merge in mm/mmap.c',
  source: assumed('order of magnitude'),
});
export const treeNode = knob({
  name: 'tree-node',
  scope: 'locks',
  type: time(0, SECOND),
  default: 100,
  doc: 'One step down a tree of ranges: what a call on a tree of n ranges does log2(n) of.',
  kernel: '__vrange_insert in mm/vrange.c (proposed)',
  source: assumed('one cache miss'),
});
export const pteCost = knob({
  name: 'pte',
  scope: 'locks',
  type: time(0, SECOND),
  default: 60,
  doc: 'Looking at, clearing or marking one page-table entry, its share of the TLB flush included.',
  kernel: 'madvise_free_pte_range, try_to_unmap_one',
  source: assumed('MADV_FREE at 0.77 and MADV_DONTNEED at 1.0 of what exit takes for a page (measured on 6.18)'),
});
export const syscall = knob({
  name: 'syscall',
  scope: 'locks',
  type: time(0, SECOND),
  default: 500,
  doc: 'Entering and leaving the kernel, and finding the mapping.',
  source: assumed('order of magnitude'),
});
export const sigbus = knob({
  name: 'sigbus',
  scope: 'locks',
  type: time(0, SECOND),
  default: 3 * MICROSECOND,
  doc: 'Delivering SIGBUS to a handler and returning from it.',
  kernel: 'force_sig_fault, sigreturn',
  source: {
    kind: 'measured',
    where: 'Linux 6.18: SIGBUS and a UFFDIO_COPY in the same thread take 3.6 plain faults, of which the copy is 0.6',
  },
});

export const lockKnobs: readonly Knob[] = [
  handoff,
  mutexHandoff,
  fair,
  vmaSplit,
  vmaMerge,
  treeNode,
  pteCost,
  syscall,
  sigbus,
];

// ---- what a program does about purged memory

export const regenerate = knob({
  name: 'regenerate',
  scope: 'handler',
  type: time(0, 3600 * SECOND),
  default: null,
  doc: 'CPU time to make one purged range anew; afterwards its pages are written. Absent: the handler returns without having written anything.',
  source: assumed('the program’s'),
});
export const handlerIdle = knob({
  name: 'idle',
  scope: 'handler',
  type: time(0, 3600 * SECOND),
  default: 0,
  doc: 'Time the handler waits before, as for a server that sends the content again.',
  source: assumed('none'),
});

export const handlerKnobs: readonly Knob[] = [regenerate, handlerIdle];

// ---- properties of memory

export const perThread = knob({
  name: 'per-thread',
  scope: 'anon',
  type: flag(),
  default: false,
  doc: 'Each thread of the process has a region of this size for itself. All are named alike; a range means that part of each.',
  source: assumed('one region for all threads'),
});

// ---- parameters of interfaces: the same names, each interface with its own defaults

export interface RangeDefaults {
  readonly onAccess: 'sigbus' | 'zero' | 'error';
  readonly order: 'age' | 'pagelru' | 'early';
  readonly granularity: 'full' | 'partial';
  readonly coalesce: 'none' | 'overlap' | 'adjacent';
  readonly unit: 'byte' | 'page';
  readonly tracking: 'range' | 'pte';
  readonly scope: 'private' | 'shared';
  readonly lock: 'tree' | 'read' | 'write' | 'global';
  readonly purgedBy: 'reclaim' | 'shrinker';
}

export const onAccess = (value: RangeDefaults['onAccess'], where: string) =>
  knob({
    name: 'on-access',
    scope: 'variant',
    type: choice({
      sigbus:
        'The access raises SIGBUS with the address, until the range is made non-volatile; from then on pages are zero.',
      zero: 'The access finds a page of zeros at once.',
      error: 'The access is refused with an error, as read(2) on an object that is gone; the program goes on.',
    }),
    default: value,
    doc: 'What happens to an access to purged memory that is still volatile.',
    source: { kind: 'published', where },
  });
export const order = (value: RangeDefaults['order'], where: string) =>
  knob({
    name: 'order',
    scope: 'variant',
    type: choice({
      age: 'The range marked longest ago first, once file pages alone do not suffice.',
      pagelru:
        'In the order in which pages were last used, as an LRU list meets them, once file pages alone do not suffice.',
      early: 'The range marked longest ago first, and before any file page.',
    }),
    default: value,
    doc: 'What is purged first, and when.',
    source: { kind: 'published', where },
  });
export const granularity = (value: RangeDefaults['granularity'], where: string) =>
  knob({
    name: 'granularity',
    scope: 'variant',
    type: choice({
      full: 'A range goes whole: what is left of an object that has lost a page is worth nothing.',
      partial: 'Pages go from the start of a range until enough are free.',
    }),
    default: value,
    doc: 'How much of a range is purged at a time.',
    source: { kind: 'published', where },
  });
export const coalesce = (value: RangeDefaults['coalesce'], where: string) =>
  knob({
    name: 'coalesce',
    scope: 'variant',
    type: choice({
      none: 'Ranges stay as they were marked.',
      overlap: 'Ranges that overlap become one, purged if one of them was.',
      adjacent: 'So do neighbours in the same state.',
    }),
    default: value,
    doc: 'Which ranges become one.',
    source: { kind: 'published', where },
  });
export const unit = (value: RangeDefaults['unit'], where: string) =>
  knob({
    name: 'unit',
    scope: 'variant',
    type: choice({
      byte: 'Any bounds; a page is purged only if all its bytes are volatile.',
      page: 'Whole pages: other bounds are refused or rounded, as the interface has it.',
    }),
    default: value,
    doc: 'How finely ranges can be given.',
    source: { kind: 'published', where },
  });
export const tracking = (value: RangeDefaults['tracking'], where: string) =>
  knob({
    name: 'tracking',
    scope: 'variant',
    type: choice({
      range: 'One mark a range: whoever takes back its intact half is told that it was purged.',
      pte: 'A mark in each page-table entry: what is reported is exactly what is gone.',
    }),
    default: value,
    doc: 'How a purge is remembered until it is reported.',
    source: { kind: 'published', where },
  });
export const sharing = (value: RangeDefaults['scope'], where: string) =>
  knob({
    name: 'scope',
    scope: 'variant',
    type: choice({
      private: 'Each process marks for itself; a page that several map goes only if all have marked it.',
      shared: 'Marks belong to the object: one process’s mark suffices, anyone’s taking back protects all.',
    }),
    default: value,
    doc: 'To whom volatility belongs.',
    source: { kind: 'published', where },
  });
export const callLock = (value: RangeDefaults['lock'], where: string) =>
  knob({
    name: 'lock',
    scope: 'variant',
    type: choice({
      tree: 'The tree’s mutex alone.',
      read: 'mmap_sem for reading, to walk the mappings, and the tree’s mutex.',
      write: 'mmap_sem for writing: no fault of the process may go on meanwhile.',
      global: 'One mutex for all of the system, which purging holds too.',
    }),
    default: value,
    doc: 'What a call holds while it works.',
    source: { kind: 'published', where },
  });
export const purgedBy = (value: RangeDefaults['purgedBy'], where: string) =>
  knob({
    name: 'purged-by',
    scope: 'variant',
    type: choice({
      reclaim: 'The reclaim path itself, where it would scan anonymous pages or runs short of others.',
      shrinker: 'A slab shrinker: whenever anything is reclaimed, in proportion to how much is volatile.',
    }),
    default: value,
    doc: 'Who purges.',
    source: { kind: 'published', where },
  });
export const scanBudget = knob({
  name: 'scan',
  scope: 'variant',
  type: bytes(PAGE_SIZE, 1024 * MIB),
  default: 4 * MIB,
  doc: 'Most of ranges that one call for purging looks at.',
  kernel: 'mm/vrange.c (proposed, v10)',
  source: { kind: 'published', where: 'vrange v10, mm/vrange.c' },
});
export const retries = knob({
  name: 'retries',
  scope: 'variant',
  type: integer(0, 1000),
  default: 10,
  doc: 'Ranges that may be passed by for a busy lock before one call for purging gives up.',
  kernel: 'mm/vrange.c (proposed, v10)',
  source: { kind: 'published', where: 'vrange v10, mm/vrange.c' },
});
export const swaplessDontneed = knob({
  name: 'swapless-dontneed',
  scope: 'variant',
  type: flag(),
  default: false,
  doc: 'Without swap, memory is dropped at once (4.5 to 4.11, when such pages stayed on the anonymous list).',
  kernel: 'madvise_free in mm/madvise.c',
  source: { kind: 'published', where: 'commit f7ad2a6cb9f7 changed it (4.12, version from memory)' },
});
