/**
 * The one source of chance: xorshift64* (Vigna), the generator that the recorded access sequences were made with, so that a sequence can be
 * made again from its seed. 64-bit state in two 32-bit halves; nothing is ever rounded away.
 */

const STAR_HIGH = 0x2545f491;
const STAR_LOW = 0x4f6cdd1d;
const INVERSE_2_32 = 1 / 4294967296;

/** Upper 32 bits of the 64-bit product of two unsigned 32-bit numbers: the rounded product less its exact lower half is near a multiple of 2^32. */
export const multiplyHigh = (a: number, b: number): number =>
  ((a * b - (Math.imul(a, b) >>> 0)) * INVERSE_2_32 + 0.5) >>> 0;

export class Random {
  /** State, as signed 32-bit halves. Public for loops that keep it in locals. */
  high: number;
  low: number;
  /** The number drawn last, unsigned halves. */
  drawnHigh = 0;
  drawnLow = 0;

  /** Raw state; zero is not a state of this generator and becomes 1. */
  constructor(high: number, low: number) {
    this.high = high | 0;
    this.low = low | 0;
    if (this.high === 0 && this.low === 0) this.low = 1;
  }

  /** Draws 64 bits into `drawnHigh` and `drawnLow`. */
  next(): void {
    let high = this.high;
    let low = this.low;
    low ^= (low >>> 12) | (high << 20);
    high ^= high >>> 12;
    high ^= (high << 25) | (low >>> 7);
    low ^= low << 25;
    low ^= (low >>> 27) | (high << 5);
    high ^= high >>> 27;
    this.high = high;
    this.low = low;
    this.drawnLow = Math.imul(low, STAR_LOW) >>> 0;
    this.drawnHigh = (multiplyHigh(low >>> 0, STAR_LOW) + Math.imul(low, STAR_HIGH) + Math.imul(high, STAR_LOW)) >>> 0;
  }

  /** Uniform in [0, n), 1 ≤ n ≤ 2^30: the upper 64 bits of draw × n. */
  below(n: number): number {
    this.next();
    const low = Math.imul(this.drawnHigh, n) >>> 0;
    const product = ((this.drawnHigh * n - low) * INVERSE_2_32 + 0.5) >>> 0;
    // The lower half of the draw can only carry when less than n is missing to the next multiple of 2^32.
    if (low + n < 4294967296) return product;
    return low + multiplyHigh(this.drawnLow, n) >= 4294967296 ? product + 1 : product;
  }

  /** Uniform double in [0, 1) with 53 random bits. */
  unit(): number {
    this.next();
    return (this.drawnHigh * 2097152 + (this.drawnLow >>> 11)) * (1 / 9007199254740992);
  }

  /** The next `n` draws of unit() × scale, into `out`: the same numbers, with the state in locals. */
  units(out: Float64Array, n: number, scale: number): void {
    let { high, low } = this;
    for (let i = 0; i < n; i++) {
      low ^= (low >>> 12) | (high << 20);
      high ^= high >>> 12;
      high ^= (high << 25) | (low >>> 7);
      low ^= low << 25;
      low ^= (low >>> 27) | (high << 5);
      high ^= high >>> 27;
      const drawnLow = Math.imul(low, STAR_LOW) >>> 0;
      const drawnHigh =
        (multiplyHigh(low >>> 0, STAR_LOW) + Math.imul(low, STAR_HIGH) + Math.imul(high, STAR_LOW)) >>> 0;
      out[i] = (drawnHigh * 2097152 + (drawnLow >>> 11)) * (1 / 9007199254740992) * scale;
    }
    this.high = high;
    this.low = low;
  }
}

/** A generator of its own for everything that has an identity (seed, purpose, process, phase, step …): neighbours share nothing. */
export function randomFor(...identity: readonly number[]): Random {
  let a = 0x9e3779b9 | 0;
  let b = 0x243f6a88 | 0;
  for (const id of identity) {
    const whole = Math.floor(id);
    a = scramble(a ^ (whole >>> 0)) + b;
    b = scramble(b ^ (Math.floor(whole / 4294967296) >>> 0) ^ a) + 0x85ebca6b;
    a |= 0;
    b |= 0;
  }
  return new Random(scramble(a), scramble(b ^ 0x51ed270b));
}

/** A bijection of 32-bit words in which every input bit moves every output bit (the finaliser of MurmurHash3). */
function scramble(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  x ^= x >>> 16;
  return x;
}
