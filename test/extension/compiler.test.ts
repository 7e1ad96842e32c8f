import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { createCompiler } from '../../extension/program/compiler.ts';
import type { ImportRef } from '../../extension/program/protocol.ts';
import { fitReport } from '../../extension/run/fit-report.ts';
import { spawnCompilerThread } from '../../extension/worker/ports.node.ts';
import { encodeReport } from '../../simulator/report-codec.ts';
import { fromBase64 } from '../../simulator/text/base64.ts';
import { reportToMarkdown } from '../../simulator/text/markdown.ts';
import { reportsToCsv } from '../../simulator/text/points-csv.ts';
import { reportToText } from '../../simulator/text/terminal.ts';
import { shiftReport } from '../webview/fixtures.ts';

const script = new URL('../../extension/program/compile-worker.node.ts', import.meta.url);
const asked: ImportRef[] = [];
const compiler = createCompiler(spawnCompilerThread(script), (ref) => {
  asked.push(ref);
  return Promise.resolve(ref.target === 'files.refault' ? { uri: 'mem:files', text: 'file db 96 MiB\n' } : null);
});
after(() => compiler.dispose());

const cell = (n: number, text: string) => ({ uri: `mem:cell${n}`, text });

test('the cells of a notebook are one program, and a plan knows the cell its run stands in', async () => {
  const { plans, problems } = await compiler.compile([
    cell(0, 'file db 96 MiB'),
    cell(1, 'process p { read db once }'),
    cell(2, 'run "all"'),
  ]);
  assert.deepEqual(problems, []);
  assert.deepEqual(
    plans.map(({ plan }) => [plan.title, plan.source?.uri]),
    [['all', 'mem:cell2']],
  );
});

test('a comment leaves the hash of a plan alone, a size does not', async () => {
  const hashOf = async (text: string) => (await compiler.compile([cell(0, text)])).plans[0].hash;
  const first = await hashOf('file db 96 MiB\nprocess p { read db once }\nrun');
  assert.equal(await hashOf('# remark\nfile db 96 MiB\n\nprocess p { read db once }\nrun'), first);
  assert.notEqual(await hashOf('file db 97 MiB\nprocess p { read db once }\nrun'), first);
});

test('errors come with code, words and place', async () => {
  const { problems } = await compiler.compile([
    cell(0, 'file db 1 MiB'),
    cell(1, 'process p { read nothing once }\nrun'),
  ]);
  const [error] = problems.filter(({ severity }) => severity === 'error');
  assert.equal(error.where.uri, 'mem:cell1');
  assert.equal(error.where.line, 0);
  assert.match(error.message, /nothing/);
  assert.match(error.code, /^[A-Z]\d+$/);
});

test('imports are read once they turn out to be named', async () => {
  const text = 'import "files.refault"\nprocess p { read db once }\nrun';
  const { plans, problems } = await compiler.compile([cell(0, text)]);
  assert.deepEqual(asked, [{ from: 'mem:cell0', target: 'files.refault' }]);
  assert.deepEqual([plans.length, problems.length], [1, 0]);
});

const words = new Uint32Array([3, 1, 4, 1, 5, 9, 2, 6]);
const raw = new Uint8Array(words.buffer);

for (const [name, bytes] of [
  ['t.u32', raw],
  ['t.u32.gz', gzipSync(raw)],
  ['t.u32.zst', zstdCompressSync(raw)],
  ['frames.u32.zst', Buffer.concat([zstdCompressSync(raw.subarray(0, 5)), zstdCompressSync(raw.subarray(5))])],
] as const) {
  test(`a trace ${name} is unpacked and decoded, and its hash tells its content`, async () => {
    const trace = await compiler.decodeTrace(name, 'auto', bytes);
    assert.equal(trace.words.length, words.length);
    assert.ok(trace.words.buffer instanceof SharedArrayBuffer);
    const plain = await compiler.decodeTrace('t.u32', 'auto', raw);
    assert.equal(trace.hash, plain.hash);
    const other = await compiler.decodeTrace('t.u32', 'auto', new Uint8Array(new Uint32Array([1, 2]).buffer));
    assert.notEqual(other.hash, plain.hash);
  });
}

test('a damaged trace fails with a reason, and the next request is answered', async () => {
  await assert.rejects(compiler.decodeTrace('t.u32.gz', 'auto', new Uint8Array([1, 2, 3])), /header/);
  assert.equal((await compiler.compile([cell(0, 'seed 1')])).plans.length, 0);
});

test('a worker that dies fails the request that was under way, and the next one gets a new worker', async () => {
  let starts = 0;
  const dying = createCompiler(
    (listener) => {
      starts++;
      if (starts > 1) return spawnCompilerThread(script)(listener);
      return { post: () => listener.exit('killed'), terminate: () => undefined };
    },
    () => Promise.resolve(null),
  );
  await assert.rejects(dying.compile([cell(0, 'seed 1')]), /language worker ended: killed/);
  assert.deepEqual((await dying.compile([cell(0, 'seed 1')])).plans, []);
  dying.dispose();
});

test('a report is written as its writers write it, whole or as large as was asked for', async () => {
  const report = shiftReport({ samples: 4000 });
  const limit = 64 * 1024;
  const fitted = fitReport(report, encodeReport, limit).bytes;
  const output = await compiler.write<'output'>({ as: 'output', report, limit, cached: true });
  assert.deepEqual(output.bytes, fitted);
  assert.equal(output.markdown, reportToMarkdown(report, { cached: true }));
  assert.equal(output.text, reportToText(report));
  assert.deepEqual(fromBase64(await compiler.write<'page'>({ as: 'page', report, limit })), fitted);
  assert.deepEqual(await compiler.write<'bytes'>({ as: 'bytes', report }), encodeReport(report));
  const csv = await compiler.write<'csv'>({ as: 'csv', reports: [report, report] });
  assert.equal(new TextDecoder().decode(csv), reportsToCsv([report, report]));
  const json = await compiler.write<'json'>({ as: 'json', reports: [report] });
  assert.equal((JSON.parse(new TextDecoder().decode(json)) as { runs: unknown[] }).runs.length, 1);
  const html = await compiler.write<'html'>({ as: 'html', reports: [report], title: 'T', renderer: 'export {}' });
  assert.match(new TextDecoder().decode(html), /<title>T<\/title>/);
});
