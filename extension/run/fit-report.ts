/**
 * A report small enough to send to a notebook output: series that no plot names are thinned first, then all, min–max, so that spikes
 * survive; last, those that no plot names are left out. What was done is said in its warnings. The full report stays with the extension.
 */
import type { PointReport, Report, Series } from '../../simulator/report.ts';

export const OUTPUT_LIMIT = 256 * 1024;

/** Points per series: [named by a plot, others]. Tried in turn until it fits; 0 leaves the series out. */
const STEPS: readonly (readonly [number, number])[] = [
  [Infinity, 256],
  [1024, 64],
  [512, 0],
  [256, 0],
  [128, 0],
];

export function fitReport(
  report: Report,
  encode: (report: Report) => Uint8Array,
  limit = OUTPUT_LIMIT,
): { readonly report: Report; readonly bytes: Uint8Array } {
  const overTime = report.plots.filter(({ over, as }) => over === 'time' || as === 'area');
  const plotted = new Set(overTime.flatMap(({ metrics }) => metrics.map(({ name }) => name)));
  let fitted = report;
  let bytes: Uint8Array | undefined;
  // What is too large by its curves alone need not be written out to see it.
  if (curveBytes(report, plotted, Infinity, Infinity) <= limit) {
    bytes = encode(report);
    if (bytes.byteLength <= limit) return { report, bytes };
  }
  for (const [named, others] of STEPS) {
    const last = named === STEPS[STEPS.length - 1][0];
    if (!last && curveBytes(report, plotted, named, others) > limit) continue;
    const points = report.points.map((point) => thinPoint(point, plotted, named, others));
    const warning = `Shown with fewer samples per curve than were computed, to keep the notebook quick${others === 0 ? '; curves that no plot names are left out' : ''}. Exports have them all.`;
    fitted = { ...report, points, warnings: [...report.warnings, warning] };
    bytes = encode(fitted);
    if (bytes.byteLength <= limit) break;
  }
  return { report: fitted, bytes: bytes! };
}

/** Bytes of the samples once thinned, or somewhat less. */
function curveBytes(report: Report, plotted: ReadonlySet<string>, named: number, others: number): number {
  let samples = 0;
  for (const { series } of report.points)
    for (const { name, t } of series) {
      const most = plotted.has(name) ? named : others;
      // a slice that is flat keeps one sample instead of two
      samples += t.length <= most ? t.length : most / 2;
    }
  return samples * 2 * Float64Array.BYTES_PER_ELEMENT;
}

function thinPoint(point: PointReport, plotted: ReadonlySet<string>, named: number, others: number): PointReport {
  const series = point.series.flatMap((one) => {
    const most = plotted.has(one.name) ? named : others;
    return most === 0 ? [] : [thin(one, most)];
  });
  return { ...point, series };
}

/** At most `most` samples: the first, the last, and the lowest and highest of each equal slice in between, in order of time. */
export function thin(series: Series, most: number): Series {
  const n = series.t.length;
  if (n <= most) return series;
  const slices = Math.max(1, Math.floor((most - 2) / 2));
  const t = new Float64Array(2 * slices + 2);
  const y = new Float64Array(2 * slices + 2);
  let kept = 0;
  const keep = (i: number) => {
    t[kept] = series.t[i];
    y[kept++] = series.y[i];
  };
  keep(0);
  for (let slice = 0; slice < slices; slice++) {
    const from = 1 + Math.floor((slice * (n - 2)) / slices);
    const to = 1 + Math.floor(((slice + 1) * (n - 2)) / slices);
    let low = from;
    let high = from;
    for (let i = from + 1; i < to; i++) {
      if (series.y[i] < series.y[low]) low = i;
      if (series.y[i] > series.y[high]) high = i;
    }
    keep(Math.min(low, high));
    if (low !== high) keep(Math.max(low, high));
  }
  keep(n - 1);
  return { ...series, t: t.slice(0, kept), y: y.slice(0, kept) };
}
