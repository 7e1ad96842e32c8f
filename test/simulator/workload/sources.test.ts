import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Random, randomFor } from '../../../simulator/workload/random.ts';
import {
  GaussianSource,
  HotColdSource,
  MixSource,
  SequentialSource,
  StreamSource,
  StrideSource,
  UniformSource,
  ZipfSource,
  type Source,
} from '../../../simulator/workload/sources.ts';
import { buildPermutation, buildZipfTable, zipfRank } from '../../../simulator/workload/zipf-table.ts';

function finish<T>(steps: Generator<number, T>): T {
  for (;;) {
    const step = steps.next();
    if (step.done) return step.value;
  }
}

const zipf = (n: number, s: number, random: Random) =>
  new ZipfSource(0, finish(buildZipfTable(n, s)), finish(buildPermutation(n, new Random(0, 7))), random);

const draw = (source: Source, n: number): number[] => {
  const out = new Uint32Array(n);
  source.fill(out, 0, n);
  return Array.from(out);
};

const makers: Readonly<Record<string, (pages: number) => Source>> = {
  sequential: (pages) => new SequentialSource(3, pages),
  stride: (pages) => new StrideSource(3, pages, 1 + (pages >> 2)),
  uniform: (pages) => new UniformSource(3, pages, randomFor(1)),
  zipf: (pages) => zipf(pages, 0.9, randomFor(2)),
  'hot-cold': (pages) => new HotColdSource(3, pages, 100_000, 900_000, randomFor(3)),
  gaussian: (pages) => new GaussianSource(3, pages, 500_000, 200_000, randomFor(4)),
  stream: (pages) => new StreamSource(3, pages, { next: 0 }),
  mix: (pages) =>
    new MixSource(
      [new UniformSource(3, pages, randomFor(5)), new StreamSource(3, pages, { next: 0 })],
      [700_000, 300_000],
      randomFor(6),
      4096,
    ),
};

for (const [name, make] of Object.entries(makers))
  test(`what ${name} yields does not depend on how blocks are cut, and stays within the region`, () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.array(fc.integer({ min: 0, max: 300 }), { maxLength: 8 }),
        (pages, cuts) => {
          const total = cuts.reduce((a, b) => a + b, 0);
          const whole = draw(make(pages), total);
          const cut = make(pages);
          assert.deepEqual(
            cuts.flatMap((n) => draw(cut, n)),
            whole,
          );
          for (const word of whole) assert.ok(word >= 0 && word < pages + 3, `${name} left its region: ${word}`);
        },
      ),
      { numRuns: 60 },
    );
  });

test('a sequential pass touches each page once, in order; a strided one every so manieth', () => {
  assert.deepEqual(draw(new SequentialSource(10, 4), 6), [10, 11, 12, 13, 10, 11]);
  assert.deepEqual(draw(new StrideSource(10, 8, 3), 7), [10, 13, 16, 10, 13, 16, 10]);
  assert.equal(new StrideSource(0, 8, 3).pass, 3);
});

test('streams over one region share their position, so no page comes twice before all came once', () => {
  const position = { next: 0 };
  const first = new StreamSource(0, 10, position);
  const second = new StreamSource(0, 10, position);
  assert.deepEqual([...draw(first, 3), ...draw(second, 4), ...draw(first, 3)], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('the guide table finds the first rank whose sum exceeds the draw, for any exponent from 0 up', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 400 }),
      fc.double({ min: 0, max: 4, noNaN: true }),
      fc.array(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), { minLength: 1, maxLength: 30 }),
      (n, s, draws) => {
        const table = finish(buildZipfTable(n, s));
        for (const u of draws) {
          const x = u * table.cdf[n - 1];
          assert.equal(
            zipfRank(table, u),
            table.cdf.findIndex((c) => c > x),
          );
        }
      },
    ),
  );
});

test('drawing a lot at a time gives the pages of drawing one after the other, with the generator where that leaves it', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 3000 }),
      fc.double({ min: 0, max: 4, noNaN: true }),
      fc.array(fc.integer({ min: 0, max: 2500 }), { minLength: 1, maxLength: 4 }),
      fc.integer({ min: 0, max: 2 ** 31 }),
      (n, s, lengths, seed) => {
        const table = finish(buildZipfTable(n, s));
        const permutation = finish(buildPermutation(n, randomFor(seed, 1)));
        const source = new ZipfSource(5, table, permutation, randomFor(seed));
        const random = randomFor(seed);
        for (const length of lengths)
          assert.deepEqual(
            draw(source, length),
            Array.from({ length }, () => 5 + permutation[zipfRank(table, random.unit())]),
          );
      },
    ),
    { numRuns: 60 },
  );
});

test('a shuffle is the one that draws a partner before each exchange (Fisher–Yates)', () => {
  for (const n of [1, 2, 100, 8192, 8193, 20_000]) {
    const random = randomFor(n);
    const plain = Array.from({ length: n }, (_, i) => i);
    for (let i = n - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [plain[i], plain[j]] = [plain[j], plain[i]];
    }
    assert.deepEqual(Array.from(finish(buildPermutation(n, randomFor(n)))), plain);
  }
});

test('zipf 1.0 over 131 072 pages repeats the recorded run D_zipf1.0 from its seeds', () => {
  const source = new ZipfSource(
    0,
    finish(buildZipfTable(131_072, 1)),
    finish(buildPermutation(131_072, new Random(0, 0x5eed0000 + 1000))),
    new Random(0, 0xd00d + 1),
  );
  assert.deepEqual(draw(source, 8), [88549, 11345, 46411, 26868, 117674, 128975, 63562, 100496]);
});

test('zipf frequencies follow (rank + 1)^-s within five standard deviations', () => {
  const n = 50;
  const draws = 200_000;
  for (const s of [0.5, 0.8, 1.2]) {
    const table = finish(buildZipfTable(n, s));
    const random = randomFor(11);
    const counts = new Array<number>(n).fill(0);
    for (let i = 0; i < draws; i++) counts[zipfRank(table, random.unit())]++;
    const total = Array.from({ length: n }, (_, r) => Math.pow(r + 1, -s)).reduce((a, b) => a + b, 0);
    counts.forEach((count, r) => {
      const p = Math.pow(r + 1, -s) / total;
      assert.ok(Math.abs(count - draws * p) < 5 * Math.sqrt(draws * p * (1 - p)), `s=${s}, rank ${r}: ${count}`);
    });
  }
});

test('hot-cold gives the hot pages their share of the accesses', () => {
  const words = draw(new HotColdSource(0, 1000, 100_000, 900_000, randomFor(1)), 100_000);
  const hot = words.filter((page) => page < 100).length;
  assert.ok(Math.abs(hot - 90_000) < 5 * Math.sqrt(100_000 * 0.9 * 0.1), `${hot} hot accesses`);
});

test('gaussian has the mean and deviation asked for', () => {
  const n = 100_000;
  const words = draw(new GaussianSource(0, 100_000, 500_000, 50_000, randomFor(1)), n);
  const mean = words.reduce((a, b) => a + b, 0) / n;
  const deviation = Math.sqrt(words.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n);
  // 5 000 pages of deviation: the mean of 100 000 draws is off by 16 pages, the deviation by 11.
  assert.ok(Math.abs(mean - 50_000) < 80, `mean ${mean}`);
  assert.ok(Math.abs(deviation - 5_000) < 60, `deviation ${deviation}`);
});

test('a mixture draws from its parts by weight, each part in its own order', () => {
  const mix = new MixSource(
    [new SequentialSource(0, 100_000), new SequentialSource(200_000, 100_000)],
    [750_000, 250_000],
    randomFor(9),
    50_000,
  );
  const words = draw(mix, 50_000);
  const first = words.filter((word) => word < 100_000);
  assert.deepEqual(first, Array.from(first.keys()));
  assert.ok(Math.abs(first.length - 37_500) < 5 * Math.sqrt(50_000 * 0.75 * 0.25), `${first.length}`);
});
