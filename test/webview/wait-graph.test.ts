import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Report, WaitCycle } from '../../simulator/report.ts';
import { decodeReport, encodeReport } from '../../simulator/report-codec.ts';
import { reportToMarkdown } from '../../simulator/text/markdown.ts';
import { reportToText } from '../../simulator/text/terminal.ts';
import { cellWidth } from '../../simulator/text/columns.ts';
import { factsOf } from '../../simulator/view/facts.ts';
import { chartsOf } from '../../simulator/view/plots.ts';
import { chartSvg } from '../../simulator/view/svg.ts';
import { summaryOf, tableOf } from '../../simulator/view/tables.ts';
import { dimensionsOf } from '../../simulator/view/variants.ts';
import { withoutHidden, xKey } from '../../simulator/view/visible.ts';
import { graphPicture } from '../../simulator/view/wait-graph-picture.ts';
import { CYCLE, fuseReport } from './fuse-report.ts';

const report = fuseReport();
const charts = chartsOf(report);
const graph = charts.find((model) => model.kind === 'graph')!;

const withCycle = (cycle: WaitCycle): Report => ({
  ...report,
  points: [{ ...report.points[0], cycles: [cycle] }, ...report.points.slice(1)],
});

test('page states are stacked side by side, one panel a variant, all on one scale, with the limit as a line over them', () => {
  const panels = charts.filter((model) => model.kind === 'area');
  assert.deepEqual(
    panels.map((model) => model.title),
    ['none', 'count-temps', 'strict'].map((id) => `${id}: Dirty, Temporary, Free over time, against Dirty threshold`),
  );
  assert.equal(new Set(panels.map((model) => `${model.y.min} ${model.y.max} ${model.x.min} ${model.x.max}`)).size, 1);
  for (const panel of panels) {
    assert.deepEqual(
      panel.series.map((s) => [s.key, s.overlay ?? false]),
      [
        ['nr_dirty', false],
        ['nr_writeback_temp', false],
        ['nr_free_pages', false],
        ['nr_dirty_threshold', true],
      ],
    );
    // The stack is all of memory, at any time: the limit is no part of it.
    const parts = panel.series.filter((one) => !one.overlay);
    const sums = parts[0].x.map((_, i) => parts.reduce((sum, one) => sum + one.y[i], 0));
    for (const sum of sums) assert.ok(Math.abs(sum - 4_194_304) < 1);
  }
});

test('a stack that is small beside its siblings keeps their scale: that it is a sliver is the point', () => {
  const few = {
    ...report,
    plots: [{ ...report.plots[0], metrics: [{ name: 'nr_dirty' }, { name: 'nr_writeback_temp' }] }],
  };
  const tops = chartsOf(few)
    .filter((model) => model.kind === 'area')
    .map((model) => model.y.max);
  assert.equal(new Set(tops).size, 1);
});

test('the lock-up is an alarm on the time axis of the panel that it happened in, by its class', () => {
  const panels = charts.filter((model) => model.kind === 'area');
  assert.deepEqual(
    panels.map((model) => model.annotations.map((a) => [a.label, a.tone, a.at[0].x])),
    [[['locked up, D-A', 'alarm', 13e9]], [], []],
  );
});

test('who waits for whom is drawn behind the first picture over time, for the variant that locked up alone', () => {
  assert.deepEqual(
    charts.map((model) => model.kind),
    ['area', 'area', 'area', 'graph', 'bars'],
  );
  assert.equal(graph.title, 'none: locked up, class D-A (memory)');
  assert.equal(graph.graph!.cycle, 3);
  assert.match(graph.notes[0], /Nothing got done after 8\u202fs; noticed at 13\u202fs/);
  assert.equal(xKey(graph), null);
  assert.equal(new Set(charts.map((model) => model.id)).size, charts.length);
});

test('the sentence goes round the circle and says who waits outside of it', () => {
  assert.match(
    graph.sentence,
    /^Wait-for graph: none: locked up, class D-A \(memory\): photos\.daemon waits for a free page/,
  );
  assert.match(graph.sentence, /which is up to reclaim; reclaim waits for/);
  assert.match(graph.sentence, /Outside of the circle: copier waits for a free page, which is up to reclaim; flusher/);
});

test('the table says the same: who, for what, up to whom, what it has', () => {
  const { columns, rows } = tableOf(graph);
  assert.deepEqual(
    columns.map((c) => c.title),
    ['who', 'waits for', 'which is up to', 'has', 'in the circle'],
  );
  assert.deepEqual(rows[0], [
    'photos.daemon',
    'a free page for its backing write',
    'reclaim',
    '12 write requests',
    'yes',
  ]);
  assert.deepEqual(rows[3], ['copier', 'a free page', 'reclaim', '–', 'no']);
});

test('beside the title stands that and when it locked up', () => {
  const alarm = factsOf(report).find((fact) => fact.id === 'alarm');
  assert.equal(alarm?.text, 'locked up after 13\u202fs, class D-A (memory) at 1 of 3 points');
  assert.equal(alarm.warn, true);
});

test('terminal and Markdown tell the circle too', () => {
  const text = reportToText(report, { width: 80 });
  const at = text.split('\n').findIndex((line) => line.startsWith('┌─▶ photos.daemon'));
  assert.ok(at > 0, text);
  assert.match(text, /└─┘ waits for the daemon to have written them/);
  assert.match(text, /▸ copier waits for a free page \(reclaim\)/);
  for (const line of text.split('\n')) assert.ok(cellWidth(line) <= 80, line);
  assert.match(reportToMarkdown(report), /\| photos.daemon \| a free page for its backing write \| reclaim \|/);
});

test('bytes of a report keep its circles', () => {
  assert.deepEqual(decodeReport(encodeReport(report)), report);
});

test('an exported graph is well-formed, and text in it stays text', () => {
  const hostile = withCycle({
    ...CYCLE,
    members: CYCLE.members.map((m) => ({ ...m, actor: `<b>${m.actor}</b> & "x"`, holds: ']]><script>' })),
  });
  for (const model of [...charts, ...chartsOf(hostile)]) {
    const svg = chartSvg(model);
    assert.doesNotMatch(svg, /NaN|undefined|<script|<b>/);
    assert.equal((svg.match(/<svg/g) ?? []).length, 1);
  }
});

test('hiding series of a stack leaves the graph as it is', () => {
  const left = withoutHidden(charts, new Set(['nr_dirty']));
  assert.deepEqual(
    left.find((model) => model.kind === 'graph'),
    graph,
  );
});

test('a graph of any size and any edges is laid out without overlap, all of it inside', () => {
  const word = fc.string({ minLength: 1, maxLength: 12 });
  const text = fc.array(word, { minLength: 1, maxLength: 12 }).map((words) => words.join(' '));
  const member = fc.record({ actor: text, waitsFor: text, holds: fc.oneof(fc.constant(''), text), on: fc.integer() });
  fc.assert(
    fc.property(fc.array(member, { minLength: 1, maxLength: 9 }), fc.integer({ min: 200, max: 900 }), (list, width) => {
      const members = list.map((m) => ({ ...m, kind: 'process' as const }));
      const model = chartsOf(withCycle({ ...CYCLE, members })).find((m) => m.kind === 'graph')!;
      const { shapes, height } = graphPicture(model.graph!, width);
      const boxes = shapes.filter((s) => s.kind === 'box');
      assert.equal(boxes.length, members.length);
      boxes.forEach((b, i) => {
        assert.ok(b.y >= 0 && b.y + b.h <= height && b.x >= 0 && b.x + b.w <= width);
        if (i > 0) assert.ok(b.y >= boxes[i - 1].y + boxes[i - 1].h);
      });
      for (const s of shapes)
        if (s.kind === 'arrow') for (const [x, y] of s.points) assert.ok(x >= 0 && x <= width && y >= 0 && y <= height);
      assert.doesNotMatch(chartSvg(model), /NaN|undefined/);
      reportToText(withCycle({ ...CYCLE, members }), { width: 60 });
    }),
    { numRuns: 60 },
  );
});

test('ways of counting have their own story in the legend, not that of reclaim, which all have in common', () => {
  const info = (title: string) => ({ title, summary: `${title}.`, standing: 'published', year: 2013 }) as const;
  const told: Report = {
    ...report,
    variants: { 'v6.1': info('Two lists'), 'accounting:strict': info('Strict limit') },
  };
  assert.deepEqual(
    dimensionsOf(told).variants.map((v) => v.info?.title),
    [undefined, undefined, 'Strict limit'],
  );
});

test('the summary of a run without hits tells of writing: throughput, time throttled, temporary pages at most', () => {
  const writing: Report = {
    ...report,
    points: report.points.map((point) => ({
      ...point,
      counters: { 'throttle-time': 5e9 },
      measures: { 'hit-ratio': 0, throughput: 160e6, 'most-temporary': 4_000_000 },
    })),
  };
  const { columns, rows } = summaryOf(writing);
  assert.deepEqual(
    columns.map((c) => c.title),
    ['photos.accounting', 'throughput', 'throttled', 'most temporary', 'simulated time'],
  );
  assert.deepEqual(rows[0], ['none', 160e6, 5e9, 4_000_000, 13e9]);
});

test('a bar of one object is its figure of the whole run, also where its course is drawn beside', () => {
  const t = Float64Array.of(0, 30e9, 60e9);
  const both: Report = {
    ...report,
    points: report.points.map((point) => ({
      ...point,
      series: [...point.series, { name: 'throughput of copier', unit: 'bytes/s', t, y: Float64Array.of(9, 9, 0) }],
    })),
  };
  const bars = chartsOf(both).find((model) => model.kind === 'bars')!;
  assert.deepEqual(
    bars.series.map((s) => s.y[0]),
    [1.2e9, 160e6, 195e6],
  );
});
