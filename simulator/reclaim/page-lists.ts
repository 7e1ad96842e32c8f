/**
 * Doubly linked lists over page numbers, each page in at most one: eight bytes a page, nothing a frame. List `k` is a ring through a sentinel
 * behind the last page number, so that linking and unlinking never branch. Page numbers have 30 bits: which list a page is in is in the two
 * above one of its links.
 *
 * Front is where the kernel's list_add puts (young), back is where reclaim takes (old).
 */
import { PAGE_MASK } from '../machine/access.ts';

const LINK = 0x3fffffff;
const LIST_SHIFT = 30;

/** The list of a page that is in none: up to three lists are numbered from one. */
export const NO_LIST = 0;

export class PageLists {
  readonly pages: number;
  /** Towards the front. */
  readonly prev: Int32Array;
  /** Towards the back; and the page's list. */
  readonly next: Int32Array;
  readonly sizes: Int32Array;
  warmth = 0;

  constructor(pages: number, lists: number) {
    this.pages = pages;
    this.prev = new Int32Array(pages + lists + 1);
    this.next = new Int32Array(pages + lists + 1);
    this.sizes = new Int32Array(lists + 1);
    for (let sentinel = pages + 1; sentinel <= pages + lists; sentinel++) {
      this.prev[sentinel] = sentinel;
      this.next[sentinel] = sentinel;
    }
  }

  listOf(page: number): number {
    return this.next[page] >>> LIST_SHIFT;
  }

  /** Fetches the links of the pages that `block` names from `from` to `to`. */
  warm(block: Uint32Array, from: number, to: number): void {
    const { prev, next } = this;
    let sum = 0;
    for (let i = from; i < to; i++) sum += next[block[i] & PAGE_MASK] + prev[block[i] & PAGE_MASK];
    this.warmth = sum | 0;
  }

  pushFront(list: number, page: number): void {
    const { prev, next } = this;
    const sentinel = this.pages + list;
    const first = next[sentinel];
    prev[page] = sentinel;
    next[page] = first | (list << LIST_SHIFT);
    prev[first] = page;
    next[sentinel] = page;
    this.sizes[list]++;
  }

  /** Takes a page out of its list. */
  remove(page: number): void {
    const { prev, next } = this;
    const before = prev[page];
    const link = next[page];
    const after = link & LINK;
    next[before] = (next[before] & ~LINK) | after;
    prev[after] = before;
    next[page] = 0;
    this.sizes[link >>> LIST_SHIFT]--;
  }

  /** The page at the back; the list must not be empty. */
  back(list: number): number {
    return this.prev[this.pages + list];
  }
}
