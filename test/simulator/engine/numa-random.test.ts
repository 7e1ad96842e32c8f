/** Random machines with nodes, policies, cpusets, mounts and hotplug, run to their end: what must hold of all of them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { MempolicySpec, ObjectSpec, Plan, ProcessSpec, Step, TimelineAction } from '../../../simulator/plan.ts';
import type { PointReport } from '../../../simulator/report.ts';
import { PAGE_SIZE, SECOND } from '../../../simulator/units.ts';
import { phase } from '../plans.ts';
import { checked, runPoint } from '../runs.ts';

const NODES = 3;
const NODE_PAGES = 4096;
const PAGES = 1500;

const someNodes = fc.uniqueArray(fc.nat(NODES), { maxLength: NODES }).map((nodes) => nodes.sort((a, b) => a - b));
const policies: fc.Arbitrary<MempolicySpec> = fc
  .tuple(
    fc.constantFrom<MempolicySpec['mode']>(
      'default',
      'local',
      'preferred',
      'preferred-many',
      'bind',
      'interleave',
      'weighted-interleave',
    ),
    fc.constantFrom(undefined, 'static', 'relative'),
    someNodes,
  )
  .map(([mode, flag, nodes]) => ({ mode, nodes, ...(flag === undefined ? {} : { flag }) }));
const mems = fc.uniqueArray(fc.nat(NODES - 1), { minLength: 1 }).map((nodes) => nodes.sort((a, b) => a - b));
const mpols = fc.constantFrom('bind=relative:0-1', 'interleave', 'prefer:2', 'bind:1', 'bind:7', 'local', undefined);

// objects: a region of each process, a file, a tmpfs file
const OBJECTS = 4;
const steps: fc.Arbitrary<Step> = fc.oneof(
  fc
    .record({ object: fc.nat(OBJECTS - 1), verb: fc.constantFrom('read', 'write', 'touch') })
    .map(({ object, verb }): Step => ({
      kind: 'access',
      verb: verb as 'read',
      target: { object, start: 0, pages: PAGES },
      pattern: { kind: 'uniform' },
      amount: { kind: 'accesses', count: 1200 },
    })),
  fc
    .record({ policy: policies, object: fc.option(fc.nat(OBJECTS - 1)), move: fc.boolean() })
    .map(({ policy, object, move }): Step => ({
      kind: 'mempolicy',
      policy,
      ...(object === null ? {} : { target: { object, start: 100, pages: 900 }, move }),
    })),
  fc.constant<Step>({ kind: 'idle', time: SECOND / 2 }),
);
const actions: fc.Arbitrary<TimelineAction> = fc.oneof(
  mems.map((nodes): TimelineAction => ({ kind: 'cpuset', cpuset: 1, name: 'mems', nodes })),
  fc.tuple(fc.nat(1), fc.nat(1)).map(([process, cpuset]): TimelineAction => ({ kind: 'attach', process, cpuset })),
  fc
    .tuple(fc.nat(NODES - 1), fc.boolean(), fc.boolean())
    .map(([node, online, movable]): TimelineAction => ({ kind: 'node', node, online, movable })),
  mpols.map((mpol): TimelineAction => ({ kind: 'remount', mount: 0, ...(mpol === undefined ? {} : { mpol }) })),
);

const plans = fc
  .record({
    version: fc.constantFrom('v1', 'v2'),
    movable: fc.array(fc.boolean(), { minLength: NODES, maxLength: NODES }),
    mems,
    mpol: mpols,
    programs: fc.array(fc.array(steps, { minLength: 1, maxLength: 6 }), { minLength: 2, maxLength: 2 }),
    policies: fc.array(policies, { minLength: 2, maxLength: 2 }),
    timeline: fc.array(actions, { maxLength: 6 }),
    reclaim: fc.constantFrom('v6.1', 'mglru-6.1'),
  })
  .map((drawn): Plan => {
    const objects: ObjectSpec[] = [
      { kind: 'anon', name: 'a', pages: PAGES, process: 0, values: {} },
      { kind: 'anon', name: 'b', pages: PAGES, process: 1, values: {} },
      { kind: 'file', name: 'f', pages: PAGES, values: {} },
      { kind: 'tmpfs', name: 't', pages: PAGES, mount: 0, values: {} },
    ];
    const processes = drawn.programs.map((program, i): ProcessSpec => {
      // a region belongs to one process: the other accesses its own
      const own = program.map((step) =>
        'target' in step && step.target !== undefined && step.target.object < 2
          ? { ...step, target: { ...step.target, object: i } }
          : step,
      );
      return { name: `p${i}`, cgroup: 0, cpuset: i, policy: drawn.policies[i], values: {}, phases: [phase('', own)] };
    });
    return {
      version: 1,
      title: 'random',
      seed: 7,
      axes: [],
      points: [
        {
          coordinates: [],
          scenario: {
            machine: {
              name: 'm',
              values: { memory: NODES * NODE_PAGES * PAGE_SIZE, cpus: NODES, 'cgroup-version': drawn.version },
              disk: {},
              swap: [{ name: 'swap', values: { size: 4096 * PAGE_SIZE } }],
              nodes: drawn.movable.map((movable, i) => ({
                values: { memory: NODE_PAGES * PAGE_SIZE, cpus: 1, movable: i > 0 && movable, weight: i + 1 },
              })),
            },
            cgroups: [{ name: '/', parent: null, values: {} }],
            cpusets: [
              { name: '', parent: null, values: {} },
              {
                name: 'set',
                parent: 0,
                mems: drawn.mems,
                cpus: Array.from({ length: NODES }, (_, i) => i),
                values: {},
              },
            ],
            mounts: [{ name: 't', values: {}, ...(drawn.mpol === undefined ? {} : { mpol: drawn.mpol }) }],
            objects,
            processes,
            timeline: drawn.timeline.map((action, i) => ({ time: ((i + 1) * SECOND) / 4, actions: [action] })),
            reclaim: { id: drawn.reclaim, values: {} },
            sysctls: {},
          },
        },
      ],
      plots: [],
      expects: [],
      traces: [],
    };
  });

const sum = (values: Iterable<number>): number => [...values].reduce((a, b) => a + b, 0);

/** What must hold of any report with nodes. */
function consistent(point: PointReport): void {
  const numa = point.numa!;
  const counted = (name: string): number => sum(numa.nodes.map(({ counters }) => counters[name]));
  assert.equal(counted('numa_hit') + counted('numa_miss'), counted('local_node') + counted('other_node'));
  assert.equal(counted('numa_miss'), counted('numa_foreign'));
  assert.ok(counted('interleave_hit') <= counted('numa_hit'));
  // reasons and places are of the same pages
  for (const { object, pages } of numa.placement) {
    const now = pages.map((column) => column.at(-1)!);
    const whys = numa.why.filter((why) => why.object === object);
    for (const node of now.keys())
      assert.equal(sum(whys.map((why) => why.pages[node])), now[node], `${object} on ${node}`);
    assert.ok(whys.every(({ wrong, pages: of }) => wrong <= sum(of)));
  }
  assert.equal(point.measures['wrong-node'], sum(numa.why.map(({ wrong }) => wrong)));
  // nothing lies on a node that is offline
  for (const { node, online } of numa.nodes) {
    if (!online) assert.equal(sum(numa.placement.map(({ pages }) => pages[node].at(-1)!)), 0);
  }
}

test('counters add up, every page has its reason, and no page lies on an offline node, on random machines', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      consistent(runPoint(plan, checked));
    }),
    { numRuns: 50 },
  );
});

test('the same plan gives the same report', () => {
  fc.assert(
    fc.property(plans, (plan) => {
      assert.deepEqual(runPoint(plan), runPoint(plan));
    }),
    { numRuns: 15 },
  );
});
