import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { multiplyHigh, Random, randomFor } from '../../../simulator/workload/random.ts';

/** xorshift64* as published (Vigna 2016), in 64-bit arithmetic. */
function* reference(seed: bigint): Generator<bigint, never> {
  const mask = (1n << 64n) - 1n;
  let x = seed;
  for (;;) {
    x ^= x >> 12n;
    x = (x ^ (x << 25n)) & mask;
    x ^= x >> 27n;
    yield (x * 0x2545f4914f6cdd1dn) & mask;
  }
}

const seeds = fc.bigInt({ min: 1n, max: (1n << 64n) - 1n });
const randomOf = (seed: bigint) => new Random(Number(seed >> 32n), Number(seed & 0xffffffffn));

test('the generator draws the very numbers of xorshift64* from any seed', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const random = randomOf(seed);
      const expected = reference(seed);
      for (let i = 0; i < 20; i++) {
        random.next();
        assert.equal((BigInt(random.drawnHigh) << 32n) | BigInt(random.drawnLow), expected.next().value);
      }
    }),
  );
});

test('below(n) is the upper 64 bits of draw × n, carries included', () => {
  fc.assert(
    fc.property(seeds, fc.integer({ min: 1, max: 2 ** 30 }), (seed, n) => {
      const random = randomOf(seed);
      const expected = reference(seed);
      for (let i = 0; i < 50; i++) assert.equal(BigInt(random.below(n)), (expected.next().value * BigInt(n)) >> 64n);
    }),
  );
});

test('the upper half of a product is exact for all 32-bit factors', () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(word, word, (a, b) => {
      assert.equal(BigInt(multiplyHigh(a, b)), (BigInt(a) * BigInt(b)) >> 32n);
    }),
  );
  assert.equal(multiplyHigh(0xffffffff, 0xffffffff), 0xfffffffe);
});

test('seed 0xE01 over 24 576 pages begins as the recorded run E_u1.5 did', () => {
  const random = new Random(0, 0xe01);
  const drawn = Array.from({ length: 8 }, () => random.below(24_576));
  assert.deepEqual(drawn, [3858, 8253, 17970, 22237, 22430, 464, 23691, 11412]);
});

test('generators of neighbouring identities share nothing', () => {
  const seen = new Set<string>();
  for (let seed = 0; seed < 10; seed++)
    for (let process = 0; process < 10; process++)
      for (let step = 0; step < 10; step++) {
        const random = randomFor(seed, 2, process, step);
        random.next();
        seen.add(`${random.drawnHigh}/${random.drawnLow}`);
      }
  assert.equal(seen.size, 1000);
});
