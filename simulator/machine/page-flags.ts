/**
 * The machine's flags of pages (bits of reclaimer.ts), a byte a page. Most pages of most machines never have any, so for every group of pages it is
 * noted whether one of them ever had: loops over pages in no order look there first, in a table that stays in the nearest caches, and not at all
 * at the flags of a group that has none. Reading the flags themselves is right for every page, at any time.
 */
import type { Pages } from '../units.ts';

/** The group of a page: page >> FLAGGED_SHIFT. */
export const FLAGGED_SHIFT = 12;

/** Flags to be read; `PageFlags.set` writes them. */
export interface FlagBytes {
  readonly [page: number]: number;
  readonly length: number;
}

export class PageFlags {
  readonly bytes: FlagBytes;
  /** By group: 0 as long as no page of it has had flags. */
  readonly flagged: Uint8Array;
  readonly #bytes: Uint8Array;

  constructor(pages: Pages) {
    this.#bytes = new Uint8Array(pages);
    this.bytes = this.#bytes;
    this.flagged = new Uint8Array((pages >> FLAGGED_SHIFT) + 1);
  }

  set(page: number, flags: number): void {
    this.#bytes[page] = flags;
    if (flags !== 0) this.flagged[page >> FLAGGED_SHIFT] = 1;
  }

  /** The same for pages `start` to `end`. */
  fill(flags: number, start: number, end: number): void {
    this.#bytes.fill(flags, start, end);
    if (flags !== 0 && end > start) this.flagged.fill(1, start >> FLAGGED_SHIFT, ((end - 1) >> FLAGGED_SHIFT) + 1);
  }
}
