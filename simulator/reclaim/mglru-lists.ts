/**
 * Generations of MGLRU: for every lruvec, type and generation one list of pages, with the window of sequence numbers over them.
 *
 * Kernel counterpart: struct lru_gen_struct (6.1) / lru_gen_folio (6.3+) in include/linux/mmzone.h, include/linux/mm_inline.h.
 * Lists are rings of indices in two typed arrays; a list's own index follows the page numbers, so that linking needs no branch. A page
 * that the aging promotes only changes its generation number; it moves when eviction next comes across it, as in the kernel.
 */

export const MIN_NR_GENS = 2;
export const MAX_NR_GENS = 4;

/** Page types: index of everything that is kept per type. */
export const TYPE_ANON = 0;
export const TYPE_FILE = 1;

export class GenerationLists {
  /** Generation of each page's sequence number (seq mod 4); means something only while the page is on a list. */
  readonly gen: Uint8Array;
  /** Newest generation's sequence number of each lruvec. */
  readonly maxSeq: Float64Array;
  /** Oldest generation's sequence number, by lruvec · 2 + type. */
  readonly minSeq: Float64Array;
  /** Pages by (lruvec · 2 + type) · 4 + generation, promoted ones counted where they belong. */
  readonly size: Int32Array;
  /** When each generation was born, in ns, by lruvec · 4 + generation. */
  readonly birth: Float64Array;
  readonly #next: Int32Array;
  readonly #previous: Int32Array;
  readonly #pages: number;

  constructor(pages: number, lruvecs: number) {
    const lists = lruvecs * 2 * MAX_NR_GENS;
    this.gen = new Uint8Array(pages);
    this.maxSeq = new Float64Array(lruvecs).fill(MIN_NR_GENS + 1);
    this.minSeq = new Float64Array(lruvecs * 2);
    this.size = new Int32Array(lists);
    this.birth = new Float64Array(lruvecs * MAX_NR_GENS);
    this.#pages = pages;
    this.#next = new Int32Array(pages + lists);
    this.#previous = new Int32Array(pages + lists);
    for (let head = pages; head < pages + lists; head++) {
      this.#next[head] = head;
      this.#previous[head] = head;
    }
  }

  /** Generations there are now. */
  count(lru: number, type: number): number {
    return this.maxSeq[lru] - this.minSeq[lru * 2 + type] + 1;
  }

  /** The page that eviction meets first in a list, or -1. */
  tail(lru: number, type: number, gen: number): number {
    const head = this.#pages + (lru * 2 + type) * MAX_NR_GENS + gen;
    const page = this.#previous[head];
    return page === head ? -1 : page;
  }

  /** The page that eviction meets after `page`, or -1. */
  beforeTail(page: number): number {
    const younger = this.#previous[page];
    return younger >= this.#pages ? -1 : younger;
  }

  isEmpty(lru: number, type: number, gen: number): boolean {
    const head = this.#pages + (lru * 2 + type) * MAX_NR_GENS + gen;
    return this.#next[head] === head;
  }

  /** Links a page at the young end and counts it. */
  addHead(page: number, lru: number, type: number, gen: number): void {
    const list = (lru * 2 + type) * MAX_NR_GENS + gen;
    this.gen[page] = gen;
    this.size[list]++;
    this.#linkAfter(page, this.#pages + list);
  }

  /** Links a page at the end where eviction starts and counts it. */
  addTail(page: number, lru: number, type: number, gen: number): void {
    const list = (lru * 2 + type) * MAX_NR_GENS + gen;
    this.gen[page] = gen;
    this.size[list]++;
    this.#linkAfter(page, this.#previous[this.#pages + list]);
  }

  /** Unlinks a page and uncounts it from the generation it bears. */
  remove(page: number, lru: number, type: number): void {
    this.size[(lru * 2 + type) * MAX_NR_GENS + this.gen[page]]--;
    this.#unlink(page);
  }

  /** Relinks a page whose generation is already right and counted (one that the aging promoted). */
  moveHead(page: number, lru: number, type: number): void {
    this.#unlink(page);
    this.#linkAfter(page, this.#pages + (lru * 2 + type) * MAX_NR_GENS + this.gen[page]);
  }

  /** The same, at the end where eviction starts. */
  moveTail(page: number, lru: number, type: number): void {
    this.#unlink(page);
    this.#linkAfter(page, this.#previous[this.#pages + (lru * 2 + type) * MAX_NR_GENS + this.gen[page]]);
  }

  /** Gives a page another generation without moving it. */
  relabel(page: number, lru: number, type: number, gen: number): void {
    const base = (lru * 2 + type) * MAX_NR_GENS;
    this.size[base + this.gen[page]]--;
    this.size[base + gen]++;
    this.gen[page] = gen;
  }

  /** Whether a page is in one of the newest two generations. */
  isActive(page: number, lru: number): boolean {
    const max = this.maxSeq[lru];
    return this.gen[page] === (max & 3) || this.gen[page] === ((max - 1) & 3);
  }

  /** Pages of a type in the newest two generations: what the kernel reports as active. */
  active(lru: number, type: number): number {
    const base = (lru * 2 + type) * MAX_NR_GENS;
    const max = this.maxSeq[lru];
    return this.size[base + (max & 3)] + this.size[base + ((max - 1) & 3)];
  }

  /** Pages of a type in all generations. */
  total(lru: number, type: number): number {
    const base = (lru * 2 + type) * MAX_NR_GENS;
    const size = this.size;
    return size[base] + size[base + 1] + size[base + 2] + size[base + 3];
  }

  #linkAfter(page: number, at: number): void {
    const next = this.#next[at];
    this.#next[at] = page;
    this.#previous[page] = at;
    this.#next[page] = next;
    this.#previous[next] = page;
  }

  #unlink(page: number): void {
    const next = this.#next[page];
    const previous = this.#previous[page];
    this.#next[previous] = next;
    this.#previous[next] = previous;
  }
}
