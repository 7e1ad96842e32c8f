/** The tree of volatile ranges against a map of single bytes: the state machine of mm/vrange.c, false positives included. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PurgeQueue, RangeTree, type Coalesce, type VolatileRange } from '../../../simulator/volatile/range-tree.ts';

function treeOf(coalesce: Coalesce = 'overlap', requeueTrimmed = true) {
  const queue = new PurgeQueue();
  return { queue, tree: new RangeTree(0, 0, { coalesce, requeueTrimmed }, queue) };
}
const shape = (tree: RangeTree) => [...tree].map((r) => [r.start, r.end, r.purged]);
const order = (queue: PurgeQueue) => {
  const found: VolatileRange[] = [];
  for (let at = queue.oldest; at; at = at.younger) found.push(at);
  return found;
};
function purge(tree: RangeTree, queue: PurgeQueue, byte: number): void {
  const range = tree.at(byte);
  if (!range) return;
  range.purged = true;
  queue.remove(range);
}

test('marking inside a range changes nothing; overlapping ranges become one; neighbours stay apart (vrange)', () => {
  const { tree } = treeOf();
  tree.mark(0, 100);
  tree.mark(20, 50);
  assert.deepEqual(shape(tree), [[0, 100, false]]);
  tree.mark(100, 200);
  assert.deepEqual(shape(tree), [
    [0, 100, false],
    [100, 200, false],
  ]);
  tree.mark(50, 150);
  assert.deepEqual(shape(tree), [[0, 200, false]]);
});

test('what overlaps a purged range is purged, so the intact half of the union is reported too (Weiner’s second objection)', () => {
  const { tree, queue } = treeOf();
  tree.mark(0, 100);
  purge(tree, queue, 50);
  tree.mark(90, 300);
  assert.deepEqual(shape(tree), [[0, 300, true]]);
  assert.equal(tree.unmark(200, 300), true);
  assert.deepEqual(shape(tree), [[0, 200, true]]);
});

test('unmarking the intact half of a partly purged range reports a purge', () => {
  const { tree, queue } = treeOf();
  tree.mark(0, 8 * 4096);
  purge(tree, queue, 0);
  assert.equal(tree.unmark(4 * 4096, 8 * 4096), true);
});

test('neighbours merge only in the same purge state (fallocate v7)', () => {
  const { tree, queue } = treeOf('adjacent');
  tree.mark(0, 10);
  tree.mark(10, 20);
  assert.deepEqual(shape(tree), [[0, 20, false]]);
  purge(tree, queue, 5);
  tree.mark(20, 30);
  assert.deepEqual(shape(tree), [
    [0, 20, true],
    [20, 30, false],
  ]);
});

test('a trimmed range is youngest again under vrange and keeps its place under ashmem', () => {
  for (const requeue of [true, false]) {
    const { tree, queue } = treeOf('overlap', requeue);
    tree.mark(0, 100);
    tree.mark(200, 300);
    tree.unmark(80, 100);
    assert.deepEqual(
      order(queue).map((r) => r.start),
      requeue ? [200, 0] : [0, 200],
    );
    tree.unmark(240, 260);
    assert.deepEqual(
      order(queue).map((r) => r.start),
      requeue ? [0, 200, 260] : [0, 200, 260],
    );
  }
});

const bound = fc.nat(60);
const call = fc.record({ what: fc.constantFrom('mark', 'unmark', 'purge'), a: bound, b: bound });

for (const coalesce of ['none', 'overlap', 'adjacent'] as const)
  test(`V1, V4, V6, V7 on random calls, coalesce ${coalesce}: disjoint, exactly the marked bytes, no purge unreported, queue in order of insertion`, () => {
    fc.assert(
      fc.property(fc.array(call, { maxLength: 80 }), fc.boolean(), (calls, requeue) => {
        const { tree, queue } = treeOf(coalesce, requeue);
        const marked = new Array<boolean>(61).fill(false);
        const lost = new Array<boolean>(61).fill(false);
        let size = 0;
        for (const { what, a, b } of calls) {
          const start = Math.min(a, b);
          const end = Math.max(a, b) + 1;
          if (what === 'mark') {
            const covered = tree.at(start)?.end ?? -1;
            tree.mark(start, end);
            if (covered >= end) assert.equal(tree.size, size, 'marking again changes nothing');
            marked.fill(true, start, end);
          } else if (what === 'unmark') {
            const reported = tree.unmark(start, end);
            const really = lost.slice(start, end).some((gone, i) => gone && marked[start + i]);
            assert.ok(reported || !really, 'a loss went unreported');
            marked.fill(false, start, end);
            lost.fill(false, start, end);
          } else {
            const oldest = queue.oldest;
            if (oldest) {
              oldest.purged = true;
              queue.remove(oldest);
              lost.fill(true, oldest.start, oldest.end);
            }
          }
          size = tree.size;
          const ranges = [...tree];
          assert.equal(ranges.length, tree.size);
          ranges.forEach((r, i) => assert.ok(r.start < r.end && (i === 0 || ranges[i - 1].end <= r.start)));
          for (let byte = 0; byte <= 60; byte++) {
            assert.equal(tree.at(byte) !== undefined, marked[byte]);
            assert.equal(tree.covers(byte, byte + 1), marked[byte]);
          }
          const queued = order(queue);
          assert.equal(queued.length, queue.length);
          assert.ok(queued.every((r) => ranges.includes(r)));
          assert.ok(ranges.every((r) => r.purged || r.queued));
        }
        tree.unmark(0, 61);
        assert.equal(tree.size + queue.length, 0);
      }),
    );
  });

test('many ranges, many chunks: the tree still finds each of them', () => {
  const { tree } = treeOf();
  for (let i = 4000; i-- > 0;) tree.mark(((i * 7) % 4000) * 10, ((i * 7) % 4000) * 10 + 5);
  assert.equal(tree.size, 4000);
  for (let i = 0; i < 4000; i++) {
    assert.equal(tree.at(i * 10)?.end, i * 10 + 5);
    assert.equal(tree.at(i * 10 + 5), undefined);
  }
  assert.equal(tree.overlapping(995, 1025).length, 3);
  tree.unmark(0, 20_000);
  assert.equal(tree.size, 2000);
});
