/** The chart of a recovery: lanes, critical path, slack, budget, and its table. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chartsOf } from '../../simulator/view/plots.ts';
import { csvOf, summaryOf, tableOf } from '../../simulator/view/tables.ts';
import { chartSvg } from '../../simulator/view/svg.ts';
import { recoveryReport } from './recovery-report.ts';

test('variants stand under each other in one chart, a colour for each phase, the budget as a line', () => {
  const [chart, ...more] = chartsOf(recoveryReport('compare exit.munlock: pre-3.12, v3.12, v5.18'));
  assert.deepEqual(more, []);
  assert.deepEqual(chart.y.labels, ['pre-3.12', 'v3.12', 'v5.18']);
  assert.deepEqual(
    chart.series.map(({ label }) => label),
    ['detect', 'munlock', 'zap', 'prefault', 'replay'],
  );
  assert.equal(chart.annotations[0].label.replace(/\s/g, ' '), 'budget 30 s');
  assert.equal(chart.annotations[0].at[0].x, 30e9);
  assert.match(
    chart.notes[0].replace(/\s/g, ' '),
    /^pre-3\.12: service after 74\.83 s, 44\.83 s over budget; critical path: detect → munlock → zap → prefault → replay\.$/,
  );
});

test('what is off the critical path is drawn apart, in a lane of its own where it overlaps', () => {
  const [chart] = chartsOf(recoveryReport('compare recovery.overlap: none, freed'));
  assert.deepEqual(chart.y.labels, ['none', 'freed', 'freed, meanwhile']);
  const off = chart.series.find(({ label }) => label === 'prefault, off the critical path')!;
  assert.equal(off.faint, true);
  assert.deepEqual([...off.y], [2]);
});

test('a single recovery has a lane for each resource, and its slack after the last phase', () => {
  const [chart] = chartsOf(recoveryReport('compare cache.backing: hugetlb-2m'));
  assert.deepEqual(chart.y.labels, ['supervisor', 'exit', 'prefault', 'service']);
  const slack = chart.series.find(({ label }) => label === 'slack')!;
  assert.equal(slack.x2![0], 30e9);
});

test('the table says of every phase what the picture says, and floats too', () => {
  const report = recoveryReport('compare recovery.overlap: none, freed');
  const [chart] = chartsOf(report);
  const { columns, rows } = tableOf(chart);
  assert.deepEqual(
    columns.map(({ title }) => title),
    ['variant', 'phase', 'resource', 'from', 'to', 'on the critical path', 'float'],
  );
  const phases = report.points.reduce((n, { recovery }) => n + recovery!.phases.length, 0);
  // one more row a variant: service and slack
  assert.equal(rows.length, phases + 2);
  const critical = rows
    .filter(([variant, phase]) => variant === 'freed' && phase !== 'service')
    .reduce((sum, row) => sum + Number(row[5]), 0);
  assert.equal(critical, report.points[1].recovery!.timeToService);
  assert.match(csvOf({ columns, rows }), /freed,"prefault, last chunk",prefault/);
});

test('the summary of recoveries has service, slack, teardown and debt, and no cache', () => {
  const { columns } = summaryOf(recoveryReport('compare exit.munlock: pre-3.12, v5.18'));
  assert.deepEqual(
    columns.map(({ title }) => title),
    ['exit.munlock', 'time to service', 'slack', 'teardown', 'latent debt', 'simulated time'],
  );
});

test('as SVG, what is off the critical path has an outline, so that it can be told without colour', () => {
  const [chart] = chartsOf(recoveryReport('compare recovery.overlap: none, freed'));
  assert.match(chartSvg(chart), /stroke-dasharray="3 2"/);
});
