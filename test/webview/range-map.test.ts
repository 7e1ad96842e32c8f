/** Volatile ranges in pictures: the map of a region over time, and waits as distributions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileSources } from '../../language-server/language/compile.ts';
import { decodeReport, encodeReport } from '../../simulator/report-codec.ts';
import { createSimulation } from '../../simulator/simulate.ts';
import { chartsOf } from '../../simulator/view/plots.ts';

const TEXT = `machine m { memory 16 MiB, cpus 2 }
process p {
  threads 2
  anon heap 8 MiB
  anon more 12 MiB
  phase a { write heap; volatile heap in ranges of 1 MiB; write more }
  phase b { nonvolatile heap[0 .. 1 MiB]; read heap[0 .. 1 MiB] }
  on purged { regenerate 1 ms }
}
run {
  compare volatile.interface: vrange, madv-free
  plot range-map of heap
  plot mmap_sem.wait as distribution
  plot records-per-second
}`;

test('the map of ranges survives the codec and draws purged, volatile and resident parts of each variant', () => {
  const { plans, diagnostics } = compileSources([{ uri: 'p', text: TEXT }]);
  assert.deepEqual(diagnostics, []);
  const simulation = createSimulation(plans[0]);
  while (!simulation.advance(100_000).done);
  const report = decodeReport(encodeReport(simulation.report()));
  const charts = chartsOf(report);
  const maps = charts.filter((chart) => chart.kind === 'heatmap');
  assert.ok(maps.some((chart) => chart.title === 'vrange: heap: lost'));
  assert.ok(maps.some((chart) => chart.title === 'madv-free: heap: volatile, in memory'));
  for (const { heatmap } of maps) {
    assert.equal(heatmap!.values.length, heatmap!.rows.length * heatmap!.columns.length);
    assert.ok(heatmap!.values.every((share) => share >= 0 && share <= 1 + 1e-9));
  }
  const lost = maps.find((chart) => chart.title === 'vrange: heap: lost')!.heatmap!;
  assert.ok(
    lost.values.some((share) => share === 1),
    'a purged range shows whole',
  );
  assert.ok(charts.some((chart) => chart.kind === 'histogram' && chart.series.length === 2));
  assert.equal(report.points[0].variant['volatile.interface'], 'vrange');
  assert.equal(report.variants['madv-free'].linux, '4.5; on the file list since 4.12');
});
