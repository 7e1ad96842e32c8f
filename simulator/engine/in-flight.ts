/** Pages that are in memory on paper but still being read: who touches one waits until its read is done. */
import type { Nanoseconds, Pages } from '../units.ts';

export class InFlight {
  private readonly marks: Uint8Array;
  private starts: number[] = [];
  private ends: number[] = [];
  private times: Nanoseconds[] = [];
  private stalls: boolean[] = [];
  /** Whether waiting for the page last asked about is a memory stall. */
  stalled = false;
  private done = 0;

  constructor(pages: Pages) {
    this.marks = new Uint8Array(pages);
  }

  /** Pages start … end − 1 arrive at `time`; times come in any order. `stall`: some of them belong to the workingset. */
  add(start: number, end: number, time: Nanoseconds, stall = false): void {
    this.stalls.push(stall);
    this.starts.push(start);
    this.ends.push(end);
    this.times.push(time);
    this.marks.fill(1, start, end);
  }

  /** When `page` arrives; 0 if it is here. */
  arrival(page: number): Nanoseconds {
    if (this.marks[page] === 0) return 0;
    for (let i = this.times.length - 1; i >= this.done; i--)
      if (page >= this.starts[i] && page < this.ends[i]) {
        this.stalled = this.stalls[i];
        return this.times[i];
      }
    return 0;
  }

  /** Forgets what has arrived by `now`. */
  settle(now: Nanoseconds): void {
    while (this.done < this.times.length && this.times[this.done] <= now) {
      this.marks.fill(0, this.starts[this.done], this.ends[this.done]);
      this.done++;
    }
    if (this.done > 256 || (this.done > 0 && this.done === this.times.length)) {
      this.starts = this.starts.slice(this.done);
      this.ends = this.ends.slice(this.done);
      this.times = this.times.slice(this.done);
      this.stalls = this.stalls.slice(this.done);
      this.done = 0;
    }
  }
}
