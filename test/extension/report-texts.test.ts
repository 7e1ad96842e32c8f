import assert from 'node:assert/strict';
import { test } from 'node:test';
import { countersDocument } from '../../extension/run/counters-document.ts';
import {
  NotEnoughMemoryError,
  executePlan,
  sizeText,
  widthFor,
  type ExecuteServices,
} from '../../extension/run/execute-plan.ts';
import { fitReport, thin } from '../../extension/run/fit-report.ts';
import { expectationsOf, statusTexts, summarise } from '../../extension/run/summary.ts';
import { encodeReport } from '../../simulator/report-codec.ts';
import type { Report } from '../../simulator/report.ts';
import { emptyReport, planOf, pointReport } from './fixtures/reports.ts';

const axes: Report['axes'] = [
  {
    kind: 'compare',
    name: 'reclaim',
    unit: '',
    values: [
      { label: 'classic', value: 'classic' },
      { label: 'v6.1', value: 'v6.1' },
    ],
  },
];

const compared: Report = {
  ...emptyReport,
  axes,
  points: [
    pointReport({
      coordinates: [0],
      variant: { reclaim: 'classic' },
      measures: { 'hit-ratio': 0.25 },
      counters: { pgscan_file: 0, pgsteal_file: 12345, pgmajfault: 0 },
      time: 2e9,
      expectations: [
        { text: 'a', holds: true, left: 1, right: 1 },
        { text: 'b', holds: true, left: 1, right: 1 },
      ],
    }),
    pointReport({
      coordinates: [1],
      variant: { reclaim: 'v6.1' },
      measures: { 'hit-ratio': 0.875 },
      counters: { pgscan_file: 7, pgsteal_file: 0, pgmajfault: 0 },
      time: 1e9,
      expectations: [{ text: 'b', holds: false, left: 0, right: 1 }],
    }),
  ],
};

test('the status bar tells expectations, variants, hit ratios, simulated time, in this order', () => {
  const summary = summarise(compared, { hash: 'h', cached: false, elapsed: 1500 });
  assert.deepEqual(
    statusTexts([summary]).map(({ text }) => text),
    ['$(error) 1/2 expectations', '2 variants', 'hits 25.0 – 87.5 %', '2.0 s simulated'],
  );
});

test('variants are what was compared, also where all run the same reclaim', () => {
  const value = (label: string) => ({ label, value: label });
  const devices = {
    ...emptyReport,
    axes: [
      { kind: 'compare', name: 'gpu.policy', unit: '', values: ['migrate', 'remote'].map(value) },
      { kind: 'sweep', name: 'gpu.memory', unit: 'bytes', values: [value('1 GiB')] },
    ],
    points: [pointReport({ coordinates: [0, 0] }), pointReport({ coordinates: [1, 0] })],
  } as const;
  const { variants } = summarise(devices, { hash: 'h', cached: false, elapsed: 0 });
  assert.deepEqual(variants, ['migrate', 'remote']);
});

test('a cached and a partial result say so', () => {
  const summary = summarise({ ...compared, partial: true }, { hash: 'h', cached: true, elapsed: 0 });
  assert.deepEqual(
    statusTexts([summary])
      .map(({ text }) => text)
      .slice(-2),
    ['$(database) cached', '$(circle-slash) partial'],
  );
});

test('an expectation counts once and holds only if it held at every point', () => {
  assert.deepEqual(expectationsOf(compared), { held: 1, all: 2 });
});

test('counters are shown under their kernel names, aligned by variant; those that never moved only by name', () => {
  const text = countersDocument([compared]);
  assert.match(text, /^\| counter {8}\| classic \| v6\.1 \|$/m);
  assert.match(text, /^\| `pgsteal_file` \| {2}12,345 \| {4}0 \|$/m);
  assert.doesNotMatch(text, /^\| `pgmajfault`/m);
  assert.match(text, /^Zero throughout: `pgmajfault`\.$/m);
});

test('the counters of a single point are listed as in /proc/vmstat', () => {
  const text = countersDocument([{ ...compared, axes: [], points: [{ ...compared.points[0], coordinates: [] }] }]);
  assert.match(text, /^pgscan_file 0\npgsteal_file 12345|^pgsteal_file 12345\npgscan_file 0/m);
});

test('many points are shown eight to a table', () => {
  const points = Array.from({ length: 10 }, () => compared.points[0]);
  const text = countersDocument([{ ...compared, points }]);
  assert.equal(text.match(/^\| counter/gm)?.length, 2);
});

const ramp = (n: number, spike: number) => ({
  name: 'nr_active_file',
  unit: 'pages',
  t: Float64Array.from({ length: n }, (_, i) => i),
  y: Float64Array.from({ length: n }, (_, i) => (i === spike ? 1e6 : i % 7)),
});

test('thinning keeps ends, order and spikes', () => {
  const thinned = thin(ramp(10_000, 4321), 100);
  assert.ok(thinned.t.length <= 100);
  assert.equal(thinned.t[0], 0);
  assert.equal(thinned.t.at(-1), 9_999);
  assert.ok(thinned.y.includes(1e6));
  assert.deepEqual(thinned.t, Float64Array.from(thinned.t).sort());
});

test('a small report is sent as it is; a large one is thinned to the limit and says so', () => {
  assert.equal(fitReport(compared, encodeReport).report, compared);
  const large: Report = {
    ...emptyReport,
    plots: [{ metrics: [{ name: 'nr_active_file' }], over: 'time', text: 'nr_active_file over time' }],
    points: [pointReport({ series: [ramp(100_000, 5), { ...ramp(100_000, 5), name: 'nr_free_pages' }] })],
  };
  const { report, bytes } = fitReport(large, encodeReport, 64 * 1024);
  assert.ok(bytes.byteLength <= 64 * 1024);
  assert.deepEqual(
    report.points[0].series.map(({ name }) => name),
    ['nr_active_file', 'nr_free_pages'],
  );
  assert.ok(report.points[0].series[0].t.length > report.points[0].series[1].t.length);
  assert.match(report.warnings[0], /fewer samples/);
  assert.equal(large.warnings.length, 0);
});

test('memory decides how many workers run, and refuses with what is large', () => {
  const plan = planOf('x', 10);
  const estimate = { bytes: 2 ** 30, shared: 0, parts: [{ what: 'page states', bytes: 2 ** 30 }] };
  assert.equal(widthFor(estimate, plan, undefined), 10);
  assert.equal(widthFor(estimate, plan, 100 * 2 ** 30), 10);
  assert.equal(widthFor(estimate, plan, 4 * 2 ** 30), 3);
  // what all see counts once
  assert.equal(widthFor({ ...estimate, shared: 2 ** 29 }, plan, 4 * 2 ** 30), 5);
  assert.throws(
    () => widthFor(estimate, plan, 2 ** 30),
    (error) => {
      assert.ok(error instanceof NotEnoughMemoryError);
      assert.match(error.message, /about 1\.0 GiB \(page states 1\.0 GiB\), and 819 MiB are free/);
      return true;
    },
  );
});

test('sizes are said in binary units', () => {
  assert.deepEqual([0, 1023, 1024, 150 * 1024, 1.5 * 2 ** 30].map(sizeText), [
    '0 bytes',
    '1023 bytes',
    '1.0 KiB',
    '150 KiB',
    '1.5 GiB',
  ]);
});

/** Runs nothing: hands back the shards it was made with. */
function servicesWith(shards: readonly Report[], cancelled: boolean) {
  const kept = new Map<string, Report>();
  let runs = 0;
  const services: ExecuteServices = {
    pool: {
      run: (_plan, options) => {
        runs++;
        shards.forEach((_, i) => options?.onShard?.(shards.slice(0, i + 1)));
        return Promise.resolve({ shards, cancelled });
      },
    },
    cache: {
      get: (hash) => Promise.resolve(kept.get(hash)),
      put: (hash, report) => Promise.resolve(void kept.set(hash, report)),
      clear: () => Promise.resolve(),
    },
    engine: () =>
      Promise.resolve({
        estimateMemory: () => ({ bytes: 0, shared: 0, parts: [] }),
        mergeReports: (_plan, some) => ({ ...emptyReport, points: some.flatMap(({ points }) => points) }),
      }),
    freeMemory: () => undefined,
    now: () => 0,
  };
  return { services, kept, runs: () => runs };
}

const shard = (i: number): Report => ({ ...emptyReport, points: [pointReport({ coordinates: [i] })] });

test('a finished run is kept, and the same plan is then not run again', async () => {
  const { services, kept, runs } = servicesWith([shard(0), shard(1)], false);
  const plan = planOf('x', 2);
  const first = await executePlan({ plan, hash: 'h' }, services, { reuse: true });
  const second = await executePlan({ plan, hash: 'h' }, services, { reuse: true });
  assert.deepEqual([first.cached, second.cached, runs(), kept.size], [false, true, 1, 1]);
  assert.deepEqual(second.report?.points, first.report?.points);
  const third = await executePlan({ plan, hash: 'h' }, services, { reuse: false });
  assert.deepEqual([third.cached, runs()], [false, 2]);
});

test('while points are missing the report is handed on as partial, and never kept so', async () => {
  const { services, kept } = servicesWith([shard(0), shard(1)], true);
  const partial: boolean[] = [];
  const outcome = await executePlan({ plan: planOf('x', 3), hash: 'h' }, services, {
    reuse: true,
    onPartial: (report) => partial.push(report().partial),
  });
  assert.deepEqual(partial, [true, true]);
  assert.equal(outcome.report?.partial, true);
  assert.equal(kept.size, 0);
});

test('a restored result points at the statements of the text at hand', async () => {
  const plan = {
    ...planOf('x'),
    expects: [
      {
        text: 'a',
        variants: [],
        where: [],
        condition: { kind: 'event', event: 'oom', absent: true } as const,
        source: { uri: 'new', line: 9, column: 0, endLine: 9, endColumn: 1 },
      },
    ],
  };
  const old: Report = {
    ...emptyReport,
    plan: 'h',
    points: [
      pointReport({
        expectations: [
          {
            text: 'a',
            holds: true,
            left: null,
            right: null,
            source: { uri: 'old', line: 1, column: 0, endLine: 1, endColumn: 1 },
          },
        ],
      }),
    ],
  };
  const { services, kept } = servicesWith([], false);
  kept.set('h', old);
  const { report } = await executePlan({ plan, hash: 'h' }, services, { reuse: true });
  assert.equal(report?.points[0].expectations[0].source?.uri, 'new');
});
