/** What must hold between policies, whatever the workload: OPT is a bound, LRU a stack algorithm, FIFO is not. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { cacheOf, missesOf, futureOf, referenceVariants } from './reference-host.ts';

const PAGES = 64;
const trace = fc
  .array(fc.oneof(fc.nat(PAGES - 1), fc.nat(9)), { minLength: 1, maxLength: 800, size: 'max' })
  .map((words) => Uint32Array.from(words));
const capacity = fc.integer({ min: 1, max: PAGES });

test('no policy misses less than OPT, which is told the future', () => {
  fc.assert(
    fc.property(trace, capacity, (words, c) => {
      const bound = missesOf('opt', words, PAGES, c);
      for (const { id } of referenceVariants) assert.ok(missesOf(id, words, PAGES, c) >= bound, id);
    }),
    { numRuns: 150 },
  );
});

test('a page’s first access misses under every policy, and with room for all pages nothing else does', () => {
  fc.assert(
    fc.property(trace, capacity, (words, c) => {
      const distinct = new Set(words).size;
      for (const { id } of referenceVariants) {
        assert.ok(missesOf(id, words, PAGES, c) >= distinct, id);
        assert.equal(missesOf(id, words, PAGES, 2 * PAGES), distinct, id);
      }
    }),
    { numRuns: 100 },
  );
});

test('LRU and OPT never miss more with more memory', () => {
  fc.assert(
    fc.property(trace, (words) => {
      for (const id of ['lru', 'opt']) {
        let before = Infinity;
        for (let c = 1; c <= PAGES; c += 3) {
          const misses = missesOf(id, words, PAGES, c);
          assert.ok(misses <= before, `${id} at ${c}`);
          before = misses;
        }
      }
    }),
    { numRuns: 60 },
  );
});

test('FIFO misses 9 times with three frames and 10 times with four on the sequence of Belady, Nelson and Shedler (1969)', () => {
  const words = Uint32Array.of(1, 2, 3, 4, 1, 2, 5, 1, 2, 3, 4, 5);
  assert.equal(missesOf('fifo', words, 6, 3), 9);
  assert.equal(missesOf('fifo', words, 6, 4), 10);
  assert.equal(missesOf('lru', words, 6, 3), 10);
  assert.equal(missesOf('opt', words, 6, 3), 7);
});

test('OPT stays optimal when pages are dropped on the way', () => {
  const drop = 0x80;
  const steps = fc.array(fc.tuple(fc.nat(15), fc.nat(9)), { minLength: 1, maxLength: 400, size: 'max' });
  fc.assert(
    fc.property(steps, fc.integer({ min: 2, max: 12 }), (all, c) => {
      // One step in ten drops its page instead of using it.
      const script = all.map(([page, kind]) => (kind === 0 ? page | drop : page));
      const words = script.filter((step) => (step & drop) === 0);
      const { reclaimer } = cacheOf('opt', 16, c);
      reclaimer.foresee?.(futureOf(words, 16));
      let cached: number[] = [];
      let done = 0;
      let misses = 0;
      for (const step of script) {
        const page = step & ~drop;
        if (step !== page) {
          reclaimer.drop(page);
          cached = cached.filter((p) => p !== page);
          continue;
        }
        reclaimer.access(page);
        done++;
        if (cached.includes(page)) continue;
        misses++;
        const nextUse = (p: number) => (words.indexOf(p, done) < 0 ? Infinity : words.indexOf(p, done));
        if (cached.length === c)
          cached.splice(cached.indexOf(cached.reduce((a, b) => (nextUse(b) > nextUse(a) ? b : a))), 1);
        cached.push(page);
      }
      // Dropping may hit either of two pages that are never used again in one and not in the other, but those cost nothing.
      assert.equal(reclaimer.tally.misses, misses);
    }),
    { numRuns: 3000 },
  );
});

test('OPT refuses to guess: an access before it was told the future is an error', () => {
  const { reclaimer } = cacheOf('opt', 4, 2);
  assert.throws(() => reclaimer.access(0), /told the future/);
});

test('every reference policy says where it comes from, and all its parameters have a default', () => {
  for (const variant of referenceVariants) {
    assert.ok(variant.summary.length > 20 && variant.source.where.length > 10, variant.id);
    for (const knob of variant.knobs) {
      assert.equal(knob.scope, 'variant');
      assert.notEqual(knob.default, null, `${variant.id} ${knob.name}`);
    }
  }
});

test('OPT keeps its place in the future when pages are brought in unasked or accesses pass it by', () => {
  const words = [0, 1, 2, 0, 3, 1, 0, 2, 4, 0];
  const { reclaimer } = cacheOf('opt', 5, 2);
  reclaimer.foresee?.(futureOf(words, 5));
  reclaimer.access(0);
  // Page 1 is locked meanwhile: its accesses never come here. Page 2 is read ahead, and used next.
  reclaimer.bringIn?.(2);
  assert.equal(reclaimer.access(2), true);
  assert.equal(reclaimer.access(0), true);
  // Page 2 is used later than page 0, so it makes room.
  assert.equal(reclaimer.access(3), false);
  assert.equal(reclaimer.access(0), true);
  assert.equal(reclaimer.access(2), false);
  assert.deepEqual(reclaimer.tally, { hits: 3, misses: 3 });
});
