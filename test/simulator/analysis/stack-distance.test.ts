import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { StackDistances } from '../../../simulator/analysis/stack-distance.ts';
import { Random } from '../../../simulator/workload/random.ts';
import { missesOf } from '../reclaim/reference-host.ts';

const ratiosOf = (words: Uint32Array, pages: number, sizes: readonly number[], rate = 1) => {
  const distances = new StackDistances(pages, { rate });
  for (let at = 0; at < words.length; at += 1000) distances.run(words, at, Math.min(1000, words.length - at));
  return distances.missRatios(sizes);
};

test('one pass gives the miss ratio that exact LRU has at every size', () => {
  const trace = fc.array(fc.oneof(fc.nat(49), fc.nat(7)), { minLength: 1, maxLength: 500, size: 'max' });
  const sizes = Array.from({ length: 50 }, (_, i) => i + 1);
  fc.assert(
    fc.property(trace, (accesses) => {
      const words = Uint32Array.from(accesses);
      const ratios = ratiosOf(words, 50, sizes);
      sizes.forEach((c, i) => assert.equal(ratios[i], missesOf('lru', words, 50, c) / words.length, `${c} pages`));
    }),
    { numRuns: 100 },
  );
});

/** Skewed over `pages`, with a loop in between: long enough that time runs out and is compacted many times. */
function skewed(pages: number, length: number): Uint32Array {
  const random = new Random(3, 4);
  return Uint32Array.from({ length }, (_, i) =>
    i % 3 === 0 ? i % (pages >> 1) : Math.floor(pages * random.unit() * random.unit() * random.unit()),
  );
}

test('it stays exact when time is compacted, on 200 000 accesses over 20 000 pages', () => {
  const words = skewed(20_000, 200_000);
  const sizes = [1, 10, 100, 1000, 5000, 10_000, 15_000, 20_000];
  const ratios = ratiosOf(words, 20_000, sizes);
  sizes.forEach((c, i) => assert.equal(ratios[i], missesOf('lru', words, 20_000, c) / words.length, `${c} pages`));
});

test('a tenth of the pages gives the curve within 0.03', () => {
  const words = skewed(100_000, 400_000);
  const sizes = [1000, 5000, 20_000, 50_000, 100_000];
  const exact = ratiosOf(words, 100_000, sizes);
  const sampled = ratiosOf(words, 100_000, sizes, 0.1);
  sizes.forEach((c, i) => assert.ok(Math.abs(exact[i] - sampled[i]) < 0.03, `${c}: ${exact[i]} against ${sampled[i]}`));
});

test('where runs begin and end makes no difference, nor how far apart page numbers are', () => {
  const words = skewed(30_000, 150_000);
  const sizes = [1, 50, 3000, 30_000];
  const cuts = fc.array(fc.nat(words.length), { maxLength: 20 });
  const expected = ratiosOf(words, 30_000, sizes);
  fc.assert(
    fc.property(cuts, fc.constantFrom(1, 37), (at, apart) => {
      const spread = words.map((page) => apart * page);
      const distances = new StackDistances(apart * 30_000);
      let from = 0;
      for (const cut of [...at.sort((a, b) => a - b), words.length]) {
        distances.run(spread, from, cut - from);
        from = cut;
      }
      assert.deepEqual(distances.missRatios(sizes), expected);
    }),
    { numRuns: 10 },
  );
});

test('it takes at most 16 bytes a distinct page and a few dozen kilobytes', () => {
  for (const pages of [1000, 70_000, 300_000]) {
    const distances = new StackDistances(pages);
    const once = Uint32Array.from({ length: pages }, (_, i) => i);
    for (let round = 0; round < 7; round++) {
      distances.run(once, 0, pages);
      assert.ok(distances.bytes <= 16 * pages + (80 << 10), `${distances.bytes / pages} bytes a page`);
    }
    assert.equal(distances.distinct, pages);
  }
});

test('of twenty samples of a tenth, nine in ten lie within twice the error they state, and no error is stated without sampling', () => {
  const words = skewed(40_000, 160_000);
  const sizes = [400, 4000, 12_000, 24_000, 40_000];
  const exact = ratiosOf(words, 40_000, sizes);
  let within = 0;
  let squares = 0;
  let stated = 0;
  for (let sample = 1; sample <= 20; sample++) {
    const renumbered = words.map((page) => page ^ (sample * 0x12345));
    const distances = new StackDistances(1 << 30, { rate: 0.1 });
    distances.run(renumbered, 0, renumbered.length);
    const errors = distances.standardErrors(sizes);
    distances.missRatios(sizes).forEach((ratio, i) => {
      const off = ratio - exact[i];
      if (Math.abs(off) <= 2 * errors[i]) within++;
      squares += off * off;
      stated += errors[i] * errors[i];
    });
  }
  assert.ok(within >= 90, `${within} of 100 within twice the error`);
  // Nor are the errors stated needlessly large.
  assert.ok(stated < 4 * squares, `stated ${Math.sqrt(stated / 100)}, found ${Math.sqrt(squares / 100)}`);
  const all = new StackDistances(40_000);
  all.run(words, 0, words.length);
  assert.deepEqual([...all.standardErrors(sizes)], [0, 0, 0, 0, 0]);
});

test('operations of access words make no difference, no access gives no misses, and a rate of 0 is refused', () => {
  const words = Uint32Array.of(1, 2, 1);
  const marked = Uint32Array.of(1, 2 | (1 << 30), 1 | (2 << 30));
  assert.deepEqual(ratiosOf(marked, 3, [1, 2]), ratiosOf(words, 3, [1, 2]));
  assert.deepEqual([...ratiosOf(new Uint32Array(0), 3, [1, 2])], [0, 0]);
  assert.throws(() => new StackDistances(4, { rate: 0 }), RangeError);
});
