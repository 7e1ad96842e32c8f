/**
 * The link between host and device: one server for each direction. A transfer takes latency + set-up + bytes by bandwidth, and the direction is
 * taken for as long; waiting transfers go by priority, those of one class in order. A remote access is a short slot on the same server, so remote
 * traffic and migrations slow each other down.
 */
import type { Bytes, Nanoseconds } from '../units.ts';
import { TimeHistogram } from '../engine/time-histogram.ts';
import { BusyTime } from './busy-time.ts';
import { wireTime, type LinkParameters } from './parameters.ts';

/** Classes, the most urgent first. */
export const DEMAND = 0;
export const WRITEBACK = 1;
export const PREFETCH = 2;

export type Done = (now: Nanoseconds) => void;

/** Calls back at a time; what is asked for the same time is called in the order of asking. */
export interface Scheduler {
  at(time: Nanoseconds, run: Done): void;
}

interface Transfer {
  readonly asked: Nanoseconds;
  readonly takes: Nanoseconds;
  readonly done: Done;
}

export class Lane {
  readonly delays = new TimeHistogram();
  readonly busy = new BusyTime();
  /** Transfers that wait or are under way now. */
  depth = 0;
  readonly bandwidth: number;
  private readonly link: LinkParameters;
  private readonly scheduler: Scheduler;
  private readonly queues: readonly [Transfer[], Transfer[], Transfer[]] = [[], [], []];
  private readonly heads = [0, 0, 0];
  private waiting = 0;
  private serving = false;
  /** When the server is free of slots that were told beforehand. */
  private freeAt: Nanoseconds = 0;

  constructor(link: LinkParameters, bandwidth: number, scheduler: Scheduler) {
    this.link = link;
    this.bandwidth = bandwidth;
    this.scheduler = scheduler;
  }

  /** `bytes` in one transfer, asked for at `now`; `done` is called when they are over. */
  transfer(now: Nanoseconds, bytes: Bytes, urgency: number, done: Done): void {
    const { latency, perDma, fifo } = this.link;
    this.enqueue(now, latency + perDma + wireTime(bytes, this.bandwidth), fifo ? DEMAND : urgency, done);
  }

  /** A remote access that had to queue: bandwidth only, as urgent as demand. */
  queuedSlot(now: Nanoseconds, bytes: Bytes, done: Done): void {
    this.enqueue(now, Math.max(1, wireTime(bytes, this.bandwidth)), DEMAND, done);
  }

  /** Whether a remote access at `now` need not queue behind transfers. */
  isFree(now: Nanoseconds): boolean {
    return !this.serving && this.freeAt <= now;
  }

  /** Remote accesses took `busy` of the time from `from` to `to`, during which nobody else asked. */
  slots(from: Nanoseconds, to: Nanoseconds, busy: number): void {
    this.busy.add(from, to, busy);
    this.freeAt = Math.max(this.freeAt, to);
  }

  private enqueue(now: Nanoseconds, takes: Nanoseconds, urgency: number, done: Done): void {
    this.queues[urgency].push({ asked: now, takes, done });
    this.waiting++;
    this.depth++;
    if (!this.serving) this.serve(now);
  }

  private serve(now: Nanoseconds): void {
    if (this.waiting === 0) {
      this.serving = false;
      return;
    }
    const urgency = this.heads.findIndex((head, i) => head < this.queues[i].length);
    const queue = this.queues[urgency];
    const { asked, takes, done } = queue[this.heads[urgency]++];
    if (this.heads[urgency] > 1024 && 2 * this.heads[urgency] > queue.length) {
      queue.splice(0, this.heads[urgency]);
      this.heads[urgency] = 0;
    }
    this.waiting--;
    this.serving = true;
    const start = Math.max(now, this.freeAt);
    this.delays.add(start - asked);
    this.busy.add(start, start + takes, takes);
    this.freeAt = start + takes;
    this.scheduler.at(start + takes, (time) => {
      this.depth--;
      this.serve(time);
      done(time);
    });
  }
}

export class Link {
  readonly up: Lane;
  readonly down: Lane;

  constructor(link: LinkParameters, scheduler: Scheduler) {
    this.up = new Lane(link, link.h2d, scheduler);
    this.down = new Lane(link, link.d2h, scheduler);
  }
}
