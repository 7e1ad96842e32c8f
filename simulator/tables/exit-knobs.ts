/** Knobs of process exit, of memory's backing, and of recovery from a crash. */
import { backings, PAGE_COST, publishedCosts } from '../exit/costs.ts';
import { GATHER_BATCH } from '../exit/teardown.ts';
import { GIB, PAGE_SIZE, SECOND } from '../units.ts';
import { bytes, choice, flag, integer, knob, number, rate, share, time, type Knob } from './define.ts';

const assumed = (where: string) => ({ kind: 'assumed', where }) as const;
const published = (where: string) => ({ kind: 'published', where }) as const;
const derived = (where: string) => ({ kind: 'derived', where }) as const;

const HOUR = 3600 * SECOND;
const LU = 'A. Lu, parallel free of a process’s memory (2017), 320 GiB on Haswell-EX';

// ---- anonymous memory

export const backing = knob({
  name: 'backing',
  scope: 'anon',
  type: choice(Object.fromEntries(backings.map(({ id, doc }) => [id, doc]))),
  default: '4k',
  doc: 'What pages the region consists of, as far as making it present, locking it and giving it up go; while it is used, the machine counts base pages.',
  kernel: '/sys/kernel/mm/transparent_hugepage, /sys/kernel/mm/hugepages',
  source: assumed('base pages, as without huge pages'),
});
export const mapping = knob({
  name: 'mapping',
  scope: 'anon',
  type: choice({
    private: 'Private anonymous memory: freed with the process.',
    shared: 'Shared memory (shmem) whose last user is this process: its pages are freed as its inode dies.',
    'memory-file':
      'A memory file (memfd, tmpfs, hugetlbfs) that somebody else holds open: it stays when the process goes.',
  }),
  default: 'private',
  doc: 'Whose memory it is, and what ends with the process.',
  kernel: 'MAP_PRIVATE, MAP_SHARED, memfd_create(2)',
  source: assumed('what malloc gives'),
});

// ---- exit, of the machine

export const exitCosts = knob({
  name: 'costs',
  scope: 'exit',
  type: choice({
    published:
      'Figures of patches and articles, each on the machine of its author; what nobody published is assumed or filled in by a measured ratio.',
    'measured-6.18': 'Ratios measured on Linux 6.18 to one 4 KiB anonymous page, which costs 229 ns there.',
    own: 'The numbers below; what is not given is as published, in proportion to `zap-4k`.',
  }),
  default: 'published',
  doc: 'Which set of figures teardown is timed by.',
  source: assumed('the figures people cite'),
});
export const munlock = knob({
  name: 'munlock',
  scope: 'exit',
  type: choice({
    'pre-3.12': 'Before anything is unmapped, each locked page by itself: page lock, LRU lock, isolate, put back.',
    'v3.12': 'The same pass in batches of a pagevec that share a zone.',
    'v5.18': 'No pass: the mlock count goes down while pages are unmapped. The OOM reaper may enter locked areas.',
  }),
  default: 'v5.18',
  doc: 'How locked memory is unlocked at exit.',
  kernel: 'mm/mlock.c; 3.12 (Babka 2013), 5.18 (Dickins 2022)',
  source: published('mm/mlock.c of each era'),
});
export const workers = knob({
  name: 'workers',
  scope: 'exit',
  type: integer(0, 512),
  default: 0,
  doc: 'Threads that free what the exiting thread unmaps. 0: it frees itself, as every released kernel does.',
  kernel: 'never merged: parallel free (2017)',
  source: published(LU),
});
export const processes = knob({
  name: 'processes',
  scope: 'exit',
  type: integer(1, 512),
  default: 1,
  doc: 'How many processes each process that ends stands for: they exit together, private memory split evenly among them, shared memory mapped by each.',
  source: assumed('one'),
});
export const interleaved = knob({
  name: 'interleaved',
  scope: 'exit',
  type: flag(),
  default: false,
  doc: 'Neighbouring pages lie on different nodes: a munlock batch, which must share a zone, holds one page.',
  source: published('V. Babka, munlock performance series of 19 August 2013, interleaved runs'),
});
export const exitNodes = knob({
  name: 'nodes',
  scope: 'exit',
  type: integer(1, 1024),
  default: null,
  doc: 'Nodes over which exiting memory is spread: each has a zone lock and an LRU lock of its own. Absent: the machine’s nodes.',
  source: derived('the nodes of the machine'),
});
export const sigma = knob({
  name: 'sigma',
  scope: 'exit',
  type: number(0, 1),
  default: 0.242,
  doc: 'Share of freeing that only one of those who share a zone lock can do at a time.',
  source: derived(`${LU}: fitted to 2 and 32 workers`),
});
export const kappa = knob({
  name: 'kappa',
  scope: 'exit',
  type: number(0, 1),
  default: 0.0139,
  doc: 'Cost of keeping freeing threads coherent, for each pair of them.',
  source: derived(`${LU}: fitted to 2 and 32 workers`),
});
export const gatherBatch = knob({
  name: 'batch',
  scope: 'exit',
  type: integer(8, 1_000_000),
  default: GATHER_BATCH,
  doc: 'Pages unmapped before the gather flushes: frames come back in lots of so many.',
  kernel: 'MAX_GATHER_BATCH, MAX_GATHER_BATCH_COUNT in include/asm-generic/tlb.h',
  source: derived('8 inline slots and 19 batches of 510'),
});
export const fragmentation = knob({
  name: 'fragmentation',
  scope: 'exit',
  type: number(1, 1_000_000),
  default: 1,
  doc: 'Areas that the reverse mapping of a locked page is walked through, when memory is mapped in small pieces; counts with `rmap-shortcut off`.',
  source: published('commit 3d470fc385de: areas of one page each made exit take 30 minutes'),
});
export const rmapShortcut = knob({
  name: 'rmap-shortcut',
  scope: 'exit',
  type: flag(),
  default: true,
  doc: 'munlock skips the reverse mapping of pages that are mapped once.',
  kernel: 'page_mapcount() > 1 in munlock, mm/mlock.c',
  source: published('commit 3d470fc385de'),
});
export const initOnFree = knob({
  name: 'init_on_free',
  scope: 'exit',
  type: flag(),
  default: false,
  doc: 'Freed pages are cleared, at the prefault bandwidth.',
  kernel: 'init_on_free= on the kernel command line',
  source: published('Documentation/admin-guide/kernel-parameters.txt'),
});
export const oomReaper = knob({
  name: 'oom-reaper',
  scope: 'exit',
  type: flag(),
  default: true,
  doc: 'A kernel thread unmaps private memory of the OOM killer’s victims too, from `reaper-delay` on.',
  kernel: 'oom_reaper in mm/oom_kill.c',
  source: published('mm/oom_kill.c of 6.1'),
});
export const reaperDelay = knob({
  name: 'reaper-delay',
  scope: 'exit',
  type: time(0, HOUR),
  default: 2 * SECOND,
  doc: 'How long the OOM reaper leaves a victim alone.',
  kernel: 'OOM_REAPER_DELAY in mm/oom_kill.c',
  source: published('mm/oom_kill.c since 5.18'),
});
const ownCost = (name: string, ns: number, doc: string) =>
  knob({
    name,
    scope: 'exit',
    type: time(0, SECOND),
    default: null,
    doc: `${doc} Counts with \`costs own\`; absent: as published, ${Math.round(ns * 10) / 10} ns.`,
    source: assumed('to be given'),
  });
export const zap4k = knob({
  ...ownCost('zap-4k', PAGE_COST.ns, 'Unmapping and freeing a 4 KiB anonymous page.'),
  type: time(1, SECOND),
});
export const zapThp = ownCost('zap-thp', publishedCosts.zap.thp.ns, 'The same for a transparent huge page of 2 MiB.');
export const zapHugetlb = ownCost(
  'zap-hugetlb',
  publishedCosts.zap['hugetlb-2m'].ns,
  'The same for a hugetlb page of any size.',
);
export const zapShared = ownCost(
  'zap-shared',
  publishedCosts.contents.shared.ns,
  'The same for 4 KiB of shared memory whose last user goes.',
);
export const munlock4k = knob({
  ...ownCost('munlock-4k', 0, 'Unlocking a 4 KiB page, whatever the era.'),
  doc: 'Unlocking a 4 KiB page, whatever the era. Counts with `costs own`; absent: as published for the era.',
});

// ---- recovery

export const budget = knob({
  name: 'budget',
  scope: 'recovery',
  type: time(0, 24 * HOUR),
  default: 30 * SECOND,
  doc: 'Time from the crash within which service must be back.',
  source: published('J. Engel for a storage array, LSFMM 2013: dump, reboot and service within 30 seconds'),
});
export const crash = knob({
  name: 'crash',
  scope: 'recovery',
  type: choice({
    process: 'The process is killed: its exit has to give its memory up.',
    kernel: 'The kernel panics: nobody tears anything down, another kernel must come up.',
  }),
  default: 'process',
  doc: 'What crashes.',
  source: assumed('the case of munlock at exit'),
});
export const after = knob({
  name: 'after',
  scope: 'recovery',
  type: time(0, 24 * HOUR),
  default: null,
  doc: 'Time of the crash. Absent: when the programs of the crashing processes are over.',
  source: assumed('after the work'),
});
export const detect = knob({
  name: 'detect',
  scope: 'recovery',
  type: time(0, HOUR),
  default: 1 * SECOND,
  doc: 'Time until somebody notices and acts: the kill, or the jump into the crash kernel.',
  source: assumed('a supervisor that looks every second'),
});
export const reboot = knob({
  name: 'reboot',
  scope: 'recovery',
  type: choice({
    none: 'The kernel stays up.',
    kexec: 'The next kernel is started by the last: no firmware.',
    firmware: 'Through firmware and boot loader.',
  }),
  default: null,
  doc: 'How the next kernel comes up. Absent: not at all after a crash of the process, by kexec after one of the kernel.',
  kernel: 'kexec(8)',
  source: assumed('what the crash needs'),
});
export const firmware = knob({
  name: 'firmware',
  scope: 'recovery',
  type: time(0, HOUR),
  default: 300 * SECOND,
  doc: 'Firmware and boot loader.',
  source: published('300 to 480 s on a server with 512 GB (a blog on kexec)'),
});
export const kernelInit = knob({
  name: 'kernel-init',
  scope: 'recovery',
  type: time(0, HOUR),
  default: 5 * SECOND,
  doc: 'From the kernel’s first instruction to the first process.',
  source: assumed('order of magnitude; kexec kernels tuned for it boot up to 80 % faster'),
});
export const poolPage = knob({
  name: 'pool-page',
  scope: 'recovery',
  type: time(0, SECOND),
  default: 3182,
  doc: 'Making one hugetlb page of 2 MiB for the pool at boot. Two threads a node made it 1.0 us.',
  source: derived(
    'G. Li, parallel hugetlb initialisation (2024): 3336 ms → 1051 ms with 256 processors, taken for 2 TiB',
  ),
});
export const populate = knob({
  name: 'populate',
  scope: 'recovery',
  type: choice({
    mlock: 'mlock: all of it is there and locked before service begins.',
    populate: 'MAP_POPULATE: there, not locked.',
    onfault: 'MLOCK_ONFAULT: first touches bring it, in service.',
    none: 'First touches bring it, in service.',
  }),
  default: 'mlock',
  doc: 'How the successor gets its memory.',
  kernel: 'mlock(2), mmap(2)',
  source: assumed('locked again as before'),
});
export const overlap = knob({
  name: 'overlap',
  scope: 'recovery',
  type: choice({
    none: 'It is started when the old process has gone, as wait(2) has it.',
    freed: 'It takes memory as the old process gives it back: the rest of the machine is not its own.',
    free: 'It takes whatever is free at once, and then what comes back.',
  }),
  default: 'none',
  doc: 'When the successor begins to take memory.',
  source: assumed('a supervisor that waits for its child'),
});
export const replay = knob({
  name: 'replay',
  scope: 'recovery',
  type: time(0, 24 * HOUR),
  default: 3 * SECOND,
  doc: 'The successor’s own work before it serves: replaying its log.',
  source: assumed('to be measured'),
});

// ---- dump { … } in a recovery

export const dumpMode = knob({
  name: 'mode',
  scope: 'dump',
  type: choice({
    off: 'None.',
    filtered: 'Page descriptors are looked through and a share of memory is written.',
    full: 'All memory is written.',
  }),
  default: null,
  doc: 'What is dumped. Absent: nothing of a process, a filtered dump of a kernel.',
  kernel: 'kdump, makedumpfile(8); core(5)',
  source: assumed('what is usual'),
});
export const dumpScan = knob({
  name: 'scan',
  scope: 'dump',
  type: time(0, HOUR),
  default: 96 * SECOND,
  doc: 'Looking through the page descriptors of one TB (10^12 bytes) of memory; a kernel’s dump only.',
  source: published('makedumpfile, 96 s a TB; leaving unused descriptors out made it 2 to 3 times faster'),
});
export const dumpBandwidth = knob({
  name: 'bandwidth',
  scope: 'dump',
  type: rate(PAGE_SIZE, 1_000_000_000_000),
  default: 1_000_000_000,
  doc: 'How fast the dump is written.',
  source: assumed('a fast disk'),
});
export const dumpFraction = knob({
  name: 'fraction',
  scope: 'dump',
  type: share(),
  default: 100_000,
  doc: 'Share of memory that a filtered dump keeps.',
  source: assumed('kernel memory and little else'),
});
export const dumpDevice = knob({
  name: 'device',
  scope: 'dump',
  type: bytes(PAGE_SIZE, 1024 * 1024 * GIB),
  default: null,
  doc: 'Room for the dump. Absent: enough.',
  source: assumed('enough'),
});
export const dumpHugetlb = knob({
  name: 'hugetlb',
  scope: 'dump',
  type: flag(),
  default: false,
  doc: 'hugetlb pages are dumped too.',
  kernel: '/proc/PID/coredump_filter',
  source: assumed('left out to save time'),
});

// ---- prefault { … } in a recovery

export const prefaultThreads = knob({
  name: 'threads',
  scope: 'prefault',
  type: integer(1, 1024),
  default: 1,
  doc: 'Threads that touch the successor’s memory before it serves.',
  source: assumed('mlock alone'),
});
export const zeroBandwidth = knob({
  name: 'bandwidth',
  scope: 'prefault',
  type: rate(1_000_000, 1_000_000_000_000_000),
  default: 11_760_000_000,
  doc: 'How fast one thread has cleared pages.',
  kernel: 'clear_huge_page in mm/memory.c',
  source: published('folio_zero_user on Genoa: 11.76 GB/s, 23.58 GB/s when cleared sequentially (secondary)'),
});
export const memoryBandwidth = knob({
  name: 'memory-bandwidth',
  scope: 'prefault',
  type: rate(1_000_000, 1_000_000_000_000_000),
  default: 200_000_000_000,
  doc: 'What all threads together can clear.',
  source: assumed('eight channels of DDR4'),
});
export const prefaultFault = knob({
  name: 'fault',
  scope: 'prefault',
  type: time(0, SECOND),
  default: 250,
  doc: 'A fault beside clearing, for base pages and small folios; figures for huge pages have it in them.',
  source: assumed('order of magnitude'),
});
export const chunk = knob({
  name: 'chunk',
  scope: 'prefault',
  type: bytes(PAGE_SIZE, 1024 * GIB),
  default: 1 * GIB,
  doc: 'What the successor takes at a time while memory is still coming back.',
  source: assumed('small against the whole'),
});

// ---- helpers { … } in a recovery

export const mrelease = knob({
  name: 'mrelease',
  scope: 'helpers',
  type: integer(0, 512),
  default: 0,
  doc: 'Threads that call process_mrelease at the kill: they unmap private memory of the dying process too, on processors of their own.',
  kernel: 'process_mrelease(2), 5.15',
  source: published('mm/oom_kill.c of 6.1'),
});
export const reaper = knob({
  name: 'reaper',
  scope: 'helpers',
  type: flag(),
  default: false,
  doc: 'The OOM reaper helps, as if the OOM killer had done it.',
  kernel: 'oom_reaper in mm/oom_kill.c',
  source: assumed('it helps the OOM killer’s victims only'),
});
export const trim = knob({
  name: 'trim',
  scope: 'helpers',
  type: share(0, 999_000),
  default: 0,
  doc: 'Share of pages that madvise had given up in the background before the crash. They need no teardown, and come back by faults in service.',
  kernel: 'madvise(2), process_madvise(2)',
  source: assumed('nothing is trimmed'),
});
export const persist = knob({
  name: 'persist',
  scope: 'helpers',
  type: flag(),
  default: false,
  doc: 'Memory lies in files (memfd, tmpfs, hugetlbfs) that outlive the process: exit only unmaps, the successor maps what is there without clearing. A reboot loses it.',
  kernel: 'memfd_create(2), hugetlbfs',
  source: assumed('anonymous memory'),
});

export const exitKnobs: readonly Knob[] = [
  backing,
  mapping,
  exitCosts,
  munlock,
  workers,
  processes,
  interleaved,
  exitNodes,
  sigma,
  kappa,
  gatherBatch,
  fragmentation,
  rmapShortcut,
  initOnFree,
  oomReaper,
  reaperDelay,
  zap4k,
  zapThp,
  zapHugetlb,
  zapShared,
  munlock4k,
  budget,
  crash,
  after,
  detect,
  reboot,
  firmware,
  kernelInit,
  poolPage,
  populate,
  overlap,
  replay,
  dumpMode,
  dumpScan,
  dumpBandwidth,
  dumpFraction,
  dumpDevice,
  dumpHugetlb,
  prefaultThreads,
  zeroBandwidth,
  memoryBandwidth,
  prefaultFault,
  chunk,
  mrelease,
  reaper,
  trim,
  persist,
];

/** Blocks of a recovery, each with knobs of its own. */
export const RECOVERY_BLOCKS = ['dump', 'prefault', 'helpers'] as const;
export type RecoveryBlock = (typeof RECOVERY_BLOCKS)[number];
