/** Plans with nodes, run to their end: what the machine does and what the report says of it. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type {
  MempolicySpec,
  NodeSpec,
  ObjectSpec,
  Plan,
  ProcessSpec,
  Scenario,
  TimelineEntry,
} from '../../../simulator/plan.ts';
import type { NumaReport, PointReport } from '../../../simulator/report.ts';
import { PAGE_SIZE, SECOND } from '../../../simulator/units.ts';
import { anon, file, passes, phase } from '../plans.ts';
import { checked, run, runPoint } from '../runs.ts';

const NODE_PAGES = 8192;
const node = (values: NodeSpec['values'] = {}): NodeSpec => ({
  values: { memory: NODE_PAGES * PAGE_SIZE, cpus: 1, ...values },
});
const policy = (
  mode: MempolicySpec['mode'],
  nodes: readonly number[],
  flag?: MempolicySpec['flag'],
): MempolicySpec => ({
  mode,
  nodes,
  ...(flag === undefined ? {} : { flag }),
});
const tmpfs = (name: string, pages: number): ObjectSpec => ({ kind: 'tmpfs', name, pages, values: {}, mount: 0 });
const process = (
  name: string,
  steps: ProcessSpec['phases'][number]['steps'],
  rest: Partial<ProcessSpec> = {},
): ProcessSpec => ({
  name,
  cgroup: 0,
  values: {},
  phases: [phase('', steps)],
  ...rest,
});
const at = (seconds: number, ...actions: TimelineEntry['actions']): TimelineEntry => ({
  time: seconds * SECOND,
  actions,
});
const fill = (object: number, pages: number) => passes(object, 1, { pages, verb: 'write' });
const idle = (seconds: number) => ({ kind: 'idle', time: seconds * SECOND }) as const;

interface Rest {
  readonly machine?: Plan['points'][number]['scenario']['machine']['values'];
  readonly nodes?: readonly NodeSpec[];
  readonly cpusets?: Scenario['cpusets'];
  readonly mounts?: Scenario['mounts'];
  readonly timeline?: readonly TimelineEntry[];
}

const root = { name: '', parent: null, values: {} };
const jail = (mems: readonly number[]) => [root, { name: 'jail', parent: 0, mems, values: {} }];

function plan(objects: readonly ObjectSpec[], processes: readonly ProcessSpec[], rest: Rest = {}): Plan {
  const nodes = rest.nodes ?? [node(), node(), node(), node()];
  return {
    version: 1,
    title: 'nodes',
    seed: 1,
    axes: [],
    points: [
      {
        coordinates: [],
        scenario: {
          machine: {
            name: 'quad',
            values: { memory: nodes.length * NODE_PAGES * PAGE_SIZE, cpus: nodes.length, ...rest.machine },
            disk: {},
            swap: [],
            nodes,
          },
          cgroups: [{ name: '/', parent: null, values: {} }],
          objects,
          processes,
          timeline: rest.timeline ?? [],
          reclaim: { id: 'v6.1', values: {} },
          sysctls: {},
          ...(rest.cpusets === undefined ? {} : { cpusets: rest.cpusets }),
          ...(rest.mounts === undefined ? {} : { mounts: rest.mounts }),
        },
      },
    ],
    plots: [],
    expects: [],
    traces: [],
  };
}

const numaOf = (point: PointReport): NumaReport => point.numa!;
/** Pages of an object by node at the end. */
function lies(point: PointReport, object: string): number[] {
  const { pages } = numaOf(point).placement.find((one) => one.object === object)!;
  return pages.map((column) => column.at(-1)!);
}
const rulesOf = (point: PointReport): string[] => point.events.map(({ rule }) => rule);
const textsOf = (point: PointReport, rule: string): string[] =>
  point.events.filter((event) => event.rule === rule).map(({ text }) => text);

test('tasks’ policies, regions’ policies and files’ policies each decide about their own pages, and the report says which', () => {
  const point = runPoint(
    plan(
      [
        anon('heap', 400),
        { ...anon('ring', 400), policy: policy('bind', [2]) },
        tmpfs('scratch', 400),
        file('data', 400),
      ],
      [
        process('writer', [fill(0, 400), fill(1, 400), fill(2, 400), passes(3, 1, { pages: 400, verb: 'read' })], {
          policy: policy('interleave', [0, 1]),
        }),
      ],
      { mounts: [{ name: 'scratch', mpol: 'prefer:3', values: {} }] },
    ),
    checked,
  );
  assert.deepEqual(lies(point, 'heap'), [200, 200, 0, 0]);
  assert.deepEqual(lies(point, 'ring'), [0, 0, 400, 0]);
  assert.deepEqual(lies(point, 'scratch'), [0, 0, 0, 400]);
  assert.deepEqual(lies(point, 'data').slice(2), [0, 0]);
  assert.deepEqual(
    numaOf(point)
      .why.filter(({ object }) => object !== 'data')
      .map(({ object, rule, scope, policy: text, mask }) => [object, rule, scope, text, mask]),
    [
      ['heap', 'numa.interleave', 'task', 'interleave:0-1', [0, 1]],
      ['ring', 'numa.bind', 'region', 'bind:2', [2]],
      ['scratch', 'numa.preferred', 'file', 'prefer:3', [3]],
    ],
  );
  assert.equal(point.measures['wrong-node'], 0);
  assert.equal(point.counters['policy-violation'], 0);
});

test('counters of numastat add up over nodes to those of the machine (TC4)', () => {
  const point = runPoint(
    plan([anon('heap', 2000)], [process('p', [fill(0, 2000)], { policy: policy('interleave', [0, 1, 2, 3]) })]),
  );
  const sum = (name: string): number => numaOf(point).nodes.reduce((n, one) => n + one.counters[name], 0);
  assert.equal(sum('numa_hit') + sum('numa_miss'), sum('local_node') + sum('other_node'));
  assert.equal(sum('numa_hit'), point.counters['numa_hit']);
  assert.equal(sum('local_node'), point.counters['numa_local']);
  assert.ok(point.measures['remote-ratio'] > 0.7 && point.measures['remote-ratio'] < 0.8);
});

test('mems that change take pages along, the n-th old node to the n-th new one, and tell it (kernel 6.1, rule A7)', () => {
  const point = runPoint(
    plan(
      [anon('heap', 400), tmpfs('scratch', 300)],
      [process('writer', [fill(0, 400), fill(1, 300), idle(3)], { cpuset: 1, policy: policy('interleave', [2, 3]) })],
      {
        cpusets: jail([2, 3]),
        mounts: [{ name: 'scratch', mpol: 'bind=relative:0', values: {} }],
        timeline: [at(1, { kind: 'cpuset', cpuset: 1, name: 'mems', nodes: [0, 1] })],
      },
    ),
    checked,
  );
  assert.deepEqual(lies(point, 'heap'), [200, 200, 0, 0]);
  // pages of tmpfs that nobody has mapped stay, and so does the file's mask
  assert.deepEqual(lies(point, 'scratch'), [0, 0, 300, 0]);
  assert.deepEqual(
    numaOf(point).migrations.map(({ object, from, to, pages, rule }) => [object, from, to, pages, rule]),
    [
      ['heap', 2, 0, 200, 'cpuset.migrate'],
      ['heap', 3, 1, 200, 'cpuset.migrate'],
    ],
  );
  // relative:0 of mems 0,1 is node 0 now; and of 2 and 3, which the task asked for, nothing is allowed
  assert.deepEqual(
    numaOf(point).why.map(({ object, wrong }) => [object, wrong]),
    [
      ['heap', 400],
      ['scratch', 300],
    ],
  );
  assert.equal(point.measures['wrong-node'], 700);
  assert.ok(rulesOf(point).includes('cpuset.set'));
});

test('v1 leaves pages where they are without memory_migrate', () => {
  const run = (migrate?: boolean, cpus: readonly number[] | undefined = [0, 1, 2, 3]) =>
    runPoint(
      plan([anon('heap', 400)], [process('p', [fill(0, 400), idle(3)], { cpuset: 1 })], {
        machine: { 'cgroup-version': 'v1' },
        cpusets: [
          root,
          {
            name: 'jail',
            parent: 0,
            mems: [2],
            ...(cpus.length === 0 ? {} : { cpus }),
            values: migrate === undefined ? {} : { memory_migrate: migrate },
          },
        ],
        timeline: [at(1, { kind: 'cpuset', cpuset: 1, name: 'mems', nodes: [1] })],
      }),
    );
  assert.deepEqual(lies(run(), 'heap'), [0, 0, 400, 0]);
  assert.deepEqual(lies(run(true), 'heap'), [0, 400, 0, 0]);
  const without = run(true, []);
  assert.match(textsOf(without, 'cpuset.refused').join(), /p can't be moved into cpuset 'jail': ENOSPC/);
  assert.deepEqual(lies(without, 'heap'), [400, 0, 0, 0], 'no processors, no tasks: it is in the root');
});

test('a movable node goes offline and comes back: pages go to the next of its zonelist, they stay there (kernel 6.1, rules H1 and H2)', () => {
  const point = runPoint(
    plan(
      [anon('heap', 400), anon('later', 100)],
      [process('p', [fill(0, 400), idle(4), fill(1, 100)], { policy: policy('bind', [2]) })],
      {
        nodes: [node(), node(), node({ movable: true }), node()],
        timeline: [
          at(1, { kind: 'node', node: 2, online: false }),
          at(2, { kind: 'node', node: 2, online: true, movable: true }),
        ],
      },
    ),
    checked,
  );
  assert.deepEqual(lies(point, 'heap'), [0, 0, 0, 400]);
  // one node that went and came back: {2} was {3} meanwhile, and is {2} again
  assert.deepEqual(lies(point, 'later'), [0, 0, 100, 0]);
  assert.deepEqual(
    numaOf(point).online.map(({ time, nodes }) => [time / SECOND, nodes]),
    [
      [0, [0, 1, 2, 3]],
      [1, [0, 1, 3]],
      [2, [0, 1, 2, 3]],
    ],
  );
  assert.deepEqual(
    numaOf(point).migrations.map(({ from, to, pages, rule }) => [from, to, pages, rule]),
    [[2, 3, 400, 'hotplug.offline']],
  );
  assert.equal(point.measures['wrong-node'], 400);
});

test('a node with kernel memory goes offline only in part, and stays in every mask (kernel 6.1, rule H5)', () => {
  const point = runPoint(
    plan([anon('heap', 400)], [process('p', [fill(0, 400), idle(2)], { policy: policy('bind', [2]) })], {
      timeline: [at(1, { kind: 'node', node: 2, online: false })],
    }),
  );
  assert.match(textsOf(point, 'node.refused').join(), /goes offline only in part: \d+ of 16 blocks stay \(EBUSY\)/);
  assert.deepEqual(numaOf(point).online.length, 1);
});

test('the last node with memory can’t go offline, nor one that is', () => {
  const point = runPoint(
    plan([anon('heap', 10)], [process('p', [fill(0, 10), idle(4)])], {
      nodes: [node({ movable: true }), node({ movable: true })],
      timeline: [1, 2, 3].map((time) => at(time, { kind: 'node', node: time === 3 ? 0 : 1, online: false })),
    }),
  );
  assert.deepEqual(
    rulesOf(point).filter((rule) => rule.startsWith('node.')),
    ['node.offline', 'node.refused', 'node.refused'],
  );
});

test('policies that the kernel refuses are events with its errno, and the run goes on without (kernel 6.1, rule A1)', () => {
  const point = runPoint(
    plan(
      [anon('heap', 100)],
      [
        process('p', [{ kind: 'mempolicy', policy: policy('local', [], 'static') }, fill(0, 100)], {
          cpuset: 1,
          policy: policy('bind', [0]),
        }),
      ],
      { cpusets: jail([2]) },
    ),
  );
  assert.deepEqual(textsOf(point, 'mempolicy.refused'), [
    'p: mempolicy bind:0: EINVAL (no node allowed); the old policy stays',
    'p: mempolicy local=static: EINVAL (flag on local); the old policy stays',
  ]);
  assert.deepEqual(lies(point, 'heap'), [0, 0, 100, 0]);
});

test('set_mempolicy by a program holds from then on; mbind with move takes along what is there', () => {
  const region = { object: 0, start: 0, pages: 200 };
  const point = runPoint(
    plan(
      [anon('heap', 400)],
      [
        process('p', [
          passes(0, 1, { pages: 300, verb: 'write' }),
          { kind: 'mempolicy', policy: policy('bind', [3]) },
          fill(0, 400),
          { kind: 'mempolicy', policy: policy('interleave', [1, 2]), target: region, move: true },
        ]),
      ],
    ),
    checked,
  );
  // 0–199 moved to 1 and 2, 200–299 were there on 0, 300–399 came under bind:3
  assert.deepEqual(lies(point, 'heap'), [100, 100, 100, 100]);
  assert.ok(numaOf(point).migrations.every(({ rule }) => rule === 'mempolicy.move'));
});

test('moving a process takes its pages along in v2, and its threads to the cpuset’s processors (kernel 6.1, rule A9)', () => {
  const point = runPoint(
    plan(
      [anon('heap', 100), anon('later', 100)],
      [process('p', [fill(0, 100), idle(2), fill(1, 100)], { cpuset: 1 })],
      {
        cpusets: [...jail([0, 1]), { name: 'other', parent: 0, mems: [2, 3], cpus: [3], values: {} }],
        timeline: [at(1, { kind: 'attach', process: 0, cpuset: 2 })],
      },
    ),
  );
  assert.deepEqual(lies(point, 'heap'), [0, 0, 100, 0]);
  assert.deepEqual(lies(point, 'later'), [0, 0, 0, 100]);
});

test('a full bound node kills only who is bound to it, under CONSTRAINT_MEMORY_POLICY, with the other nodes free (kernel 6.1, full BIND node)', () => {
  const big = NODE_PAGES + 500;
  const point = runPoint(
    plan(
      [anon('bound', big, 0), anon('beside', 3000, 1)],
      [
        process('hog', [fill(0, big)], { policy: policy('bind', [1]) }),
        process('bystander', [fill(1, 3000), idle(1)], { policy: policy('bind', [3]) }),
      ],
    ),
  );
  const kills = point.events.filter(({ rule }) => rule === 'oom.kill');
  assert.deepEqual(
    kills.map(({ subject }) => subject),
    ['hog'],
  );
  assert.match(kills[0].text, /node 1 of a memory policy \(CONSTRAINT_MEMORY_POLICY\)/);
  assert.ok(numaOf(point).nodes[0].gauges['nr_free_pages'] > NODE_PAGES / 2);
});

test('a full cpuset kills under CONSTRAINT_CPUSET; preferred-many spills and never kills while there is room (TC8)', () => {
  const big = 2 * NODE_PAGES + 500;
  const jailed = runPoint(
    plan([anon('heap', big)], [process('p', [fill(0, big)], { cpuset: 1 })], { cpusets: jail([1, 2]) }),
  );
  assert.match(textsOf(jailed, 'oom.kill').join(), /nodes 1-2 of a cpuset \(CONSTRAINT_CPUSET\)/);
  const many = runPoint(
    plan([anon('heap', big)], [process('p', [fill(0, big)], { policy: policy('preferred-many', [1, 2]) })]),
  );
  assert.ok(!rulesOf(many).includes('oom.kill'));
  assert.ok(numaOf(many).why.some(({ rule }) => rule === 'numa.spilled'));
});

test('a machine whose other nodes are movable runs out of memory for page tables with most of it free, and says of what', () => {
  const pages = 3 * NODE_PAGES;
  const point = runPoint(
    plan([anon('heap', pages)], [process('p', [fill(0, pages)])], {
      nodes: [node(), node({ movable: true }), node({ movable: true }), node({ movable: true })],
    }),
  );
  assert.match(
    textsOf(point, 'oom.kill').join(),
    /^out of memory in node 0, where the kernel has memory of its own \(page tables\); movable nodes give it none: p is killed/,
  );
  assert.ok(numaOf(point).nodes[3].gauges['nr_free_pages'] === NODE_PAGES);
});

test('the known bugs end the run with a crash that names the commit; without the switches it goes on (TC10)', () => {
  const objects = [tmpfs('one', 50), tmpfs('two', 50)];
  const mounts = [{ name: 'scratch', mpol: 'bind=relative:0-1', values: {} }];
  const uaf = (on: boolean) =>
    runPoint(
      plan(objects, [process('p', [fill(0, 50), idle(2), fill(1, 50), idle(1)])], {
        machine: { 'bug.remountUaf': on },
        mounts,
        timeline: [at(1, { kind: 'remount', mount: 0 })],
      }),
    );
  const freed = uaf(true);
  assert.match(textsOf(freed, 'crash.kernel').join(), /5f00110f7273/);
  // the access that creates the file is the last one
  assert.ok(freed.measures['accesses'] <= 51, `${freed.measures['accesses']} accesses`);
  assert.deepEqual(textsOf(uaf(false), 'crash.kernel'), []);
  const fold = (on: boolean) =>
    runPoint(
      plan(
        [{ ...anon('heap', 50), policy: policy('bind', [0, 2], 'relative') }],
        [process('p', [fill(0, 50), idle(2)], { cpuset: 1 })],
        {
          machine: { 'bug.foldZero': on },
          nodes: [node(), node(), node({ movable: true }), node()],
          cpusets: [root, { name: 'unset', parent: 0, values: {} }],
          timeline: [at(1, { kind: 'node', node: 2, online: false })],
        },
      ),
    );
  const crashed = fold(true);
  assert.match(textsOf(crashed, 'crash.kernel').join(), /division by zero/);
  assert.equal(crashed.time, SECOND);
  assert.deepEqual(textsOf(fold(false), 'crash.kernel'), []);
});

test('mounts, remounts and cpusets that the kernel refuses are events, and nothing changes', () => {
  const point = runPoint(
    plan([anon('heap', 10)], [process('p', [fill(0, 10), idle(3)], { cpuset: 1 })], {
      cpusets: jail([1]),
      mounts: [
        { name: 'scratch', mpol: 'bind:0', values: {} },
        { name: 'other', mpol: 'bind', values: {} },
      ],
      timeline: [
        at(1, { kind: 'remount', mount: 0, mpol: 'bogus' }, { kind: 'cpuset', cpuset: 1, name: 'mems', nodes: [] }),
        at(2, { kind: 'cpuset', cpuset: 1, name: 'mems', nodes: [9] }),
      ],
    }),
  );
  assert.deepEqual(textsOf(point, 'tmpfs.refused'), [
    'mount other with mpol=bind: EINVAL (no nodes); mounted without',
    'remount of scratch with mpol=bogus: EINVAL (unknown mode); still mpol=bind:0',
  ]);
  assert.deepEqual(textsOf(point, 'cpuset.refused'), [
    `'jail': mems "": ENOSPC (tasks need nodes)`,
    "'jail': mems 9: EINVAL (node not possible)",
  ]);
});

test('a large migration goes on in portions, at one moment of the run, whatever budget the run is given', () => {
  const pages = 40_000;
  const roomy = (movable: boolean) => ({ values: { memory: 64_000 * PAGE_SIZE, cpus: 1, movable } });
  const large = plan([anon('heap', pages)], [process('p', [fill(0, pages), idle(20)], { cpuset: 1 })], {
    machine: { memory: 4 * 64_000 * PAGE_SIZE },
    nodes: [roomy(false), roomy(true), roomy(true), roomy(true)],
    cpusets: jail([1]),
    timeline: [
      at(10, { kind: 'cpuset', cpuset: 1, name: 'mems', nodes: [2] }),
      at(15, { kind: 'node', node: 2, online: false }, { kind: 'cpuset', cpuset: 1, name: 'mems', nodes: [3] }),
    ],
  });
  const point = run(large).points[0];
  assert.deepEqual(lies(point, 'heap'), [0, 0, 0, pages]);
  assert.deepEqual(
    numaOf(point).migrations.map(({ time, from, to, pages: moved, rule }) => [time / SECOND, from, to, moved, rule]),
    [
      [10, 1, 2, pages, 'cpuset.migrate'],
      [15, 2, 3, pages, 'hotplug.offline'],
    ],
  );
  let steps = 0;
  const piecemeal = run(large, undefined, () => {
    steps++;
    return 1000;
  });
  assert.ok(steps > 6);
  assert.deepEqual(piecemeal.points[0], point);
});

test('machines with one node report nothing of nodes', () => {
  const point = runPoint(plan([anon('heap', 100)], [process('p', [fill(0, 100)])], { nodes: [node()] }));
  assert.equal(point.numa, undefined);
  assert.equal(point.measures['wrong-node'], undefined);
});
