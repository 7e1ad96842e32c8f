/**
 * Frames of pages that have no numbers (extents, streams, copies on their way to daemons): how many on each node. With several nodes they come from the
 * nodes in order, as far as there is room, and go back in the opposite one.
 */
import type { Pages } from '../units.ts';
import type { Frames } from './frames.ts';

export class LooseFrames {
  readonly #frames: Frames;
  readonly #on: Int32Array;

  constructor(frames: Frames) {
    this.#frames = frames;
    this.#on = new Int32Array(frames.nodes);
  }

  on(node: number): Pages {
    return this.#on[node];
  }

  /** Frames that can be had before anybody is woken. */
  spare(): Pages {
    const { freeOn, low, nodes } = this.#frames;
    if (nodes === 1) return freeOn[0] - low[0];
    let pages = 0;
    for (let node = 0; node < nodes; node++) pages += Math.max(0, freeOn[node] - low[node]);
    return pages;
  }

  /** Takes so many of them. */
  take(pages: Pages): void {
    const { freeOn, low, nodes } = this.#frames;
    let left = pages;
    for (let node = 0; left > 0; node++) {
      const n = node === nodes - 1 ? left : Math.min(left, Math.max(0, freeOn[node] - low[node]));
      if (n > 0) this.#frames.takeSpare(node, n);
      this.#on[node] += n;
      left -= n;
    }
  }

  /** Takes one, whatever it needs; false if there is none. */
  allocate(): boolean {
    const node = this.#frames.takeAny();
    if (node < 0) return false;
    this.#on[node]++;
    return true;
  }

  give(pages: Pages): void {
    let left = pages;
    for (let node = this.#frames.nodes - 1; left > 0; node--) {
      const n = node === 0 ? left : Math.min(left, this.#on[node]);
      if (n > 0) this.#frames.give(node, n);
      this.#on[node] -= n;
      left -= n;
    }
  }
}
