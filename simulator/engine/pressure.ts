/**
 * Memory pressure: for what share of the time did somebody (some), or everybody who had something to do (full), wait for memory.
 *
 * Kernel: kernel/sched/psi.c, 6.1. Averages are updated every two seconds in its fixed-point arithmetic. As its own comment defines it, but
 * over all CPUs at once, where the kernel sums up per CPU.
 */
import type { Nanoseconds } from '../units.ts';
import type { PressureSource } from './readings.ts';

export const PSI_PERIOD: Nanoseconds = 2_000_000_000;
const FIXED_1 = 2048;
const EXPONENTS = { avg10: 1677, avg60: 1981, avg300: 2034 } as const;

interface Averages {
  total: Nanoseconds;
  lastTotal: Nanoseconds;
  avg10: number;
  avg60: number;
  avg300: number;
}

const fresh = (): Averages => ({ total: 0, lastTotal: 0, avg10: 0, avg60: 0, avg300: 0 });

export class Pressure implements PressureSource {
  readonly some = fresh();
  readonly full = fresh();
  private readonly cpus: number;
  /** Tasks that have something to do: running, ready, or waiting for I/O. */
  private nonidle = 0;
  /** Of these, waiting for memory; and getting on with their own work. */
  private delayed = 0;
  private productive = 0;
  private time: Nanoseconds = 0;
  // Changes not yet counted, by time, in a ring. Tasks run ahead of each other by a quantum, so a change may come before one noted earlier.
  private times = new Float64Array(64);
  private changes = new Uint8Array(64);
  private head = 0;
  private noted = 0;

  constructor(cpus: number) {
    this.cpus = cpus;
  }

  /** At `time` so many more tasks are non-idle, delayed, productive. */
  change(time: Nanoseconds, nonidle: number, delayed: number, productive: number): void {
    if (this.noted === this.times.length) this.grow();
    const { times, changes, head } = this;
    const mask = times.length - 1;
    const packed = ((nonidle + 1) << 4) | ((delayed + 1) << 2) | (productive + 1);
    let at = head + this.noted++;
    // Mostly a few places from the end, for threads that sleep.
    while (at > head && times[(at - 1) & mask] > time) {
      times[at & mask] = times[(at - 1) & mask];
      changes[at & mask] = changes[(at - 1) & mask];
      at--;
    }
    times[at & mask] = time;
    changes[at & mask] = packed;
  }

  /** Counts up to `now`: no change before it will be noted any more. */
  settle(now: Nanoseconds): void {
    const { times, changes } = this;
    const mask = times.length - 1;
    while (this.noted > 0 && times[this.head] <= now) {
      const time = times[this.head];
      if (time > this.time) this.pass(time);
      const packed = changes[this.head];
      this.head = (this.head + 1) & mask;
      this.noted--;
      this.nonidle += (packed >> 4) - 1;
      this.delayed += ((packed >> 2) & 3) - 1;
      this.productive += (packed & 3) - 1;
    }
    if (now > this.time) this.pass(now);
  }

  private grow(): void {
    const n = this.times.length;
    const times = new Float64Array(2 * n);
    const changes = new Uint8Array(2 * n);
    for (let i = 0; i < n; i++) {
      times[i] = this.times[(this.head + i) & (n - 1)];
      changes[i] = this.changes[(this.head + i) & (n - 1)];
    }
    this.times = times;
    this.changes = changes;
    this.head = 0;
  }

  /** Time passes up to `time`, which is later than that counted so far. */
  private pass(time: Nanoseconds): void {
    const elapsed = time - this.time;
    this.time = time;
    if (this.delayed <= 0) return;
    const threads = Math.max(1, Math.min(this.nonidle, this.cpus));
    const some = Math.min(this.delayed, threads);
    // Tasks that wait for other I/O keep a processor from being productive, but make nobody's wait one for memory.
    const full = Math.min(some, threads - Math.min(this.productive, threads));
    this.some.total += Math.floor((elapsed * some) / threads);
    this.full.total += Math.floor((elapsed * full) / threads);
  }

  /** Every PSI_PERIOD, after settling. */
  average(): void {
    for (const kind of [this.some, this.full]) {
      const stalled = Math.min(kind.total - kind.lastTotal, PSI_PERIOD);
      kind.lastTotal = kind.total;
      const percent = Math.floor((stalled * 100) / PSI_PERIOD) * FIXED_1;
      kind.avg10 = decayed(kind.avg10, EXPONENTS.avg10, percent);
      kind.avg60 = decayed(kind.avg60, EXPONENTS.avg60, percent);
      kind.avg300 = decayed(kind.avg300, EXPONENTS.avg300, percent);
    }
  }

  levels(): Readonly<Record<string, number>> {
    const { some, full } = this;
    return {
      'memory.pressure.some.avg10': shown(some.avg10),
      'memory.pressure.some.avg60': shown(some.avg60),
      'memory.pressure.some.avg300': shown(some.avg300),
      'memory.pressure.some.total': some.total,
      'memory.pressure.full.avg10': shown(full.avg10),
      'memory.pressure.full.avg60': shown(full.avg60),
      'memory.pressure.full.avg300': shown(full.avg300),
      'memory.pressure.full.total': full.total,
    };
  }
}

/** One step of an exponential average in 11-bit fixed point; a rising average is rounded up, as the kernel's load average is. */
export function decayed(average: number, exponent: number, now: number): number {
  const sum = average * exponent + now * (FIXED_1 - exponent);
  return Math.floor((now >= average ? sum + FIXED_1 - 1 : sum) / FIXED_1);
}

/** Percent with the two digits that /proc/pressure shows. */
const shown = (average: number): number => Math.floor((average * 100) / FIXED_1) / 100;
