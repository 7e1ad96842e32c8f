/** The counting filter of libCacheSim's W-TinyLFU as it is described: counters that are plain numbers, a hash in 64-bit arithmetic. */
const WORD = 0xffff_ffff_ffff_ffffn;
const PRIMES = [
  0x9e3779b185ebca87n,
  0xc2b2ae3d27d4eb4fn,
  0x165667b19e3779f9n,
  0x85ebca77c2b2ae63n,
  0x27d4eb2f165667c5n,
] as const;

const times = (a: bigint, b: bigint): bigint => (a * b) & WORD;
const turned = (x: bigint, by: bigint): bigint => ((x << by) | (x >> (64n - by))) & WORD;

/** XXH64 of a number of eight bytes. */
export function xxh64(value: bigint, seed: bigint): bigint {
  const [p1, p2, p3, p4, p5] = PRIMES;
  let h = (seed + p5 + 8n) & WORD;
  h ^= times(turned(times(value, p2), 31n), p1);
  h = (times(turned(h, 27n), p1) + p4) & WORD;
  h = times(h ^ (h >> 33n), p2);
  h = times(h ^ (h >> 29n), p3);
  return h ^ (h >> 32n);
}

export class PlainFilter {
  private readonly counters: number[];
  private readonly known = new Map<number, readonly number[]>();

  constructor(capacity: number) {
    const size = Math.ceil((Math.log(1000) / Math.LN2 ** 2) * capacity);
    this.counters = new Array<number>(size < 10 ? 20 : size).fill(0);
  }

  increment(page: number): void {
    for (const at of this.places(page)) this.counters[at]++;
  }

  estimate(page: number): number {
    return Math.min(...this.places(page).map((at) => this.counters[at]));
  }

  halve(): void {
    this.counters.forEach((count, at) => (this.counters[at] = count >> 1));
  }

  private places(page: number): readonly number[] {
    let places = this.known.get(page);
    if (places === undefined) {
      const low = (seed: bigint) => xxh64(BigInt(page), seed) & 0xffff_ffffn;
      const [a, b] = [low(0x12345678n), low(0x12344321n)];
      const size = BigInt(this.counters.length);
      places = Array.from({ length: 10 }, (_, i) => Number(((a + BigInt(i) * b) & 0xffff_ffffn) % size));
      this.known.set(page, places);
    }
    return places;
  }
}
