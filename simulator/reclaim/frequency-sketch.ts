/**
 * How often was this page asked for lately? A count-min sketch of four-bit counters: four rows, the least of four counters is the estimate.
 *
 * Source: Cormode, Muthukrishnan, "An improved data stream summary: the count-min sketch", 2005; four bits as in Einziger, Friedman, Manes,
 * "TinyLFU", ToS 2017, and in Caffeine.
 */
import type { Pages } from '../units.ts';

const ROWS = 4;
const MAX = 15;

/** Odd multipliers, one a row: multiplying modulo 2^32 spreads consecutive page numbers over the high bits. */
const SEEDS = [0x9e3779b1, 0x85ebca6b, 0xc2b2ae35, 0x27d4eb2f] as const;

export class FrequencySketch {
  /** Two counters a byte; row r starts at byte r·rowBytes. */
  private table: Uint8Array = new Uint8Array(0);
  private words: Uint32Array = new Uint32Array(0);
  private shift = 0;
  private rowBytes = 0;

  /** For a memory of `capacity` pages; forgets everything. */
  resize(capacity: Pages): void {
    // At least four counters a page in every row: fewer, and a page seen once borrows the fame of others.
    let bits = 6;
    let width = 64;
    while (width < 4 * capacity && bits < 31) {
      bits++;
      width *= 2;
    }
    this.shift = 32 - bits;
    this.rowBytes = width / 2;
    this.table = new Uint8Array(ROWS * this.rowBytes);
    this.words = new Uint32Array(this.table.buffer);
  }

  increment(page: number): void {
    const { table, shift, rowBytes } = this;
    for (let row = 0; row < ROWS; row++) {
      const cell = mix(page, row) >>> shift;
      const at = row * rowBytes + (cell >> 1);
      const up = (cell & 1) << 2;
      if (((table[at] >> up) & MAX) !== MAX) table[at] += 1 << up;
    }
  }

  estimate(page: number): number {
    const { table, shift, rowBytes } = this;
    let least = MAX;
    for (let row = 0; row < ROWS; row++) {
      const cell = mix(page, row) >>> shift;
      const count = (table[row * rowBytes + (cell >> 1)] >> ((cell & 1) << 2)) & MAX;
      if (count < least) least = count;
    }
    return least;
  }

  halve(): void {
    const words = this.words;
    for (let i = 0; i < words.length; i++) words[i] = (words[i] >>> 1) & 0x77777777;
  }
}

function mix(page: number, row: number): number {
  const h = Math.imul(page ^ (page >>> 15) ^ (row << 20), SEEDS[row]);
  return Math.imul(h ^ (h >>> 13), 0x5bd1e995);
}
