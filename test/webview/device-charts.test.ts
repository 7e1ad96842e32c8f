import assert from 'node:assert/strict';
import test from 'node:test';
import { compileProgram } from '../../language-server/language/index.ts';
import type { Report } from '../../simulator/report.ts';
import { decodeReport, encodeReport } from '../../simulator/report-codec.ts';
import { createSimulation } from '../../simulator/simulate.ts';
import { heatRuns, sparse } from '../../simulator/view/heat-runs.ts';
import { chartsOf } from '../../simulator/view/plots.ts';
import { chartSvg } from '../../simulator/view/svg.ts';
import { summaryOf, tableOf } from '../../simulator/view/tables.ts';
import { reportToMarkdown } from '../../simulator/text/markdown.ts';

const PROGRAM = `machine host { memory 64 MiB }
device gpu { memory 8 MiB }
process solver {
  anon grid 12 MiB
  phase fill { write grid sequentially once }
  phase iterate on gpu { read grid sequentially 10 times }
}
run "Paging" {
  compare gpu.policy: migrate, remote
  sweep gpu.memory: 8 MiB .. 16 MiB in 2 steps
  plot residency of grid as heatmap
  plot break-even
  plot speedup
  plot residency of grid over time
}`;

function reportOf(text: string): Report {
  const { plans, diagnostics } = compileProgram([{ uri: 'test:', text }]);
  assert.deepEqual(diagnostics, []);
  const simulation = createSimulation(plans[0]);
  while (!simulation.advance(100_000).done);
  return simulation.report();
}

const report = reportOf(PROGRAM);
const charts = chartsOf(report);

test('residency is a dense heat map for each variant that moved anything, and a note for those that did not', () => {
  const maps = charts.filter((c) => c.kind === 'heatmap');
  assert.equal(maps.length, 1);
  const [map] = maps;
  assert.equal(map.heatmap!.dense, true);
  assert.deepEqual(
    map.heatmap!.rows.map((row) => row.replace(/\s/u, ' ')),
    ['0 B', '2 MiB', '4 MiB', '6 MiB', '8 MiB', '10 MiB'],
  );
  assert.equal(map.title, 'migrate: Residency of grid');
  assert.match(map.notes.join(), /remote: nothing of it was there/);
  // As a table: a row for each part, a column for each time.
  const table = tableOf(map);
  assert.equal(table.rows.length, 6);
  assert.equal(table.columns.length, 1 + map.heatmap!.columns.length);
});

test('the break-even picture has the closed form as lines, simulation as points, and each variant where it is', () => {
  const chart = charts.find((c) => c.names.includes('break-even'))!;
  const labels = chart.series.map((s) => s.label);
  assert.deepEqual(labels, [
    'moved, closed form',
    'over the link, closed form',
    'moved, simulated',
    'over the link, simulated',
    'you are here: migrate',
    'you are here: remote',
  ]);
  const [moved, remote, simulatedMoved, simulatedRemote, here] = chart.series;
  assert.deepEqual(
    chart.series.map((s) => s.points),
    ['none', 'none', 'only', 'only', 'only', 'only'],
  );
  const at = (s: typeof moved, x: number): number => s.y[0] + ((s.y[1] - s.y[0]) * (x - s.x[0])) / (s.x[1] - s.x[0]);
  simulatedMoved.x.forEach((x, i) => assert.ok(Math.abs(at(moved, x) - simulatedMoved.y[i]) < 1));
  simulatedRemote.x.forEach((x, i) => assert.ok(Math.abs(at(remote, x) - simulatedRemote.y[i]) < 1));
  // The lines cross where the annotation says.
  const [{ at: places }] = chart.annotations;
  const cross = places[0].x;
  assert.ok(Math.abs(at(moved, cross) - at(remote, cross)) < 1e-6);
  assert.ok(here.x[0] < cross, 'too small a device: used once for each time it came');
  assert.match(chart.notes[0], /^migrate: Moving does not pay on gpu/);
});

test('at a device that is large enough the same picture says that moving pays', () => {
  const large = chartsOf(report, { 'gpu.memory': 1 }).find((c) => c.names.includes('break-even'))!;
  assert.match(large.notes[0], /^migrate: Moving pays on gpu: each byte is used 10\.0 times/);
});

test('pictures are drawn as SVG, without figures in dense maps and without lines between points', () => {
  for (const chart of charts) {
    const svg = chartSvg(chart);
    assert.ok(!svg.includes('NaN'), chart.title);
    assert.match(svg, /role="img"/);
  }
  const map = chartSvg(charts.find((c) => c.kind === 'heatmap')!);
  assert.ok((map.match(/<text/g) ?? []).length < 40);
  const even = chartSvg(charts.find((c) => c.names.includes('break-even'))!);
  assert.equal((even.match(/stroke-linejoin="round"/g) ?? []).length, 2);
});

test('as Markdown the verdict is there in words', () => {
  assert.match(reportToMarkdown(report), /Moving does not pay on gpu/);
});

test('residency over time is a line of the whole region, from 0 to 1', () => {
  const line = charts.find((c) => c.kind === 'line' && c.names.includes('residency of grid'))!;
  const [migrate] = line.series;
  assert.ok(Math.max(...migrate.y) > 0.6 && Math.max(...migrate.y) <= 1);
});

test('the summary has faults and bytes of devices, and only where there are devices', () => {
  const titles = summaryOf(report).columns.map((c) => c.title);
  assert.ok(titles.includes('device faults') && titles.includes('over the link'));
  const without = summaryOf(reportOf('file db 1 MiB\nprocess p { read db }\nrun')).columns.map((c) => c.title);
  assert.ok(!without.includes('device faults'));
});

test('a report with devices comes back from its bytes as it was', () => {
  assert.deepEqual(decodeReport(encodeReport(report)), report);
});

test('runs of one shade are one rectangle; nothing at the bottom of the scale is drawn, anything above it is', () => {
  const map = {
    rows: ['a', 'b'],
    columns: ['1', '2', '3', '4'],
    values: Float64Array.of(1, 1, 0, 0.001, 0, 0, NaN, 1),
  };
  const runs = heatRuns(map, 0, 1);
  assert.deepEqual(
    runs.map(({ row, from, to }) => [row, from, to]),
    [
      [0, 0, 2],
      [0, 3, 4],
      [1, 3, 4],
    ],
  );
  assert.equal(runs[0].share, 1);
  assert.ok(runs[1].share > 0);
});

test('labels are thinned evenly to the room there is', () => {
  assert.deepEqual(sparse(10, 100), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  assert.deepEqual(sparse(10, 4), [0, 3, 6, 9]);
  assert.deepEqual(sparse(10, 0), [0]);
});
