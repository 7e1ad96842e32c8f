/** What remains of charts when series are hidden or a part of x is chosen: fewer lines, and value axes that fit those that are left. */
import type { ChartModel } from './chart-model.ts';
import { shareValueAxes, valueAxis } from './panel.ts';
import { sentenceFor } from './sentence.ts';

export function withoutHidden(models: readonly ChartModel[], hidden: ReadonlySet<string>): ChartModel[] {
  if (hidden.size === 0) return [...models];
  const kept = models.map((model) => {
    const series = model.series.filter((s) => !hidden.has(s.key));
    if (series.length === model.series.length || model.heatmap || model.table) return model;
    const fewer: ChartModel = {
      ...model,
      series,
      annotations: model.annotations
        .map((a) => ({ ...a, at: a.at.filter((place) => !hidden.has(place.series)) }))
        .filter((a) => a.at.length > 0),
      y: model.stacked || model.y.labels ? model.y : fit(model, series),
    };
    return { ...fewer, sentence: sentenceFor(fewer) };
  });
  const plots = new Map<string, ChartModel[]>();
  for (const model of kept) {
    const plot = model.id.slice(0, model.id.indexOf('.'));
    plots.set(plot, [...(plots.get(plot) ?? []), model]);
  }
  return [...plots.values()].flatMap((panels) => shareValueAxes(panels));
}

function fit(model: ChartModel, series: ChartModel['series']): ChartModel['y'] {
  const axis = valueAxis(
    model.y.title,
    model.y.unit,
    series.map((s) => s.y),
  );
  return { ...model.y, scale: axis.scale, min: axis.min, max: axis.max };
}

/** The charts that show the same x: they zoom, and carry the crosshair, together. Categories and unlike quantities stand alone. */
export const xKey = (model: ChartModel): string | null =>
  model.x.labels ||
  model.kind === 'heatmap' ||
  model.kind === 'graph' ||
  model.kind === 'flow' ||
  model.kind === 'table'
    ? null
    : `${model.x.title} ${model.x.unit}${model.kind === 'histogram' ? ` ${model.names.join()}` : ''}`;

export type Range = readonly [number, number];

/** The chart within a part of its x axis. */
export function zoomed(model: ChartModel, range: Range | undefined): ChartModel {
  if (!range) return model;
  return { ...model, x: { ...model.x, min: range[0], max: range[1] } };
}
