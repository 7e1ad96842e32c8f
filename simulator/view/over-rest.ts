/** The rarer shapes: distributions, heat maps over two dimensions, timelines of spans. */
import type { ChartModel, SeriesModel } from './chart-model.ts';
import { styleOf } from './chart-model.ts';
import { distributionOf, metricInfo, metricText, valueAt } from './metrics.ts';
import type { PlotContext } from './panel.ts';
import { categoryAxis, metricTitle, numberAxis, panel, selectedPoints, shareX, valueAxis } from './panel.ts';
import { picksFor } from './variants.ts';
import { recoveryTimeline } from './recovery-timeline.ts';

export function distributions(context: PlotContext): ChartModel[] {
  const { report, plot } = context;
  const { rows, picks, subtitle } = selectedPoints(context);
  return plot.metrics.map((metric, i) => {
    const missing: string[] = [];
    const series = rows.flatMap(({ variant, point }): SeriesModel[] => {
      const found = distributionOf(metric, point);
      if (!found || found.counts.length === 0) {
        missing.push(variant.label);
        return [];
      }
      const { key, label, style } = variant;
      return [
        { key, label, style, unit: 'count', x: found.edges.slice(0, -1), x2: found.edges.slice(1), y: found.counts },
      ];
    });
    const unit = rows.map(({ point }) => distributionOf(metric, point)?.unit).find((u) => u !== undefined);
    return panel(context, {
      kind: 'histogram',
      panel: i,
      title: `Distribution of ${metricTitle(report, metric)}`,
      metrics: [metric],
      x: numberAxis(
        metricTitle(report, metric),
        unit ?? metricInfo(report, metric.name).unit,
        series.flatMap((s) => [s.x, s.x2!]),
      ),
      y: valueAxis(
        'count',
        'count',
        series.map((s) => s.y),
      ),
      series,
      picks,
      subtitle,
      stepped: true,
      notes:
        missing.length > 0
          ? [
              `No distribution of ${metricText(metric)} was recorded${missing.length < rows.length ? ` for ${missing.join(', ')}` : ''}.`,
            ]
          : [],
    });
  });
}

/** Rows are variants (or the values of a second sweep), columns the values of the first sweep. */
export function heatmaps(context: PlotContext): ChartModel[] {
  const { report, plot, dimensions, selection } = context;
  const columnAxis = dimensions.sweeps[0];
  if (columnAxis === undefined) return [];
  const rowAxis = dimensions.sweeps[1];
  const { indices } = picksFor(report, dimensions, selection);
  const columns = report.axes[columnAxis].values.map((v) => v.label);
  const panels: ChartModel[] = [];
  const add = (
    metricIndex: number,
    who: string,
    rows: readonly string[],
    valueOf: (row: number, column: number) => number,
  ) => {
    const metric = plot.metrics[metricIndex];
    const values = new Float64Array(rows.length * columns.length);
    for (let r = 0; r < rows.length; r++)
      for (let c = 0; c < columns.length; c++) values[r * columns.length + c] = valueOf(r, c);
    const unit = metricInfo(report, metric.name).unit;
    panels.push(
      panel(context, {
        kind: 'heatmap',
        panel: panels.length,
        title: `${who}${metricTitle(report, metric)} by ${report.axes[columnAxis].name}`,
        metrics: [metric],
        x: categoryAxis(report.axes[columnAxis].name, columns),
        y: valueAxis(metricTitle(report, metric), unit, [values]),
        series: [],
        heatmap: { rows, columns, values },
      }),
    );
  };
  plot.metrics.forEach((metric, m) => {
    if (rowAxis === undefined) {
      const labels = dimensions.variants.map((v) => v.label);
      add(m, '', labels, (r, c) => {
        const point = context.find(dimensions.variants[r], replaced(indices, 0, c));
        return (point && valueAt(metric, point)) ?? NaN;
      });
      return;
    }
    for (const variant of dimensions.variants) {
      const who = dimensions.variants.length > 1 ? `${variant.label}: ` : '';
      const labels = report.axes[rowAxis].values.map((v) => v.label);
      add(m, who, labels, (r, c) => {
        const point = context.find(variant, replaced(replaced(indices, 0, c), 1, r));
        return (point && valueAt(metric, point)) ?? NaN;
      });
    }
  });
  return panels;
}

const replaced = (list: readonly number[], at: number, value: number): number[] =>
  list.map((v, i) => (i === at ? value : v));

/** Who used what when: lanes are resources, one panel per variant. */
export function timelines(context: PlotContext): ChartModel[] {
  const recovering = recoveryTimeline(context);
  if (recovering) return [recovering];
  const { rows, picks, subtitle } = selectedPoints(context);
  const panels = rows.map(({ variant, point }, index) => {
    const lanes = [...new Set(point.spans.map((span) => span.resource))];
    const names = [...new Set(point.spans.map((span) => span.name))];
    const series = names.map((name, i): SeriesModel => {
      const spans = point.spans.filter((span) => span.name === name);
      return {
        key: name,
        label: name,
        style: { ...styleOf(i), dash: [] },
        unit: '',
        x: Float64Array.from(spans, (s) => s.start),
        x2: Float64Array.from(spans, (s) => s.end),
        y: Float64Array.from(spans, (s) => lanes.indexOf(s.resource)),
      };
    });
    const who = rows.length > 1 ? `${variant.label}: ` : '';
    return panel(context, {
      kind: 'timeline',
      panel: index,
      title: `${who}Timeline`,
      metrics: context.plot.metrics,
      x: numberAxis('time', 'ns', [[0, point.time], ...series.map((s) => s.x2!)]),
      y: categoryAxis('resource', lanes),
      series,
      picks,
      subtitle,
      notes: lanes.length === 0 ? [`${variant.label} recorded no spans.`] : [],
    });
  });
  return shareX(panels);
}
