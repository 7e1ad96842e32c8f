/** One sentence that says what a chart shows, for people who don't see it: kind, title, and who ends highest and lowest. */
import {
  waitsText,
  type ChartModel,
  type DataTable,
  type FlowModel,
  type GraphModel,
  type GraphNode,
  type SeriesModel,
} from './chart-model.ts';
import { formatValue } from './format.ts';

const KINDS: Readonly<Record<ChartModel['kind'], string>> = {
  line: 'Line chart',
  area: 'Stacked area chart',
  bars: 'Bar chart',
  histogram: 'Histogram',
  heatmap: 'Heat map',
  timeline: 'Timeline',
  graph: 'Wait-for graph',
  flow: 'Flow picture',
  table: 'Table',
};

export function sentenceFor(model: ChartModel): string {
  const where = model.subtitle === '' ? '' : ` at ${model.subtitle}`;
  const head = `${KINDS[model.kind]}: ${model.title}${where}`;
  return `${head}${detail(model)}.`;
}

function detail(model: ChartModel): string {
  if (model.graph) return `: ${graphText(model.graph)}`;
  if (model.flow) return flowDetail(model.flow);
  if (model.kind === 'table' && model.table) return tableDetail(model.table);
  if (model.kind === 'heatmap') return heatmapDetail(model);
  if (model.kind === 'timeline') {
    const spans = model.series.reduce((n, s) => n + s.x.length, 0);
    return `, ${count(spans, 'span')} in ${count(model.y.labels?.length ?? 0, 'lane')}`;
  }
  const drawn = model.series.filter((s) => lastValue(s) !== null);
  if (drawn.length === 0) return ', no data';
  if (model.kind === 'histogram') return `, ${count(drawn.length, 'variant')}`;
  if (drawn.length === 1 && model.kind === 'line') {
    const only = drawn[0];
    return `, ${only.label} from ${formatValue(firstValue(only), only.unit)} to ${formatValue(lastValue(only), only.unit)}`;
  }
  const ends = drawn.map((s) => lastValue(s)!);
  const top = Math.max(...ends);
  const bottom = Math.min(...ends);
  const who = (end: number) => listed(drawn.filter((s) => lastValue(s) === end).map((s) => s.label));
  const unit = drawn[0].unit;
  const end = model.x.labels !== undefined || drawn.every((s) => s.x.length === 1) ? '' : ' at the end';
  const lines = count(drawn.length, 'series');
  if (top === bottom) return `, ${lines}, all ${formatValue(top, unit)}${end}`;
  return `, ${lines}, highest${end} ${who(top)} with ${formatValue(top, unit)}, lowest ${who(bottom)} with ${formatValue(bottom, unit)}`;
}

/** `a`, `a and b`, `a, b and 3 others`. */
function listed(names: readonly string[]): string {
  if (names.length <= 1) return names[0] ?? '';
  if (names.length === 2) return `${names[0]} and ${names[1]}`;
  if (names.length === 3) return `${names[0]}, ${names[1]} and ${names[2]}`;
  return `${names[0]}, ${names[1]} and ${names.length - 2} others`;
}

function heatmapDetail(model: ChartModel): string {
  const map = model.heatmap;
  if (!map) return '';
  const known = [...map.values].filter((v) => !Number.isNaN(v));
  if (known.length === 0) return ', no data';
  const range = `${formatValue(Math.min(...known), model.y.unit)} to ${formatValue(Math.max(...known), model.y.unit)}`;
  return `, ${count(map.rows.length, 'row')} and ${count(map.columns.length, 'column')}, from ${range}`;
}

/** `photos.daemon waits for a free page, which is up to reclaim; …`. */
export function graphText({ nodes, cycle }: GraphModel): string {
  const say = (node: GraphNode): string =>
    `${node.label} ${waitsText(node)}${nodes[node.on] === node ? '' : `, which is up to ${nodes[node.on].label}`}`;
  const round = nodes.slice(0, cycle).map(say).join('; ');
  const others = nodes.slice(cycle).map(say).join('; ');
  return others === '' ? round : `${round}. Outside of the circle: ${others}`;
}

function flowDetail({ flows }: FlowModel): string {
  if (flows.length === 0) return ', nothing moved';
  const most = [...flows].sort((a, b) => b.pages - a.pages).slice(0, 3);
  const said = most.map((f) => `${formatValue(f.pages, 'pages')} from ${f.from} to ${f.to} (${f.label})`).join('; ');
  return `: ${said}${flows.length > most.length ? `; and ${count(flows.length - most.length, 'flow')} more` : ''}`;
}

/** The first row in words: what a reader would look at first. */
function tableDetail({ columns, rows }: DataTable): string {
  if (rows.length === 0) return ', empty';
  const first = rows[0]
    .map((cell, i) => (typeof cell === 'string' || cell === null ? cell : formatValue(cell, columns[i].unit)))
    .filter((cell) => cell !== null && cell !== '–')
    .join(', ');
  return `, ${count(rows.length, 'row')}; the first: ${first}`;
}

const count = (n: number, what: string): string => `${n} ${what}${n === 1 || what === 'series' ? '' : 's'}`;

export function firstValue(series: SeriesModel): number | null {
  for (const v of series.y) if (!Number.isNaN(v)) return v;
  return null;
}

export function lastValue(series: SeriesModel): number | null {
  for (let i = series.y.length - 1; i >= 0; i--) if (!Number.isNaN(series.y[i])) return series.y[i];
  return null;
}
