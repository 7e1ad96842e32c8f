/** A heat map of too many cells for figures: a picture of shades, with a scale. Its figures are in the table. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { formatValue } from '../../simulator/view/format.ts';
import { heatRuns, sparse } from '../../simulator/view/heat-runs.ts';
import { contrast, mix, type Theme } from '../theme.ts';

const NS = 'http://www.w3.org/2000/svg';
const LEFT = 70;
const RIGHT = 12;
const TOP = 6;
const BOTTOM = 58;

function node(name: string, attributes: Readonly<Record<string, string | number>>, text?: string): SVGElement {
  const made = document.createElementNS(NS, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, String(value));
  if (text !== undefined) made.textContent = text;
  return made;
}

export function heatPicture(model: ChartModel, theme: Theme, width: number): SVGElement {
  const { rows, columns } = model.heatmap!;
  const each = Math.max(4, Math.min(14, Math.floor(240 / rows.length)));
  const body = rows.length * each;
  const height = TOP + body + BOTTOM;
  const across = (width - LEFT - RIGHT) / columns.length;
  const svg = node('svg', {
    viewBox: `0 0 ${width} ${height}`,
    width,
    height,
    role: 'img',
    'aria-label': model.sentence,
    class: 'heat-picture',
  });
  const shade = (share: number): string => mix(strongest(theme), theme.background, 0.12 + 0.88 * share);
  const box = (x: number, y: number, w: number, h: number, fill: string, more = {}): SVGElement =>
    node('rect', { x, y, width: w, height: h, fill, ...more });
  svg.append(box(LEFT, TOP, width - LEFT - RIGHT, body, 'none', { stroke: theme.grid }));
  for (const { row, from, to, share } of heatRuns(model.heatmap!, model.y.min, model.y.max)) {
    const cell = box(LEFT + from * across, TOP + row * each, (to - from) * across, each, shade(share));
    const value = model.y.min + share * (model.y.max - model.y.min);
    const until = columns[Math.min(to, columns.length) - 1];
    cell.append(node('title', {}, `${rows[row]}, until ${until}: about ${formatValue(value, model.y.unit)}`));
    svg.append(cell);
  }
  const label = (x: number, y: number, text: string, anchor: string): SVGElement =>
    node('text', { x, y, fill: theme.muted, 'font-size': 11, 'font-family': theme.font, 'text-anchor': anchor }, text);
  for (const r of sparse(rows.length, Math.floor(body / 16)))
    svg.append(label(LEFT - 6, TOP + r * each + Math.min(each, 11), rows[r], 'end'));
  for (const c of sparse(columns.length, 7))
    svg.append(label(LEFT + (c + 1) * across, TOP + body + 15, columns[c], c === 0 ? 'start' : 'middle'));
  const base = TOP + body + 34;
  svg.append(label((LEFT + width - RIGHT) / 2, base - 2, model.x.title, 'middle'));
  const steps = 12;
  svg.append(label(LEFT, base + 19, formatValue(model.y.min, model.y.unit), 'start'));
  for (let i = 0; i < steps; i++)
    svg.append(
      box(LEFT + 34 + i * 9, base + 10, 9, 11, i === 0 ? theme.background : shade(i / (steps - 1)), {
        stroke: theme.grid,
        'stroke-width': 0.5,
      }),
    );
  svg.append(
    label(LEFT + 40 + steps * 9, base + 19, `${formatValue(model.y.max, model.y.unit)} ${model.y.title}`, 'start'),
  );
  return svg;
}

/** The palette's first colour, unless it can hardly be told from the background. */
function strongest(theme: Theme): string {
  const [first] = theme.slots;
  return contrast(first, theme.background) >= 3 ? first : theme.foreground;
}
