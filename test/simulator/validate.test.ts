import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Plan } from '../../simulator/plan.ts';
import { createSimulation, estimateMemory, PlanError } from '../../simulator/simulate.ts';
import { manyThreads, singleThread } from './engine/scenarios.ts';
import * as make from './plans.ts';

const small = (rest: Partial<make.World> = {}): make.World => ({
  memoryPages: 1000,
  objects: [make.file('f', 100), make.anon('h', 20)],
  processes: [
    make.process('p', [make.phase('', [make.times(0, 500, { pages: 100, pattern: { kind: 'zipf', s: 1 } })])]),
  ],
  ...rest,
});

const refused = (plan: unknown): PlanError => {
  try {
    const simulation = createSimulation(plan as Plan);
    for (let i = 0; i < 1000; i++) if (simulation.advance(65_536).done) break;
  } catch (error) {
    assert.ok(error instanceof PlanError, String(error));
    assert.ok(error.message.length > 0 && error.remedy.length > 0);
    return error;
  }
  throw new Error('the plan was not refused');
};

test('impossible sizes, counts and machines are refused with the limit and a remedy', () => {
  const step = (patch: object) =>
    small({
      processes: [make.process('p', [make.phase('', [{ ...make.times(0, 5, { pages: 100 }), ...patch }])])],
    });
  const cases: readonly [make.World, RegExp][] = [
    [small({ memoryPages: 0 }), /'memory' of the machine is 0/],
    [small({ memoryPages: NaN }), /not a number/],
    [small({ memoryPages: 1e12 }), /'memory' of the machine/],
    [small({ objects: [make.file('f', 0)] }), /size of 'f' in pages is 0/],
    [small({ objects: [make.file('f', 2 ** 31)] }), /size of 'f' in pages/],
    [small({ objects: [make.file('f', 2 ** 29), make.file('g', 2 ** 29), make.file('h', 2 ** 29)] }), /4 TiB/],
    [small({ objects: [make.file('f', 1.5)] }), /whole number/],
    [step({ amount: { kind: 'accesses', count: 1e300 } }), /number of accesses/],
    [step({ amount: { kind: 'passes', count: Number.MAX_SAFE_INTEGER } }), /number of passes/],
    [step({ amount: { kind: 'time', time: -1 } }), /time of an access/],
    [step({ target: { object: 7, start: 0, pages: 1 } }), /names number 7/],
    [step({ target: { object: 0, start: 90, pages: 20 } }), /length of a region/],
    [step({ pattern: { kind: 'zipf', s: -1 } }), /exponent of a zipf/],
    [step({ pattern: { kind: 'stride', pages: 0 } }), /stride/],
    [step({ pattern: { kind: 'quantum' } }), /no known kind/],
    [step({ rate: 0 }), /rate/],
    [
      small({
        timeline: [
          { time: 5, actions: [] },
          { time: 3, actions: [] },
        ],
      }),
      /a time of the timeline is 3/,
    ],
    [small({ reclaim: 'no-such' }), /no reclaim variant 'no-such'/],
    [small({ machine: { cpus: 0 } }), /'cpus'/],
    [small({ machine: { kswapd: 'sometimes' } }), /'kswapd' of the machine is 'sometimes'/],
    [small({ sysctls: { 'vm.swappiness': 300 } }), /vm.swappiness/],
    [small({ processes: [make.process('p', [], { threads: 1e9 })] }), /threads/],
  ];
  for (const [world, message] of cases) assert.match(refused(make.plan(world)).message, message);
});

test('a plan of too many points, of another version, or no plan at all is refused', () => {
  const plan = make.plan(small());
  assert.match(
    refused({ ...plan, points: Array.from({ length: 20_000 }, () => plan.points[0]) }).message,
    /20000 points/,
  );
  assert.match(refused({ ...plan, version: 9 }).message, /version 9/);
  for (const nothing of [null, undefined, 3, 'plan', [], {}]) refused(nothing);
  assert.throws(() => createSimulation(plan, { points: [5] }), PlanError);
});

test('the clairvoyant ruler refuses what can’t be foreseen and says why', () => {
  const timed = [make.process('p', [make.phase('', [make.lasting(0, 1000, { pages: 100 })])])];
  assert.match(refused(make.plan(small({ reclaim: 'opt', processes: timed }))).message, /a step ends by time/);
  const threads = [make.process('p', [make.phase('', [make.times(0, 10, { pages: 100 })])], { threads: 2 })];
  assert.match(refused(make.plan(small({ reclaim: 'opt', processes: threads }))).message, /2 threads/);
  const long = [make.process('p', [make.phase('', [make.times(0, 1e12, { pages: 100 })])])];
  assert.match(refused(make.plan(small({ reclaim: 'opt', processes: long }))).message, /more than the \d+ that fit/);
});

test('a locked region that does not fit is refused before the first access', () => {
  const world = small({ reclaim: 'v6.1', objects: [make.file('f', 100), make.anon('h', 2000, 0, { locked: true })] });
  assert.match(refused(make.plan(world)).message, /locked region 'h'/);
});

/** Replaces the value at some place of a JSON tree. */
function damaged(value: unknown, path: readonly number[], junk: unknown): unknown {
  if (path.length === 0 || typeof value !== 'object' || value === null) return junk;
  const entries = Object.entries(value);
  if (entries.length === 0) return junk;
  const [key] = entries[path[0] % entries.length];
  const copy: Record<string, unknown> = Array.isArray(value) ? ([...(value as unknown[])] as never) : { ...value };
  copy[key] = damaged(copy[key], path.slice(1), junk);
  return copy;
}

test('a plan damaged anywhere is refused with a PlanError or runs; it never crashes', () => {
  const junk = fc.oneof(
    fc.constantFrom<unknown>(null, undefined, '', 'x', -1, 0.5, NaN, Infinity, 1e18, [], {}, true, [null], {
      kind: 'x',
    }),
    fc.integer({ min: -5, max: 2000 }),
  );
  fc.assert(
    fc.property(
      fc.oneof(singleThread, manyThreads),
      fc.array(fc.nat(40), { minLength: 1, maxLength: 12 }),
      junk,
      (plan, path, value) => {
        const broken = damaged(plan, path, value) as Plan;
        try {
          estimateMemory(broken);
          const simulation = createSimulation(broken);
          for (let i = 0; i < 30; i++) if (simulation.advance(20_000).done) break;
          simulation.report();
        } catch (error) {
          if (!(error instanceof PlanError)) throw error;
        }
      },
    ),
    { numRuns: 1500 },
  );
});

test('estimates name their biggest parts: zipf tables, the future, the pages', () => {
  const pages = 1 << 20;
  const world = (reclaim: string): make.World => ({
    memoryPages: 1 << 18,
    reclaim,
    objects: [make.file('f', pages)],
    processes: [make.process('p', [make.phase('', [make.times(0, 1e8, { pages, pattern: { kind: 'zipf', s: 1 } })])])],
  });
  const lru = estimateMemory(make.plan(world('lru')));
  const opt = estimateMemory(make.plan(world('opt')));
  assert.ok(opt.bytes - lru.bytes >= 4e8, 'four bytes for each access');
  assert.match(opt.parts[0].what, /future/);
  assert.ok(lru.parts.some(({ what, bytes }) => what.includes('tables') && bytes >= 16 * pages));
  assert.equal(
    lru.bytes,
    lru.parts.reduce((n, part) => n + part.bytes, 0),
  );
});
