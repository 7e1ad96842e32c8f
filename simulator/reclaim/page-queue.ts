/**
 * A first-in first-out queue of pages in a ring: what FIFO, CLOCK and S3-FIFO need, four bytes a place. Pages leave only at the old end; one
 * that vanishes for another reason (truncated) leaves its entry behind, which its owner must recognise, and `sweep` throws out.
 */
export class PageQueue {
  ring: Int32Array;
  head = 0;
  size = 0;

  constructor(room: number) {
    this.ring = new Int32Array(Math.max(1, room));
  }

  get full(): boolean {
    return this.size === this.ring.length;
  }

  push(page: number): void {
    let at = this.head + this.size;
    if (at >= this.ring.length) at -= this.ring.length;
    this.ring[at] = page;
    this.size++;
  }

  shift(): number {
    const page = this.ring[this.head];
    if (++this.head === this.ring.length) this.head = 0;
    this.size--;
    return page;
  }

  /** Keeps, in order, the pages whose state byte has one of `bits`; of the others the bits of `stale` are cleared. */
  sweep(state: Uint8Array, bits: number, stale: number): void {
    for (let left = this.size; left > 0; left--) {
      const page = this.shift();
      if ((state[page] & bits) !== 0) this.push(page);
      else state[page] &= ~stale;
    }
  }

  /** Makes room for `room` pages; those queued must fit. */
  resize(room: number): void {
    const next = new PageQueue(room);
    while (this.size > 0) next.push(this.shift());
    this.ring = next.ring;
    this.head = 0;
    this.size = next.size;
  }
}
