import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { PlotSpec } from '../../simulator/plan.ts';
import { DARK } from '../../simulator/view/palette.ts';
import { chartsOf } from '../../simulator/view/plots.ts';
import { chartSvg } from '../../simulator/view/svg.ts';
import { zoomed } from '../../simulator/view/visible.ts';
import { shiftReport, SHIFT_PLOTS, VARIANTS } from './fixtures.ts';

const EVERY_KIND: readonly PlotSpec[] = [
  ...SHIFT_PLOTS,
  { metrics: [{ name: 'misses' }], over: 'variant', text: '' },
  { metrics: [{ name: 'misses' }], over: 'phase', text: '' },
  { metrics: [{ name: 'refault-distance' }], as: 'distribution', text: '' },
  { metrics: [{ name: 'nr_active_file' }, { name: 'nr_inactive_file' }], as: 'area', over: 'time', text: '' },
  { metrics: [{ name: 'hit-ratio' }], as: 'heatmap', text: '' },
  { metrics: [], as: 'timeline', text: '' },
];

/** Tags balance, attributes are quoted, no stray characters: enough of XML for what we write. */
function assertWellFormed(xml: string): void {
  const open: string[] = [];
  const rest = xml.replace(
    /<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?)>/g,
    (_, close: string, name: string, _a, self: string) => {
      if (close) assert.equal(open.pop(), name);
      else if (!self) open.push(name);
      return '';
    },
  );
  assert.deepEqual(open, []);
  assert.doesNotMatch(rest, /[<>]/);
  assert.doesNotMatch(rest, /&(?!amp;|lt;|gt;|quot;|#39;)/);
  assert.doesNotMatch(xml, /NaN|Infinity|undefined/);
}

test('every kind of chart becomes well-formed SVG that names its series', () => {
  const report = shiftReport({ plots: EVERY_KIND, oom: true, title: 'a < b & "c"' });
  for (const model of chartsOf(report)) {
    const svg = chartSvg(model, { palette: DARK });
    assertWellFormed(svg);
    assert.ok(svg.includes(`<title>${model.title}</title>`) || /[“&<]/.test(model.title), model.title);
    if (model.series.length > 1) for (const s of model.series) assert.ok(svg.includes(`>${s.label}</text>`), s.label);
  }
});

test('hostile names stay text', () => {
  const report = shiftReport({ sizes: [64], plots: [SHIFT_PLOTS[0]] });
  const evil = {
    ...report,
    metrics: { ...report.metrics, 'hit-ratio': { title: '<script>"&\u0001', unit: 'ratio', doc: '' } },
  };
  const svg = chartSvg(chartsOf(evil)[0]);
  assertWellFormed(svg);
  assert.ok(!svg.includes('<script'));
});

test('lines are drawn in proportion: equal steps of data are equal steps of the path', () => {
  const report = shiftReport({ sizes: [64], variants: ['classic'], passes: [1, 9], plots: [SHIFT_PLOTS[0]] });
  const [model] = chartsOf(report);
  const path = /<path d="(M[^"]+)" fill="none"/.exec(chartSvg(model))![1];
  const points = path
    .split(/[ML]/)
    .slice(1)
    .map((p) => p.split(' ').map(Number));
  assert.equal(points.length, 10);
  const step = points[1][0] - points[0][0];
  for (let i = 2; i < 10; i++) assert.ok(Math.abs(points[i][0] - points[i - 1][0] - step) < 0.2);
  const y = model.series[0].y;
  const perUnit = (points[9][1] - points[1][1]) / (y[9] - y[1]);
  for (let i = 2; i < 9; i++) assert.ok(Math.abs(points[i][1] - points[1][1] - perUnit * (y[i] - y[1])) < 0.2);
});

test('a zoomed chart is exported as seen: other ticks, clipped lines', () => {
  const [model] = chartsOf(shiftReport({ sizes: [64], plots: [SHIFT_PLOTS[0]] }));
  const svg = chartSvg(zoomed(model, [10, 20]));
  assert.ok(svg.includes('>15</text>') || svg.includes('>14</text>'));
  assert.ok(!svg.includes('>30</text>'));
  assert.ok(svg.includes('clip-path="url(#plot)"'));
});

test('the same variant has the same stroke in two charts', () => {
  const report = shiftReport({ plots: SHIFT_PLOTS });
  const strokes = chartsOf(report).map((model) => {
    const svg = chartSvg(model);
    return [
      ...svg.matchAll(/fill="none" stroke="(#\w+)" stroke-width="1.8"[^>]*?(?: stroke-dasharray="([^"]+)")?\/>/g),
    ].map((m) => `${m[1]} ${m[2]}`);
  });
  assert.equal(strokes[0].length, Object.keys(VARIANTS).length);
  for (const other of strokes) assert.deepEqual(other, strokes[0]);
});
