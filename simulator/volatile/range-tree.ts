/**
 * The volatile ranges of one address space or file: disjoint, each with one purge state, and each with a place in a queue of candidates for
 * purging, oldest first. Marking absorbs what it overlaps, unmarking trims, and either puts what it changed at the young end.
 *
 * Counterpart: mm/vrange.c of the vrange proposals (2013–14); ashmem and fallocate differ in what merges and what is queued anew.
 * Bounds are bytes from the start of the object, half-open. Ranges are kept sorted in chunks: a call costs O(log n) comparisons.
 */
import type { Bytes } from '../units.ts';

/** What a new mark does to ranges it meets. */
export type Coalesce =
  /** They stay as they were marked; the new range takes what lies between them. */
  | 'none'
  /** Ranges that overlap become one, purged if one of them was. */
  | 'overlap'
  /** As `overlap`; moreover neighbours in the same purge state become one. */
  | 'adjacent';

export interface TreeRules {
  readonly coalesce: Coalesce;
  /** A range that is trimmed or split goes to the young end of the queue (vrange); otherwise it keeps its place (ashmem). */
  readonly requeueTrimmed: boolean;
}

export class VolatileRange {
  start: Bytes;
  end: Bytes;
  /** Some page of it has been purged since it was marked. */
  purged: boolean;
  readonly tree: RangeTree;
  /** Neighbours in the queue; null at its ends, and when it is in none. */
  older: VolatileRange | null = null;
  younger: VolatileRange | null = null;
  queued = false;
  /** Where a purge that met its target stopped. */
  purgedTo: Bytes;

  constructor(tree: RangeTree, start: Bytes, end: Bytes, purged: boolean) {
    this.tree = tree;
    this.start = start;
    this.end = end;
    this.purged = purged;
    this.purgedTo = start;
  }
}

/** Candidates for purging, across all trees: the range marked longest ago first. */
export class PurgeQueue {
  oldest: VolatileRange | null = null;
  youngest: VolatileRange | null = null;
  length = 0;

  push(range: VolatileRange): void {
    if (range.queued) this.remove(range);
    range.queued = true;
    range.older = this.youngest;
    range.younger = null;
    if (this.youngest) this.youngest.younger = range;
    else this.oldest = range;
    this.youngest = range;
    this.length++;
  }

  /** At the old end: it was being purged and is not done. */
  putBack(range: VolatileRange): void {
    if (range.queued) this.remove(range);
    range.queued = true;
    range.younger = this.oldest;
    range.older = null;
    if (this.oldest) this.oldest.older = range;
    else this.youngest = range;
    this.oldest = range;
    this.length++;
  }

  remove(range: VolatileRange): void {
    if (!range.queued) return;
    range.queued = false;
    if (range.older) range.older.younger = range.younger;
    else this.oldest = range.younger;
    if (range.younger) range.younger.older = range.older;
    else this.youngest = range.older;
    range.older = range.younger = null;
    this.length--;
  }
}

const CHUNK = 256;

export class RangeTree {
  /** Ranges in it. */
  size = 0;
  /** Object (index of the scenario) whose bytes it holds. */
  readonly object: number;
  /** Process whose address space it belongs to; −1: it belongs to a file. */
  readonly owner: number;
  readonly #rules: TreeRules;
  readonly #queue: PurgeQueue;
  /** Sorted by start; no chunk is empty. */
  readonly #chunks: VolatileRange[][] = [];

  constructor(object: number, owner: number, rules: TreeRules, queue: PurgeQueue) {
    this.object = object;
    this.owner = owner;
    this.#rules = rules;
    this.#queue = queue;
  }

  /** Marks [start, end) volatile. */
  mark(start: Bytes, end: Bytes): void {
    const first = this.#firstAfter(start);
    if (first && first.start <= start && first.end >= end) return;
    if (this.#rules.coalesce === 'none') {
      this.#fill(start, end);
      return;
    }
    let from = start;
    let to = end;
    let purged = false;
    const absorbed = this.overlapping(start, end);
    for (const range of absorbed) {
      from = Math.min(from, range.start);
      to = Math.max(to, range.end);
      purged ||= range.purged;
      this.#remove(range);
    }
    if (this.#rules.coalesce === 'adjacent') {
      const before = this.at(from - 1);
      if (before?.end === from && before.purged === purged) {
        from = before.start;
        this.#remove(before);
      }
      const after = this.at(to);
      if (after?.start === to && after.purged === purged) {
        to = after.end;
        this.#remove(after);
      }
    }
    this.#add(from, to, purged);
  }

  #fill(start: Bytes, end: Bytes): void {
    let from = start;
    for (const range of this.overlapping(start, end)) {
      if (range.start > from) this.#add(from, range.start, false);
      from = range.end;
    }
    if (from < end) this.#add(from, end, false);
  }

  /** Takes volatility back. True if some range it overlaps was purged, be it elsewhere: the state belongs to ranges, not to pages. */
  unmark(start: Bytes, end: Bytes): boolean {
    let purged = false;
    for (const range of this.overlapping(start, end)) {
      purged ||= range.purged;
      const left = range.start < start;
      const right = range.end > end;
      if (!left && !right) {
        this.#remove(range);
        continue;
      }
      const { end: rest } = range;
      if (left) range.end = start;
      else {
        // Its place among its neighbours stays the same.
        range.start = end;
        range.purgedTo = Math.max(range.purgedTo, end);
      }
      if (this.#rules.requeueTrimmed && range.queued) {
        range.purgedTo = range.start;
        this.#queue.push(range);
      }
      if (left && right) this.#add(end, rest, range.purged, range.queued);
    }
    return purged;
  }

  /** Ranges with a byte in [start, end), ascending. */
  overlapping(start: Bytes, end: Bytes): VolatileRange[] {
    const found: VolatileRange[] = [];
    let chunk = this.#chunkOf(start);
    for (; chunk < this.#chunks.length; chunk++)
      for (const range of this.#chunks[chunk]) {
        if (range.end <= start) continue;
        if (range.start >= end) return found;
        found.push(range);
      }
    return found;
  }

  /** The range that holds a byte. */
  at(byte: Bytes): VolatileRange | undefined {
    const range = this.#firstAfter(byte);
    return range !== undefined && range.start <= byte ? range : undefined;
  }

  /** Whether every byte of [start, end) is volatile, of one range or of several. */
  covers(start: Bytes, end: Bytes): boolean {
    for (let at = start; at < end;) {
      const range = this.at(at);
      if (range === undefined) return false;
      at = range.end;
    }
    return true;
  }

  *[Symbol.iterator](): Generator<VolatileRange> {
    for (const chunk of this.#chunks) yield* chunk;
  }

  clear(): void {
    for (const range of this) this.#queue.remove(range);
    this.#chunks.length = 0;
    this.size = 0;
  }

  /** fork: the child's tree gets the same ranges in the same states, as youngest. */
  copyTo(other: RangeTree): void {
    for (const range of this) other.#add(range.start, range.end, range.purged, range.queued);
  }

  // ---- chunks

  /** Index of the first chunk whose last range ends after `byte`. */
  #chunkOf(byte: Bytes): number {
    let low = 0;
    let high = this.#chunks.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#chunks[middle].at(-1)!.end > byte) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** The first range that ends after `byte`. */
  #firstAfter(byte: Bytes): VolatileRange | undefined {
    const chunk = this.#chunks.at(this.#chunkOf(byte));
    if (chunk === undefined || chunk[chunk.length - 1].end <= byte) return undefined;
    return chunk[indexAfter(chunk, byte)];
  }

  #add(start: Bytes, end: Bytes, purged: boolean, queued = true): VolatileRange {
    const range = new VolatileRange(this, start, end, purged);
    const at = Math.min(this.#chunkOf(start), this.#chunks.length - 1);
    if (at < 0) this.#chunks.push([range]);
    else {
      const chunk = this.#chunks[at];
      chunk.splice(indexAfter(chunk, start), 0, range);
      if (chunk.length > CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK >> 1));
    }
    this.size++;
    if (queued) this.#queue.push(range);
    return range;
  }

  #remove(range: VolatileRange): void {
    const at = this.#chunkOf(range.start);
    const chunk = this.#chunks[at];
    chunk.splice(indexAfter(chunk, range.start), 1);
    if (chunk.length === 0) this.#chunks.splice(at, 1);
    this.#queue.remove(range);
    this.size--;
  }
}

/** Index of the first range of a chunk that ends after `byte`; its length if none does. */
function indexAfter(chunk: readonly VolatileRange[], byte: Bytes): number {
  let low = 0;
  let high = chunk.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (chunk[middle].end > byte) high = middle;
    else low = middle + 1;
  }
  return low;
}
