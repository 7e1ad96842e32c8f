/**
 * Reports made by hand for tests of pictures: the shape of a page-cache comparison (variants × sizes, two phases, passes, lists over time), with
 * numbers that are easy to predict rather than true.
 */
import type { PlotSpec } from '../../simulator/plan.ts';
import type { PassReport, PointReport, Report, VariantInfo } from '../../simulator/report.ts';

const MIB = 1024 * 1024;
const SECOND = 1e9;

const variant = (
  title: string,
  family: NonNullable<VariantInfo['family']>,
  rest: Partial<VariantInfo> = {},
): VariantInfo => ({ title, summary: `${title}, in one line.`, standing: 'derived', family, ...rest });

export const VARIANTS: Readonly<Record<string, VariantInfo>> = {
  classic: variant('Active and inactive list, half and half', 'kernel', { linux: '≤ 3.14', year: 2011 }),
  'refault-2013': variant('Refault distance, as proposed', 'proposal', { year: 2013 }),
  'v3.15': variant('Refault distance, as merged', 'kernel', {
    linux: '3.15',
    year: 2014,
    commit: 'a528910e12ec',
    standing: 'published',
  }),
  'v6.1': variant('Two lists of today', 'kernel', { linux: '6.1', year: 2022, standing: 'measured' }),
  'mglru-6.7': variant('Multi-generational LRU', 'kernel', { linux: '6.7', year: 2024 }),
  lru: variant('Exact LRU', 'reference', { year: 1968 }),
  opt: variant('Clairvoyant optimum', 'ruler', { year: 1966 }),
};

/** Pass of the second phase from which each variant hits. */
const ADAPTS: Readonly<Record<string, number>> = {
  classic: 99,
  'refault-2013': 8,
  'v3.15': 3,
  'v6.1': 2,
  'mglru-6.7': 5,
  lru: 1,
  opt: 1,
};

export interface FixtureOptions {
  readonly variants?: readonly string[];
  /** MiB. */
  readonly sizes?: readonly number[];
  readonly plots?: readonly PlotSpec[];
  readonly samples?: number;
  readonly passes?: readonly [number, number];
  readonly partial?: boolean;
  readonly title?: string;
  readonly oom?: boolean;
}

export const SHIFT_PLOTS: readonly PlotSpec[] = [
  { metrics: [{ name: 'hit-ratio' }], over: 'pass', text: 'hit-ratio by pass' },
  {
    metrics: [{ name: 'nr_active_file' }, { name: 'nr_inactive_file' }],
    over: 'time',
    text: 'nr_active_file, nr_inactive_file over time',
  },
  { metrics: [{ name: 'workingset_refault_file', phase: 'B is hot' }], text: 'workingset_refault_file("B is hot")' },
];

export function shiftReport(options: FixtureOptions = {}): Report {
  const variants = options.variants ?? Object.keys(VARIANTS);
  const sizes = options.sizes ?? [56, 64, 72, 80];
  const points: PointReport[] = [];
  variants.forEach((id, v) =>
    sizes.forEach((size, s) => {
      const coordinates = [...(variants.length > 1 ? [v] : []), ...(sizes.length > 1 ? [s] : [])];
      points.push(point(id, size, coordinates, options));
    }),
  );
  return {
    version: 1,
    model: '0.1.0',
    plan: '5f0c61f0a2b8d1e4',
    seed: 1,
    title: options.title ?? 'Workload shift',
    partial: options.partial ?? false,
    axes: [
      ...(variants.length > 1
        ? [
            {
              kind: 'compare' as const,
              name: 'reclaim',
              unit: '',
              values: variants.map((id) => ({ label: id, value: id })),
            },
          ]
        : []),
      ...(sizes.length > 1
        ? [
            {
              kind: 'sweep' as const,
              name: 'server.memory',
              unit: 'bytes',
              values: sizes.map((size) => ({ label: `${size} MiB`, value: size * MIB })),
            },
          ]
        : []),
    ],
    plots: options.plots ?? SHIFT_PLOTS,
    points,
    metrics: {
      'hit-ratio': { title: 'Hit ratio', unit: 'ratio', doc: 'Hits of all accesses.' },
      nr_active_file: { title: 'Active file pages', unit: 'pages', doc: '', kernel: '/proc/vmstat' },
      nr_inactive_file: { title: 'Inactive file pages', unit: 'pages', doc: '', kernel: '/proc/vmstat' },
      workingset_refault_file: { title: 'File refaults', unit: 'pages', doc: '', kernel: '/proc/vmstat' },
      pgactivate: { title: 'Pages activated', unit: 'pages', doc: '', kernel: '/proc/vmstat' },
      'refault-distance': { title: 'Refault distance', unit: 'pages', doc: '' },
    },
    variants: Object.fromEntries(variants.map((id) => [id, VARIANTS[id]])),
    warnings: [
      'nr_active_file: 40 000 samples were decimated to 400 by least and greatest value per bucket.',
      'Disk latency of 100 us is an assumption.',
    ],
  };
}

function point(id: string, size: number, coordinates: readonly number[], options: FixtureOptions): PointReport {
  const [first, second] = options.passes ?? [4, 30];
  const file = (48 * MIB) / 4096;
  const adapts = Math.max(1, ADAPTS[id] + Math.round((64 - size) / 8));
  const hitPass = 0.01 * SECOND;
  const missPass = 0.35 * SECOND;
  let now = 0;
  const passes = (count: number, cold: (pass: number) => number): PassReport[] =>
    Array.from({ length: count }, (_, i) => {
      const misses = Math.round(file * cold(i));
      const start = now;
      now += Math.round(hitPass + (missPass * misses) / file);
      return { accesses: file, hits: file - misses, misses, start, end: now };
    });
  const one = passes(first, (i) => (i === 0 ? 1 : 0));
  const shift = now;
  const two = passes(second, (i) => (i === 0 ? 1 : i < adapts ? 1 - 0.02 * i : i < adapts + 2 ? 0.3 : 0));
  const total = (list: readonly PassReport[], key: 'accesses' | 'hits' | 'misses') =>
    list.reduce((n, p) => n + p[key], 0);
  const refaults = id === 'classic' ? total(two, 'misses') : Math.max(0, total(two, 'misses') - file);
  const phases = [
    { name: 'A is hot', list: one, start: 0, end: shift, refaults: 0 },
    { name: 'B is hot', list: two, start: shift, end: now, refaults },
  ].map(({ name, list, start, end, refaults: n }) => ({
    name,
    process: 'job',
    start,
    end,
    accesses: total(list, 'accesses'),
    hits: total(list, 'hits'),
    misses: total(list, 'misses'),
    passes: list,
    counters: { workingset_refault_file: n, pgactivate: file },
  }));
  const hits = phases.reduce((n, p) => n + p.hits, 0);
  const accesses = phases.reduce((n, p) => n + p.accesses, 0);
  const memory = (size * MIB) / 4096;
  const samples = options.samples ?? 400;
  const t = Float64Array.from({ length: samples }, (_, i) => Math.round((now * i) / (samples - 1)));
  const moved = shift + (now - shift) * Math.min(1, adapts / second);
  const active = t.map((time) => {
    const half = memory / 2;
    if (time < shift) return Math.min(half, (half * time) / (shift * 0.4));
    if (time < moved) return Math.round(half * (1 - 0.5 * ((time - shift) / (moved - shift)))) + (time % 7) * 40;
    return Math.min(half, half * 0.5 + (half * 0.5 * (time - moved)) / (0.1 * now));
  });
  const inactive = t.map((time, i) => Math.max(0, Math.min(memory, (memory * time) / (shift * 0.5)) - active[i]));
  const violated = id === 'classic';
  const edges = Float64Array.from({ length: 21 }, (_, i) => (i * memory) / 10);
  return {
    coordinates,
    variant: { reclaim: id },
    values: {},
    at: options.sizes?.length === 1 ? {} : { 'server.memory': size * MIB },
    path: 'blocks',
    complete: !(options.partial === true && id === 'opt'),
    time: now,
    counters: {
      accesses,
      hits,
      misses: accesses - hits,
      workingset_refault_file: refaults,
      pgactivate: file * 2,
      pgscan_file: 3 * (accesses - hits),
    },
    measures: { 'hit-ratio': hits / accesses },
    phases,
    series: [
      { name: 'nr_active_file', unit: 'pages', t, y: active },
      { name: 'nr_inactive_file', unit: 'pages', t, y: inactive },
    ],
    distributions: [
      {
        name: 'refault-distance',
        unit: 'pages',
        edges,
        counts: Float64Array.from({ length: 20 }, (_, i) => Math.max(0, 400 - (i - adapts) * (i - adapts) * 6)),
      },
    ],
    events: options.oom
      ? [{ time: Math.round(now * 0.7), rule: 'oom.kill', subject: 'hog', text: 'hog was killed: no memory left' }]
      : [],
    spans: [
      { name: 'A is hot', resource: 'job', start: 0, end: shift },
      { name: 'B is hot', resource: 'job', start: shift, end: now },
    ],
    expectations: [
      {
        text: `${id}: workingset_refault_file("B is hot") < 100k`,
        holds: !violated,
        left: refaults,
        right: 100_000,
        ...(violated ? { violated: Math.round(now / 2) } : {}),
      },
    ],
  };
}
