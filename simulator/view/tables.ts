/** The same data as rows: a chart's table view and CSV, and the summary of a whole report. */
import type { PointReport, Report } from '../report.ts';
import type { ChartModel, DataTable, GraphModel, TableColumn } from './chart-model.ts';
import { formatNumber } from './format.ts';
import { metricInfo, valueAt } from './metrics.ts';
import { dimensionsOf } from './variants.ts';

/** x in the first column, one column per series; times at which a series has no sample stay empty. */
export function tableOf(model: ChartModel): DataTable {
  if (model.table) return model.table;
  if (model.kind === 'heatmap' && model.heatmap) return heatmapTable(model);
  if (model.kind === 'timeline') return timelineTable(model);
  if (model.kind === 'histogram') return histogramTable(model);
  if (model.graph) return graphTable(model.graph);
  const values = model.series.map((s) => {
    const byX = new Map<number, number>();
    for (let i = 0; i < s.x.length; i++) byX.set(s.x[i], s.y[i]);
    return byX;
  });
  const isBars = model.x.labels !== undefined && model.series.every((s) => s.x.length === 1);
  if (isBars) {
    // One bar per variant: two columns read better than a diagonal.
    return {
      columns: [
        { title: model.x.title, unit: '' },
        { title: model.y.title, unit: model.y.unit },
      ],
      rows: model.series.map((s) => [s.label, known(s.y[0])]),
    };
  }
  const xs = [...new Set(model.series.flatMap((s) => [...s.x]))].sort((a, b) => a - b);
  return {
    columns: [
      { title: model.x.title, unit: model.x.unit },
      ...model.series.map((s) => ({ title: s.label, unit: s.unit })),
    ],
    rows: xs.map((x) => [model.x.labels?.[x] ?? x, ...values.map((byX) => known(byX.get(x)))]),
  };
}

const known = (value: number | undefined): number | null => (value === undefined || Number.isNaN(value) ? null : value);

function heatmapTable(model: ChartModel): DataTable {
  const { rows, columns, values } = model.heatmap!;
  return {
    columns: [
      { title: model.heatmap!.rowTitle ?? '', unit: '' },
      ...columns.map((title) => ({ title, unit: model.y.unit })),
    ],
    rows: rows.map((row, r) => [row, ...columns.map((_, c) => known(values[r * columns.length + c]))]),
  };
}

function histogramTable(model: ChartModel): DataTable {
  const edges = new Map<string, { from: number; to: number }>();
  for (const s of model.series) s.x.forEach((from, i) => edges.set(`${from} ${s.x2![i]}`, { from, to: s.x2![i] }));
  const buckets = [...edges.values()].sort((a, b) => a.from - b.from || a.to - b.to);
  return {
    columns: [
      { title: 'from', unit: model.x.unit },
      { title: 'to', unit: model.x.unit },
      ...model.series.map((s) => ({ title: s.label, unit: 'count' })),
    ],
    rows: buckets.map(({ from, to }) => [
      from,
      to,
      ...model.series.map((s) => {
        const at = s.x.findIndex((x, i) => x === from && s.x2![i] === to);
        return at < 0 ? null : known(s.y[at]);
      }),
    ]),
  };
}

function timelineTable(model: ChartModel): DataTable {
  const rows: (number | string | null)[][] = [];
  for (const s of model.series)
    s.x.forEach((from, i) => rows.push([model.y.labels?.[s.y[i]] ?? '', s.label, from, s.x2![i]]));
  rows.sort((a, b) => (a[2] as number) - (b[2] as number));
  return {
    columns: [
      { title: 'resource', unit: '' },
      { title: 'span', unit: '' },
      { title: 'from', unit: 'ns' },
      { title: 'to', unit: 'ns' },
    ],
    rows,
  };
}

function graphTable({ nodes, cycle }: GraphModel): DataTable {
  const columns = ['who', 'waits for', 'which is up to', 'has', 'in the circle'].map((title) => ({ title, unit: '' }));
  const rows = nodes.map((node, i) => [
    node.label,
    node.waitsFor,
    nodes[node.on].label,
    node.holds === '' ? '–' : node.holds,
    i < cycle ? 'yes' : 'no',
  ]);
  return { columns, rows };
}

export interface ShownTable extends DataTable {
  /** Says what was left out; empty when everything is there. */
  readonly note: string;
}

/**
 * At most `limit` rows, for reading. Series that were sampled at different times would make a table of holes: such a table shows even steps, with
 * each series' last sample at or before the time.
 */
export function shownTable(model: ChartModel, limit = 200): ShownTable {
  const curves = (model.kind === 'line' || model.kind === 'area') && model.x.labels === undefined;
  const places = curves ? new Set(model.series.flatMap((s) => [...s.x])).size : 0;
  if (places <= limit) {
    const table = tableOf(model);
    if (table.rows.length <= limit) return { ...table, note: '' };
    const note = `The first ${limit} of ${formatNumber(table.rows.length)} rows; the CSV file has all.`;
    return { ...table, rows: table.rows.slice(0, limit), note };
  }
  const steps = Math.min(limit, 50);
  const cursors = model.series.map(() => 0);
  const rows = Array.from({ length: steps + 1 }, (_, k) => {
    const x = Math.round(model.x.min + ((model.x.max - model.x.min) * k) / steps);
    return [
      x,
      ...model.series.map((s, i) => {
        while (cursors[i] + 1 < s.x.length && s.x[cursors[i] + 1] <= x) cursors[i]++;
        const before = s.x.length === 0 || s.x[cursors[i]] > x;
        const after = s.x.length > 0 && x > s.x[s.x.length - 1];
        return before || after ? null : known(s.y[cursors[i]]);
      }),
    ];
  });
  const note = `Last samples at even steps; the CSV file has all ${formatNumber(places)} times.`;
  const columns = [
    { title: model.x.title, unit: model.x.unit },
    ...model.series.map((s) => ({ title: s.label, unit: s.unit })),
  ];
  return { columns, rows, note };
}

const SIMULATED_TIME = 'simulated time';

interface SummaryColumn {
  readonly title: string;
  readonly unit: string;
  readonly of: readonly string[];
}

/** What the summary shows of runs that were held back while writing: nothing is a hit there. */
const WRITING: readonly SummaryColumn[] = [
  { title: 'throughput', unit: 'bytes/s', of: ['throughput'] },
  { title: 'throttled', unit: 'ns', of: ['throttle-time'] },
  { title: 'most temporary', unit: 'pages', of: ['most-temporary'] },
];

/** What the summary shows of each point; refaults and activations of both kinds of memory together. */
const SUMMARY: readonly SummaryColumn[] = [
  { title: 'hit ratio', unit: 'ratio', of: ['hit-ratio'] },
  { title: 'misses', unit: 'pages', of: ['misses'] },
  { title: 'refaults', unit: 'pages', of: ['workingset_refault_file', 'workingset_refault_anon'] },
  { title: 'activations', unit: 'pages', of: ['pgactivate'] },
  { title: 'wrong node', unit: 'pages', of: ['wrong-node'] },
  { title: 'device faults', unit: 'events', of: ['device-faults'] },
  { title: 'over the link', unit: 'bytes', of: ['h2d.bytes', 'd2h.bytes'] },
  { title: SIMULATED_TIME, unit: 'ns', of: ['time'] },
];

/** The same of a crash and the way back. */
const RECOVERING: readonly SummaryColumn[] = [
  { title: 'time to service', unit: 'ns', of: ['time-to-service'] },
  { title: 'slack', unit: 'ns', of: ['slack'] },
  { title: 'teardown', unit: 'ns', of: ['teardown-time'] },
  { title: 'latent debt', unit: 'ns', of: ['latent-debt'] },
];

export interface Figure {
  readonly title: string;
  readonly unit: string;
  readonly of: (point: PointReport) => number | null;
}

/** The figures that at least one point of the report has. A replayed trace has no clock, hence no time. */
export function figuresOf(report: Report): Figure[] {
  const timeless = report.points.every((point) => point.time === 0);
  const some = (name: string) => report.points.some((point) => (point.counters[name] ?? 0) > 0);
  const recovers = report.points.some((point) => point.recovery !== undefined);
  const caches = report.points.some((point) => (point.measures['hit-ratio'] ?? (recovers ? 0 : 1)) > 0);
  const columns = [
    ...(recovers ? RECOVERING : []),
    ...(some('throttle-time') || report.points.some((point) => (point.measures['most-temporary'] ?? 0) > 0)
      ? WRITING
      : []),
    ...(caches ? SUMMARY : SUMMARY.filter(({ title }) => title === SIMULATED_TIME)),
  ];
  return columns
    .filter(({ title }) => !(timeless && title === SIMULATED_TIME))
    .map(({ title, unit, of: names }) => ({
      title,
      unit,
      of: (point: PointReport) => {
        const found = names.map((name) => valueAt({ name }, point)).filter((v) => v !== null);
        return found.length === 0 ? null : found.reduce((a, b) => a + b, 0);
      },
    }))
    .filter((figure) => report.points.some((point) => figure.of(point) !== null));
}

export interface SummaryTable extends DataTable {
  /** Variant key of each row, for colours and for grouping. */
  readonly keys: readonly string[];
}

/** One row per point: variant, swept values, then the figures that matter; columns without any value are left out. */
export function summaryOf(report: Report): SummaryTable {
  const { variants, compares, sweeps } = dimensionsOf(report);
  const variantOf = new Map(variants.map((v) => [v.coordinates.join(','), v]));
  const points = [...report.points].sort((a, b) => {
    for (const axis of [...sweeps, ...compares]) {
      const d = a.coordinates[axis] - b.coordinates[axis];
      if (d !== 0) return d;
    }
    return 0;
  });
  const figures = figuresOf(report);
  const rows = points.map((point) => {
    const variant = variantOf.get(compares.map((a) => point.coordinates[a]).join(','));
    const swept = sweeps.map((a) => report.axes[a].values[point.coordinates[a]]?.label ?? '?');
    const name = (variant?.label ?? '?') + (point.complete ? '' : ' (interrupted)');
    return { key: variant?.key ?? '', cells: [...swept, name, ...figures.map((f) => f.of(point)!)] };
  });
  const columns: TableColumn[] = [
    ...sweeps.map((a) => ({ title: report.axes[a].name, unit: '' })),
    { title: compares.map((a) => report.axes[a].name).join(' · ') || 'variant', unit: '' },
    ...figures.map((f) => ({ title: f.title, unit: f.unit })),
  ];
  return { columns, rows: rows.map((r) => r.cells), keys: rows.map((r) => r.key) };
}

/** The unit a metric is shown in, for callers that only have its name. */
export const unitOf = (report: Report, name: string): string => metricInfo(report, name).unit;

/** RFC 4180: raw numbers in the report's units, which the heading names; a dot as decimal sign. */
export function csvOf(table: DataTable): string {
  const heading = table.columns.map(({ title, unit }) => quoted(unit === '' ? title : `${title} [${unit}]`));
  const lines = table.rows.map((row) => row.map((cell) => (cell === null ? '' : quoted(String(cell)))).join(','));
  return [heading.join(','), ...lines].map((line) => line + '\r\n').join('');
}

const quoted = (text: string): string => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
