/**
 * Numbers 64-bit ids 0, 1, 2, … in the order in which they are first seen: a hash table with open addressing in typed arrays, 12 bytes a
 * place and at most half full.
 */
import { MAX_PAGES } from '../machine/access.ts';
import { TraceError } from './trace-error.ts';

const EMPTY = -1;

export class DenseIds {
  size = 0;
  private mask = 1023;
  private low: Uint32Array = new Uint32Array(1024);
  private high: Uint32Array = new Uint32Array(1024);
  private dense: Int32Array = new Int32Array(1024).fill(EMPTY);

  /** The number of the id high · 2^32 + low, both unsigned. */
  of(low: number, high: number): number {
    const { mask } = this;
    let at = hash(low, high) & mask;
    for (;;) {
      const known = this.dense[at];
      if (known === EMPTY) break;
      if (this.low[at] === low && this.high[at] === high) return known;
      at = (at + 1) & mask;
    }
    const next = this.size++;
    if (next === MAX_PAGES) throw new TraceError('', `the trace has more than ${MAX_PAGES} distinct ids`);
    this.low[at] = low;
    this.high[at] = high;
    this.dense[at] = next;
    if (2 * this.size > mask) this.grow();
    return next;
  }

  /** The largest id if all are below 2^32, else Infinity; −1 if there is none. */
  largest(): number {
    let largest = -1;
    for (let at = 0; at <= this.mask; at++) {
      if (this.dense[at] === EMPTY) continue;
      if (this.high[at] !== 0) return Infinity;
      if (this.low[at] > largest) largest = this.low[at];
    }
    return largest;
  }

  /** The lower halves of the ids, by number. */
  ids(): Uint32Array {
    const ids = new Uint32Array(this.size);
    for (let at = 0; at <= this.mask; at++) if (this.dense[at] !== EMPTY) ids[this.dense[at]] = this.low[at];
    return ids;
  }

  /** Both halves of the ids, by number. */
  keys(): { low: Uint32Array; high: Uint32Array } {
    const low = new Uint32Array(this.size);
    const high = new Uint32Array(this.size);
    for (let at = 0; at <= this.mask; at++) {
      const number = this.dense[at];
      if (number === EMPTY) continue;
      low[number] = this.low[at];
      high[number] = this.high[at];
    }
    return { low, high };
  }

  private grow(): void {
    const { low, high, dense } = this;
    const places = 2 * (this.mask + 1);
    const mask = places - 1;
    this.mask = mask;
    this.low = new Uint32Array(places);
    this.high = new Uint32Array(places);
    this.dense = new Int32Array(places).fill(EMPTY);
    for (let from = 0; from < dense.length; from++) {
      if (dense[from] === EMPTY) continue;
      let at = hash(low[from], high[from]) & mask;
      while (this.dense[at] !== EMPTY) at = (at + 1) & mask;
      this.low[at] = low[from];
      this.high[at] = high[from];
      this.dense[at] = dense[from];
    }
  }
}

function hash(low: number, high: number): number {
  let h = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  h ^= h >>> 15;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
