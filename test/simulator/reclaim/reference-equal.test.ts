/** Each reference policy against a plain model of it, and its fast loop against its single accesses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { PAGE_MASK } from '../../../simulator/machine/access.ts';
import { FrequencySketch } from '../../../simulator/reclaim/frequency-sketch.ts';
import { CountingFilter } from '../../../simulator/reclaim/counting-filter.ts';
import { PairHash } from '../../../simulator/reclaim/xxh64.ts';
import { PlainFilter, xxh64 } from './plain-filter.ts';
import { Random } from '../../../simulator/workload/random.ts';
import { cacheOf, futureOf, referenceVariants, residentIn } from './reference-host.ts';
import { models } from './reference-models.ts';

const PAGES = 96;

/** Pieces that make policies disagree: loops, stretches of few pages, anything. */
const trace = fc
  .array(
    fc.oneof(
      fc.array(fc.nat(PAGES - 1), { minLength: 1, maxLength: 60 }),
      fc.array(fc.nat(11), { minLength: 1, maxLength: 60 }),
      fc
        .tuple(fc.nat(PAGES - 1), fc.integer({ min: 1, max: 40 }), fc.integer({ min: 1, max: 4 }))
        .map(([from, length, times]) =>
          Array.from({ length: length * times }, (_, i) => (from + (i % length)) % PAGES),
        ),
    ),
    { minLength: 1, maxLength: 12, size: 'max' },
  )
  .map((parts) => parts.flat());

/**
 * Long enough that queues wrap round and logs are compacted many times: skewed accesses to a set that moves, loops just too long, and a
 * stream.
 */
function longTrace(pages: number, length: number, seed: number): number[] {
  const random = new Random(seed, 0xacce55);
  const words: number[] = [];
  let stream = 0;
  let base = 0;
  while (words.length < length) {
    const kind = random.below(4);
    if (kind === 0) for (let i = 0; i < pages / 4; i++) words.push((base + (i % (pages >> 3))) % pages);
    else if (kind === 1) for (let i = 0; i < pages / 8; i++) words.push(stream++ % pages);
    else for (let i = 0; i < pages; i++) words.push((base + Math.floor(pages * random.unit() ** 3)) % pages);
    if (random.below(16) === 0) base = random.below(pages);
  }
  return words.slice(0, length);
}

/** Small enough that everything happens often; some above 32, where S3-FIFO's and 2Q's shares are all whole pages. */
const capacity = fc.oneof(fc.integer({ min: 2, max: 12 }), fc.integer({ min: 2, max: 64 }));

for (const [name, model] of Object.entries(models)) {
  const id = name === 'lirs of the paper' ? 'lirs' : name;
  const values = name === 'lirs of the paper' ? { 'demote-on-queue-hit': false } : {};
  test(`${name} hits and misses, access for access, as its plain model does`, () => {
    fc.assert(
      fc.property(trace, capacity, (words, c) => {
        const { reclaimer } = cacheOf(id, PAGES, c, values);
        reclaimer.foresee?.(futureOf(words, PAGES));
        const expected = model(c, words);
        // Among pages that are never used again OPT may choose, so only its misses are certain.
        if (id === 'opt') {
          const hits = words.filter((page) => reclaimer.access(page)).length;
          assert.equal(hits, words.filter((page) => expected(page)).length);
          return;
        }
        words.forEach((page, i) => {
          assert.equal(reclaimer.access(page), expected(page), `access ${i} to page ${page}`);
        });
      }),
      { numRuns: 200 },
    );
  });
}

for (const [name, model] of Object.entries(models)) {
  const id = name === 'lirs of the paper' ? 'lirs' : name;
  const values = name === 'lirs of the paper' ? { 'demote-on-queue-hit': false } : {};
  test(`${name} equals its plain model over sequences long enough to wrap round`, () => {
    for (const [pages, c, length] of [
      [60, 7, 4000],
      [300, 40, 8000],
      [900, 230, 8000],
    ] as const) {
      // Its plain model looks ahead page by page.
      const words = longTrace(pages, id === 'opt' ? length / 4 : length, c);
      const { reclaimer } = cacheOf(id, pages, c, values);
      reclaimer.foresee?.(futureOf(words, pages));
      const bits = new Uint8Array((words.length + 7) >> 3);
      reclaimer.run(Uint32Array.from(words), 0, words.length, bits);
      const expected = model(c, words);
      let misses = 0;
      words.forEach((page, i) => {
        const miss = !expected(page);
        if (miss) misses++;
        if (id !== 'opt') assert.equal(((bits[i >> 3] >> (i & 7)) & 1) === 1, miss, `access ${i} of ${pages}/${c}`);
      });
      assert.equal(reclaimer.tally.misses, misses);
      assert.equal(reclaimer.tally.hits, words.length - misses);
    }
  });
}

type Step =
  | { readonly kind: 'run'; readonly words: readonly number[] }
  | { readonly kind: 'drop'; readonly page: number }
  | { readonly kind: 'capacity'; readonly pages: number };

const steps: fc.Arbitrary<readonly Step[]> = fc.array(
  fc.oneof(
    { weight: 6, arbitrary: trace.map((words): Step => ({ kind: 'run', words })) },
    { weight: 2, arbitrary: fc.nat(PAGES - 1).map((page): Step => ({ kind: 'drop', page })) },
    { weight: 1, arbitrary: fc.integer({ min: 1, max: 64 }).map((pages): Step => ({ kind: 'capacity', pages })) },
  ),
  { minLength: 1, maxLength: 12, size: 'max' },
);

const wordsOf = (all: readonly Step[]) => all.flatMap((step) => (step.kind === 'run' ? step.words : []));

const forms: readonly { readonly id: string; readonly values: Readonly<Record<string, string | boolean>> }[] = [
  ...referenceVariants.map(({ id }) => ({ id, values: {} })),
  { id: 'lirs', values: { 'demote-on-queue-hit': false } },
  { id: 'w-tinylfu', values: { form: 'caffeine' } },
  { id: 'w-tinylfu', values: { form: 'caffeine', adaptive: true } },
];

for (const { id, values } of forms) {
  const name = [id, ...Object.entries(values).map(([k, v]) => `${k} ${v}`)].join(' ');

  test(`${name}: a block gives the same hits, misses, evictions and states as single accesses, whatever the operations`, () => {
    fc.assert(
      fc.property(steps, capacity, fc.array(fc.nat(3), { minLength: 7, maxLength: 7 }), (all, c, operations) => {
        const blocks = cacheOf(id, PAGES, c, values);
        const singles = cacheOf(id, PAGES, c, values);
        const future = futureOf(wordsOf(all), PAGES);
        blocks.reclaimer.foresee?.(future);
        singles.reclaimer.foresee?.(future);
        for (const step of all) {
          if (step.kind === 'drop') for (const { reclaimer } of [blocks, singles]) reclaimer.drop(step.page);
          else if (step.kind === 'capacity')
            for (const { reclaimer } of [blocks, singles]) reclaimer.setCapacity(step.pages);
          else {
            const padding = 3;
            const missOffset = 5;
            const block = new Uint32Array(step.words.length + padding);
            step.words.forEach((page, i) => (block[i + padding] = page | (operations[i % 7] << 30)));
            const bits = new Uint8Array((step.words.length + missOffset + 7) >> 3);
            blocks.reclaimer.run(block, padding, step.words.length, bits, missOffset);
            const expected = new Uint8Array(bits.length);
            step.words.forEach((page, i) => {
              const bit = i + missOffset;
              if (!singles.reclaimer.access(page & PAGE_MASK)) expected[bit >> 3] |= 1 << (bit & 7);
            });
            assert.deepEqual(bits, expected);
          }
        }
        assert.deepEqual(blocks.reclaimer.tally, singles.reclaimer.tally);
        assert.deepEqual(blocks.evicted, singles.evicted);
        for (let page = 0; page < PAGES; page++)
          assert.equal(blocks.reclaimer.isResident(page), singles.reclaimer.isResident(page));
      }),
      { numRuns: 100 },
    );
  });

  test(`${name}: pages in memory are conserved and within capacity; what is dropped is gone`, () => {
    fc.assert(
      fc.property(steps, capacity, (all, c) => {
        const { reclaimer, evicted } = cacheOf(id, PAGES, c, values);
        reclaimer.foresee?.(futureOf(wordsOf(all), PAGES));
        let limit = c;
        let dropped = 0;
        for (const step of all) {
          if (step.kind === 'drop') {
            if (reclaimer.isResident(step.page)) dropped++;
            reclaimer.drop(step.page);
            assert.equal(reclaimer.isResident(step.page), false);
          } else if (step.kind === 'capacity') {
            limit = step.pages;
            reclaimer.setCapacity(limit);
          } else {
            for (const page of step.words) {
              const there = reclaimer.isResident(page);
              assert.equal(reclaimer.access(page), there);
              assert.ok(reclaimer.isResident(page), 'a page is in memory after its access');
              assert.ok(reclaimer.resident <= limit);
            }
          }
          const resident = residentIn(reclaimer, 0, PAGES);
          assert.equal(reclaimer.resident, resident);
          assert.ok(resident <= limit);
          assert.equal(reclaimer.tally.misses - evicted.length - dropped, resident);
        }
      }),
      { numRuns: 100 },
    );
  });

  test(`${name}: dropping every page leaves nothing behind, not even ghosts`, () => {
    fc.assert(
      fc.property(trace, trace, capacity, (before, words, c) => {
        // The climber keeps what it learnt about hit ratios, and counters of frequency are no ghosts.
        if (id === 'w-tinylfu') return;
        const used = cacheOf(id, PAGES, c, values);
        const fresh = cacheOf(id, PAGES, c, values);
        used.reclaimer.foresee?.(futureOf(before, PAGES));
        for (const page of before) used.reclaimer.access(page);
        for (let page = 0; page < PAGES; page++) used.reclaimer.drop(page);
        assert.equal(used.reclaimer.resident, 0);
        // Targets that adapt are not pages: only policies without any start like new.
        if (['arc', 'car', 'clock-pro'].includes(id)) return;
        for (const { reclaimer } of [used, fresh]) reclaimer.foresee?.(futureOf(words, PAGES));
        for (const page of words) assert.equal(used.reclaimer.access(page), fresh.reclaimer.access(page));
      }),
      { numRuns: 100 },
    );
  });
}

test('a count-min sketch never counts less than it was told, up to 15, and halves it', () => {
  fc.assert(
    fc.property(fc.array(fc.nat(30), { maxLength: 300 }), (pages) => {
      const sketch = new FrequencySketch();
      sketch.resize(16);
      const counts = new Map<number, number>();
      for (const page of pages) {
        sketch.increment(page);
        counts.set(page, (counts.get(page) ?? 0) + 1);
      }
      for (const [page, n] of counts) assert.ok(sketch.estimate(page) >= Math.min(n, 15));
      const before = [...counts.keys()].map((page) => sketch.estimate(page));
      sketch.halve();
      assert.deepEqual(
        [...counts.keys()].map((page) => sketch.estimate(page)),
        before.map((n) => n >> 1),
      );
    }),
  );
});

test('a count-min sketch with room to spare counts nearly every page exactly', () => {
  const sketch = new FrequencySketch();
  sketch.resize(4096);
  for (let page = 0; page < 1000; page++) for (let n = 0; n <= page % 10; n++) sketch.increment(page);
  let exact = 0;
  for (let page = 0; page < 1000; page++) if (sketch.estimate(page) === (page % 10) + 1) exact++;
  assert.ok(exact >= 990, `${exact} of 1000`);
  assert.equal(sketch.estimate(5000), 0);
});

test("a filter's hashes are XXH64's lower halves, under any seeds", () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(word, word, word, (value, first, second) => {
      const pair = new PairHash(first, second);
      pair.hash(value);
      const low = (seed: number) => Number(xxh64(BigInt(value), BigInt(seed)) & 0xffff_ffffn);
      assert.deepEqual([pair.first >>> 0, pair.second >>> 0], [low(first), low(second)]);
    }),
    { numRuns: 100 },
  );
  // XXH64 of eight zero bytes under seed 0
  assert.equal(xxh64(0n, 0n), 0x34c96acdcadb1bbbn);
});

test('a counting filter counts as a plain one does, however large its counts become', () => {
  const step = fc.record({
    page: fc.nat(60),
    times: fc.constantFrom(1, 1, 2, 7, 253, 254, 255, 256, 700),
    halve: fc.nat(9),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 40 }), fc.array(step, { maxLength: 120 }), (capacity, steps) => {
      const filter = new CountingFilter();
      filter.resize(capacity);
      const plain = new PlainFilter(capacity);
      for (const { page, times, halve } of steps) {
        for (let n = 0; n < times; n++) {
          filter.increment(page);
          plain.increment(page);
        }
        if (halve === 0) {
          filter.halve();
          plain.halve();
        }
        assert.equal(filter.estimate(page), plain.estimate(page));
      }
      for (let page = 0; page <= 60; page++) assert.equal(filter.estimate(page), plain.estimate(page));
    }),
    { numRuns: 60 },
  );
});

test('a counting filter loses no count when its counters outgrow 16 bits', () => {
  const filter = new CountingFilter();
  filter.resize(20);
  const plain = new PlainFilter(20);
  const agree = () => {
    for (let page = 0; page < 40; page++) assert.equal(filter.estimate(page), plain.estimate(page));
  };
  for (let n = 0; n < 70_000; n++)
    for (const page of n % 2 === 0 ? [3, 5] : [5, 7 + (n % 20)]) {
      filter.increment(page);
      plain.increment(page);
    }
  for (let n = 0; n < 20; n++) {
    agree();
    filter.halve();
    plain.halve();
  }
  agree();
});

test('a counting filter counts as many pages as memory holds exactly but for one in a thousand', () => {
  const filter = new CountingFilter();
  filter.resize(1000);
  for (let page = 0; page < 1000; page++) for (let n = 0; n <= page % 50; n++) filter.increment(page);
  let exact = 0;
  for (let page = 0; page < 1000; page++) if (filter.estimate(page) === (page % 50) + 1) exact++;
  assert.ok(exact >= 995, `${exact} of 1000`);
  filter.halve();
  assert.equal(filter.estimate(49), 25);
});
