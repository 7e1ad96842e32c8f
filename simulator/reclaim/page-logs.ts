/**
 * Lists of pages in order of age, in arrays that only grow at the young end: to move a page there is to write it there again and leave the old
 * entry behind, dead. An entry is alive while the page's position says so; dead ones are skipped at the old end. So a touch costs one random
 * write and one in sequence, where a linked list needs six.
 *
 * All logs of a policy share one array, in chunks that go to whichever log grows; when none is left, the living move together. A page is in at
 * most one of the logs that share an array, and its position says in which: the chunk knows.
 *
 * A chunk is also what is looked at together at the old end, because a processor waits for many lines of memory as long as for one.
 *
 * The owner must give room for a few more entries than it ever lets live.
 */
import { PAGE_MASK } from '../machine/access.ts';
import type { Pages } from '../units.ts';

/** The log of a position: owner[position >> CHUNK_SHIFT]. */
export const CHUNK_SHIFT = 6;
const CHUNK = 1 << CHUNK_SHIFT;
const CHUNK_MASK = CHUNK - 1;

/** The log of a page that is in none: logs are numbered from one. */
export const NO_LOG = 0;
/** Whether there is no place at the end of a log before `extend` has been called. */
export const isChunkFull = (end: number): boolean => (end & CHUNK_MASK) === 0;

/** One chunk is nobody's, and each log may have one that is nearly empty. */
const chunksFor = (room: number, logs: number) => Math.ceil(room / CHUNK) + 2 * logs + 1;

export class PageLogs {
  /** Where in `entries` a page is; 0: nowhere. The first chunk is nobody's. */
  readonly positions: Int32Array;
  entries!: Int32Array;
  /** Of each log: one after its youngest entry; 0 if it has no chunk. */
  readonly ends: Int32Array;
  /** Of each log: its oldest chunk, and the place in it up to which entries have been gathered. */
  private readonly chunks: Int32Array;
  private readonly tails: Int32Array;
  /** Of each log: the oldest entries that were alive when they were gathered, and which of them have not been looked at since. */
  private readonly gathered: Int32Array;
  private readonly gatheredNext: Int32Array;
  private readonly gatheredEnd: Int32Array;
  /** Of each chunk: the next one of its log, or the next free one; 0 ends a chain. */
  private chain!: Int32Array;
  /** Of each chunk: its log. */
  owner!: Uint8Array;
  private free = 0;
  private readonly logs: number;
  /** Keeps what is read only to fetch it from being optimised away. */
  warmth = 0;

  /** For page numbers below `pages` and logs 1 … `logs`, with room for `room` entries. */
  constructor(pages: Pages, logs: number, room: number) {
    this.logs = logs;
    this.positions = new Int32Array(pages);
    this.ends = new Int32Array(logs + 1);
    this.chunks = new Int32Array(logs + 1);
    this.tails = new Int32Array(logs + 1);
    this.gathered = new Int32Array((logs + 1) * CHUNK);
    this.gatheredNext = new Int32Array(logs + 1);
    this.gatheredEnd = new Int32Array(logs + 1);
    this.allot(room);
  }

  private allot(room: number): void {
    const chunks = chunksFor(room, this.logs);
    this.entries = new Int32Array(chunks * CHUNK);
    this.chain = new Int32Array(chunks);
    this.owner = new Uint8Array(chunks);
    for (let chunk = 1; chunk < chunks - 1; chunk++) this.chain[chunk] = chunk + 1;
    this.free = 1;
  }

  /** The log that a page is in. */
  logOf(page: number): number {
    return this.owner[this.positions[page] >> CHUNK_SHIFT];
  }

  /** Fetches the positions of the pages that `block` names from `from` to `to`. */
  warm(block: Uint32Array, from: number, to: number): void {
    const { positions } = this;
    let sum = 0;
    for (let i = from; i < to; i++) sum += positions[block[i] & PAGE_MASK];
    this.warmth = sum | 0;
  }

  /** Puts a page at the young end of a log, whichever it was in before. */
  append(log: number, page: number): void {
    let end = this.ends[log];
    if (isChunkFull(end)) end = this.extend(log);
    this.positions[page] = end;
    this.entries[end] = page;
    this.ends[log] = end + 1;
  }

  /** The oldest page of a log, still in place. There must be one. */
  oldest(log: number): number {
    const { entries, positions, gathered } = this;
    for (;;) {
      const end = this.gatheredEnd[log];
      for (let k = this.gatheredNext[log]; k < end; k++) {
        const at = gathered[k];
        const page = entries[at];
        if (positions[page] === at) {
          this.gatheredNext[log] = k;
          return page;
        }
      }
      this.gather(log);
    }
  }

  /** Takes the oldest page out of a log. There must be one. */
  shift(log: number): number {
    const page = this.oldest(log);
    this.positions[page] = 0;
    this.gatheredNext[log]++;
    return page;
  }

  /** The next younger page of a log than one that is in it; -1 if there is none. */
  after(log: number, page: number): number {
    const { entries, positions } = this;
    const end = this.ends[log];
    for (let at = positions[page] + 1; at !== end; at++) {
      if (isChunkFull(at)) at = this.chain[(at - 1) >> CHUNK_SHIFT] << CHUNK_SHIFT;
      const next = entries[at];
      if (positions[next] === at) return next;
    }
    return -1;
  }

  /** Takes a page out of its log, if it is in any. */
  remove(page: number): void {
    this.positions[page] = 0;
  }

  /**
   * A chunk for the young end of a log that has filled its last one; its first place, or wherever the end is now. The log's `ends` must be up to
   * date.
   */
  extend(log: number): number {
    if (this.free === 0) {
      this.squeeze();
      if (!isChunkFull(this.ends[log])) return this.ends[log];
      if (this.free === 0) throw new Error('more pages in logs than there was said to be room for');
    }
    const chunk = this.free;
    this.free = this.chain[chunk];
    this.chain[chunk] = 0;
    this.owner[chunk] = log;
    const end = this.ends[log];
    if (end === 0) {
      this.chunks[log] = chunk;
      this.tails[log] = chunk << CHUNK_SHIFT;
    } else this.chain[(end - 1) >> CHUNK_SHIFT] = chunk;
    return chunk << CHUNK_SHIFT;
  }

  private release(chunk: number): void {
    this.owner[chunk] = NO_LOG;
    this.chain[chunk] = this.free;
    this.free = chunk;
  }

  /** One after the last entry of a chunk. */
  private endOf(chunk: number, log: number): number {
    return this.chain[chunk] === 0 ? this.ends[log] : (chunk + 1) << CHUNK_SHIFT;
  }

  /**
   * Looks for the living in the next chunk at the old end. Their positions are fetched at once, and without a branch: which of them are alive is as
   * good as random.
   */
  private gather(log: number): void {
    const { entries, positions, gathered } = this;
    let chunk = this.chunks[log];
    let from = this.tails[log];
    if (this.chain[chunk] === 0 && from === this.ends[log])
      throw new Error('the oldest page of an empty log was asked for');
    if (from === (chunk + 1) << CHUNK_SHIFT) {
      const next = this.chain[chunk];
      this.release(chunk);
      chunk = next;
      this.chunks[log] = chunk;
      from = chunk << CHUNK_SHIFT;
    }
    const end = this.endOf(chunk, log);
    let n = log << CHUNK_SHIFT;
    this.gatheredNext[log] = n;
    this.tails[log] = end;
    for (; from < end; from++) {
      gathered[n] = from;
      n += isSame(positions[entries[from]], from);
    }
    this.gatheredEnd[log] = n;
  }

  /** Closes all gaps. */
  private squeeze(): void {
    for (let log = 1; log <= this.logs; log++) if (this.chunks[log] !== 0) this.squeezeLog(log);
  }

  private squeezeLog(log: number): void {
    const { entries, positions, gathered, chain } = this;
    const first = this.chunks[log];
    let from = this.gatheredNext[log] < this.gatheredEnd[log] ? gathered[this.gatheredNext[log]] : this.tails[log];
    let last = first;
    let to = first << CHUNK_SHIFT;
    for (let chunk = first; chunk !== 0; chunk = chain[chunk], from = chunk << CHUNK_SHIFT) {
      const end = this.endOf(chunk, log);
      let n = 0;
      for (; from < end; from++) {
        const page = entries[from];
        gathered[n] = page;
        n += isSame(positions[page], from);
      }
      for (let i = 0; i < n; i++) {
        if (to === (last + 1) << CHUNK_SHIFT) {
          last = chain[last];
          to = last << CHUNK_SHIFT;
        }
        const page = gathered[i];
        positions[page] = to;
        entries[to++] = page;
      }
    }
    this.gatheredNext[log] = 0;
    this.gatheredEnd[log] = 0;
    this.tails[log] = first << CHUNK_SHIFT;
    this.ends[log] = to;
    let rest = chain[last];
    chain[last] = 0;
    // Nothing lives. The end of a full chunk, too, may be where the first one begins.
    if (last === first && to === first << CHUNK_SHIFT) {
      this.release(first);
      this.chunks[log] = 0;
      this.ends[log] = 0;
    }
    while (rest !== 0) {
      const next = chain[rest];
      this.release(rest);
      rest = next;
    }
  }

  /** Makes room for `room` entries, if there is less. */
  grow(room: number): void {
    if (chunksFor(room, this.logs) <= this.chain.length) return;
    // Afterwards all entries are alive.
    this.squeeze();
    const { entries, chain } = this;
    const chunks = this.chunks.slice();
    const ends = this.ends.slice();
    this.chunks.fill(0);
    this.ends.fill(0);
    this.allot(room);
    for (let log = 1; log <= this.logs; log++) {
      for (let chunk = chunks[log]; chunk !== 0; chunk = chain[chunk]) {
        const end = chain[chunk] === 0 ? ends[log] : (chunk + 1) << CHUNK_SHIFT;
        for (let at = chunk << CHUNK_SHIFT; at < end; at++) this.append(log, entries[at]);
      }
    }
  }
}

/** 1 if two numbers are equal, 0 otherwise; without a branch. */
function isSame(a: number, b: number): number {
  const apart = a ^ b;
  return 1 + ((apart | -apart) >> 31);
}
