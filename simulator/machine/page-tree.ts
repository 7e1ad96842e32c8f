/**
 * The page cache's trees: which nodes exist, how full they are, and which hold nothing but shadow entries. A node has 64 slots; a node with no
 * page left is kept for its shadows until the shadow shrinker comes for it, so trees cost memory long after the pages have gone.
 *
 * Kernel: lib/xarray.c, the shadow_nodes list of mm/workingset.c (6.1).
 * Left out: a tree never grows lower again when its last high page goes; the single entry at index 0 that needs no node is only known for
 * files of one page.
 */

import type { ObjectMap } from './object-map.ts';

/** Slots of a node (XA_CHUNK_SIZE). */
export const SLOTS = 64;
const SLOT_SHIFT = 6;
/**
 * What a node costs its cgroup: 576 bytes of struct xa_node, 8 of the allocator's free pointer behind it (the cache has a constructor), 8 of the
 * pointer to the cgroup (obj_full_size). Found in the recordings' memory.stat: with 584, zipf runs drift by four pages.
 */
export const NODE_BYTES = 592;
/** Nodes in a page (the slab holds 28 in four). */
export const NODES_PER_PAGE = 7;

export interface TreeHost {
  /** A node was freed; it had been charged to `owner`. */
  nodeFreed(owner: number): void;
  /** A node came onto or left the list of nodes with only shadows. */
  shadowNodesChanged(owner: number): void;
  /** Forget the shadows of a run of pages. */
  clearShadows(start: number, end: number): void;
}

export class PageTree {
  /** Nodes in use. */
  nodes = 0;
  /** Nodes that hold only shadows, per owner. */
  readonly shadowNodes: Int32Array;
  /** Shadow entries in all trees. */
  shadows = 0;
  readonly #host: TreeHost;
  readonly #objects: ObjectMap;
  readonly #bases: readonly number[];
  readonly #sizes: readonly number[];
  /** Per object: first node number of each level, leaves first; empty for anonymous objects and files of one page. */
  readonly #levels: number[][] = [];
  /** Objects that have levels, ascending, as their node numbers are. */
  readonly #withNodes: number[] = [];
  readonly #height: Int32Array;
  /** Of each node: slots in use, and those of them that hold shadows. */
  readonly #fill: Uint8Array;
  readonly #owner: Uint16Array;
  readonly #next: Int32Array;
  readonly #prev: Int32Array;
  readonly #head: Int32Array;
  readonly #tail: Int32Array;
  /** The object of the last look-up: most are for the same. */
  #object = -1;
  #first = 0;
  #end = 0;
  /** Its first leaf; −1: it has no nodes. */
  #leaves = -1;

  constructor(host: TreeHost, objects: ObjectMap, isFile: readonly boolean[], owners: number) {
    this.#host = host;
    this.#objects = objects;
    const { bases, sizes } = objects;
    this.#bases = bases;
    this.#sizes = sizes;
    let nodes = 0;
    for (let object = 0; object < bases.length; object++) {
      const levels: number[] = [];
      let below = sizes[object];
      while (isFile[object] && below > 1) {
        levels.push(nodes);
        below = Math.ceil(below / SLOTS);
        nodes += below;
      }
      if (levels.length > 0) this.#withNodes.push(object);
      this.#levels.push(levels);
    }
    this.#height = new Int32Array(bases.length);
    this.#fill = new Uint8Array(2 * nodes);
    this.#owner = new Uint16Array(nodes);
    this.#next = new Int32Array(nodes).fill(-1);
    this.#prev = new Int32Array(nodes).fill(-1);
    this.shadowNodes = new Int32Array(owners);
    this.#head = new Int32Array(owners).fill(-1);
    this.#tail = new Int32Array(owners).fill(-1);
  }

  /** The leaf that a page's slot is in; −1 if its object has none. */
  #leafOf(page: number): number {
    if (page < this.#first || page >= this.#end) this.#turnTo(page);
    return this.#leaves < 0 ? -1 : this.#leaves + ((page - this.#first) >>> SLOT_SHIFT);
  }

  #turnTo(page: number): void {
    const object = this.#objects.objectOf(page);
    this.#object = object;
    this.#first = this.#bases[object];
    this.#end = this.#first + this.#sizes[object];
    const levels = this.#levels[object];
    this.#leaves = levels.length > 0 ? levels[0] : -1;
  }

  /** How many nodes must be made before `page` can be stored. */
  missing(page: number): number {
    const leaf = this.#leafOf(page);
    return leaf < 0 || this.#fill[2 * leaf] > 0 ? 0 : this.#missing(page);
  }

  #missing(page: number): number {
    const object = this.#object;
    const levels = this.#levels[object];
    let index = page - this.#first;
    const height = this.#height[object];
    const needed = this.#heightFor(index);
    const top = Math.max(height, needed);
    let missing = 0;
    for (let level = 0; level < top; level++) {
      index = index >>> SLOT_SHIFT;
      if (this.#fill[2 * (levels[level] + index)] === 0) missing++;
      // growing an existing tree puts a node above its old head
      if (height > 0 && level >= height && index !== 0) missing++;
    }
    return missing;
  }

  #heightFor(index: number): number {
    let height = 1;
    for (let reach = SLOTS; index >= reach; reach *= SLOTS) height++;
    return height;
  }

  /**
   * Puts a page in its slot, making missing nodes in `owner`'s name, or in the names that `owners` has for them; `hadShadow` says what the slot held.
   */
  insert(page: number, hadShadow: boolean, owner: number, owners?: Int32Array): void {
    const fill = this.#fill;
    const leaf = this.#leafOf(page);
    if (hadShadow) this.shadows--;
    if (leaf < 0) return;
    const slots = fill[2 * leaf];
    const shadows = fill[2 * leaf + 1];
    if (slots === 0) this.#make(this.#object, page - this.#first, owner, owners);
    else if (shadows === slots) this.#unlist(leaf);
    if (hadShadow) fill[2 * leaf + 1] = shadows - 1;
    else fill[2 * leaf] = slots + 1;
  }

  /** 0: as `insert` of a page whose leaf holds other pages. Otherwise nothing has happened: −1 if a node is missing, 1 if it is for `insert` to do. */
  insertBeside(page: number, shadow: number): number {
    const fill = this.#fill;
    const leaf = this.#leafOf(page);
    const had = shadow === 0 ? 0 : 1;
    if (leaf >= 0) {
      const slots = fill[2 * leaf];
      const shadows = fill[2 * leaf + 1];
      if (slots === shadows) return slots === 0 ? -1 : 1;
      fill[2 * leaf] = slots + 1 - had;
      fill[2 * leaf + 1] = shadows - had;
    }
    this.shadows -= had;
    return 0;
  }

  #make(object: number, index: number, owner: number, owners: Int32Array | undefined): void {
    let made = 0;
    const levels = this.#levels[object];
    const height = this.#height[object];
    const top = Math.max(height, this.#heightFor(index));
    if (height > 0) {
      for (let level = height; level < top; level++) {
        const node = levels[level];
        this.#owner[node] = owners === undefined ? owner : owners[made++];
        this.#fill[2 * node] = 1;
        this.nodes++;
      }
    }
    this.#height[object] = top;
    let at = index;
    for (let level = 0; level < top; level++) {
      at = at >>> SLOT_SHIFT;
      const node = levels[level] + at;
      const existed = this.#fill[2 * node] > 0;
      if (!existed) {
        this.#owner[node] = owners === undefined ? owner : owners[made++];
        this.nodes++;
      }
      // the new child's slot; the leaf's own count is the caller's
      if (level > 0) this.#fill[2 * node]++;
      if (existed) break;
    }
  }

  /** Takes a page out of its slot, leaving a shadow or nothing. */
  remove(page: number, leaveShadow: boolean): void {
    const fill = this.#fill;
    const leaf = this.#leafOf(page);
    if (leaveShadow) this.shadows++;
    if (leaf < 0) return;
    if (leaveShadow) fill[2 * leaf + 1]++;
    else if (--fill[2 * leaf] === 0) {
      this.#free(this.#object, leaf - this.#leaves);
      return;
    }
    if (fill[2 * leaf + 1] === fill[2 * leaf]) this.#list(leaf);
  }

  /** The first `n` of these pages leave shadows, one after the other. */
  leaveShadows(pages: Int32Array, n: number, each: { updated(n: number): void }): void {
    const fill = this.#fill;
    this.shadows += n;
    for (let i = 0; i < n; i++) {
      const leaf = this.#leafOf(pages[i]);
      if (leaf >= 0 && ++fill[2 * leaf + 1] === fill[2 * leaf]) this.#list(leaf);
      each.updated(2);
    }
  }

  /** Clears a slot that holds a shadow (truncate). */
  forget(page: number): void {
    const fill = this.#fill;
    const leaf = this.#leafOf(page);
    this.shadows--;
    if (leaf < 0) return;
    const listed = fill[2 * leaf + 1] === fill[2 * leaf];
    fill[2 * leaf + 1]--;
    if (--fill[2 * leaf] === 0) {
      if (listed) this.#unlist(leaf);
      this.#free(this.#object, leaf - this.#leaves);
    } else if (!listed && fill[2 * leaf + 1] === fill[2 * leaf]) this.#list(leaf);
  }

  /** Frees the oldest node with only shadows in `owner`'s name (shadow_lru_isolate); false if there is none. */
  shrink(owner: number): boolean {
    const leaf = this.#head[owner];
    if (leaf < 0) return false;
    const object = this.#objectOfLeaf(leaf);
    const leafIndex = leaf - this.#levels[object][0];
    const start = this.#bases[object] + leafIndex * SLOTS;
    this.#host.clearShadows(start, Math.min(start + SLOTS, this.#bases[object] + this.#sizes[object]));
    this.#unlist(leaf);
    this.shadows -= this.#fill[2 * leaf + 1];
    this.#fill[2 * leaf + 1] = 0;
    this.#fill[2 * leaf] = 0;
    this.#free(object, leafIndex);
    return true;
  }

  #objectOfLeaf(leaf: number): number {
    let low = 0;
    let high = this.#withNodes.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#levels[this.#withNodes[middle]][0] <= leaf) low = middle;
      else high = middle - 1;
    }
    return this.#withNodes[low];
  }

  #free(object: number, leafIndex: number): void {
    const levels = this.#levels[object];
    let at = leafIndex;
    for (let level = 0; level < this.#height[object]; level++) {
      const node = levels[level] + at;
      if (level > 0) {
        this.#fill[2 * node]--;
        if (this.#fill[2 * node] > 0) return;
      }
      this.nodes--;
      this.#host.nodeFreed(this.#owner[node]);
      at = at >>> SLOT_SHIFT;
    }
    this.#height[object] = 0;
  }

  #list(leaf: number): void {
    const owner = this.#owner[leaf];
    const tail = this.#tail[owner];
    this.#prev[leaf] = tail;
    this.#next[leaf] = -1;
    if (tail < 0) this.#head[owner] = leaf;
    else this.#next[tail] = leaf;
    this.#tail[owner] = leaf;
    this.shadowNodes[owner]++;
    this.#host.shadowNodesChanged(owner);
  }

  #unlist(leaf: number): void {
    const owner = this.#owner[leaf];
    const next = this.#next[leaf];
    const prev = this.#prev[leaf];
    if (prev < 0) this.#head[owner] = next;
    else this.#next[prev] = next;
    if (next < 0) this.#tail[owner] = prev;
    else this.#prev[next] = prev;
    this.shadowNodes[owner]--;
    this.#host.shadowNodesChanged(owner);
  }
}
