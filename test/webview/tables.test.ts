import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chartsOf } from '../../simulator/view/plots.ts';
import { csvOf, shownTable, summaryOf, tableOf } from '../../simulator/view/tables.ts';
import { shiftReport, VARIANTS } from './fixtures.ts';

test('a chart and its table hold the same numbers', () => {
  for (const model of chartsOf(shiftReport({ samples: 50 }))) {
    const table = tableOf(model);
    model.series.forEach((s, column) => {
      const byX = new Map(table.rows.map((row) => [row[0], row[column + 1]]));
      s.x.forEach((x, i) => assert.equal(byX.get(x), s.y[i], `${model.title}, ${s.label}`));
      const cells = table.rows.filter((row) => row[column + 1] !== null).length;
      assert.equal(cells, s.x.length, 'and no others');
    });
  }
});

test('bars by variant make two columns', () => {
  const report = shiftReport({ sizes: [64], plots: [{ metrics: [{ name: 'misses' }], over: 'variant', text: '' }] });
  const table = tableOf(chartsOf(report)[0]);
  assert.deepEqual(
    table.rows,
    report.points.map((p) => [p.variant['reclaim'], p.counters['misses']]),
  );
});

test('a long table is shown at even steps, each cell the last sample of its series at or before the time', () => {
  const [model] = chartsOf(
    shiftReport({
      sizes: [64],
      samples: 4000,
      plots: [{ metrics: [{ name: 'nr_active_file' }], over: 'time', text: '' }],
    }),
  );
  const table = shownTable(model);
  assert.ok(table.rows.length <= 60);
  assert.match(table.note, /the CSV file has all/);
  const s = model.series[0];
  for (const row of table.rows) {
    let expected: number | null = null;
    for (let i = 0; i < s.x.length && s.x[i] <= (row[0] as number); i++) expected = s.y[i];
    assert.equal(row[1], expected);
  }
  const ended = table.rows[table.rows.length - 1];
  assert.equal(ended[model.series.findIndex((other) => other.key === 'opt') + 1], null, 'opt had ended by then');
});

test('CSV names units, leaves gaps empty and quotes what needs it (RFC 4180)', () => {
  const csv = csvOf({
    columns: [
      { title: 'time', unit: 'ns' },
      { title: 'a,"b"', unit: '' },
    ],
    rows: [
      [1, null],
      ['x\ny', 0.5],
    ],
  });
  assert.equal(csv, 'time [ns],"a,""b"""\r\n1,\r\n"x\ny",0.5\r\n');
});

test('the summary has a row per point, grouped by swept value, variants in the order written', () => {
  const report = shiftReport();
  const summary = summaryOf({ ...report, points: [...report.points].reverse() });
  assert.equal(summary.rows.length, 28);
  assert.deepEqual(
    summary.columns.map((c) => c.title),
    ['server.memory', 'reclaim', 'hit ratio', 'misses', 'refaults', 'activations', 'simulated time'],
  );
  assert.deepEqual(summary.keys.slice(0, 7), Object.keys(VARIANTS));
  assert.equal(summary.rows[0][0], '56 MiB');
  const first = report.points[0];
  assert.deepEqual(summary.rows[0].slice(2), [
    first.measures['hit-ratio'],
    first.counters['misses'],
    first.counters['workingset_refault_file'],
    first.counters['pgactivate'],
    first.time,
  ]);
});
