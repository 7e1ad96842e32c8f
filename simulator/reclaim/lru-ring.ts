/**
 * One LRU list as a ring of page numbers: pages join at the head, reclaim takes from the tail, a page that leaves from the middle leaves a hole
 * that the tail skips. So scanning reads memory in order, and moving a page costs two stray writes where a linked list needs six.
 */
import type { Pages } from '../units.ts';

const HOLE = -1;
const FIRST_ROOM = 1024;
/** Ends count up; they are brought back down long before they stop being small integers. */
const FAR = 0x20000000;

export class LruRing {
  /** Pages on the list. */
  living: Pages = 0;
  #entries = new Int32Array(FIRST_ROOM).fill(HOLE);
  #mask = FIRST_ROOM - 1;
  #tail = 0;
  #head = 0;
  /** Where in its ring each page is. */
  readonly #places: Int32Array;

  constructor(places: Int32Array) {
    this.#places = places;
  }

  add(page: number): void {
    if (this.#head - this.#tail > this.#mask) this.#makeRoom();
    const place = this.#head++ & this.#mask;
    this.#entries[place] = page;
    this.#places[page] = place;
    this.living++;
  }

  /** The first `n` of these, one after the other. */
  addAll(pages: Int32Array, n: number): void {
    while (this.#head - this.#tail + n > this.#mask + 1) this.#makeRoom();
    const entries = this.#entries;
    const places = this.#places;
    const mask = this.#mask;
    let head = this.#head;
    for (let i = 0; i < n; i++) {
      const page = pages[i];
      const place = head++ & mask;
      entries[place] = page;
      places[page] = place;
    }
    this.#head = head;
    this.living += n;
  }

  addTail(page: number): void {
    if (this.#head - this.#tail > this.#mask) this.#makeRoom();
    if (this.#tail === 0) {
      this.#tail += this.#mask + 1;
      this.#head += this.#mask + 1;
    }
    const place = --this.#tail & this.#mask;
    this.#entries[place] = page;
    this.#places[page] = place;
    this.living++;
  }

  remove(page: number): void {
    this.#entries[this.#places[page]] = HOLE;
    this.living--;
  }

  removeAll(pages: Int32Array, n: number): void {
    const entries = this.#entries;
    const places = this.#places;
    for (let i = 0; i < n; i++) entries[places[pages[i]]] = HOLE;
    this.living -= n;
  }

  /** Takes up to `most` pages from the tail; how many. */
  take(most: Pages, into: Int32Array): Pages {
    const entries = this.#entries;
    const mask = this.#mask;
    const head = this.#head;
    let tail = this.#tail;
    let taken = 0;
    while (taken < most && tail < head) {
      const page = entries[tail++ & mask];
      if (page !== HOLE) into[taken++] = page;
    }
    if (tail > FAR) {
      const down = tail & ~mask;
      this.#head = head - down;
      tail -= down;
    }
    this.#tail = tail;
    this.living -= taken;
    return taken;
  }

  /** The pages on the list, from the tail. */
  *pages(): Generator<number> {
    for (let at = this.#tail; at < this.#head; at++) {
      const page = this.#entries[at & this.#mask];
      if (page !== HOLE) yield page;
    }
  }

  /** Closes the holes, in a ring twice as large if the living need it. */
  #makeRoom(): void {
    const room = this.#mask + 1;
    const next = new Int32Array(this.living * 2 > room ? room * 2 : room);
    let n = 0;
    for (let at = this.#tail; at < this.#head; at++) {
      const page = this.#entries[at & this.#mask];
      if (page === HOLE) continue;
      this.#places[page] = n;
      next[n++] = page;
    }
    this.#entries = next;
    this.#mask = next.length - 1;
    this.#tail = 0;
    this.#head = n;
  }
}
