/** What a device asks of the host whose pages it faults. The machine answers with its memory, tests and closed forms with one that has room for all. */
import type { Nanoseconds } from '../units.ts';
import type { Scheduler } from './link.ts';

export interface HostSide {
  isResident(page: number): boolean;
  /** Whether the page has content anywhere on the host: in memory, in swap, in a file. */
  exists(page: number): boolean;
  /**
   * The page shall be in host memory: from swap or disk, or made. Returns when it will be, or −1 if no frame can be had.
   */
  faultIn(page: number, store: boolean, cgroup: number, now: Nanoseconds): Nanoseconds;
  /** The page leaves host memory for a device; its frame is free. */
  lend(page: number): void;
  /** A page is made on a device. False if its cgroup may have no more. */
  populate(page: number, cgroup: number): boolean;
  /** A frame for a page that comes back. False if none can be had. */
  takeBack(page: number, now: Nanoseconds): boolean;
  /** The page's content is lost: it is as if it had never been. */
  forfeit(page: number): void;
  /** Whether the frame of a page lies within what a device sees of memory. */
  isSeen(page: number, visible: number): boolean;
}

export interface World extends Scheduler {
  /** Until when a device may run on from `now` without looking at anybody else. */
  horizon(now: Nanoseconds): Nanoseconds;
}

/** The processor that serves faults: asked for, held from time to time, given up. The service's `due` is called when it is held. */
export interface ServiceProcessor {
  want(now: Nanoseconds): void;
  /** Held on; called again at `time`. */
  goOn(time: Nanoseconds): void;
  giveUp(now: Nanoseconds): void;
}

/** Something worth an event of the report. */
export type Announce = (rule: 'failed' | 'connection' | 'no-memory', text: string, now: Nanoseconds) => void;
