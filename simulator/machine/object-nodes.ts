/** How many pages of each object are in memory on each node, kept along the way; and which pages have moved between nodes since last asked. */
import type { Pages } from '../units.ts';
import type { ObjectMap } from './object-map.ts';

export interface Flow {
  readonly object: number;
  readonly from: number;
  readonly to: number;
  readonly pages: Pages;
}

export class ObjectNodes {
  readonly nodes: number;
  /** object × nodes + node. */
  readonly pages: Int32Array;
  readonly #objects: ObjectMap;
  /** Pages moved, by (object × nodes + from) × nodes + to. */
  #flows = new Map<number, Pages>();

  constructor(objects: ObjectMap, nodes: number) {
    this.nodes = nodes;
    this.#objects = objects;
    this.pages = new Int32Array(objects.bases.length * nodes);
  }

  came(page: number, node: number): void {
    this.pages[this.#objects.objectOf(page) * this.nodes + node]++;
  }

  left(page: number, node: number): void {
    this.pages[this.#objects.objectOf(page) * this.nodes + node]--;
  }

  moved(page: number, from: number, to: number): void {
    const row = this.#objects.objectOf(page) * this.nodes;
    this.pages[row + from]--;
    this.pages[row + to]++;
    const key = (row + from) * this.nodes + to;
    this.#flows.set(key, (this.#flows.get(key) ?? 0) + 1);
  }

  /** What has moved since the last call, by object, then by nodes. */
  takeFlows(): Flow[] {
    if (this.#flows.size === 0) return [];
    const { nodes } = this;
    const flows = [...this.#flows]
      .sort(([a], [b]) => a - b)
      .map(([key, pages]): Flow => {
        const row = Math.floor(key / nodes);
        return { object: Math.floor(row / nodes), from: row % nodes, to: key % nodes, pages };
      });
    this.#flows = new Map();
    return flows;
  }
}
