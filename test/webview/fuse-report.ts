/** A report made by hand for tests of pictures: three ways of counting FUSE pages, one of which locks up. Numbers are easy to predict, not true. */
import type { PointReport, Report, WaitCycle } from '../../simulator/report.ts';

const SECOND = 1e9;
/** 16 GiB. */
const MEMORY = 4_194_304;

export const CYCLE: WaitCycle = {
  time: 13 * SECOND,
  since: 8 * SECOND,
  rule: 'lockup.memory',
  class: 'D-A',
  members: [
    {
      actor: 'photos.daemon',
      kind: 'daemon',
      waitsFor: 'a free page for its backing write',
      holds: '12 write requests',
      on: 1,
    },
    {
      actor: 'reclaim',
      kind: 'kernel',
      waitsFor: 'temporary pages to be given back, since nothing else is left that it could free',
      holds: 'every allocation',
      on: 2,
    },
    {
      actor: 'temporary pages of photos',
      kind: 'resource',
      waitsFor: 'the daemon to have written them',
      holds: '15.9 GiB',
      on: 0,
    },
    { actor: 'copier', kind: 'process', waitsFor: 'a free page', holds: '', on: 1 },
    { actor: 'flusher', kind: 'kernel', waitsFor: 'a free page to copy into', holds: '', on: 1 },
  ],
};

export const ACCOUNTINGS = ['none', 'count-temps', 'strict'] as const;

function point(index: number): PointReport {
  const locks = index === 0;
  const end = (locks ? 13 : 60) * SECOND;
  const t = Float64Array.from({ length: 61 }, (_, i) => Math.round((end * i) / 60));
  const top = [0.98, 0.14, 0.003][index] * MEMORY;
  const temp = t.map((_, i) => Math.min(top, (top * i) / 30));
  const dirty = t.map((_, i) => Math.min(40_000, i * 4000));
  const free = t.map((_, i) => MEMORY - temp[i] - dirty[i]);
  const limit = free.map((v) => v / 5);
  const line = (name: string, y: Float64Array) => ({ name, unit: 'pages', t, y });
  return {
    coordinates: [index],
    variant: { reclaim: 'v6.1', 'photos.accounting': ACCOUNTINGS[index] },
    values: {},
    at: {},
    path: 'events',
    complete: true,
    time: end,
    counters: {},
    measures: {},
    objects: [
      {
        name: 'copier',
        accesses: 1000,
        hits: 0,
        misses: 1000,
        resident: 0,
        values: { throughput: [1.2e9, 160e6, 195e6][index] },
      },
    ],
    phases: [],
    series: [
      line('nr_dirty', dirty),
      line('nr_writeback_temp', temp),
      line('nr_free_pages', free),
      line('nr_dirty_threshold', limit),
    ],
    distributions: [],
    events: locks
      ? [
          {
            time: CYCLE.time,
            rule: 'lockup.memory',
            subject: 'photos',
            text: 'nobody can go on: photos.daemon waits …',
          },
        ]
      : [],
    spans: [],
    expectations: [{ text: 'no lockup', holds: !locks, left: locks ? 1 : 0, right: 0 }],
    ...(locks ? { cycles: [CYCLE] } : {}),
  };
}

export function fuseReport(): Report {
  const metric = (title: string, unit = 'pages', rest: { limit?: true } = {}) => ({ title, unit, doc: '', ...rest });
  return {
    version: 1,
    model: '0.1.0',
    plan: '5f0c61f0a2b8d1e4',
    seed: 1,
    title: 'The lock-up and its cures',
    partial: false,
    axes: [
      {
        kind: 'compare',
        name: 'photos.accounting',
        unit: '',
        values: ACCOUNTINGS.map((id) => ({ label: id, value: id })),
      },
    ],
    plots: [
      {
        metrics: ['nr_dirty_threshold', 'nr_dirty', 'nr_writeback_temp', 'nr_free_pages'].map((name) => ({ name })),
        over: 'time',
        as: 'area',
        text: 'nr_dirty_threshold, nr_dirty, nr_writeback_temp, nr_free_pages over time as area',
      },
      { metrics: [{ name: 'throughput', object: 'copier' }], over: 'variant', text: 'throughput of copier by variant' },
    ],
    points: ACCOUNTINGS.map((_, i) => point(i)),
    metrics: {
      nr_dirty: metric('Dirty'),
      nr_writeback_temp: metric('Temporary'),
      nr_free_pages: metric('Free'),
      nr_dirty_threshold: metric('Dirty threshold', 'pages', { limit: true }),
      throughput: metric('Throughput', 'bytes/s'),
    },
    variants: {},
    warnings: [],
  };
}
