/**
 * What threads of one run make once between them, in memory that all of them see: tables, and the accesses of a workload. Whoever comes first
 * to something makes it, the others wait for it, or read behind the one that writes. The host gives the memory (only it knows whether memory
 * can be shared); without any, each thread makes its own, and nothing it finds is different.
 *
 * A maker may be gone (its run was given up): who has waited long for nothing makes its own.
 */

/** Int32s before what is kept: state, progress, whose it is, and of what it is (KEY_WORDS of them). */
const STATE = 0;
const PROGRESS = 1;
const MAKER = 2;
const KEY = 4;
const KEY_WORDS = 8;
export const HEADER_BYTES = 4 * (KEY + KEY_WORDS);

/** What says what is kept. */
export type RoomKey = readonly number[];

const MAKING = 1;
const MADE = 2;

/** Milliseconds of one wait, longer than a slice is meant to be, and after how many in vain nobody is thought to be at it. */
const WAIT = 20;
const PATIENCE = 250;

/** Somebody who makes and reads what is shared. */
export interface Sharer {
  /** A number that nobody else in the run has, not 0. */
  readonly me: number;
  /** Another patience (tests). */
  readonly patience?: number;
}

/** Something that is made once. */
export class SharedPlace {
  /** What is kept lies behind the header. */
  readonly buffer: SharedArrayBuffer;
  private readonly header: Int32Array;
  private readonly me: number;
  private readonly patience: number;
  /** Waits in a row in which nothing moved. */
  private idle = 0;

  constructor(buffer: SharedArrayBuffer, { me, patience = PATIENCE }: Sharer) {
    this.buffer = buffer;
    this.header = new Int32Array(buffer, 0, HEADER_BYTES / 4);
    this.me = me;
    this.patience = patience;
  }

  /** Whether the caller is to make it. `key` says what it is to be: at most 8 words of 32 bits that tell it from all else. */
  claim(key: RoomKey): boolean {
    if (Atomics.compareExchange(this.header, MAKER, 0, this.me) !== 0) return false;
    this.header.set(key, KEY);
    this.to(STATE, MAKING);
    return true;
  }

  /** Whether it is, or is going to be, what `key` says; waits until that is known. What the caller itself has begun and left is not. */
  isOf(key: RoomKey): boolean {
    if (Atomics.load(this.header, MAKER) === this.me && this.state !== MADE) return false;
    for (let waits = 0; this.state < MAKING; waits++) {
      if (waits === this.patience) return false;
      Atomics.wait(this.header, STATE, 0, WAIT);
    }
    return key.every((word, i) => this.header[KEY + i] === (word | 0));
  }

  private get state(): number {
    return Atomics.load(this.header, STATE);
  }

  /** How far its maker has got, as it says. */
  get progress(): number {
    return Atomics.load(this.header, PROGRESS);
  }

  /** The maker tells how far it has got, in numbers that only grow. */
  advance(progress: number): void {
    this.to(PROGRESS, progress);
  }

  finish(): void {
    this.to(STATE, MADE);
    Atomics.notify(this.header, PROGRESS);
  }

  /** Waits until its maker has got so far; false as soon as nothing moves for a while. */
  reached(progress: number): boolean {
    while (this.progress < progress) if (!this.moves()) return false;
    return true;
  }

  /** Nobody seems to be at it any more. */
  get isLeft(): boolean {
    return this.idle >= this.patience;
  }

  /** Waits for all of it, a little at a time. False: nobody is at it. */
  *whole(): Generator<number, boolean> {
    while (this.state !== MADE) {
      if (this.isLeft) return false;
      yield this.moves() ? MOVED : WAITED;
    }
    return true;
  }

  private moves(): boolean {
    const moved = Atomics.wait(this.header, PROGRESS, this.progress, WAIT) !== 'timed-out';
    this.idle = moved ? 0 : this.idle + 1;
    return moved;
  }

  private to(what: number, value: number): void {
    Atomics.store(this.header, what, value);
    Atomics.notify(this.header, what);
  }
}

/** Work that a wait in vain is worth, more than any slice: hosts then look at their messages, and whether to stop. */
export const WAITED = 1 << 24;
/** About what a maker does between two words of it. */
const MOVED = 1 << 16;
