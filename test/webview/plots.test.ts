import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Report } from '../../simulator/report.ts';
import { reportToMarkdown } from '../../simulator/text/markdown.ts';
import { reportToText } from '../../simulator/text/terminal.ts';
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { styleOf } from '../../simulator/view/chart-model.ts';
import { canShowWork, chartsOf, plotsOf, prefersWork } from '../../simulator/view/plots.ts';
import { dimensionsOf } from '../../simulator/view/variants.ts';
import { chartSvg } from '../../simulator/view/svg.ts';
import { shownTable } from '../../simulator/view/tables.ts';
import { withoutHidden, xKey } from '../../simulator/view/visible.ts';
import { workAt } from '../../simulator/view/work.ts';
import { SHIFT_PLOTS, shiftReport, VARIANTS } from './fixtures.ts';

const only = (report: Report): ChartModel => {
  const charts = chartsOf(report);
  assert.equal(charts.length, 1);
  return charts[0];
};

const series = (model: ChartModel, key: string) => {
  const found = model.series.find((s) => s.key === key);
  assert.ok(found, `${key} is drawn`);
  return found;
};

test('hit ratio by pass counts passes on across phases and marks where each phase starts', () => {
  const report = shiftReport({
    plots: [{ metrics: [{ name: 'hit-ratio' }], over: 'pass', text: 'hit-ratio by pass' }],
    sizes: [64],
  });
  const model = only(report);
  const passes = report.points[2].phases.flatMap((phase) => phase.passes);
  const drawn = series(model, 'v3.15');
  assert.deepEqual(
    [...drawn.y],
    passes.map((p) => p.hits / p.accesses),
  );
  assert.deepEqual(
    [...drawn.x],
    [...Array(34).keys()].map((i) => i + 1),
  );
  assert.deepEqual(
    model.annotations.map((a) => [a.label, new Set(a.at.map((place) => place.x))]),
    [
      ['A is hot', new Set([0.5])],
      ['B is hot', new Set([4.5])],
    ],
  );
  assert.equal(model.y.max, 1);
  assert.match(
    model.sentence,
    /^Line chart: Hit ratio by pass, 7 series, highest at the end .* with 100\u202f%, lowest classic/,
  );
});

test('processes with passes of their own get a panel each', () => {
  const report = shiftReport({ sizes: [64], plots: [{ metrics: [{ name: 'misses' }], over: 'pass', text: '' }] });
  const twice = {
    ...report,
    points: report.points.map((point) => ({
      ...point,
      phases: [...point.phases, ...point.phases.map((phase) => ({ ...phase, process: 'other' }))],
    })),
  };
  assert.deepEqual(
    chartsOf(twice).map((model) => model.title),
    ['job: Misses by pass', 'other: Misses by pass'],
  );
});

test('gauges over time make one panel a metric, one line a variant, on one scale when alike', () => {
  const report = shiftReport({
    plots: [{ metrics: [{ name: 'nr_active_file' }, { name: 'nr_inactive_file' }], over: 'time', text: '' }],
  });
  const [active, inactive] = chartsOf(report, { 'server.memory': 3 });
  assert.equal(active.series.length, Object.keys(VARIANTS).length);
  const point = report.points.find(
    (p) => p.variant['reclaim'] === 'v6.1' && p.at['server.memory'] === 80 * 1024 * 1024,
  )!;
  assert.equal(series(active, 'v6.1').y, point.series[0].y);
  assert.equal(series(inactive, 'v6.1').x, point.series[1].t);
  assert.equal(active.y.max, inactive.y.max);
  assert.equal(active.subtitle, 'server.memory 80 MiB');
  assert.equal(xKey(active), xKey(inactive));
  assert.equal(active.x.min, 0);
  assert.equal(active.x.max, Math.max(...report.points.filter((p) => p.coordinates[1] === 3).map((p) => p.time)));
});

test('a metric that was not sampled says so instead of drawing nothing in silence', () => {
  const model = only(
    shiftReport({ sizes: [64], plots: [{ metrics: [{ name: 'nr_dirty' }], over: 'time', text: '' }] }),
  );
  assert.deepEqual(model.notes, ['nr_dirty was not sampled over time.']);
  const bars = only(shiftReport({ sizes: [64], plots: [{ metrics: [{ name: 'nonsense' }], text: '' }] }));
  assert.deepEqual(bars.notes, ['The report has no value of nonsense.']);
  assert.match(bars.sentence, /no data/);
});

test('without "over", a plot runs along the sweep, and a phase restricts the figure', () => {
  const report = shiftReport();
  const model = chartsOf(report)[3];
  assert.equal(model.title, 'File refaults in “B is hot” by server.memory');
  const classic = series(model, 'classic');
  assert.deepEqual(
    [...classic.x],
    [56, 64, 72, 80].map((m) => m * 1024 * 1024),
  );
  assert.deepEqual(
    [...classic.y],
    report.points
      .filter((p) => p.variant['reclaim'] === 'classic')
      .map((p) => p.phases[1].counters['workingset_refault_file']),
  );
  assert.deepEqual(model.x.ticks, [...classic.x]);
  assert.deepEqual(model.picks, []);
});

test('a missing point is a gap, not a zero', () => {
  const report = shiftReport({ variants: ['classic', 'lru'] });
  const partial = { ...report, points: report.points.filter((p) => !(p.coordinates[0] === 1 && p.coordinates[1] > 1)) };
  const lru = series(chartsOf(partial)[3], 'lru');
  assert.deepEqual([...lru.y].map(Number.isNaN), [false, false, true, true]);
});

test('without a sweep, a plot compares variants in bars, one category each', () => {
  const model = only(shiftReport({ sizes: [64], plots: [{ metrics: [{ name: 'misses' }], text: 'misses' }] }));
  assert.equal(model.kind, 'bars');
  assert.deepEqual(model.x.labels, Object.keys(VARIANTS));
  assert.deepEqual(
    model.series.map((s) => [...s.x]),
    Object.keys(VARIANTS).map((_, i) => [i]),
  );
  assert.equal(model.y.min, 0);
});

test('stacked areas put all metrics of a point on common times without inventing values outside', () => {
  const report = shiftReport({
    sizes: [64],
    variants: ['v3.15', 'lru'],
    plots: [
      { metrics: [{ name: 'nr_active_file' }, { name: 'nr_inactive_file' }], over: 'time', as: 'area', text: '' },
    ],
  });
  const shifted = {
    ...report,
    points: report.points.map((point) => ({
      ...point,
      series: point.series.map((s, i) => (i === 1 ? { ...s, t: s.t.map((t) => t + 1000) } : s)),
    })),
  };
  const charts = chartsOf(shifted);
  assert.equal(charts.length, 2);
  const [first, second] = charts[0].series;
  assert.equal(first.x, second.x);
  assert.ok(first.x.every((t, i) => i === 0 || t > first.x[i - 1]));
  assert.ok(Number.isNaN(second.y[0]), 'before its first sample nothing is known');
  assert.equal(charts[0].x.max, charts[1].x.max);
});

test('phase starts that variants reach at different times keep every place', () => {
  const report = shiftReport({
    sizes: [64],
    plots: [{ metrics: [{ name: 'nr_active_file' }], over: 'time', text: '' }],
  });
  const late = {
    ...report,
    points: report.points.map((p, i) => ({
      ...p,
      phases: p.phases.map((phase) => (phase.start > 0 ? { ...phase, start: phase.start + i } : phase)),
    })),
  };
  const [annotation] = only(late).annotations;
  assert.equal(new Set(annotation.at.map((a) => a.x)).size, late.points.length);
});

test('an OOM kill is an alarm on the time axis; a flood of ordinary events is not drawn', () => {
  const report = shiftReport({
    sizes: [64],
    variants: ['v6.1'],
    oom: true,
    plots: [{ metrics: [{ name: 'nr_active_file' }], over: 'time', text: '' }],
  });
  const many = Array.from({ length: 100 }, (_, i) => ({
    time: i,
    rule: 'reclaim.refault',
    subject: `page ${i}`,
    text: 'x',
  }));
  const busy = { ...report, points: report.points.map((p) => ({ ...p, events: [...many, ...p.events] })) };
  assert.deepEqual(
    only(busy).annotations.map((a) => [a.tone, a.label]),
    [
      ['phase', 'B is hot'],
      ['alarm', 'OOM: hog'],
    ],
  );
});

test('a distribution is drawn from its buckets, even without being asked for as one', () => {
  const report = shiftReport({ sizes: [64], plots: [{ metrics: [{ name: 'refault-distance' }], text: '' }] });
  const model = only(report);
  assert.equal(model.kind, 'histogram');
  const d = report.points[0].distributions[0];
  assert.deepEqual([...model.series[0].x], [...d.edges.slice(0, -1)]);
  assert.deepEqual([...model.series[0].x2!], [...d.edges.slice(1)]);
  assert.deepEqual([...model.series[0].y], [...d.counts]);
});

test('a heat map has a row per variant and a column per swept value', () => {
  const report = shiftReport({ plots: [{ metrics: [{ name: 'hit-ratio' }], as: 'heatmap', text: '' }] });
  const map = only(report).heatmap!;
  assert.deepEqual(map.columns, ['56 MiB', '64 MiB', '72 MiB', '80 MiB']);
  assert.deepEqual(map.rows, Object.keys(VARIANTS));
  const at = (row: number, column: number) => map.values[row * 4 + column];
  for (const p of report.points) assert.equal(at(p.coordinates[0], p.coordinates[1]), p.measures['hit-ratio']);
});

test('two compare axes multiply into variants named by both', () => {
  const base = shiftReport({ variants: ['classic', 'v6.1'], sizes: [64] });
  const report: Report = {
    ...base,
    axes: [
      base.axes[0],
      {
        kind: 'compare',
        name: 'swap',
        unit: '',
        values: [
          { label: 'none', value: 'none' },
          { label: 'zram', value: 'zram' },
        ],
      },
    ],
    points: base.points.flatMap((p) => [0, 1].map((s) => ({ ...p, coordinates: [...p.coordinates, s] }))),
    plots: [
      { metrics: [{ name: 'misses' }], over: 'variant', text: '' },
      { metrics: [{ name: 'misses' }], over: 'swap', text: '' },
    ],
  };
  const [all, bySwap] = chartsOf(report);
  assert.deepEqual(all.x.labels, ['classic · none', 'classic · zram', 'v6.1 · none', 'v6.1 · zram']);
  assert.deepEqual(bySwap.x.labels, ['none', 'zram']);
  assert.deepEqual(
    bySwap.series.map((s) => s.label),
    ['classic', 'v6.1'],
  );
});

test('variants keep colour, dash and marker in every chart, whatever order their points finished in', () => {
  const report = shiftReport();
  const shuffled = { ...report, points: [...report.points].reverse() };
  for (const model of chartsOf(shuffled)) {
    for (const s of model.series) {
      const alike = Object.keys(VARIANTS).filter(
        (id) => (VARIANTS[id].family === 'ruler') === (VARIANTS[s.key].family === 'ruler'),
      );
      const index = alike.indexOf(s.key);
      assert.deepEqual(s.style, styleOf(index, VARIANTS[s.key].family === 'ruler'), s.key);
    }
  }
});

test('thirty-five series differ in hue, dash or marker', () => {
  const looks = Array.from({ length: 35 }, (_, i) => JSON.stringify(styleOf(i)));
  assert.equal(new Set(looks).size, 35);
});

test('a parameterised variant finds the story of its id', () => {
  const base = shiftReport({ variants: ['refault-2013', 'lru'], sizes: [64] });
  const label = 'refault-2013 { ratio sqrt }';
  const report: Report = {
    ...base,
    axes: [{ ...base.axes[0], values: [{ label, value: label }, base.axes[0].values[1]] }],
  };
  assert.equal(dimensionsOf(report).variants[0].info?.year, 2013);
});

test('a run without plots still gets charts that suit what it holds', () => {
  assert.deepEqual(
    plotsOf(shiftReport({ plots: [] })).map((p) => p.text),
    ['hit-ratio by pass', 'hit-ratio', 'nr_active_file, nr_inactive_file over time'],
  );
  const single = shiftReport({ plots: [], variants: ['v6.1'], sizes: [64], passes: [1, 1] });
  assert.deepEqual(
    plotsOf(single).map((p) => p.text),
    ['nr_active_file, nr_inactive_file over time'],
  );
  assert.equal(chartsOf(single)[0].series.length, 2, 'one variant: both lists in one chart');
  const empty: Report = { ...single, points: [], axes: [] };
  assert.doesNotThrow(() => chartsOf(empty));
});

test('hiding a series refits the value axis of its chart and of its siblings', () => {
  const charts = chartsOf(shiftReport());
  const fewer = withoutHidden(charts, new Set(['classic']));
  assert.ok(fewer[3].y.max < charts[3].y.max);
  assert.ok(fewer.every((model) => model.series.every((s) => s.key !== 'classic')));
  assert.ok(fewer[0].annotations.every((a) => a.at.every((place) => place.series !== 'classic')));
  assert.match(fewer[3].sentence, /6 series/);
});

test('along accesses done, variants line up: same ends, phases at the same place, passes at whole multiples', () => {
  const report = shiftReport({
    sizes: [64],
    plots: [{ metrics: [{ name: 'nr_active_file' }], over: 'time', text: '' }],
  });
  assert.ok(canShowWork(report));
  const [model] = chartsOf(report, {}, { work: true });
  const pages = 48 * 256;
  for (const s of model.series) assert.equal(s.x[s.x.length - 1], 34 * pages, s.label);
  assert.deepEqual(new Set(model.annotations[0].at.map((place) => place.x)), new Set([4 * pages]));
  for (const point of report.points) {
    const ends = point.phases.flatMap((phase) => phase.passes.map((pass) => pass.end));
    assert.deepEqual(
      [...workAt(point, Float64Array.from(ends))],
      ends.map((_, i) => (i + 1) * pages),
    );
    const t = point.series[0].t;
    const work = workAt(point, t);
    for (let i = 1; i < t.length; i++) assert.ok(work[i] >= work[i - 1], 'work never goes back');
  }
  assert.equal(model.title, 'Active file pages by accesses done');
  assert.ok(!canShowWork(shiftReport({ plots: [SHIFT_PLOTS[0]] })), 'no chart over time, nothing to offer');
});

test('when one run lasts more than three times the median, static texts line up along accesses done', () => {
  const report = shiftReport({ sizes: [64] });
  assert.ok(prefersWork(report), 'classic takes 8 s, the median 2 s');
  assert.match(reportToText(report), /\nActive file pages by accesses done/);
  const even = shiftReport({ sizes: [64], variants: ['v3.15', 'v6.1', 'lru'] });
  assert.ok(!prefersWork(even));
  assert.match(reportToText(even), /\nActive file pages over time/);
});

test('figures of any size, infinities and NaN among them, never stop a picture', () => {
  const report = shiftReport({
    variants: ['classic', 'lru'],
    sizes: [56, 64],
    samples: 6,
    plots: [
      { metrics: [{ name: 'wild' }], text: '' },
      { metrics: [{ name: 'wild' }], over: 'variant', text: '' },
      { metrics: [{ name: 'wild' }], as: 'heatmap', text: '' },
      { metrics: [{ name: 'nr_active_file' }], over: 'time', text: '' },
    ],
  });
  fc.assert(
    fc.property(
      fc.array(fc.double(), { minLength: 6, maxLength: 6 }),
      fc.constantFrom('', 'ns', 'bytes', 'ratio', 'pages'),
      (values, unit) => {
        const wild: Report = {
          ...report,
          metrics: { ...report.metrics, wild: { title: 'Wild', unit, doc: '' } },
          points: report.points.map((point, i) => ({
            ...point,
            measures: { wild: values[i] },
            series: point.series.map((s) => ({ ...s, unit, y: Float64Array.from(values) })),
          })),
        };
        for (const model of chartsOf(wild)) {
          assert.ok(model.y.max > model.y.min, `${model.y.min} … ${model.y.max}`);
          chartSvg(model);
          shownTable(model);
        }
        reportToText(wild);
        reportToMarkdown(wild);
      },
    ),
    { numRuns: 300 },
  );
});

test('along a sweep, a single variant has its metrics of one unit in one chart: how they compare is the point', () => {
  const metrics = [{ name: 'misses' }, { name: 'hits' }];
  const one = shiftReport({ variants: ['v6.1'], plots: [{ metrics, text: 'misses, hits' }] });
  const model = only(one);
  assert.equal(model.title, 'Misses, Hits by server.memory');
  assert.deepEqual(
    model.series.map((s) => [s.key, s.x.length]),
    [
      ['misses', 4],
      ['hits', 4],
    ],
  );
  assert.equal(series(model, 'misses').y[0], one.points[0].counters['misses']);
  // Of two variants each metric has a chart of its own, with a line for each variant.
  assert.equal(chartsOf(shiftReport({ variants: ['v6.1', 'lru'], plots: [{ metrics, text: '' }] })).length, 2);
  assert.equal(
    chartsOf(shiftReport({ variants: ['v6.1'], plots: [{ metrics: [...metrics, { name: 'hit-ratio' }], text: '' }] }))
      .length,
    3,
  );
});
