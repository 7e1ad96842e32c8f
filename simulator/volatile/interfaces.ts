/**
 * The ways to say that memory is volatile, from ashmem to MAP_DROPPABLE: what was proposed, what was merged, and what people do without.
 * One row each; what they have in common is data (their parameters), so that any of them can be varied.
 */
import type { KnobValues } from '../plan.ts';
import { valueOf, type Knob, type Source, type Variant } from '../tables/define.ts';
import * as knobs from '../tables/volatile-knobs.ts';
import type { RangeDefaults } from '../tables/volatile-knobs.ts';

/** What a `volatile` statement does. */
export type Way =
  /** Marks a range in a tree or in mappings; taking it back reports purges. */
  | 'ranges'
  /** madvise on pages, without memory of it and without report. */
  | 'free'
  | 'cold'
  | 'pageout'
  | 'dontneed'
  /** Nothing: the mapping was made droppable for life. */
  | 'droppable'
  /** Nothing: memory is swapped if need be. */
  | 'nothing';

export interface VolatileInterface extends Variant {
  readonly mechanism: 'volatile.interface';
  readonly way: Way;
  /** Errors of its calls, as errno(3) names. Absent: it does not come to that. */
  readonly errors: {
    /** A range without a byte. `all`: it means everything onward. */
    readonly empty: 'EINVAL' | 'ok' | 'all';
    /** Bounds within pages: refused; or only the start (the length is rounded up); or taken as they are. */
    readonly unaligned: 'EINVAL' | 'start' | 'bytes';
    readonly locked: 'EINVAL' | 'ok';
    readonly hugetlb: 'EINVAL' | 'ok';
    /** Memory that is shared between processes. */
    readonly shared: 'EINVAL' | 'ok';
  };
  /** A range that is trimmed counts as marked anew. */
  readonly requeueTrimmed: boolean;
  /** An access to what is gone raises SIGBUS though nothing was reported (userfaultfd). */
  readonly faults: boolean;
}

/** The parameters of one choice of interface. */
export interface RangeRules extends RangeDefaults {
  readonly scan: number;
  readonly retries: number;
}

const VR10 = 'vrange v10 (linux-mm, 2 January 2014)';
const VRPLAN = 'vrange plan (linux-mm, 17 April 2013; lwn.net/Articles/548111)';

function rangeKnobs(defaults: RangeDefaults, where: string): readonly Knob[] {
  return [
    knobs.onAccess(defaults.onAccess, where),
    knobs.order(defaults.order, where),
    knobs.granularity(defaults.granularity, where),
    knobs.coalesce(defaults.coalesce, where),
    knobs.unit(defaults.unit, where),
    knobs.tracking(defaults.tracking, where),
    knobs.sharing(defaults.scope, where),
    knobs.callLock(defaults.lock, where),
    knobs.purgedBy(defaults.purgedBy, where),
    knobs.scanBudget,
    knobs.retries,
  ];
}

const published = (where: string): Source => ({ kind: 'published', where });

const VRANGE: RangeDefaults = {
  onAccess: 'sigbus',
  order: 'age',
  granularity: 'full',
  coalesce: 'overlap',
  unit: 'page',
  tracking: 'range',
  scope: 'private',
  lock: 'read',
  purgedBy: 'reclaim',
};
const SHMEM: RangeDefaults = {
  ...VRANGE,
  onAccess: 'zero',
  scope: 'shared',
  lock: 'tree',
  purgedBy: 'shrinker',
};

const shared = { locked: 'ok', hugetlb: 'EINVAL', shared: 'ok' } as const;
const madvise = { empty: 'ok', unaligned: 'start', locked: 'EINVAL', hugetlb: 'EINVAL', shared: 'EINVAL' } as const;
const pageWay = { mechanism: 'volatile.interface', requeueTrimmed: false, faults: false } as const;

export const volatileInterfaces: readonly VolatileInterface[] = [
  {
    ...pageWay,
    id: 'ashmem',
    title: 'ashmem',
    family: 'kernel',
    linux: 'Android; staging from 3.3 to 5.17',
    year: 2008,
    summary:
      'Android’s areas of shared memory: pages are unpinned and pinned, one mutex serves the whole system, and a shrinker purges the area unpinned longest ago.',
    way: 'ranges',
    errors: { ...shared, empty: 'all', unaligned: 'EINVAL', locked: 'ok' },
    knobs: rangeKnobs({ ...SHMEM, lock: 'global' }, 'drivers/staging/android/ashmem.c of 3.15'),
    source: published('drivers/staging/android/ashmem.c of 3.15'),
  },
  {
    ...pageWay,
    id: 'fadvise',
    title: 'fadvise VOLATILE',
    family: 'proposal',
    year: 2011,
    summary:
      'Advice on a range of a tmpfs file, kept in a tree of the file; taking it back says whether it was purged.',
    way: 'ranges',
    errors: { ...shared, empty: 'EINVAL', unaligned: 'EINVAL' },
    knobs: rangeKnobs({ ...SHMEM, coalesce: 'adjacent' }, 'volatile ranges v1–v6 (linux-mm, 2011–12)'),
    source: published('volatile ranges v1–v6 (linux-mm, 2011–12)'),
  },
  {
    ...pageWay,
    id: 'fallocate',
    title: 'fallocate MARK_VOLATILE',
    family: 'proposal',
    year: 2012,
    summary:
      'Any bytes of a tmpfs file; a page goes only if all of it is volatile. Neighbours in the same state merge.',
    way: 'ranges',
    errors: { ...shared, empty: 'EINVAL', unaligned: 'bytes' },
    knobs: rangeKnobs({ ...SHMEM, coalesce: 'adjacent', unit: 'byte' }, 'volatile ranges v7 (linux-mm, October 2012)'),
    source: published('volatile ranges v7 (linux-mm, October 2012)'),
  },
  {
    ...pageWay,
    id: 'mvrange',
    title: 'mvrange',
    family: 'proposal',
    year: 2013,
    summary:
      'Ranges of addresses, private to the process, purged whole or in part; touching what is gone raises SIGBUS.',
    way: 'ranges',
    requeueTrimmed: true,
    errors: { empty: 'EINVAL', unaligned: 'start', locked: 'EINVAL', hugetlb: 'EINVAL', shared: 'ok' },
    knobs: rangeKnobs(VRANGE, VRPLAN),
    source: published(VRPLAN),
  },
  {
    ...pageWay,
    id: 'fvrange',
    title: 'fvrange',
    family: 'proposal',
    year: 2013,
    summary: 'The same for files: marks belong to the file, and all who map it see them.',
    way: 'ranges',
    requeueTrimmed: true,
    errors: { ...shared, empty: 'EINVAL', unaligned: 'start' },
    knobs: rangeKnobs({ ...VRANGE, scope: 'shared', lock: 'tree' }, VRPLAN),
    source: published(VRPLAN),
  },
  {
    ...pageWay,
    id: 'vrange',
    title: 'vrange',
    family: 'proposal',
    year: 2013,
    summary:
      'One system call for memory and mapped files; a tree of ranges beside the mappings, so that marking needs mmap_sem for reading only.',
    way: 'ranges',
    requeueTrimmed: true,
    errors: { empty: 'EINVAL', unaligned: 'start', locked: 'EINVAL', hugetlb: 'EINVAL', shared: 'ok' },
    knobs: rangeKnobs(VRANGE, VR10),
    source: published(VR10),
  },
  {
    ...pageWay,
    id: 'vma',
    title: 'MADV_VOLATILE on VMAs',
    family: 'proposal',
    year: 2014,
    summary:
      'Volatility is a flag of the mapping, which is split and merged for it with mmap_sem held for writing; each page remembers its own purge.',
    way: 'ranges',
    requeueTrimmed: true,
    errors: { empty: 'ok', unaligned: 'start', locked: 'EINVAL', hugetlb: 'EINVAL', shared: 'EINVAL' },
    knobs: rangeKnobs(
      { ...VRANGE, coalesce: 'adjacent', tracking: 'pte', lock: 'write', granularity: 'partial', order: 'pagelru' },
      'volatile ranges v14 (linux-mm, 29 April 2014)',
    ),
    source: published('volatile ranges v14 (linux-mm, 29 April 2014)'),
  },
  {
    ...pageWay,
    id: 'madv-free',
    title: 'MADV_FREE',
    family: 'kernel',
    linux: '4.5; on the file list since 4.12',
    year: 2016,
    commit: 'f7ad2a6cb9f7',
    summary:
      'Pages that are still clean when reclaim meets them are dropped without a word; writing to one takes it back. What was merged in the end.',
    way: 'free',
    errors: madvise,
    knobs: [knobs.swaplessDontneed],
    source: { kind: 'measured', where: 'Linux 6.1 and 6.18: order of reclaim, errors, re-dirtied pages, huge pages' },
  },
  {
    ...pageWay,
    id: 'dontneed',
    title: 'MADV_DONTNEED',
    family: 'kernel',
    summary: 'The memory is dropped at once: every use afterwards faults in zeros.',
    way: 'dontneed',
    errors: { ...madvise, shared: 'ok', hugetlb: 'ok' },
    knobs: [],
    source: { kind: 'measured', where: 'Linux 6.18: cost by page; mm/madvise.c of 6.1' },
  },
  {
    ...pageWay,
    id: 'cold',
    title: 'MADV_COLD',
    family: 'kernel',
    linux: '5.4',
    year: 2019,
    commit: '9c276cc65a58',
    summary: 'Pages keep their content and are the next to be swapped out.',
    way: 'cold',
    errors: { ...madvise, shared: 'ok' },
    knobs: [],
    source: published('mm/madvise.c of 6.1'),
  },
  {
    ...pageWay,
    id: 'pageout',
    title: 'MADV_PAGEOUT',
    family: 'kernel',
    linux: '5.4',
    year: 2019,
    summary: 'Pages are swapped out at once and keep their content.',
    way: 'pageout',
    errors: { ...madvise, shared: 'ok' },
    knobs: [],
    source: published('mm/madvise.c of 6.1'),
  },
  {
    ...pageWay,
    id: 'droppable',
    title: 'MAP_DROPPABLE',
    family: 'kernel',
    linux: '6.11',
    year: 2024,
    commit: '9651fcedf7b9',
    summary:
      'The mapping is droppable for life: dirty or not, a page may go whenever reclaim meets it, and a child of fork finds zeros.',
    way: 'droppable',
    errors: { empty: 'ok', unaligned: 'start', locked: 'EINVAL', hugetlb: 'EINVAL', shared: 'ok' },
    knobs: [],
    source: published('commit 9651fcedf7b9'),
  },
  {
    ...pageWay,
    id: 'uffd-sigbus',
    title: 'MADV_FREE with userfaultfd',
    family: 'kernel',
    linux: '4.14',
    year: 2017,
    summary:
      'MADV_FREE drops the pages, and UFFD_FEATURE_SIGBUS tells of the first use of each that is gone: what was recommended instead of vrange in 2014.',
    way: 'free',
    faults: true,
    errors: madvise,
    knobs: [],
    source: { kind: 'measured', where: 'Linux 6.18: SIGBUS delivery and UFFDIO_COPY' },
  },
  {
    ...pageWay,
    id: 'swap',
    title: 'Nothing: plain swapping',
    family: 'ruler',
    summary: 'Programs say nothing; memory is swapped out and in, or, without swap, stays.',
    way: 'nothing',
    errors: { empty: 'ok', unaligned: 'bytes', locked: 'ok', hugetlb: 'ok', shared: 'ok' },
    knobs: [],
    source: published('mm/vmscan.c'),
  },
];

export const DEFAULT_INTERFACE = 'vrange';

const byId = new Map(volatileInterfaces.map((row) => [row.id, row]));

export const volatileInterface = (id: string): VolatileInterface | undefined => byId.get(id);

/** The parameters of an interface as chosen; null for those that keep no ranges. */
export function rangeRules(face: VolatileInterface, values: KnobValues): RangeRules | null {
  if (face.way !== 'ranges') return null;
  const of = <T>(name: string): T =>
    valueOf(
      values,
      face.knobs.find((row) => row.name === name)!,
    ) as T;
  return {
    onAccess: of('on-access'),
    order: of('order'),
    granularity: of('granularity'),
    coalesce: of('coalesce'),
    unit: of('unit'),
    tracking: of('tracking'),
    scope: of('scope'),
    lock: of('lock'),
    purgedBy: of('purged-by'),
    scan: of('scan'),
    retries: of('retries'),
  };
}
