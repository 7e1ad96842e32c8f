/**
 * How often was this page asked for? A counting Bloom filter with room for one in a thousand errors as long as no more pages are counted than
 * memory holds: 14.4 counters a page, ten of them a count, the least of the ten the estimate. Real workloads count many more pages, so it is
 * always fuller than that, and W-TinyLFU in libCacheSim owes its results to just that.
 *
 * Source: libCacheSim minimalIncrementCBF.c (which, its name notwithstanding, increments all ten). Divergence: another hash function;
 * counters that saturate, of 8 bits (16 in a memory so small that it costs nothing: there nearly full filters are common).
 */
import type { Pages } from '../units.ts';

const COUNTERS_A_PAGE = 14.377587635904592; // -ln(0.001) / ln²2
const HASHES = 10;
/** Up to so many counters have 16 bits. */
const FEW = 1 << 19;

export class CountingFilter {
  private counters: Uint8Array | Uint16Array = new Uint8Array(0);
  private most = 0;
  /** Counters by 2^-32: scales a hash to an index. */
  private scale = 0;

  /** For a memory of `capacity` pages; forgets everything. */
  resize(capacity: Pages): void {
    const size = Math.max(2 * HASHES, Math.ceil(COUNTERS_A_PAGE * capacity));
    this.counters = size <= FEW ? new Uint16Array(size) : new Uint8Array(size);
    this.most = size <= FEW ? 0xffff : 0xff;
    this.scale = size / 4294967296;
  }

  increment(page: number): void {
    const { counters, scale, most } = this;
    let hash = scramble(page);
    const stride = scramble(~page);
    for (let i = 0; i < HASHES; i++) {
      const at = Math.floor((hash >>> 0) * scale);
      if (counters[at] !== most) counters[at]++;
      hash = (hash + stride) | 0;
    }
  }

  estimate(page: number): number {
    const { counters, scale } = this;
    let hash = scramble(page);
    const stride = scramble(~page);
    let least = this.most;
    for (let i = 0; i < HASHES; i++) {
      const count = counters[Math.floor((hash >>> 0) * scale)];
      if (count < least) least = count;
      hash = (hash + stride) | 0;
    }
    return least;
  }

  halve(): void {
    const counters = this.counters;
    for (let i = 0; i < counters.length; i++) counters[i] >>>= 1;
  }
}

/** A bijection of 32-bit words in which every input bit moves every output bit (the finaliser of MurmurHash3). */
function scramble(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return x ^ (x >>> 16);
}
