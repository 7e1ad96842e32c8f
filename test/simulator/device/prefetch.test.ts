import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { Prefetcher } from '../../../simulator/device/prefetch.ts';
import type { PrefetchParameters } from '../../../simulator/device/parameters.ts';

const tree = (threshold: number, minFaults = 1): PrefetchParameters => ({
  kind: 'tree',
  threshold,
  minFaults,
  pages: 15,
});

/** Touches pages in this order, one at a time; pages moved by each fault. */
function touch(parameters: PrefetchParameters, order: Iterable<number>, pages = 512): number[] {
  const prefetcher = new Prefetcher(parameters);
  const resident = new Uint8Array(512);
  const faulted = new Uint8Array(512);
  const out = new Uint8Array(512);
  const moved: number[] = [];
  for (const page of order) {
    if (resident[page] !== 0) continue;
    faulted.fill(0);
    faulted[page] = 1;
    const more = prefetcher.mark(out, resident, faulted, null, pages, moved.length + 1);
    for (let i = 0; i < pages; i++) resident[i] |= out[i] | faulted[i];
    moved.push(1 + more);
  }
  return moved;
}

const all = Array.from({ length: 512 }, (_, i) => i);

test('a block touched in order at 51 % takes 6 faults that move 16, 16, 32, 64, 128 and 256 pages (uvm_perf_prefetch.c, TA3)', () => {
  assert.deepEqual(touch(tree(51), all), [16, 16, 32, 64, 128, 256]);
});

test('at 49 % it takes 5 faults, at 1 % one, and at 100 % nothing is prefetched at all (TA3)', () => {
  assert.deepEqual(touch(tree(49), all), [32, 32, 64, 128, 256]);
  assert.deepEqual(touch(tree(1), all), [512]);
  assert.deepEqual(touch(tree(100), all), Array<number>(512).fill(1));
});

test('one touch in 128 KiB moves 64 KiB each at 51 %, because half is not more than 51 %, and everything with 5 faults at 49 % (TA4)', () => {
  const sparse = all.filter((page) => page % 32 === 0);
  const dense = touch(tree(51), sparse);
  assert.equal(dense.length, 16);
  assert.equal(
    dense.reduce((a, b) => a + b),
    256,
  );
  const eager = touch(tree(49), sparse);
  assert.equal(eager.length, 5);
  assert.equal(
    eager.reduce((a, b) => a + b),
    512,
  );
});

test('in any order of touching all pages a block takes 6 to 17 faults at 51 %: 17 big pages are more than 51 % of it (TA5)', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(all, { minLength: 512 }), (order) => {
      const moved = touch(tree(51), order);
      assert.equal(
        moved.reduce((a, b) => a + b),
        512,
      );
      assert.ok(moved.length >= 6 && moved.length <= 17, `${moved.length} faults`);
    }),
    { numRuns: 150 },
  );
});

test('what is prefetched grows with what is there, never shrinks with it (monotone in the resident set)', () => {
  const prefetcher = new Prefetcher(tree(51));
  const masks = fc.uint8Array({ minLength: 64, maxLength: 64 });
  fc.assert(
    fc.property(masks, masks, fc.nat(511), (a, b, page) => {
      const bit = (m: Uint8Array, i: number): number => (m[i >> 3] >> (i & 7)) & 1;
      const few = Uint8Array.from(all, (i) => bit(a, i) & bit(b, i));
      const many = Uint8Array.from(all, (i) => bit(a, i) | few[i]);
      few[page] = many[page] = 0;
      const faulted = new Uint8Array(512);
      faulted[page] = 1;
      const small = new Uint8Array(512);
      const large = new Uint8Array(512);
      prefetcher.mark(small, few, faulted, null, 512, 1);
      prefetcher.mark(large, many, faulted, null, 512, 1);
      for (let i = 0; i < 512; i++) assert.ok(small[i] <= (large[i] | many[i]), `page ${i}`);
    }),
    { numRuns: 200 },
  );
});

test('a short block at the end of a region is clipped: no page beyond it is marked', () => {
  const moved = touch(
    tree(51),
    Array.from({ length: 100 }, (_, i) => i),
    100,
  );
  assert.equal(
    moved.reduce((a, b) => a + b),
    100,
  );
});

test('nothing is prefetched before the migrations that prefetch-min-faults asks for', () => {
  assert.deepEqual(touch(tree(51, 4), all).slice(0, 5), [1, 1, 1, 16 - 3, 16]);
});

test('sequential prefetching takes the pages behind the faulted one, and no more than the block has', () => {
  const moved = touch({ kind: 'sequential', threshold: 51, minFaults: 1, pages: 15 }, all);
  assert.deepEqual(moved, Array<number>(32).fill(16));
  assert.deepEqual(touch({ kind: 'none', threshold: 51, minFaults: 1, pages: 15 }, [3, 9]), [1, 1]);
});

test('a thrashing page is not prefetched, and its big page does not grow', () => {
  const prefetcher = new Prefetcher(tree(51));
  const none = new Uint8Array(512);
  const faulted = new Uint8Array(512);
  const thrashing = new Uint8Array(512);
  const out = new Uint8Array(512);
  faulted[0] = 1;
  thrashing[5] = 1;
  assert.equal(prefetcher.mark(out, none, faulted, thrashing, 512, 1), 0);
  thrashing[5] = 0;
  thrashing[20] = 1;
  assert.equal(prefetcher.mark(out, none, faulted, thrashing, 512, 1), 15);
});
