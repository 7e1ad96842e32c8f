/**
 * Where the parts of a flow picture lie: what pages left on the left, where they went on the right, bands as thick as what moved between them. Screen
 * and paper draw the same shapes.
 */
import type { FlowModel } from './chart-model.ts';
import { formatValue } from './format.ts';

export type FlowShape =
  | {
      readonly kind: 'box';
      readonly x: number;
      readonly y: number;
      readonly w: number;
      readonly h: number;
      readonly slot: number;
    }
  | { readonly kind: 'band'; readonly path: string; readonly slot: number; readonly title: string }
  | {
      readonly kind: 'text';
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly anchor: 'start' | 'end' | 'middle';
      readonly strong?: true;
    };

export interface FlowPicture {
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly FlowShape[];
}

const BOX = 12;
const SIDE = 66;
const GAP = 14;
const LEAST = 16;
/** Height of all bands of one side together. */
const BODY = 150;
const CHAR = 6.4;

export function flowPicture({ flows }: FlowModel, width: number): FlowPicture {
  const total = flows.reduce((sum, f) => sum + f.pages, 0) || 1;
  const thick = (pages: number): number => Math.max(LEAST, (pages / total) * BODY);
  const left = stack(flows.map((f) => ({ key: f.from, h: thick(f.pages) })));
  const right = stack(flows.map((f) => ({ key: f.to, h: thick(f.pages) })));
  const x0 = SIDE;
  const x1 = Math.max(x0 + 120, width - SIDE);
  const shapes: FlowShape[] = [];
  const done = { left: new Map<string, number>(), right: new Map<string, number>() };
  const texts: FlowShape[] = [];
  for (const f of flows) {
    const h = thick(f.pages);
    const a = left.tops.get(f.from)! + (done.left.get(f.from) ?? 0);
    const b = right.tops.get(f.to)! + (done.right.get(f.to) ?? 0);
    done.left.set(f.from, (done.left.get(f.from) ?? 0) + h);
    done.right.set(f.to, (done.right.get(f.to) ?? 0) + h);
    const from = x0 + BOX;
    const to = x1 - BOX - 7;
    const c = (from + to) / 2;
    const says = `${formatValue(f.pages, 'pages')}: ${f.label}`;
    // The head of an arrow at the right end tells the direction without colour.
    const path =
      `M${from} ${a}C${c} ${a} ${c} ${b} ${to} ${b}L${to + 7} ${b + h / 2}L${to} ${b + h}` +
      `C${c} ${b + h} ${c} ${a + h} ${from} ${a + h}Z`;
    shapes.push({ kind: 'band', path, slot: f.slot, title: `${f.from} to ${f.to}: ${says}` });
    const room = Math.floor((to - from - 12) / CHAR);
    texts.push({
      kind: 'text',
      x: from + 6,
      y: a + Math.min(h / 2, 20) + 4,
      text: says.length > room ? `${says.slice(0, Math.max(1, room - 1))}…` : says,
      anchor: 'start',
    });
  }
  for (const [key, y] of left.tops) {
    const h = left.heights.get(key)!;
    shapes.push({ kind: 'box', x: x0, y, w: BOX, h, slot: flows.find((f) => f.from === key)!.slot });
    texts.push({ kind: 'text', x: x0 - 6, y: y + h / 2 + 4, text: key, anchor: 'end', strong: true });
  }
  for (const [key, y] of right.tops) {
    const h = right.heights.get(key)!;
    shapes.push({ kind: 'box', x: x1 - BOX, y, w: BOX, h, slot: -1 });
    texts.push({ kind: 'text', x: x1 + 6, y: y + h / 2 + 4, text: key, anchor: 'start', strong: true });
  }
  return { width: x1 + SIDE, height: Math.max(left.height, right.height, 40) + 8, shapes: [...shapes, ...texts] };
}

const numberIn = (label: string): number => Number(/\d+/.exec(label)?.[0] ?? 0);

function stack(parts: readonly { readonly key: string; readonly h: number }[]) {
  const heights = new Map<string, number>();
  for (const { key, h } of parts) heights.set(key, (heights.get(key) ?? 0) + h);
  const order = [...heights.keys()].sort((a, b) => numberIn(a) - numberIn(b));
  const tops = new Map<string, number>();
  let y = 4;
  for (const key of order) {
    tops.set(key, y);
    y += heights.get(key)! + GAP;
  }
  return { heights, tops, height: y };
}
