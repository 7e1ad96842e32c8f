/** The machine gives memory up as the closed form says, and others see it while it happens. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { simulationsOn, type CreateSimulation } from '../../../simulator/simulate.ts';
import { createMemory } from '../../../simulator/machine/create-memory.ts';
import type { KnobValues, Plan, RecoverySpec, Scenario } from '../../../simulator/plan.ts';
import type { PointReport } from '../../../simulator/report.ts';
import { PlanError } from '../../../simulator/plan-error.ts';
import { GIB, MIB, PAGE_SIZE, SECOND } from '../../../simulator/units.ts';
import * as make from '../plans.ts';
import { runPoint } from '../runs.ts';

const machine: CreateSimulation = simulationsOn(createMemory, { forceEvents: true });
const formulas: CreateSimulation = simulationsOn(createMemory);

interface Given {
  readonly gib?: number;
  readonly memory?: number;
  readonly backing?: string;
  readonly exit?: KnobValues;
  readonly values?: KnobValues;
  readonly prefault?: KnobValues;
  readonly helpers?: KnobValues;
  readonly plots?: Plan['plots'];
}

function crash({
  gib = 4,
  memory = 6,
  backing = '4k',
  exit = {},
  values = {},
  prefault = {},
  helpers = {},
  plots = [],
}: Given): Plan {
  const plan = make.plan({
    memoryPages: (memory * GIB) / PAGE_SIZE,
    reclaim: 'v6.1',
    objects: [make.anon('cache', (gib * GIB) / PAGE_SIZE, 0, { locked: true, backing })],
    processes: [make.process('store', [make.phase('', [])])],
  });
  const [point] = plan.points;
  const recovery: RecoverySpec = { processes: [0], values, dump: {}, prefault: { threads: 8, ...prefault }, helpers };
  const scenario: Scenario = {
    ...point.scenario,
    machine: { ...point.scenario.machine, values: { ...point.scenario.machine.values, cpus: 64 }, exit },
    recovery,
  };
  return {
    ...plan,
    plots: plots.length > 0 ? plots : [{ metrics: [], as: 'timeline', text: 'timeline' }],
    points: [{ ...point, scenario }],
  };
}

const phases = ({ recovery }: PointReport) =>
  recovery!.phases.map(({ name, start, end }) => [name, start, end] as const);
const within = (a: number, b: number, share: number, what: string) =>
  assert.ok(Math.abs(a - b) <= share * Math.max(Math.abs(a), Math.abs(b)), `${what}: ${a} and ${b}`);

test('one process alone: machine and closed form agree to the hundredth of a per cent, phase by phase', () => {
  for (const munlock of ['pre-3.12', 'v3.12', 'v5.18'])
    for (const backing of ['4k', 'folio-64k', 'thp', 'hugetlb-2m']) {
      const plan = crash({ backing, exit: { munlock } });
      const a = runPoint(plan, formulas);
      const b = runPoint(plan, machine);
      assert.equal(a.path, 'formulas');
      assert.equal(b.path, 'events');
      assert.deepEqual(
        phases(a).map(([name]) => name),
        phases(b).map(([name]) => name),
      );
      within(a.measures['time-to-service'], b.measures['time-to-service'], 1e-4, `${munlock} ${backing}`);
      within(a.measures['teardown-time'], b.measures['teardown-time'], 1e-4, `${munlock} ${backing}`);
    }
});

test('processes that exit together, helpers, overlap: machine and closed form agree within 5 % on one node, 15 % on four', () => {
  fc.assert(
    fc.property(
      fc.record({
        munlock: fc.constantFrom('pre-3.12', 'v3.12', 'v5.18'),
        processes: fc.constantFrom(1, 2, 4, 8, 16),
        workers: fc.constantFrom(0, 2, 4),
        nodes: fc.constantFrom(1, 4),
      }),
      fc.record({ mrelease: fc.constantFrom(0, 1, 3), reaper: fc.boolean() }),
      fc.constantFrom('none', 'freed', 'free'),
      (exit, helpers, overlap) => {
        const plan = crash({ gib: 8, memory: 12, exit, helpers, values: { overlap }, prefault: { chunk: 64 * MIB } });
        const a = runPoint(plan, formulas);
        const b = runPoint(plan, machine);
        for (const name of ['teardown-time', 'exit-p99', 'time-to-service'])
          within(a.measures[name], b.measures[name], exit.nodes === 1 ? 0.05 : 0.15, name);
      },
    ),
    { numRuns: 25, seed: 548_108 },
  );
});

test('shares of the critical path add up to all of it on the machine too', () => {
  const { measures } = runPoint(crash({ values: { overlap: 'freed' } }), machine);
  const shares = Object.entries(measures).filter(([name]) => name.endsWith('-share') && !name.startsWith('active'));
  within(
    shares.reduce((sum, [, share]) => sum + share, 0),
    1,
    1e-9,
    'shares',
  );
});

test('frames come back while teardown goes on: nr_free_pages rises from lot to lot, not at once', () => {
  const plan = crash({ plots: [{ metrics: [{ name: 'nr_free_pages' }], over: 'time', text: 'free' }] });
  const { series, recovery } = runPoint(plan, machine);
  const { t, y } = series.find(({ name }) => name === 'nr_free_pages')!;
  const zap = recovery!.phases.find(({ name }) => name === 'zap')!;
  const at = (time: number) => y[t.findLastIndex((x) => x <= time)];
  const start = at(zap.start);
  const end = at(zap.end);
  const half = at((zap.start + zap.end) / 2);
  within(half - start, (end - start) / 2, 0.02, 'half way');
});

test('somebody who waits for memory goes on as teardown gives it back: later where a munlock pass comes first', () => {
  const waits = (munlock: string) => {
    const hold = (3 * GIB) / PAGE_SIZE;
    const plan = make.plan({
      memoryPages: Math.floor((3.05 * GIB) / PAGE_SIZE),
      reclaim: 'v6.1',
      objects: [make.anon('cache', hold, 0, { locked: true }), make.anon('heap', GIB / PAGE_SIZE, 1)],
      processes: [
        make.process('store', [make.phase('', [{ kind: 'idle', time: 10 * SECOND }])]),
        make.process('other', [make.phase('fill', [make.passes(1, 1, { pages: GIB / PAGE_SIZE, verb: 'write' })])]),
      ],
      timeline: [{ time: SECOND / 100, actions: [{ kind: 'kill', process: 0 }] }],
    });
    const [only] = plan.points;
    const machine = { ...only.scenario.machine, exit: { munlock } };
    const point = runPoint({ ...plan, points: [{ ...only, scenario: { ...only.scenario, machine } }] });
    assert.equal(point.counters['oom_kill'], 0);
    return point.phases.find(({ name }) => name === 'fill')!.end;
  };
  // 231 ns a page (Babka 2013) before the first frame comes back, less the time for which frames were left
  const pass = (3 * GIB * 231) / PAGE_SIZE;
  const later = waits('pre-3.12') - waits('v5.18');
  assert.ok(later > 0.7 * pass && later < pass, `${later} of ${pass}`);
});

test('OOM: nobody else is killed while the victim still gives memory back (oom_evaluate_task)', () => {
  const pages = (16 * MIB) / PAGE_SIZE;
  const share = (of: number) => Math.floor(pages * of);
  const plan = make.plan({
    memoryPages: pages,
    reclaim: 'v6.1',
    objects: [make.anon('a', share(0.6), 0), make.anon('b', share(0.6), 1), make.anon('c', share(0.1), 2)],
    processes: [0, 1, 2].map((i) =>
      make.process(`p${i}`, [
        make.phase('', [make.passes(i, 1, { pages: share(i === 2 ? 0.1 : 0.6), verb: 'write' })]),
      ]),
    ),
  });
  const point = runPoint(plan, simulationsOn(createMemory, { check: true }));
  assert.equal(point.counters['oom_kill'], 1);
  const kill = point.events.find(({ rule }) => rule === 'oom.kill')!;
  const done = point.events.find(({ rule }) => rule === 'exit.done')!;
  assert.equal(kill.subject, done.subject);
  assert.equal(point.exits!.length, 1);
  assert.ok(point.exits![0].pages > pages * 0.3);
  assert.ok(done.time - kill.time >= point.exits![0].pages * 222);
});

test('an exit of one page takes 222 ns, and a process without memory none', () => {
  const exits = (pages: number) =>
    runPoint(
      make.plan({
        memoryPages: 4000,
        reclaim: 'v6.1',
        objects: [make.anon('heap', 4)],
        processes: [
          make.process('p', [
            make.phase('', [...(pages > 0 ? [make.passes(0, 1, { pages, verb: 'write' })] : []), { kind: 'exit' }]),
          ]),
        ],
      }),
    ).exits;
  assert.equal(exits(1)![0].end - exits(1)![0].start, 222);
  assert.equal(exits(0), undefined);
});

test('hugetlb pages go back to their pool, not to the machine; files that persist stay', () => {
  const free = (given: Given) =>
    runPoint(
      crash({
        ...given,
        values: { populate: 'none' },
        plots: [{ metrics: [{ name: 'nr_free_pages' }], over: 'time', text: '' }],
      }),
      machine,
    ).gauges!['nr_free_pages'];
  assert.equal(free({ backing: 'hugetlb-2m' }), free({ helpers: { persist: true } }));
  assert.ok(free({ backing: 'thp' }) - free({ backing: 'hugetlb-2m' }) >= (4 * GIB) / PAGE_SIZE);
});

test('after service the successor holds what its predecessor held', () => {
  const plots: Plan['plots'] = [{ metrics: [{ name: 'nr_unevictable' }], over: 'time', text: '' }];
  for (const values of [{}, { overlap: 'freed' }, { crash: 'kernel' }, { reboot: 'firmware' }]) {
    const point = runPoint(crash({ values: values, plots }), machine);
    assert.equal(point.gauges!['nr_unevictable'], (4 * GIB) / PAGE_SIZE, JSON.stringify(values));
    assert.ok(point.complete);
  }
});

test('a recovery is the same whatever the budget of a step', () => {
  const plan = crash({ exit: { processes: 4 }, values: { overlap: 'freed' } });
  const run = (budget: number) => {
    const simulation = machine(plan);
    while (!simulation.advance(budget).done);
    return simulation.report().points[0];
  };
  assert.deepEqual(run(17), run(1_000_000));
});

test('a plan whose recovery contradicts itself is refused, whoever made it', () => {
  const refused = (given: Given) => assert.throws(() => runPoint(crash(given)), PlanError);
  refused({ values: { budget: 0 } });
  refused({ values: { crash: 'kernel', reboot: 'none' } });
  refused({ exit: { munlock: 'v4' } });
  refused({ prefault: { threads: 0 } });
  refused({ helpers: { trim: 2_000_000 } });
  refused({ gib: 8, memory: 4, values: { after: 1 } });
});
