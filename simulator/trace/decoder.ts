/** What every trace decoder is: bytes in, in chunks of any size; access words out, once all is in. */
import { ones } from '../bits.ts';
import { OP_SHIFT, OP_STORE, PAGE_MASK } from '../machine/access.ts';
import type { Pages } from '../units.ts';
import { BATCH, DenseIds } from './dense-ids.ts';
import { TraceError } from './trace-error.ts';
import { WordList } from './word-list.ts';

export interface DecodedTrace {
  /** One access word a record (machine/access.ts). File and anonymous pages are numbered apart, each from 0. */
  readonly words: Uint32Array;
  /** How many different pages are accessed. */
  readonly distinct: Pages;
  /** Pages that the accesses to the file span: one more than the largest page number. */
  readonly filePages: Pages;
  readonly anonPages: Pages;
}

export interface TraceDecoder {
  /** Takes the next bytes. Throws a TraceError that names the record or line. The bytes may be reused afterwards. */
  push(bytes: Uint8Array): void;
  /** So many bytes are to come, as far as is known; saves memory, changes nothing else. */
  expect?(bytes: number): void;
  /** No more bytes follow. Throws a TraceError if a record is cut off or there is none. */
  finish(): DecodedTrace;
}

/** Ids up to this many times as large as there are accesses are counted in a bitmap; beyond, hashing takes less memory. */
const BITMAP_SPAN = 64;
/** Ids up to this many times as large as there are pages are numbered through a table by id. */
const TABLE_SPAN = 8;

/**
 * Collects accesses by 64-bit id. Ids that are page numbers, or as good as (at least a quarter of the numbers up to the largest occur), stay
 * what they are, for neighbours share a node in the page cache's tree; others are numbered densely as they are first seen. As long as all ids
 * could be page numbers they are kept as they come, and looked at once all are in.
 */
export class IdCollector {
  private readonly words = new WordList();
  /** Ids that wait to be numbered together. */
  private readonly low = new Int32Array(BATCH);
  private readonly high = new Int32Array(BATCH);
  private waiting = 0;
  private largest = 0;
  /** From the first id on that cannot be a page number. */
  private ids: DenseIds | undefined;

  get length(): number {
    return this.words.length + this.waiting;
  }

  /** As many accesses are expected. */
  expect(accesses: number): void {
    this.words.expect(accesses);
  }

  /** Both halves of an id, signed or not. */
  push(low: number, high: number): void {
    const at = this.waiting;
    this.low[at] = low;
    this.high[at] = high;
    this.waiting = at + 1;
    if (at === BATCH - 1) this.flush();
  }

  finish(): DecodedTrace {
    this.flush();
    if (this.words.length === 0) throw new TraceError('', 'the trace has no records');
    const words = this.words.take();
    if (this.ids === undefined) return plainIds(words, this.largest);
    const distinct = this.ids.size;
    return { words, distinct, filePages: distinct, anonPages: 0 };
  }

  private flush(): void {
    const { low, high, words, waiting } = this;
    this.waiting = 0;
    if (this.ids === undefined) {
      let { largest } = this;
      let anyHigh = 0;
      for (let i = 0; i < waiting; i++) {
        if (low[i] >>> 0 > largest) largest = low[i] >>> 0;
        anyHigh |= high[i];
      }
      this.largest = largest;
      if (anyHigh === 0 && largest <= PAGE_MASK) {
        words.append(low, waiting);
        return;
      }
      const ids = new DenseIds();
      words.edit((block) => numberPlain(ids, block));
      this.ids = ids;
    }
    this.ids.numberAll(low, high, waiting);
    words.append(low, waiting);
  }
}

/** Changes `words`, ids of which none is above `largest`, in place. */
function plainIds(words: Uint32Array, largest: number): DecodedTrace {
  const signed = new Int32Array(words.buffer, words.byteOffset, words.length);
  if (largest >= BITMAP_SPAN * words.length) {
    const ids = new DenseIds();
    numberPlain(ids, signed);
    return { words, distinct: ids.size, filePages: ids.size, anonPages: 0 };
  }
  const seen = new Uint32Array((largest >>> 5) + 1);
  for (let i = 0; i < words.length; i++) seen[words[i] >>> 5] |= 1 << (words[i] & 31);
  const distinct = onesOf(seen);
  if (largest < 4 * distinct) return { words, distinct, filePages: largest + 1, anonPages: 0 };
  if (largest >= TABLE_SPAN * distinct) numberPlain(new DenseIds(), signed);
  else {
    const numbers = new Uint32Array(largest + 1);
    let next = 0;
    for (let i = 0; i < words.length; i++) words[i] = (numbers[words[i]] ||= ++next) - 1;
  }
  return { words, distinct, filePages: distinct, anonPages: 0 };
}

/** Numbers 32-bit ids in place. */
function numberPlain(ids: DenseIds, words: Int32Array): void {
  const high = new Int32Array(BATCH);
  for (let at = 0; at < words.length; at += BATCH) {
    const some = words.subarray(at, at + BATCH);
    ids.numberAll(some, high, some.length);
  }
}

/** Collects access words that are taken as they stand. */
export class OperationCollector {
  private readonly words = new WordList();

  get length(): number {
    return this.words.length;
  }

  /** As many accesses are expected. */
  expect(accesses: number): void {
    this.words.expect(accesses);
  }

  append(words: Int32Array): void {
    this.words.append(words, words.length);
  }

  finish(): DecodedTrace {
    if (this.words.length === 0) throw new TraceError('', 'the trace has no records');
    const words = this.words.take();
    let file = -1;
    let anon = -1;
    for (let i = 0; i < words.length; i++) {
      const page = words[i] & PAGE_MASK;
      if (words[i] >>> OP_SHIFT === OP_STORE) anon = page > anon ? page : anon;
      else file = page > file ? page : file;
    }
    const seen = new Uint32Array((file + anon + 2 + 31) >>> 5);
    for (let i = 0; i < words.length; i++) {
      const page = (words[i] & PAGE_MASK) + (words[i] >>> OP_SHIFT === OP_STORE ? file + 1 : 0);
      seen[page >>> 5] |= 1 << (page & 31);
    }
    return { words, distinct: onesOf(seen), filePages: file + 1, anonPages: anon + 1 };
  }
}

/** How many bits are set in all. */
function onesOf(bits: Uint32Array): number {
  let count = 0;
  for (let i = 0; i < bits.length; i++) count += ones(bits[i]);
  return count;
}
