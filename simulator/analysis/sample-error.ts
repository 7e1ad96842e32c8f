/**
 * How far a miss-ratio curve of sampled pages may be off, estimated from the sample itself. Two things vary with which pages are picked:
 *
 * - how much the picked pages miss: each page i with its misses m stands for 1 ∕ rate pages, so the misses' variance is
 *   (1 − rate) ∕ rate² · Σ m² over the picked pages (Horvitz, Thompson, J. Am. Stat. Assoc. 47, 1952, for independent picks);
 * - how many picked pages lie between two uses: of c pages rate · c on average, with a standard deviation of √(rate · (1 − rate) · c). So the
 *   curve is right for some size within √(c · (1 − rate) ∕ rate) of c, and half the fall of the curve over that range is what this comes to.
 *
 * Both grow with the number of picked pages, so they are added as they are, not as squares.
 * Kept for it: 8 bytes a sampled access.
 */
import { WordList } from '../trace/word-list.ts';
import type { Pages } from '../units.ts';

export class SampleError {
  private readonly rate: number;
  /** For each sampled access but the first to a page: the page's number, and its distance among the sampled. */
  private readonly pages = new WordList();
  private readonly distances = new WordList();

  constructor(rate: number) {
    this.rate = rate;
  }

  add(page: number, distance: number): void {
    this.pages.push(page);
    this.distances.push(distance);
  }

  /** Standard errors of the miss ratios that `ratiosOf` gives for ascending sizes. */
  of(
    sizes: readonly Pages[],
    distinct: Pages,
    accesses: number,
    ratiosOf: (sizes: readonly Pages[]) => Float64Array,
  ): Float64Array {
    const { rate } = this;
    const squares = this.squares(sizes, distinct);
    return Float64Array.from(sizes, (size, i) => {
      // no memory misses always
      if (size === 0) return 0;
      const spread = Math.sqrt((size * (1 - rate)) / rate);
      const [less, more] = ratiosOf([Math.max(1, size - spread), size + spread]);
      const misses = Math.sqrt((1 - rate) * squares[i]) / (rate * accesses);
      return misses + (less - more) / 2;
    });
  }

  /** For each size, the sum over sampled pages of their misses squared. */
  private squares(sizes: readonly Pages[], distinct: Pages): Float64Array {
    const reach = this.reach(sizes);
    // Accesses by page: where each page's begin.
    const starts = new Uint32Array(distinct + 1);
    this.pages.edit((pages) => pages.forEach((page) => starts[page + 1]++));
    for (let page = 0; page < distinct; page++) starts[page + 1] += starts[page];
    const next = starts.slice();
    const byPage = new Uint32Array(reach.length);
    let i = 0;
    this.pages.edit((pages) => pages.forEach((page) => (byPage[next[page]++] = reach[i++])));
    // rises[k]: how much larger the sum is at size k − 1 than at size k.
    const rises = new Float64Array(sizes.length + 1);
    for (let page = 0; page < distinct; page++) {
      const reached = byPage.subarray(starts[page], starts[page + 1]).sort();
      // The first access misses at every size, the others at as many sizes as they reach: one miss more each time.
      rises[sizes.length] += 1;
      for (let k = reached.length - 1, misses = 1; k >= 0; k--, misses++) rises[reached[k]] += 2 * misses + 1;
    }
    for (let k = sizes.length; k > 0; k--) rises[k - 1] += rises[k];
    return rises.subarray(1);
  }

  /** How many of the ascending sizes each access misses at. */
  private reach(sizes: readonly Pages[]): Uint32Array {
    const bounds = sizes.map((size) => Math.ceil(size * this.rate));
    const reach = new Uint32Array(this.distances.length);
    let i = 0;
    this.distances.edit((distances) =>
      distances.forEach((distance) => {
        let from = 0;
        for (let to = bounds.length; from < to;) {
          const middle = (from + to) >>> 1;
          if (bounds[middle] <= distance) from = middle + 1;
          else to = middle;
        }
        reach[i++] = from;
      }),
    );
    return reach;
  }
}
