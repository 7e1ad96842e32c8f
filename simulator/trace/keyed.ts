/**
 * Accesses to pages of several files and address spaces, as tools of the kernel tell them: each file by device and inode, each page by its index in
 * it. In the end files follow one another in one space of page numbers, neighbours stay neighbours, and anonymous pages are numbered apart.
 */
import { MAX_PAGES, OP_SHIFT, OP_STORE } from '../machine/access.ts';
import type { DecodedTrace } from './decoder.ts';
import { DenseIds } from './dense-ids.ts';
import { TraceError } from './trace-error.ts';
import { WordList } from './word-list.ts';

/** A file as good as full keeps its holes: at least a quarter of its pages occur. */
const SPARSE = 4;

export class KeyedCollector {
  private readonly words = new WordList();
  private readonly pages = new DenseIds();
  private readonly spaces = new Map<string, number>();
  /** Every 2^32 pages of a space: which space, by its first lot, and which of its lots. */
  private readonly lots: { readonly space: number; readonly high: number }[] = [];
  private readonly further = new Map<string, number>();

  get length(): number {
    return this.words.length;
  }

  /** The number of a file or address space; anonymous ones begin with `anon`. */
  space(key: string): number {
    let space = this.spaces.get(key);
    if (space === undefined) {
      space = this.lots.length;
      this.spaces.set(key, space);
      this.lots.push({ space, high: 0 });
    }
    return space;
  }

  private furtherLot(space: number, high: number): number {
    const key = `${space}/${high}`;
    let lot = this.further.get(key);
    if (lot === undefined) {
      lot = this.lots.length;
      this.further.set(key, lot);
      this.lots.push({ space, high });
    }
    return lot;
  }

  /** One access to page `index` of a space; `index` below 2^52. */
  push(operation: number, space: number, index: number): void {
    const high = Math.floor(index / 0x1_0000_0000);
    const id = this.pages.of(index - high * 0x1_0000_0000, high === 0 ? space : this.furtherLot(space, high));
    this.words.push(((operation << OP_SHIFT) | id) >>> 0);
  }

  /** Throws a TraceError that says `none` if there was no access. */
  finish(none: string): DecodedTrace {
    if (this.words.length === 0) throw new TraceError('', none);
    const words = this.words.take();
    const anonymous = new Uint8Array(this.pages.size);
    for (const word of words) if (word >>> OP_SHIFT === OP_STORE) anonymous[word & 0x3fffffff] = 1;
    const { numbers, filePages, anonPages } = this.number(anonymous);
    for (let i = 0; i < words.length; i++) words[i] = ((words[i] & 0xc0000000) | numbers[words[i] & 0x3fffffff]) >>> 0;
    return { words, distinct: this.pages.size, filePages, anonPages };
  }

  /** New numbers by old: space after space, each in the order of its pages. */
  private number(anonymous: Uint8Array): { numbers: Uint32Array; filePages: number; anonPages: number } {
    const { lots } = this;
    const { low, high: lotOf } = this.pages.keys();
    const n = this.pages.size;
    const ranks = new Uint32Array(lots.length);
    const ascending = ranks.map((_, i) => i);
    ascending.sort((a, b) => lots[a].space - lots[b].space || lots[a].high - lots[b].high);
    for (const [rank, lot] of ascending.entries()) ranks[lot] = rank;
    const order = Uint32Array.from({ length: n }, (_, i) => i);
    order.sort((a, b) => ranks[lotOf[a]] - ranks[lotOf[b]] || low[a] - low[b]);
    const numbers = new Uint32Array(n);
    const next = [0, 0];
    for (let from = 0; from < n;) {
      const { space } = lots[lotOf[order[from]]];
      let to = from;
      while (to < n && lots[lotOf[order[to]]].space === space) to++;
      const indexOf = (i: number) => lots[lotOf[order[i]]].high * 0x1_0000_0000 + low[order[i]];
      const first = indexOf(from);
      const span = indexOf(to - 1) - first + 1;
      const keep = span < SPARSE * (to - from);
      for (let i = from; i < to; i++) {
        const kind = anonymous[order[i]];
        numbers[order[i]] = next[kind] + (keep ? indexOf(i) - first : i - from);
      }
      const kind = anonymous[order[from]];
      next[kind] += keep ? span : to - from;
      from = to;
    }
    if (next[0] + next[1] > MAX_PAGES) throw new TraceError('', `the trace spans more than ${MAX_PAGES} pages`);
    return { numbers, filePages: next[0], anonPages: next[1] };
  }
}
