/**
 * Doubly linked lists over page numbers, each page in at most one: eight bytes a page, nothing a frame. List `k` is a ring through a sentinel
 * behind the last page number, so that linking and unlinking never branch.
 *
 * Front is where the kernel's list_add puts (young), back is where reclaim takes (old).
 */
export class PageLists {
  readonly pages: number;
  /** Towards the front. */
  readonly prev: Int32Array;
  /** Towards the back. */
  readonly next: Int32Array;
  readonly sizes: Int32Array;

  constructor(pages: number, lists: number) {
    this.pages = pages;
    this.prev = new Int32Array(pages + lists);
    this.next = new Int32Array(pages + lists);
    this.sizes = new Int32Array(lists);
    for (let sentinel = pages; sentinel < pages + lists; sentinel++) {
      this.prev[sentinel] = sentinel;
      this.next[sentinel] = sentinel;
    }
  }

  pushFront(list: number, page: number): void {
    const { prev, next } = this;
    const sentinel = this.pages + list;
    const first = next[sentinel];
    prev[page] = sentinel;
    next[page] = first;
    prev[first] = page;
    next[sentinel] = page;
    this.sizes[list]++;
  }

  remove(list: number, page: number): void {
    const { prev, next } = this;
    const before = prev[page];
    const after = next[page];
    next[before] = after;
    prev[after] = before;
    this.sizes[list]--;
  }

  moveToFront(list: number, page: number): void {
    this.remove(list, page);
    this.pushFront(list, page);
  }

  /** The page at the back; the list must not be empty. */
  back(list: number): number {
    return this.prev[this.pages + list];
  }

  popBack(list: number): number {
    const page = this.back(list);
    this.remove(list, page);
    return page;
  }
}
