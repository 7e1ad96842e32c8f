/**
 * A backing device as writeback sees it: what is dirty of it, what it has written, what is estimated of it, what it may have. A disk is one, each
 * FUSE mount is another.
 *
 * Kernel: struct backing_dev_info and its one bdi_writeback; the stats file of each in /sys/kernel/debug/bdi (6.1).
 */
import type { Memory } from '../machine/memory.ts';
import type { Stream } from '../machine/streams.ts';
import type { Nanoseconds, Pages, Ppm } from '../units.ts';
import { DeviceCompletions, type Completions } from './flex-proportions.ts';
import { initialEstimates, type Estimates } from './wb-bandwidth.ts';

const WHOLE: Ppm = 1_000_000;

export interface BdiLimits {
  minRatio: Ppm;
  maxRatio: Ppm;
  strictlimit: boolean;
}

export class Bdi {
  readonly name: string;
  readonly limits: BdiLimits;
  readonly estimates: Estimates = initialEstimates();
  readonly completions: DeviceCompletions;
  /** Index among the devices of numbered pages (MemoryLayout.devices). */
  readonly device: number;
  /** Files on it without page numbers. */
  readonly streams: Stream[] = [];
  /** Copies of its pages that are on their way (FUSE). */
  temps: Pages = 0;
  /** Ever dirtied, and ever written. */
  dirtied: Pages = 0;
  written: Pages = 0;
  /** When something of it was last written; 0 at the start. */
  lastWritten: Nanoseconds = 0;
  /** Ticks and counts of the last estimate. */
  stamp = { time: 0, dirtied: 0, written: 0 };
  /** The most that was dirty, under writeback or on its way of it whenever a writer was asked. */
  peak: Pages = 0;
  /** Above its threshold: its writers are asked after every eight pages. */
  exceeded = false;
  readonly #memory: Memory;

  constructor(name: string, device: number, memory: Memory, all: Completions, limits: BdiLimits) {
    this.name = name;
    this.device = device;
    this.limits = limits;
    this.completions = new DeviceCompletions(all);
    this.#memory = memory;
  }

  /** BdiReclaimable. */
  get reclaimable(): Pages {
    let pages = this.#memory.dirtyOf(this.device);
    for (const stream of this.streams) pages += stream.dirty;
    return pages;
  }

  /** Under writeback without being copies. */
  get underWriteback(): Pages {
    let pages = this.#memory.writebackOf(this.device);
    for (const stream of this.streams) pages += stream.writeback;
    return pages;
  }

  /** Its share of a threshold: by what it wrote lately, between its ratios. `others` is the sum of all devices' min_ratio. */
  threshold(now: Nanoseconds, thresh: Pages, others: Ppm): Pages {
    const { minRatio, maxRatio } = this.limits;
    const { numerator, denominator } = this.completions.fraction(now);
    const shared = Math.floor((thresh * (WHOLE - others)) / WHOLE);
    const own = Math.floor((shared * numerator) / denominator) + Math.floor((thresh * minRatio) / WHOLE);
    return Math.min(own, Math.floor((thresh * maxRatio) / WHOLE));
  }

  completed(now: Nanoseconds, pages: Pages): void {
    this.written += pages;
    this.lastWritten = now;
    this.completions.add(now, pages, this.limits.maxRatio / WHOLE);
  }
}
