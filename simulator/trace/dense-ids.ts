/**
 * Numbers 64-bit ids 0, 1, 2, … in the order in which they are first seen: a hash table with open addressing in one typed array, a place its
 * three words (both halves of the id, number + 1). At most 5/8 of the places are taken, so 19 to 39 bytes an id, half as much again while it
 * grows. Places are in the order of the hash's upper bits: growing reads and writes memory in one sweep.
 */
import { MAX_PAGES } from '../machine/access.ts';
import { TraceError } from './trace-error.ts';

/** Words a place takes. */
const PLACE = 3;
const FIRST_BITS = 10;
/** Places that are touched in a row before they are looked at, so that their cache misses overlap. */
const TOUCHED = 32;
/** Ids that are numbered at a time. */
export const BATCH = 1024;

export class DenseIds {
  size = 0;
  /** Keeps touches ahead from being optimised away. */
  protected touched = 0;
  private readonly hashes = new Int32Array(BATCH);
  private bits = FIRST_BITS;
  private limit = limitOf(FIRST_BITS);
  /** Signed, as all words here: an engine keeps any signed word in place, before it has optimised the code too. */
  private table = new Int32Array(PLACE << FIRST_BITS);

  /** The number of the id high · 2^32 + low, both unsigned. */
  of(low: number, high: number): number {
    return this.numberOf(low | 0, high | 0, hash(low, high));
  }

  private numberOf(low: number, high: number, hashed: number): number {
    const { table } = this;
    const places = table.length;
    let at = PLACE * (hashed >>> (32 - this.bits));
    for (;;) {
      const known = table[at + 2];
      if (known === 0) break;
      if (table[at] === low && table[at + 1] === high) return known - 1;
      at += PLACE;
      if (at === places) at = 0;
    }
    const next = this.size++;
    if (next === MAX_PAGES) throw new TraceError('', `the trace has more than ${MAX_PAGES} distinct ids`);
    table[at] = low;
    table[at + 1] = high;
    table[at + 2] = next + 1;
    if (this.size > this.limit) this.grow();
    return next;
  }

  /** Puts in the place of each of the first `n` lower halves the id's number; at most 1024. */
  numberAll(low: Int32Array, high: Int32Array, n: number): void {
    const { hashes } = this;
    for (let i = 0; i < n; i++) hashes[i] = hash(low[i], high[i]);
    let touched = 0;
    for (let from = 0; from < n; from += TOUCHED) {
      const { table } = this;
      const shift = 32 - this.bits;
      const to = Math.min(n, from + TOUCHED);
      for (let i = from; i < to; i++) touched ^= table[PLACE * (hashes[i] >>> shift)];
      for (let i = from; i < to; i++) low[i] = this.numberOf(low[i], high[i], hashes[i]);
    }
    this.touched = touched;
  }

  /** Both halves of the ids, by number. */
  keys(): { low: Uint32Array; high: Uint32Array } {
    const { table } = this;
    const low = new Uint32Array(this.size);
    const high = new Uint32Array(this.size);
    for (let at = 0; at < table.length; at += PLACE) {
      const number = table[at + 2] - 1;
      if (number < 0) continue;
      low[number] = table[at];
      high[number] = table[at + 1];
    }
    return { low, high };
  }

  private grow(): void {
    const before = this.table;
    this.bits++;
    this.limit = limitOf(this.bits);
    const table = new Int32Array(2 * before.length);
    this.table = table;
    for (let from = 0; from < before.length; from += PLACE) {
      if (before[from + 2] === 0) continue;
      let at = PLACE * (hash(before[from], before[from + 1]) >>> (32 - this.bits));
      while (table[at + 2] !== 0) {
        at += PLACE;
        if (at === table.length) at = 0;
      }
      table[at] = before[from];
      table[at + 1] = before[from + 1];
      table[at + 2] = before[from + 2];
    }
  }
}

const limitOf = (bits: number): number => 5 * (1 << (bits - 3));

function hash(low: number, high: number): number {
  let h = Math.imul(low ^ Math.imul(high, 0x9e3779b1), 0x85ebca6b);
  h ^= h >>> 15;
  h = Math.imul(h, 0xc2b2ae35);
  return h ^ (h >>> 16);
}
