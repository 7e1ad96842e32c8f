import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMemory } from '../../../simulator/machine/create-memory.ts';
import { simulationsOn } from '../../../simulator/simulate.ts';
import * as make from '../plans.ts';
import { onEvents, run, runPoint } from '../runs.ts';
import { pattern } from './scenarios.ts';

test('the optimum misses least and says the same at both speeds, locked memory or not', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ pattern, object: fc.integer({ min: 0, max: 2 }), count: fc.integer({ min: 1, max: 3000 }) }),
        {
          minLength: 1,
          maxLength: 4,
        },
      ),
      fc.boolean(),
      fc.boolean(),
      (steps, locked, mlock) => {
        const objects = [make.file('a', 900), make.file('b', 500), make.anon('h', 100, 0, { locked })];
        const world: make.World = {
          memoryPages: 700,
          objects,
          processes: [
            make.process('p', [
              make.phase(
                '',
                steps.flatMap(({ pattern: p, object, count }, i) => [
                  ...(mlock && i === 1
                    ? [{ kind: 'mlock', target: { object: 1, start: 10, pages: 50 } } as const]
                    : []),
                  make.times(object, count, { pages: objects[object].pages, pattern: p }),
                ]),
              ),
            ]),
          ],
        };
        const [opt, lru, arc] = run(make.compare(world, ['opt', 'lru', 'arc'])).points;
        assert.ok(opt.measures['misses'] <= lru.measures['misses']);
        assert.ok(opt.measures['misses'] <= arc.measures['misses']);
        assert.equal(
          runPoint(make.plan({ ...world, reclaim: 'opt' }), onEvents).measures['misses'],
          opt.measures['misses'],
        );
      },
    ),
    { numRuns: 60 },
  );
});

test('the optimum foresees mixtures on the full machine, however many accesses they make', () => {
  const world: make.World = {
    memoryPages: 300,
    reclaim: 'opt',
    objects: [make.file('a', 900), make.file('b', 500)],
    processes: [
      make.process('p', [
        make.phase('', [
          {
            kind: 'mix',
            parts: [0, 1].map((object) => ({
              weight: object + 1,
              access: make.times(object, 1, { pages: 500, pattern: { kind: 'uniform' } }),
            })),
            amount: { kind: 'accesses', count: 70_000 },
          },
        ]),
      ]),
    ],
  };
  const fast = runPoint(make.plan(world));
  const full = runPoint(make.plan(world), onEvents);
  assert.deepEqual([fast.path, full.path], ['blocks', 'events']);
  assert.equal(full.measures['misses'], fast.measures['misses']);
});

test('points that share a workload get the very words that each would draw alone', () => {
  const world: make.World = {
    memoryPages: 600,
    objects: [make.file('a', 2000)],
    processes: [
      make.process('p', [
        make.phase('zipf', [make.times(0, 5000, { pages: 2000, pattern: { kind: 'zipf', s: 0.9 } })]),
        make.phase('stream', [make.times(0, 3000, { pages: 2000, pattern: { kind: 'stream' } })]),
        make.phase('more', [make.times(0, 700, { pages: 2000, pattern: { kind: 'stream' } })]),
      ]),
    ],
  };
  const ids = ['v6.1', 'lru', 'opt', 'sieve'];
  const together = run(make.compare(world, ids)).points;
  ids.forEach((reclaim, i) => {
    const alone = runPoint(make.plan({ ...world, reclaim }));
    assert.deepEqual(together[i].counters, alone.counters);
    assert.equal(together[i].time, alone.time);
  });
});

test('a point that ends early leaves the rest of the shared words to the next', () => {
  const world: make.World = {
    memoryPages: 600,
    objects: [make.anon('h', 900), make.file('f', 100)],
    processes: [
      make.process('p', [
        make.phase('', [
          make.times(0, 4000, { pages: 900, verb: 'write', pattern: { kind: 'uniform' } }),
          make.times(1, 500, { pages: 100, pattern: { kind: 'uniform' } }),
        ]),
      ]),
    ],
  };
  // Without swap the kernel's way runs out of memory; policies from the literature know no such thing.
  const [killed, lru] = run(make.compare(world, ['v6.1', 'lru'])).points;
  assert.equal(killed.counters['oom_kill'], 1);
  assert.deepEqual(lru.counters, runPoint(make.plan(world)).counters);
});

test('refault distances are counted when asked for, and only then', () => {
  const world: make.World = {
    memoryPages: 1000,
    reclaim: 'v3.15',
    objects: [make.file('a', 1500)],
    processes: [make.process('p', [make.phase('', [make.passes(0, 4, { pages: 1500 })])])],
  };
  const plots = [{ metrics: [{ name: 'refault-distance' }], as: 'distribution', text: '' }] as const;
  for (const create of [undefined, simulationsOn(createMemory, { forceEvents: true })]) {
    const asked = runPoint(make.plan(world, { plots }), create);
    const [distribution] = asked.distributions;
    assert.equal(
      distribution.counts.reduce((a, b) => a + b, 0),
      asked.counters['workingset_refault_file'],
    );
    assert.equal(distribution.edges.length, distribution.counts.length + 1);
    // A cyclic scan of 1 500 pages: a page returns when all others have passed, less those still in memory.
    assert.ok(Math.abs(asked.measures['refault-distance'] - 550) < 60, `${asked.measures['refault-distance']}`);
  }
  assert.deepEqual(runPoint(make.plan(world)).distributions, []);
});
