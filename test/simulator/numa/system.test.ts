import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstNodes, formatNodelist, nodemask, parseNodelist } from '../../../simulator/numa/nodemask.ts';
import { NumaPlacement } from '../../../simulator/numa/numa-placement.ts';
import { NumaSystem, type NumaOptions } from '../../../simulator/numa/system.ts';
import { defaultDistances } from '../../../simulator/numa/zonelist.ts';

const mask = (list: string): bigint => parseNodelist(list) as bigint;

const MEASURED = [
  [10, 15, 20, 30],
  [15, 10, 30, 20],
  [20, 30, 10, 12],
  [30, 20, 12, 10],
];

function machine(options: Partial<NumaOptions> = {}): NumaSystem {
  return new NumaSystem({ distances: MEASURED, cpuNodes: [0, 1, 2, 3], cpusets: 2, ...options });
}

/** A task in a cpuset with these mems. */
function taskIn(system: NumaSystem, mems: string): { task: number; cpuset: number } {
  const cpuset = system.cpusets.add(`set ${mems}`, 0);
  system.writeCpus(cpuset, firstNodes(4));
  system.writeMems(cpuset, mask(mems));
  const task = system.addTask();
  system.attach(task, cpuset);
  return { task, cpuset };
}
const commitOf = ({ crash }: NumaSystem): string | undefined => crash?.commit;
const nodesOfTask = (system: NumaSystem, task: number): string => formatNodelist(system.tasks[task].policy!.nodes);

test('a node goes and comes back: bind {2} of the root ends on 3, then 0, and stays there (kernel 6.1, rule H2)', () => {
  const system = machine();
  const task = system.addTask();
  system.setTaskPolicy(task, 'bind', {}, mask('2'));
  system.setNode(2, false);
  assert.equal(nodesOfTask(system, task), '3');
  system.setNode(3, false);
  assert.equal(nodesOfTask(system, task), '0');
  system.setNode(2, true);
  system.setNode(3, true);
  assert.equal(nodesOfTask(system, task), '0');
});

test('static and relative masks come back with the node, preferred ones never leave (kernel 6.1, rule H2)', () => {
  const system = machine();
  const policies = [
    ['bind', { static: true }],
    ['bind', { relative: true }],
    ['preferred', {}],
  ] as const;
  for (const [mode, flags] of policies) system.setTaskPolicy(system.addTask(), mode, flags, mask('2'));
  system.setNode(2, false);
  assert.deepEqual(
    [0, 1, 2].map((task) => nodesOfTask(system, task)),
    ['0-1,3', '3', '2'],
  );
  system.setNode(2, true);
  assert.deepEqual(
    [0, 1, 2].map((task) => nodesOfTask(system, task)),
    ['2', '2', '2'],
  );
});

test('policies of regions are rebound to the effective mems, as tasks’ are (kernel 6.1.192, set hot2)', () => {
  const system = machine();
  const task = system.addTask();
  const region = system.addRegion('anon', task);
  system.mbind(task, region, 0, 10, 'bind', {}, mask('2'));
  system.setNode(2, false);
  assert.equal(formatNodelist(system.regions[region].ranges[0].policy!.nodes), '3');
});

test('with bug.foldZero a relative policy of a region in a cpuset without mems is folded by zero: crash; without, it is refolded (TC10)', () => {
  for (const foldZero of [true, false]) {
    const system = machine({ bugs: { foldZero } });
    const cpuset = system.cpusets.add('unset', 0);
    const task = system.addTask();
    system.attach(task, cpuset);
    const region = system.addRegion('anon', task);
    system.mbind(task, region, 0, 10, 'bind', { relative: true }, mask('0,2'));
    const change = system.setNode(2, false);
    assert.equal(change.crash?.bug, foldZero ? 'foldZero' : undefined);
    if (!foldZero) assert.equal(formatNodelist(system.regions[region].ranges[0].policy!.nodes), '0,3');
  }
});

test('with bug.foldZero a static policy there is left without a node, and bind is dropped (3.17 until the fix of 2026)', () => {
  const system = machine({ bugs: { foldZero: true } });
  const task = system.addTask();
  system.attach(task, system.cpusets.add('unset', 0));
  const region = system.addRegion('anon', task);
  system.mbind(task, region, 0, 10, 'bind', { static: true }, mask('3'));
  const placement = new NumaPlacement(system, [{ base: 0, pages: 10 }], [task]);
  system.setNode(2, false);
  assert.equal(system.crash, null);
  placement.setTask(0, 0);
  placement.place(0);
  assert.equal(placement.answer.order[0], 0);
});

test('with bug.remountUaf the first file after a remount without mpol= crashes, naming 5f00110f7273; without, it does not', () => {
  for (const remountUaf of [true, false]) {
    const system = machine({ bugs: { remountUaf } });
    const { mount } = system.mount('bind:1');
    const [early, late] = [system.addTmpfsFile(mount), system.addTmpfsFile(mount)];
    const task = system.addTask();
    system.createFile(early, task);
    system.remount(mount, undefined);
    assert.equal(commitOf(system), undefined);
    system.createFile(late, task);
    assert.equal(commitOf(system), remountUaf ? '5f00110f7273' : undefined);
  }
});

test('with bug.refcount mems that change while a task writes a tmpfs file with a policy crash, naming 00442ad04a5e; without, they do not', () => {
  for (const refcount of [true, false]) {
    const system = machine({ bugs: { refcount } });
    const { task, cpuset } = taskIn(system, '2-3');
    const { mount } = system.mount('bind=relative:0-1');
    const file = system.addTmpfsFile(mount);
    const placement = new NumaPlacement(system, [{ base: 0, pages: 10 }], [task]);
    placement.setTask(0, 0);
    placement.place(0);
    assert.equal(system.regions[file].owner, task);
    assert.equal(commitOf(system), undefined);
    system.writeMems(cpuset, mask('1-2'));
    placement.place(1);
    assert.equal(commitOf(system), refcount ? '00442ad04a5e' : undefined);
  }
});

test('a file’s policy stays as its creator made it: 2-3, also after the cpuset has moved to 1-2 (TC9; kernel 6.1, rule T3)', () => {
  const system = machine();
  const { task, cpuset } = taskIn(system, '2-3');
  const file = system.addTmpfsFile(system.mount('bind=relative:0-1').mount);
  system.createFile(file, task);
  assert.equal(formatNodelist(system.regions[file].policy!.nodes), '2-3');
  const change = system.writeMems(cpuset, mask('1-2'));
  assert.equal(formatNodelist(system.regions[file].policy!.nodes), '2-3');
  assert.ok(change.ok && change.migrations.length === 1);
});

test('mbind of a part leaves the rest as it was', () => {
  const system = machine();
  const task = system.addTask();
  const region = system.addRegion('anon', task);
  system.mbind(task, region, 0, 100, 'bind', {}, mask('1'));
  system.mbind(task, region, 40, 20, 'interleave', {}, mask('2-3'));
  system.mbind(task, region, 90, 10, 'default', {}, 0n);
  assert.deepEqual(
    system.regions[region].ranges.map(({ start, end, policy }) => [start, end, policy?.mode ?? 'default']),
    [
      [0, 40, 'bind'],
      [40, 60, 'interleave'],
      [60, 90, 'bind'],
      [90, 100, 'default'],
    ],
  );
});

test('ended tasks no longer keep their cpuset populated', () => {
  const system = new NumaSystem({ distances: defaultDistances(2), cpuNodes: [0, 1], cpusets: 2 });
  const cpuset = system.cpusets.add('set', 0);
  system.writeMems(cpuset, nodemask([1]));
  const task = system.addTask();
  system.attach(task, cpuset);
  system.endTask(task);
  assert.equal(system.writeMems(cpuset, 0n).ok, true);
});
