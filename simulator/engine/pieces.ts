/** How programs divide their objects: into ranges of one length, as they made them volatile. What is not divided is one piece. */
import { PAGE_SIZE, type Bytes, type Pages } from '../units.ts';

export interface Division {
  readonly origin: Bytes;
  readonly each: Bytes;
}

/** By object. */
export class Pieces extends Map<number, Division> {
  /** The piece that a page of an object lies in, as a name of its own. */
  keyOf(object: number, page: Pages): string {
    const division = this.get(object);
    return division ? `${object}/${indexOf(division, page)}` : `${object}`;
  }

  /** The pages of that piece; `size`: of the object. */
  around(object: number, page: Pages, size: Pages): { readonly first: Pages; readonly end: Pages } {
    const division = this.get(object);
    if (!division) return { first: 0, end: size };
    const { origin, each } = division;
    const start = origin + indexOf(division, page) * each;
    return {
      first: Math.max(0, Math.floor(start / PAGE_SIZE)),
      end: Math.min(size, Math.ceil((start + each) / PAGE_SIZE)),
    };
  }
}

const indexOf = ({ origin, each }: Division, page: Pages): number => Math.floor((page * PAGE_SIZE - origin) / each);
