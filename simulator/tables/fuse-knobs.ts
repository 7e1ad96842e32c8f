/** Knobs of dirty throttling and of FUSE mounts with their daemons. Names are the kernel's where there is one (sysfs bdi/, FUSE_INIT). */
import { GIB, KIB, MIB, PAGE_SIZE, SECOND } from '../units.ts';
import { bytes, choice, flag, integer, knob, number, rate, share, time, type Knob } from './define.ts';
import { accountings } from './fuse-accounting.ts';

const TIB = 1024 * GIB;
const assumed = (where: string) => ({ kind: 'assumed', where }) as const;
const published = (where: string) => ({ kind: 'published', where }) as const;
const bdi = published('Documentation/ABI/testing/sysfs-class-bdi');
const vm = published('Documentation/admin-guide/sysctl/vm.rst');

// ---- machine

export const throttle = knob({
  name: 'throttle',
  scope: 'machine',
  type: choice({
    'rate-based':
      'Since 3.2: writers pause in proportion to what they dirtied, at a rate that follows the device and the dirty pages’ distance from their setpoint.',
    legacy:
      'Before 3.2, as an on/off switch: writers stand still while there is more dirty than the threshold, and run free below it.',
  }),
  default: 'rate-based',
  doc: 'How writers are slowed down when too much memory is dirty.',
  kernel: 'balance_dirty_pages in mm/page-writeback.c',
  source: published('commit 143dfe8611a6 (Linux 3.2)'),
});
export const hz = knob({
  name: 'hz',
  scope: 'machine',
  type: integer(100, 1000),
  default: 250,
  doc: 'Ticks of the kernel’s clock in a second: pauses of writers are whole ticks.',
  kernel: 'CONFIG_HZ',
  source: assumed('the setting of most distributions, and of the kernel recorded'),
});
export const lockupAfter = knob({
  name: 'lockup-after',
  scope: 'machine',
  type: time(1_000_000, 3600 * SECOND),
  default: 5 * SECOND,
  doc: 'A run ends as locked up when for so long nobody could do anything, although work waits and somebody waits for himself.',
  source: assumed('long against every pause, short against a reader’s patience'),
});

// ---- disk

export const diskMaxRatio = knob({
  name: 'max_ratio',
  scope: 'disk',
  type: share(),
  default: 1_000_000,
  doc: 'Largest share of the dirty threshold that this device may get.',
  kernel: '/sys/class/bdi/*/max_ratio',
  source: bdi,
});
export const diskMinRatio = knob({
  name: 'min_ratio',
  scope: 'disk',
  type: share(0, 990_000),
  default: 0,
  doc: 'Share of the dirty threshold that is this device’s in any case.',
  kernel: '/sys/class/bdi/*/min_ratio',
  source: bdi,
});
export const diskStrictlimit = knob({
  name: 'strictlimit',
  scope: 'disk',
  type: flag(),
  default: false,
  doc: 'Hold the device to its own share even while little is dirty in all.',
  kernel: '/sys/class/bdi/*/strict_limit',
  source: bdi,
});

// ---- fuse

export const accounting = knob({
  name: 'accounting',
  scope: 'fuse',
  type: choice(Object.fromEntries(accountings.map((row) => [row.id, row.summary]))),
  default: 'strict',
  doc: 'How pages on their way to the daemon are counted.',
  source: published('LSFMM 2013; commits 5a53748568f7, 0c58a97f919c'),
});
export const writebackCache = knob({
  name: 'writeback_cache',
  scope: 'fuse',
  type: flag(),
  default: true,
  doc: 'Writes are collected in the page cache and sent later. Off: write-through, each write waits for the daemon.',
  kernel: 'FUSE_WRITEBACK_CACHE (3.15)',
  source: published('commit 4d99ff8f12eb'),
});
export const fuseMaxRatio = knob({
  name: 'max_ratio',
  scope: 'fuse',
  type: share(),
  default: 10_000,
  doc: 'Largest share of the dirty threshold that this mount may get. Only `strictlimit` makes it a limit from the first page on.',
  kernel: '/sys/class/bdi/*/max_ratio',
  source: published('fs/fuse/inode.c: 1 for a FUSE mount'),
});
export const fuseMinRatio = knob({
  name: 'min_ratio',
  scope: 'fuse',
  type: share(0, 990_000),
  default: 0,
  doc: 'Share of the dirty threshold that is this mount’s in any case. Not above max_ratio; those of all devices together below 100 %.',
  kernel: '/sys/class/bdi/*/min_ratio',
  source: bdi,
});
export const fuseStrictlimit = knob({
  name: 'strictlimit',
  scope: 'fuse',
  type: flag(),
  default: null,
  doc: 'Hold the mount to its own share even while little is dirty in all. Absent: on for `strict` and `notemp`, off otherwise.',
  kernel: 'BDI_CAP_STRICTLIMIT; /sys/class/bdi/*/strict_limit since 6.2',
  source: published('commit 5a53748568f7; default read on 6.1 and 6.18'),
});
export const maxBackground = knob({
  name: 'max_background',
  scope: 'fuse',
  type: integer(1, 65_535),
  default: 12,
  doc: 'Write requests that the daemon is given at once; the others queue.',
  kernel: '/sys/fs/fuse/connections/*/max_background',
  source: published('fs/fuse/inode.c: FUSE_DEFAULT_MAX_BACKGROUND'),
});
export const congestionThreshold = knob({
  name: 'congestion_threshold',
  scope: 'fuse',
  type: integer(1, 65_535),
  default: null,
  doc: 'From so many requests under way on, the flusher sends no more, if `congestion` is honoured. Absent: three quarters of max_background.',
  kernel: '/sys/fs/fuse/connections/*/congestion_threshold',
  source: published('fs/fuse/inode.c: FUSE_DEFAULT_CONGESTION_THRESHOLD'),
});
export const congestion = knob({
  name: 'congestion',
  scope: 'fuse',
  type: choice({
    honoured: 'Since 5.18: the flusher leaves a congested mount alone until somebody kicks it again.',
    ignored: 'Before: the flusher makes requests whatever the queue, and only memory or the throttle ends it.',
  }),
  default: null,
  doc: 'Whether the flusher looks at the request queue. Absent: honoured for `strict` and `notemp`, ignored for the ways of 2013.',
  kernel: 'fuse_writepages in fs/fuse/file.c',
  source: published('commit 670d21c6e17f'),
});
export const maxWrite = knob({
  name: 'max_write',
  scope: 'fuse',
  type: bytes(PAGE_SIZE, 1 * MIB),
  default: 128 * KIB,
  doc: 'Most bytes in one write request.',
  kernel: 'max_write and max_pages of FUSE_INIT',
  source: published('FUSE_DEFAULT_MAX_PAGES_PER_REQ, 32 pages; up to 256 since 4.20'),
});
export const copyCost = knob({
  name: 'copy-cost',
  scope: 'fuse',
  type: time(0, SECOND),
  default: 500,
  doc: 'CPU time of the flusher to get a temporary page and copy into it. Nothing is copied under `notemp`.',
  source: assumed('removing the copies made 4 KiB writes 0.41 µs and 1 MiB writes 0.66 µs a page cheaper (fio, 2024)'),
});
export const sendCost = knob({
  name: 'send-cost',
  scope: 'fuse',
  type: time(0, SECOND),
  default: 500,
  doc: 'CPU time of the flusher to look up, lock and mark one page for writing.',
  source: assumed('with copy-cost 1 µs a page, 4 GB/s'),
});

export const reclaimWaits = knob({
  name: 'reclaim-waits',
  scope: 'fuse',
  type: flag(),
  default: false,
  doc: 'Under `notemp`: reclaim waits for the mount’s pages under writeback, the daemon’s own allocations too. What temporary pages were for, and what AS_WRITEBACK_MAY_DEADLOCK_ON_RECLAIM prevents.',
  kernel: 'shrink_folio_list in mm/vmscan.c',
  source: published('commit 0c58a97f919c and its discussion'),
});

// ---- daemon

export const daemonBandwidth = knob({
  name: 'bandwidth',
  scope: 'daemon',
  type: rate(1, 1_000_000_000_000),
  default: 200_000_000,
  doc: 'How fast the daemon handles data, all its threads together, when nothing holds it up.',
  source: assumed('the round number of the 2013 examples'),
});
export const daemonThreads = knob({
  name: 'threads',
  scope: 'daemon',
  type: integer(1, 1024),
  default: 1,
  doc: 'Requests the daemon works on at once; each thread may be held up by itself.',
  source: assumed('a single-threaded daemon, as in the deadlocks reported'),
});
export const daemonFlag = knob({
  name: 'flag',
  scope: 'daemon',
  type: choice({
    none: 'Throttled like any writer.',
    less: 'PF_LESS_THROTTLE (before 5.8): thresholds a quarter higher for the daemon.',
    local: 'PF_LOCAL_THROTTLE (5.8): free as long as its own device is below its own freerun ceiling.',
    'io-flusher': 'PR_SET_IO_FLUSHER (5.6): as `local`, and its allocations never wait for writeback.',
    full: 'Never throttled.',
  }),
  default: null,
  doc: 'How far the daemon is exempt from throttling. Absent: `local` for accounting `exempt`, else `none`.',
  kernel: 'PF_LOCAL_THROTTLE, prctl(PR_SET_IO_FLUSHER)',
  source: published('commits a37b0715ddf3, 8d19f1c8e193'),
});
export const daemonNeed = knob({
  name: 'pages-per-page',
  scope: 'daemon',
  type: number(0, 16),
  default: 1,
  doc: 'Pages of page cache that the daemon needs to write one page to its own file.',
  source: assumed('a passthrough daemon with buffered writes'),
});
export const daemonReserve = knob({
  name: 'reserve',
  scope: 'daemon',
  type: bytes(0, 64 * GIB),
  default: 0,
  doc: 'Memory set aside for the daemon’s own allocations, used when no other is to be had and refilled later.',
  source: assumed('no such reserve exists for user space; a proposal of the 2013 discussion'),
});
export const daemonOrder = knob({
  name: 'order',
  scope: 'daemon',
  type: choice({
    last: 'The worst case: while frames are short, writers and flushers who have use for one get it before the daemon.',
    racing: 'Whoever asks first, as in the kernel, where nobody queues for frames.',
  }),
  default: 'last',
  doc: 'Who gets frames when there are none to spare.',
  source: assumed('the kernel promises no order; deadlocks are found by the worst'),
});
export const daemonDirect = knob({
  name: 'direct',
  scope: 'daemon',
  type: flag(),
  default: false,
  doc: 'The daemon writes with O_DIRECT: it needs no page cache and dirties none, and waits for its disk.',
  kernel: 'O_DIRECT',
  source: published('open(2)'),
});
export const daemonBacking = knob({
  name: 'backing',
  scope: 'daemon',
  type: choice({
    disk: 'A file on the machine’s disk, or on a disk of its own if `disk-bandwidth` is given.',
    none: 'Nothing: the daemon throws data away or sends it off the machine.',
    mount:
      'A file on the mount itself, by mistake: each of its writes is a request that another of its threads must answer.',
  }),
  default: 'disk',
  doc: 'Where the daemon puts what it is given.',
  source: assumed('a passthrough filesystem'),
});
export const daemonDiskBandwidth = knob({
  name: 'disk-bandwidth',
  scope: 'daemon',
  type: rate(PAGE_SIZE, 1_000_000_000_000),
  default: null,
  doc: 'Bandwidth of a disk that only the daemon writes to. Absent: it shares the machine’s disk.',
  source: assumed('absent'),
});

// ---- sysctls

export const dirtyBytes = knob({
  name: 'vm.dirty_bytes',
  scope: 'sysctl',
  type: bytes(0, 64 * TIB),
  default: 0,
  doc: 'Bytes that may be dirty before writers wait; 0: vm.dirty_ratio counts. Setting one of the two while running clears the other. At least two pages.',
  kernel: '/proc/sys/vm/dirty_bytes',
  source: vm,
});
export const dirtyBackgroundBytes = knob({
  name: 'vm.dirty_background_bytes',
  scope: 'sysctl',
  type: bytes(0, 64 * TIB),
  default: 0,
  doc: 'Bytes that may be dirty before background writeback starts; 0: vm.dirty_background_ratio counts.',
  kernel: '/proc/sys/vm/dirty_background_bytes',
  source: vm,
});

export const fuseKnobs: readonly Knob[] = [
  throttle,
  hz,
  lockupAfter,
  diskMaxRatio,
  diskMinRatio,
  diskStrictlimit,
  accounting,
  writebackCache,
  fuseMaxRatio,
  fuseMinRatio,
  fuseStrictlimit,
  maxBackground,
  congestionThreshold,
  congestion,
  maxWrite,
  copyCost,
  sendCost,
  reclaimWaits,
  daemonBandwidth,
  daemonThreads,
  daemonFlag,
  daemonNeed,
  daemonReserve,
  daemonOrder,
  daemonDirect,
  daemonBacking,
  daemonDiskBandwidth,
  dirtyBytes,
  dirtyBackgroundBytes,
];
