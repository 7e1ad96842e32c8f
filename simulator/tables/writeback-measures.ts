/** Figures of writing: of runs with FUSE mounts, and of single devices (`of photos`, `of disk`). Others have none. */
import { counter } from './define.ts';
import type { Measure } from './measures.ts';

/** What a machine with FUSE mounts tells at its end. */
export interface WritebackFigures {
  /** When memory became exhausted, and when it should have by the closed form; Infinity: never. */
  readonly exhausted: number;
  readonly predicted: number;
  readonly lockedUp: number;
  /** Most dirty pages by the limit on them. */
  readonly overshoot: number;
  readonly mostUnwritten: number;
  readonly mostTemporary: number;
  /** Jain’s index over what processes that write have written: 1 if all the same, 1/n if one did all. */
  readonly fairness: number;
}

const derived = { kind: 'derived', where: 'counted by the simulator' } as const;

const run = (
  name: string,
  title: string,
  unit: Measure['unit'],
  doc: string,
  of: (figures: WritebackFigures) => number,
): Measure => ({
  ...counter({ name, title, kind: 'measure', unit, doc, source: derived }),
  of: ({ writeback }) => (writeback ? of(writeback()) : NaN),
  needs: [],
  level: true,
});

/** Of one device: `of` it must be said which. */
const device = (
  name: string,
  title: string,
  unit: Measure['unit'],
  doc: string,
  rest: { readonly limit?: true } = {},
): Measure => ({
  ...counter({
    name,
    title,
    kind: 'measure',
    unit,
    doc: `${doc} Of one device: \`${name} of photos\`, \`of disk\`.`,
    kernel: '/sys/kernel/debug/bdi/*/stats',
    source: { kind: 'published', where: 'bdi_debug_stats_show in mm/backing-dev.c (there in KiB)' },
    ...rest,
  }),
  of: () => NaN,
  needs: [],
  level: true,
});

/** Figures that only single devices have. */
export const bdiMeasures: readonly Measure[] = [
  device(
    'BdiWriteback',
    'Under writeback',
    'pages',
    'Pages under writeback, copies on their way to a daemon included where they are counted.',
  ),
  device('BdiReclaimable', 'Dirty', 'pages', 'Dirty pages that nobody writes yet.'),
  device(
    'BdiDirtyThresh',
    'Own threshold',
    'pages',
    'Its share of the dirty threshold now: by what it wrote lately, between its min_ratio and its max_ratio.',
    {
      limit: true,
    },
  ),
  device(
    'bdi-peak',
    'Most of its own',
    'pages',
    'The most that was dirty or on its way of it, whenever one of its writers was asked: what is held against BdiDirtyThresh.',
  ),
  device('BdiDirtied', 'Dirtied', 'pages', 'Pages that became dirty, ever.'),
  device('BdiWritten', 'Written', 'pages', 'Pages written, ever.'),
  device('BdiWriteBandwidth', 'Estimated bandwidth', 'bytes/s', 'What the kernel believes it can write.'),
];

export const writebackMeasures: readonly Measure[] = [
  run(
    'time-to-exhaustion',
    'Time to exhaustion',
    'ns',
    'From when on nothing was free or reclaimable beyond the reserves, for at least a second; infinite if that never happened.',
    (f) => f.exhausted,
  ),
  run(
    'time-to-exhaustion-formula',
    'Time to exhaustion, closed form',
    'ns',
    'All memory but the reserves by what is written to FUSE mounts less what their daemons and disks take: when memory would be full of copies if no limit knew them.',
    (f) => f.predicted,
  ),
  run(
    'time-to-lockup',
    'Time to lock-up',
    'ns',
    'When the lock-up was noticed; infinite if there was none.',
    (f) => f.lockedUp,
  ),
  run(
    'most-temporary',
    'Most temporary',
    'pages',
    'The most temporary pages there were at a time: memory that nobody but daemons can give back.',
    (f) => f.mostTemporary,
  ),
  run(
    'dirty-overshoot',
    'Dirty by limit',
    'ratio',
    'The most that was dirty by the limit on it at that time, whenever somebody looked: what the way of counting at hand counts.',
    (f) => f.overshoot,
  ),
  run(
    'most-unwritten',
    'Most not yet written',
    'pages',
    'The most that was dirty, under writeback or copied to temporary pages at a time, whenever somebody looked: whether it is counted or not.',
    (f) => f.mostUnwritten,
  ),
  run(
    'fairness',
    'Fairness',
    'ratio',
    'Of processes that write files: the square of the sum by n times the sum of squares of what each has accessed (Jain’s index). 1: all the same; 1/n: one did everything.',
    (f) => f.fairness,
  ),
  ...bdiMeasures,
];

const names: ReadonlySet<string> = new Set(bdiMeasures.map((row) => row.name));

export const isBdiMeasure = (name: string): boolean => names.has(name);
