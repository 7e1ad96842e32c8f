import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { CpusetTree, migrationSteps, type CpusetResult } from '../../../simulator/numa/cpuset.ts';
import { firstNodes, formatNodelist, nodemask, parseNodelist } from '../../../simulator/numa/nodemask.ts';

const mask = (list: string): bigint => parseNodelist(list) as bigint;
const FOUR = firstNodes(4);

function tree(version: 1 | 2, ...sets: readonly [name: string, mems: string][]): CpusetTree {
  const made = new CpusetTree({ version, possible: FOUR, memory: FOUR, cpus: FOUR });
  for (const [name, mems] of sets) {
    const index = made.add(name, 0);
    made.writeCpus(index, FOUR);
    made.writeMems(index, mask(mems));
  }
  return made;
}
const said = (result: CpusetResult): string => (result.ok ? 'ok' : `${result.errno} ${result.reason}`);
const effective = (of: CpusetTree, index: number): string => formatNodelist(of.at(index).effective);

const moves = (from: string, to: string): string =>
  migrationSteps(mask(from), mask(to))
    .map((step) => `${step.from}>${step.to}`)
    .join(' ');

test('pages go from the n-th old node to the n-th new one, in an order that carries none on (do_migrate_pages, its own examples)', () => {
  assert.equal(moves('2-4', '3-5'), '4>5 3>4 2>3');
  // sets of different size: nodes in both keep their pages
  assert.deepEqual(
    migrationSteps(mask('0-7'), mask('3-5'))
      .map(({ from }) => from)
      .sort(),
    [0, 1, 2, 6, 7],
  );
});

test('0-3 → 1,2 moves 0 to 1 and 3 to 2; the way back moves nothing; by 3 everything ends on 1 (kernel 6.1, rule A7)', () => {
  assert.equal(moves('0-3', '1-2').split(' ').sort().join(' '), '0>1 3>2');
  assert.equal(moves('1-2', '0-3'), '');
  assert.equal(moves('1-2', '3').split(' ').sort().join(' '), '1>3 2>3');
  assert.equal(moves('3', '1-2'), '3>1');
});

test('between sets of one size the ordinal of every page is kept (TC11)', () => {
  const sets = fc.uniqueArray(fc.nat(30), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(sets, sets, (a, b) => {
      const size = Math.min(a.length, b.length);
      const [from, to] = [a.slice(0, size), b.slice(0, size)].map((set) => set.sort((x, y) => x - y));
      const at = new Map(from.map((node) => [node, node]));
      for (const step of migrationSteps(nodemask(from), nodemask(to))) {
        for (const [page, node] of at) if (node === step.from) at.set(page, step.to);
      }
      assert.deepEqual(
        from.map((node) => at.get(node)),
        to,
      );
    }),
  );
});

test('v2: an unset or empty intersection is the parent’s, and mems stay as written (kernel 6.1, rule H3)', () => {
  const cpusets = tree(2, ['two', '2'], ['some', '2-3']);
  assert.equal(effective(cpusets, 1), '2');
  cpusets.setMemory(mask('0-1,3'));
  assert.deepEqual([effective(cpusets, 1), effective(cpusets, 2)], ['0-1,3', '3']);
  cpusets.setMemory(FOUR);
  assert.deepEqual([effective(cpusets, 1), effective(cpusets, 2)], ['2', '2-3']);
  assert.equal(formatNodelist(cpusets.at(1).mems), '2');
});

test('v1: an offline node is gone from mems for good, and tasks of an empty cpuset move up and stay there (kernel 6.1, rule H3)', () => {
  const cpusets = tree(1, ['two', '2'], ['some', '2-3']);
  cpusets.at(0).tasks = 1;
  cpusets.attach(0, 1);
  const updates = cpusets.setMemory(mask('0-1,3'));
  assert.deepEqual(
    updates.map(({ cpuset, movedTo, mems }) => [cpuset, movedTo, formatNodelist(mems!)]),
    [
      [0, undefined, '0-1,3'],
      [1, 0, '0-1,3'],
      [2, undefined, '3'],
    ],
  );
  cpusets.setMemory(FOUR);
  assert.deepEqual([effective(cpusets, 1), effective(cpusets, 2)], ['', '3']);
  assert.equal(cpusets.at(0).tasks, 1);
});

test('writes: v2 takes offline nodes, v1 does not; the root takes none (kernel 6.1, rule H4; update_nodemask)', () => {
  for (const version of [1, 2] as const) {
    const cpusets = tree(version, ['set', '0-1']);
    cpusets.setMemory(mask('0-1,3'));
    assert.equal(said(cpusets.writeMems(1, mask('2'))), version === 2 ? 'ok' : 'EINVAL node-without-memory');
    assert.equal(said(cpusets.writeMems(1, mask('4'))), 'EINVAL node-not-possible');
    assert.equal(said(cpusets.writeMems(0, mask('0'))), 'EACCES root-is-read-only');
  }
});

test('a cpuset with tasks can’t lose its last node by a write (validate_change)', () => {
  for (const version of [1, 2] as const) {
    const cpusets = tree(version, ['set', '0-1']);
    cpusets.at(0).tasks = 1;
    assert.equal(said(cpusets.attach(0, 1)), 'ok');
    assert.equal(said(cpusets.writeMems(1, 0n)), 'ENOSPC tasks-need-nodes');
  }
});

test('v1 nests: children within their parents (validate_change_legacy)', () => {
  const cpusets = tree(1, ['set', '0-1']);
  const child = cpusets.add('child', 1);
  assert.equal(said(cpusets.writeMems(child, mask('2'))), 'EACCES beyond-parent');
  assert.equal(said(cpusets.writeMems(child, mask('1'))), 'ok');
  assert.equal(said(cpusets.writeMems(1, mask('0'))), 'EBUSY children-need-more');
  // v2 lets both be written and says what is effective
  const flat = tree(2, ['set', '0-1']);
  const below = flat.add('child', 1);
  assert.equal(said(flat.writeMems(below, mask('2'))), 'ok');
  assert.equal(effective(flat, below), '0-1');
});

test('v1 takes no tasks into a cpuset without nodes or processors; v2 does (cpuset_can_attach)', () => {
  const old = new CpusetTree({ version: 1, possible: FOUR, memory: FOUR, cpus: FOUR });
  assert.equal(said(old.attach(0, old.add('empty', 0))), 'ENOSPC empty-cpuset');
  const now = new CpusetTree({ version: 2, possible: FOUR, memory: FOUR, cpus: FOUR });
  assert.equal(said(now.attach(0, now.add('empty', 0))), 'ok');
});

test('pages follow a change of mems always in v2, in v1 only with memory_migrate (kernel 6.1, rules A7 and A8)', () => {
  const migrates = (version: 1 | 2, given?: boolean): boolean => {
    const cpusets = new CpusetTree({ version, possible: FOUR, memory: FOUR, cpus: FOUR });
    const set = cpusets.add('set', 0, given === undefined ? {} : { migrate: given });
    cpusets.writeCpus(set, FOUR);
    cpusets.writeMems(set, FOUR);
    const changed = cpusets.writeMems(set, mask('1-2'));
    return changed.ok && changed.updates.some(({ migrate }) => migrate !== undefined);
  };
  assert.deepEqual([migrates(2), migrates(1), migrates(1, true)], [true, false, true]);
});

test('moving a task gives it the cpuset’s processors, whatever it had chosen (kernel 6.1, rule A9)', () => {
  const cpusets = tree(2, ['set', '0-1']);
  cpusets.writeCpus(1, mask('2'));
  const moved = cpusets.attach(0, 1);
  assert.equal(moved.ok && moved.updates[0].cpus, mask('2'));
});

test('kernel memory may leave the cpuset up to the nearest hardwalled ancestor (__cpuset_node_allowed)', () => {
  const cpusets = new CpusetTree({ version: 1, possible: FOUR, memory: FOUR, cpus: FOUR });
  const wall = cpusets.add('wall', 0, { hardwall: true });
  cpusets.writeCpus(wall, FOUR);
  cpusets.writeMems(wall, mask('0-2'));
  const inner = cpusets.add('inner', wall);
  cpusets.writeCpus(inner, FOUR);
  cpusets.writeMems(inner, mask('1'));
  assert.equal(formatNodelist(cpusets.kernelMems(inner)), '0-2');
  cpusets.at(wall).hardwall = false;
  assert.equal(formatNodelist(cpusets.kernelMems(inner)), '0-3');
});
