/**
 * Charts in a terminal. One series: a curve of Braille dots with axes. Several: one row of blocks each on a common scale, because overlaid
 * curves can't be told apart without colour. A few values of x: the numbers themselves. Bars: bars.
 */
import {
  waitsText,
  type ChartModel,
  type DataTable,
  type FlowModel,
  type GraphModel,
  type GraphNode,
  type HeatmapModel,
  type SeriesModel,
} from '../view/chart-model.ts';
import { formatCell, formatValue, THIN } from '../view/format.ts';
import { lastValue } from '../view/sentence.ts';
import { tableOf } from '../view/tables.ts';
import { formatTick, niceTicks } from '../view/ticks.ts';
import type { Paint } from './columns.ts';
import { alignedTable, cellWidth, clip, padEnd, padStart, wrap } from './columns.ts';

/** Charts with at most this many places on x are shown as numbers. */
const FEW = 8;
const BLOCKS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const EIGHTHS = ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'];

/** Lines of the chart's body; title and notes are the caller's. Empty when there is nothing to draw. */
export function unicodeChart(model: ChartModel, width: number, paint: Paint): string[] {
  if (model.flow) return flowLines(model.flow, width, paint);
  if (model.kind === 'heatmap' || model.kind === 'table') {
    const lines = numbers(model, paint);
    if (lines.every((line) => cellWidth(line) <= width)) return lines;
    if (model.heatmap) return heatRows(model, model.heatmap, width, paint);
    return model.table ? records(model.table, width, paint) : lines;
  }
  if (model.kind === 'timeline') return gantt(model, width, paint);
  if (model.graph) return waitGraph(model.graph, width, paint);
  const series = model.series.filter((s) => lastValue(s) !== null);
  if (series.length === 0) return [];
  if (model.kind === 'bars' && series.every((s) => s.x.length === 1)) return bars(series, width, paint);
  const places = new Set(series.flatMap((s) => (s.x.length > FEW ? [] : [...s.x])));
  const few = places.size <= FEW && series.every((s) => s.x.length <= FEW);
  if (few || model.x.labels) return numbers(model, paint);
  if (series.length === 1 && model.kind === 'line') return curve(model, series[0], width, paint);
  return blockRows(model, series, width, paint);
}

function bars(series: readonly SeriesModel[], width: number, paint: Paint): string[] {
  const labels = Math.min(28, Math.max(...series.map((s) => cellWidth(s.label))));
  const values = series.map((s) => formatValue(s.y[0], s.unit));
  const room = Math.max(8, width - labels - Math.max(...values.map(cellWidth)) - 4);
  const top = Math.max(...series.map((s) => s.y[0]), 0);
  return series.map((s, i) => {
    const eighths = top > 0 ? Math.round((Math.max(0, s.y[0]) / top) * room * 8) : 0;
    const bar = '█'.repeat(Math.floor(eighths / 8)) + EIGHTHS[eighths % 8];
    return `${padEnd(clip(s.label, labels), labels)}  ${paint(bar === '' ? '▏' : bar, s.style.slot)} ${values[i]}`;
  });
}

/** Rows and columns swapped against the data table: variants down, places across, as people compare them. */
function numbers(model: ChartModel, paint: Paint): string[] {
  if (model.kind === 'heatmap' || model.series.every((s) => s.x.length === 1)) {
    const table = tableOf(model);
    const rows = table.rows.map((row) =>
      row.map((cell, i) => (typeof cell === 'string' ? cell : formatCell(cell, table.columns[i].unit))),
    );
    const columns = table.columns.map((c, i) => ({
      title: c.title,
      align: i === 0 ? ('left' as const) : ('right' as const),
    }));
    return alignedTable(columns, rows, paint);
  }
  const places = [...new Set(model.series.flatMap((s) => [...s.x]))].sort((a, b) => a - b);
  const titles = places.map((x) => model.x.labels?.[x] ?? formatValue(x, model.x.unit));
  const columns = [
    { title: '', align: 'left' as const },
    ...titles.map((title) => ({ title, align: 'right' as const })),
  ];
  const rows = model.series.map((s) => [
    s.label,
    ...places.map((x) => {
      const at = s.x.indexOf(x);
      return at < 0 ? '–' : formatCell(s.y[at], s.unit);
    }),
  ]);
  return alignedTable(columns, rows, paint);
}

/** A heat map too wide for its numbers: blocks as high as the values, dots for nothing, crosses where there is no value; right of them the last. */
function heatRows(model: ChartModel, { rows, columns, values }: HeatmapModel, width: number, paint: Paint): string[] {
  const n = columns.length;
  const at = (r: number, c: number): number => values[r * n + c];
  const tails = rows.map((_, r) => formatValue(at(r, n - 1), model.y.unit));
  const labels = Math.min(32, Math.max(...rows.map(cellWidth)));
  const room = width - labels - Math.max(...tails.map(cellWidth)) - 4;
  const step = Math.max(1, Math.ceil(n / Math.max(1, room)));
  const each = Math.max(1, Math.min(5, Math.floor(room / n)));
  const shown = Array.from({ length: Math.ceil(n / step) }, (_, i) => Math.min(n - 1, i * step));
  const top = model.y.max || 1;
  const cell = (v: number): string => (Number.isNaN(v) ? '×' : v === 0 ? '·' : block(v / top)).repeat(each);
  const lines = rows.map(
    (row, r) =>
      `${padEnd(clip(row, labels), labels)}  ${paint(shown.map((c) => cell(at(r, c))).join(''), 0)}  ${tails[r]}`,
  );
  const cells = shown.length * each;
  const ends = [columns[0], columns[n - 1]];
  const gap = Math.max(2, cells - cellWidth(ends[0]) - cellWidth(ends[1]));
  return [...lines, paint(`${' '.repeat(labels + 2)}${ends[0]}${' '.repeat(gap)}${ends[1]}`, 'dim')];
}

/** A table too wide for the screen: one paragraph for each row. */
function records({ columns, rows }: DataTable, width: number, paint: Paint): string[] {
  return rows.flatMap((row) => {
    const said = row.map((cell, i) => (typeof cell === 'string' ? cell : formatValue(cell, columns[i].unit)));
    const rest = said.slice(1).map((text, i) => {
      const { title, unit } = columns[i + 1];
      return title === unit ? text : `${title} ${text}`;
    });
    const [first, ...lines] = wrap(`${said[0]}: ${rest.join('; ')}`, width, '  ');
    return [paint(first.slice(0, said[0].length), 'bold') + first.slice(said[0].length), ...lines];
  });
}

/** One row per series. Right of it its last value and, since blocks hide spikes, its range. */
function blockRows(model: ChartModel, series: readonly SeriesModel[], width: number, paint: Paint): string[] {
  const labels = Math.min(28, Math.max(...series.map((s) => cellWidth(s.label))));
  const tails = series.map((s) => formatValue(lastValue(s), s.unit));
  const ranges = series.map((s) => rangeText(s));
  const tailWidth = Math.max(...tails.map(cellWidth));
  const rangeWidth = Math.max(...ranges.map(cellWidth));
  const room = Math.max(10, width - labels - tailWidth - rangeWidth - 6);
  const passes = model.x.unit === 'count' && model.x.max - model.x.min <= room;
  const repeat = passes ? Math.max(1, Math.floor(room / (model.x.max - model.x.min))) : 1;
  const cells = passes ? Math.round(model.x.max - model.x.min) * repeat : room;
  const column = (x: number) => Math.floor(((x - model.x.min) / (model.x.max - model.x.min)) * cells);
  const top = model.y.max;
  const bottom = model.y.min;
  const lines = series.map((s, i) => {
    const sums = new Float64Array(cells);
    const counts = new Uint32Array(cells);
    for (let k = 0; k < s.x.length; k++) {
      if (Number.isNaN(s.y[k])) continue;
      const at = Math.max(0, Math.min(cells - 1, column(s.x[k])));
      sums[at] += s.y[k];
      counts[at]++;
    }
    const ends = s.x.length > 0 ? column(s.x[s.x.length - 1]) : 0;
    let text = '';
    let held: number | null = null;
    for (let c = 0; c < cells; c++) {
      if (counts[c] > 0) held = sums[c] / counts[c];
      // Between sparse samples the last value holds; behind the end there is nothing.
      const value = passes ? sampleOfPass(s, model.x.min, c, repeat) : c <= ends ? held : null;
      text += value === null ? ' ' : block((value - bottom) / (top - bottom));
    }
    const label = padEnd(clip(s.label, labels), labels);
    return `${label}  ${paint(text, s.style.slot)}  ${padStart(tails[i], tailWidth)}  ${paint(ranges[i], 'dim')}`;
  });
  const indent = ' '.repeat(labels + 2);
  return [
    ...phaseRow(model, cells, column).map((line) => paint(indent + line, 'dim')),
    ...lines,
    ...axisRow(model, cells, indent, paint),
  ];
}

function sampleOfPass(series: SeriesModel, min: number, cell: number, repeat: number): number | null {
  const at = series.x.indexOf(Math.floor(cell / repeat) + Math.round(min + 0.5));
  return at < 0 || Number.isNaN(series.y[at]) ? null : series.y[at];
}

const block = (share: number): string => BLOCKS[Math.max(0, Math.min(7, Math.round(share * 7)))];

function rangeText(series: SeriesModel): string {
  let min = Infinity;
  let max = -Infinity;
  for (const v of series.y) {
    if (v < min) min = v;
    if (v > max) max = v;
  }
  return min === max ? 'constant' : `${formatCell(min, series.unit)} … ${formatCell(max, series.unit)}`;
}

/** Names of phases above the place where they start; left out where variants reach them at different places. */
function phaseRow(model: ChartModel, cells: number, column: (x: number) => number): string[] {
  // Two lines, so that the name of a short phase does not push out the next one's.
  const rows = [new Array<string>(cells).fill(' '), new Array<string>(cells).fill(' ')];
  for (const annotation of model.annotations) {
    const places = annotation.at.map((a) => Math.max(0, Math.min(cells - 1, column(a.x))));
    const from = Math.min(...places);
    if (Math.max(...places) - from > 1) continue;
    const text = `╷${annotation.label}`;
    const isFree = (row: readonly string[]) =>
      from + cellWidth(text) <= cells &&
      row.slice(Math.max(0, from - 1), from + text.length + 1).every((c) => c === ' ');
    const row = rows.find(isFree);
    if (!row) continue;
    for (let i = 0; i < text.length; i++) row[from + i] = text[i];
  }
  return rows
    .reverse()
    .map((row) => row.join('').trimEnd())
    .filter((line) => line !== '');
}

function axisRow(model: ChartModel, cells: number, indent: string, paint: Paint): string[] {
  const shown = (x: number) => (model.x.unit === 'count' ? String(Math.round(x)) : formatValue(x, model.x.unit));
  const first = shown(model.x.unit === 'count' ? model.x.min + 0.5 : model.x.min);
  const last = shown(model.x.unit === 'count' ? model.x.max - 0.5 : model.x.max);
  const middle = clip(model.x.title, Math.max(4, cells - cellWidth(first) - cellWidth(last) - 2));
  const gap = Math.max(2, cells - cellWidth(first) - cellWidth(last) - cellWidth(middle));
  const left = Math.floor(gap / 2);
  return [paint(`${indent}${first}${' '.repeat(left)}${middle}${' '.repeat(gap - left)}${last}`, 'dim')];
}

const ROWS = 8;
/** Dot bits of a Braille cell, by row then column. */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
];

function curve(model: ChartModel, series: SeriesModel, width: number, paint: Paint): string[] {
  const { scale } = model.y;
  const ticks = niceTicks(model.y.min / scale.divide, model.y.max / scale.divide, 4);
  const labels = ticks.values.map((v) => formatTick(v, ticks.step));
  const suffix = scale.suffix === '' ? '' : `${THIN}${scale.suffix}`;
  const gutter = Math.max(...labels.map((l) => cellWidth(l + suffix)));
  const columns = Math.max(10, width - gutter - 3);
  const cells = Array.from({ length: ROWS }, () => new Uint8Array(columns));
  const span = model.x.max - model.x.min;
  const height = model.y.max - model.y.min;
  const put = (px: number, py: number) => {
    const x = Math.max(0, Math.min(columns * 2 - 1, px));
    const y = Math.max(0, Math.min(ROWS * 4 - 1, py));
    cells[y >> 2][x >> 1] |= DOTS[y & 3][x & 1];
  };
  let earlier: { x: number; y: number } | null = null;
  for (let i = 0; i < series.x.length; i++) {
    if (Number.isNaN(series.y[i])) {
      earlier = null;
      continue;
    }
    const x = Math.round(((series.x[i] - model.x.min) / span) * (columns * 2 - 1));
    const y = Math.round((1 - (series.y[i] - model.y.min) / height) * (ROWS * 4 - 1));
    if (earlier) {
      const steps = Math.max(Math.abs(x - earlier.x), Math.abs(y - earlier.y), 1);
      for (let k = 0; k <= steps; k++) {
        put(
          Math.round(earlier.x + ((x - earlier.x) * k) / steps),
          Math.round(earlier.y + ((y - earlier.y) * k) / steps),
        );
      }
    } else put(x, y);
    earlier = { x, y };
  }
  const column = (x: number) => Math.floor(((x - model.x.min) / span) * (columns - 1));
  const lines = cells.map((row, r) => {
    const tick = ticks.values.findIndex(
      (v) => Math.round((1 - (v * scale.divide - model.y.min) / height) * (ROWS - 1)) === r,
    );
    const label = tick < 0 ? '' : labels[tick] + suffix;
    const dots = Array.from(row, (bits) => (bits === 0 ? ' ' : String.fromCodePoint(0x2800 + bits))).join('');
    return `${paint(padStart(label, gutter), 'dim')} ${paint(tick < 0 ? '│' : '┤', 'dim')}${paint(dots, series.style.slot)}`.trimEnd();
  });
  const indent = ' '.repeat(gutter + 2);
  const phases = phaseRow(model, columns, column).map((line) => paint(indent + line, 'dim'));
  return [...phases, ...lines, ...axisRow(model, columns, indent, paint)];
}

function gantt(model: ChartModel, width: number, paint: Paint): string[] {
  const lanes = model.y.labels ?? [];
  if (lanes.length === 0) return [];
  const gutter = Math.min(28, Math.max(...lanes.map(cellWidth)));
  const columns = Math.max(10, width - gutter - 2);
  const column = (x: number) => Math.floor(((x - model.x.min) / (model.x.max - model.x.min)) * columns);
  const lines = lanes.map((lane, l) => {
    const row = new Array<string>(columns).fill(' ');
    for (const s of model.series) {
      s.x.forEach((from, i) => {
        if (s.y[i] !== l) return;
        const a = Math.min(columns - 1, column(from));
        const b = Math.max(a + 1, Math.min(columns, column(s.x2![i])));
        const text = clip(s.label, b - a - 1);
        for (let c = a; c < b; c++) row[c] = c === a ? '▐' : (text[c - a - 1] ?? '░');
      });
    }
    return `${padEnd(clip(lane, gutter), gutter)}  ${row.join('')}`.trimEnd();
  });
  return [...lines, ...axisRow(model, columns, ' '.repeat(gutter + 2), paint)];
}

/** One line for each flow, its arrow as long as what moved is much. */
function flowLines({ flows }: FlowModel, width: number, paint: Paint): string[] {
  if (flows.length === 0) return ['Nothing moved.'];
  const top = Math.max(...flows.map((f) => f.pages));
  const labels = Math.max(...flows.map((f) => cellWidth(f.from)));
  const targets = Math.max(...flows.map((f) => cellWidth(f.to)));
  const room = Math.max(4, Math.min(16, Math.floor(width / 4)));
  return flows.flatMap((f) => {
    const arrow = `${'━'.repeat(Math.max(1, Math.round((f.pages / top) * room)))}▶`;
    const head = `${padEnd(f.from, labels)} ${paint(arrow, f.slot)}${' '.repeat(room + 1 - cellWidth(arrow))} ${padEnd(f.to, targets)}  `;
    const indent = ' '.repeat(labels + room + targets + 5);
    const said = wrap(`${formatValue(f.pages, 'pages')}: ${f.label}`, Math.max(20, width - indent.length));
    return said.map((text, i) => (i === 0 ? head : indent) + text);
  });
}

/** The cycle as a ladder with the way back on its left, those who wait for it below. */
function waitGraph({ nodes, cycle }: GraphModel, width: number, paint: Paint): string[] {
  const has = (node: GraphNode): string => (node.holds === '' ? '' : paint(`  has ${node.holds}`, 'dim'));
  const lines: string[] = [];
  nodes.slice(0, cycle).forEach((node, i) => {
    lines.push(`${i === 0 ? '┌─▶ ' : '│ ▼ '}${paint(node.label, 'bold')}${has(node)}`);
    const says = wrap(waitsText(node), width - 6);
    const last = i === cycle - 1;
    says.forEach((text, k) => lines.push(`${last && k === says.length - 1 ? '└─┘ ' : '│ │ '}${text}`));
  });
  if (nodes.length > cycle) lines.push(paint('waiting for them:', 'dim'));
  for (const node of nodes.slice(cycle)) {
    const says = wrap(`${node.label} ${waitsText(node)} (${nodes[node.on].label})`, width - 4);
    says.forEach((text, k) => lines.push(`${k === 0 ? '  ▸ ' : '    '}${text}`));
  }
  return lines;
}
