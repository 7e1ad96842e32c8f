/**
 * Generations of MGLRU: for every lruvec, type and generation one list of pages, with the window of sequence numbers over them.
 *
 * Kernel counterpart: struct lru_gen_struct (6.1) / lru_gen_folio (6.3+) in include/linux/mmzone.h, include/linux/mm_inline.h.
 * Lists are rings, of which eviction takes lots from the old end. A page that the aging promotes only changes the generation it bears; it moves
 * when eviction next comes across it, as in the kernel. Which list a page is on, and which generation it bears, is written down once somebody
 * asks: nobody does as long as pages are only read through descriptors, added and evicted.
 */
import type { LruvecIndex } from '../machine/reclaimer.ts';
import type { Pages } from '../units.ts';
import { LruRing } from './lru-ring.ts';

export const MIN_NR_GENS = 2;
export const MAX_NR_GENS = 4;

/** Page types: index of everything that is kept per type. */
export const TYPE_ANON = 0;
export const TYPE_FILE = 1;

/** Bits of a generation's number (seq mod 4). */
const GEN_MASK = MAX_NR_GENS - 1;
const LISTED_SHIFT = 2;

export class GenerationLists {
  /** Newest generation's sequence number of each lruvec. */
  readonly maxSeq: Int32Array;
  /** Oldest generation's sequence number, by lruvec · 2 + type. */
  readonly minSeq: Int32Array;
  /** Pages by (lruvec · 2 + type) · 4 + generation, promoted ones counted where they belong. */
  readonly size: Int32Array;
  /** When each generation was born, in ns, by lruvec · 4 + generation. */
  readonly birth: Float64Array;
  /** Where in its ring each page is, while it is on a list. */
  readonly #places: Int32Array;
  /** The generation that each page bears and, above that, the one whose list it is on. Absent: nobody has asked yet. */
  #labels: Uint8Array | undefined = undefined;
  /** By the same index as `size`; made when the first page comes. */
  readonly #rings: (LruRing | undefined)[];

  constructor(places: Int32Array, lruvecs: number) {
    const lists = lruvecs * 2 * MAX_NR_GENS;
    this.maxSeq = new Int32Array(lruvecs).fill(MIN_NR_GENS + 1);
    this.minSeq = new Int32Array(lruvecs * 2);
    this.size = new Int32Array(lists);
    this.birth = new Float64Array(lruvecs * MAX_NR_GENS);
    this.#places = places;
    this.#rings = new Array<LruRing | undefined>(lists).fill(undefined);
  }

  /** Generations there are now. */
  count(lru: LruvecIndex, type: number): number {
    return this.maxSeq[lru] - this.minSeq[lru * 2 + type] + 1;
  }

  /** The generation that a page on a list bears (seq mod 4). */
  genOf(page: number): number {
    return (this.#labels ?? this.#label())[page] & GEN_MASK;
  }

  /** Whether a page on a generation's list bears another one's number. */
  isPromoted(page: number, gen: number): boolean {
    return this.#labels !== undefined && (this.#labels[page] & GEN_MASK) !== gen;
  }

  /** Nothing is on a generation's list; pages that bear its number may be on others. */
  isEmpty(lru: LruvecIndex, type: number, gen: number): boolean {
    const ring = this.#rings[(lru * 2 + type) * MAX_NR_GENS + gen];
    return ring === undefined || ring.living === 0;
  }

  /**
   * Takes up to `most` pages off the old end of a list, oldest first; how many. They count where they did until they are put somewhere or
   * `uncount`ed.
   */
  take(lru: LruvecIndex, type: number, gen: number, most: Pages, into: Int32Array): Pages {
    return this.#rings[(lru * 2 + type) * MAX_NR_GENS + gen]?.take(most, into) ?? 0;
  }

  uncount(lru: LruvecIndex, type: number, gen: number, pages: Pages): void {
    this.size[(lru * 2 + type) * MAX_NR_GENS + gen] -= pages;
  }

  /** The oldest generation of a type is now `seq`. Lists that ran empty give their room back: the next to bear their number may stay small. */
  retireBefore(seq: number, lru: LruvecIndex, type: number): void {
    const key = lru * 2 + type;
    for (let old = this.minSeq[key]; old < seq; old++) {
      const list = key * MAX_NR_GENS + (old & GEN_MASK);
      if (this.#rings[list]?.living === 0) this.#rings[list] = undefined;
    }
    this.minSeq[key] = seq;
  }

  /** Puts a page at the young end and counts it. */
  addHead(page: number, lru: LruvecIndex, type: number, gen: number): void {
    this.size[(lru * 2 + type) * MAX_NR_GENS + gen]++;
    this.putHead(page, lru, type, gen);
  }

  /** Puts a page at the end where eviction starts and counts it. */
  addTail(page: number, lru: LruvecIndex, type: number, gen: number): void {
    this.size[(lru * 2 + type) * MAX_NR_GENS + gen]++;
    this.putTail(page, lru, type, gen);
  }

  /** Puts a taken page, already counted there, at the young end. */
  putHead(page: number, lru: LruvecIndex, type: number, gen: number): void {
    if (this.#labels !== undefined) this.#labels[page] = gen | (gen << LISTED_SHIFT);
    this.#ring((lru * 2 + type) * MAX_NR_GENS + gen).add(page);
  }

  /** The same, at the end where eviction starts. */
  putTail(page: number, lru: LruvecIndex, type: number, gen: number): void {
    if (this.#labels !== undefined) this.#labels[page] = gen | (gen << LISTED_SHIFT);
    this.#ring((lru * 2 + type) * MAX_NR_GENS + gen).addTail(page);
  }

  /** Takes a page off its list, wherever it is, and uncounts it from the generation it bears. */
  remove(page: number, lru: LruvecIndex, type: number): void {
    const base = (lru * 2 + type) * MAX_NR_GENS;
    const label = (this.#labels ?? this.#label())[page];
    this.size[base + (label & GEN_MASK)]--;
    this.#ring(base + (label >> LISTED_SHIFT)).remove(page);
  }

  /** Gives a page another generation without moving it. */
  relabel(page: number, lru: LruvecIndex, type: number, gen: number): void {
    const base = (lru * 2 + type) * MAX_NR_GENS;
    const labels = this.#labels ?? this.#label();
    const label = labels[page];
    this.size[base + (label & GEN_MASK)]--;
    this.size[base + gen]++;
    labels[page] = (label & ~GEN_MASK) | gen;
  }

  /** Whether a page is in one of the newest two generations. */
  isActive(page: number, lru: LruvecIndex): boolean {
    const gen = this.genOf(page);
    const max = this.maxSeq[lru];
    return gen === (max & GEN_MASK) || gen === ((max - 1) & GEN_MASK);
  }

  /** Pages of a type in the newest two generations: what the kernel reports as active. */
  active(lru: LruvecIndex, type: number): Pages {
    const base = (lru * 2 + type) * MAX_NR_GENS;
    const max = this.maxSeq[lru];
    return this.size[base + (max & GEN_MASK)] + this.size[base + ((max - 1) & GEN_MASK)];
  }

  /** Pages of a type in all generations. */
  total(lru: LruvecIndex, type: number): Pages {
    const base = (lru * 2 + type) * MAX_NR_GENS;
    const { size } = this;
    return size[base] + size[base + 1] + size[base + 2] + size[base + 3];
  }

  /** Writes down for every page whose list it is on. */
  #label(): Uint8Array {
    const labels = new Uint8Array(this.#places.length);
    for (const [list, ring] of this.#rings.entries()) {
      const gen = list & GEN_MASK;
      for (const page of ring?.pages() ?? []) labels[page] = gen | (gen << LISTED_SHIFT);
    }
    this.#labels = labels;
    return labels;
  }

  #ring(list: number): LruRing {
    return (this.#rings[list] ??= new LruRing(this.#places));
  }
}
