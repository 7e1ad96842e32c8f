/** What every kind of chart needs while it is built: the report, its dimensions, the reader's selection; and axes made from data. */
import type { MetricRef, PlotSpec } from '../plan.ts';
import type { PointReport, Report } from '../report.ts';
import type { Annotation, AxisModel, ChartKind, ChartModel, Pick, SeriesModel } from './chart-model.ts';
import { scaleFor } from './format.ts';
import { metricInfo, metricText } from './metrics.ts';
import { sentenceFor } from './sentence.ts';
import { niceTicks } from './ticks.ts';
import type { Dimensions, Selection, VariantRow } from './variants.ts';
import { picksFor, pointFinder } from './variants.ts';

export interface ViewOptions {
  /** Charts over time run along the accesses done instead (work.ts). */
  readonly work?: boolean;
}

export interface PlotContext {
  readonly report: Report;
  readonly plot: PlotSpec;
  /** Position among the report's plots: first half of a chart's id. */
  readonly index: number;
  readonly dimensions: Dimensions;
  readonly selection: Selection;
  readonly options: ViewOptions;
  readonly find: (variant: VariantRow, sweepIndices: readonly number[]) => PointReport | undefined;
}

export const plotContext = (
  report: Report,
  plot: PlotSpec,
  index: number,
  dimensions: Dimensions,
  selection: Selection,
  options: ViewOptions,
): PlotContext => ({ report, plot, index, dimensions, selection, options, find: pointFinder(report, dimensions) });

/** The points at the selected sweep values, one per variant. */
export function selectedPoints(context: PlotContext): {
  readonly rows: readonly { readonly variant: VariantRow; readonly point: PointReport }[];
  readonly picks: readonly Pick[];
  readonly subtitle: string;
} {
  const { report, dimensions, selection } = context;
  const { picks, indices, subtitle } = picksFor(report, dimensions, selection);
  const rows: { variant: VariantRow; point: PointReport }[] = [];
  for (const variant of dimensions.variants) {
    const point = context.find(variant, indices);
    if (point) rows.push({ variant, point });
  }
  return { rows, picks, subtitle };
}

/** Least and greatest finite value of some columns; `null` when there is none. */
export function extent(columns: Iterable<ArrayLike<number>>): { readonly min: number; readonly max: number } | null {
  let min = Infinity;
  let max = -Infinity;
  for (const column of columns) {
    for (let i = 0; i < column.length; i++) {
      const v = column[i];
      // NaN fails both; infinities have no place on an axis.
      if (v < min && v !== -Infinity) min = v;
      if (v > max && v !== Infinity) max = v;
    }
  }
  return min <= max ? { min, max } : null;
}

/** A value axis: from zero, because areas and bars lie otherwise, to the next round number; shares end at 100 % when they come near. */
export function valueAxis(title: string, unit: string, columns: Iterable<ArrayLike<number>>, count = 4): AxisModel {
  const range = extent(columns) ?? { min: 0, max: 1 };
  const low = Math.min(0, range.min);
  const high = Math.max(range.max, 0);
  const scale = scaleFor(unit, Math.max(Math.abs(low), Math.abs(high)));
  if (unit === 'ratio' && low === 0 && high <= 1 && high > 0.5) return { title, unit, scale, min: 0, max: 1 };
  const ticks = niceTicks(low / scale.divide, high / scale.divide, count);
  return { title, unit, scale, min: ticks.min * scale.divide, max: ticks.max * scale.divide };
}

export function numberAxis(title: string, unit: string, columns: Iterable<ArrayLike<number>>): AxisModel {
  const range = extent(columns) ?? { min: 0, max: 1 };
  const max = range.max > range.min ? range.max : range.min + 1;
  return { title, unit, scale: scaleFor(unit, max), min: range.min, max };
}

export const categoryAxis = (title: string, labels: readonly string[]): AxisModel => ({
  title,
  unit: '',
  scale: { divide: 1, suffix: '' },
  labels,
  min: -0.5,
  max: labels.length - 0.5,
});

/** `Active file pages`, `File refaults in “B is hot”`. */
export function metricTitle(report: Report, metric: MetricRef): string {
  const info = metricInfo(report, metric.name);
  const phase = metric.phase === undefined ? '' : ` in “${metric.phase}”`;
  const object = metric.object === undefined ? '' : ` of ${metric.object}`;
  return info.title + phase + object;
}

function docOf(report: Report, metric: MetricRef): string {
  const { doc, kernel } = metricInfo(report, metric.name);
  return [doc, kernel === undefined ? '' : `(${kernel})`].filter((part) => part !== '').join(' ');
}

export interface PanelParts {
  readonly kind: ChartKind;
  readonly title: string;
  readonly metrics: readonly MetricRef[];
  readonly x: AxisModel;
  readonly y: AxisModel;
  readonly series: readonly SeriesModel[];
  readonly panel: number;
  readonly picks?: readonly Pick[];
  readonly subtitle?: string;
  readonly annotations?: readonly Annotation[];
  readonly notes?: readonly string[];
  readonly stacked?: boolean;
  readonly stepped?: boolean;
  readonly heatmap?: ChartModel['heatmap'];
  readonly flow?: ChartModel['flow'];
  readonly table?: ChartModel['table'];
}

export function panel(context: PlotContext, parts: PanelParts): ChartModel {
  const model: ChartModel = {
    id: `${context.index}.${parts.panel}`,
    kind: parts.kind,
    title: parts.title,
    names: parts.metrics.map(metricText),
    doc: parts.metrics.map((metric) => docOf(context.report, metric)).join('\n'),
    subtitle: parts.subtitle ?? '',
    stacked: parts.stacked ?? false,
    stepped: parts.stepped ?? false,
    x: parts.x,
    y: parts.y,
    series: parts.series,
    annotations: parts.annotations ?? [],
    picks: parts.picks ?? [],
    notes: parts.notes ?? [],
    sentence: '',
    ...(parts.heatmap ? { heatmap: parts.heatmap } : {}),
    ...(parts.flow ? { flow: parts.flow } : {}),
    ...(parts.table ? { table: parts.table } : {}),
  };
  return { ...model, sentence: sentenceFor(model) };
}

/** One x scale for all panels of a plot: durations are part of the comparison. */
export function shareX(panels: readonly ChartModel[]): ChartModel[] {
  const min = Math.min(...panels.map((p) => p.x.min));
  const max = Math.max(...panels.map((p) => p.x.max));
  return panels.map((p) => ({ ...p, x: { ...p.x, min, max, scale: scaleFor(p.x.unit, max) } }));
}

/** Panels of one plot whose values are of one unit and of like size share an axis, so that the eye may compare them. */
export function shareValueAxes(panels: readonly ChartModel[]): ChartModel[] {
  const tops = new Map<string, number>();
  for (const p of panels) tops.set(p.y.unit, Math.max(tops.get(p.y.unit) ?? 0, p.y.max));
  return panels.map((p) => {
    const top = tops.get(p.y.unit)!;
    // Stacks of one plot are one picture in parts: a sliver is the point.
    const near = p.kind === 'area' || top <= p.y.max * 8;
    if (!(p.y.max > 0 && p.y.min === 0 && !p.y.labels && near) || p.y.max === top) return p;
    const widest = panels.find((q) => q.y.unit === p.y.unit && q.y.max === top)!;
    return { ...p, y: { ...p.y, max: top, scale: widest.y.scale } };
  });
}
