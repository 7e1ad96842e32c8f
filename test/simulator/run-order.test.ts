/** Whoever runs which point, in whatever order, sharing what may be shared: the report is the same, byte for byte. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Axis, Plan, PointSpec } from '../../simulator/plan.ts';
import { encodeReport } from '../../simulator/report-codec.ts';
import type { Report } from '../../simulator/report.ts';
import {
  foreseeableAccesses,
  Handout,
  roomForTables,
  workloadGroups,
  type At,
  type Task,
} from '../../simulator/run-order.ts';
import { createSimulation, mergeReports, SharedWork, type Simulation } from '../../simulator/simulate.ts';
import { manyThreads, singleThread, VARIANTS } from './engine/scenarios.ts';
import { HEADER_BYTES } from '../../simulator/workload/shared-room.ts';
import * as make from './plans.ts';
import { run } from './runs.ts';

const axis = (name: string, length: number, kind: Axis['kind'] = 'sweep'): Axis => ({
  kind,
  name,
  unit: '',
  values: Array.from({ length }, (_, i) => ({ label: `${name} ${i}`, value: i })),
});

/** Random scenarios, each under several variants: `compare reclaim` × `sweep` over whole workloads. */
const grids = fc
  .record({
    workloads: fc.array(fc.oneof({ weight: 3, arbitrary: singleThread }, manyThreads), { minLength: 1, maxLength: 4 }),
    variants: fc.uniqueArray(fc.constantFrom(...VARIANTS), { minLength: 1, maxLength: 4 }),
  })
  .map(({ workloads, variants }): Plan => ({
    ...workloads[0],
    axes: [axis('reclaim', variants.length, 'compare'), axis('workload', workloads.length)],
    points: variants.flatMap((id, v) =>
      workloads.map(({ points: [{ scenario }] }, w): PointSpec => ({
        coordinates: [v, w],
        scenario: { ...scenario, reclaim: { id, values: {} } },
      })),
    ),
  }));

const someone = (group: number): At => ({ group, variant: VARIANTS[group % VARIANTS.length] });

/** Each point by itself: nothing is shared. */
const apart = (plan: Plan): Report =>
  mergeReports(
    plan,
    plan.points.map((_, i) => run(plan, (of) => createSimulation(of, { points: [i] }))),
  );

test('points that share tables and accesses find what each finds by itself, wherever budgets end', () => {
  fc.assert(
    fc.property(grids, fc.array(fc.integer({ min: 1, max: 9000 }), { minLength: 1, maxLength: 5 }), (plan, budgets) => {
      let i = 0;
      const together = run(plan, createSimulation, () => budgets[i++ % budgets.length]);
      assert.deepEqual(encodeReport(together), encodeReport(apart(plan)));
    }),
    { numRuns: 25 },
  );
});

test('workers that take tasks as they please, and give some up halfway, find what one finds that does all', () => {
  fc.assert(
    fc.property(
      grids,
      fc.integer({ min: 1, max: 3 }),
      fc.array(fc.nat(), { minLength: 1, maxLength: 20 }),
      (plan, workers, choices) => {
        const tables = roomForTables(plan, 1);
        const shared = Array.from({ length: workers }, (_, i) => new SharedWork({ tables, me: 1 + i, patience: 1 }));
        const handout = new Handout(plan);
        const shards: Report[] = [];
        for (let i = 0; handout.left > 0; i++) {
          const choice = choices[i % choices.length];
          const task = handout.take(someone(choice % 5), [someone(choice % 3)])!;
          const { points } = task;
          const words = handout.words(task, 1);
          const one = shared[choice % workers];
          if (choice % 4 === 3) createSimulation(plan, { points, shared: one, words }).advance(choice % 3000);
          shards.push(run(plan, (of) => createSimulation(of, { points, shared: one, words })));
        }
        assert.deepEqual(encodeReport(mergeReports(plan, shards)), encodeReport(run(plan)));
      },
    ),
    { numRuns: 25 },
  );
});

test('a worker that reads behind one that was stopped comes back to its host again and again', () => {
  const plan = make.compare(
    {
      memoryPages: 1000,
      objects: [make.file('data', 3000)],
      processes: [
        make.process('p', [make.phase('', [make.times(0, 500_000, { pages: 3000, pattern: { kind: 'uniform' } })])]),
      ],
    },
    ['lru', 'fifo'],
  );
  const words = new SharedArrayBuffer(HEADER_BYTES + 4 * 500_000);
  const at = (me: number, point: number) =>
    createSimulation(plan, { points: [point], shared: new SharedWork({ tables: new Map(), me, patience: 3 }), words });
  at(1, 0).advance(100_000);
  const reader = at(2, 1);
  // What the other has drawn is replayed at once; then each wait ends a slice, until it draws for itself.
  const fractions = Array.from({ length: 3 }, () => reader.advance(1 << 24).fraction);
  assert.ok(fractions[0] > 0 && fractions[0] < 1);
  assert.deepEqual(fractions, [fractions[0], fractions[0], 1]);
  assert.deepEqual(
    encodeReport(reader.report()),
    encodeReport(run(plan, (of) => createSimulation(of, { points: [1] }))),
  );
});

test('workers that draw the same accesses at the same time, one behind the other or alone, find what each finds by itself', () => {
  fc.assert(
    fc.property(
      grids,
      fc.array(fc.record({ worker: fc.nat({ max: 2 }), budget: fc.integer({ min: 1, max: 5000 }) }), {
        minLength: 1,
        maxLength: 30,
      }),
      (plan, turns) => {
        const tables = roomForTables(plan, 1);
        const handout = new Handout(plan);
        const shards: Report[] = [];
        const workers = Array.from({ length: 3 }, (_, i) => ({
          shared: new SharedWork({ tables, me: 1 + i, patience: 1 }),
          at: undefined as Task | undefined,
          simulation: undefined as Simulation | undefined,
        }));
        for (let i = 0; handout.left > 0 || workers.some(({ simulation }) => simulation); i++) {
          const { worker, budget } = turns[i % turns.length];
          const one = workers[(worker + Math.floor(i / turns.length)) % 3];
          if (!one.simulation) {
            // all at the same workload as long as there is any of it
            const task = handout.take(one.at ?? workers.find(({ at }) => at)?.at, []);
            if (!task) continue;
            one.at = task;
            const { shared } = one;
            one.simulation = createSimulation(plan, { points: task.points, shared, words: handout.words(task, 1) });
          }
          if (!one.simulation.advance(budget).done) continue;
          shards.push(one.simulation.report());
          one.simulation = undefined;
        }
        assert.deepEqual(encodeReport(mergeReports(plan, shards)), encodeReport(run(plan)));
      },
    ),
    { numRuns: 15 },
  );
});

test('points that differ in nothing but machine and variant are one workload', () => {
  const scenarioOf = (variant: number, memory: number, hot: number) =>
    make.scenario({
      memoryPages: 100 + memory,
      reclaim: VARIANTS[variant],
      objects: [make.file('f', 300)],
      processes: [make.process('p', [make.phase('', [make.times(0, 10 * (1 + hot), { pages: 300 })])])],
    });
  const points: PointSpec[] = [];
  for (let v = 0; v < 2; v++)
    for (let h = 0; h < 3; h++)
      for (let m = 0; m < 2; m++) points.push({ coordinates: [v, h, m], scenario: scenarioOf(v, m, h) });
  const plan: Plan = {
    ...make.plan({ memoryPages: 1, objects: [], processes: [] }),
    axes: [axis('reclaim', 2, 'compare'), axis('hot', 3), axis('memory', 2)],
    points,
  };
  assert.deepEqual(workloadGroups(plan), [0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2]);
  assert.equal(foreseeableAccesses(plan, points[4].scenario), 30);

  // the longest workload first; each of two workers stays with its own, and with a variant of its own
  const handout = new Handout(plan);
  const taken: number[][] = [[], []];
  const last: (Task | undefined)[] = [];
  for (let i = 0; handout.left > 0; i++) {
    const me = i % 2;
    const other = last[1 - me];
    last[me] = handout.take(last[me], other ? [other] : [])!;
    taken[me].push(...last[me].points);
  }
  assert.deepEqual(taken, [
    [4, 5, 10, 11, 6, 7],
    [8, 9, 2, 3, 0, 1],
  ]);
});

test('large sweeps are cut into tasks of neighbours that lose no point', () => {
  const point: PointSpec = {
    coordinates: [0],
    scenario: make.scenario({ memoryPages: 1, objects: [], processes: [] }),
  };
  for (const length of [1, 3, 1024, 10_000]) {
    const plan: Plan = {
      ...make.plan({ memoryPages: 1, objects: [], processes: [] }),
      axes: [axis('n', length)],
      points: Array.from({ length }, (_, i) => ({ ...point, coordinates: [i] })),
    };
    const handout = new Handout(plan);
    const tasks: Task[] = [];
    while (handout.left > 0) tasks.push(handout.take(undefined, [])!);
    assert.equal(tasks.length, Math.min(length, 1024));
    assert.deepEqual(
      tasks.flatMap(({ points }) => points),
      Array.from({ length }, (_, i) => i),
    );
    const sizes = tasks.map(({ points }) => points.length);
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 1);
    assert.equal(handout.take(undefined, []), undefined);
  }
});
