/**
 * Gauges and counters over time. Samples are taken at moments that depend on the plan alone, never on how the run is cut into batches. When
 * the buffer is full, levels are reduced min–max (spikes survive) and rises are thinned (their sum survives), and the interval doubles.
 */
import { decimateMinMax } from '../analysis/decimate.ts';

/** Samples kept before the buffer is halved. */
const CAPACITY = 2048;
/** Windows that ratios over time are told for. */
const MAX_WINDOWS = 500;

interface Level {
  t: Float64Array;
  y: Float64Array;
  n: number;
}

export class Sampler {
  /** Doubles with each halving: the driver multiplies its own interval by it. */
  thinning = 1;
  private readonly levels: Level[];
  private readonly rises: Float64Array[];
  private readonly times = new Float64Array(CAPACITY);
  private n = 0;
  private halvings = 0;
  private last = -1;

  constructor(levels: number, rises: number) {
    const column = () => new Float64Array(CAPACITY + 2);
    this.levels = Array.from({ length: levels }, () => ({ t: column(), y: column(), n: 0 }));
    this.rises = Array.from({ length: rises }, () => new Float64Array(CAPACITY));
  }

  /** One sample of everything. At one moment only the last counts. */
  record(time: number, levels: Float64Array, rises: Float64Array): void {
    if (time === this.last) {
      for (let i = 0; i < this.levels.length; i++) this.levels[i].y[this.levels[i].n - 1] = levels[i];
      for (let i = 0; i < this.rises.length; i++) this.rises[i][this.n - 1] = rises[i];
      return;
    }
    if (this.n === CAPACITY) this.halve();
    this.last = time;
    for (let i = 0; i < this.levels.length; i++) {
      const level = this.levels[i];
      level.t[level.n] = time;
      level.y[level.n] = levels[i];
      level.n++;
    }
    for (let i = 0; i < this.rises.length; i++) this.rises[i][this.n] = rises[i];
    this.times[this.n++] = time;
  }

  private halve(): void {
    for (const level of this.levels) {
      const few = decimateMinMax(level.t.subarray(0, level.n), level.y.subarray(0, level.n), CAPACITY / 2);
      level.t.set(few.t);
      level.y.set(few.y);
      level.n = few.t.length;
    }
    const kept = this.n >> 1;
    for (const column of [this.times, ...this.rises]) for (let i = 0; i < kept; i++) column[i] = column[2 * i + 1];
    this.n = kept;
    this.thinning *= 2;
    this.halvings++;
  }

  get decimated(): boolean {
    return this.halvings > 0;
  }

  level(i: number, points: number): { t: Float64Array; y: Float64Array } {
    const { t, y, n } = this.levels[i];
    return decimateMinMax(t.subarray(0, n), y.subarray(0, n), points);
  }

  /** A column of totals as sampled. */
  total(i: number, points: number): { t: Float64Array; y: Float64Array } {
    return decimateMinMax(this.times.subarray(0, this.n), this.rises[i].subarray(0, this.n), points);
  }

  /**
   * What `of` makes of the rises in each of at most `MAX_WINDOWS` windows; windows it can't tell (NaN) are left out. A window's value stands
   * at its end.
   */
  windows(of: (rise: (column: number) => number, elapsed: number) => number): { t: Float64Array; y: Float64Array } {
    const t: number[] = [];
    const y: number[] = [];
    const count = Math.min(MAX_WINDOWS, this.n);
    // Before the first sample stands zero: everything counts from the start of the run.
    const at = (column: Float64Array, i: number) => (i < 0 ? 0 : column[i]);
    let from = -1;
    for (let w = 0; w < count; w++) {
      const to = Math.floor(((w + 1) * this.n) / count) - 1;
      const start = from;
      const value = of(
        (column) => this.rises[column][to] - at(this.rises[column], start),
        this.times[to] - at(this.times, start),
      );
      if (!Number.isNaN(value)) {
        t.push(this.times[to]);
        y.push(value);
      }
      from = to;
    }
    return { t: Float64Array.from(t), y: Float64Array.from(y) };
  }
}
