/**
 * The lower halves of XXH64 of a number of eight bytes below 2^32, lowest byte first, under two seeds: what libCacheSim's filters place counters
 * by. 64-bit arithmetic in halves of 32, for an engine's own 64-bit numbers are objects.
 *
 * Source: xxHash, "XXH64 algorithm description", steps for inputs below 32 bytes.
 */

/** Primes 1 to 5, upper and lower halves. */
const P1H = 0x9e3779b1;
const P1L = 0x85ebca87;
const P2H = 0xc2b2ae3d;
const P2L = 0x27d4eb4f;
const P3H = 0x165667b1;
const P3L = 0x9e3779f9;
const P4H = 0x85ebca77;
const P4L = 0xc2b2ae63;
const P5H = 0x27d4eb2f;
const P5L = 0x165667c5;

/** What the hash begins with under a seed below 2^32: seed + prime 5 + the length, 8. */
interface Start {
  readonly high: number;
  readonly low: number;
}

function startOf(seed: number): Start {
  const low = P5L + seed + 8;
  return { high: (P5H + (low > 0xffffffff ? 1 : 0)) | 0, low: low | 0 };
}

const KNOWN_BITS = 12;

export class PairHash {
  /** Of the number hashed last, under the first seed and under the second: signed. */
  first = 0;
  second = 0;
  /** Value and both hashes, by a few bits of the value; from the start those of 0, which are told apart by nothing else. */
  private readonly known = new Int32Array(3 << KNOWN_BITS);
  private readonly a: Start;
  private readonly b: Start;

  constructor(firstSeed: number, secondSeed: number) {
    this.a = startOf(firstSeed);
    this.b = startOf(secondSeed);
    this.compute(0);
    for (let at = 0; at < this.known.length; at += 3) {
      this.known[at + 1] = this.first;
      this.known[at + 2] = this.second;
    }
  }

  /** Of a 32-bit number. Those hashed lately are looked up. */
  hash(value: number): void {
    const { known } = this;
    const at = 3 * (Math.imul(value, 0x9e3779b1) >>> (32 - KNOWN_BITS));
    if (known[at] !== (value | 0)) {
      this.compute(value);
      known[at] = value;
      known[at + 1] = this.first;
      known[at + 2] = this.second;
    }
    this.first = known[at + 1];
    this.second = known[at + 2];
  }

  private compute(value: number): void {
    // the lane: value · prime 2, turned left by 31, · prime 1
    const low = Math.imul(value, P2L);
    const high = upper(value, P2L) + Math.imul(value, P2H);
    const turnedHigh = (high << 31) | (low >>> 1);
    const turnedLow = (low << 31) | ((high >>> 1) & 0x7fffffff);
    const laneLow = Math.imul(turnedLow, P1L);
    const laneHigh = upper(turnedLow, P1L) + Math.imul(turnedLow, P1H) + Math.imul(turnedHigh, P1L);
    this.first = finish(this.a.high ^ laneHigh, this.a.low ^ laneLow);
    this.second = finish(this.b.high ^ laneHigh, this.b.low ^ laneLow);
  }
}

/** Turned left by 27, · prime 1, + prime 4, and mixed until every bit depends on every other. */
function finish(high: number, low: number): number {
  const turnedHigh = (high << 27) | (low >>> 5);
  const turnedLow = (low << 27) | (high >>> 5);
  const sum = (Math.imul(turnedLow, P1L) >>> 0) + P4L;
  const carry = sum > 0xffffffff ? 1 : 0;
  let l = sum | 0;
  let h = (upper(turnedLow, P1L) + Math.imul(turnedLow, P1H) + Math.imul(turnedHigh, P1L) + P4H + carry) | 0;
  l ^= h >>> 1; // h ^= h >> 33
  h = (upper(l, P2L) + Math.imul(l, P2H) + Math.imul(h, P2L)) | 0;
  l = Math.imul(l, P2L);
  l ^= (l >>> 29) | (h << 3); // h ^= h >> 29
  h ^= h >>> 29;
  h = (upper(l, P3L) + Math.imul(l, P3H) + Math.imul(h, P3L)) | 0;
  l = Math.imul(l, P3L);
  return l ^ h; // h ^= h >> 32
}

/** Upper half of the product of two words, unsigned, give or take multiples of 2^32. */
function upper(a: number, b: number): number {
  const a0 = a & 0xffff;
  const a1 = a >>> 16;
  const b0 = b & 0xffff;
  const b1 = b >>> 16;
  const inner = (Math.imul(a1, b0) >>> 0) + (Math.imul(a0, b0) >>> 16);
  const outer = (Math.imul(a0, b1) >>> 0) + (inner & 0xffff);
  return (Math.imul(a1, b1) + (inner >>> 16) + (outer >>> 16)) | 0;
}
