/** Pages that are in memory on paper but still being read: who touches one waits until its read is done. */
import type { Nanoseconds, Pages } from '../units.ts';

export class InFlight {
  /** Of each page: whether it may still be on its way. */
  readonly marks: Uint8Array;
  /** Whether waiting for the page last asked about is a memory stall. */
  stalled = false;
  // Reads under way, in a ring, in the order they were begun.
  private starts = new Uint32Array(64);
  private ends = new Uint32Array(64);
  private times = new Float64Array(64);
  private stalls = new Uint8Array(64);
  private head = 0;
  private reads = 0;

  constructor(pages: Pages) {
    this.marks = new Uint8Array(pages);
  }

  /** Pages start … end − 1 arrive at `time`; times come in any order. `stall`: some of them belong to the workingset. */
  add(start: number, end: number, time: Nanoseconds, stall = false): void {
    if (this.reads === this.times.length) this.grow();
    const at = (this.head + this.reads++) & (this.times.length - 1);
    this.starts[at] = start;
    this.ends[at] = end;
    this.times[at] = time;
    this.stalls[at] = stall ? 1 : 0;
    if (end === start + 1) this.marks[start] = 1;
    else this.marks.fill(1, start, end);
  }

  /** When `page` arrives; 0 if it is here. */
  arrival(page: number): Nanoseconds {
    if (this.marks[page] === 0) return 0;
    const mask = this.times.length - 1;
    for (let i = this.head + this.reads - 1; i >= this.head; i--) {
      const at = i & mask;
      if (page >= this.starts[at] && page < this.ends[at]) {
        this.stalled = this.stalls[at] === 1;
        return this.times[at];
      }
    }
    return 0;
  }

  /** Forgets what has arrived by `now`. */
  settle(now: Nanoseconds): void {
    while (this.reads > 0 && this.times[this.head] <= now) {
      const start = this.starts[this.head];
      const end = this.ends[this.head];
      if (end === start + 1) this.marks[start] = 0;
      else this.marks.fill(0, start, end);
      this.head = (this.head + 1) & (this.times.length - 1);
      this.reads--;
    }
  }

  private grow(): void {
    const n = this.times.length;
    const { starts, ends, times, stalls, head } = this;
    this.starts = new Uint32Array(2 * n);
    this.ends = new Uint32Array(2 * n);
    this.times = new Float64Array(2 * n);
    this.stalls = new Uint8Array(2 * n);
    for (let i = 0; i < n; i++) {
      const from = (head + i) & (n - 1);
      this.starts[i] = starts[from];
      this.ends[i] = ends[from];
      this.times[i] = times[from];
      this.stalls[i] = stalls[from];
    }
    this.head = 0;
  }
}
