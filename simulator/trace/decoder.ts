/** What every trace decoder is: bytes in, in chunks of any size; access words out, once all is in. */
import { OP_SHIFT, OP_STORE, PAGE_MASK } from '../machine/access.ts';
import type { Pages } from '../units.ts';
import { DenseIds } from './dense-ids.ts';
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
  /** No more bytes follow. Throws a TraceError if a record is cut off or there is none. */
  finish(): DecodedTrace;
}

/**
 * Collects accesses by 64-bit id. Ids that are page numbers, or as good as (at least a quarter of the numbers up to the largest occur), stay
 * what they are, for neighbours share a node in the page cache's tree; others are numbered densely as they are first seen.
 */
export class IdCollector {
  private readonly words = new WordList();
  private readonly ids = new DenseIds();

  get length(): number {
    return this.words.length;
  }

  push(low: number, high: number): void {
    this.words.push(this.ids.of(low, high));
  }

  finish(): DecodedTrace {
    if (this.words.length === 0) throw new TraceError('', 'the trace has no records');
    const words = this.words.take();
    const distinct = this.ids.size;
    const largest = this.ids.largest();
    if (largest >= 4 * distinct || largest > PAGE_MASK) return { words, distinct, filePages: distinct, anonPages: 0 };
    const ids = this.ids.ids();
    for (let i = 0; i < words.length; i++) words[i] = ids[words[i]];
    return { words, distinct, filePages: largest + 1, anonPages: 0 };
  }
}

/** Collects access words that are taken as they stand. */
export class OperationCollector {
  private readonly words = new WordList();

  get length(): number {
    return this.words.length;
  }

  push(word: number): void {
    this.words.push(word);
  }

  finish(): DecodedTrace {
    if (this.words.length === 0) throw new TraceError('', 'the trace has no records');
    const words = this.words.take();
    let file = -1;
    let anon = -1;
    for (const word of words) {
      const page = word & PAGE_MASK;
      if (word >>> OP_SHIFT === OP_STORE) anon = page > anon ? page : anon;
      else file = page > file ? page : file;
    }
    const seen = new Uint32Array((file + anon + 2 + 31) >>> 5);
    let distinct = 0;
    for (const word of words) {
      const page = (word & PAGE_MASK) + (word >>> OP_SHIFT === OP_STORE ? file + 1 : 0);
      const bit = 1 << (page & 31);
      if ((seen[page >>> 5] & bit) !== 0) continue;
      seen[page >>> 5] |= bit;
      distinct++;
    }
    return { words, distinct, filePages: file + 1, anonPages: anon + 1 };
  }
}
