/** Which object a page number belongs to: objects have contiguous runs of page numbers, in order. */
import type { Pages } from '../units.ts';

export class ObjectMap {
  readonly bases: readonly number[];
  readonly sizes: readonly Pages[];
  /** Most look-ups are for the object of the last one. */
  #last = 0;

  constructor(bases: readonly number[], sizes: readonly Pages[]) {
    this.bases = bases;
    this.sizes = sizes;
  }

  objectOf(page: number): number {
    const { bases } = this;
    const last = this.#last;
    if (page >= bases[last] && page < bases[last] + this.sizes[last]) return last;
    let low = 0;
    let high = bases.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (bases[middle] <= page) low = middle;
      else high = middle - 1;
    }
    this.#last = low;
    return low;
  }

  start(page: number): number {
    return this.bases[this.objectOf(page)];
  }

  end(page: number): number {
    const object = this.objectOf(page);
    return this.bases[object] + this.sizes[object];
  }
}
