/**
 * Dirty file pages in the order in which they became so, device by device, and those under writeback. Flags say what a page is now; the queues
 * may hold pages that have been cleaned meanwhile.
 *
 * Kernel: the writeback lists of mm/page-writeback.c and fs/fs-writeback.c, as one queue a device.
 */
import type { Pages } from '../units.ts';
import type { PageFlags } from './page-flags.ts';
import { DIRTY, WRITEBACK } from './reclaimer.ts';

const COMPACT = 65_536;

interface Queue {
  pages: number[];
  first: number;
  dirty: Pages;
  writeback: Pages;
}

export class DirtyPages {
  dirty: Pages = 0;
  writeback: Pages = 0;
  /** Pages that have ever become dirty. */
  added: Pages = 0;
  readonly #flags: PageFlags;
  readonly #queues: Queue[];
  readonly #deviceOf: ((page: number) => number) | undefined;

  /** Without `deviceOf` there is one device. */
  constructor(flags: PageFlags, devices = 1, deviceOf?: (page: number) => number) {
    this.#flags = flags;
    this.#queues = Array.from({ length: devices }, () => ({ pages: [], first: 0, dirty: 0, writeback: 0 }));
    this.#deviceOf = devices > 1 ? deviceOf : undefined;
  }

  #queueOf(page: number): Queue {
    return this.#queues[this.#deviceOf === undefined ? 0 : this.#deviceOf(page)];
  }

  dirtyOf(device: number): Pages {
    return this.#queues.at(device)?.dirty ?? 0;
  }

  writebackOf(device: number): Pages {
    return this.#queues.at(device)?.writeback ?? 0;
  }

  /** A file page has been written to. */
  add(page: number): void {
    if ((this.#flags.bytes[page] & DIRTY) !== 0) return;
    this.#flags.set(page, this.#flags.bytes[page] | DIRTY);
    const queue = this.#queueOf(page);
    this.dirty++;
    this.added++;
    queue.dirty++;
    queue.pages.push(page);
  }

  /** The page is clean, by whatever way. */
  clean(page: number): void {
    if ((this.#flags.bytes[page] & DIRTY) === 0) return;
    this.#flags.set(page, this.#flags.bytes[page] & ~DIRTY);
    this.dirty--;
    this.#queueOf(page).dirty--;
  }

  /** The oldest dirty pages of a device, at most `limit`, now under writeback. */
  take(limit: Pages, into: Uint32Array, device = 0): Pages {
    const flags = this.#flags.bytes;
    if (device >= this.#queues.length) return 0;
    const queue = this.#queues[device];
    let taken = 0;
    while (taken < limit && taken < into.length && queue.first < queue.pages.length) {
      const page = queue.pages[queue.first++];
      if ((flags[page] & (DIRTY | WRITEBACK)) !== DIRTY) continue;
      this.#flags.set(page, (flags[page] & ~DIRTY) | WRITEBACK);
      into[taken++] = page;
    }
    this.dirty -= taken;
    this.writeback += taken;
    queue.dirty -= taken;
    queue.writeback += taken;
    if (queue.first > COMPACT && queue.first * 2 > queue.pages.length) {
      queue.pages = queue.pages.slice(queue.first);
      queue.first = 0;
    }
    return taken;
  }

  /** The device has the page; false if it was not under writeback (any more). */
  written(page: number): boolean {
    if (!this.abandon(page)) return false;
    // dirtied again meanwhile: its old place in the queue may be gone
    if ((this.#flags.bytes[page] & DIRTY) !== 0) this.#queueOf(page).pages.push(page);
    return true;
  }

  /** The page is gone: nobody waits for its writeback. */
  abandon(page: number): boolean {
    if ((this.#flags.bytes[page] & WRITEBACK) === 0) return false;
    this.#flags.set(page, this.#flags.bytes[page] & ~WRITEBACK);
    this.writeback--;
    this.#queueOf(page).writeback--;
    return true;
  }
}
