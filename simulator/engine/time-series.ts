/** Which gauges, counters and measures are sampled over time, and the series that become of them. */
import { counterRows } from '../machine/counters.ts';
import type { Gauges } from '../machine/memory.ts';
import type { Series } from '../report.ts';
import { gauges as gaugeRows } from '../tables/gauges.ts';
import { measureByName, type MeasureInput } from '../tables/measures.ts';
import type { Nanoseconds } from '../units.ts';
import { counterAt, type Totals } from './readings.ts';
import { Sampler } from './sampler.ts';
import { isCounter } from './wanted.ts';

/** Rises that every sample has: accesses, hits, misses. */
const TOTALS = 3;

export class TimeSeries {
  readonly sampler: Sampler;
  private readonly wanted: ReadonlySet<string>;
  /** Whose rise is sampled: asked for, or needed for a measure that is. */
  private readonly counters: readonly string[];
  /** Measures of a moment, not of a stretch of time. */
  private readonly measures: readonly string[];
  private readonly levels: Float64Array;
  private readonly rises: Float64Array;

  /** `wanted`: names in plots over time. */
  constructor(wanted: ReadonlySet<string>) {
    this.wanted = wanted;
    const needed = new Set<string>();
    const measures: string[] = [];
    for (const name of wanted) {
      if (isCounter(name)) needed.add(name);
      const measure = measureByName(name);
      for (const need of measure?.needs ?? []) needed.add(need);
      if (measure?.level) measures.push(name);
    }
    this.counters = [...needed];
    this.measures = measures;
    this.levels = new Float64Array(gaugeRows.length + measures.length);
    this.rises = new Float64Array(TOTALS + this.counters.length);
    this.sampler = new Sampler(this.levels.length, this.rises.length);
  }

  /** `input` is asked for if a measure is. */
  sample(
    now: Nanoseconds,
    gauges: Gauges,
    totals: Totals,
    counters: Float64Array,
    baseline: Float64Array,
    input: () => MeasureInput,
  ): void {
    const { levels, rises } = this;
    let k = 0;
    for (const row of gaugeRows) levels[k++] = gauges[row.name];
    if (this.measures.length > 0) {
      const told = input();
      for (const name of this.measures) levels[k++] = measureByName(name)!.of(told);
    }
    rises[0] = totals.accesses;
    rises[1] = totals.hits;
    rises[2] = totals.misses;
    for (let i = 0; i < this.counters.length; i++) {
      const at = counterAt.get(this.counters[i])!;
      rises[TOTALS + i] = counters[at] - baseline[at];
    }
    this.sampler.record(now, levels, rises);
  }

  /** Of about as many points each. `hasLists`: the machine has what only kernels have. */
  series(points: number, hasLists: boolean): Series[] {
    return [...this.gaugeSeries(points, hasLists), ...this.measureSeries(points), ...this.riseSeries(points)];
  }

  private gaugeSeries(points: number, hasLists: boolean): Series[] {
    return gaugeRows.flatMap(({ name, unit, kernelOnly }, i) => {
      if (kernelOnly && !hasLists) return [];
      const { t, y } = this.sampler.level(i, points);
      return this.wanted.has(name) || y.some((value) => value !== 0) ? [{ name, unit, t, y }] : [];
    });
  }

  private measureSeries(points: number): Series[] {
    return this.measures.map((name, i) => {
      const { t, y } = this.sampler.level(gaugeRows.length + i, points);
      const known = Array.from(y.keys()).filter((k) => !Number.isNaN(y[k]));
      return {
        name,
        unit: measureByName(name)!.unit,
        t: Float64Array.from(known, (k) => t[k]),
        y: Float64Array.from(known, (k) => y[k]),
      };
    });
  }

  private riseSeries(points: number): Series[] {
    const out: Series[] = [];
    this.counters.forEach((name, i) => {
      if (!this.wanted.has(name)) return;
      const { unit } = counterRows[counterAt.get(name)!];
      out.push({ name, unit, ...this.sampler.total(TOTALS + i, points) });
    });
    for (const name of new Set(['hit-ratio', ...this.wanted])) {
      const measure = measureByName(name);
      if (!measure || measure.level) continue;
      const windows = this.sampler.windows((rise, elapsed) =>
        measure.of({
          accesses: rise(0),
          hits: rise(1),
          misses: rise(2),
          elapsed,
          counter: (counter) => rise(TOTALS + this.counters.indexOf(counter)),
        }),
      );
      if (windows.t.length > 0) out.push({ name, unit: measure.unit, ...windows });
    }
    return out;
  }
}
