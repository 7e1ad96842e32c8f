/**
 * Zipf-distributed ranks, exactly: the running sum of (rank + 1)^-s, and for each draw the first rank whose sum exceeds it. A guide table
 * finds the neighbourhood in one look, so a draw costs the same whatever the size; any s ≥ 0 works.
 *
 * Building takes about 60 ns a page, so it is done in steps that a caller can spread over time.
 */
import { pow } from '../math.ts';
import type { Pages } from '../units.ts';
import type { Random } from './random.ts';

/** Elements a building step handles before it gives control back: about a millisecond. */
const STEP = 8192;
/** Beyond this a table would take gigabytes. */
export const MAX_ZIPF_PAGES: Pages = 1 << 26;

export interface ZipfTable {
  readonly n: Pages;
  readonly s: number;
  /** cdf[i] = Σ_{j ≤ i} (j + 1)^-s, summed upward. */
  readonly cdf: Float64Array;
  /** guide[b] = first rank i with bucket(cdf[i]) ≥ b, where bucket(x) = ⌊x · buckets / cdf[n−1]⌋. */
  readonly guide: Uint32Array;
  readonly bucketsPerUnit: number;
}

/** What a table of `n` ranks takes, guide included. */
export const zipfTableBytes = (n: Pages): number => 8 * n + 4 * (guideSize(n) + 2);

const guideSize = (n: Pages): number => {
  let size = 1;
  while (size < n) size *= 2;
  return size;
};

/** The table that lies, or is to lie, in `buffer` from `offset` on: its two arrays. */
function arraysIn(n: Pages, buffer: ArrayBufferLike, offset: number): Pick<ZipfTable, 'cdf' | 'guide'> {
  return {
    cdf: new Float64Array(buffer, offset, n),
    guide: new Uint32Array(buffer, offset + 8 * n, guideSize(n) + 2),
  };
}

/** A table that was built before, where it was built. */
export function zipfTableIn(n: Pages, s: number, buffer: ArrayBufferLike, offset: number): ZipfTable {
  const { cdf, guide } = arraysIn(n, buffer, offset);
  return { n, s, cdf, guide, bucketsPerUnit: guideSize(n) / cdf[n - 1] };
}

/** Builds a table, in memory of its own or in zeroes given; yields the number of elements done since the last yield. */
export function* buildZipfTable(
  n: Pages,
  s: number,
  buffer: ArrayBufferLike = new ArrayBuffer(zipfTableBytes(n)),
  offset = 0,
): Generator<number, ZipfTable> {
  const { cdf, guide } = arraysIn(n, buffer, offset);
  let sum = 0;
  for (let i = 0; i < n;) {
    const end = Math.min(n, i + STEP);
    const from = i;
    for (; i < end; i++) {
      sum += pow(i + 1, -s);
      cdf[i] = sum;
    }
    yield end - from;
  }
  const buckets = guideSize(n);
  const bucketsPerUnit = buckets / sum;
  // Ranks ascend and so do their buckets: each rank is the first of all buckets after its predecessor's, up to its own.
  let bucket = 0;
  for (let i = 0; i < n;) {
    const end = Math.min(n, i + 8 * STEP);
    for (; i < end; i++) {
      const own = Math.floor(cdf[i] * bucketsPerUnit);
      while (bucket <= own && bucket < guide.length) guide[bucket++] = i;
    }
    yield STEP;
  }
  while (bucket < guide.length) guide[bucket++] = n - 1;
  return { n, s, cdf, guide, bucketsPerUnit };
}

/** Where ranks lie in the region: a Fisher–Yates shuffle. Partners are drawn ahead, so that exchanges need not wait for draws. */
export function* buildPermutation(
  n: Pages,
  random: Random,
  permutation: Uint32Array = new Uint32Array(n),
): Generator<number, Uint32Array> {
  for (let i = 0; i < n; i++) permutation[i] = i;
  yield STEP;
  const partners = new Uint32Array(STEP);
  for (let i = n - 1; i > 0;) {
    const length = Math.min(STEP, i);
    for (let k = 0; k < length; k++) partners[k] = random.below(i - k + 1);
    for (let k = 0; k < length; k++, i--) {
      const j = partners[k];
      const t = permutation[i];
      permutation[i] = permutation[j];
      permutation[j] = t;
    }
    yield STEP >> 1;
  }
  return permutation;
}

/** The rank a draw `u` in [0, 1) stands for. */
export function zipfRank(table: ZipfTable, u: number): number {
  const { cdf, guide } = table;
  const x = u * cdf[table.n - 1];
  let i = guide[Math.floor(x * table.bucketsPerUnit)];
  while (cdf[i] <= x) i++;
  return i;
}

/** Draws handled together, so few that what one look leaves in the processor's caches is still there for the next. */
const LOT = 1024;
const sums = new Float64Array(LOT);

/**
 * Pages for the next draws of `random`, `base` added: permutation[zipfRank(table, random.unit())] for each. Each table is looked at for a whole
 * lot at a time: looks that don't wait for one another overlap, which is two to three times as fast where tables are larger than caches.
 */
export function zipfPages(
  table: ZipfTable,
  permutation: Uint32Array,
  base: number,
  random: Random,
  out: Uint32Array,
  from: number,
  to: number,
): void {
  const { cdf, guide, bucketsPerUnit } = table;
  const total = cdf[table.n - 1];
  for (let start = from; start < to; start += LOT) {
    const n = Math.min(LOT, to - start);
    random.units(sums, n, total);
    for (let i = 0; i < n; i++) out[start + i] = guide[(sums[i] * bucketsPerUnit) >>> 0];
    for (let i = 0; i < n; i++) {
      const x = sums[i];
      let rank = out[start + i];
      while (cdf[rank] <= x) rank++;
      out[start + i] = rank;
    }
    for (let i = 0; i < n; i++) out[start + i] = base + permutation[out[start + i]];
  }
}
