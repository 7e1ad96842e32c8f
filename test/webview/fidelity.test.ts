/** Comparisons with recordings as charts, tables and text. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FidelitySet } from '../../simulator/fidelity/sets.ts';
import { reportToJson } from '../../simulator/report-codec.ts';
import type { FidelityPart, Report } from '../../simulator/report.ts';
import { reportToMarkdown } from '../../simulator/text/markdown.ts';
import { reportsToCsv } from '../../simulator/text/points-csv.ts';
import { reportToText } from '../../simulator/text/terminal.ts';
import { factsOf } from '../../simulator/view/facts.ts';
import { mainError, mainSpread } from '../../simulator/view/fidelity.ts';
import { chartsOf } from '../../simulator/view/plots.ts';
import { chartSvg } from '../../simulator/view/svg.ts';

const set = (name: string, of: Partial<FidelitySet>): FidelitySet => ({
  area: 'reclaim',
  name,
  mode: 'classic',
  kernel: {},
  simulated: {},
  spread: {},
  errors: {},
  checks: 0,
  matched: 0,
  differingAccesses: null,
  accesses: 0,
  ...of,
});
const B = set('B_shift', {
  kernel: { misses: 100, 'misses-class1': 1000, pgscan: 10 },
  simulated: { misses: 101, 'misses-class1': 980, pgscan: 11 },
  errors: { misses: 0.01, 'misses-class1': -0.02, pgscan: 0.1 },
  spread: { misses: 0.03, 'misses-class1': 0.001 },
  differingAccesses: 7,
  accesses: 5000,
});
const D = set('D_zipf1.0', { kernel: { misses: 50 }, simulated: { misses: 50 }, errors: { misses: 0 } });
const checks = set('static2', { area: 'numa', mode: 'v6.1', checks: 200, matched: 199, notes: ['one mask differs'] });
const part = (index: number, area: string, sets: readonly FidelitySet[], more: Partial<FidelityPart> = {}) => ({
  ...{ part: index, area, complete: true, sets, unknown: [], unusable: [] },
  ...more,
});
const report = (...fidelity: FidelityPart[]): Report => ({
  version: 1,
  model: 'm',
  plan: 'abcdef0123456789',
  seed: 1,
  title: 'How faithful?',
  partial: false,
  axes: [],
  plots: [],
  points: [],
  metrics: {},
  variants: {},
  warnings: [],
  fidelity,
});
const both = report(part(0, 'reclaim', [B, D]), part(1, 'numa', [checks]));

test('the error of a recording is that of its main figures, the larger one, or the share of checks that do not match', () => {
  assert.deepEqual([mainError(B), mainSpread(B)], [-0.02, 0.03]);
  assert.equal(mainError(checks), -1 / 200);
  assert.ok(Number.isNaN(mainSpread(D)), 'a single repeat has no spread');
  assert.ok(Number.isNaN(mainError(set('nothing', {}))));
});

test('bars stand beside the kernel’s own spread, without their sign, and the sentence names the farthest', () => {
  const bars = chartsOf(both).find((model) => model.kind === 'bars')!;
  assert.deepEqual(bars.x.labels, ['B_shift classic', 'D_zipf1.0 classic']);
  assert.deepEqual(
    bars.series.map(({ label, y }) => [label, [...y]]),
    [
      ['error of the simulator', [0.02, 0]],
      ['the kernel’s own spread', [0.03, NaN]],
    ],
  );
  assert.match(
    bars.sentence,
    /largest 2\.0.% in B_shift classic; within the kernel’s own spread in 1 of the 1 that were repeated\./,
  );
  assert.match(chartSvg(bars), /B_shift classic/);
});

test('the table has a row for each main figure, numbers as numbers, and what else is off', () => {
  const table = chartsOf(both).find((model) => model.id === 'reclaim.1')!.table!;
  assert.deepEqual(
    table.columns.map(({ title }) => title),
    [
      ...['recording', 'mode', 'figure', 'kernel', 'simulated', 'error', 'kernel’s spread'],
      ...['accesses that differ', 'of', 'other figures, farthest off'],
    ],
  );
  assert.deepEqual(table.rows[0].slice(2, 9), ['misses', 100, 101, 0.01, 0.03, 7, 5000]);
  assert.match(String(table.rows[0][9]), /^pgscan \+10\.0.%$/);
  assert.deepEqual(table.rows[1].slice(2, 9), ['misses-class1', 1000, 980, -0.02, 0.001, null, null]);
  assert.deepEqual(table.rows[2].slice(5), [0, null, null, null, '–']);
});

test('checks are told as recorded and matched, with their notes, and all folders in one overview', () => {
  const [overview, ...rest] = chartsOf(both);
  assert.deepEqual(overview.table!.rows[1].slice(1), [1, null, null, 200, 199, 1 / 200, 1 / 200]);
  assert.deepEqual(overview.table!.rows[0].slice(1, 4), [2, 5000, 7]);
  const numa = rest.find((model) => model.id === 'numa.1')!;
  assert.deepEqual(numa.table!.rows[0].slice(2, 5), ['checks', 200, 199]);
  assert.deepEqual(numa.notes, ['static2 v6.1: one mask differs.']);
  assert.ok(!rest.some((model) => model.id === 'numa.0'), 'one bar says no more than its row');
});

test('of very many sets the bars show one a recording, the farthest off, and say so', () => {
  const many = Array.from({ length: 30 }, (_, i) =>
    // the one that is farthest off has the smallest spread
    set(`mr rate=${i}`, {
      area: 'fuse',
      kernel: { x: 1 },
      simulated: { x: 1 },
      errors: { x: i / 100 },
      spread: { x: 1 - i / 100 },
    }),
  );
  const other = set('stall', { area: 'fuse', kernel: { x: 1 }, simulated: { x: 1 }, errors: { x: 0 } });
  const [bars, table] = chartsOf(report(part(0, 'fuse', [...many, other])));
  assert.deepEqual(bars.x.labels, ['mr classic', 'stall classic']);
  assert.deepEqual([...bars.series[0].y], [0.29, 0]);
  assert.deepEqual([...bars.series[1].y], [0.71, NaN]);
  assert.equal(bars.notes.length, 1);
  assert.equal(table.table!.rows.length, 31);
});

test('what cannot be used is an alarm beside the title and a note at the table', () => {
  const broken = report(
    part(0, 'exit', [], { unusable: [{ folder: 'exit', reason: 'exit/exit_fits.json is missing' }] }),
  );
  assert.deepEqual(
    factsOf(broken).map(({ id, text, warn }) => [id, text, warn]),
    [
      ['points', '0 recorded runs compared', false],
      ['alarm', '1 unusable', true],
    ],
  );
  assert.match(chartsOf(broken)[0].notes[0], /exit_fits\.json is missing/);
});

test('terminal, Markdown, CSV and JSON tell the same figures', () => {
  const text = reportToText(both);
  assert.match(text, /3 recorded runs compared/);
  assert.match(text, /B_shift +classic +7 of 5,000 accesses differ +misses +100 \+ 1,000 +101 \+ 980 +−2\.00 %/);
  assert.match(text, /docs\/models\/reclaim\.md, docs\/models\/numa\.md\.$/);
  const markdown = reportToMarkdown(both);
  assert.match(markdown, /### reclaim/);
  assert.match(markdown, /199 of 200 checks/);
  const lines = reportsToCsv([both]).split('\r\n');
  assert.equal(lines[0], 'run,area,name,mode,figure,kernel,simulated,error,spread');
  assert.equal(lines[2], 'How faithful?,reclaim,B_shift,classic,misses-class1,1000,980,-0.02,0.001');
  const [run] = reportToJson(both).runs as { fidelity: FidelityPart[] }[];
  assert.deepEqual(run.fidelity[1].sets[0], checks);
});
