import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashPlan } from '../../simulator/plan-hash.ts';
import type { ExpectSpec, Plan } from '../../simulator/plan.ts';
import { decodeReport, encodeReport, hashReport, reportToJson } from '../../simulator/report-codec.ts';
import { createSimulation, mergeReports, PlanError } from '../../simulator/simulate.ts';
import * as make from './plans.ts';
import { run, runPoint } from './runs.ts';

const M = 4096;

/** The workload shift of 2013, small: A is hot, then B. */
const shift: make.World = {
  memoryPages: M,
  objects: [make.file('A', 0.75 * M), make.file('B', 0.75 * M)],
  processes: [
    make.process('job', [
      make.phase('A is hot', [make.passes(0, 4, { pages: 0.75 * M })]),
      make.phase('B is hot', [make.passes(1, 10, { pages: 0.75 * M })]),
    ]),
  ],
};

const shiftPlan = (rest: Partial<Plan> = {}): Plan => make.compare(shift, ['v6.1', 'lru', 'opt'], rest);

test('the same plan and seed give the same bytes, twice in one process', () => {
  const plan = shiftPlan();
  assert.deepEqual(encodeReport(run(plan)), encodeReport(run(plan)));
  assert.equal(hashReport(run(plan)), hashReport(run(plan)));
});

test('another seed gives other draws, the same seed the same ones for every variant', () => {
  const uniform: make.World = {
    memoryPages: M,
    objects: [make.file('f', 2 * M)],
    processes: [
      make.process('p', [make.phase('', [make.times(0, 20_000, { pages: 2 * M, pattern: { kind: 'uniform' } })])]),
    ],
  };
  const misses = (seed: number) => runPoint(make.plan(uniform, { seed })).measures['misses'];
  assert.notEqual(misses(1), misses(2));
  const [a, b] = run(make.compare(uniform, ['lru', 'lru'])).points;
  assert.equal(a.measures['misses'], b.measures['misses']);
});

test('reports survive the way through bytes: columns, infinities and all', () => {
  const report = run(shiftPlan({ plots: [{ metrics: [{ name: 'nr_active_file' }], over: 'time', text: 'plot' }] }));
  const decoded = decodeReport(encodeReport(report));
  assert.deepEqual(decoded, report);
  assert.ok(decoded.points[0].series[0].t instanceof Float64Array);
  // From the middle of a larger buffer, where columns are not aligned.
  const bytes = encodeReport(report);
  const larger = new Uint8Array(bytes.length + 3);
  larger.set(bytes, 3);
  assert.deepEqual(decodeReport(larger.subarray(3)), report);
});

test('bytes that are no report, cut off or of the future are refused with the reason', () => {
  const bytes = encodeReport(run(make.plan(shift)));
  assert.throws(() => decodeReport(new Uint8Array(4)), /not a report/);
  assert.throws(() => decodeReport(bytes.subarray(0, bytes.length - 8)), /cut off/);
  assert.throws(() => decodeReport(bytes.subarray(0, 40)), /cut off/);
  const future = bytes.slice();
  future[4] = 99;
  assert.throws(() => decodeReport(future), /version 99/);
});

test('shards of a plan put together are the report of the whole', () => {
  const plan = shiftPlan();
  const shard = (points: number[]) => run(plan, (p) => createSimulation(p, { points }));
  const [first, second] = [shard([2, 0]), shard([1])];
  assert.equal(first.partial, true);
  assert.deepEqual(encodeReport(mergeReports(plan, [second, first])), encodeReport(run(plan)));
  assert.equal(mergeReports(plan, [second]).partial, true);
});

test('stopped early, a report is partial and says what is known; its counts are those of the accesses done', () => {
  const simulation = createSimulation(shiftPlan());
  while (simulation.report().points.length === 0) simulation.advance(1);
  simulation.advance(1);
  const report = simulation.report();
  assert.equal(report.partial, true);
  const [point] = report.points;
  assert.equal(point.complete, false);
  assert.ok(point.measures['accesses'] > 0);
  assert.equal(point.phases[0].accesses, point.measures['accesses']);
  assert.ok(point.phases[0].accesses < 3 * M);
});

test('phases have one entry for each whole pass, else ten slices', () => {
  const [point] = run(make.plan(shift)).points;
  assert.deepEqual(
    point.phases.map(({ name, passes }) => [name, passes.length]),
    [
      ['A is hot', 4],
      ['B is hot', 10],
    ],
  );
  assert.deepEqual(
    point.phases[0].passes.map(({ hits }) => hits),
    [0, 3072, 3072, 3072],
  );
  const slices = runPoint(
    make.plan({
      ...shift,
      processes: [make.process('p', [make.phase('', [make.times(0, 1003, { pages: 100 })])])],
    }),
  ).phases[0].passes;
  assert.equal(slices.length, 10);
  assert.equal(
    slices.reduce((n, slice) => n + slice.accesses, 0),
    1003,
  );
  assert.ok(slices.every(({ accesses }) => accesses === 100 || accesses === 101));
});

test('ten thousand passes are shown in groups, and the report says so', () => {
  const report = run(
    make.plan({
      ...shift,
      processes: [make.process('p', [make.phase('round', [make.passes(0, 10_000, { pages: 3 })])])],
    }),
  );
  const { passes } = report.points[0].phases[0];
  assert.ok(passes.length <= 4096);
  assert.equal(
    passes.reduce((n, pass) => n + pass.accesses, 0),
    30_000,
  );
  assert.match(report.warnings.join(), /groups of 4/);
});

test('a short run has at least 200 samples, a long one at most 4 000', () => {
  for (const [count, least] of [
    [1000, 200],
    [3_000_000, 200],
  ]) {
    const point = runPoint(
      make.plan({
        ...shift,
        processes: [make.process('p', [make.phase('', [make.times(0, count, { pages: 3000 })])])],
      }),
    );
    const free = point.series.find(({ name }) => name === 'nr_free_pages');
    assert.ok(free && free.t.length >= least && free.t.length <= 4000, `${free?.t.length} samples of ${count}`);
    assert.equal(free.t[0], 0);
    assert.equal(free.t.at(-1), point.time);
  }
});

test('what is plotted never changes what happens', () => {
  const plain = run(shiftPlan()).points;
  const plotted = run(
    shiftPlan({
      plots: [
        {
          metrics: [{ name: 'refault-rate' }, { name: 'pgscan_kswapd' }, { name: 'active-share' }],
          over: 'time',
          text: '',
        },
        { metrics: [{ name: 'workingset_refault_file' }, { name: 'nr_active_file' }], over: 'pass', text: '' },
        { metrics: [{ name: 'hit-ratio', object: 'B' }], text: '' },
      ],
    }),
  ).points;
  plain.forEach((point, i) => {
    assert.deepEqual(plotted[i].counters, point.counters);
    assert.equal(plotted[i].time, point.time);
  });
  const [point] = plotted;
  for (const name of ['refault-rate', 'pgscan_kswapd', 'active-share', 'hit-ratio', 'nr_active_file'])
    assert.ok(
      point.series.some((series) => series.name === name && series.t.length > 10),
      name,
    );
  const passes = point.phases[1].passes;
  assert.equal(
    passes.reduce((n, pass) => n + (pass.values?.['workingset_refault_file'] ?? NaN), 0),
    point.phases[1].counters['workingset_refault_file'],
  );
  assert.equal(passes.at(-1)?.values?.['nr_active_file'], point.phases[1].gauges?.['nr_active_file']);
  const b = point.objects?.find(({ name }) => name === 'B');
  assert.equal(b?.accesses, 10 * 3072);
  assert.equal(b?.misses, point.phases[1].misses);
});

test('accesses of a mixture are counted for the object they went to, on both speeds', () => {
  const world: make.World = {
    memoryPages: M,
    objects: [make.file('a', 3000), make.file('b', 3000)],
    processes: [
      make.process('p', [
        make.phase('', [
          {
            kind: 'mix',
            amount: { kind: 'accesses', count: 20_000 },
            parts: [
              { weight: 1, access: make.times(0, 1, { pages: 3000, pattern: { kind: 'uniform' } }) },
              { weight: 1, access: make.times(1, 1, { pages: 3000, pattern: { kind: 'stream' } }) },
            ],
          },
        ]),
      ]),
    ],
  };
  const ask: Partial<Plan> = { plots: [{ metrics: [{ name: 'hit-ratio', object: 'a' }], text: '' }] };
  const blocks = runPoint(make.plan(world, ask));
  const events = runPoint(make.plan({ ...world, duration: 100_000_000_000 }, ask));
  assert.equal(blocks.path, 'blocks');
  assert.equal(events.path, 'events');
  assert.deepEqual(blocks.objects, events.objects);
  const [a, b] = blocks.objects ?? [];
  assert.equal(a.accesses + b.accesses, 20_000);
  assert.equal(a.misses + b.misses, blocks.measures['misses']);
});

const expects = (...specs: (Partial<ExpectSpec> & Pick<ExpectSpec, 'condition'>)[]): ExpectSpec[] =>
  specs.map((spec) => ({ text: 'expect', variants: [], where: [], ...spec }));

test('expectations are judged where they apply, with both sides', () => {
  const metric = (name: string, phase?: string) =>
    ({ kind: 'metric', metric: { name, ...(phase !== undefined ? { phase } : {}) } }) as const;
  const report = run(
    shiftPlan({
      expects: expects(
        {
          condition: {
            kind: 'compare',
            op: '>=',
            left: metric('adaptation-passes', 'A is hot'),
            right: { kind: 'number', value: 2 },
          },
        },
        {
          variants: ['opt', 'lru'],
          condition: {
            kind: 'compare',
            op: '==',
            left: metric('misses', 'B is hot'),
            right: { kind: 'number', value: 3072 },
          },
        },
        { condition: { kind: 'event', event: 'oom', absent: true } },
        { variants: ['lru'], condition: { kind: 'event', event: 'phase.start', absent: true } },
        { variants: ['lru'], condition: { kind: 'event', event: 'phase', absent: false, before: 1 } },
      ),
    }),
  );
  const [v61, lru, opt] = report.points.map((point) => point.expectations);
  assert.deepEqual(
    v61.map(({ holds, left, right }) => [holds, left, right]),
    [
      [true, 2, 2],
      [true, 0, 0],
    ],
  );
  assert.deepEqual(
    lru.map(({ holds, left, right, violated }) => [holds, left, right, violated]),
    [
      [true, 2, 2, undefined],
      [true, 3072, 3072, undefined],
      [true, 0, 0, undefined],
      [false, 2, 0, 0],
      [true, 1, 1, undefined],
    ],
  );
  assert.equal(opt.length, 3);
});

test('an expectation with a condition on an axis holds only for points that satisfy it', () => {
  const points = [1000, 2000, 3000];
  const plan = make.plan(shift, {
    axes: [
      { kind: 'sweep', name: 'memory', unit: 'pages', values: points.map((n) => ({ label: String(n), value: n })) },
    ],
    points: points.map((memoryPages, i) => ({ coordinates: [i], scenario: make.scenario({ ...shift, memoryPages }) })),
    expects: expects({
      where: [{ axis: 'memory', op: '>=', value: 2000 }],
      condition: {
        kind: 'compare',
        op: '>',
        left: { kind: 'metric', metric: { name: 'hits' } },
        right: { kind: 'number', value: -1 },
      },
    }),
  });
  assert.deepEqual(
    run(plan).points.map((point) => [point.at['memory'], point.expectations.length]),
    [
      [1000, 0],
      [2000, 1],
      [3000, 1],
    ],
  );
});

test('an unknown metric in an expectation fails it without a number, and the report warns', () => {
  const report = run(
    make.plan(shift, {
      expects: expects({
        condition: {
          kind: 'compare',
          op: '<',
          left: { kind: 'metric', metric: { name: 'no-such' } },
          right: { kind: 'number', value: 1 },
        },
      }),
    }),
  );
  assert.deepEqual(report.points[0].expectations, [{ text: 'expect', holds: false, left: null, right: 1 }]);
  assert.match(report.warnings.join(), /no metric is called 'no-such'/);
});

test('a phase that never adapts says so with infinity, null in JSON', () => {
  const plan = make.plan({
    ...shift,
    memoryPages: 1000,
    processes: [make.process('p', [make.phase('loop', [make.passes(0, 3, { pages: 1100 })])])],
  });
  const report = run(plan);
  assert.equal(report.points[0].measures['adaptation-passes'], Infinity);
  assert.equal(decodeReport(encodeReport(report)).points[0].measures['adaptation-passes'], Infinity);
  assert.match(JSON.stringify(reportToJson(report)), /"adaptation-passes":null/);
});

test('JSON has the documented shape', () => {
  const json = reportToJson(run(shiftPlan()));
  assert.deepEqual(Object.keys(json), ['refault', 'plan', 'report', 'partial', 'runs', 'warnings']);
  const [first] = json.runs as { title: string; points: Record<string, unknown>[] }[];
  assert.equal(first.title, 'test');
  assert.deepEqual(first.points[0]['variant'], { reclaim: 'v6.1' });
  for (const key of ['at', 'counters', 'measures', 'phases', 'series', 'events', 'spans', 'expectations'])
    assert.ok(key in first.points[0], key);
  assert.doesNotThrow(() => JSON.stringify(json));
});

test('a plan’s hash ignores where its text stands, and nothing else', () => {
  const plan = shiftPlan();
  const span = { uri: 'a', line: 1, column: 2, endLine: 3, endColumn: 4 };
  assert.equal(hashPlan({ ...plan, source: span }), hashPlan(plan));
  assert.equal(hashPlan(JSON.parse(JSON.stringify(plan)) as Plan), hashPlan(plan));
  assert.notEqual(hashPlan({ ...plan, seed: 2 }), hashPlan(plan));
  assert.notEqual(hashPlan({ ...plan, title: 'tést' }), hashPlan(plan));
  assert.match(hashPlan(plan), /^[0-9a-f]{64}$/);
});

test('a trace is replayed word by word; without a declared object it gets one that fits', () => {
  const words = Uint32Array.from([5, 5, 9, (2 << 30) >>> 0, 5, ((2 << 30) >>> 0) + 3]);
  const plan: Plan = {
    ...make.plan({
      memoryPages: 1000,
      reclaim: 'v6.1',
      objects: [make.file('other', 7)],
      processes: [make.process('p', [make.phase('', [{ kind: 'replay', trace: 0 }])])],
    }),
    traces: [{ name: 'oltp', path: 'oltp.u32', format: 'u32ops', values: {} }],
    plots: [{ metrics: [{ name: 'hits', object: 'oltp' }], text: '' }],
  };
  const [point] = run(plan, (p) => createSimulation(p, { traces: [words] })).points;
  assert.equal(point.measures['accesses'], 6);
  assert.equal(point.measures['misses'], 2);
  assert.deepEqual(
    point.objects?.map(({ name, accesses, misses }) => [name, accesses, misses]),
    [
      ['other', 0, 0],
      ['oltp', 4, 2],
      ['oltp', 2, 0],
    ],
  );
  assert.throws(() => createSimulation(plan), PlanError);
});
