/**
 * exp, log and pow from + − × ÷ and integer operations alone: ECMAScript lets engines differ in the last bits of Math.exp and friends, and a
 * report must be the same bytes everywhere. Errors stay within about one unit in the last place (tests hold them to that).
 */

const f64 = new Float64Array(1);
const u32 = new Uint32Array(f64.buffer);
/** Which half of a double holds sign and exponent on this machine. */
const HIGH = (() => {
  f64[0] = 1;
  return u32[1] === 0x3ff00000 ? 1 : 0;
})();

// ln 2 in two parts: the upper has 32 bits, so that its product with an exponent is exact.
const LN2_HIGH = 2977044471 / 4294967296;
const LN2_LOW = 1.9082149292705877e-10;
const LN2_INVERSE = 1.4426950408889634;
/** 2^27 + 1 splits a double into two halves whose products are exact (Dekker). */
const SPLIT = 134217729;

/** 2^k for −1022 ≤ k ≤ 1023, at k + 1022. A look at a table, because writing halves and reading the whole makes processors wait. */
const POWERS = new Float64Array(2046);
POWERS[0] = 2.2250738585072014e-308;
for (let i = 1; i < POWERS.length; i++) POWERS[i] = 2 * POWERS[i - 1];
const powerOfTwo = (k: number): number => POWERS[k + 1022];

/** x · 2^k; the detour for tiny results rounds once only. */
function scale(x: number, k: number): number {
  if (k > 1023) return x * powerOfTwo(1023) * powerOfTwo(Math.min(k - 1023, 1023));
  if (k < -1022) return x * powerOfTwo(Math.max(k + 54, -1022)) * powerOfTwo(-54);
  return x * powerOfTwo(k);
}

// A logarithm is computed as the sum of these two, so that pow can multiply it without losing bits.
let logHigh = 0;
let logLow = 0;

/** ln x for finite x > 0: x = 2^k·m, ln m = 2·artanh((m − 1)/(m + 1)), the leading term with its rounding error. */
function logParts(x: number): void {
  let k = 0;
  if (x < 2.2250738585072014e-308) {
    x *= 18014398509481984; // 2^54
    k = -54;
  }
  f64[0] = x;
  const exponent = (u32[HIGH] >>> 20) - 1023;
  k += exponent;
  // In two steps: 2^−exponent may be too small a number.
  let m = exponent > 1022 ? x * 0.5 * powerOfTwo(1 - exponent) : x * powerOfTwo(-exponent);
  if (m > 1.4142135623730951) {
    m *= 0.5;
    k++;
  }
  const f = m - 1;
  const d = m + 1;
  const dLow = m - (d - 1);
  const s = f / d;
  // f − s·d exactly
  let t = SPLIT * s;
  const s1 = t - (t - s);
  const s2 = s - s1;
  t = SPLIT * d;
  const d1 = t - (t - d);
  const d2 = d - d1;
  const p = s * d;
  const e = s1 * d1 - p + s1 * d2 + s2 * d1 + s2 * d2;
  const sLow = (f - p - e - s * dLow) / d;
  const z = s * s;
  const tail =
    z *
    (1 / 3 +
      z *
        (1 / 5 +
          z *
            (1 / 7 +
              z *
                (1 / 9 +
                  z *
                    (1 / 11 +
                      z * (1 / 13 + z * (1 / 15 + z * (1 / 17 + z * (1 / 19 + z * (1 / 21 + z * (1 / 23)))))))))));
  const a = k * LN2_HIGH;
  const b = 2 * s;
  // Two-sum of a and b
  const sum = a + b;
  const bb = sum - a;
  const error = a - (sum - bb) + (b - bb);
  const low = error + (2 * sLow + b * tail + k * LN2_LOW);
  logHigh = sum + low;
  logLow = low - (logHigh - sum);
}

/** e^(high + low), |low| far below |high|. */
function expParts(high: number, low: number): number {
  if (high > 709.79) return Infinity;
  if (high < -745.2) return 0;
  const k = Math.floor(high * LN2_INVERSE + 0.5);
  const r0 = high - k * LN2_HIGH;
  const c = low - k * LN2_LOW;
  const r = r0 + c;
  const rLow = c - (r - r0);
  const q =
    r *
    r *
    (1 / 2 +
      r *
        (1 / 6 +
          r *
            (1 / 24 +
              r *
                (1 / 120 +
                  r *
                    (1 / 720 +
                      r *
                        (1 / 5040 +
                          r *
                            (1 / 40320 +
                              r *
                                (1 / 362880 +
                                  r * (1 / 3628800 + r * (1 / 39916800 + r * (1 / 479001600 + r / 6227020800)))))))))));
  // 1 + r with its rounding error, so that only the last addition rounds.
  const sum = 1 + r;
  return scale(sum + (r - (sum - 1) + (q + rLow)), k);
}

/** Natural logarithm. */
export function log(x: number): number {
  if (!(x > 0)) return x === 0 ? -Infinity : NaN;
  if (x === Infinity) return Infinity;
  logParts(x);
  return logHigh;
}

/** e^x. */
export function exp(x: number): number {
  if (Number.isNaN(x)) return NaN;
  return expParts(x, 0);
}

/** x^y for x ≥ 0. Negative bases are not needed here and give NaN. */
export function pow(x: number, y: number): number {
  if (y === 0 || x === 1) return 1;
  if (!(x >= 0) || Number.isNaN(y)) return NaN;
  if (x === 0) return y > 0 ? 0 : Infinity;
  if (x === Infinity) return y > 0 ? Infinity : 0;
  if (y === 1) return x;
  if (y === -1) return 1 / x;
  if (y === 0.5) return Math.sqrt(x);
  if (y === 2) return x * x;
  if (y === Infinity || y === -Infinity) return x > 1 === y > 0 ? Infinity : 0;
  logParts(x);
  const p = logHigh * y;
  if (p > 710) return Infinity;
  if (p < -746) return 0;
  let t = SPLIT * logHigh;
  const a1 = t - (t - logHigh);
  const a2 = logHigh - a1;
  t = SPLIT * y;
  const y1 = t - (t - y);
  const y2 = y - y1;
  const e = a1 * y1 - p + a1 * y2 + a2 * y1 + a2 * y2;
  return expParts(p, e + logLow * y);
}
