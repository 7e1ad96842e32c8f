/**
 * The access sequences of the recorded runs, made again from generator and seed instead of being kept: xorshift64*, uniform(n) as the high 64
 * bits of r·n, sizes as shares of M = 16,384 pages. tools/make-recordings.ts checks each against the recorded trace, word by word.
 */
import { OP_SHIFT, OP_STORE } from '../machine/access.ts';
import { pow } from '../math.ts';
import { Random } from '../workload/random.ts';

/** Pages of memory that the recorded runs were limited to. */
export const M = 16_384;

export interface Sequence {
  readonly kind: 'cyclic' | 'shift' | 'scan' | 'uniform' | 'zipf' | 'mix';
  readonly accesses: number;
  /** Size of the set; of each set where there are two. */
  readonly pages: number;
  /** Exponent of zipf. */
  readonly s?: number;
  /** Pages of the anonymous region of a mix: its words bear OP_STORE and count from 0. */
  readonly anon?: number;
  /** Operation of the accesses to the file, 0 (read) if absent. */
  readonly op?: number;
}

const seeded = (seed: number) => new Random(0, seed);

export function makeSequence(sequence: Sequence): Uint32Array {
  const { accesses, pages } = sequence;
  const words = new Uint32Array(accesses);
  fill(words, sequence, pages);
  const op = sequence.op ?? 0;
  if (op > 0) for (let i = 0; i < accesses; i++) words[i] = (words[i] | (op << OP_SHIFT)) >>> 0;
  return words;
}

function fill(words: Uint32Array, sequence: Sequence, pages: number): void {
  const n = words.length;
  switch (sequence.kind) {
    case 'cyclic':
      for (let i = 0; i < n; i++) words[i] = i % pages;
      break;
    case 'shift': {
      const random = seeded(0xb0b);
      for (let i = 0; i < n; i++) words[i] = random.below(pages) + (i < 10 * pages ? 0 : pages);
      break;
    }
    case 'scan': {
      const random = seeded(0xc0c);
      for (let i = 0; i < n; i++) words[i] = i % 2 === 0 ? random.below(pages) : pages + (i >> 1);
      break;
    }
    case 'uniform': {
      const random = seeded(0xe01);
      for (let i = 0; i < n; i++) words[i] = random.below(pages);
      break;
    }
    case 'zipf':
      fillZipf(words, pages, sequence.s ?? 1);
      break;
    case 'mix': {
      // a coin for each access: heads writes to the anonymous region, tails reads the file
      const random = seeded(0x6060);
      const anon = sequence.anon ?? 0;
      for (let i = 0; i < n; i++) {
        words[i] = random.below(2) === 1 ? ((OP_STORE << OP_SHIFT) | random.below(anon)) >>> 0 : random.below(pages);
      }
      break;
    }
  }
}

function fillZipf(words: Uint32Array, pages: number, s: number): void {
  const sums = new Float64Array(pages);
  let sum = 0;
  for (let rank = 0; rank < pages; rank++) {
    sum += s === 1 ? 1 / (rank + 1) : pow(rank + 1, -s);
    sums[rank] = sum;
  }
  const place = Uint32Array.from({ length: pages }, (_, i) => i);
  const shuffle = seeded(0x5eed0000 + Math.round(1000 * s));
  for (let i = pages - 1; i > 0; i--) {
    const j = shuffle.below(i + 1);
    const page = place[i];
    place[i] = place[j];
    place[j] = page;
  }
  const draws = seeded(0xd00d + 1);
  for (let i = 0; i < words.length; i++) {
    const at = draws.unit() * sum;
    let low = 0;
    let high = pages - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle] > at) high = middle;
      else low = middle + 1;
    }
    words[i] = place[low];
  }
}
