/**
 * The access sequences of the recorded runs, made again from generator and seed instead of being kept: xorshift64*, uniform(n) as the high
 * 64 bits of r·n, sizes as shares of M = 16,384 pages. tools/make-recordings.ts checks each against the recorded trace bit by bit.
 */
import { OP_SHIFT, OP_STORE } from '../../simulator/machine/access.ts';

export const M = 16_384;
const MASK = (1n << 64n) - 1n;

export interface Sequence {
  readonly kind: 'cyclic' | 'shift' | 'scan' | 'uniform' | 'zipf' | 'mix';
  /** Length in accesses. */
  readonly accesses: number;
  /** Size of the (first) set in pages. */
  readonly pages: number;
  readonly s?: number;
  /** Operation of each access: 0 read, 1 load through a mapping. */
  readonly op?: number;
}

function generator(seed: bigint): () => bigint {
  let x = seed;
  return () => {
    x ^= x >> 12n;
    x = (x ^ (x << 25n)) & MASK;
    x ^= x >> 27n;
    return (x * 0x2545f4914f6cdd1dn) & MASK;
  };
}

const uniformOf = (next: () => bigint) => (n: number) => Number((next() * BigInt(n)) >> 64n);

export function makeSequence(sequence: Sequence): Uint32Array {
  const { accesses, pages } = sequence;
  const words = new Uint32Array(accesses);
  switch (sequence.kind) {
    case 'cyclic':
      for (let i = 0; i < accesses; i++) words[i] = i % pages;
      break;
    case 'shift': {
      const uniform = uniformOf(generator(0xb0bn));
      for (let i = 0; i < accesses; i++) words[i] = uniform(pages) + (i < 10 * pages ? 0 : pages);
      break;
    }
    case 'scan': {
      const uniform = uniformOf(generator(0xc0cn));
      for (let i = 0; i < accesses; i++) words[i] = i % 2 === 0 ? uniform(pages) : pages + (i >> 1);
      break;
    }
    case 'uniform': {
      const uniform = uniformOf(generator(0xe01n));
      for (let i = 0; i < accesses; i++) words[i] = uniform(pages);
      break;
    }
    case 'zipf':
      zipf(words, pages, sequence.s ?? 1);
      break;
    case 'mix':
      mix(words);
      break;
  }
  if (sequence.op !== undefined)
    for (let i = 0; i < accesses; i++) words[i] = (words[i] | (sequence.op << OP_SHIFT)) >>> 0;
  return words;
}

function zipf(words: Uint32Array, pages: number, s: number): void {
  const table = new Float64Array(pages);
  let sum = 0;
  for (let j = 0; j < pages; j++) {
    sum += (j + 1) ** -s;
    table[j] = sum;
  }
  const shuffle = uniformOf(generator(0x5eed0000n + BigInt(Math.round(1000 * s))));
  const permutation = new Uint32Array(pages);
  for (let i = 0; i < pages; i++) permutation[i] = i;
  for (let i = pages - 1; i > 0; i--) {
    const j = shuffle(i + 1);
    const t = permutation[i];
    permutation[i] = permutation[j];
    permutation[j] = t;
  }
  const next = generator(0xd00dn + 1n);
  for (let i = 0; i < words.length; i++) {
    const u = Number(next() >> 11n) * 2 ** -53 * sum;
    let low = 0;
    let high = pages - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (table[middle] > u) high = middle;
      else low = middle + 1;
    }
    words[i] = permutation[low];
  }
}

/** Each access a coin flip: a write to a page of the anonymous region, or a read of a page of the file. */
function mix(words: Uint32Array): void {
  const next = generator(0x6060n);
  const uniform = uniformOf(next);
  for (let i = 0; i < words.length; i++) {
    const heads = uniform(2) === 1;
    words[i] = heads ? ((OP_STORE << OP_SHIFT) | uniform(M / 2)) >>> 0 : uniform(Math.floor(0.8 * M));
  }
}
