/** Volatile ranges in pictures: the map of a region over time, and waits as distributions. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { decodeReport, encodeReport } from '../../simulator/report-codec.ts';
import { chartsOf } from '../../simulator/view/plots.ts';
import { rangeReport } from './range-report.ts';

test('the map of ranges survives the codec and draws purged, volatile and resident parts of each variant', () => {
  const report = decodeReport(encodeReport(rangeReport()));
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
