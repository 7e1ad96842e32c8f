/** A kernel that runs on a device: where its accesses come from, and which of its streams wait. */
import type { Nanoseconds } from '../units.ts';

export interface LaunchHost {
  /** Writes the next words into `launch.lot` and sets `at` and `end`. False: there are none, or only once all streams are done. */
  draw(launch: Launch, now: Nanoseconds): boolean;
  /** All streams are done, and nothing was drawn: sets `over`, or draws what comes behind the barrier. */
  drained(launch: Launch, now: Nanoseconds): void;
  /** Whether anybody still waits for it; its process may be gone. */
  isWanted(launch: Launch): boolean;
  /** It can't go on (connection in error, device lost). */
  aborted(launch: Launch, now: Nanoseconds): void;
}

export class Launch {
  readonly streams: number;
  readonly lot: Uint32Array;
  at = 0;
  end = 0;
  /** Streams with nothing to do; below 0 when a request too many is under way. */
  free: number;
  /** Time of its next access, and the part of a nanosecond beyond, in picoseconds. */
  clock: Nanoseconds = 0;
  began: Nanoseconds = 0;
  rest = 0;
  /** Words whose streams wait for a replay, and those that may try again. */
  readonly stalled: number[] = [];
  readonly again: number[] = [];
  /** Told of each access that did not find its page on the device. */
  onMiss: ((page: number) => void) | null = null;
  /** Accesses since whoever feeds it last asked: found in device memory at once, and all others. */
  hits = 0;
  misses = 0;
  scheduled = false;
  /** All streams wait since then; −1: not all do. */
  stalledSince = -1;
  over = false;
  private readonly host: LaunchHost;

  constructor(streams: number, lot: Uint32Array, host: LaunchHost) {
    this.streams = streams;
    this.free = streams;
    this.lot = lot;
    this.host = host;
  }

  draw(now: Nanoseconds): boolean {
    return this.host.draw(this, now);
  }

  /** An access did not find its page on the device. */
  missed(page: number): void {
    this.misses++;
    if (this.onMiss !== null) this.onMiss(page);
  }

  drained(now: Nanoseconds): void {
    this.host.drained(this, now);
  }

  get wanted(): boolean {
    return this.host.isWanted(this);
  }

  abort(now: Nanoseconds): void {
    this.host.aborted(this, now);
  }
}
