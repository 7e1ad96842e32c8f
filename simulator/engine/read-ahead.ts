/**
 * Read-ahead for one open file: a window that doubles while reads stay in order, and a mark whose page, when read, starts the next one early.
 *
 * Kernel: ondemand_readahead, get_init_ra_size, get_next_ra_size in mm/readahead.c, 6.1.
 * Left out: finding the window again from what is cached (interleaved streams), huge folios.
 */
import type { Pages } from '../units.ts';

export class ReadAhead {
  /** The window to read now, after `missed` or `hit` said so. */
  start = 0;
  size = 0;
  private ahead = 0;
  private previous = -1;
  private readonly max: Pages;

  constructor(max: Pages) {
    this.max = max;
  }

  /** Page `index` was read and not there. True when a window is to be read, which begins with that page; else it comes alone. */
  missed(index: Pages): boolean {
    const { previous } = this;
    this.previous = index;
    const expected =
      this.size > 0 && (index === this.start + this.size || index === this.start + this.size - this.ahead);
    if (expected) {
      this.start = index;
      this.size = this.next();
      this.ahead = this.size;
      return true;
    }
    if (index === 0 || index === previous + 1 || index === previous) {
      this.start = index;
      this.size = first(this.max);
      this.ahead = this.size > 1 ? this.size - 1 : this.size;
      return true;
    }
    return false;
  }

  /** Page `index` was read and there. True when it bore the mark: the next window is to be read. */
  hit(index: Pages): boolean {
    this.previous = index;
    if (this.size === 0 || index !== this.start + this.size - this.ahead) return false;
    this.start += this.size;
    this.size = this.next();
    this.ahead = this.size;
    return true;
  }

  private next(): Pages {
    const { size, max } = this;
    if (size < max / 16) return 4 * size;
    if (size <= max / 2) return 2 * size;
    return max;
  }
}

/** The first window for a read of one page. */
function first(max: Pages): Pages {
  if (max >= 32) return 4;
  if (max >= 4) return 2;
  return max;
}
