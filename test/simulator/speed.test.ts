/**
 * Nothing becomes slower by an order of magnitude unnoticed. Only ratios between our own loops, in one process and in turns, with bounds at
 * least twice what was measured: a slow or busy machine changes nothing. What things cost in seconds, `npm run bench` says.
 */
import { test } from 'node:test';
import { StackDistances } from '../../simulator/analysis/stack-distance.ts';
import { hasLists, reclaimVariants } from '../../simulator/reclaim/registry.ts';
import { traceDecoder } from '../../simulator/trace/format.ts';
import { futureOf, machineFor, runThrough, wordsOf } from '../bench/traces.ts';
import * as make from './plans.ts';
import { onEvents, run } from './runs.ts';
import { costsAtMost } from './support/costs.ts';

const PAGES = 100_000;
const zipf = (pages: number, s: number) => wordsOf({ name: '', pages, s, accesses: 300_000 });
const words = zipf(PAGES, 1);
const future = futureOf(words, PAGES);

const through =
  (id: string, pages = PAGES, accesses = words) =>
  () => {
    const memory = machineFor(id, pages, pages / 10);
    if (memory.wantsFuture) memory.foresee(future);
    runThrough(memory, accesses);
  };
const exactLru = through('lru');

for (const variant of reclaimVariants) {
  const { id } = variant;
  // Kernels keep shadows, charge cgroups and scan in batches: about 4.5; w-tinylfu hashes as libCacheSim does: about 10; all others lie between 0.7
  // and 2.7.
  const most = id === 'w-tinylfu' ? 30 : hasLists(variant) ? 12 : 6;
  test(`${id} costs at most ${most} times as much as exact LRU`, () => costsAtMost(most, through(id), exactLru));
}

for (const id of ['lru', 'sieve', 'v6.1', 'mglru-6.1'])
  test(`${id} with ten times as many pages costs at most four times as much (measured: 1.2)`, () =>
    costsAtMost(4, through(id, 300_000, zipf(300_000, 0.8)), through(id, 30_000, zipf(30_000, 0.8))));

const world: make.World = {
  memoryPages: PAGES / 10,
  objects: [make.file('data', PAGES)],
  processes: [
    make.process('p', [make.phase('', [make.times(0, 200_000, { pages: PAGES, pattern: { kind: 'zipf', s: 1 } })])]),
  ],
};

for (const reclaim of ['lru', 'v6.1', 'mglru-6.1'])
  test(`blocks of accesses are faster than the full machine under ${reclaim} (measured: 1.9 to 2.8 times)`, () => {
    const plan = make.plan({ ...world, reclaim });
    costsAtMost(
      1,
      () => void run(plan),
      () => void run(plan, onEvents),
    );
  });

test('variants that share a stream of accesses cost less than apart (measured: 0.36 to 0.49 of it)', () => {
  const plan = make.compare(world, ['lru', 'fifo', 'clock', 'sieve', 's3-fifo', 'arc']);
  const apart = plan.points.map((point) => ({ ...plan, points: [point] }));
  costsAtMost(
    1,
    () => void run(plan),
    () => apart.forEach((one) => run(one)),
  );
});

const distances = (rate: number) => () => {
  const all = new StackDistances(PAGES, { rate });
  all.run(words, 0, words.length);
  all.missRatios([PAGES / 10]);
};

test('the miss ratios of all sizes cost at most ten times as much as exact LRU of one size (measured: 1.5 to 2.4)', () =>
  costsAtMost(10, distances(1), exactLru));

test('a sample of one percent costs at most half of the exact curve (measured: 0.08)', () =>
  costsAtMost(0.5, distances(0.01), distances(1)));

const decode = (format: string, bytes: Uint8Array) => () => {
  const decoder = traceDecoder(format, '');
  for (let at = 0; at < bytes.length; at += 1 << 18) decoder.push(bytes.subarray(at, at + (1 << 18)));
  decoder.finish();
};

test('reading ids as text costs at most six times as much as exact LRU of them (measured: 0.7)', () =>
  costsAtMost(6, decode('txt', new TextEncoder().encode(Array.from(words, (w) => `${w}\n`).join(''))), exactLru));

test('reading binary ids costs at most three times as much as exact LRU of them (measured: 0.3)', () =>
  costsAtMost(3, decode('u64', new Uint8Array(BigUint64Array.from(words, BigInt).buffer)), exactLru));
