import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { accountings } from '../../../simulator/tables/fuse-accounting.ts';
import type { Plan, Step } from '../../../simulator/plan.ts';
import * as make from '../plans.ts';
import { checked, runPoint } from '../runs.ts';
import { mount, onFuse } from './worlds.ts';

const MS = 1_000_000;

/** Small machines with a mount or two, a disk, daemons of every kind, writers, readers and syncs. */
const world: fc.Arbitrary<Plan> = fc
  .record({
    memoryPages: fc.integer({ min: 2_000, max: 6_000 }),
    accounting: fc.constantFrom(...accountings.map(({ id }) => id)),
    legacy: fc.boolean(),
    reclaim: fc.constantFrom('v6.1', 'classic', 'mglru-6.1', 'lru', 'arc'),
    hz: fc.constantFrom(100, 250, 1000),
    ratio: fc.constantFrom(1, 5, 20, 100),
    maxRatio: fc.constantFrom(0, 10_000, 200_000, 1_000_000),
    bandwidth: fc.constantFrom(1, 1_000_000, 50_000_000, 2_000_000_000),
    threads: fc.integer({ min: 1, max: 3 }),
    need: fc.constantFrom(0, 1, 2.5),
    reserve: fc.constantFrom(0, 40_960),
    backing: fc.constantFrom('disk', 'none'),
    own: fc.boolean(),
    direct: fc.boolean(),
    flag: fc.constantFrom('none', 'less', 'local', 'io-flusher', 'full'),
    through: fc.boolean(),
    filePages: fc.constantFrom(10, 500, 1 << 20),
    second: fc.boolean(),
    random: fc.boolean(),
    then: fc.constantFrom('fsync', 'sync', 'idle'),
    limit: fc.constantFrom(0, 600),
    stop: fc.constantFrom('none', 'stall', 'die'),
  })
  .map((w) => {
    const daemon = {
      bandwidth: w.bandwidth,
      threads: w.threads,
      'pages-per-page': w.need,
      reserve: w.reserve,
      backing: w.backing,
      direct: w.direct,
      flag: w.flag,
      ...(w.own ? { 'disk-bandwidth': 20_000_000 } : {}),
    };
    const values = { accounting: w.accounting, max_ratio: w.maxRatio, writeback_cache: !w.through };
    const writer = (object: number, pages: number): Step[] => [
      make.times(object, 3_000, {
        verb: 'write',
        pages,
        ...(w.random ? { pattern: { kind: 'uniform' } } : {}),
        rate: 200_000_000,
      }),
      w.then === 'fsync'
        ? { kind: 'fsync', target: { object, start: 0, pages } }
        : w.then === 'sync'
          ? { kind: 'sync' }
          : { kind: 'idle', time: MS },
    ];
    const small = w.random ? Math.min(w.filePages, 5_000) : w.filePages;
    return make.plan({
      memoryPages: w.memoryPages,
      reclaim: w.reclaim,
      machine: { cpus: 2, hz: w.hz, throttle: w.legacy ? 'legacy' : 'rate-based', 'lockup-after': 100 * MS },
      sysctls: { 'vm.dirty_ratio': w.ratio, 'vm.dirty_background_ratio': w.ratio >> 1 },
      disk: { bandwidth: 40_000_000 },
      objects: [onFuse('a', 0, small), onFuse('b', w.second ? 1 : 0, 800), make.file('log', 1_500)],
      cgroups: [
        { name: '', parent: null, values: {} },
        { name: 'web', parent: 0, values: w.limit > 0 ? { 'memory.max': w.limit * 4096 } : {} },
      ],
      processes: [
        make.process('wa', [make.phase('', writer(0, small))], {}, w.limit > 0 ? 1 : 0),
        make.process('wb', [make.phase('', writer(1, 800))]),
        make.process('wl', [make.phase('', [make.passes(2, 2, { verb: 'write', pages: 1_500 })])]),
        make.process('rl', [make.phase('', [make.times(2, 3_000, { pages: 1_500, pattern: { kind: 'uniform' } })])]),
      ],
      fuse: [mount('a', values, daemon), ...(w.second ? [mount('b', values, daemon)] : [])],
      timeline:
        w.stop === 'none' ? [] : [{ time: 20 * MS, actions: [{ kind: 'daemon', fuse: 0, state: w.stop } as const] }],
      duration: 300 * MS,
    });
  });

test('TD12: whatever mounts, daemons and disks do, every page is in one state after every event, and the run ends', () => {
  fc.assert(
    fc.property(world, (plan) => {
      const point = runPoint(plan, checked);
      assert.ok(point.time <= 300 * MS);
      assert.ok(Object.values(point.counters).every((n) => Number.isFinite(n) && n >= 0));
    }),
    { numRuns: 40 },
  );
});

test('the same plan gives the same report, byte by byte, with mounts too', () => {
  fc.assert(
    fc.property(world, (plan) => {
      assert.equal(JSON.stringify(runPoint(plan)), JSON.stringify(runPoint(plan)));
    }),
    { numRuns: 10 },
  );
});
