/** Recordings on their way through the extension: unpacked by the compile worker, compared in the pool's workers. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { after, test } from 'node:test';
import { loadRecordings, shippedRecordings } from '../../cli/recordings.ts';
import { createCompiler } from '../../extension/program/compiler.ts';
import { statusTexts, summarise } from '../../extension/run/summary.ts';
import { createPool } from '../../extension/worker/pool.ts';
import { spawnCompilerThread, spawnThread } from '../../extension/worker/ports.node.ts';
import { PLAN_VERSION, type Plan } from '../../simulator/plan.ts';
import { createRun } from '../../simulator/run.ts';
import { mergeReports } from '../../simulator/simulate.ts';

const worker = (file: string) => new URL(`../../extension/${file}`, import.meta.url);
const compiler = createCompiler(spawnCompilerThread(worker('program/compile-worker.node.ts')), () =>
  Promise.resolve(null),
);
const pool = createPool({ spawn: spawnThread(worker('worker/sim-worker.node.ts')), size: () => 2, shared: true });
after(() => {
  compiler.dispose();
  pool.dispose();
});
const plan: Plan = {
  version: PLAN_VERSION,
  title: 'How faithful?',
  seed: 1,
  axes: [],
  points: [],
  plots: [],
  expects: [],
  traces: [],
  fidelity: [{ area: 'exit' }, { area: 'reclaim-6.12', recordings: ['A_k1.1'] }],
};

test('the compile worker unpacks recordings as the command line does', async () => {
  for (const { name, files } of loadRecordings()) {
    const folder = path.join(shippedRecordings(), name);
    const packed = readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => ({
        name: path.relative(folder, file).split(path.sep).join('/'),
        bytes: new Uint8Array(readFileSync(file)),
      }));
    const unpacked = await compiler.unpack(packed);
    assert.deepEqual(Object.keys(unpacked).sort(), Object.keys(files).sort(), name);
    for (const [file, content] of Object.entries(files))
      if (typeof content === 'string') assert.equal(unpacked[file], content, file);
      else assert.ok(Buffer.from(content).equals(unpacked[file] as Uint8Array), file);
  }
});

test('a recording that is cut off is refused with the reason', async () => {
  await assert.rejects(compiler.unpack([{ name: 'a.jsonl.gz', bytes: new Uint8Array([0x1f, 0x8b, 8, 0]) }]), /./);
});

test('the pool compares folders side by side, and the report is that of one thread', async () => {
  const recordings = loadRecordings();
  const fractions: number[] = [];
  const { shards, cancelled } = await pool.run(plan, { recordings, onProgress: (f) => fractions.push(f) });
  assert.equal(cancelled, false);
  const simulation = createRun(plan, { recordings });
  while (!simulation.advance(1).done);
  const merged = mergeReports(plan, shards);
  assert.deepEqual(merged, simulation.report());
  assert.deepEqual([fractions.at(-1), Math.max(...fractions)], [1, 1]);
});

test('a cell’s status bar says how many recorded runs were compared, and nothing of variants and time', () => {
  const simulation = createRun({ ...plan, fidelity: [{ area: 'exit' }] }, { recordings: loadRecordings() });
  while (!simulation.advance(1).done);
  const summary = summarise(simulation.report(), { hash: 'h', cached: false, elapsed: 5 });
  assert.deepEqual(
    statusTexts([summary]).map(({ text }) => text),
    [`${simulation.report().fidelity![0].sets.length} recorded runs`],
  );
});
