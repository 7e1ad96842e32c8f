/**
 * Stack distances: for each access, how many other pages were used since the last access to the same page. Exact LRU of c pages hits if that
 * is below c, so one pass gives the miss ratio of every size.
 *
 * Source: Mattson, Gecsei, Slutz, Traiger, IBM Systems Journal 9(2), 1970; counted with a Fenwick tree over time (Bennett, Kruskal, 1975), its
 * leaves being groups of a bitmap that marks the time of each page's last access. O(log pages) an access.
 * Sampling: Waldspurger, Park, Garthwaite, Ahmad, "Efficient MRC construction with SHARDS", FAST 2015: only pages whose hash is below a
 * threshold are looked at, and distances are scaled up; accesses short of what the rate promises count at distance 0 (SHARDS-adj).
 * Memory: 4 bytes a page of the page-number space, 9 a distinct (sampled) page.
 */
import { PAGE_MASK } from '../machine/access.ts';
import type { Pages } from '../units.ts';

/** Time slots a leaf of the tree stands for: 16 words of the bitmap. */
const SLOT_SHIFT = 9;
const SLOTS = 1 << SLOT_SHIFT;

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
  private readonly threshold: number;
  /** Slot of each page's last access; −1 if there was none. */
  private readonly last: Int32Array;
  /** One bit a slot: whether it is some page's last. Exactly `distinct` bits are set. */
  private bits = new Uint32Array((8 * SLOTS) >> 5);
  private tree = new Int32Array(8 + 1);
  private now = 0;
  private sampled = 0;
  /** histogram[d]: sampled accesses at distance d. */
  private histogram = new Float64Array(1024);

  constructor(pages: Pages, { rate = 1 }: StackDistanceOptions = {}) {
    if (!(rate > 0 && rate <= 1)) throw new RangeError(`a sampling rate lies in (0, 1], not at ${rate}`);
    this.rate = rate;
    this.threshold = rate * 4294967296;
    this.last = new Int32Array(pages).fill(-1);
  }

  /** Takes in `n` access words from `offset`; operations don't matter. */
  run(block: Uint32Array, offset: number, n: number): void {
    const { last, rate, threshold } = this;
    this.accesses += n;
    for (let i = 0; i < n; i++) {
      const page = block[offset + i] & PAGE_MASK;
      if (rate < 1 && scramble(page) >= threshold) continue;
      this.sampled++;
      if (this.now === this.bits.length << 5) this.compact();
      const before = last[page];
      const now = this.now++;
      last[page] = now;
      if (before < 0) {
        this.mark(now);
        if (++this.distinct > this.histogram.length) this.histogram = grown(this.histogram);
        continue;
      }
      this.histogram[this.distinct - this.rank(before)]++;
      this.bits[before >>> 5] &= ~(1 << (before & 31));
      if (before >>> SLOT_SHIFT === now >>> SLOT_SHIFT) this.bits[now >>> 5] |= 1 << (now & 31);
      else {
        this.add(before >>> SLOT_SHIFT, -1);
        this.mark(now);
      }
    }
  }

  /** Miss ratio of exact LRU for each size; sizes ascend. First accesses are misses. */
  missRatios(sizes: readonly Pages[]): Float64Array {
    const { histogram, rate, sampled } = this;
    const ratios = new Float64Array(sizes.length);
    if (this.accesses === 0) return ratios;
    // What the sample is short of (or beyond) the expected number of accesses, at distance 0.
    const correction = rate < 1 ? this.accesses * rate - sampled : 0;
    let misses = sampled;
    let distance = 0;
    for (let i = 0; i < sizes.length; i++) {
      const end = Math.min(histogram.length, Math.ceil(sizes[i] * rate));
      for (; distance < end; distance++) misses -= histogram[distance];
      const expected = sizes[i] === 0 ? misses + correction : misses;
      ratios[i] = Math.min(1, Math.max(0, expected / (sampled + correction)));
    }
    return ratios;
  }

  /** How many last accesses lie at `slot` or before. */
  private rank(slot: number): number {
    const { bits, tree } = this;
    let count = 0;
    for (let i = slot >>> SLOT_SHIFT; i > 0; i &= i - 1) count += tree[i];
    const word = slot >>> 5;
    for (let i = (slot >>> SLOT_SHIFT) << (SLOT_SHIFT - 5); i < word; i++) count += ones(bits[i]);
    return count + ones(bits[word] << (31 - (slot & 31)));
  }

  private mark(slot: number): void {
    this.bits[slot >>> 5] |= 1 << (slot & 31);
    this.add(slot >>> SLOT_SHIFT, 1);
  }

  private add(group: number, by: number): void {
    const tree = this.tree;
    for (let i = group + 1; i < tree.length; i += i & -i) tree[i] += by;
  }

  /** Time is up: last accesses move together in their order, and there is room for as many again as there are pages, and more. */
  private compact(): void {
    const { last, bits, distinct } = this;
    const before = new Int32Array(bits.length);
    let count = 0;
    for (let i = 0; i < bits.length; i++) {
      before[i] = count;
      count += ones(bits[i]);
    }
    for (let page = 0; page < last.length; page++) {
      const slot = last[page];
      if (slot >= 0) last[page] = before[slot >>> 5] + ones(bits[slot >>> 5] << (31 - (slot & 31))) - 1;
    }
    let groups = bits.length >>> (SLOT_SHIFT - 5);
    while (groups * SLOTS < 4 * distinct) groups *= 2;
    this.bits = new Uint32Array((groups * SLOTS) >> 5);
    this.bits.fill(0xffffffff, 0, distinct >>> 5);
    if ((distinct & 31) !== 0) this.bits[distinct >>> 5] = (1 << (distinct & 31)) - 1;
    this.tree = new Int32Array(groups + 1);
    for (let group = 0; group * SLOTS < distinct; group++) this.add(group, Math.min(SLOTS, distinct - group * SLOTS));
    this.now = distinct;
  }
}

function ones(word: number): number {
  word -= (word >>> 1) & 0x55555555;
  word = (word & 0x33333333) + ((word >>> 2) & 0x33333333);
  return Math.imul((word + (word >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

function grown(histogram: Float64Array<ArrayBuffer>): Float64Array<ArrayBuffer> {
  const bigger = new Float64Array(2 * histogram.length);
  bigger.set(histogram);
  return bigger;
}

/** A bijection of 32-bit words in which every input bit moves every output bit (the finaliser of MurmurHash3). */
function scramble(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return (x ^ (x >>> 16)) >>> 0;
}
