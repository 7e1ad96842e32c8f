import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeReport, encodeReport } from '../../simulator/report-codec.ts';
import { reportToMarkdown } from '../../simulator/text/markdown.ts';
import { reportToText } from '../../simulator/text/terminal.ts';
import { factsOf } from '../../simulator/view/facts.ts';
import { flowPicture } from '../../simulator/view/flow-picture.ts';
import { flowModel } from '../../simulator/view/placement.ts';
import { chartsOf } from '../../simulator/view/plots.ts';
import { chartSvg } from '../../simulator/view/svg.ts';
import { csvOf, tableOf } from '../../simulator/view/tables.ts';
import { shiftReport } from './fixtures.ts';
import { numa, PLACEMENT_PLOTS, placementReport } from './placement-fixture.ts';

const charts = () => chartsOf(placementReport());

test('plot placement by node: a heat map, what moved, why pages are here, numastat, and bars for a plain counter', () => {
  assert.deepEqual(
    charts().map((c) => [c.kind, c.title]),
    [
      ['heatmap', 'Pages of heap, scratch by node'],
      ['flow', 'Pages that moved between nodes'],
      ['table', 'Why here? Pages by the rule that placed them'],
      ['table', 'numastat'],
      ['bars', 'Misses of nodes by node'],
    ],
  );
  assert.equal(new Set(charts().map((c) => c.id)).size, 5, 'each has an id of its own');
});

test('the heat map holds the last sample at or before each column, and no value where a node is offline', () => {
  const [{ heatmap }] = charts();
  assert.ok(heatmap);
  const cell = (row: string, column: string) =>
    heatmap.values[heatmap.rows.indexOf(row) * heatmap.columns.length + heatmap.columns.indexOf(column)];
  assert.equal(heatmap.rows.length, 8);
  assert.equal(cell('heap · node 3', '1.5\u202fs'), 128);
  assert.equal(cell('heap · node 3', '2\u202fs'), 64);
  assert.equal(cell('heap · node 3', '6\u202fs'), 192);
  assert.equal(cell('heap · node 2', '3.5\u202fs'), 128);
  assert.ok(Number.isNaN(cell('heap · node 2', '4\u202fs')), 'offline, not merely empty');
  assert.equal(cell('heap · node 0', '6\u202fs'), 0);
  assert.equal(cell('scratch · node 2', '4\u202fs'), 300, 'a page that could not leave is still there');
});

test('what was done to nodes and cpusets is said beside the heat map, with its time', () => {
  assert.match(charts()[0].notes.join(' '), /2\u202fs: jail\.mems = 1-2; 4\u202fs: node 2 went offline/);
});

test('pages that moved add up by where from and where to, and the table has each of them with its rule', () => {
  const [, flow] = charts();
  assert.deepEqual(
    flow.flow!.flows.map((f) => [f.from, f.to, f.pages]),
    [
      ['node 2', 'node 3', 428],
      ['node 3', 'node 1', 64],
    ],
  );
  assert.equal(
    numa.migrations.reduce((n, m) => n + m.pages, 0),
    flow.flow!.flows.reduce((n, f) => n + f.pages, 0),
  );
  assert.equal(csvOf(tableOf(flow)).split('\r\n')[3], '4000000000,scratch,node 2,node 3,300,hotplug.offline');
  assert.match(flow.sentence, /428\u202fpages from node 2 to node 3/);
});

test('why here: rule, policy, nodes in force and mems of each region, and how much of it is wrong', () => {
  const table = tableOf(charts()[2]);
  assert.deepEqual(table.rows[0], [
    'scratch',
    300,
    'node 3: 300',
    'hotplug.offline',
    'bind=relative:0-1 of the file, 2-3 in force; mems 1',
    'writer',
    300,
  ]);
  assert.equal(table.rows[1][4], 'no policy; mems 1');
  const notes = charts().flatMap((c) => c.notes);
  assert.equal(notes.filter((n) => n.startsWith('hotplug.offline: The node went offline')).length, 1, 'said once');
  assert.equal(notes.filter((n) => n.startsWith('numa.default: No policy')).length, 1);
});

test('bands of a flow picture lie within it, the thicker the more pages, and none is hair-thin', () => {
  const model = flowModel(numa.migrations);
  for (const width of [200, 430, 640, 1200]) {
    const picture = flowPicture(model, width);
    for (const shape of picture.shapes) {
      if (shape.kind !== 'box') continue;
      assert.ok(shape.x >= 0 && shape.x + shape.w <= picture.width && shape.y + shape.h <= picture.height);
      assert.ok(shape.h >= 16);
    }
  }
  const boxes = flowPicture(model, 640).shapes.filter((s) => s.kind === 'box');
  assert.ok(boxes[0].h > boxes[1].h, '428 pages left node 2, 64 left node 3');
});

test('placement as area: a stack of nodes over time for each object', () => {
  const plots = [{ ...PLACEMENT_PLOTS[0], as: 'area' as const }];
  const models = chartsOf(placementReport(plots)).filter((c) => c.kind === 'area');
  assert.deepEqual(
    models.map((c) => [c.title, c.series.map((s) => s.label)]),
    [
      ['Pages of heap by node over time', ['node 0', 'node 1', 'node 2', 'node 3']],
      ['Pages of scratch by node over time', ['node 0', 'node 1', 'node 2', 'node 3']],
    ],
  );
});

test('every picture of nodes has a twin in vector graphics, in Markdown and in the terminal that says the same', () => {
  const report = placementReport();
  for (const model of charts()) {
    const svg = chartSvg(model);
    assert.ok(svg.startsWith('<svg') && svg.includes(model.title.replaceAll('&', '&amp;')), model.title);
    assert.ok(!/NaN|undefined/.test(svg), model.title);
  }
  const markdown = reportToMarkdown(report);
  const text = reportToText(report, { width: 80 });
  for (const out of [markdown, text]) {
    assert.match(out, /Why here/);
    assert.match(out, /bind=relative:0-1 of the file/);
    assert.match(out, /node 2 [━]+▶|node 2 \|/);
  }
});

test('nodes survive being coded and decoded, columns included', () => {
  const report = placementReport();
  assert.deepEqual(decodeReport(encodeReport(report)), report);
});

test('a report of one node says so instead of drawing nothing', () => {
  const report = shiftReport({ variants: ['v6.1'], sizes: [64], plots: PLACEMENT_PLOTS.slice(0, 1) });
  const [model] = chartsOf(report);
  assert.deepEqual(model.notes, ['The machine has one node: everything is on it.']);
});

test('a kernel crash is an alarm: beside the title, and on charts over time', () => {
  const report = placementReport([
    { metrics: [{ name: 'nr_active_file' }], over: 'time', text: 'nr_active_file over time' },
  ]);
  const crash = {
    time: 3e9,
    rule: 'crash.kernel',
    subject: 'kernel',
    text: 'kernel crash: … (fixed by: 5f00110f7273)',
  };
  const crashed = { ...report, points: report.points.map((p) => ({ ...p, events: [...p.events, crash] })) };
  const fact = factsOf(crashed).find((f) => f.id === 'alarm');
  assert.deepEqual([fact?.text, fact?.warn], ['kernel crash', true]);
  assert.equal(
    factsOf(report).some((f) => f.id === 'alarm'),
    false,
  );
  const [chart] = chartsOf(crashed);
  assert.deepEqual(
    chart.annotations.filter((a) => a.tone === 'alarm').map((a) => a.label),
    ['kernel crash'],
  );
});
