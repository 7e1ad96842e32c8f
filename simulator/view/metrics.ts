/** Finds the figure that a metric reference names in a point's report: measures, counters, phase figures, last values of gauges. */
import type { MetricRef } from '../plan.ts';
import { metricValue, phasesValue } from '../engine/evaluate.ts';
import type { MetricInfo, PassReport, PhaseReport, PointReport, Report } from '../report.ts';

/** Figures that every phase and pass has by construction, so that they need no entry in the report's tables. */
const BUILT_IN: Readonly<Record<string, MetricInfo>> = {
  'hit-ratio': { title: 'Hit ratio', unit: 'ratio', doc: 'Accesses that found their page in memory, of all accesses.' },
  'miss-ratio': {
    title: 'Miss ratio',
    unit: 'ratio',
    doc: 'Accesses that did not find their page in memory, of all accesses.',
  },
  hits: { title: 'Hits', unit: 'pages', doc: 'Accesses that found their page in memory.' },
  misses: { title: 'Misses', unit: 'pages', doc: 'Accesses that did not find their page in memory.' },
  accesses: { title: 'Accesses', unit: 'pages', doc: 'Page accesses.' },
  time: { title: 'Simulated time', unit: 'ns', doc: 'Simulated time that passed.' },
};

export function metricInfo(report: Report, name: string): MetricInfo {
  return report.metrics[name] ?? BUILT_IN[name] ?? { title: name, unit: '', doc: '' };
}

/** As written in a `plot`: `workingset_refault_file("B is hot")`, `placement of scratch`. */
export function metricText(metric: MetricRef): string {
  const phase = metric.phase === undefined ? '' : `("${metric.phase}")`;
  const object = metric.object === undefined ? '' : ` of ${metric.object}`;
  return metric.name + phase + object;
}

/** Keys under which a figure of one object may be filed. */
const keysOf = (metric: MetricRef): string[] =>
  metric.object === undefined
    ? [metric.name]
    : [`${metric.name} of ${metric.object}`, `${metric.name}(${metric.object})`];

/** A figure of accesses, hits and misses alone: what passes and phases hold. */
export function ofAccesses(name: string, part: { accesses: number; hits: number; misses: number }): number | null {
  switch (name) {
    case 'accesses':
      return part.accesses;
    case 'hits':
      return part.hits;
    case 'misses':
      return part.misses;
    case 'hit-ratio':
      return part.accesses > 0 ? part.hits / part.accesses : null;
    case 'miss-ratio':
      return part.accesses > 0 ? part.misses / part.accesses : null;
    default:
      return null;
  }
}

export function ofPass({ name, object }: MetricRef, pass: PassReport): number | null {
  if (object !== undefined) return null; // passes tell no objects apart
  return name === 'time' ? pass.end - pass.start : (ofAccesses(name, pass) ?? pass.values?.[name] ?? null);
}

/** Phases of one name may belong to several processes: their figures add up. */
export function ofPhases(metric: MetricRef, phases: readonly PhaseReport[]): number | null {
  if (phases.length === 0) return null;
  if (metric.name === 'time') {
    const start = Math.min(...phases.map((p) => p.start));
    return Math.max(...phases.map((p) => p.end)) - start;
  }
  if (metric.object === undefined) {
    const sum = { accesses: 0, hits: 0, misses: 0 };
    for (const phase of phases) {
      sum.accesses += phase.accesses;
      sum.hits += phase.hits;
      sum.misses += phase.misses;
    }
    const direct = ofAccesses(metric.name, sum);
    if (direct !== null) return direct;
  }
  let total: number | null = null;
  for (const key of keysOf(metric)) {
    for (const phase of phases) {
      const value = phase.counters[key];
      if (value !== undefined) total = (total ?? 0) + value;
    }
  }
  if (total !== null || metric.object !== undefined) return total;
  return known(phasesValue(phases, metric.name));
}

const known = (value: number): number | null => (Number.isNaN(value) ? null : value);

/** The one number of `metric` at the end of a point, or of the phase it names. */
export function valueAt(metric: MetricRef, point: PointReport): number | null {
  if (metric.phase !== undefined) {
    return ofPhases(
      metric,
      point.phases.filter((phase) => phase.name === metric.phase),
    );
  }
  // Of an object the figure of the whole run, not the last of a series.
  const own = metric.object === undefined ? null : known(metricValue(point, metric));
  if (own !== null) return own;
  for (const key of keysOf(metric)) {
    const value = point.measures[key] ?? point.counters[key];
    if (value !== undefined) return value;
    const series = point.series.find((s) => s.name === key);
    if (series && series.y.length > 0) return series.y[series.y.length - 1];
  }
  if (metric.name === 'time') return point.time;
  return ofPhases(metric, point.phases) ?? known(metricValue(point, metric));
}

export const seriesOf = (metric: MetricRef, point: PointReport) =>
  keysOf(metric)
    .map((key) => point.series.find((s) => s.name === key))
    .find((s) => s !== undefined);

export const distributionOf = (metric: MetricRef, point: PointReport) =>
  keysOf(metric)
    .map((key) => point.distributions.find((d) => d.name === key))
    .find((d) => d !== undefined);
