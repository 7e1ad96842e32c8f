/** How much of each interval something was busy. Intervals double when there are too many, so memory is bounded and nothing is lost. */
import type { Nanoseconds } from '../units.ts';

const BINS = 512;

export class BusyTime {
  total = 0;
  private readonly bins = new Float64Array(BINS);
  private width: Nanoseconds = 4096;

  /** Busy for `amount` in all between `from` and `to`, evenly. */
  add(from: Nanoseconds, to: Nanoseconds, amount: number): void {
    if (amount <= 0) return;
    this.total += amount;
    while (to > BINS * this.width) this.double();
    const { bins, width } = this;
    const first = Math.min(BINS - 1, Math.floor(from / width));
    const last = Math.min(BINS - 1, Math.floor(to / width));
    if (first === last || to <= from) {
      bins[first] += amount;
      return;
    }
    const rate = amount / (to - from);
    bins[first] += rate * ((first + 1) * width - from);
    for (let i = first + 1; i < last; i++) bins[i] += rate * width;
    bins[last] += rate * (to - last * width);
  }

  /** Share of each interval until `end`, with the times at which the intervals end. */
  shares(end: Nanoseconds): { t: Float64Array; y: Float64Array } {
    const { bins, width } = this;
    const n = Math.min(BINS, Math.ceil(end / width));
    const t = new Float64Array(n);
    const y = new Float64Array(n);
    for (let i = 0; i < n; i++) {
      t[i] = Math.min(end, (i + 1) * width);
      const length = t[i] - i * width;
      y[i] = length > 0 ? Math.min(1, bins[i] / length) : 0;
    }
    return { t, y };
  }

  /** Busy time until `end`: what was told of beyond it left out. */
  until(end: Nanoseconds): number {
    const { bins, width } = this;
    let sum = 0;
    for (let i = 0; i < BINS; i++) {
      const from = i * width;
      if (from >= end) break;
      sum += from + width <= end ? bins[i] : Math.min(bins[i], end - from);
    }
    return Math.min(sum, end);
  }

  private double(): void {
    const { bins } = this;
    for (let i = 0; i < BINS / 2; i++) bins[i] = bins[2 * i] + bins[2 * i + 1];
    bins.fill(0, BINS / 2);
    this.width *= 2;
  }
}
