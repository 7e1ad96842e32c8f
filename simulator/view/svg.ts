/** A chart as a picture that stands alone: vector graphics for papers and mails, drawn from the same model as the screen. */
import { axisTitle, ticksOf } from './axis.ts';
import { heatRuns, sparse } from './heat-runs.ts';
import type { Annotation, ChartModel, Marker, SeriesModel } from './chart-model.ts';
import { flowPicture, type FlowShape } from './flow-picture.ts';
import { formatCell, formatValue } from './format.ts';
import { colourOf, LIGHT, type Palette } from './palette.ts';
import { tableOf } from './tables.ts';
import { arrowHead, arrowPath, graphPicture, type Shape, type Tone } from './wait-graph-picture.ts';

export interface SvgOptions {
  readonly width?: number;
  readonly height?: number;
  readonly palette?: Palette;
}

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export function chartSvg(model: ChartModel, options: SvgOptions = {}): string {
  const width = options.width ?? 760;
  const palette = options.palette ?? LIGHT;
  const sideways = isSideways(model);
  const rows = sideways ? (model.x.labels?.length ?? 1) : (model.heatmap?.rows.length ?? model.y.labels?.length ?? 0);
  const each = model.heatmap?.dense ? Math.max(5, Math.min(16, 300 / rows)) : 26;
  const graph = model.graph ? graphPicture(model.graph, width - 32) : null;
  const flow = model.flow ? flowPicture(model.flow, width - 32) : null;
  const written = model.kind === 'table' && model.table ? tableLines(model) : null;
  const body = graph
    ? graph.height - 30
    : flow
      ? flow.height - 30
      : written
        ? written.length * 18
        : (options.height ?? (rows > 0 ? rows * each + 20 : 300));
  const legend = legendOf(model, width - 32);
  const top = 48 + legend.height;
  const left = sideways || rows > 0 ? Math.min(220, 24 + 7 * longest(labelsDown(model, sideways))) : 78;
  const frame: Frame = { left, top, right: width - 20, bottom: top + body };
  const height = frame.bottom + 46;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escapeXml(model.sentence)}" font-family="${escapeXml(palette.font)}" font-size="12">`,
    `<title>${escapeXml(model.title)}</title><desc>${escapeXml(model.sentence)}</desc>`,
    `<rect width="${width}" height="${height}" fill="${palette.background}"/>`,
    text(16, 22, model.title, palette.foreground, 'font-size="14" font-weight="600"'),
    text(16, 38, [model.subtitle, model.names.join(', ')].filter((t) => t !== '').join(' — '), palette.muted),
    ...legend.items.map((item) => legendItem(item, palette)),
    ...(graph
      ? [`<g transform="translate(16 ${top - 4})">`, ...graph.shapes.map((s) => shapeSvg(s, palette)), '</g>']
      : flow
        ? [`<g transform="translate(16 ${top - 4})">`, ...flow.shapes.map((s) => flowSvg(s, palette)), '</g>']
        : written
          ? written.map((line, i) =>
              text(16, top + 14 + i * 18, line, palette.foreground, 'xml:space="preserve" font-family="monospace"'),
            )
          : model.heatmap
            ? heatmap(model, frame, palette)
            : plotted(model, frame, palette, sideways)),
    '</svg>',
  ];
  return parts.filter((part) => part !== '').join('\n') + '\n';
}

/** Bars with one name each lie on their side, where names have room. */
export const isSideways = (model: ChartModel): boolean =>
  model.kind === 'bars' && model.x.labels !== undefined && model.series.every((s) => s.x.length === 1);

const labelsDown = (model: ChartModel, sideways: boolean): readonly string[] =>
  (sideways ? model.x.labels : (model.heatmap?.rows ?? model.y.labels)) ?? [];

const longest = (labels: readonly string[]): number => Math.max(4, ...labels.map((label) => label.length));

function plotted(model: ChartModel, frame: Frame, palette: Palette, sideways: boolean): string[] {
  const x = sideways ? model.y : model.x;
  const y = sideways ? { ...model.x, min: model.x.max, max: model.x.min } : model.y;
  const px = (v: number) => frame.left + ((v - x.min) / (x.max - x.min)) * (frame.right - frame.left);
  const py = (v: number) => frame.bottom - ((v - y.min) / (y.max - y.min)) * (frame.bottom - frame.top);
  const lanes = model.kind === 'timeline';
  return [
    ...ticksOf(x).map(({ at, label }) => {
      const line = x.labels ? '' : rule(px(at), frame.top, px(at), frame.bottom, palette.grid);
      return line + text(px(at), frame.bottom + 16, label, palette.muted, 'text-anchor="middle"');
    }),
    ...ticksOf(y).map(({ at, label }) => {
      const line = y.labels ? '' : rule(frame.left, py(at), frame.right, py(at), palette.grid);
      return line + text(frame.left - 6, py(at) + 4, label, palette.muted, 'text-anchor="end"');
    }),
    text((frame.left + frame.right) / 2, frame.bottom + 36, axisTitle(x), palette.muted, 'text-anchor="middle"'),
    `<clipPath id="plot"><rect x="${frame.left}" y="${frame.top}" width="${frame.right - frame.left}" height="${frame.bottom - frame.top}"/></clipPath>`,
    ...model.annotations.map((a) => annotation(a, px, frame, palette)),
    '<g clip-path="url(#plot)">',
    ...seriesMarks(model, px, py, palette, sideways),
    '</g>',
    rule(frame.left, frame.bottom, frame.right, frame.bottom, palette.muted),
    sideways || lanes ? rule(frame.left, frame.top, frame.left, frame.bottom, palette.muted) : '',
  ];
}

type Project = (v: number) => number;

function seriesMarks(model: ChartModel, px: Project, py: Project, palette: Palette, sideways: boolean): string[] {
  switch (model.kind) {
    case 'bars':
      return bars(model, px, py, palette, sideways);
    case 'timeline':
      return model.series.map((s) => {
        const spans = Array.from(s.x, (from, i) => box(px(from), py(s.y[i]) - 8, px(s.x2![i]) - px(from), 16));
        return `<g fill="${colourOf(palette, s.style.slot)}" fill-opacity="${s.faint ? 0.3 : 0.75}"${s.faint ? ` stroke="${colourOf(palette, s.style.slot)}" stroke-dasharray="3 2"` : ''}>${spans.join('')}</g>`;
      });
    case 'area':
      return areas(model, px, py, palette);
    default:
      return model.series.map((s) => curve(s, px, py, palette, model.kind === 'histogram'));
  }
}

function curve(s: SeriesModel, px: Project, py: Project, palette: Palette, steps: boolean): string {
  const colour = colourOf(palette, s.style.slot);
  let path = '';
  let pen = 'M';
  for (let i = 0; i < s.x.length; i++) {
    if (Number.isNaN(s.y[i])) {
      pen = 'M';
      continue;
    }
    path += `${pen}${round(px(s.x[i]))} ${round(py(s.y[i]))}`;
    if (steps) path += `H${round(px(s.x2![i]))}`;
    pen = 'L';
  }
  const dash = s.style.dash.length > 0 ? ` stroke-dasharray="${s.style.dash.join(' ')}"` : '';
  const line =
    s.points === 'only'
      ? ''
      : `<path d="${path}" fill="none" stroke="${colour}" stroke-width="1.8" stroke-linejoin="round"${dash}/>`;
  const every = s.points === 'only' ? 1 : Math.max(1, Math.ceil(s.x.length / 12));
  let marks = '';
  if (!steps && s.points !== 'none') {
    for (let i = Math.floor(every / 2); i < s.x.length; i += every) {
      if (!Number.isNaN(s.y[i])) marks += markerPath(s.style.marker, px(s.x[i]), py(s.y[i]), 3.4);
    }
  }
  return line + (marks === '' ? '' : `<path d="${marks}" fill="${colour}" stroke="${colour}" stroke-width="1.4"/>`);
}

function areas(model: ChartModel, px: Project, py: Project, palette: Palette): string[] {
  const n = model.series[0]?.x.length ?? 0;
  let below = new Float64Array(n);
  return model.series.map((s) => {
    if (s.overlay) return curve(s, px, py, palette, false);
    const above = below.map((v, i) => v + (Number.isNaN(s.y[i]) ? 0 : s.y[i]));
    const forth = Array.from(s.x, (x, i) => `${round(px(x))} ${round(py(above[i]))}`);
    const back = Array.from(s.x, (x, i) => `${round(px(x))} ${round(py(below[i]))}`).reverse();
    below = above;
    const colour = colourOf(palette, s.style.slot);
    const opacity = s.style.slot < 0 ? 0.15 : 0.45;
    return `<path d="M${[...forth, ...back].join('L')}Z" fill="${colour}" fill-opacity="${opacity}" stroke="${colour}"/>`;
  });
}

function bars(model: ChartModel, px: Project, py: Project, palette: Palette, sideways: boolean): string[] {
  const count = sideways ? 1 : model.series.length;
  return model.series.map((s, k) => {
    const colour = colourOf(palette, s.style.slot);
    const shapes = Array.from(s.x, (x, i) => {
      if (Number.isNaN(s.y[i])) return '';
      if (sideways) {
        const value = text(
          px(s.y[i]) - 6,
          py(x) + 4,
          formatValue(s.y[i], s.unit),
          palette.background,
          'text-anchor="end"',
        );
        const outside = text(px(s.y[i]) + 6, py(x) + 4, formatValue(s.y[i], s.unit), palette.foreground);
        const wide = px(s.y[i]) - px(0) > 90;
        return box(px(0), py(x) - 9, px(s.y[i]) - px(0), 18) + (wide ? value : outside);
      }
      const slot = (px(1) - px(0)) * 0.8;
      const left = px(x) - slot / 2 + (slot / count) * k;
      return box(left, py(Math.max(0, s.y[i])), (slot / count) * 0.9, Math.abs(py(s.y[i]) - py(0)));
    });
    return `<g fill="${colour}">${shapes.join('')}</g>`;
  });
}

/** A line where all variants agree, a band where they reach the place at different times. */
function annotation(a: Annotation, px: Project, frame: Frame, palette: Palette): string {
  const xs = a.at.map((place) => px(place.x));
  const from = Math.max(frame.left, Math.min(...xs));
  const to = Math.min(frame.right, Math.max(...xs));
  if (from > frame.right || to < frame.left) return '';
  const colour = a.tone === 'alarm' ? palette.alarm : palette.muted;
  const mark =
    to - from > 2
      ? `<rect x="${round(from)}" y="${frame.top}" width="${round(to - from)}" height="${frame.bottom - frame.top}" fill="${colour}" fill-opacity="0.1"/>`
      : `<path d="M${round(from)} ${frame.top}V${frame.bottom}" stroke="${colour}" stroke-dasharray="4 3"/>`;
  const flip = from > frame.right - 90;
  return mark + text(from + (flip ? -4 : 4), frame.top + 12, a.label, colour, flip ? 'text-anchor="end"' : '');
}

function heatmap(model: ChartModel, frame: Frame, palette: Palette): string[] {
  if (model.heatmap!.dense) return denseHeatmap(model, frame, palette);
  const { rows, columns, values } = model.heatmap!;
  const w = (frame.right - frame.left) / columns.length;
  const h = (frame.bottom - frame.top) / rows.length;
  const cells = Array.from(values, (v, i) => {
    const x = frame.left + (i % columns.length) * w;
    const y = frame.top + Math.floor(i / columns.length) * h;
    const share = Number.isNaN(v) || model.y.max === model.y.min ? 0 : (v - model.y.min) / (model.y.max - model.y.min);
    const fill = `<rect x="${round(x)}" y="${round(y)}" width="${round(w - 1)}" height="${round(h - 1)}" fill="${palette.slots[0]}" fill-opacity="${round(0.05 + 0.6 * share)}"/>`;
    return (
      fill + text(x + w / 2, y + h / 2 + 4, formatValue(v, model.y.unit), palette.foreground, 'text-anchor="middle"')
    );
  });
  return [
    ...cells,
    ...rows.map((row, r) =>
      text(frame.left - 6, frame.top + (r + 0.5) * h + 4, row, palette.muted, 'text-anchor="end"'),
    ),
    ...columns.map((c, i) =>
      text(frame.left + (i + 0.5) * w, frame.bottom + 16, c, palette.muted, 'text-anchor="middle"'),
    ),
    text((frame.left + frame.right) / 2, frame.bottom + 36, model.x.title, palette.muted, 'text-anchor="middle"'),
  ];
}

/** Shades without figures, and a scale. */
function denseHeatmap(model: ChartModel, frame: Frame, palette: Palette): string[] {
  const { rows, columns } = model.heatmap!;
  const w = (frame.right - frame.left) / columns.length;
  const h = (frame.bottom - frame.top) / rows.length;
  const cell = (x: number, y: number, width: number, height: number, share: number): string =>
    `<rect x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}" fill="${palette.slots[0]}" fill-opacity="${round(0.1 + 0.9 * share)}"/>`;
  const scale = frame.bottom + 28;
  return [
    `<rect x="${frame.left}" y="${frame.top}" width="${frame.right - frame.left}" height="${frame.bottom - frame.top}" fill="none" stroke="${palette.grid}"/>`,
    ...heatRuns(model.heatmap!, model.y.min, model.y.max).map(({ row, from, to, share }) =>
      cell(frame.left + from * w, frame.top + row * h, (to - from) * w, h, share),
    ),
    ...sparse(rows.length, Math.floor((frame.bottom - frame.top) / 16)).map((r) =>
      text(frame.left - 6, frame.top + r * h + Math.min(h, 11), rows[r], palette.muted, 'text-anchor="end"'),
    ),
    ...sparse(columns.length, 7).map((c) =>
      text(
        frame.left + (c + 1) * w,
        frame.bottom + 16,
        columns[c],
        palette.muted,
        `text-anchor="${c === 0 ? 'start' : 'middle'}"`,
      ),
    ),
    text(frame.left, scale + 9, formatValue(model.y.min, model.y.unit), palette.muted),
    ...Array.from({ length: 10 }, (_, i) => cell(frame.left + 34 + i * 9, scale, 9, 10, i / 9)),
    text(frame.left + 130, scale + 9, `${formatValue(model.y.max, model.y.unit)} ${model.y.title}`, palette.muted),
    text(frame.right, scale + 9, model.x.title, palette.muted, 'text-anchor="end"'),
  ];
}

function shapeSvg(shape: Shape, palette: Palette): string {
  const colour = toneColour(shape.tone, palette);
  switch (shape.kind) {
    case 'box':
      return `<rect x="${round(shape.x)}" y="${round(shape.y)}" width="${round(shape.w)}" height="${round(shape.h)}" rx="4" fill="${colour}" fill-opacity="0.08" stroke="${colour}"/>`;
    case 'arrow':
      return `<path d="${arrowPath(shape.points)}" fill="none" stroke="${colour}" stroke-width="1.4"/><path d="${arrowHead(shape.points)}" fill="${colour}"/>`;
    case 'text':
      return text(shape.x, shape.y, shape.text, colour, shape.bold ? 'font-weight="600"' : '');
  }
}

function flowSvg(shape: FlowShape, palette: Palette): string {
  switch (shape.kind) {
    case 'box':
      return `<g fill="${colourOf(palette, shape.slot)}">${box(shape.x, shape.y, shape.w, shape.h)}</g>`;
    case 'band': {
      const colour = colourOf(palette, shape.slot);
      return `<path d="${shape.path}" fill="${colour}" fill-opacity="0.22" stroke="${colour}"><title>${escapeXml(shape.title)}</title></path>`;
    }
    case 'text': {
      const rest = `text-anchor="${shape.anchor}"${shape.strong ? ' font-weight="600"' : ''}`;
      return text(shape.x, shape.y, shape.text, palette.foreground, rest);
    }
  }
}

/** A table as lines of one width of letters. */
function tableLines(model: ChartModel): string[] {
  const { columns, rows } = tableOf(model);
  const cells = [
    columns.map((c) => c.title),
    ...rows.map((row) => row.map((cell, i) => (typeof cell === 'string' ? cell : formatCell(cell, columns[i].unit)))),
  ];
  const widths = columns.map((_, i) => Math.max(...cells.map((row) => row[i].length)));
  const words = columns.map((_, i) => rows.every((row) => typeof row[i] === 'string'));
  return cells.map((row) =>
    row
      .map((cell, i) => (words[i] ? cell.padEnd(widths[i]) : cell.padStart(widths[i])))
      .join('  ')
      .trimEnd(),
  );
}

export function toneColour(tone: Tone, palette: Palette): string {
  switch (tone) {
    case 'alarm':
      return palette.alarm;
    case 'strong':
      return palette.foreground;
    default:
      return palette.muted;
  }
}

interface LegendItem {
  readonly series: SeriesModel;
  readonly x: number;
  readonly y: number;
}

function legendOf(model: ChartModel, width: number): { readonly items: LegendItem[]; readonly height: number } {
  if (model.series.length < 2 || isSideways(model)) return { items: [], height: 4 };
  const items: LegendItem[] = [];
  let x = 0;
  let row = 0;
  for (const series of model.series) {
    const w = 46 + series.label.length * 6.6;
    if (x > 0 && x + w > width) {
      x = 0;
      row++;
    }
    items.push({ series, x: 16 + x, y: 56 + row * 18 });
    x += w;
  }
  return { items, height: (row + 1) * 18 + 8 };
}

function legendItem({ series, x, y }: LegendItem, palette: Palette): string {
  const colour = colourOf(palette, series.style.slot);
  const dash = series.style.dash.length > 0 ? ` stroke-dasharray="${series.style.dash.join(' ')}"` : '';
  return (
    (series.points === 'only'
      ? ''
      : `<path d="M${round(x)} ${y - 4}H${round(x + 24)}" stroke="${colour}" stroke-width="1.8"${dash}/>`) +
    (series.points === 'none'
      ? ''
      : `<path d="${markerPath(series.style.marker, x + 12, y - 4, 3.4)}" fill="${colour}" stroke="${colour}" stroke-width="1.4"/>`) +
    text(x + 29, y, series.label, palette.foreground)
  );
}

/** Outline of a marker around (x, y), as path data. */
export function markerPath(marker: Marker, x: number, y: number, r: number): string {
  const at = (dx: number, dy: number) => `${round(x + dx * r)} ${round(y + dy * r)}`;
  switch (marker) {
    case 'circle':
      return `M${at(-1, 0)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0Z`;
    case 'triangle':
      return `M${at(0, -1.15)}L${at(1.1, 0.9)}L${at(-1.1, 0.9)}Z`;
    case 'square':
      return `M${at(-0.9, -0.9)}L${at(0.9, -0.9)}L${at(0.9, 0.9)}L${at(-0.9, 0.9)}Z`;
    case 'diamond':
      return `M${at(0, -1.3)}L${at(1.3, 0)}L${at(0, 1.3)}L${at(-1.3, 0)}Z`;
    case 'plus':
      return `M${at(0, -1.2)}L${at(0, 1.2)}M${at(-1.2, 0)}L${at(1.2, 0)}`;
    case 'cross':
      return `M${at(-1, -1)}L${at(1, 1)}M${at(-1, 1)}L${at(1, -1)}`;
    case 'star':
      return `M${at(0, -1.3)}L${at(0, 1.3)}M${at(-1.1, -0.65)}L${at(1.1, 0.65)}M${at(-1.1, 0.65)}L${at(1.1, -0.65)}`;
  }
}

const box = (x: number, y: number, w: number, h: number): string =>
  `<rect x="${round(x)}" y="${round(y)}" width="${round(Math.max(0.5, w))}" height="${round(Math.max(0, h))}"/>`;
const rule = (x1: number, y1: number, x2: number, y2: number, colour: string): string =>
  `<path d="M${round(x1)} ${round(y1)}L${round(x2)} ${round(y2)}" stroke="${colour}"/>`;
const text = (x: number, y: number, content: string, colour: string, rest = ''): string =>
  content === ''
    ? ''
    : `<text x="${round(x)}" y="${round(y)}" fill="${colour}"${rest ? ' ' + rest : ''}>${escapeXml(content)}</text>`;

const round = (v: number): number => Math.round(v * 10) / 10;

export const escapeXml = (content: string): string =>
  content
    .replace(/[&<>"']/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[c]!)
    // Control characters are not allowed in XML, whatever their escape.

    .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f]/g, '\ufffd');
