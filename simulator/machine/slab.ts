/**
 * Frames of the slab that page-cache tree nodes come from, on each node. A frame is given back as soon as the others can hold what is left.
 *
 * Kernel: mm/slub.c, radix_tree_node_cachep; a slab's frames are placed by the task's policy, and objects come from any that has room.
 */
import type { Frames } from './frames.ts';
import { NO_NODE } from './frames.ts';
import { NODES_PER_PAGE } from './page-tree.ts';

export class Slab {
  /** Frames on each node, and tree nodes in them (those paid for and not yet in the tree, too). */
  readonly frames: Int32Array;
  readonly #objects: Int32Array;
  readonly #host: Frames;

  constructor(frames: Frames) {
    this.#host = frames;
    this.frames = new Int32Array(frames.nodes);
    this.#objects = new Int32Array(frames.nodes);
  }

  get total(): number {
    return this.frames.reduce((sum, n) => sum + n, 0);
  }

  objects(node: number): number {
    return this.#objects[node];
  }

  /** Room for one more; on which node, or NO_NODE. */
  take(): number {
    if (this.#host.placement === undefined) return this.#takeOnly();
    let node = this.#withRoom();
    if (node < 0) {
      node = this.#host.takeKernel();
      if (node < 0) return NO_NODE;
      this.frames[node]++;
    }
    this.#objects[node]++;
    // making room for the frame may have freed nodes
    this.#trim(node);
    return node;
  }

  #takeOnly(): number {
    this.#objects[0]++;
    if (this.#objects[0] <= this.frames[0] * NODES_PER_PAGE) return 0;
    if (this.#host.takeKernel() < 0) {
      this.#objects[0]--;
      this.#trim(0);
      return NO_NODE;
    }
    this.frames[0]++;
    this.#trim(0);
    return 0;
  }

  give(node: number): void {
    this.#objects[node]--;
    this.#trim(node);
  }

  /** The first node of the task's order that has a begun frame, unless one before it could spare a whole one. */
  #withRoom(): number {
    const { placement, freeOn, low, kernelRoom, kernelUsed } = this.#host;
    placement!.placeKernel(false);
    const { order, count } = placement!.answer;
    for (let i = 0; i < count; i++) {
      const node = order[i];
      if (this.#objects[node] < this.frames[node] * NODES_PER_PAGE) return node;
      if (freeOn[node] > low[node] && kernelUsed[node] < kernelRoom[node]) return NO_NODE;
    }
    return NO_NODE;
  }

  #trim(node: number): void {
    const needed = Math.ceil(this.#objects[node] / NODES_PER_PAGE);
    if (needed >= this.frames[node]) return;
    this.#host.giveKernel(node, this.frames[node] - needed);
    this.frames[node] = needed;
  }
}
