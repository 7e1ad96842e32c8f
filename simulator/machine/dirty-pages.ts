/**
 * Dirty file pages in the order in which they became so, and those under writeback. Flags say what a page is now; the queue may hold pages that
 * have been cleaned meanwhile.
 *
 * Kernel: the writeback lists of mm/page-writeback.c and fs/fs-writeback.c, as one queue.
 */
import type { Pages } from '../units.ts';
import { DIRTY, WRITEBACK } from './reclaimer.ts';

const COMPACT = 65_536;

export class DirtyPages {
  dirty: Pages = 0;
  writeback: Pages = 0;
  readonly #flags: Uint8Array;
  #queue: number[] = [];
  #first = 0;

  constructor(flags: Uint8Array) {
    this.#flags = flags;
  }

  /** A file page has been written to. */
  add(page: number): void {
    if ((this.#flags[page] & DIRTY) !== 0) return;
    this.#flags[page] |= DIRTY;
    this.dirty++;
    this.#queue.push(page);
  }

  /** The page is clean, by whatever way. */
  clean(page: number): void {
    if ((this.#flags[page] & DIRTY) === 0) return;
    this.#flags[page] &= ~DIRTY;
    this.dirty--;
  }

  /** The oldest dirty pages, at most `limit`, now under writeback. */
  take(limit: Pages, into: Uint32Array): Pages {
    const flags = this.#flags;
    let taken = 0;
    while (taken < limit && taken < into.length && this.#first < this.#queue.length) {
      const page = this.#queue[this.#first++];
      if ((flags[page] & (DIRTY | WRITEBACK)) !== DIRTY) continue;
      flags[page] = (flags[page] & ~DIRTY) | WRITEBACK;
      this.dirty--;
      this.writeback++;
      into[taken++] = page;
    }
    if (this.#first > COMPACT && this.#first * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
    return taken;
  }

  /** The disk has the page; false if it was not under writeback (any more). */
  written(page: number): boolean {
    if (!this.abandon(page)) return false;
    // dirtied again meanwhile: its old place in the queue may be gone
    if ((this.#flags[page] & DIRTY) !== 0) this.#queue.push(page);
    return true;
  }

  /** The page is gone: nobody waits for its writeback. */
  abandon(page: number): boolean {
    if ((this.#flags[page] & WRITEBACK) === 0) return false;
    this.#flags[page] &= ~WRITEBACK;
    this.writeback--;
    return true;
  }
}
