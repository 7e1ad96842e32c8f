/**
 * Page tables: the lowest level only, one page for each 512 pages of an object once one of them has been mapped.
 *
 * Left out: upper levels, a table of its own for each process that maps an object.
 */
import type { Pages } from '../units.ts';
import type { ObjectMap } from './object-map.ts';

/** Pages that one page of table maps. */
export const TABLE_PAGES = 512;

export class PageTables {
  /** Frames in use. */
  frames = 0;
  /** Cgroup that pays for each table, plus one; 0: there is none. */
  readonly #payers: Uint16Array;
  /** The node each table lies on; absent with one node. */
  readonly #nodes: Uint16Array | undefined;
  readonly #firsts: number[] = [];
  readonly #objects: ObjectMap;

  constructor(objects: ObjectMap, nodes: number) {
    this.#objects = objects;
    let tables = 0;
    for (const pages of objects.sizes) {
      this.#firsts.push(tables);
      tables += Math.ceil(pages / TABLE_PAGES);
    }
    this.#payers = new Uint16Array(tables);
    if (nodes > 1) this.#nodes = new Uint16Array(tables);
  }

  #tableOf(page: number): number {
    const object = this.#objects.objectOf(page);
    return this.#firsts[object] + Math.floor((page - this.#objects.bases[object]) / TABLE_PAGES);
  }

  has(page: number): boolean {
    return this.#payers[this.#tableOf(page)] !== 0;
  }

  /** The table that maps `page` now exists; its frame on `node` has been charged to `payer`. */
  add(page: number, payer: number, node: number): void {
    const table = this.#tableOf(page);
    this.#payers[table] = payer + 1;
    if (this.#nodes !== undefined) this.#nodes[table] = node;
    this.frames++;
  }

  /** Tables of runs that go away whole (free_pgtables); `freed` is told who had paid for each, and which node it was on. */
  release(start: number, pages: Pages, freed: (payer: number, node: number) => void): void {
    const objects = this.#objects;
    const end = start + pages;
    for (let page = start; page < end;) {
      const object = objects.objectOf(page);
      const base = objects.bases[object];
      const last = base + objects.sizes[object];
      const stop = Math.min(end, last);
      const first = Math.ceil((page - base) / TABLE_PAGES);
      const after =
        stop === last ? Math.ceil(objects.sizes[object] / TABLE_PAGES) : Math.floor((stop - base) / TABLE_PAGES);
      for (let at = this.#firsts[object] + first; at < this.#firsts[object] + after; at++) {
        if (this.#payers[at] === 0) continue;
        const payer = this.#payers[at] - 1;
        this.#payers[at] = 0;
        this.frames--;
        freed(payer, this.#nodes === undefined ? 0 : this.#nodes[at]);
      }
      page = stop;
    }
  }
}
