/** Extents: locked regions that only a count stands for do to the rest of memory what regions with page numbers do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { createMemory } from '../../../simulator/machine/create-memory.ts';
import { counterIndex } from '../../../simulator/machine/counters.ts';
import { MemcgStats } from '../../../simulator/machine/memcg-stats.ts';
import type { Memory } from '../../../simulator/machine/memory.ts';
import type { ObjectSpec, Plan, RegionStep, Step } from '../../../simulator/plan.ts';
import { PlanError } from '../../../simulator/plan-error.ts';
import { reclaimVariants } from '../../../simulator/reclaim/registry.ts';
import type { PointReport } from '../../../simulator/report.ts';
import { simulationsOn, type CreateSimulation } from '../../../simulator/simulate.ts';
import { GIB, MIB, PAGE_SIZE } from '../../../simulator/units.ts';
import * as make from '../plans.ts';
import { runPoint } from '../runs.ts';

const variants = reclaimVariants.map(({ id }) => id);
const locked = (name: string, pages: number, process = 0): ObjectSpec =>
  make.anon(name, pages, process, { locked: true });
const region = (kind: RegionStep['kind'], object: number, pages: number, start = 0): Step => ({
  kind,
  target: { object, start, pages },
});

/** What a run says, or how it was refused. */
function told(plan: Plan, create: CreateSimulation): PointReport | string {
  try {
    return runPoint(plan, create);
  } catch (error) {
    if (error instanceof PlanError) return error.message;
    throw error;
  }
}

/** Extents say what numbered pages say, at either speed, with frames counted after every event. */
function sameEitherWay(plan: Plan): PointReport | string {
  const extent = told(plan, simulationsOn(createMemory));
  assert.deepEqual(extent, told(plan, simulationsOn(createMemory, { numberAll: true })));
  const events = told(plan, simulationsOn(createMemory, { forceEvents: true, check: true }));
  assert.deepEqual(events, told(plan, simulationsOn(createMemory, { forceEvents: true, numberAll: true })));
  return extent;
}

/** The memory of a plan's only point, once the run is over. */
function memoryAfter(plan: Plan): Memory {
  let memory: Memory | undefined;
  runPoint(
    plan,
    simulationsOn((layout) => (memory = createMemory(layout))),
  );
  return memory!;
}

const amounts = fc.record({
  variant: fc.constantFrom(...variants),
  memory: fc.integer({ min: 700, max: 4000 }),
  /** Of memory. */
  share: fc.integer({ min: 1, max: 105 }),
  second: fc.integer({ min: 0, max: 300 }),
  file: fc.integer({ min: 1, max: 3000 }),
  heap: fc.integer({ min: 1, max: 400 }),
  swap: fc.constantFrom(0, 500),
  /** Of the locked region, or none. */
  limit: fc.option(fc.integer({ min: 90, max: 250 })),
  first: fc.boolean(),
  end: fc.constantFrom('none', 'munmap', 'twice', 'exit'),
  seed: fc.integer({ min: 1, max: 1 << 30 }),
});

test('an extent squeezes everything else exactly as a locked region with page numbers, in every variant, at both speeds', () => {
  let ran = 0;
  fc.assert(
    fc.property(amounts, (a) => {
      const pages = Math.max(1, Math.floor((a.memory * a.share) / 100));
      // Behind the others, so that their numbers and with them MGLRU's regions and W-TinyLFU's hashes are the same; else in front, too.
      const first = a.first && !a.variant.startsWith('mglru') && a.variant !== 'w-tinylfu';
      const others = [make.file('f', a.file), make.anon('h', a.heap), make.file('unused', 100)];
      const extents = [locked('pinned', pages), ...(a.second > 0 ? [locked('more', a.second)] : [])];
      const objects = first ? [...extents, ...others] : [...others, ...extents];
      const f = first ? extents.length : 0;
      const pinned = first ? 0 : others.length;
      const work = [
        make.times(f, 2500, { pages: a.file, pattern: { kind: 'zipf', s: 0.8 } }),
        make.times(f + 1, 600, { pages: a.heap, verb: 'write', pattern: { kind: 'uniform' } }),
        make.times(f, 2000, { pages: a.file, verb: 'touch', pattern: { kind: 'uniform' } }),
      ];
      const end: readonly Step[] =
        a.end === 'exit'
          ? [{ kind: 'exit' }]
          : a.end === 'none'
            ? []
            : [
                ...(a.end === 'twice' ? [region('munmap', pinned, pages)] : []),
                region('munmap', pinned, pages),
                ...work,
              ];
      const limits =
        a.limit === null ? {} : { 'memory.max': Math.max(1, Math.floor((pages * a.limit) / 100)) * PAGE_SIZE };
      const plan = make.plan(
        {
          memoryPages: a.memory,
          reclaim: a.variant,
          swapPages: a.swap,
          objects,
          cgroups: [
            { name: '', parent: null, values: {} },
            { name: 'g', parent: 0, values: limits },
          ],
          processes: [make.process('p', [make.phase('', [...work, ...end])], {}, a.limit === null ? 0 : 1)],
        },
        { seed: a.seed },
      );
      if (typeof sameEitherWay(plan) !== 'string') ran++;
    }),
    { numRuns: 150, seed: 20130424 },
  );
  assert.ok(ran > 60, `only ${ran} runs were not refused`);
});

test('kills and OOM victims find extents: several processes, kswapd racing', () => {
  let kills = 0;
  fc.assert(
    fc.property(
      fc.constantFrom('classic', 'v3.15', 'v6.1'),
      fc.integer({ min: 200, max: 900 }),
      fc.integer({ min: 300, max: 1500 }),
      fc.boolean(),
      fc.integer({ min: 1, max: 1 << 30 }),
      (reclaim, pages, heap, killed, seed) => {
        const plan = make.plan(
          {
            memoryPages: 1200,
            reclaim,
            objects: [make.file('f', 1500), make.anon('h', heap, 1), locked('pinned', pages)],
            processes: [
              make.process('holder', [
                make.phase('', [make.times(0, 1500, { pages: 1500, pattern: { kind: 'uniform' } })]),
              ]),
              make.process('eater', [make.phase('', [make.passes(1, 2, { pages: heap, verb: 'write' })])]),
            ],
            timeline: killed ? [{ time: 2_000_000, actions: [{ kind: 'kill', process: 0 }] }] : [],
          },
          { seed },
        );
        const report = told(plan, simulationsOn(createMemory, { check: true }));
        assert.deepEqual(report, told(plan, simulationsOn(createMemory, { numberAll: true })));
        if (typeof report !== 'string' && report.counters['oom_kill'] > 0) kills++;
      },
    ),
    { numRuns: 60, seed: 7 },
  );
  assert.ok(kills > 5, `${kills} runs met the OOM killer`);
});

const array = (extent: boolean): Plan =>
  make.plan({
    memoryPages: (640 * GIB) / PAGE_SIZE,
    reclaim: 'v6.1',
    objects: [
      make.file('db', (64 * MIB) / PAGE_SIZE),
      ...(extent ? [locked('cache', (512 * GIB) / PAGE_SIZE)] : []),
      make.file('unused', (1024 * GIB) / PAGE_SIZE),
    ],
    processes: [make.process('p', [make.phase('', [make.passes(0, 3, { pages: (64 * MIB) / PAGE_SIZE })])])],
  });

test('512 GiB locked on 640 GiB cost no page numbers, and are all accounted for', () => {
  let numbers = 0;
  const report = runPoint(
    array(true),
    simulationsOn((layout) => {
      numbers = layout.pages;
      return createMemory(layout);
    }),
  );
  assert.equal(numbers, (64 * MIB) / PAGE_SIZE, 'only the file that is read has page numbers');
  const pages = (512 * GIB) / PAGE_SIZE;
  assert.equal(report.gauges!['nr_unevictable'], pages);
  const without = runPoint(array(false)).gauges!;
  assert.equal(without['nr_free_pages'] - report.gauges!['nr_free_pages'], pages + pages / 512, 'page tables included');
});

test('what an extent took comes back whole, to the machine and to its cgroup', () => {
  const pages = 1000;
  const plan = (steps: readonly Step[]) =>
    make.plan({
      memoryPages: 4000,
      reclaim: 'v6.1',
      objects: [locked('pinned', pages)],
      cgroups: [
        { name: '', parent: null, values: {} },
        { name: 'g', parent: 0, values: {} },
      ],
      processes: [make.process('p', [make.phase('', steps)], {}, 1)],
    });
  const idle: Step = { kind: 'idle', time: 1000 };
  const held = memoryAfter(plan([idle]));
  assert.equal(held.usage(1), pages + 2);
  assert.equal(held.extentPages(0), pages);
  assert.equal(held.usage(0), pages + 2);
  for (const steps of [[region('munmap', 0, pages)], [{ kind: 'exit' } as const]]) {
    const memory = memoryAfter(plan([idle, ...steps]));
    assert.equal(memory.usage(1), 2, 'the charges of two page tables stay in the stock');
    assert.equal(memory.usage(0), 0);
    assert.equal(memory.counters[counterIndex('pgalloc')], memory.counters[counterIndex('pgfree')]);
    memory.checkConservation();
  }
});

test('a region of which a part is locked, unlocked or unmapped has page numbers', () => {
  const pagesOf = (step: Step): number => {
    let numbers = 0;
    const world = {
      memoryPages: 2000,
      reclaim: 'v6.1',
      objects: [locked('pinned', 300)],
      processes: [make.process('p', [make.phase('', [step])])],
    };
    const create = simulationsOn((layout) => {
      numbers = layout.numbered![0];
      return createMemory(layout);
    });
    runPoint(make.plan(world), create);
    return numbers;
  };
  assert.equal(pagesOf(region('munmap', 0, 300)), 0);
  assert.equal(pagesOf(region('fsync', 0, 300)), 0);
  assert.equal(pagesOf(region('munmap', 0, 10, 5)), 300);
  assert.equal(pagesOf(region('munlock', 0, 300)), 300);
  assert.equal(pagesOf(region('mlock', 0, 300)), 300);
  assert.equal(pagesOf(make.times(0, 1, { pages: 1 })), 300);
});

test('many statistics at once are as late as the same one by one', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 8 }),
      fc.array(fc.integer({ min: 0, max: 64 }), { maxLength: 3 }),
      fc.integer({ min: 1, max: 200 }),
      fc.integer({ min: 0, max: 500 }),
      fc.integer({ min: 0, max: 70 }),
      (cpus, before, n, times, after) => {
        const build = () => {
          const stats = new MemcgStats(Int32Array.of(-1), cpus);
          for (const b of before) stats.updated(b);
          return stats;
        };
        const one = build();
        const all = build();
        for (let i = 0; i < times; i++) one.updated(n);
        all.updatedEach(n, times);
        for (let i = 0; i < after + 66 * (cpus + 2); i++) {
          for (const stats of [one, all]) {
            stats.local[0] = i;
            stats.updated(1);
            stats.flush();
          }
          assert.equal(all.seen[0], one.seen[0]);
        }
      },
    ),
    { numRuns: 100, seed: 3 },
  );
});
