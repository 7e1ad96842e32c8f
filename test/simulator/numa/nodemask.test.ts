import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  firstNode,
  firstNodes,
  fold,
  FoldByZero,
  formatNodelist,
  MAX_NODES,
  nextNodeIn,
  nodemask,
  nodesOf,
  onto,
  parseNodelist,
  relative,
  remap,
  remapNode,
  weight,
} from '../../../simulator/numa/nodemask.ts';

const mask = (list: string): bigint => {
  const parsed = parseNodelist(list);
  if (typeof parsed === 'string') throw new Error(`${list}: ${parsed}`);
  return parsed;
};
const nodes = fc.uniqueArray(fc.nat(MAX_NODES - 1), { maxLength: 40 });
const some = fc.uniqueArray(fc.nat(MAX_NODES - 1), { minLength: 1, maxLength: 40 });
const sorted = (list: Iterable<number>): number[] => [...new Set(list)].sort((a, b) => a - b);

const relatives = [
  // commit 4c50bc0116cf
  ['1-3', '1-3', '1-3'],
  ['1-3', '1-7', '2-4'],
  ['1-3', '1,5-6', '1,5-6'],
  ['1-3', '1,5-7', '5-7'],
  ['4-7', '5-7', '5-7'],
  // Documentation/admin-guide/mm/numa_memory_policy.rst
  ['2-5', '3-7', '3,5-7'],
  ['2-5', '0,2-3,5', '0,2-3,5'],
  // what the definition gives: 0 and 2 fold onto 0
  ['0,2', '5-6', '5'],
] as const;

for (const [user, allowed, expected] of relatives) {
  test(`relative nodes ${user} in mems ${allowed} are ${expected} (4c50bc0116cf, numa_memory_policy.rst)`, () => {
    assert.equal(formatNodelist(relative(mask(user), mask(allowed))), expected);
  });
}

test('renumbering loses nodes for good: 0,3 of 0-3 becomes 0-1 in mems 0-1, and stays so back in 0-3 (bitmap_remap)', () => {
  const small = remap(mask('0,3'), mask('0-3'), mask('0-1'));
  assert.equal(formatNodelist(small), '0-1');
  assert.equal(formatNodelist(remap(small, mask('0-1'), mask('0-3'))), '0-1');
});

test('a mask folded by no nodes divides by zero, whatever it holds (bitmap_fold)', () => {
  assert.throws(() => fold(mask('1'), 0), FoldByZero);
  assert.throws(() => relative(mask('0'), 0n), FoldByZero);
});

test('masks of up to 1024 nodes: nodes in are nodes out, ascending', () => {
  fc.assert(
    fc.property(nodes, (list) => {
      assert.deepEqual(nodesOf(nodemask(list)), sorted(list));
      assert.equal(weight(nodemask(list)), new Set(list).size);
    }),
  );
});

test('fold, onto and remap are what their definitions say, on sets of up to 1024 nodes', () => {
  fc.assert(
    fc.property(nodes, some, some, (list, from, to) => {
      const [f, t] = [sorted(from), sorted(to)];
      const size = to.length;
      assert.deepEqual(nodesOf(fold(nodemask(list), size)), sorted(list.map((n) => n % size)));
      assert.deepEqual(nodesOf(onto(nodemask(list), nodemask(t))), sorted(list.flatMap((n) => t[n] ?? [])));
      const moved = list.map((n) => (f.includes(n) ? t[f.indexOf(n) % t.length] : n));
      assert.deepEqual(
        nodesOf(remap(nodemask(list), nodemask(f), nodemask(t))),
        f.join() === t.join() ? sorted(list) : sorted(moved),
      );
      for (const n of list)
        assert.equal(remapNode(n, nodemask(f), nodemask(t)), f.includes(n) ? t[f.indexOf(n) % t.length] : n);
    }),
  );
});

test('relative nodes depend on mask and mems alone and are always allowed ones (TC2)', () => {
  fc.assert(
    fc.property(some, some, (user, mems) => {
      const got = relative(nodemask(user), nodemask(mems));
      assert.notEqual(got, 0n);
      assert.equal(got & ~nodemask(mems), 0n);
    }),
  );
});

test('renumbering depends on the way (TC2): by 0-1 and 2 to 0-1 is not the same as staying in 0-1', () => {
  const byTwo = remap(remap(mask('0-1'), mask('0-1'), mask('2')), mask('2'), mask('0-1'));
  assert.equal(formatNodelist(byTwo), '0');
  assert.equal(formatNodelist(remap(mask('0-1'), mask('0-1'), mask('0-1'))), '0-1');
});

test('lists are printed as ranges and read back', () => {
  assert.equal(formatNodelist(mask('0,1,2,5,7,8')), '0-2,5,7-8');
  assert.equal(formatNodelist(0n), '');
  fc.assert(
    fc.property(nodes, (list) => {
      assert.equal(parseNodelist(formatNodelist(nodemask(list))), nodemask(list));
    }),
  );
});

const lists = [
  ['', ''],
  [' 1, 3-4 ', '1,3-4'],
  ['0-15:2/4', '0-1,4-5,8-9,12-13'],
  ['ALL', '0-7'],
  ['6-N', '6-7'],
  ['N', '7'],
  ['1-', 'EINVAL'],
  ['3-1', 'EINVAL'],
  ['-1', 'EINVAL'],
  ['0-3:5/4', 'EINVAL'],
  ['5:1/2', 'EINVAL'],
  ['x', 'EINVAL'],
  ['8', 'ERANGE'],
  ['0-4294967296', 'EOVERFLOW'],
] as const;

test('lists are read as bitmap_parselist reads them', () => {
  for (const [text, expected] of lists) {
    const got = parseNodelist(text, text.includes('15') ? 16 : 8);
    assert.equal(typeof got === 'string' ? got : formatNodelist(got), expected, `'${text}'`);
  }
});

test('the next node in a mask goes round', () => {
  assert.deepEqual(
    [-1, 0, 1, 2, 3, 9].map((n) => nextNodeIn(n, mask('1,3'))),
    [1, 1, 3, 3, 1, 1],
  );
  assert.equal(nextNodeIn(0, 0n), -1);
  assert.equal(firstNode(firstNodes(3) << 5n), 5);
});
