/**
 * Knobs of the machine and of what is declared on it. Variants bring their own (see reclaim/). Kernel names where there is one.
 */
import { GIB, MIB, MICROSECOND, PAGE_SIZE, SECOND } from '../units.ts';
import { bytes, choice, flag, integer, knob, rate, time, type Knob } from './define.ts';
import { exitKnobs } from './exit-knobs.ts';
import { deviceKnobs } from './device-knobs.ts';
import { fuseKnobs } from './fuse-knobs.ts';
import { numaKnobs } from './numa-knobs.ts';
import { handlerKnobs, lockKnobs, perThread } from './volatile-knobs.ts';

const TIB = 1024 * GIB;
const assumed = (where: string) => ({ kind: 'assumed', where }) as const;
const published = (where: string) => ({ kind: 'published', where }) as const;

// ---- machine

export const memory = knob({
  name: 'memory',
  scope: 'machine',
  type: bytes(256 * PAGE_SIZE, 4 * TIB),
  default: 64 * MIB,
  doc: 'Memory of the machine, the kernel’s own reserves included.',
  kernel: 'MemTotal in /proc/meminfo',
  source: assumed('small enough that every list turns over in a second'),
});
export const cpus = knob({
  name: 'cpus',
  scope: 'machine',
  type: integer(1, 1024),
  default: 4,
  doc: 'Processors: how many threads run at once.',
  kernel: '/sys/devices/system/cpu/online',
  source: assumed('a small server'),
});
export const kswapd = knob({
  name: 'kswapd',
  scope: 'machine',
  type: choice({
    auto: 'Synchronous for a single thread without FUSE daemons beside it, concurrent otherwise.',
    synchronous: 'kswapd finishes inside the allocation that woke it: simple and fast.',
    concurrent:
      'kswapd is an actor of its own and races with the allocating tasks, who reclaim for themselves when it is late.',
  }),
  default: 'auto',
  doc: 'When the background reclaimer works.',
  kernel: 'kswapd in mm/vmscan.c',
  source: assumed('simplification for single-threaded scenarios'),
});
export const tlb = knob({
  name: 'tlb',
  scope: 'machine',
  type: integer(0, 65_536),
  default: 0,
  doc: 'Entries of the translation cache. While a translation is cached, using its page sets no accessed bit. 0: every use is seen.',
  kernel: 'ptep_clear_flush_young in arch/x86/mm/pgtable.c',
  source: assumed('off; 512 explains the recorded mapped runs'),
});
export const hitCost = knob({
  name: 'hit-cost',
  scope: 'machine',
  type: time(0, SECOND),
  default: 500,
  doc: 'Time one page-sized access takes when the page is in memory.',
  source: assumed('a 4 KiB copy plus a system call, order of magnitude'),
});
export const faultCost = knob({
  name: 'fault-cost',
  scope: 'machine',
  type: time(0, SECOND),
  default: 1 * MICROSECOND,
  doc: 'CPU time of a page fault or page-cache miss, beside the device’s own time.',
  source: assumed('order of magnitude'),
});
export const scanCost = knob({
  name: 'scan-cost',
  scope: 'machine',
  type: time(0, SECOND),
  default: 200,
  doc: 'CPU time to scan one page during reclaim.',
  source: assumed('order of magnitude'),
});

// ---- disk

export const latency = knob({
  name: 'latency',
  scope: 'disk',
  type: time(0, 10 * SECOND),
  default: 100 * MICROSECOND,
  doc: 'Time from request to first byte on an idle device.',
  source: assumed('a SATA solid-state disk'),
});
export const bandwidth = knob({
  name: 'bandwidth',
  scope: 'disk',
  type: rate(PAGE_SIZE, 1_000_000_000_000),
  default: 150_000_000,
  doc: 'Sustained transfer rate, reads and writes alike.',
  source: assumed('a disk of 2013'),
});
export const queueDepth = knob({
  name: 'queue',
  scope: 'disk',
  type: integer(1, 65_536),
  default: 32,
  doc: 'Requests the device works on at once; latency overlaps, bandwidth is shared.',
  kernel: '/sys/block/*/queue/nr_requests',
  source: assumed('NCQ depth'),
});

// ---- swap

export const swapSize = knob({
  name: 'size',
  scope: 'swap',
  type: bytes(PAGE_SIZE, 64 * TIB),
  default: 1 * GIB,
  doc: 'Size of the swap device.',
  kernel: '/proc/swaps',
  source: assumed('round number'),
});
export const swapLatency = knob({
  name: 'latency',
  scope: 'swap',
  type: time(0, 10 * SECOND),
  default: 100 * MICROSECOND,
  doc: 'Time to read or write one page when the device is idle. `swap zram` uses 5 us.',
  source: assumed('the same kind of device as the disk'),
});
export const swapBandwidth = knob({
  name: 'bandwidth',
  scope: 'swap',
  type: rate(PAGE_SIZE, 1_000_000_000_000),
  default: 150_000_000,
  doc: 'Sustained transfer rate. `swap zram` uses 1 GB/s.',
  source: assumed('the same kind of device as the disk'),
});

// ---- cgroup

export const memoryMax = knob({
  name: 'memory.max',
  scope: 'cgroup',
  type: bytes(PAGE_SIZE, 64 * TIB),
  default: null,
  doc: 'Hard limit; reclaim within the group, then its OOM killer. Absent: no limit.',
  kernel: 'memory.max (cgroup v2)',
  source: published('Documentation/admin-guide/cgroup-v2.rst'),
});
export const memoryHigh = knob({
  name: 'memory.high',
  scope: 'cgroup',
  type: bytes(0, 64 * TIB),
  default: null,
  doc: 'Throttle limit: who allocates above it reclaims within the group and, if that does not suffice, is put to sleep, up to 2 s at a time; nobody is killed. Absent: no limit.',
  kernel: 'memory.high (cgroup v2)',
  source: published('Documentation/admin-guide/cgroup-v2.rst'),
});
export const memoryLow = knob({
  name: 'memory.low',
  scope: 'cgroup',
  type: bytes(0, 64 * TIB),
  default: 0,
  doc: 'Best-effort protection: not reclaimed below this while others can give.',
  kernel: 'memory.low (cgroup v2)',
  source: published('Documentation/admin-guide/cgroup-v2.rst'),
});
export const memoryMin = knob({
  name: 'memory.min',
  scope: 'cgroup',
  type: bytes(0, 64 * TIB),
  default: 0,
  doc: 'Hard protection: never reclaimed below this.',
  kernel: 'memory.min (cgroup v2)',
  source: published('Documentation/admin-guide/cgroup-v2.rst'),
});

// ---- file and anonymous memory

export const readahead = knob({
  name: 'readahead',
  scope: 'file',
  type: bytes(0, 64 * MIB),
  default: 0,
  doc: 'Largest read-ahead window for sequential reads; 0 is POSIX_FADV_RANDOM.',
  kernel: '/sys/block/*/queue/read_ahead_kb (128 by default)',
  source: assumed('off, so that every miss is the policy’s'),
});
export const advice = knob({
  name: 'advice',
  scope: 'file',
  type: choice({
    normal: 'No advice: uses through mappings count.',
    random:
      'madvise(MADV_RANDOM) on every mapping. MGLRU’s page-table walks pass such mappings by, and since 6.3 reclaim ignores their accessed bits.',
  }),
  default: 'normal',
  doc: 'What mappings of the file were advised. Read-ahead has its own knob.',
  kernel: 'madvise(2), VM_RAND_READ',
  source: published('mm/vmscan.c, mm/rmap.c of 6.1; commit 8788f6781486'),
});
export const locked = knob({
  name: 'locked',
  scope: 'anon',
  type: flag(),
  default: false,
  doc: 'The region is mlocked: present from the start and never reclaimed.',
  kernel: 'mlock(2)',
  source: published('man 2 mlock'),
});

// ---- process

export const threads = knob({
  name: 'threads',
  scope: 'process',
  type: integer(1, 1024),
  default: 1,
  doc: 'Threads that each run the process’s program over the same objects.',
  source: assumed('single-threaded'),
});

// ---- trace

export const traceFormat = knob({
  name: 'format',
  scope: 'trace',
  type: choice({
    auto: 'Told from the file name.',
    oracleGeneral: 'libCacheSim’s 24-byte records.',
    txt: 'One id a line.',
    csv: 'Separated columns.',
    u32: 'Raw little-endian 32-bit page numbers.',
    u64: 'Raw little-endian 64-bit ids.',
    u32ops: 'Little-endian 32-bit words: two bits of operation, 30 bits of page.',
    events: 'Lines of perf script, trace-cmd or ftrace: mm_filemap_get_pages, mm_filemap_fault, page_fault_user.',
    marks: 'Lines DEV INO INDEX, as bpftrace prints calls of folio_mark_accessed.',
    lackey: 'valgrind --tool=lackey --trace-mem=yes: every load and store of a process.',
    blkparse: 'Lines of blkparse: what reached the block layer, so misses only.',
    damon: 'Lines of the event damon_aggregated; accesses are made up from its rates.',
    damo: 'JSON of damo; accesses are made up from its rates.',
  }),
  default: 'auto',
  doc: 'How the file is coded; .gz and .zst are unpacked first.',
  source: published('libCacheSim trace formats'),
});

// ---- sysctls

const vm = published('Documentation/admin-guide/sysctl/vm.rst');

export const swappiness = knob({
  name: 'vm.swappiness',
  scope: 'sysctl',
  type: integer(0, 200),
  default: 60,
  doc: 'How readily anonymous memory is reclaimed compared with file pages; 100 treats them alike.',
  kernel: '/proc/sys/vm/swappiness',
  source: vm,
});
export const minFreeKbytes = knob({
  name: 'vm.min_free_kbytes',
  scope: 'sysctl',
  type: integer(64, 4 * 1024 * 1024 * 1024),
  default: null,
  doc: 'The min watermark in KiB. Absent: computed from memory size as the variant’s kernel does (4·√(memory in KiB), clamped).',
  kernel: '/proc/sys/vm/min_free_kbytes',
  source: vm,
});
export const watermarkScaleFactor = knob({
  name: 'vm.watermark_scale_factor',
  scope: 'sysctl',
  type: integer(1, 3000),
  default: 10,
  doc: 'Distance between the watermarks in ten-thousandths of memory (since 4.6).',
  kernel: '/proc/sys/vm/watermark_scale_factor',
  source: vm,
});
export const dirtyBackgroundRatio = knob({
  name: 'vm.dirty_background_ratio',
  scope: 'sysctl',
  type: integer(0, 100),
  default: 10,
  doc: 'Percentage of available memory that may be dirty before background writeback starts.',
  kernel: '/proc/sys/vm/dirty_background_ratio',
  source: vm,
});
export const dirtyRatio = knob({
  name: 'vm.dirty_ratio',
  scope: 'sysctl',
  type: integer(0, 100),
  default: 20,
  doc: 'Percentage of available memory that may be dirty before writers wait.',
  kernel: '/proc/sys/vm/dirty_ratio',
  source: vm,
});
export const dirtyExpire = knob({
  name: 'vm.dirty_expire_centisecs',
  scope: 'sysctl',
  type: integer(0, 1_000_000),
  default: 3000,
  doc: 'Age in hundredths of a second at which dirty pages are written whatever their number.',
  kernel: '/proc/sys/vm/dirty_expire_centisecs',
  source: vm,
});
export const dirtyWriteback = knob({
  name: 'vm.dirty_writeback_centisecs',
  scope: 'sysctl',
  type: integer(0, 1_000_000),
  default: 500,
  doc: 'How often the flusher wakes, in hundredths of a second; 0: never by itself.',
  kernel: '/proc/sys/vm/dirty_writeback_centisecs',
  source: vm,
});

/** Every knob but the variants’, in the order documentation lists them. */
export const knobs: readonly Knob[] = [
  memory,
  cpus,
  kswapd,
  tlb,
  hitCost,
  faultCost,
  scanCost,
  latency,
  bandwidth,
  queueDepth,
  swapSize,
  swapLatency,
  swapBandwidth,
  memoryMax,
  memoryHigh,
  memoryLow,
  memoryMin,
  readahead,
  advice,
  locked,
  perThread,
  threads,
  traceFormat,
  ...fuseKnobs,
  ...deviceKnobs,
  ...exitKnobs,
  swappiness,
  minFreeKbytes,
  watermarkScaleFactor,
  dirtyBackgroundRatio,
  dirtyRatio,
  dirtyExpire,
  dirtyWriteback,
  ...numaKnobs,
  ...lockKnobs,
  ...handlerKnobs,
];
