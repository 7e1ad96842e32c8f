import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMemory } from '../../../simulator/machine/create-memory.ts';
import type { Plan } from '../../../simulator/plan.ts';
import { encodeReport } from '../../../simulator/report-codec.ts';
import type { Report } from '../../../simulator/report.ts';
import { createSimulation, simulationsOn, type CreateSimulation } from '../../../simulator/simulate.ts';
import { manyThreads, singleThread } from './scenarios.ts';

function run(create: CreateSimulation, plan: Plan, budget: () => number = () => 65_536): Report {
  const simulation = create(plan);
  for (let steps = 0; steps < 1_000_000; steps++) if (simulation.advance(budget()).done) return simulation.report();
  throw new Error('the run does not end');
}

const onEvents = simulationsOn(createMemory, { forceEvents: true });
const checked = simulationsOn(createMemory, { forceEvents: true, check: true });

test('both speeds agree on hits, misses, every counter, gauge, phase and pass of random single-threaded workloads', () => {
  fc.assert(
    fc.property(singleThread, (plan) => {
      const [fast] = run(createSimulation, plan).points;
      const [full] = run(onEvents, plan).points;
      assert.equal(fast.path, 'blocks');
      assert.equal(full.path, 'events');
      assert.deepEqual(fast.counters, full.counters);
      assert.deepEqual(fast.gauges, full.gauges);
      const counts = (phase: (typeof fast.phases)[number]) => ({
        name: phase.name,
        accesses: phase.accesses,
        hits: phase.hits,
        misses: phase.misses,
        counters: phase.counters,
        passes: phase.passes.map(({ accesses, hits, misses }) => ({ accesses, hits, misses })),
      });
      assert.deepEqual(fast.phases.map(counts), full.phases.map(counts));
      assert.deepEqual(
        fast.events.map(({ rule, text }) => ({ rule, text })),
        full.events.map(({ rule, text }) => ({ rule, text })),
      );
      for (const name of ['accesses', 'hits', 'misses']) assert.equal(fast.measures[name], full.measures[name]);
    }),
    { numRuns: 150 },
  );
});

test('both speeds take the same simulated time where nothing is swapped', () => {
  fc.assert(
    fc.property(singleThread, (plan) => {
      const [fast] = run(createSimulation, plan).points;
      const [full] = run(onEvents, plan).points;
      fc.pre(fast.counters['pswpout'] === 0);
      assert.equal(fast.time, full.time);
    }),
    { numRuns: 60 },
  );
});

test('how a run is cut into budgets never changes a byte of its report', () => {
  fc.assert(
    fc.property(
      fc.oneof(singleThread, manyThreads),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }),
      (plan, budgets) => {
        let i = 0;
        const whole = encodeReport(run(createSimulation, plan, () => 1 << 30));
        const cut = encodeReport(run(createSimulation, plan, () => budgets[i++ % budgets.length]));
        assert.deepEqual(cut, whole);
      },
    ),
    { numRuns: 100 },
  );
});

test('the full machine ends, conserves frames after every event and counts every access, whatever runs on it', () => {
  fc.assert(
    fc.property(manyThreads, (plan) => {
      const [point] = run(checked, plan).points;
      assert.ok(point.complete);
      assert.equal(point.measures['hits'] + point.measures['misses'], point.measures['accesses']);
      assert.equal(
        point.phases.reduce((n, phase) => n + phase.accesses, 0),
        point.measures['accesses'],
      );
      assert.deepEqual(
        point.events.filter(({ rule }) => rule === 'run.stuck'),
        [],
      );
      for (const series of point.series)
        for (let i = 1; i < series.t.length; i++)
          assert.ok(series.t[i] > series.t[i - 1], `${series.name} goes back in time`);
    }),
    { numRuns: 150 },
  );
});
