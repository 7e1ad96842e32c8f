/**
 * A processor's translation cache, as far as it decides which accesses reclaim gets to see. The accessed bit of a page table is set when a
 * translation is fetched; when reclaim clears the bit, x86 leaves cached translations alone, so a page that is used through one of them goes on
 * looking unused until the translation is displaced.
 *
 * Kernel: ptep_clear_flush_young in arch/x86/mm/pgtable.c, which flushes nothing.
 * Left out: associativity (each page has one place), several processors, flushes when address spaces change.
 */
export class Tlb {
  readonly #pages: Int32Array;
  readonly #mask: number;

  /** `entries` is rounded down to a power of two. */
  constructor(entries: number) {
    const size = 1 << (31 - Math.clz32(entries));
    this.#pages = new Int32Array(size).fill(-1);
    this.#mask = size - 1;
  }

  /** An access through a mapping: true if its translation was cached, so that no accessed bit is set. */
  access(page: number): boolean {
    const place = page & this.#mask;
    if (this.#pages[place] === page) return true;
    this.#pages[place] = page;
    return false;
  }

  /** The page is unmapped. */
  forget(page: number): void {
    const place = page & this.#mask;
    if (this.#pages[place] === page) this.#pages[place] = -1;
  }
}
