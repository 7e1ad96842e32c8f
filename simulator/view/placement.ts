/** Where pages are on machines with several nodes: by node and time, what moved between nodes, by which rule, and what numastat says. */
import type { EventRecord, Migration, NumaReport, PointReport, WhyHere } from '../report.ts';
import { MIGRATIONS, NUMASTAT, PLACEMENT, WHY_HERE, isNumaPicture } from '../tables/numa-pictures.ts';
import { rules } from '../tables/rules.ts';
import type { ChartModel, DataTable, FlowModel, SeriesModel } from './chart-model.ts';
import { styleOf } from './chart-model.ts';
import { formatValue } from './format.ts';
import { metricInfo } from './metrics.ts';
import type { PlotContext } from './panel.ts';
import { categoryAxis, metricTitle, numberAxis, panel, selectedPoints, shareX, valueAxis } from './panel.ts';
import type { VariantRow } from './variants.ts';

/** Columns of a heat map over time; more could not be read. */
const COLUMNS = 12;
const MAX_ROWS = 64;
/** Up to so many rows are shown, pages in them or not. */
const FULL = 8;

/** Panels so far, and the rules that have been explained. */
interface Next {
  panel: number;
  readonly told: Set<string>;
}

type Row = { readonly variant: VariantRow; readonly point: PointReport; readonly numa: NumaReport };

/** Whether a plot is about nodes. */
export const isAboutNodes = ({ plot }: Pick<PlotContext, 'plot'>): boolean =>
  plot.over === 'node' || plot.metrics.some(({ name }) => isNumaPicture(name));

export function overNode(context: PlotContext): ChartModel[] {
  const { plot } = context;
  const { rows: all } = selectedPoints(context);
  const rows: Row[] = all.flatMap(({ variant, point }) => (point.numa ? [{ variant, point, numa: point.numa }] : []));
  const who = (row: Row): string => (all.length > 1 ? `${row.variant.label}: ` : '');
  const models: ChartModel[] = [];
  const names = new Set(plot.metrics.map((m) => m.name));
  const place = plot.metrics.filter((m) => m.name === PLACEMENT);
  const objects = place.flatMap((m) => (m.object === undefined ? [] : [m.object]));
  const next = { panel: 0, told: new Set<string>() };
  if (place.length > 0) {
    const drawn = rows.flatMap((row) =>
      plot.as === 'area' || plot.as === 'line'
        ? bands(context, row, objects, who(row), next)
        : [heatmap(context, row, objects, who(row), next)],
    );
    models.push(...(plot.as === 'area' || plot.as === 'line' ? shareX(drawn) : drawn));
  }
  for (const row of rows) {
    if (place.length > 0 || names.has(MIGRATIONS)) models.push(...flows(context, row, objects, who(row), next));
    if (place.length > 0 || names.has(WHY_HERE)) models.push(whyTable(context, row, objects, who(row), next));
    if (names.has(NUMASTAT)) models.push(numastat(context, row, who(row), next));
  }
  for (const metric of plot.metrics) {
    if (isNumaPicture(metric.name)) continue;
    models.push(byNode(context, rows, metric.name, next));
  }
  if (rows.length === 0)
    models.push(
      panel(context, {
        kind: 'table',
        panel: 0,
        title: plot.metrics.map((m) => metricTitle(context.report, m)).join(', '),
        metrics: plot.metrics,
        ...NO_AXES,
        table: { columns: [], rows: [] },
        notes: ['The machine has one node: everything is on it.'],
      }),
    );
  return models;
}

const NO_AXES = {
  x: { title: '', unit: '', scale: { divide: 1, suffix: '' }, min: 0, max: 0 },
  y: { title: '', unit: '', scale: { divide: 1, suffix: '' }, min: 0, max: 0 },
  series: [] as readonly SeriesModel[],
};

const chosen = (numa: NumaReport, objects: readonly string[]): NumaReport['placement'] =>
  objects.length === 0 ? numa.placement : numa.placement.filter((p) => objects.includes(p.object));

/** The last value at or before a time; 0 before the first. */
function valueAt(t: Float64Array, y: Float64Array, time: number): number {
  let low = 0;
  let high = t.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (t[middle] <= time) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : y[low - 1];
}

function onlineAt(numa: NumaReport, time: number): ReadonlySet<number> {
  const entry = numa.online.findLast((e) => e.time <= time) ?? numa.online[0];
  return new Set(entry?.nodes ?? numa.nodes.map((n) => n.node));
}

/** Even steps up to the end of the run. */
function columnTimes({ point }: Row): number[] {
  if (point.time <= 0) return [0];
  return Array.from({ length: COLUMNS }, (_, i) => Math.round((point.time * (i + 1)) / COLUMNS));
}

const CHANGES = ['cpuset.', 'node.', 'tmpfs.', 'crash.', 'oom.', 'mempolicy.refused'];
const changesIn = (point: PointReport): EventRecord[] =>
  point.events.filter(({ rule }) => CHANGES.some((prefix) => rule.startsWith(prefix)));

/** What was done to nodes and cpusets, for reading under a picture. */
function changeNotes(point: PointReport): string[] {
  const changes = changesIn(point);
  const shown = changes.slice(0, 8).map((e) => `${formatValue(e.time, 'ns')}: ${e.text}`);
  if (changes.length > shown.length) shown.push(`and ${changes.length - shown.length} more`);
  return shown.length === 0 ? [] : [`What changed: ${shown.join('; ')}.`];
}

function heatmap(context: PlotContext, row: Row, objects: readonly string[], who: string, next: Next): ChartModel {
  const { numa } = row;
  const times = columnTimes(row);
  const all = chosen(numa, objects).flatMap((placement) =>
    numa.nodes.map(({ node }) => ({ placement, node, label: `${placement.object} · node ${node}` })),
  );
  // Where there are many rows, those that never had a page say nothing.
  const used = all.filter(({ placement, node }) => all.length <= FULL || placement.pages[node]?.some((v) => v > 0));
  const rows = used.slice(0, MAX_ROWS);
  const values = new Float64Array(rows.length * times.length);
  times.forEach((time, c) => {
    const online = onlineAt(numa, time);
    rows.forEach(({ placement, node }, r) => {
      const pages = valueAt(placement.t, placement.pages[node] ?? new Float64Array(), time);
      values[r * times.length + c] = pages === 0 && !online.has(node) ? NaN : pages;
    });
  });
  const notes = changeNotes(row.point);
  if (used.length < all.length) notes.push('Nodes that never had a page of something are left out.');
  if (rows.length < used.length) notes.push(`The first ${rows.length} of ${used.length} rows.`);
  if (values.some((v) => Number.isNaN(v))) notes.push('No value: the node was offline.');
  const names = chosen(numa, objects).map((p) => p.object);
  return panel(context, {
    kind: 'heatmap',
    panel: next.panel++,
    title: `${who}Pages of ${names.join(', ')} by node`,
    metrics: context.plot.metrics.filter((m) => m.name === PLACEMENT),
    x: categoryAxis(
      'simulated time',
      times.map((time) => formatValue(time, 'ns')),
    ),
    y: valueAxis('pages', 'pages', [values]),
    series: [],
    heatmap: { rows: rows.map((r) => r.label), columns: times.map((time) => formatValue(time, 'ns')), values },
    subtitle: '',
    notes,
  });
}

/** One stack of nodes over time for each object. */
function bands(context: PlotContext, row: Row, objects: readonly string[], who: string, next: Next): ChartModel[] {
  return chosen(row.numa, objects).map((placement) => {
    const series = row.numa.nodes.map(({ node }, i): SeriesModel => ({
      key: `node ${node}`,
      label: `node ${node}`,
      unit: 'pages',
      style: styleOf(i),
      x: placement.t,
      y: placement.pages[node] ?? new Float64Array(placement.t.length),
    }));
    const stacked = context.plot.as === 'area';
    const total = placement.t.map((_, k) => series.reduce((sum, s) => sum + s.y[k], 0));
    return panel(context, {
      kind: stacked ? 'area' : 'line',
      panel: next.panel++,
      title: `${who}Pages of ${placement.object} by node over time`,
      metrics: context.plot.metrics.filter(
        (m) => m.name === PLACEMENT && (m.object ?? placement.object) === placement.object,
      ),
      x: numberAxis('simulated time', 'ns', [placement.t]),
      y: valueAxis('pages', 'pages', stacked ? [total] : series.map((s) => s.y)),
      series,
      stacked,
      stepped: true,
      notes: changeNotes(row.point),
    });
  });
}

/** Pages that changed their node, added up by where from, where to, and why. */
export function flowModel(migrations: readonly Migration[]): FlowModel {
  const flows = new Map<string, { from: number; to: number; pages: number; rules: Map<string, Set<string>> }>();
  for (const { from, to, pages, rule, object } of migrations) {
    const key = `${from} ${to}`;
    const flow = flows.get(key) ?? { from, to, pages: 0, rules: new Map<string, Set<string>>() };
    flow.pages += pages;
    flow.rules.set(rule, (flow.rules.get(rule) ?? new Set<string>()).add(object));
    flows.set(key, flow);
  }
  return {
    flows: [...flows.values()]
      .sort((a, b) => a.from - b.from || a.to - b.to)
      .map(({ from, to, pages, rules: why }) => ({
        from: `node ${from}`,
        to: `node ${to}`,
        slot: from,
        pages,
        label: [...why].map(([rule, objects]) => `${[...objects].join(', ')} (${rule})`).join('; '),
      })),
  };
}

function flows(context: PlotContext, row: Row, objects: readonly string[], who: string, next: Next): ChartModel[] {
  const found = row.numa.migrations.filter((m) => objects.length === 0 || objects.includes(m.object));
  if (found.length === 0 && !context.plot.metrics.some((m) => m.name === MIGRATIONS)) return [];
  const byRule = [...new Set(found.map((m) => m.rule))];
  const table: DataTable = {
    columns: [
      { title: 'time', unit: 'ns' },
      { title: 'what', unit: '' },
      { title: 'from', unit: '' },
      { title: 'to', unit: '' },
      { title: 'pages', unit: 'pages' },
      { title: 'rule', unit: '' },
    ],
    rows: found.map((m) => [m.time, m.object, `node ${m.from}`, `node ${m.to}`, m.pages, m.rule]),
  };
  return [
    panel(context, {
      kind: 'flow',
      panel: next.panel++,
      title: `${who}Pages that moved between nodes`,
      metrics: [{ name: MIGRATIONS }],
      ...NO_AXES,
      flow: flowModel(found),
      table,
      notes: tellRules(byRule, next),
    }),
  ];
}

/** What rules mean, each once for a plot. */
const tellRules = (ids: readonly string[], { told }: Next): string[] =>
  ids.filter((id) => !told.has(id) && told.add(id)).map((id) => `${id}: ${rules.find((r) => r.id === id)?.doc ?? ''}`);

const nodesText = (nodes: readonly number[]): string => {
  const parts: string[] = [];
  for (let i = 0; i < nodes.length; i++) {
    const first = nodes[i];
    while (nodes[i + 1] === nodes[i] + 1) i++;
    parts.push(first === nodes[i] ? String(first) : `${first}-${nodes[i]}`);
  }
  return parts.length === 0 ? 'none' : parts.join(',');
};

const SCOPES: Readonly<Record<WhyHere['scope'], string>> = {
  region: 'of the region',
  file: 'of the file',
  task: 'of the task',
  system: 'none',
};

/** `bind=relative:0-1 of the file, 2-3 in force; mems 1-2`: what a rule went by. */
export function whyText(why: WhyHere): string {
  const policy =
    why.policy === '' || why.scope === 'system'
      ? 'no policy'
      : `${why.policy} ${SCOPES[why.scope]}${why.mask.length > 0 ? `, ${nodesText(why.mask)} in force` : ''}`;
  return `${policy}; mems ${nodesText(why.mems)}`;
}

function whyTable(context: PlotContext, row: Row, objects: readonly string[], who: string, next: Next): ChartModel {
  const found = row.numa.why.filter((w) => objects.length === 0 || objects.includes(w.object));
  const used = [...new Set(found.map((w) => w.rule))];
  const table: DataTable = {
    columns: [
      { title: 'what', unit: '' },
      { title: 'pages', unit: 'pages' },
      { title: 'where', unit: '' },
      { title: 'rule', unit: '' },
      { title: 'what it went by', unit: '' },
      { title: 'brought in by', unit: '' },
      { title: 'wrong node', unit: 'pages' },
    ],
    rows: found.map((w) => [
      w.object,
      w.pages.reduce((a, b) => a + b, 0),
      w.pages.flatMap((n, node) => (n > 0 ? [`node ${node}: ${formatValue(n, 'count')}`] : [])).join(', ') || 'nowhere',
      w.rule,
      whyText(w),
      w.process === '' ? '–' : w.process,
      w.wrong,
    ]),
  };
  return panel(context, {
    kind: 'table',
    panel: next.panel++,
    title: `${who}Why here? Pages by the rule that placed them`,
    metrics: [{ name: WHY_HERE }],
    ...NO_AXES,
    table,
    notes: [...tellRules(used, next), ...(found.length === 0 ? ['None of it is in memory at the end.'] : [])],
  });
}

function numastat(context: PlotContext, row: Row, who: string, next: Next): ChartModel {
  const { nodes } = row.numa;
  const keys = [...new Set(nodes.flatMap((n) => [...Object.keys(n.counters), ...Object.keys(n.gauges)]))];
  const table: DataTable = {
    columns: [
      { title: 'figure', unit: '' },
      ...nodes.map(({ node, online }) => ({ title: `node ${node}${online ? '' : ' (offline)'}`, unit: 'count' })),
    ],
    rows: [
      ['pages', ...nodes.map((n) => n.pages)],
      ...keys.map((key) => [key, ...nodes.map((n) => n.counters[key] ?? n.gauges[key] ?? null)]),
    ],
  };
  return panel(context, {
    kind: 'table',
    panel: next.panel++,
    title: `${who}numastat`,
    metrics: [{ name: NUMASTAT }],
    ...NO_AXES,
    table,
  });
}

/** A figure that every node has: bars side by side, one series for each variant. */
function byNode(context: PlotContext, rows: readonly Row[], name: string, next: Next): ChartModel {
  const { report, plot } = context;
  const { unit } = metricInfo(report, name);
  const count = Math.max(1, ...rows.map(({ numa }) => numa.nodes.length));
  const labels = Array.from({ length: count }, (_, node) => `node ${node}`);
  const series = rows.map(({ variant, numa }): SeriesModel => ({
    key: variant.key,
    label: variant.label,
    style: variant.style,
    unit,
    x: Float64Array.from(labels, (_, node) => node),
    y: Float64Array.from(
      labels,
      (_, node) => numa.nodes[node]?.counters[name] ?? numa.nodes[node]?.gauges[name] ?? NaN,
    ),
  }));
  const known = series.some((s) => s.y.some((v) => !Number.isNaN(v)));
  const metric = plot.metrics.find((m) => m.name === name)!;
  return panel(context, {
    kind: plot.as === 'table' ? 'table' : 'bars',
    panel: next.panel++,
    title: `${metricTitle(report, metric)} by node`,
    metrics: [metric],
    x: categoryAxis('node', labels),
    y: valueAxis(
      metricTitle(report, metric),
      unit,
      series.map((s) => s.y),
    ),
    series,
    notes: known ? [] : [`${name} is not counted by node.`],
  });
}
