import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileSources } from '../../../language-server/language/compile.ts';
import { createMemory } from '../../../simulator/machine/create-memory.ts';
import { encodeReport } from '../../../simulator/report-codec.ts';
import { createSimulation, simulationsOn } from '../../../simulator/simulate.ts';
import { checked, onEvents, run } from '../runs.ts';
import { manyThreads, singleThread } from './scenarios.ts';

test('both speeds agree on hits, misses, every counter, gauge, phase and pass of random single-threaded workloads', () => {
  fc.assert(
    fc.property(singleThread, (plan) => {
      const [fast] = run(plan).points;
      const [full] = run(plan, onEvents).points;
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

test('both speeds take the same simulated time, within 8 % where pages are swapped out (writes at the end delay no read)', () => {
  fc.assert(
    fc.property(singleThread, (plan) => {
      const [fast] = run(plan).points;
      const [full] = run(plan, onEvents).points;
      if (fast.counters['pswpout'] === 0) assert.equal(fast.time, full.time);
      else assert.ok(Math.abs(fast.time - full.time) <= 0.08 * full.time, `${fast.time} ns against ${full.time}`);
    }),
    { numRuns: 60 },
  );
});

test('both speeds take the same simulated time where mlock runs out of memory halfway: for pages that came, and for none that was asked of the disk', () => {
  const { plans } = compileSources([
    {
      uri: 'program',
      text: `machine m { memory 6 MiB }
cgroup web { memory.max 1200 KiB }
file a 800 KiB
process p in web { anon heap 900 KiB; phase a { touch heap once; mlock a } }
run {}`,
    },
  ]);
  const [fast] = run(plans[0]).points;
  const [full] = run(plans[0], onEvents).points;
  assert.deepEqual([fast.path, full.path, fast.counters['oom_kill']], ['blocks', 'events', 1]);
  assert.equal(fast.time, full.time);
});

test('neither where budgets end nor who looks at the report meanwhile changes a byte of it', () => {
  fc.assert(
    fc.property(
      fc.oneof(singleThread, manyThreads),
      fc.array(fc.integer({ min: 1, max: 5000 }), { minLength: 1 }),
      (plan, budgets) => {
        const whole = encodeReport(run(plan, createSimulation, () => 1 << 30));
        const simulation = createSimulation(plan);
        for (let i = 0; !simulation.advance(budgets[i % budgets.length]).done; i++)
          if (i % 7 === 3) simulation.report();
        assert.deepEqual(encodeReport(simulation.report()), whole);
      },
    ),
    { numRuns: 100 },
  );
});

test('the full machine ends, conserves frames after every event and counts every access, whatever runs on it', () => {
  fc.assert(
    fc.property(manyThreads, (plan) => {
      const [point] = run(plan, checked).points;
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
      assert.ok(point.measures['memory.pressure.full.total'] <= point.measures['memory.pressure.some.total']);
      assert.ok(point.measures['memory.pressure.some.total'] <= point.time);
      for (const series of point.series)
        for (let i = 1; i < series.t.length; i++)
          assert.ok(series.t[i] > series.t[i - 1], `${series.name} goes back in time`);
    }),
    { numRuns: 150 },
  );
});

/** A machine whose memory is asked about each access alone. */
const oneByOne = simulationsOn((layout) => Object.defineProperty(createMemory(layout), 'hits', { value: undefined }), {
  forceEvents: true,
});

test('hits handed to memory in runs: the report of random workloads is that of one access at a time, byte by byte', () => {
  fc.assert(
    fc.property(fc.oneof(manyThreads, singleThread), (plan) => {
      assert.deepEqual(encodeReport(run(plan, onEvents)), encodeReport(run(plan, oneByOne)));
    }),
    { numRuns: 150 },
  );
});

test('the same for threads that wait for locks and lose volatile memory', () => {
  for (const face of ['vrange', 'vma', 'ashmem', 'madv-free', 'droppable']) {
    const { plans } = compileSources([
      {
        uri: 'program',
        text: `machine m { memory 12 MiB, cpus 3 }
file f 8 MiB
process p {
  threads 4
  anon heap 6 MiB
  phase a { write heap; volatile heap in ranges of 64 KiB; read f sequentially once }
  phase b { nonvolatile heap[0 .. 2 MiB]; read heap zipf 1.0, 3k times; write heap uniform, 500 times }
  on purged { regenerate 20 us }
}
run { compare volatile.interface: ${face} }`,
      },
    ]);
    assert.equal(plans.length, 1);
    assert.deepEqual(encodeReport(run(plans[0], onEvents)), encodeReport(run(plans[0], oneByOne)));
  }
});
