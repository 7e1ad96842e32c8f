/** Some pages of a block, marked by a byte each, within a range: what a migration is about. Kept for reuse, since every fault needs one. */
import { BLOCK_PAGES } from './parameters.ts';

export const FAULTED = 1;
export const PREFETCH_TOO = 2;
/** Added to either: made on the device, not copied. */
export const MADE = 4;

export class Marks {
  readonly mask = new Uint8Array(BLOCK_PAGES);
  /** Nothing is marked outside of [from, to). */
  from = BLOCK_PAGES;
  to = 0;

  set(at: number, mark: number): void {
    this.mask[at] = mark;
    if (at < this.from) this.from = at;
    if (at >= this.to) this.to = at + 1;
  }

  clear(): void {
    if (this.to > this.from) this.mask.fill(0, this.from, this.to);
    this.from = BLOCK_PAGES;
    this.to = 0;
  }
}

export class MarksPool {
  private readonly spare: Marks[] = [];

  take(): Marks {
    return this.spare.pop() ?? new Marks();
  }

  give(marks: Marks): void {
    marks.clear();
    this.spare.push(marks);
  }
}
