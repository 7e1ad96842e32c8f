/**
 * Knobs of coprocessors: a device with memory of its own behind a link, or a network card that faults pages of the host. Numbers of a driver are
 * those of NVIDIA's open kernel modules (nvidia-uvm); costs in time are assumptions, chosen so that an isolated fault takes about 45 µs.
 */
import { GIB, MIB, MICROSECOND, MILLISECOND, PAGE_SIZE, SECOND } from '../units.ts';
import { bytes, choice, flag, integer, knob, rate, share, time, type Knob } from './define.ts';

const TIB = 1024 * GIB;
const assumed = (where: string) => ({ kind: 'assumed', where }) as const;
const published = (where: string) => ({ kind: 'published', where }) as const;
const uvm = (file: string) => published(`open-gpu-kernel-modules, nvidia-uvm/${file}`);

/** A device hands out and takes back its memory in pieces of this size. */
export const CHUNK = 2 * MIB;

// ---- device

export const deviceKind = knob({
  name: 'kind',
  scope: 'device',
  type: choice({
    gpu: 'A coprocessor with memory of its own: pages move to it, or it reaches over the link.',
    rdma: 'A network card with on-demand paging: it has no memory; a page it needs is faulted in and mapped where it is.',
  }),
  default: 'gpu',
  doc: 'What the device is.',
  source: assumed('what the session was about first'),
});
export const deviceMemory = knob({
  name: 'memory',
  scope: 'device',
  type: bytes(CHUNK, 16 * TIB),
  default: 16 * GIB,
  doc: 'Memory of the device: a whole number of chunks of 2 MiB.',
  source: assumed('a common size'),
});
export const devicePolicy = knob({
  name: 'policy',
  scope: 'device',
  type: choice({
    migrate: 'A fault moves the page to the device.',
    remote: 'The device reaches over the link to where the page is; nothing moves.',
    counter: 'Remote, until the accesses to a region of 2 MiB have been `threshold`: then it moves.',
    adaptive: 'A counter whose threshold is the break-even of the run’s own costs, evictions so far included.',
  }),
  default: 'migrate',
  doc: 'Whether a page that the device touches moves. `policy counter 256` also sets the threshold.',
  source: uvm('uvm_gpu_access_counters.c'),
});
export const counterThreshold = knob({
  name: 'threshold',
  scope: 'device',
  type: integer(1, 65_535),
  default: 256,
  doc: 'Accesses (of one granule) to a region of 2 MiB after which policy `counter` moves it.',
  source: uvm('uvm_gpu_access_counters.c: default 256, 1 to 65535'),
});
export const devicePrefetch = knob({
  name: 'prefetch',
  scope: 'device',
  type: choice({
    none: 'Only the page that was faulted moves.',
    sequential: 'The next pages behind the faulted one move with it, `prefetch-pages` of them.',
    tree: 'The largest part of the 2 MiB block that would be fuller than the density moves whole.',
  }),
  default: 'tree',
  doc: 'What else moves when a page does. `prefetch tree 51%` also sets the density, `prefetch sequential 16` the pages.',
  source: uvm('uvm_perf_prefetch.c'),
});
export const prefetchDensity = knob({
  name: 'prefetch-density',
  scope: 'device',
  type: share(10_000, 1_000_000),
  default: 510_000,
  doc: 'Prefetch `tree`: a part of the block moves when more than this share of it is there or faulted. 100 % switches it off.',
  source: uvm('uvm_perf_prefetch.c: uvm_perf_prefetch_threshold 51, 1 to 100'),
});
export const prefetchMinFaults = knob({
  name: 'prefetch-min-faults',
  scope: 'device',
  type: integer(1, 20),
  default: 1,
  doc: 'Migrations of a block to the device before anything is prefetched there.',
  source: uvm('uvm_perf_prefetch.c: uvm_perf_prefetch_min_faults 1, 1 to 20'),
});
export const prefetchPages = knob({
  name: 'prefetch-pages',
  scope: 'device',
  type: integer(1, 511),
  default: 15,
  doc: 'Prefetch `sequential`: pages behind the faulted one.',
  source: assumed('64 KiB in all'),
});
export const deviceEvict = knob({
  name: 'evict',
  scope: 'device',
  type: choice({
    uvm: 'The chunk in which something was allocated least recently: what the driver calls LRU is blind to hits.',
    'true-lru': 'The chunk that was used least recently, hits included.',
    fifo: 'The chunk that has been there longest.',
    random: 'Any chunk.',
    off: 'None: what no longer fits stays on the host and is reached over the link.',
  }),
  default: 'uvm',
  doc: 'Which chunk of 2 MiB leaves a full device.',
  source: uvm('uvm_pmm_gpu.c'),
});
export const streams = knob({
  name: 'streams',
  scope: 'device',
  type: integer(1, 4096),
  default: 1,
  doc: 'Accesses under way at once in one kernel: while one waits for its fault, the others run on. One stream faults one page at a time.',
  source: assumed('the plainest case; a large GPU has tens of multiprocessors'),
});
export const granule = knob({
  name: 'granule',
  scope: 'device',
  type: bytes(4, PAGE_SIZE),
  default: 128,
  doc: 'Bytes of one access as the device makes them: a page-sized access is many of them.',
  source: published('a cache line of NVIDIA GPUs'),
});
export const overlap = knob({
  name: 'overlap',
  scope: 'device',
  type: integer(1, 1_000_000),
  default: 1024,
  doc: 'Granules under way at once: divides latencies, local and remote.',
  source: assumed('enough to hide most of the latency'),
});
export const accessSize = knob({
  name: 'access-size',
  scope: 'device',
  type: bytes(4, PAGE_SIZE),
  default: PAGE_SIZE,
  doc: 'Bytes of a page that one access of a program uses.',
  source: assumed('all of the page'),
});
export const coherent = knob({
  name: 'coherent',
  scope: 'device',
  type: flag(),
  default: false,
  doc: 'Processors may reach into the device’s memory over the link instead of faulting pages back.',
  source: published('Documentation/mm/hmm.rst: device-private against coherent memory'),
});
export const readDuplication = knob({
  name: 'read-duplication',
  scope: 'device',
  type: flag(),
  default: false,
  doc: 'A page that is only read may be on both sides, read-only; the first write ends that.',
  source: uvm('uvm_va_policy.h'),
});
export const cpuUnit = knob({
  name: 'cpu-unit',
  scope: 'device',
  type: bytes(PAGE_SIZE, CHUNK),
  default: PAGE_SIZE,
  doc: 'What a processor’s fault brings back from the device: the part of the block of this size around the page.',
  source: published('Documentation/mm/hmm.rst: migrate_to_ram is called for one page'),
});
export const visible = knob({
  name: 'visible',
  scope: 'device',
  type: bytes(0, 4 * TIB),
  default: null,
  doc: 'How much of the host’s memory the device can address. Absent: all. What lies beyond can be neither mapped nor copied directly.',
  source: published('LSFMM 2013: the device can’t see all of memory'),
});
export const bounce = knob({
  name: 'bounce',
  scope: 'device',
  type: flag(),
  default: true,
  doc: 'Pages beyond what the device sees go through a bounce frame, with one more copy on the host. Off: the access fails.',
  kernel: 'swiotlb',
  source: assumed('as for other devices with short addresses'),
});
export const onLoss = knob({
  name: 'on-loss',
  scope: 'device',
  type: choice({
    'give-back': 'It still answers: its pages are copied back to the host first.',
    lose: 'Its pages are gone; whoever touches one of them is killed.',
  }),
  default: 'lose',
  doc: 'What becomes of the pages in its memory when the device is reset or dies.',
  source: assumed('a device that falls off the bus'),
});
export const copyBandwidth = knob({
  name: 'copy-bandwidth',
  scope: 'device',
  type: rate(1_000_000, 10_000_000_000_000),
  default: 10_000_000_000,
  doc: 'How fast the host copies to and from a bounce frame.',
  source: assumed('one processor’s memcpy'),
});

// ---- link

export const h2d = knob({
  name: 'h2d',
  scope: 'link',
  type: rate(100_000_000, 1_000_000_000_000),
  default: 25_000_000_000,
  doc: 'Bandwidth from host to device.',
  source: published('PCIe 4.0 ×16 is about 32 GB/s raw'),
});
export const d2h = knob({
  name: 'd2h',
  scope: 'link',
  type: rate(100_000_000, 1_000_000_000_000),
  default: 25_000_000_000,
  doc: 'Bandwidth from device to host.',
  source: published('PCIe 4.0 ×16 is about 32 GB/s raw'),
});
export const linkLatency = knob({
  name: 'latency',
  scope: 'link',
  type: time(0, MILLISECOND),
  default: 1 * MICROSECOND,
  doc: 'Latency of a transfer, and of one remote access.',
  source: assumed('order of magnitude'),
});
export const perDma = knob({
  name: 'per-dma',
  scope: 'link',
  type: time(0, MILLISECOND),
  default: 1500,
  doc: 'Cost of one transfer beside latency and bandwidth. Neighbouring pages of a block go in one transfer.',
  source: assumed('setting up a copy engine'),
});
export const linkPriority = knob({
  name: 'priority',
  scope: 'link',
  type: choice({
    demand: 'Demand before write-back before prefetch, first come first served within each.',
    fifo: 'First come, first served.',
  }),
  default: 'demand',
  doc: 'Who goes first when several transfers wait. A transfer under way is not interrupted.',
  source: assumed('simplest rule that lets nobody wait for a prefetch'),
});

// ---- the device's own memory

export const localBandwidth = knob({
  name: 'bandwidth',
  scope: 'local',
  type: rate(1_000_000, 100_000_000_000_000),
  default: 1_000_000_000_000,
  doc: 'Bandwidth of the device’s own memory.',
  source: published('Documentation/mm/hmm.rst: about 1 TB/s'),
});
export const localLatency = knob({
  name: 'latency',
  scope: 'local',
  type: time(0, MILLISECOND),
  default: 400,
  doc: 'Latency of the device’s own memory.',
  source: assumed('order of magnitude'),
});

// ---- fault service

export const faultBatch = knob({
  name: 'batch',
  scope: 'fault',
  type: integer(1, 4096),
  default: 256,
  doc: 'Most faults fetched from the buffer at a time.',
  source: uvm('uvm_gpu_replayable_faults.c: uvm_perf_fault_batch_count 256'),
});
export const replay = knob({
  name: 'replay',
  scope: 'fault',
  type: choice({
    block: 'After each block.',
    batch: 'After each batch.',
    'batch-flush': 'After each batch, the buffer emptied before: what was left there faults again.',
    once: 'Once the buffer is empty.',
  }),
  default: 'batch-flush',
  doc: 'When the device is told to try again.',
  source: uvm('uvm_gpu_replayable_faults.c: UVM_PERF_FAULT_REPLAY_POLICY_BATCH_FLUSH'),
});
export const batchCost = knob({
  name: 'batch-cost',
  scope: 'fault',
  type: time(0, 10 * MILLISECOND),
  default: 20 * MICROSECOND,
  doc: 'Processor time for each batch: interrupt, fetching, sorting.',
  source: assumed('an isolated fault takes about 45 µs in all, the constant of simulators'),
});
export const blockCost = knob({
  name: 'block-cost',
  scope: 'fault',
  type: time(0, 10 * MILLISECOND),
  default: 12 * MICROSECOND,
  doc: 'Processor time for each block of a batch.',
  source: assumed('as batch-cost'),
});
export const mapCost = knob({
  name: 'map-cost',
  scope: 'fault',
  type: time(0, 10 * MILLISECOND),
  default: 50,
  doc: 'Processor time for each page that is mapped.',
  source: assumed('as batch-cost'),
});
export const replayCost = knob({
  name: 'replay-cost',
  scope: 'fault',
  type: time(0, 10 * MILLISECOND),
  default: 10 * MICROSECOND,
  doc: 'Time for one replay.',
  source: assumed('as batch-cost'),
});
export const maxBatches = knob({
  name: 'max-batches',
  scope: 'fault',
  type: integer(1, 4096),
  default: 20,
  doc: 'Batches serviced in one go; 5 if pages were throttled.',
  source: uvm('uvm_gpu_replayable_faults.c: uvm_perf_fault_max_batches_per_service 20'),
});

// ---- thrashing

export const thrashing = knob({
  name: 'mitigation',
  scope: 'thrash',
  type: flag(),
  default: true,
  doc: 'Whether pages that go back and forth are throttled and pinned. Evictions are not seen, so a device that is too small is never helped.',
  source: uvm('uvm_perf_thrashing.c'),
});
export const thrashThreshold = knob({
  name: 'threshold',
  scope: 'thrash',
  type: integer(1, 7),
  default: 3,
  doc: 'Migrations in a row, each within a lapse of the one before, from which on a page thrashes.',
  source: uvm('uvm_perf_thrashing.c: 3, at most 7'),
});
export const lapse = knob({
  name: 'lapse',
  scope: 'thrash',
  type: time(5 * MICROSECOND, 500 * MILLISECOND),
  default: 500 * MICROSECOND,
  doc: 'Two migrations of a page within this time may be thrashing.',
  source: uvm('uvm_perf_thrashing.c: 500 µs'),
});
export const nap = knob({
  name: 'nap',
  scope: 'thrash',
  type: integer(1, 100),
  default: 1,
  doc: 'Lapses for which all processors but one must leave a thrashing page alone.',
  source: uvm('uvm_perf_thrashing.c: 1, at most 100'),
});
export const pinAfter = knob({
  name: 'pin-after',
  scope: 'thrash',
  type: integer(1, 255),
  default: 10,
  doc: 'Throttling periods after which the page is pinned where all can reach it.',
  source: uvm('uvm_perf_thrashing.c: 10, at most 255'),
});
export const pinLapses = knob({
  name: 'pin',
  scope: 'thrash',
  type: integer(0, 1_000_000),
  default: 300,
  doc: 'Lapses for which a page stays pinned; 0: for ever.',
  source: uvm('uvm_perf_thrashing.c: 300'),
});
export const epoch = knob({
  name: 'epoch',
  scope: 'thrash',
  type: integer(1, 1_000_000),
  default: 2000,
  doc: 'Lapses without thrashing after which a block’s record is forgotten.',
  source: uvm('uvm_perf_thrashing.c: 2000'),
});
export const resets = knob({
  name: 'resets',
  scope: 'thrash',
  type: integer(0, 1000),
  default: 4,
  doc: 'How often a block’s record may be forgotten.',
  source: uvm('uvm_perf_thrashing.c: 4'),
});
export const thrashWindow = knob({
  name: 'window',
  scope: 'thrash',
  type: time(MICROSECOND, 3600 * SECOND),
  default: 100 * MILLISECOND,
  doc: 'A page that moves again within this time counts for `thrash-rate`, whoever moved it: evictions too.',
  source: assumed('what a user would call thrashing'),
});

// ---- on-demand paging of a network card

export const odpSide = knob({
  name: 'side',
  scope: 'odp',
  type: choice({
    requester: 'The card faults on memory that it sends from: its queue pair stalls.',
    responder:
      'The card faults on memory that others write to: it answers “receiver not ready”, and they try again later.',
  }),
  default: 'requester',
  doc: 'Which end of the connection this card is.',
  source: published('InfiniBand RC; “Pitfalls of InfiniBand with On-Demand Paging” (Fukuoka et al.)'),
});
export const odpFault = knob({
  name: 'fault-cost',
  scope: 'odp',
  type: time(0, SECOND),
  default: 100 * MICROSECOND,
  doc: 'Time to fault a page in for the card, beside what the host needs to get it.',
  source: assumed('a software scheme without pins adds 3.5 to 5.7 µs minor, 60 µs major'),
});
export const rnrTimer = knob({
  name: 'rnr-timer',
  scope: 'odp',
  type: time(MICROSECOND, SECOND),
  default: 1_280_000,
  doc: 'How long a sender waits after “receiver not ready”.',
  source: assumed('a common setting'),
});
export const rnrRetries = knob({
  name: 'rnr-retries',
  scope: 'odp',
  type: integer(0, 7),
  default: 7,
  doc: 'How often it tries again; 7: for ever. After that the connection is in error.',
  kernel: 'rnr_retry of ibv_modify_qp',
  source: published('ibv_modify_qp(3)'),
});
export const odpTimeout = knob({
  name: 'timeout',
  scope: 'odp',
  type: time(MICROSECOND, 3600 * SECOND),
  default: 500 * MILLISECOND,
  doc: 'Timeout of the transport: when a lost request is sent again.',
  source: assumed('a common setting'),
});
export const damming = knob({
  name: 'damming',
  scope: 'odp',
  type: flag(),
  default: false,
  doc: 'A request right behind one that faults is lost and waits for the timeout.',
  source: published('“Pitfalls of InfiniBand with On-Demand Paging” (Fukuoka et al.)'),
});

/** Parts of a device that are written in braces, and the scope of their knobs. */
export const deviceParts = ['link', 'local', 'fault', 'thrash', 'odp'] as const;
export type DevicePart = (typeof deviceParts)[number];

export const deviceKnobs: readonly Knob[] = [
  deviceKind,
  deviceMemory,
  devicePolicy,
  counterThreshold,
  devicePrefetch,
  prefetchDensity,
  prefetchMinFaults,
  prefetchPages,
  deviceEvict,
  streams,
  granule,
  overlap,
  accessSize,
  coherent,
  readDuplication,
  cpuUnit,
  visible,
  bounce,
  onLoss,
  copyBandwidth,
  h2d,
  d2h,
  linkLatency,
  perDma,
  linkPriority,
  localBandwidth,
  localLatency,
  faultBatch,
  replay,
  batchCost,
  blockCost,
  mapCost,
  replayCost,
  maxBatches,
  thrashing,
  thrashThreshold,
  lapse,
  nap,
  pinAfter,
  pinLapses,
  epoch,
  resets,
  thrashWindow,
  odpSide,
  odpFault,
  rnrTimer,
  rnrRetries,
  odpTimeout,
  damming,
];
