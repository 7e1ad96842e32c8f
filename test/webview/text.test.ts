import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Report } from '../../simulator/report.ts';
import { decodeReport, encodeReport } from '../../simulator/report-codec.ts';
import { fromBase64, toBase64 } from '../../simulator/text/base64.ts';
import { cellWidth } from '../../simulator/text/columns.ts';
import { reportToHtml } from '../../simulator/text/html.ts';
import { reportToMarkdown } from '../../simulator/text/markdown.ts';
import { reportToText } from '../../simulator/text/terminal.ts';
import { expectationsOf, verdictText } from '../../simulator/view/expectations.ts';
import { THIN } from '../../simulator/view/format.ts';
import { SHIFT_PLOTS, shiftReport } from './fixtures.ts';

const ESCAPE = '\u001b';

test('the terminal text tells facts, figures, every plot and every expectation', () => {
  const text = reportToText(shiftReport({ sizes: [56, 64] }), { width: 100 }).replaceAll(THIN, ' ');
  assert.match(
    text,
    /^Workload shift\n14 points · 1\.25 s – 8\.145 s simulated · fast path · seed 1 · plan 5f0c61f0a2b8\n/,
  );
  assert.match(text, /56 MiB {9}classic {10}34\.4 % {2}274 022 {3}261 734 {7}24 576 {9}8\.145 s\n/);
  for (const title of [
    'Hit ratio by pass',
    'Active file pages by accesses done',
    'Inactive file pages by accesses done',
    'File refaults in “B is hot” by server.memory',
  ]) {
    assert.ok(text.includes(`\n${title}`), title);
  }
  assert.match(
    text,
    /Expectations: 6 of 7 hold\n✗ classic: workingset_refault_file\("B is hot"\) < 100k\n {4}fails at all 2 points: classic,/,
  );
  assert.match(text, /\n✓ lru: /);
  assert.match(text, /40 000 samples were decimated/);
});

test('a row of blocks shows each pass at its height', () => {
  const report = shiftReport({ sizes: [64], variants: ['classic', 'v3.15'], passes: [4, 6], plots: [SHIFT_PLOTS[0]] });
  const line = reportToText(report, { width: 60 })
    .split('\n')
    .find((l) => l.startsWith('v3.15') && /[▁-█]/.test(l))!;
  const blocks = [...line.replace('v3.15', '').trim()].filter((c) => c >= '▁' && c <= '█');
  const levels = report.points[1].phases.flatMap((phase) =>
    phase.passes.map((p) => '▁▂▃▄▅▆▇█'[Math.round((p.hits / p.accesses) * 7)]),
  );
  const repeat = blocks.length / levels.length;
  assert.ok(Number.isInteger(repeat) && repeat >= 1);
  assert.deepEqual(
    blocks,
    levels.flatMap((level) => Array<string>(repeat).fill(level)),
  );
});

test('without colour there is not one escape character; with colour, the same words', () => {
  const report = shiftReport({ partial: true, oom: true });
  const bare = reportToText(report, { width: 90 });
  const coloured = reportToText(report, { width: 90, color: true });
  assert.ok(!bare.includes(ESCAPE));
  assert.ok(coloured.includes(ESCAPE));

  assert.equal(coloured.replace(/\u001b\[\d+m/g, ''), bare);
});

test('charts and prose keep to the width of the terminal', () => {
  for (const width of [60, 80, 120]) {
    const report = shiftReport({ sizes: [64], variants: ['v6.1', 'lru'], plots: SHIFT_PLOTS.slice(0, 2) });
    for (const line of reportToText(report, { width }).split('\n')) {
      if (/[▁-█]|•/.test(line)) assert.ok(cellWidth(line) <= width, `${cellWidth(line)} > ${width}: ${line}`);
    }
  }
});

test('an interrupted run says PARTIAL at its top', () => {
  const text = reportToText(shiftReport({ partial: true }));
  assert.match(text.split('\n').slice(0, 4).join('\n'), /\nPARTIAL/);
  assert.match(text, /opt \(interrupted\)/);
});

test('an expectation that an interrupted point could not tell is open, not failed', () => {
  const report = shiftReport({ variants: ['opt'], sizes: [64], partial: true });
  const [point] = report.points;
  const cut: Report = {
    ...report,
    points: [{ ...point, expectations: [{ text: 'opt: no oom', holds: false, left: null, right: null }] }],
  };
  const [summary] = expectationsOf(cut);
  assert.equal(summary.verdict, 'open');
  assert.match(verdictText(summary), /interrupted/);
  assert.match(reportToText(cut), /\n\? opt: no oom\n/);
  const done: Report = { ...cut, points: [{ ...cut.points[0], complete: true }] };
  assert.equal(expectationsOf(done)[0].verdict, 'fails');
});

test('Markdown has the figures as tables, a sentence per chart and the story of each variant', () => {
  const text = reportToMarkdown(shiftReport({ sizes: [56, 64] }), { cached: true }).replaceAll(THIN, ' ');
  assert.match(text, /^## Workload shift\n\ncached · 14 points/);
  assert.match(text, /\| 56 MiB \| classic \| 34\.4 % \| 274 022 \|/);
  assert.match(text, /\nLine chart: Hit ratio by pass at server\.memory 56 MiB, 7 series/);
  assert.match(text, /\| 56 MiB \| 261 734 \| 96 828 \|/);
  assert.match(text, /- \*\*v3\.15\*\* _\w+_: Refault distance, as merged \(Linux 3\.15, 2014, commit a528910e12ec;/);
  assert.match(text, /- ✗ `classic: workingset_refault_file\("B is hot"\) < 100k` fails at all 2 points/);
});

test('nothing that a user names can break out of the Markdown', () => {
  const report = shiftReport({ sizes: [64], variants: ['classic'], title: 'a | b\n# <script> [x](y) `z` *s*' });
  const odd: Report = {
    ...report,
    points: report.points.map((p) => ({ ...p, expectations: [{ ...p.expectations[0], text: 'a `b` | c' }] })),
  };
  const text = reportToMarkdown(odd);
  assert.equal(text.split('\n')[0], '## a \\| b \\# \\<script\\> \\[x\\](y) \\`z\\` \\*s\\*');
  assert.ok(text.includes('``a `b` | c``'));
});

test('any report text survives: titles, labels and warnings of any characters never throw', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (title, warning) => {
      const report: Report = {
        ...shiftReport({ sizes: [64], variants: ['lru', 'opt'], samples: 5, title }),
        warnings: [warning],
      };
      reportToText(report, { width: 70, color: true });
      reportToMarkdown(report);
    }),
    { numRuns: 40 },
  );
});

test('base64 agrees with the platform on any bytes, and refuses what is not base64', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      assert.equal(toBase64(bytes), Buffer.from(bytes).toString('base64'));
      assert.deepEqual(fromBase64(toBase64(bytes)), bytes);
    }),
  );
  assert.throws(() => fromBase64('a*b'));
});

test('the HTML page carries the very bytes of its reports, and nothing from the network', () => {
  const reports = [shiftReport({ sizes: [64], title: '</script><b>' }), shiftReport({ variants: ['lru'] })];
  const html = reportToHtml(reports, { title: 'a < b', renderer: 'export const activate = 1; // </script>' });
  const found = [...html.matchAll(/<script type="application\/octet-stream" id="bytes-\d+">([^<]*)<\/script>/g)];
  assert.deepEqual(
    found.map((m) => decodeReport(fromBase64(m[1]))),
    reports.map((report) => decodeReport(encodeReport(report))),
  );
  assert.ok(html.includes('<title>a &lt; b</title>'));
  assert.ok(!/https?:\/\//.test(html));
  assert.ok(!html.includes('</script><b>'));
});
