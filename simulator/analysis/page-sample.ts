/**
 * Which pages are looked at when only a share of them is: those whose hash is below a threshold, so that it is the same pages throughout
 * (Waldspurger, Park, Garthwaite, Ahmad, "Efficient MRC construction with SHARDS", FAST 2015). Sampled pages are numbered anew.
 */
import { PAGE_MASK } from '../machine/access.ts';
import { BATCH, DenseIds } from '../trace/dense-ids.ts';
import type { Pages } from '../units.ts';

export class PageSample {
  /** Numbers of the pages that the last `pick` found. */
  readonly picked = new Uint32Array(BATCH);
  private readonly threshold: number;
  private readonly pages = new Int32Array(this.picked.buffer);
  private readonly zeros = new Int32Array(BATCH);
  private readonly ids = new DenseIds();

  constructor(rate: number) {
    this.threshold = rate * 0x1_0000_0000 - 0x8000_0000;
  }

  /** Pages picked so far. */
  get distinct(): Pages {
    return this.ids.size;
  }

  /** Puts the accesses to sampled pages among `n`, at most 1024, from `offset` on into `picked`. Returns how many they are. */
  pick(block: Uint32Array, offset: number, n: number): number {
    const { pages } = this;
    const threshold = this.threshold | 0;
    let count = 0;
    for (let i = 0; i < n; i++) {
      const page = block[offset + i] & PAGE_MASK;
      if (scramble(page) >= threshold) continue;
      pages[count++] = page;
    }
    this.ids.numberAll(pages, this.zeros, count);
    return count;
  }
}

/** A bijection of 32-bit words in which every input bit moves every output bit (the finaliser of MurmurHash3). Signed. */
function scramble(x: number): number {
  x ^= x >>> 16;
  x = Math.imul(x, 0x85ebca6b);
  x ^= x >>> 13;
  x = Math.imul(x, 0xc2b2ae35);
  return x ^ (x >>> 16);
}
