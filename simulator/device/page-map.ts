/**
 * Where each page is: on the host, in one device's memory, or read-only on both; who may reach it how; and what is just being copied. One table
 * for all devices of a machine, so that a page has one home.
 *
 * Kernel counterpart: device-private pages of HMM (Documentation/mm/hmm.rst): a page whose home is a device has a special entry in the host's
 * page tables, as if it were swapped out.
 */
import type { Pages } from '../units.ts';
import { BLOCK_PAGES } from './parameters.ts';

export const UNPOPULATED = 0;
export const HOST = 1;
/** Home of a page in the memory of device 0; the others follow. */
export const DEVICE0 = 2;
/** Was on a device that is lost. */
export const LOST = 255;
export const MAX_DEVICES = 8;

// What a device's page table holds of a page.
export const LOCAL = 1;
export const REMOTE = 2;
export const WRITE = 4;
/** Prefetched and not used yet. */
export const FRESH = 8;
/** Remote because it is pinned on the host. */
export const PINNED = 16;
/** The device has used the page at some time. */
export const USED = 32;

export const STILL = 0;
/** Copied to a device, copied to the host. */
export const UP = 1;
export const DOWN = 2;

/** Objects as the map sees them: where they begin, how long they are, and whether their pages may move (anonymous memory). */
export interface MappedObject {
  readonly base: number;
  readonly pages: Pages;
  readonly movable: boolean;
}

export type StateName = 'U' | 'H' | 'R' | 'D' | 'RD' | 'X↑' | 'X↓' | 'Ph' | 'Pd';

export class PageMap {
  readonly home: Uint8Array;
  /** Bit d: device d has a read-only duplicate. */
  readonly copies: Uint8Array;
  readonly moving: Uint8Array;
  readonly blockOf: Uint32Array;
  readonly blocks: number;
  /** First page and length of each block, and its object. */
  readonly blockStart: Uint32Array;
  readonly blockPages: Uint16Array;
  readonly blockObject: Uint16Array;
  readonly movable: Uint8Array;
  /** Page tables, one for each device. */
  readonly tables: readonly Uint8Array[];

  constructor(pages: Pages, objects: readonly MappedObject[], devices: number) {
    this.home = new Uint8Array(pages);
    this.copies = new Uint8Array(pages);
    this.moving = new Uint8Array(pages);
    this.blockOf = new Uint32Array(pages);
    this.tables = Array.from({ length: devices }, () => new Uint8Array(pages));
    this.blocks = objects.reduce((n, o) => n + Math.ceil(o.pages / BLOCK_PAGES), 0);
    this.blockStart = new Uint32Array(this.blocks);
    this.blockPages = new Uint16Array(this.blocks);
    this.blockObject = new Uint16Array(this.blocks);
    this.movable = new Uint8Array(this.blocks);
    let block = 0;
    objects.forEach(({ base, pages: length, movable }, object) => {
      for (let at = 0; at < length; at += BLOCK_PAGES, block++) {
        this.blockStart[block] = base + at;
        this.blockPages[block] = Math.min(BLOCK_PAGES, length - at);
        this.blockObject[block] = object;
        this.movable[block] = movable ? 1 : 0;
        this.blockOf.fill(block, base + at, base + at + this.blockPages[block]);
      }
    });
  }

  /** The state of A1 by name, for tests and events. */
  stateOf(page: number): StateName {
    if (this.moving[page] === UP) return 'X↑';
    if (this.moving[page] === DOWN) return 'X↓';
    if (this.home[page] === UNPOPULATED) return 'U';
    const pinned = this.tables.some((table) => (table[page] & PINNED) !== 0);
    if (this.home[page] >= DEVICE0) return pinned ? 'Pd' : 'D';
    if (this.copies[page] !== 0) return 'RD';
    if (pinned) return 'Ph';
    return this.tables.some((table) => (table[page] & REMOTE) !== 0) ? 'R' : 'H';
  }

  /** How many copies of a page could be written now: one of every page that has content, none while it is duplicated. */
  writableCopies(page: number): number {
    if (this.home[page] === UNPOPULATED || this.copies[page] !== 0) return 0;
    // On its way it is nobody's to write; the copy under way is the one that will be.
    if (this.moving[page] !== STILL) return 1;
    const local = this.tables.filter((table) => (table[page] & (LOCAL | WRITE)) === (LOCAL | WRITE)).length;
    return local + (this.home[page] === HOST ? 1 : 0);
  }

  /** Takes `page` from the page tables of all devices, but keeps what is known of its use. */
  unmap(page: number): void {
    for (const table of this.tables) table[page] &= USED;
  }
}
