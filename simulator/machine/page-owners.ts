/**
 * Which lruvec each page is charged to (folio_memcg). As long as all pages that ever came belong to the same one, as on most machines here, its
 * number is all there is: no table, and nothing to look up for every page that comes, moves or goes.
 */
import type { LruvecIndex } from './reclaimer.ts';

export class PageOwners {
  readonly #pages: number;
  readonly #lruvecs: number;
  #sole: LruvecIndex = -1;
  #of: Uint8Array | Uint16Array | Uint32Array | undefined = undefined;

  constructor(pages: number, lruvecs: number) {
    this.#pages = pages;
    this.#lruvecs = lruvecs;
  }

  /** Of a page that has been given an owner. */
  of(page: number): LruvecIndex {
    return this.#of === undefined ? this.#sole : this.#of[page];
  }

  set(page: number, lru: LruvecIndex): void {
    if (this.#of !== undefined) this.#of[page] = lru;
    else if (lru !== this.#sole) this.#setAnother(page, lru);
  }

  #setAnother(page: number, lru: LruvecIndex): void {
    if (this.#sole < 0) {
      this.#sole = lru;
      return;
    }
    const wide = this.#lruvecs > 65_536 ? Uint32Array : this.#lruvecs > 256 ? Uint16Array : Uint8Array;
    this.#of = new wide(this.#pages).fill(this.#sole);
    this.#of[page] = lru;
  }
}
