/** Estimates of memory are held to the typed arrays that a run really has. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createMemory } from '../../simulator/machine/create-memory.ts';
import type { Plan } from '../../simulator/plan.ts';
import { reclaimVariants } from '../../simulator/reclaim/registry.ts';
import { estimateMemory, simulationsOn, workersWithin } from '../../simulator/simulate.ts';
import { GIB, MIB, PAGE_SIZE } from '../../simulator/units.ts';
import * as make from './plans.ts';
import { peakBytes } from './support/allocations.ts';

/** Just above a power of two: rings that double are then as empty as they get. */
const PAGES = 140_000;

/** All pages come in, many become active, and where memory is small some leave. */
const plan = (reclaim: string, pages: number, share: number): Plan => {
  const pass = make.passes(0, 3, { pages });
  const hot = { kind: 'hot-cold', share: 200_000, accesses: 900_000 } as const;
  const scattered = make.times(0, 250_000, { pages, pattern: hot });
  return make.plan({
    memoryPages: Math.floor(PAGES * share),
    reclaim,
    cgroups: [
      { name: '', parent: null, values: {} },
      { name: 'g', parent: 0, values: {} },
    ],
    objects: [make.file('f', pages)],
    processes: [make.process('p', [make.phase('', [pass, scattered])], {}, 1)],
  });
};

const estimated = (of: Plan): number =>
  estimateMemory(of)
    .parts.filter(({ what }) => what.startsWith('pages'))
    .reduce((n, { bytes }) => n + bytes, 0);

const held = (of: Plan): Promise<number> => {
  const simulation = simulationsOn(createMemory, { forceEvents: true })(of);
  return peakBytes(() => simulation.advance(100_000).done);
};

for (const { id, clairvoyant } of reclaimVariants)
  if (!clairvoyant)
    test(`${id} holds what is estimated for its pages, within 15 %`, async () => {
      // the same for a single page: what every run has
      const fixed = await held(plan(id, 1, 0.1));
      for (const share of [2, 0.3]) {
        const whole = plan(id, PAGES, share);
        const bytes = (await held(whole)) - fixed;
        const ratio = estimated(whole) / bytes;
        const told = `${(estimated(whole) / PAGES).toFixed(1)} of ${(bytes / PAGES).toFixed(1)} bytes a page`;
        assert.ok(ratio > 0.85 && ratio < 1.15, `memory for ${share} of the pages: ${told}`);
      }
    });

test('what nobody accesses is estimated at nothing: locked regions, declared files', () => {
  const objects = [make.file('db', (64 * MIB) / PAGE_SIZE)];
  const world = (more: typeof objects) =>
    make.plan({
      memoryPages: (640 * GIB) / PAGE_SIZE,
      reclaim: 'v6.1',
      objects: [...objects, ...more],
      processes: [make.process('p', [make.phase('', [make.passes(0, 1, { pages: 100 })])])],
    });
  const idle = [
    make.anon('cache', (512 * GIB) / PAGE_SIZE, 0, { locked: true }),
    make.file('other', (1024 * GIB) / PAGE_SIZE),
  ];
  assert.equal(estimateMemory(world(idle)).bytes, estimateMemory(world([])).bytes);
  assert.ok(estimateMemory(world(idle)).bytes < 32 * MIB);
});

test('what workers have in common counts once, however many there are', () => {
  const pages = 1 << 18;
  const zipf = (count: number) => make.times(0, count, { pages, pattern: { kind: 'zipf', s: 1 } });
  const planOf = (memories: readonly number[]) =>
    make.plan(
      { memoryPages: 1, objects: [], processes: [] },
      {
        points: memories.map((memoryPages, i) => ({
          coordinates: [i],
          scenario: make.scenario({
            memoryPages,
            objects: [make.file('f', pages)],
            processes: [make.process('p', [make.phase('', [zipf(1_000_000), make.passes(0, 2, { pages })])])],
          }),
        })),
        axes: [
          {
            kind: 'sweep',
            name: 'n',
            unit: '',
            values: memories.map((value) => ({ label: `${value}`, value })),
          },
        ],
      },
    );
  const estimate = estimateMemory(planOf([1000, 2000]));
  // words of what is drawn, running sums, their guide, a shuffle; the passes are made again each time
  assert.equal(estimate.shared, 4 * 1_000_000 + (8 + 4 + 4) * pages + 8);
  assert.equal(estimateMemory(planOf([1000])).shared, 0);
  const { bytes, shared } = estimate;
  assert.equal(workersWithin(bytes - 1, estimate), 0);
  assert.equal(workersWithin(bytes, estimate), 1);
  assert.equal(workersWithin(2 * bytes - shared, estimate), 2);
});
