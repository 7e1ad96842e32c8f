/**
 * A device's share of all pages written lately. Every completion counts; every three seconds all counts are halved, so that what was long ago
 * fades.
 *
 * Kernel: lib/flex_proportions.c (6.1). Left out: per-CPU errors.
 */
import { powerOfTwo } from './dirty-limits.ts';
import { SECOND, type Nanoseconds, type Pages } from '../units.ts';

/** VM_COMPLETIONS_PERIOD_LEN. */
export const COMPLETIONS_PERIOD: Nanoseconds = 3 * SECOND;
/** FPROP_FRAC_SHIFT: max_ratio is kept in 1024ths. */
const FRACTION_BASE = 1024;

/** All devices together (struct fprop_global). */
export class Completions {
  /** Starts at 1, as the kernel's does, so that no share is a division by nothing. */
  events = 1;
  period = 0;
  #nextPeriod: Nanoseconds = 0;

  /** Halves as often as periods have ended by `now`. Called before anything is read or added. */
  age(now: Nanoseconds): void {
    if (this.#nextPeriod === 0 || now < this.#nextPeriod) return;
    const periods = 1 + Math.floor((now - this.#nextPeriod) / COMPLETIONS_PERIOD);
    if (this.events <= 1) {
      // all has faded: the clock stands until somebody writes again
      this.#nextPeriod = 0;
      return;
    }
    this.events = halved(this.events, periods);
    this.period += periods;
    this.#nextPeriod += periods * COMPLETIONS_PERIOD;
  }

  started(now: Nanoseconds): void {
    if (this.#nextPeriod === 0) this.#nextPeriod = now + COMPLETIONS_PERIOD;
  }
}

/** One device (struct fprop_local). */
export class DeviceCompletions {
  #events = 0;
  #period = 0;
  readonly #all: Completions;

  constructor(all: Completions) {
    this.#all = all;
    this.#period = all.period;
  }

  #reflect(now: Nanoseconds): void {
    const all = this.#all;
    all.age(now);
    if (this.#period === all.period) return;
    this.#events = halved(this.#events, all.period - this.#period);
    this.#period = all.period;
  }

  /** Pages counted for this device, and those of all: its share. */
  fraction(now: Nanoseconds): { readonly numerator: number; readonly denominator: number } {
    this.#reflect(now);
    const numerator = this.#events;
    return { numerator, denominator: Math.max(1, numerator, this.#all.events) };
  }

  /** So many pages were written. They count only as far as the share stays at or below `maxShare` (1 = all). */
  add(now: Nanoseconds, pages: Pages, maxShare: number): void {
    this.#reflect(now);
    let counted = pages;
    const most = Math.floor(FRACTION_BASE * maxShare);
    if (most < FRACTION_BASE) {
      const { numerator, denominator } = this.fraction(now);
      const room = denominator * most - numerator * FRACTION_BASE;
      if (room < 0) counted = 0;
      else if (room < pages * (FRACTION_BASE - most)) counted = Math.ceil(room / (FRACTION_BASE - most));
    }
    this.#events += counted;
    this.#all.events += counted;
    this.#all.started(now);
  }
}

const halved = (events: number, times: number): number => (times > 60 ? 0 : Math.floor(events / powerOfTwo(times)));
