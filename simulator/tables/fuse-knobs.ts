/** Knobs of FUSE mounts and of the daemons that serve them. */
import { GIB, PAGE_SIZE } from '../units.ts';
import { bytes, choice, integer, knob, rate, share, type Knob } from './define.ts';

const assumed = (where: string) => ({ kind: 'assumed', where }) as const;
const published = (where: string) => ({ kind: 'published', where }) as const;

// ---- the mount

export const accounting = knob({
  name: 'accounting',
  scope: 'fuse',
  type: choice({
    none: 'Nothing counts the temporary copies of pages under writeback (what was reported in 2013).',
    'count-temps': 'Temporary copies count as dirty, for the mount and for the whole machine (the first idea of 2013).',
    exempt: 'As `count-temps`, and the daemon is freed from some or all of the throttling (proposed in 2013).',
    double: 'Each dirty page counts twice from the start, for itself and for the copy to come (proposed in 2013).',
    strict: 'The mount is held to its own limit at any time, copies included (merged: 5a53748568f7).',
    notemp: 'There are no copies: pages stay under writeback until the daemon has them (6.16: 0c58a97f919c).',
  }),
  default: 'strict',
  doc: 'What of a mount’s pages the limits on dirty memory count.',
  kernel: 'fs/fuse/file.c, mm/page-writeback.c',
  source: published('as in 6.1, which the recordings are of'),
});
export const maxRatio = knob({
  name: 'max_ratio',
  scope: 'fuse',
  type: share(),
  default: 10_000,
  doc: 'The most of the limit on dirty memory that the mount may ever have.',
  kernel: '/sys/class/bdi/*/max_ratio',
  source: published('fuse_bdi_init in fs/fuse/inode.c'),
});
export const minRatio = knob({
  name: 'min_ratio',
  scope: 'fuse',
  type: share(),
  default: 0,
  doc: 'The share of that limit which the mount has however little it has written lately.',
  kernel: '/sys/class/bdi/*/min_ratio',
  source: published('mm/backing-dev.c'),
});
export const maxBackground = knob({
  name: 'max_background',
  scope: 'fuse',
  type: integer(1, 65_535),
  default: 12,
  doc: 'Requests that may be with the daemon, or wait for it, without a process that waits for each.',
  kernel: 'FUSE_DEFAULT_MAX_BACKGROUND',
  source: published('fs/fuse/inode.c'),
});

// ---- its daemon

export const daemonBandwidth = knob({
  name: 'bandwidth',
  scope: 'daemon',
  type: rate(PAGE_SIZE, 1_000_000_000_000),
  default: 200_000_000,
  doc: 'How fast the daemon takes data in, all its threads together.',
  source: assumed('a little faster than the disk'),
});
export const daemonThreads = knob({
  name: 'threads',
  scope: 'daemon',
  type: integer(1, 1024),
  default: 1,
  doc: 'Requests the daemon works on at once.',
  source: assumed('single-threaded, as most examples are'),
});
export const daemonFlag = knob({
  name: 'flag',
  scope: 'daemon',
  type: choice({
    none: 'Throttled like any writer.',
    less: 'PF_LESS_THROTTLE: its thresholds are a quarter higher (to 5.7).',
    local:
      'PF_LOCAL_THROTTLE: runs free while the device it writes to is below its own middle (5.8; PR_SET_IO_FLUSHER sets it).',
    full: 'Never throttled.',
  }),
  default: 'none',
  doc: 'What frees the daemon from the throttling of its own writes.',
  kernel: 'balance_dirty_pages, commit a37b0715ddf3',
  source: published('mm/page-writeback.c'),
});
export const daemonReserve = knob({
  name: 'reserve',
  scope: 'daemon',
  type: bytes(0, 1024 * GIB),
  default: 0,
  doc: 'Memory set aside for the daemon, so that it need not wait for a free page.',
  source: assumed('none'),
});

/** In the order documentation lists them. */
export const fuseKnobs: readonly Knob[] = [
  accounting,
  maxRatio,
  minRatio,
  maxBackground,
  daemonBandwidth,
  daemonThreads,
  daemonFlag,
  daemonReserve,
];
