/**
 * Access sequences of different shapes whose miss ratios under libCacheSim are known. They depend on nothing but integer arithmetic written out
 * here, so that they can be made again anywhere.
 */

/** Page numbers are below this in all of them. */
export const GOLDEN_PAGES = 60_000;
export const GOLDEN_ACCESSES = 200_000;

/** Marsaglia's xorshift with 32 bits. */
function xorshift(seed: number): () => number {
  let x = seed;
  return () => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return x >>> 0;
  };
}

/** Skewed: the product of two numbers below 2^16, by 2^16, scaled to `pages`; small ones are frequent. */
const skewed = (next: () => number, pages: number): number => {
  const product = Math.floor(((next() & 0xffff) * (next() & 0xffff)) / 65_536);
  return Math.floor((product * (next() & 0xff) * pages) / (65_536 * 256));
};

function fill(seed: number, step: (i: number, next: () => number) => number): Uint32Array {
  const next = xorshift(seed);
  return Uint32Array.from({ length: GOLDEN_ACCESSES }, (_, i) => step(i, next));
}

export const goldenTraces = {
  /** A few pages much more often than others. */
  skewed: () => fill(11, (_, next) => skewed(next, 40_000)),
  /** A loop over 2,600 pages, again and again. */
  loop: () => fill(12, (i) => i % 2600),
  /** Loops of three lengths in turn, 9,000 accesses each. */
  loops: () =>
    fill(13, (i) =>
      [900, 2400, 5000].reduce((at, n, k) => (Math.floor(i / 9000) % 3 === k ? 10_000 * k + (i % n) : at), 0),
    ),
  /** A hot set that moves every 25,000 accesses. */
  shifting: () => fill(14, (i, next) => (skewed(next, 12_000) + 6000 * Math.floor(i / 25_000)) % GOLDEN_PAGES),
  /** A hot set beside scans of 6,000 pages: 1,000 accesses of one, 1,000 of the other. */
  scans: () =>
    fill(15, (i, next) => (Math.floor(i / 1000) % 2 === 0 ? skewed(next, 8000) : 20_000 + ((i >> 1) % 6000))),
  /** One access in ten to a page that is never used again; the rest all alike. */
  stream: () => fill(16, (i, next) => (i % 10 < 1 ? 30_000 + Math.floor(i / 10) : next() % 2500)),
} as const satisfies Readonly<Record<string, () => Uint32Array>>;
