/** Gauges over simulated time: one panel per metric with one line per variant; stacked areas get one panel per variant instead. */
import type { MetricRef } from '../plan.ts';
import type { EventRecord, PointReport } from '../report.ts';
import type { Annotation, AxisModel, ChartModel, SeriesModel } from './chart-model.ts';
import { styleOf } from './chart-model.ts';
import { metricInfo, metricText, seriesOf } from './metrics.ts';
import type { PlotContext } from './panel.ts';
import { metricTitle, numberAxis, panel, selectedPoints, shareValueAxes, shareX, valueAxis } from './panel.ts';
import type { VariantRow } from './variants.ts';
import { workAt } from './work.ts';
import { KERNEL_CRASH } from '../tables/placement-rules.ts';

interface Row {
  readonly variant: VariantRow;
  readonly point: PointReport;
}

export function overTime(context: PlotContext): ChartModel[] {
  const { plot } = context;
  if (plot.as === 'area') return areas(context);
  const { rows, picks, subtitle } = selectedPoints(context);
  const single = rows.length === 1 && plot.metrics.length > 1 && sameUnit(context, plot.metrics);
  if (single) return [metricsTogether(context, rows[0])];
  const panels = plot.metrics.map((metric, i) => {
    const missing: string[] = [];
    const series: SeriesModel[] = [];
    for (const { variant, point } of rows) {
      const found = seriesOf(metric, point);
      if (!found || found.t.length === 0) missing.push(variant.label);
      else {
        const { key, label, style } = variant;
        series.push({ key, label, style, unit: found.unit, x: along(context, point, found.t), y: found.y });
      }
    }
    const unit = series[0]?.unit ?? metricInfo(context.report, metric.name).unit;
    return panel(context, {
      kind: 'line',
      panel: i,
      title: `${metricTitle(context.report, metric)} ${overText(context)}`,
      metrics: [metric],
      x: xAxis(context, series, rows),
      y: valueAxis(
        metricTitle(context.report, metric),
        unit,
        series.map((s) => s.y),
      ),
      series,
      picks,
      subtitle,
      annotations: annotationsOf(
        context,
        rows.filter((row) => series.some((s) => s.key === row.variant.key)),
      ),
      notes: missingNote(metric, missing, rows.length),
    });
  });
  return shareValueAxes(panels);
}

const sameUnit = (context: PlotContext, metrics: readonly MetricRef[]): boolean =>
  new Set(metrics.map((m) => metricInfo(context.report, m.name).unit)).size === 1;

/** Times as they are, or the accesses done by then. */
const along = (context: PlotContext, point: PointReport, t: Float64Array): Float64Array =>
  context.options.work ? workAt(point, t) : t;

const overText = (context: PlotContext): string => (context.options.work ? 'by accesses done' : 'over time');

/** Starts at zero; all panels of a plot end with the longest run. */
function xAxis(context: PlotContext, series: readonly SeriesModel[], rows: readonly Row[]): AxisModel {
  const ends = rows.map(({ point }) => along(context, point, Float64Array.of(point.time))[0]);
  // Times and work ascend: their ends are their extremes.
  const columns = [[0, ...ends], ...series.map(({ x }) => [x[0], x[x.length - 1]])];
  return context.options.work ? numberAxis('accesses', 'count', columns) : numberAxis('time', 'ns', columns);
}

function missingNote(metric: MetricRef, missing: readonly string[], of: number): string[] {
  if (missing.length === 0) return [];
  if (missing.length === of) return [`${metricText(metric)} was not sampled over time.`];
  return [`${missing.join(', ')}: no ${metricText(metric)} there.`];
}

/** With a single variant, metrics of one unit share a chart: their relation is the point. */
function metricsTogether(context: PlotContext, { variant, point }: Row): ChartModel {
  const { report, plot } = context;
  const { picks, subtitle } = selectedPoints(context);
  const notes: string[] = [];
  const series = plot.metrics.flatMap((metric, i): SeriesModel[] => {
    const found = seriesOf(metric, point);
    if (!found) {
      notes.push(...missingNote(metric, [variant.label], 1));
      return [];
    }
    const name = metricText(metric);
    return [
      { key: name, label: name, style: styleOf(i), unit: found.unit, x: along(context, point, found.t), y: found.y },
    ];
  });
  const unit = series[0]?.unit ?? metricInfo(report, plot.metrics[0].name).unit;
  return panel(context, {
    kind: 'line',
    panel: 0,
    title: `${plot.metrics.map((m) => metricTitle(report, m)).join(', ')} ${overText(context)}`,
    metrics: plot.metrics,
    x: xAxis(context, series, [{ variant, point }]),
    y: valueAxis(
      unit,
      unit,
      series.map((s) => s.y),
    ),
    series,
    picks,
    subtitle,
    annotations: annotationsOf(context, [{ variant, point }], series[0]?.key),
    notes,
  });
}

/** Stacked areas: metrics are parts of a whole, so each variant has a panel of its own. Limits are lines over the stack. */
function areas(context: PlotContext): ChartModel[] {
  const { report, plot } = context;
  const { rows, picks, subtitle } = selectedPoints(context);
  const isLimit = (metric: MetricRef) => metricInfo(report, metric.name).limit === true;
  const parts = plot.metrics.filter((metric) => !isLimit(metric));
  const limits = plot.metrics.filter(isLimit);
  const titles = (metrics: readonly MetricRef[]) => metrics.map((m) => metricTitle(report, m)).join(', ');
  const title = `${titles(parts)} ${overText(context)}${limits.length > 0 ? `, against ${titles(limits)}` : ''}`;
  const panels = rows.map(({ variant, point }, index) => {
    const found = [...parts, ...limits].map((metric) => ({ metric, column: seriesOf(metric, point) }));
    const t = union(found.flatMap(({ column }) => (column ? [column.t] : [])));
    const x = along(context, point, t);
    const notes: string[] = [];
    const series = found.flatMap(({ metric, column }, i): SeriesModel[] => {
      if (!column) {
        notes.push(...missingNote(metric, [variant.label], 1));
        return [];
      }
      const name = metricText(metric);
      const overlay = i >= parts.length;
      const y = resample(column.t, column.y, t);
      const shown = { key: name, label: name, unit: column.unit, x, y };
      return [
        overlay
          ? { ...shown, style: limitStyle(i - parts.length), overlay }
          : { ...shown, style: bandStyle(metric, i) },
      ];
    });
    const top = new Float64Array(x.length);
    for (const s of series)
      if (!s.overlay) for (let i = 0; i < top.length; i++) top[i] += Number.isNaN(s.y[i]) ? 0 : s.y[i];
    const unit = series[0]?.unit ?? '';
    return panel(context, {
      kind: 'area',
      panel: index,
      title: `${rows.length > 1 ? `${variant.label}: ` : ''}${title}`,
      metrics: plot.metrics,
      x: xAxis(context, series, rows),
      // A whole that is always the same needs no room above it.
      y: valueAxis(unit, unit, [top, ...series.filter((s) => s.overlay).map((s) => s.y)], 10),
      series,
      picks,
      subtitle,
      stacked: true,
      annotations: annotationsOf(context, [{ variant, point }], series[0]?.key),
      notes,
    });
  });
  return shareValueAxes(shareX(panels));
}

/** Limits stand out from any band: the strongest ink, dashed. */
const limitStyle = (i: number): SeriesModel['style'] => ({
  ...styleOf(i),
  slot: 6,
  dash: i % 2 === 0 ? [7, 4] : [2, 3],
});

/** Stacked bands are told apart by their order and edges; dashes would only be noise. What is free is what is left: no hue. */
const bandStyle = (metric: MetricRef, i: number): SeriesModel['style'] =>
  metric.name === 'nr_free_pages' ? { ...styleOf(i), slot: -1, dash: [] } : { ...styleOf(i), dash: [] };

/** All times at which any column has a sample, ascending, once each. */
function union(columns: readonly Float64Array[]): Float64Array {
  const all = new Set<number>();
  for (const column of columns) for (const t of column) all.add(t);
  return Float64Array.from(all).sort();
}

/** Values of (t, y) at the times `x`, on the line between neighbours; NaN outside. */
function resample(t: Float64Array, y: Float64Array, x: Float64Array): Float64Array {
  const out = new Float64Array(x.length).fill(NaN);
  let i = 0;
  for (let k = 0; k < x.length; k++) {
    const at = x[k];
    if (t.length === 0 || at < t[0] || at > t[t.length - 1]) continue;
    while (i + 1 < t.length && t[i + 1] <= at) i++;
    const next = Math.min(i + 1, t.length - 1);
    const width = t[next] - t[i];
    out[k] = width > 0 ? y[i] + ((y[next] - y[i]) * (at - t[i])) / width : y[i];
  }
  return out;
}

/** Few words for what its event says at length. */
function alarmLabel({ cycles = [] }: PointReport, { rule, subject, time }: EventRecord): string | undefined {
  if (/oom/.test(rule)) return `OOM: ${subject}`;
  if (rule === KERNEL_CRASH.id) return 'kernel crash';
  const cycle = cycles.find((c) => c.rule === rule && c.time === time);
  return cycle && `locked up, ${cycle.class}`;
}

/** More single events than this would hide the curves; only alarms are drawn then. */
const EVENTS_DRAWN = 12;

/** Phase starts (all but those at time zero) and noteworthy events. `key`: the series they belong to, when it is not the variant. */
function annotationsOf(context: PlotContext, rows: readonly Row[], key?: string): Annotation[] {
  const found = new Map<string, { label: string; tone: Annotation['tone']; at: { series: string; x: number }[] }>();
  const add = (id: string, label: string, tone: Annotation['tone'], series: string, x: number) => {
    const entry = found.get(id);
    if (entry) entry.at.push({ series, x });
    else found.set(id, { label, tone, at: [{ series, x }] });
  };
  for (const { variant, point } of rows) {
    const series = key ?? variant.key;
    const place = (time: number) => along(context, point, Float64Array.of(time))[0];
    const processes = new Set(point.phases.map((phase) => phase.process));
    for (const phase of point.phases) {
      if (phase.name === '' || phase.start <= 0) continue;
      const label = processes.size > 1 ? `${phase.process}: ${phase.name}` : phase.name;
      add(`phase ${label}`, label, 'phase', series, place(phase.start));
    }
    const isAlarm = (rule: string) => /(^|\.)(oom|kill|lockup|stuck|timeless|crash)(\.|$)/.test(rule);
    // Phase starts are drawn already, and a curve's end says that its program was over.
    const others = point.events.filter((e) => e.rule !== 'phase.start' && e.rule !== 'process.end');
    const events = others.filter((e) => isAlarm(e.rule) || others.length <= EVENTS_DRAWN);
    for (const event of events.slice(0, EVENTS_DRAWN)) {
      const tone = isAlarm(event.rule) ? 'alarm' : 'event';
      const label = alarmLabel(point, event) ?? (event.text || event.rule);
      add(`${event.rule} ${event.subject} ${label}`, label, tone, series, place(event.time));
    }
  }
  return [...found.values()];
}
