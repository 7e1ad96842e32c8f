import assert from 'node:assert/strict';
import { test } from 'node:test';
import { firstNodes, nodemask } from '../../../simulator/numa/nodemask.ts';
import { buildZonelists, defaultDistances } from '../../../simulator/numa/zonelist.ts';

const orders = (lists: readonly Int32Array[]): string[] => lists.map((list) => Array.from(list).join(''));
const measured = [
  [10, 15, 20, 30],
  [15, 10, 30, 20],
  [20, 30, 10, 12],
  [30, 20, 12, 10],
];

test('nodes at equal distances follow in turn: 0123, 1230, 2301, 3012 (kernel 6.1, boot messages of four nodes)', () => {
  assert.deepEqual(orders(buildZonelists(defaultDistances(4), firstNodes(4), firstNodes(4))), [
    '0123',
    '1230',
    '2301',
    '3012',
  ]);
});

test('with distances 15, 20, 30, 12 they are 0123, 1032, 2301, 3210 (kernel 6.1, rule on zonelists)', () => {
  assert.deepEqual(orders(buildZonelists(measured, firstNodes(4), firstNodes(4))), ['0123', '1032', '2301', '3210']);
});

test('nodes without memory are in no list, but have one (kernel 6.1, rule H1)', () => {
  assert.deepEqual(orders(buildZonelists(measured, nodemask([0, 1, 3]), firstNodes(4))), ['013', '103', '301', '310']);
});

test('of equally distant nodes those without processors come first (PENALTY_FOR_NODE_WITH_CPUS)', () => {
  assert.deepEqual(orders(buildZonelists(defaultDistances(4), firstNodes(4), nodemask([0, 1])))[0], '0231');
});

test('distances may differ by direction: each node goes by its own row', () => {
  const lists = buildZonelists(
    [
      [10, 30, 20],
      [20, 10, 30],
      [20, 30, 10],
    ],
    firstNodes(3),
    firstNodes(3),
  );
  assert.deepEqual(orders(lists), ['021', '102', '201']);
});

test('lists of 1024 nodes hold every node once, the own first', () => {
  const lists = buildZonelists(defaultDistances(1024), firstNodes(1024), firstNodes(1024));
  lists.forEach((list, node) => {
    assert.equal(list[0], node);
    assert.equal(new Set(list).size, 1024);
  });
});
