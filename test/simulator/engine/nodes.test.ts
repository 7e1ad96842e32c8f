/** Whole runs on machines with several nodes: frames are counted on each node after every event, and cuts into batches change nothing. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type {
  MempolicySpec,
  ObjectSpec,
  Plan,
  ProcessSpec,
  Scenario,
  Step,
  TimelineAction,
} from '../../../simulator/plan.ts';
import { hashReport } from '../../../simulator/report-codec.ts';
import { PAGE_SIZE } from '../../../simulator/units.ts';
import * as make from '../plans.ts';
import { checked, onEvents, run, runPoint } from '../runs.ts';

const MODES = ['default', 'local', 'preferred', 'preferred-many', 'bind', 'interleave', 'weighted-interleave'] as const;
const FLAGS = [undefined, undefined, 'static', 'relative'] as const;

const policyOf = fc
  .record({ mode: fc.constantFrom(...MODES), flag: fc.constantFrom(...FLAGS), nodes: fc.subarray([0, 1, 2, 3]) })
  .map(({ mode, flag, nodes }): MempolicySpec => ({ mode, nodes, ...(flag === undefined ? {} : { flag }) }));

const step = fc.record({
  target: fc.integer({ min: 0, max: 2 }),
  verb: fc.constantFrom('read', 'touch', 'write'),
  amount: fc.integer({ min: 1, max: 2500 }),
  uniform: fc.boolean(),
  then: fc.constantFrom('nothing', 'nothing', 'idle', 'policy', 'mbind', 'mlock', 'munlock', 'munmap', 'exit'),
  policy: policyOf,
});

const worlds = fc
  .record({
    nodes: fc.array(fc.record({ pages: fc.integer({ min: 400, max: 1200 }), movable: fc.boolean() }), {
      minLength: 2,
      maxLength: 4,
    }),
    processes: fc.array(
      fc.record({
        threads: fc.integer({ min: 1, max: 2 }),
        cpuset: fc.integer({ min: 0, max: 2 }),
        policy: fc.option(policyOf, { nil: undefined }),
        steps: fc.array(step, { minLength: 1, maxLength: 4 }),
      }),
      { minLength: 1, maxLength: 3 },
    ),
    mems: fc.tuple(fc.subarray([0, 1, 2, 3]), fc.subarray([0, 1, 2, 3])),
    mpol: fc.constantFrom(undefined, 'interleave', 'bind=relative:0-1', 'prefer:1', 'local', 'bind:9'),
    size: fc.constantFrom(200, 5000),
    v1: fc.boolean(),
    actions: fc.array(
      fc.record({
        time: fc.integer({ min: 0, max: 40 }),
        kind: fc.constantFrom('offline', 'online', 'mems', 'cpus', 'attach', 'remount', 'kill'),
        node: fc.integer({ min: 0, max: 3 }),
        mask: fc.subarray([0, 1, 2, 3], { minLength: 1 }),
        which: fc.integer({ min: 0, max: 2 }),
      }),
      { maxLength: 6 },
    ),
    swap: fc.constantFrom(0, 300, 3000),
    limit: fc.constantFrom(0, 300),
    kswapd: fc.constantFrom('synchronous', 'concurrent'),
    reclaim: fc.constantFrom('v6.1', 'v6.12', 'v3.15', 'classic', 'refault-2013', 'mglru-6.1', 'mglru-6.14', 'lru'),
    locked: fc.boolean(),
    seed: fc.integer({ min: 0, max: 1_000_000 }),
  })
  .map((given): Plan => {
    const count = given.nodes.length;
    const known = (nodes: readonly number[]) => nodes.filter((node) => node < count);
    const objects: ObjectSpec[] = [
      make.file('f', 1500),
      { kind: 'tmpfs', name: 't', pages: 900, values: {}, mount: 0 },
      ...given.processes.map((_, i) => make.anon(`heap${i}`, 800, i)),
      ...(given.locked ? [make.anon('locked', 150, 0, { locked: true })] : []),
    ];
    const processes = given.processes.map((p, i): ProcessSpec => {
      const steps = p.steps.flatMap((s): Step[] => {
        const target = s.target === 2 ? 2 + i : s.target;
        const { pages } = objects[target];
        const region = { object: target, start: 10, pages: 60 };
        const pattern = s.uniform ? ({ kind: 'uniform' } as const) : ({ kind: 'sequential' } as const);
        const access = make.times(target, s.amount, { pages, verb: s.verb, pattern });
        switch (s.then) {
          case 'nothing':
            return [access];
          case 'idle':
            return [access, { kind: 'idle', time: 2_000_000 }];
          case 'policy':
            return [access, { kind: 'mempolicy', policy: s.policy }];
          case 'mbind':
            return [access, { kind: 'mempolicy', policy: s.policy, target: region, move: true }];
          case 'exit':
            return [access, { kind: 'exit' }];
          default:
            return [access, { kind: s.then, target: region }];
        }
      });
      return {
        ...make.process(
          `p${i}`,
          [make.phase('work', steps)],
          { threads: p.threads },
          given.limit > 0 && i === 0 ? 1 : 0,
        ),
        cpuset: p.cpuset,
        ...(p.policy === undefined ? {} : { policy: p.policy }),
      };
    });
    const action = (a: (typeof given.actions)[number]): TimelineAction => {
      const process = a.which % processes.length;
      const mask = known(a.mask).length > 0 ? known(a.mask) : [0];
      switch (a.kind) {
        case 'mems':
        case 'cpus':
          return { kind: 'cpuset', cpuset: a.which, name: a.kind, nodes: mask };
        case 'attach':
          return { kind: 'attach', process, cpuset: a.node % 3 };
        case 'remount':
          return { kind: 'remount', mount: 0, mpol: 'interleave' };
        case 'kill':
          return { kind: 'kill', process };
        default:
          return { kind: 'node', node: a.node % count, online: a.kind === 'online', movable: a.which === 0 };
      }
    };
    const mems = (i: 0 | 1) => (known(given.mems[i]).length > 0 ? { mems: known(given.mems[i]) } : {});
    // v1 puts no tasks into cpusets without processors
    const cpus = given.nodes.map((_, i) => i);
    const scenario: Scenario = {
      ...make.scenario({
        memoryPages: given.nodes.reduce((sum, { pages }) => sum + pages, 0),
        objects,
        processes,
        reclaim: given.reclaim,
        machine: { cpus: count, kswapd: given.kswapd, 'cgroup-version': given.v1 ? 'v1' : 'v2' },
        cgroups: [
          { name: '', parent: null, values: {} },
          { name: 'job', parent: 0, values: given.limit > 0 ? { 'memory.max': given.limit * PAGE_SIZE } : {} },
        ],
        timeline: [...given.actions]
          .sort((a, b) => a.time - b.time)
          .map((a) => ({ time: a.time * 1_000_000, actions: [action(a)] })),
        ...(given.swap > 0 ? { swapPages: given.swap } : {}),
      }),
      cpusets: [
        { name: '', parent: null, values: {} },
        { name: 'a', parent: 0, ...mems(0), cpus, values: {} },
        { name: 'b', parent: 0, ...mems(1), cpus, values: { memory_migrate: true } },
      ],
      mounts: [
        {
          name: 'tmp',
          values: { size: given.size * PAGE_SIZE },
          ...(given.mpol === undefined ? {} : { mpol: given.mpol }),
        },
      ],
    };
    const { machine } = scenario;
    const nodes = given.nodes.map(({ pages, movable }, i) => ({
      values: { memory: pages * PAGE_SIZE, cpus: 1, movable: movable && i > 0 },
    }));
    const plan = make.plan({ memoryPages: 1, objects: [], processes: [] }, { seed: given.seed });
    return { ...plan, points: [{ coordinates: [], scenario: { ...scenario, machine: { ...machine, nodes } } }] };
  });

test('frames are conserved on each node after every event, whatever policies, cpusets and hotplug do in between', () => {
  fc.assert(
    fc.property(worlds, (plan) => {
      const { numa, gauges } = runPoint(plan, checked);
      if (numa === undefined) return;
      for (const { node, gauges: own, online } of numa.nodes)
        if (!online) assert.equal(own['nr_free_pages'], 0, `node ${node} is offline`);
      assert.equal(
        numa.nodes.reduce((sum, { gauges: own }) => sum + own['nr_free_pages'], 0),
        gauges!['nr_free_pages'],
      );
    }),
    { numRuns: 40, seed: 5 },
  );
});

test('how a run is cut into batches changes no report of a machine with several nodes', () => {
  fc.assert(
    fc.property(worlds, fc.integer({ min: 1, max: 5000 }), (plan, budget) => {
      const whole = hashReport(run(plan));
      let n = 0;
      assert.equal(hashReport(run(plan, undefined, () => 1 + ((budget * ++n) % 3000))), whole);
    }),
    { numRuns: 40, seed: 6 },
  );
});

/** The same world with one process of one thread, and nothing that only the full machine can do. */
function alone(plan: Plan): Plan {
  const [{ scenario }] = plan.points;
  const steps = (all: readonly Step[]) =>
    all
      .filter(({ kind }) => kind !== 'mempolicy')
      .map((one) =>
        one.kind === 'access' && one.target.object === 0 && one.verb === 'write'
          ? { ...one, verb: 'read' as const }
          : one,
      );
  const [first] = scenario.processes;
  const process: ProcessSpec = {
    ...first,
    values: { threads: 1 },
    phases: first.phases.map((phase) => ({ ...phase, steps: steps(phase.steps) })),
  };
  return {
    ...plan,
    points: [
      {
        coordinates: [],
        scenario: {
          ...scenario,
          machine: { ...scenario.machine, values: { ...scenario.machine.values, kswapd: 'synchronous' } },
          processes: [process],
          // 6.12 flushes its statistics by the clock
          reclaim: scenario.reclaim.id === 'v6.12' ? { id: 'v6.1', values: {} } : scenario.reclaim,
          objects: scenario.objects.filter(({ process: of }) => of === undefined || of === 0),
          mounts: [{ name: 'tmp', values: { size: 5000 * PAGE_SIZE } }],
          timeline: [],
        },
      },
    ],
  };
}

test('both speeds place the same pages by the same rules on machines with several nodes', () => {
  fc.assert(
    fc.property(worlds, (world) => {
      const plan = alone(world);
      const [fast] = run(plan).points;
      const [full] = run(plan, onEvents).points;
      assert.deepEqual([fast.path, full.path], ['blocks', 'events']);
      assert.deepEqual(fast.counters, full.counters);
      assert.deepEqual(fast.gauges, full.gauges);
      assert.deepEqual(fast.numa?.nodes, full.numa?.nodes);
      assert.deepEqual(fast.numa?.why, full.numa?.why);
      assert.deepEqual(
        fast.events.map(({ rule, text }) => ({ rule, text })),
        full.events.map(({ rule, text }) => ({ rule, text })),
      );
    }),
    { numRuns: 150, seed: 7 },
  );
});

test('a program that sets policies or syncs runs on any machine, with nodes or without', () => {
  const steps: Step[] = [
    { kind: 'mempolicy', policy: { mode: 'interleave', nodes: [0] } },
    make.passes(0, 1, { pages: 100 }),
    { kind: 'sync' },
  ];
  for (const reclaim of ['v6.1', 'lru']) {
    const point = runPoint(
      make.plan({
        memoryPages: 2000,
        objects: [make.file('f', 100)],
        processes: [make.process('p', [make.phase('', steps)])],
        reclaim,
      }),
    );
    assert.equal(point.complete, true);
    assert.equal(point.path, 'events');
  }
});

/** Two nodes, a tmpfs mount of 100 pages. */
function withMount(steps: readonly Step[], more: Partial<Scenario> = {}): Plan {
  const scenario = make.scenario({
    memoryPages: 4000,
    objects: [{ kind: 'tmpfs', name: 'log', pages: 300, values: {}, mount: 0 }],
    processes: [make.process('writer', [make.phase('', steps)])],
    reclaim: 'v6.1',
    machine: { cpus: 2 },
  });
  const plan = make.plan({ memoryPages: 1, objects: [], processes: [] });
  const nodes = [0, 1].map(() => ({ values: { memory: 2000 * PAGE_SIZE, cpus: 1 } }));
  const machine = { ...scenario.machine, nodes };
  const mounts = [{ name: 'tmp', values: { size: 100 * PAGE_SIZE } }];
  return { ...plan, points: [{ coordinates: [], scenario: { ...scenario, machine, mounts, ...more } }] };
}

test('writes to a mount that is full fail (ENOSPC), told once; the process goes on and what it wrote stays when it exits', () => {
  const point = runPoint(withMount([make.passes(0, 2, { pages: 300, verb: 'write' }), { kind: 'exit' }]), checked);
  const full = point.events.filter(({ rule }) => rule === 'tmpfs.full');
  assert.equal(full.length, 1);
  assert.match(full[0].text, /tmp is full: writes of writer to log fail.*ENOSPC/);
  assert.equal(point.gauges!['nr_shmem'], 100);
  assert.ok(point.events.some(({ rule }) => rule === 'process.exit'));
});

test('touching a page through a mapping when the mount is full ends the process with SIGBUS', () => {
  const point = runPoint(withMount([make.passes(0, 1, { pages: 300, verb: 'touch' })]), checked);
  const [full] = point.events.filter(({ rule }) => rule === 'tmpfs.full');
  assert.match(full.text, /SIGBUS: tmp is full.*writer is killed/);
  assert.equal(point.gauges!['nr_shmem'], 100);
  assert.equal(point.complete, true);
});

test('each node has a kswapd: with one bound to either node both work, and neither takes from the other', () => {
  const objects = [make.file('left', 6000), make.file('right', 6000)];
  const bound = (name: string, object: number): ProcessSpec => ({
    ...make.process(name, [make.phase('', [make.passes(object, 2, { pages: 6000 })])]),
    policy: { mode: 'bind', nodes: [object] },
  });
  const scenario = make.scenario({
    memoryPages: 8000,
    objects,
    processes: [bound('l', 0), bound('r', 1)],
    reclaim: 'v6.1',
    machine: { cpus: 2, kswapd: 'concurrent' },
  });
  const nodes = [0, 1].map(() => ({ values: { memory: 4000 * PAGE_SIZE, cpus: 1 } }));
  const point = runPoint({
    ...make.plan({ memoryPages: 1, objects: [], processes: [] }),
    points: [{ coordinates: [], scenario: { ...scenario, machine: { ...scenario.machine, nodes } } }],
  });
  const last = (object: string) =>
    point.numa!.placement.find((one) => one.object === object)!.pages.map((column) => column.at(-1)!);
  assert.equal(last('left')[1], 0);
  assert.equal(last('right')[0], 0);
  assert.ok(point.counters['pgsteal_kswapd'] > 8000);
  assert.equal(point.counters['oom_kill'], 0);
});
