/** One number per variant, phase or axis value: bars side by side, or a line along a swept value. */
import type { MetricRef } from '../plan.ts';
import type { AxisModel, ChartModel, SeriesModel } from './chart-model.ts';
import { styleOf } from './chart-model.ts';
import { scaleFor } from './format.ts';
import { metricInfo, metricText, ofPhases, valueAt } from './metrics.ts';
import type { PlotContext } from './panel.ts';
import { categoryAxis, metricTitle, panel, selectedPoints, shareValueAxes, valueAxis } from './panel.ts';
import { picksFor } from './variants.ts';

/** `over variant`: one bar per variant. Metrics of one unit and several of them stand in one chart as groups. */
export function overVariant(context: PlotContext): ChartModel[] {
  const { report, plot } = context;
  const { rows, picks, subtitle } = selectedPoints(context);
  const labels = rows.map((row) => row.variant.label);
  const panels = plot.metrics.map((metric, i) => {
    const unit = metricInfo(report, metric.name).unit;
    // One series per variant, each with a single bar, so that colours and hiding work as everywhere else.
    const series = rows.map(({ variant, point }, at): SeriesModel => {
      const { key, label, style } = variant;
      const y = Float64Array.of(valueAt(metric, point) ?? NaN);
      return { key, label, style, unit, x: Float64Array.of(at), y };
    });
    return panel(context, {
      kind: plot.as === 'table' ? 'table' : 'bars',
      panel: i,
      title: `${metricTitle(report, metric)} by variant`,
      metrics: [metric],
      x: categoryAxis('variant', labels),
      y: valueAxis(
        metricTitle(report, metric),
        unit,
        series.map((s) => s.y),
      ),
      series,
      picks,
      subtitle,
      notes: unknownNote(metric, series),
    });
  });
  return shareValueAxes(panels);
}

export function overPhase(context: PlotContext): ChartModel[] {
  const { report, plot } = context;
  const { rows, picks, subtitle } = selectedPoints(context);
  const keys = new Map<string, { process: string; name: string }>();
  for (const { point } of rows) {
    for (const { process, name } of point.phases) keys.set(`${process}\n${name}`, { process, name });
  }
  const phases = [...keys.values()];
  const several = new Set(phases.map((p) => p.process)).size > 1;
  const labels = phases.map(({ process, name }) => (several ? `${process}: ${name || 'all'}` : name || process));
  const panels = plot.metrics.map((metric, i) => {
    const unit = metricInfo(report, metric.name).unit;
    const series = rows.map(({ variant, point }): SeriesModel => {
      const { key, label, style } = variant;
      const y = Float64Array.from(phases, (phase) => {
        const parts = point.phases.filter((p) => p.process === phase.process && p.name === phase.name);
        return ofPhases(metric, parts) ?? NaN;
      });
      return { key, label, style, unit, x: Float64Array.from(phases, (_, at) => at), y };
    });
    return panel(context, {
      kind: plot.as === 'table' ? 'table' : plot.as === 'line' ? 'line' : 'bars',
      panel: i,
      title: `${metricTitle(report, metric)} by phase`,
      metrics: [metric],
      x: categoryAxis('phase', labels),
      y: valueAxis(
        metricTitle(report, metric),
        unit,
        series.map((s) => s.y),
      ),
      series,
      picks,
      subtitle,
      notes: unknownNote(metric, series),
    });
  });
  return shareValueAxes(panels);
}

/** Along an axis of the experiment: `over server.memory`, `over reclaim`. */
export function overAxis(context: PlotContext, axisIndex: number): ChartModel[] {
  const { report, plot, dimensions, selection } = context;
  const axis = report.axes[axisIndex];
  if (axis.kind === 'compare' && dimensions.compares.length === 1) return overVariant(context);
  const { picks, indices, subtitle } = picksFor(report, dimensions, selection, axisIndex);
  const numeric = axis.values.every((v) => typeof v.value === 'number' && Number.isFinite(v.value));
  const at = (position: number) => (numeric ? (axis.values[position].value as number) : position);
  const others = groupsAlong(context, axisIndex);
  const units = new Set(plot.metrics.map((metric) => metricInfo(report, metric.name).unit));
  if (others.length === 1 && plot.metrics.length > 1 && units.size === 1 && numeric && plot.as !== 'table')
    return [metricsAlong(context, axisIndex, others[0].find)];
  const panels = plot.metrics.map((metric, i) => {
    const unit = metricInfo(report, metric.name).unit;
    const series = others.map(({ key, label, style, find }): SeriesModel => {
      const y = Float64Array.from(axis.values, (_, position) => {
        const point = find(position, indices);
        return (point && valueAt(metric, point)) ?? NaN;
      });
      return { key, label, style, unit, x: Float64Array.from(axis.values, (_, position) => at(position)), y };
    });
    return panel(context, {
      kind: plot.as === 'table' ? 'table' : plot.as === 'bars' || !numeric ? 'bars' : 'line',
      panel: i,
      title: `${metricTitle(report, metric)} by ${axis.name}`,
      metrics: [metric],
      x:
        numeric && plot.as !== 'bars'
          ? sweptAxis(
              axis.name,
              axis.unit,
              axis.values.map((v) => v.value as number),
            )
          : categoryAxis(
              axis.name,
              axis.values.map((v) => v.label),
            ),
      y: valueAxis(
        metricTitle(report, metric),
        unit,
        series.map((s) => s.y),
      ),
      series: plot.as === 'bars' ? series.map((s) => ({ ...s, x: Float64Array.from(s.x, (_, at) => at) })) : series,
      picks,
      subtitle,
      notes: unknownNote(metric, series),
    });
  });
  return shareValueAxes(panels);
}

/** With a single variant, metrics of one unit share a chart: how they compare is the point. */
function metricsAlong(
  context: PlotContext,
  axisIndex: number,
  find: ReturnType<typeof groupsAlong>[number]['find'],
): ChartModel {
  const { report, plot, dimensions, selection } = context;
  const axis = report.axes[axisIndex];
  const { picks, indices, subtitle } = picksFor(report, dimensions, selection, axisIndex);
  const values = axis.values.map((v) => v.value as number);
  const unit = metricInfo(report, plot.metrics[0].name).unit;
  const bars = plot.as === 'bars';
  const notes: string[] = [];
  const series = plot.metrics.map((metric, i): SeriesModel => {
    const name = metricText(metric);
    const y = Float64Array.from(values, (_, position) => {
      const point = find(position, indices);
      return (point && valueAt(metric, point)) ?? NaN;
    });
    if (y.every((v) => Number.isNaN(v))) notes.push(`The report has no value of ${name}.`);
    return {
      key: name,
      label: name,
      style: styleOf(i),
      unit,
      x: Float64Array.from(values, (v, at) => (bars ? at : v)),
      y,
    };
  });
  return panel(context, {
    kind: bars ? 'bars' : 'line',
    panel: 0,
    title: `${plot.metrics.map((metric) => metricTitle(report, metric)).join(', ')} by ${axis.name}`,
    metrics: plot.metrics,
    x: bars
      ? categoryAxis(
          axis.name,
          axis.values.map((v) => v.label),
        )
      : sweptAxis(axis.name, axis.unit, values),
    y: valueAxis(
      unit,
      unit,
      series.map((s) => s.y),
    ),
    series,
    picks,
    subtitle,
    notes,
  });
}

/** The lines of a chart along one axis: one per variant, or, along a compare axis, one per combination of the other compare axes. */
function groupsAlong(context: PlotContext, axisIndex: number) {
  const { report, dimensions } = context;
  const compareIndex = dimensions.compares.indexOf(axisIndex);
  if (compareIndex < 0) {
    const sweepIndex = dimensions.sweeps.indexOf(axisIndex);
    return dimensions.variants.map(({ key, label, style, ...rest }) => ({
      key,
      label,
      style,
      find: (position: number, indices: readonly number[]) =>
        context.find(
          { key, label, style, ...rest },
          indices.map((index, i) => (i === sweepIndex ? position : index)),
        ),
    }));
  }
  const others = dimensions.compares.filter((a) => a !== axisIndex);
  const keys = new Map<string, readonly number[]>();
  for (const variant of dimensions.variants) {
    const rest = variant.coordinates.filter((_, i) => i !== compareIndex);
    keys.set(rest.join(','), rest);
  }
  return [...keys.values()].map((rest, index) => {
    const label = rest.map((value, i) => report.axes[others[i]].values[value].label).join(' · ');
    return {
      key: label,
      label,
      style: styleOf(index),
      find: (position: number, indices: readonly number[]) => {
        const coordinates = [...rest];
        coordinates.splice(compareIndex, 0, position);
        const variant = dimensions.variants.find((v) => v.coordinates.join(',') === coordinates.join(','));
        return variant && context.find(variant, indices);
      },
    };
  });
}

function sweptAxis(name: string, unit: string, values: readonly number[]): AxisModel {
  const min = Math.min(...values);
  const max = Math.max(...values);
  const pad = max > min ? (max - min) * 0.03 : Math.abs(max) * 0.1 || 1;
  const scale = scaleFor(unit, max);
  const ticks = values.length <= 12 ? { ticks: [...values].sort((a, b) => a - b) } : {};
  return { title: name, unit, scale, min: min - pad, max: max + pad, ...ticks };
}

function unknownNote(metric: MetricRef, series: readonly SeriesModel[]): string[] {
  const empty = series.filter((s) => s.y.every((v) => Number.isNaN(v)));
  if (empty.length === 0) return [];
  const who = empty.length === series.length ? '' : ` for ${empty.map((s) => s.label).join(', ')}`;
  return [`The report has no value of ${metricText(metric)}${who}.`];
}
