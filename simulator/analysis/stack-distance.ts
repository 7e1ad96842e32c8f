/**
 * Stack distances: for each access, how many other pages were used since the last access to the same page. Exact LRU of c pages hits if that
 * is below c, so one pass gives the misses of every size.
 *
 * Source: Mattson, Gecsei, Slutz, Traiger, IBM Systems Journal 9(2), 1970; counted with a tree over time (Bennett, Kruskal, 1975) whose leaves
 * are pairs of words of a bitmap that marks the time of each page's last access. O(log pages) an access, in two sweeps over some thousand
 * accesses at a time: one finds the accesses before, the other counts. Each sweep's reads depend on nothing, so that their cache misses overlap,
 * and neither branches on what it finds.
 * Memory: 4 bytes a page of the page-number space; for the bitmap, the tree and the counts 5 to 10 a distinct page.
 * With a rate below 1, pages are sampled (page-sample.ts), and all of that goes for sampled pages only.
 */
import { ones } from '../bits.ts';
import { PAGE_MASK } from '../machine/access.ts';
import type { Bytes, Pages } from '../units.ts';
import { PageSample } from './page-sample.ts';
import { SampleError } from './sample-error.ts';

/** Accesses in a sweep. */
const SWEEP = 4096;
/** Time slots a leaf of the tree stands for: two words of the bitmap. */
const LEAF_SHIFT = 6;
const LEAF = 1 << LEAF_SHIFT;
const LEAST_SLOTS = 4096;
/** Twice as many would not fit in a signed word. */
const MOST_SLOTS = 1 << 30;
const LARGEST_COUNT = 0xffffffff;

export interface StackDistanceOptions {
  /** Share of pages that is sampled, 0 < rate ≤ 1; 1 is exact. */
  readonly rate?: number;
}

export class StackDistances {
  /** Accesses so far, sampled or not. */
  accesses = 0;
  /** Different pages among the sampled accesses. */
  distinct: Pages = 0;
  private readonly rate: number;
  private readonly sample: PageSample | undefined;
  private readonly error: SampleError | undefined;
  /** Slot of each page's last access, plus one; 0 if there was none. */
  private last: Int32Array;
  /** One bit a slot: whether it is some page's last. Exactly `distinct` bits are set. */
  private bits: Int32Array;
  /** A heap whose nodes say how many bits are set under their left child; leaves, which say nothing, would be at `leaves` and after. */
  private tree: Int32Array;
  private leaves: number;
  private now = 0;
  private sampled = 0;
  /** histogram[d]: sampled accesses at distance d. */
  private histogram: Uint32Array | Float64Array = new Uint32Array(2 * SWEEP);
  /** Of a sweep's accesses to pages known before: the slot before, later the distance; and how many new pages came before it in the sweep. */
  private readonly found = new Int32Array(SWEEP);
  private readonly fresh = new Int32Array(SWEEP);

  constructor(pages: Pages, { rate = 1 }: StackDistanceOptions = {}) {
    if (!(rate > 0 && rate <= 1)) throw new RangeError(`a sampling rate lies in (0, 1], not at ${rate}`);
    this.rate = rate;
    if (rate < 1) {
      this.sample = new PageSample(rate);
      this.error = new SampleError(rate);
    }
    this.last = new Int32Array(rate < 1 ? LEAST_SLOTS : pages);
    let slots = LEAST_SLOTS;
    while (slots < this.last.length) slots *= 2;
    this.bits = new Int32Array(slots >>> 5);
    this.leaves = slots >>> LEAF_SHIFT;
    this.tree = new Int32Array(this.leaves);
  }

  /** What it takes now, the pages and errors of a sample apart. */
  get bytes(): Bytes {
    const { last, bits, tree, histogram, found, fresh } = this;
    return [last, bits, tree, histogram, found, fresh].reduce((sum, array) => sum + array.byteLength, 0);
  }

  /** Takes in `n` access words from `offset`; operations don't matter. */
  run(block: Uint32Array, offset: number, n: number): void {
    this.accesses += n;
    if (this.sample === undefined) this.takeAll(block, offset, n);
    else {
      for (const end = offset + n; offset < end;) {
        const some = Math.min(this.sample.picked.length, end - offset);
        const picked = this.sample.pick(block, offset, some);
        while (this.sample.distinct > this.last.length) this.last = twice(this.last);
        this.takeAll(this.sample.picked, 0, picked);
        offset += some;
      }
    }
  }

  /** Misses of exact LRU for each size; sizes ascend. First accesses are misses. An estimate, and no whole number, if pages are sampled. */
  misses(sizes: readonly Pages[]): Float64Array {
    const { histogram, rate, sampled } = this;
    const counts = new Float64Array(sizes.length);
    // Accesses that the sample is short of what the rate promises (or beyond it) count as hits at distance 0 (SHARDS-adj).
    const short = this.accesses * rate - sampled;
    let misses = sampled;
    let distance = 0;
    for (let i = 0; i < sizes.length; i++) {
      const end = Math.min(histogram.length, Math.ceil(sizes[i] * rate));
      for (; distance < end; distance++) misses -= histogram[distance];
      const expected = (sizes[i] === 0 ? misses + short : misses) / rate;
      counts[i] = Math.min(this.accesses, Math.max(0, expected));
    }
    return counts;
  }

  /** The same by accesses. */
  missRatios(sizes: readonly Pages[]): Float64Array {
    return this.misses(sizes).map((misses) => (this.accesses === 0 ? 0 : misses / this.accesses));
  }

  /** Standard errors of the miss ratios: zero without sampling, else an estimate from the sample itself (sample-error.ts). Sizes ascend. */
  standardErrors(sizes: readonly Pages[]): Float64Array {
    if (this.error === undefined || this.accesses === 0) return new Float64Array(sizes.length);
    return this.error.of(sizes, this.distinct, this.accesses, (some) => this.missRatios(some));
  }

  private takeAll(block: Uint32Array, offset: number, n: number): void {
    this.sampled += n;
    if (this.sampled > LARGEST_COUNT && this.histogram instanceof Uint32Array)
      this.histogram = Float64Array.from(this.histogram);
    for (const end = offset + n; offset < end;) {
      const room = (this.bits.length << 5) - this.now;
      if (room === 0) {
        this.compact();
        continue;
      }
      const some = Math.min(SWEEP, room, end - offset);
      while (this.distinct + some > this.histogram.length) this.histogram = twice(this.histogram);
      this.mark(this.now, this.now + some);
      const known = this.find(block, offset, some);
      this.count(known);
      if (this.error !== undefined) {
        for (let j = 0; j < known; j++) this.error.add(block[offset + j + this.fresh[j]], this.found[j]);
      }
      this.distinct += some - known;
      this.now += some;
      offset += some;
    }
  }

  /** Looks up the accesses before, and notes these. Returns how many have one. */
  private find(block: Uint32Array, offset: number, n: number): number {
    const { last, found, fresh } = this;
    const next = this.now + 1;
    let known = 0;
    for (let i = 0; i < n; i++) {
      const page = block[offset + i] & PAGE_MASK;
      const before = last[page];
      last[page] = next + i;
      found[known] = before - 1;
      fresh[known] = i - known;
      known += (before | -before) >>> 31;
    }
    return known;
  }

  /**
   * Takes the marks of the accesses before away, one after another, and counts those before it: the distance is what is left of all. That
   * marks of the whole sweep are set already is no matter: they come later.
   */
  private count(known: number): void {
    const { found, fresh, bits, tree, leaves, distinct, histogram } = this;
    for (let j = 0; j < known; j++) {
      const slot = found[j];
      const at = slot >>> 5;
      const word = bits[at];
      const bit = slot & 31;
      bits[at] = word & ~(1 << bit);
      // Marks in the leaf up to and with this one, two words at once.
      let a = word & ((2 << bit) - 1);
      let b = bits[at ^ 1] & -(at & 1);
      a -= (a >>> 1) & 0x55555555;
      b -= (b >>> 1) & 0x55555555;
      a = (a & 0x33333333) + ((a >>> 2) & 0x33333333) + (b & 0x33333333) + ((b >>> 2) & 0x33333333);
      a = (a & 0x0f0f0f0f) + ((a >>> 4) & 0x0f0f0f0f);
      let rank = Math.imul(a, 0x01010101) >>> 24;
      for (let node = leaves + (slot >>> LEAF_SHIFT); node > 1;) {
        const right = node & 1;
        node >>= 1;
        const left = tree[node];
        rank += left & -right;
        tree[node] = left + right - 1;
      }
      found[j] = distinct + fresh[j] - rank;
    }
    // In a loop of its own, so short that its cache misses overlap.
    for (let j = 0; j < known; j++) histogram[found[j]]++;
  }

  /** Marks the slots from `from` up to `to`. */
  private mark(from: number, to: number): void {
    const { bits } = this;
    for (let slot = from; slot < to;) {
      const end = Math.min(to, (slot | (LEAF - 1)) + 1);
      this.add(slot >>> LEAF_SHIFT, end - slot);
      for (; slot < end && (slot & 31) !== 0; slot++) bits[slot >>> 5] |= 1 << (slot & 31);
      for (; slot + 32 <= end; slot += 32) bits[slot >>> 5] = -1;
      for (; slot < end; slot++) bits[slot >>> 5] |= 1 << (slot & 31);
    }
  }

  private add(leaf: number, marks: number): void {
    for (let node = this.leaves + leaf; node > 1; node >>= 1) if ((node & 1) === 0) this.tree[node >> 1] += marks;
  }

  /** Time is up: last accesses move together in their order, and there is room for three times as many again as there are pages. */
  private compact(): void {
    const { last, bits, distinct } = this;
    const before = new Int32Array(bits.length);
    let count = 0;
    for (let i = 0; i < bits.length; i++) {
      before[i] = count;
      count += ones(bits[i]);
    }
    for (let page = 0; page < last.length; page++) {
      const slot = last[page] - 1;
      if (slot >= 0) last[page] = before[slot >>> 5] + ones(bits[slot >>> 5] << (31 - (slot & 31)));
    }
    let slots = bits.length << 5;
    while (slots < 4 * distinct) slots *= 2;
    if (slots > MOST_SLOTS)
      throw new RangeError(`stack distances of ${distinct} pages: at most ${MOST_SLOTS / 4} can be told apart`);
    this.bits = new Int32Array(slots >>> 5);
    this.leaves = slots >>> LEAF_SHIFT;
    this.tree = new Int32Array(this.leaves);
    this.mark(0, distinct);
    this.now = distinct;
  }
}

/** The same numbers in an array of twice the length. */
function twice<A extends Int32Array | Uint32Array | Float64Array>(numbers: A): A {
  const bigger = new (numbers.constructor as new (length: number) => A)(2 * numbers.length);
  bigger.set(numbers);
  return bigger;
}
