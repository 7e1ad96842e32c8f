/**
 * A disk or swap device: requests wait for one of its slots, their latencies overlap, their transfers share the bandwidth one after another.
 * Because transfers keep the order of requests, a completion can be told at once and needs no event of its own.
 *
 * Left out: seeks, merging and reordering of requests, reads before writes.
 */
import type { Nanoseconds, Pages } from '../units.ts';
import { transferTime, type DeviceCosts } from './costs.ts';

export class Device {
  /** When everything asked for so far will be done. */
  busyUntil: Nanoseconds = 0;
  /** Time its bandwidth was in use. */
  busy: Nanoseconds = 0;
  private readonly costs: DeviceCosts;
  private readonly pageTime: Nanoseconds;
  /** Completion times of the last `depth` requests, oldest at `next`. */
  private readonly slots: Float64Array;
  private next = 0;

  constructor(costs: DeviceCosts) {
    this.costs = costs;
    this.pageTime = transferTime(costs, 1);
    this.slots = new Float64Array(costs.depth);
  }

  /** One request of `pages` contiguous pages; returns when it is done. */
  request(now: Nanoseconds, pages: Pages): Nanoseconds {
    const { slots } = this;
    const begun = Math.max(now, slots[this.next]);
    const transfer = pages === 1 ? this.pageTime : transferTime(this.costs, pages);
    const done = Math.max(begun + this.costs.latency, this.busyUntil) + transfer;
    slots[this.next] = done;
    if (++this.next === slots.length) this.next = 0;
    this.busyUntil = done;
    this.busy += transfer;
    return done;
  }

  /** When no more than `pages` will be left of what was asked for: for those who must not run too far ahead of the device. */
  caughtUp(pages: Pages): Nanoseconds {
    return this.busyUntil - pages * this.pageTime;
  }
}
