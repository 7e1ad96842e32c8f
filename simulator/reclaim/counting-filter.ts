/**
 * How often was this page asked for? A counting Bloom filter with room for one in a thousand errors as long as no more pages are counted than
 * memory holds: 14.4 counters a page, ten of them a count, the least of the ten the estimate. Real workloads count many more pages, so it is
 * always fuller than that, and W-TinyLFU in libCacheSim owes its results to just that: the same counters are chosen here, by the same hash.
 *
 * Source: libCacheSim minimalIncrementCBF.c (which, its name notwithstanding, increments all ten). Its counters have 32 bits; here they begin
 * with 8, the few that outgrow them are kept apart, and all become wider once those are many: no count is ever lost.
 */
import type { Pages } from '../units.ts';
import { LargeCounts } from './large-counts.ts';
import { PairHash } from './xxh64.ts';

const COUNTERS_A_PAGE = 14.377587635904592; // -ln(0.001) / ln²2
const HASHES = 10;
/** Counters are widened once one in so many has outgrown its width. */
const MANY = 32;

export class CountingFilter {
  private counters: Uint8Array | Uint16Array | Uint32Array = new Uint8Array(0);
  /** A counter that shows this is among the large ones; none does once counters have 32 bits. */
  private most = 0xff;
  private size = 0;
  /** 2^32 modulo size. */
  private turn = 0;
  /** Where the counters of the page in question are. */
  private readonly places = new Int32Array(HASHES);
  private readonly large = new LargeCounts();
  private readonly pair = new PairHash(0x12345678, 0x12344321);

  /** For a memory of `capacity` pages; forgets everything. */
  resize(capacity: Pages): void {
    const size = Math.min(Math.ceil(COUNTERS_A_PAGE * capacity), 0x7fffffff);
    this.size = size < HASHES ? 2 * HASHES : size;
    this.turn = 0x1_0000_0000 % this.size;
    this.counters = new Uint8Array(this.size);
    this.most = 0xff;
    this.large.clear();
  }

  increment(page: number): void {
    const { counters, most, places } = this;
    this.place(page);
    for (let i = 0; i < HASHES; i++) {
      const at = places[i];
      const count = counters[at];
      if (count < most - 1) counters[at] = count + 1;
      else this.outgrow(at);
    }
    if (this.large.size * MANY > this.size) this.widen();
  }

  estimate(page: number): number {
    const { counters, most, places } = this;
    this.place(page);
    let least = most;
    for (let i = 0; i < HASHES; i++) {
      const count = counters[places[i]];
      if (count < least) least = count;
    }
    return least < most ? least : this.leastLarge();
  }

  private leastLarge(): number {
    let least = 0xffffffff;
    for (let i = 0; i < HASHES; i++) least = Math.min(least, this.large.get(this.places[i]));
    return least;
  }

  /** Ten places: (first + i · second) modulo 2^32 modulo size, kept up with additions, for divisions are slow. */
  private place(page: number): void {
    const { pair, places } = this;
    // 32-bit arithmetic throughout, and said so
    const size = this.size | 0;
    const turn = this.turn | 0;
    pair.hash(page);
    const step = pair.second;
    const stepPlace = ((step >>> 0) % (size >>> 0)) | 0;
    let hash = pair.first;
    let at = ((hash >>> 0) % (size >>> 0)) | 0;
    for (let i = 0; i < HASHES; i++) {
      places[i] = at;
      const next = (hash + step) | 0;
      // -1 where the sum passes 2^32, and where what is left is negative
      const passes = ((hash & step) | ((hash | step) & ~next)) >> 31;
      hash = next;
      // both below size: taken off before they are put together, so that nothing passes 2^31
      at = (at - size + stepPlace) | 0;
      at = (at + (size & (at >> 31)) - (turn & passes)) | 0;
      at = (at + (size & (at >> 31))) | 0;
    }
  }

  halve(): void {
    const { counters, most } = this;
    for (let i = 0; i < counters.length; i++) if (counters[i] !== most) counters[i] >>>= 1;
    this.large.halve((at, count) => {
      if (count >= most) return false;
      counters[at] = count;
      return true;
    });
  }

  /** Counts on where a counter ends. */
  private outgrow(at: number): void {
    const { counters, most, large } = this;
    if (counters[at] === most) large.increment(at);
    else {
      counters[at] = most;
      large.add(at, most);
    }
  }

  private widen(): void {
    const { counters, large } = this;
    const wider = counters instanceof Uint8Array ? Uint16Array.from(counters) : Uint32Array.from(counters);
    const most = wider instanceof Uint16Array ? 0xffff : 0xffffffff;
    large.move((at, count) => {
      if (count >= most) wider[at] = most;
      else wider[at] = count;
      return count < most;
    });
    this.counters = wider;
    this.most = most;
  }
}
