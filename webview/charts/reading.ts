/** What a chart says at a place: the nearest point of each series. Pure, so that pointer, keyboard and tests read alike. */
import type { AxisModel, ChartModel, SeriesModel } from '../../simulator/view/chart-model.ts';
import { formatValue } from '../../simulator/view/format.ts';

export interface Reading {
  readonly series: SeriesModel;
  readonly index: number;
  readonly x: number;
  readonly y: number;
}

/** Index of the value nearest to `at` in an ascending column. */
export function nearest(column: ArrayLike<number>, at: number): number {
  let low = 0;
  let high = column.length - 1;
  if (high < 0) return -1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (column[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low > 0 && at - column[low - 1] <= column[low] - at ? low - 1 : low;
}

/** The readings of all series at `at`, greatest first. A series says nothing beyond its ends. */
export function readingsAt(model: ChartModel, at: number): Reading[] {
  const readings: Reading[] = [];
  const slack = model.x.labels ? 0.5 : (model.x.max - model.x.min) * 0.01;
  for (const series of model.series) {
    if (model.kind === 'histogram' || model.kind === 'timeline') {
      series.x.forEach((from, index) => {
        const inside = at >= from && at < series.x2![index];
        if (inside) readings.push({ series, index, x: from, y: series.y[index] });
      });
      continue;
    }
    const index = nearest(series.x, at);
    if (index < 0 || Number.isNaN(series.y[index])) continue;
    const inside = at >= series.x[0] - slack && at <= series.x[series.x.length - 1] + slack;
    if (inside) readings.push({ series, index, x: series.x[index], y: series.y[index] });
  }
  return model.kind === 'area' || model.kind === 'timeline' ? readings : readings.sort((a, b) => b.y - a.y);
}

/** `pass 6`, `time 1.25 s`, `v3.15`. */
export function placeText(axis: AxisModel, at: number): string {
  if (axis.labels) return axis.labels[Math.round(at)] ?? '';
  const value = axis.unit === 'count' ? formatValue(Math.round(at), '') : formatValue(at, axis.unit);
  return `${axis.title} ${value}`;
}

export function readingText(model: ChartModel, reading: Reading): string {
  if (model.kind === 'timeline') {
    const span = `${formatValue(reading.x, 'ns')} – ${formatValue(reading.series.x2![reading.index], 'ns')}`;
    return `${model.y.labels?.[reading.y] ?? ''}, ${span}`;
  }
  return formatValue(reading.y, reading.series.unit);
}
