/**
 * Chunks of device memory and who leaves when there is none: one chunk of 2 MiB backs one block.
 *
 * Driver: uvm_pmm_gpu.c. A chunk goes to the tail of the used list when something is allocated in it, not when it is used: its "LRU" is least
 * recently allocated. Chunks with nothing left in them go first. Left out: the list of discarded chunks (nothing here discards), chunks below 2 MiB.
 */
import type { Random } from '../workload/random.ts';
import type { Eviction } from './parameters.ts';

const NONE = -1;

export class Chunks {
  readonly capacity: number;
  /** Chunks in use. */
  used = 0;
  private readonly policy: Eviction;
  private readonly random: Random;
  /** Doubly linked by block: oldest at `head`. */
  private readonly next: Int32Array;
  private readonly previous: Int32Array;
  private readonly held: Uint8Array;
  private head = NONE;
  private tail = NONE;
  /** Blocks that hold a chunk, for drawing; `place` is the position of each. */
  private readonly list: Int32Array;
  private readonly place: Int32Array;
  /** Chunks in which nothing is any more. */
  private readonly unused: number[] = [];

  constructor(capacity: number, blocks: number, policy: Eviction, random: Random) {
    this.capacity = capacity;
    this.policy = policy;
    this.random = random;
    this.next = new Int32Array(blocks).fill(NONE);
    this.previous = new Int32Array(blocks).fill(NONE);
    this.held = new Uint8Array(blocks);
    this.list = new Int32Array(blocks);
    this.place = new Int32Array(blocks);
  }

  has(block: number): boolean {
    return this.held[block] !== 0;
  }

  get full(): boolean {
    return this.used >= this.capacity;
  }

  /** Gives `block` a chunk; there must be one free. */
  give(block: number): void {
    this.held[block] = 1;
    this.place[block] = this.used;
    this.list[this.used++] = block;
    this.append(block);
  }

  /** Something was allocated in the chunk of `block`. */
  allocated(block: number): void {
    if (this.policy === 'uvm' || this.policy === 'true-lru') this.toTail(block);
  }

  /** The chunk was used. Only `true-lru` asks to be told. */
  touched(block: number): void {
    if (this.tail !== block) this.toTail(block);
  }

  /** Nothing is left in the chunk of `block`: it goes before all others. */
  emptied(block: number): void {
    this.unused.push(block);
  }

  /** Takes the chunk from `block`. */
  take(block: number): void {
    this.held[block] = 0;
    this.unlink(block);
    const last = this.list[--this.used];
    const at = this.place[block];
    this.list[at] = last;
    this.place[last] = at;
  }

  /** Whose chunk goes next; −1: nobody's. `mayGo` says who is not just being copied, `isEmpty` who has nothing left. */
  victim(mayGo: (block: number) => boolean, isEmpty: (block: number) => boolean): number {
    while (this.unused.length > 0) {
      const block = this.unused.pop()!;
      if (this.held[block] !== 0 && isEmpty(block) && mayGo(block)) return block;
    }
    if (this.policy === 'off') return NONE;
    if (this.policy === 'random') {
      for (let tries = 0; tries < 8 && this.used > 0; tries++) {
        const block = this.list[this.random.below(this.used)];
        if (mayGo(block)) return block;
      }
    }
    for (let block = this.head; block !== NONE; block = this.next[block]) if (mayGo(block)) return block;
    return NONE;
  }

  /** Every block that holds a chunk, oldest first. */
  *blocks(): Generator<number> {
    for (let block = this.head; block !== NONE;) {
      const next = this.next[block];
      yield block;
      block = next;
    }
  }

  private toTail(block: number): void {
    this.unlink(block);
    this.append(block);
  }

  private append(block: number): void {
    this.previous[block] = this.tail;
    this.next[block] = NONE;
    if (this.tail === NONE) this.head = block;
    else this.next[this.tail] = block;
    this.tail = block;
  }

  private unlink(block: number): void {
    const { next, previous } = this;
    if (previous[block] === NONE) this.head = next[block];
    else next[previous[block]] = next[block];
    if (next[block] === NONE) this.tail = previous[block];
    else previous[next[block]] = previous[block];
  }
}
