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

/** Milliseconds of one wait, and after how many waits in which nothing moved nobody is thought to be at it. */
const WAIT = 10;
const PATIENCE = 500;

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
    if (!this.until(STATE, MAKING)) return false;
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

  /** Waits until its maker has got so far. False: nobody seems to be at it any more. */
  reached(progress: number): boolean {
    return this.until(PROGRESS, progress);
  }

  /** Waits for all of it, a while at a time. */
  *whole(): Generator<number, boolean> {
    for (let idle = 0, last = -1; this.state !== MADE;) {
      const { progress } = this;
      idle = progress === last ? idle + 1 : 0;
      if (idle === this.patience) return false;
      last = progress;
      Atomics.wait(this.header, PROGRESS, progress, WAIT);
      yield WAITED;
    }
    return true;
  }

  private until(what: number, least: number): boolean {
    for (let idle = 0, last = -1; ;) {
      const now = Atomics.load(this.header, what);
      if (now >= least) return true;
      idle = now === last ? idle + 1 : 0;
      if (idle === this.patience) return false;
      last = now;
      Atomics.wait(this.header, what, now, WAIT);
    }
  }

  private to(what: number, value: number): void {
    Atomics.store(this.header, what, value);
    Atomics.notify(this.header, what);
  }
}

/** Work that a wait is worth: hosts look at their messages in between. */
const WAITED = 1 << 20;
