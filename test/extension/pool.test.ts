import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { createPool, SimulationFailedError, WorkerLostError } from '../../extension/worker/pool.ts';
import { spawnThread } from '../../extension/worker/ports.node.ts';
import { nextBudget } from '../../simulator/slice.ts';
import type { Plan } from '../../simulator/plan.ts';
import { encodeReport } from '../../simulator/report-codec.ts';
import { createSimulation, mergeReports } from '../../simulator/simulate.ts';
import * as make from '../simulator/plans.ts';
import { planOf } from './fixtures/reports.ts';

const script = new URL('./fixtures/worker.ts', import.meta.url);
const pool = createPool({ spawn: spawnThread(script), size: () => 2, shared: true });
const withoutSharing = createPool({ spawn: spawnThread(script), size: () => 1, shared: false });
after(() => {
  pool.dispose();
  withoutSharing.dispose();
});

/** Resolves with the first progress of a run, so that a test need not guess when it is under way. */
function firstProgress() {
  let seen!: () => void;
  const happened = new Promise<void>((resolve) => (seen = resolve));
  return { happened, onProgress: () => seen() };
}

test('a sweep is spread over workers, and every point comes back once', async () => {
  const { shards, cancelled } = await pool.run(planOf('count', 9));
  assert.equal(cancelled, false);
  const points = shards.flatMap((shard) => shard.points.map(({ coordinates }) => coordinates[0]));
  assert.deepEqual(
    points.sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8],
  );
  assert.equal(pool.alive, 2);
});

test('progress rises to one and never beyond', async () => {
  const fractions: number[] = [];
  await pool.run(planOf('count', 5), { onProgress: (fraction) => fractions.push(fraction) });
  assert.deepEqual(
    fractions,
    [...fractions].sort((a, b) => a - b),
  );
  assert.equal(fractions.at(-1), 1);
});

for (const [how, one] of [
  ['by a shared flag', pool],
  ['by a message where memory cannot be shared', withoutSharing],
] as const) {
  test(`a cancelled run hands over what it has, ${how}`, async () => {
    const abort = new AbortController();
    const { happened, onProgress } = firstProgress();
    const running = one.run(planOf('endless'), { signal: abort.signal, onProgress });
    await happened;
    abort.abort();
    const { shards, cancelled } = await running;
    assert.equal(cancelled, true);
    assert.equal(shards.length, 1);
    assert.ok(shards[0].points[0].counters['steps'] > 0);
  });
}

test('a run that was cancelled before it began computes nothing', async () => {
  const result = await pool.run(planOf('endless', 3), { signal: AbortSignal.abort() });
  assert.deepEqual(result, { shards: [], cancelled: true });
});

test('a worker that dies fails its run with the reason, and the next run works', async () => {
  await assert.rejects(pool.run(planOf('crash', 4)), (error) => {
    assert.ok(error instanceof WorkerLostError);
    assert.match(error.message, /exit code 7/);
    return true;
  });
  const { shards } = await pool.run(planOf('count', 2));
  assert.equal(shards.length, 2);
});

test('a worker stuck in one step is stopped by force, and the next run works', async () => {
  const abort = new AbortController();
  const running = pool.run(planOf('hang'), { signal: abort.signal });
  abort.abort();
  const { shards, cancelled } = await running;
  assert.deepEqual([shards, cancelled], [[], true]);
  assert.equal((await pool.run(planOf('count'))).shards.length, 1);
});

test('a refusal of the simulator arrives as its own words and remedy', async () => {
  await assert.rejects(pool.run(planOf('refuse')), (error) => {
    assert.ok(error instanceof SimulationFailedError);
    assert.equal(error.message, 'the file is too big; make it smaller');
    return true;
  });
});

test('two runs at once both end with all their points', async () => {
  const [a, b] = await Promise.all([pool.run(planOf('count', 7)), pool.run(planOf('count', 5))]);
  assert.deepEqual([a.shards.length, b.shards.length], [7, 5]);
});

test('one worker and several, with shared memory and without, find what a run in one go finds, byte for byte', async () => {
  const variants = ['v6.1', 'lru', 'arc'];
  const axis = (name: string, values: readonly string[]) => ({
    kind: 'compare' as const,
    name,
    unit: '',
    values: values.map((label) => ({ label, value: label })),
  });
  const points = variants.flatMap((reclaim, v) =>
    [0.6, 1].map((s, i) => ({
      coordinates: [v, i],
      scenario: make.scenario({
        memoryPages: 800,
        reclaim,
        objects: [make.file('f', 3000)],
        processes: [
          make.process('p', [
            make.phase('drawn', [make.times(0, 20_000, { pages: 3000, pattern: { kind: 'zipf', s } })]),
            make.phase('recorded', [{ kind: 'replay', trace: 0 }]),
          ]),
        ],
      }),
    })),
  );
  const plan: Plan = {
    ...make.plan({ memoryPages: 1, objects: [], processes: [] }),
    axes: [axis('reclaim', variants), axis('s', ['flat', 'steep'])],
    points,
    traces: [{ name: 't', path: 't.u32ops', format: 'u32ops', values: {} }],
  };
  const traces = [Uint32Array.from({ length: 5000 }, (_, i) => (i * i) % 1000)];
  const simulation = createSimulation(plan, { traces });
  while (!simulation.advance(1 << 20).done);
  const expected = encodeReport(simulation.report());
  const real = spawnThread(new URL('../../extension/worker/sim-worker.node.ts', import.meta.url));
  for (const [workers, shared] of [
    [1, true],
    [3, true],
    [2, false],
  ] as const) {
    const one = createPool({ spawn: real, size: () => workers, shared });
    try {
      // twice: workers that have run a plan before know nothing of it any more
      for (let i = 0; i < 2; i++) {
        const { shards } = await one.run(plan, { traces });
        assert.deepEqual(encodeReport(mergeReports(plan, shards)), expected);
      }
    } finally {
      one.dispose();
    }
  }
});

test('the slice follows the clock towards 15 ms, at most fourfold at a time', () => {
  assert.equal(nextBudget(100_000, 15), 100_000);
  assert.equal(nextBudget(100_000, 30), 50_000);
  assert.equal(nextBudget(100_000, 0.1), 400_000);
  assert.equal(nextBudget(100_000, 10_000), 25_000);
  assert.equal(nextBudget(4096, 10_000), 4096);
});
