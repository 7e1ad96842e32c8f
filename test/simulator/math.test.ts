import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exp, log, pow } from '../../simulator/math.ts';

const float = new Float64Array(1);
const bits = new BigInt64Array(float.buffer);
/** Doubles between two numbers of one sign. */
function apart(a: number, b: number): number {
  if (Object.is(a, b)) return 0;
  float[0] = a;
  const x = bits[0];
  float[0] = b;
  return Math.abs(Number(bits[0] - x));
}

test('exp, log and pow agree with the engine’s own within two units in the last place', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -700, max: 700, noNaN: true }),
      fc.double({ min: 1e-300, max: 1e300, noNaN: true }),
      fc.integer({ min: 1, max: 1 << 26 }),
      fc.double({ min: -4, max: 4, noNaN: true }),
      (x, y, n, s) => {
        assert.ok(apart(exp(x), Math.exp(x)) <= 2, `exp(${x})`);
        assert.ok(apart(log(y), Math.log(y)) <= 2, `log(${y})`);
        assert.ok(apart(pow(n, s), Math.pow(n, s)) <= 2, `pow(${n}, ${s})`);
      },
    ),
    { numRuns: 5000 },
  );
});

test('known values come out exactly', () => {
  assert.equal(exp(0), 1);
  assert.equal(exp(1), Math.E);
  assert.equal(log(1), 0);
  assert.equal(log(2), Math.LN2);
  assert.equal(log(Math.E), 1);
  assert.equal(pow(2, 10), 1024);
  assert.equal(pow(10, -1), 0.1);
  assert.equal(pow(9, 0.5), 3);
});

test('the ends of the number line give what IEEE says', () => {
  assert.equal(exp(-Infinity), 0);
  assert.equal(exp(Infinity), Infinity);
  assert.equal(exp(710), Infinity);
  assert.equal(exp(-746), 0);
  assert.ok(Number.isNaN(exp(NaN)));
  assert.equal(log(0), -Infinity);
  assert.equal(log(Infinity), Infinity);
  assert.ok(Number.isNaN(log(-1)));
  assert.equal(log(5e-324), Math.log(5e-324));
  assert.equal(log(Number.MAX_VALUE), Math.log(Number.MAX_VALUE));
  assert.equal(pow(0, 1), 0);
  assert.equal(pow(0, -1), Infinity);
  assert.equal(pow(7, 0), 1);
  assert.ok(Number.isNaN(pow(-2, 0.3)));
});
