/**
 * Where the parts of a wait-for graph lie: the cycle as a ladder, top to bottom, with the way back on its left; those who wait from outside
 * below it, with their arrows on the right. Screen and paper draw the same shapes.
 */
import { waitsText, type GraphModel, type GraphNode } from './chart-model.ts';

export type Shape =
  | {
      readonly kind: 'box';
      readonly x: number;
      readonly y: number;
      readonly w: number;
      readonly h: number;
      readonly tone: Tone;
    }
  /** An arrow along straight lines; its head is at the last point. */
  | { readonly kind: 'arrow'; readonly points: readonly (readonly [number, number])[]; readonly tone: Tone }
  | {
      readonly kind: 'text';
      readonly x: number;
      readonly y: number;
      readonly text: string;
      readonly tone: Tone;
      readonly bold?: true;
    };

/** `alarm`: on the cycle; `plain`: outside of it; `muted`: what is said about them. */
export type Tone = 'alarm' | 'plain' | 'muted' | 'strong';

export interface GraphPicture {
  readonly width: number;
  readonly height: number;
  readonly shapes: readonly Shape[];
}

const LINE = 16;
/** Mean width of a character of the interface's font at 12 px. */
const CHAR = 6.4;
const PAD = 9;
const LEFT = 34;
const GAP = 12;

export function graphPicture(graph: GraphModel, width: number): GraphPicture {
  const { nodes, cycle } = graph;
  const outside = nodes.length - cycle;
  const right = outside > 0 ? 16 + outside * 9 : 8;
  const w = Math.max(60, width - LEFT - right);
  const room = Math.max(12, Math.floor((w - 2 * PAD) / CHAR));
  const shapes: Shape[] = [];
  const boxes: { top: number; bottom: number }[] = [];
  let y = 6;

  const box = (node: GraphNode, tone: Tone): void => {
    const says = node.holds === '' ? [] : wrapped(`has ${node.holds}`, room);
    const h = 2 * PAD - 4 + LINE * (1 + says.length);
    shapes.push({ kind: 'box', x: LEFT, y, w, h, tone });
    shapes.push({ kind: 'text', x: LEFT + PAD, y: y + PAD + 8, text: node.label, tone: 'strong', bold: true });
    says.forEach((text, i) =>
      shapes.push({ kind: 'text', x: LEFT + PAD, y: y + PAD + 8 + LINE * (i + 1), text, tone: 'muted' }),
    );
    boxes.push({ top: y, bottom: y + h });
    y += h;
  };
  /** What it waits for, beside a way down of that length. */
  const says = (node: GraphNode, x: number): number => {
    const lines = wrapped(waitsText(node), room - 4);
    lines.forEach((text, i) => shapes.push({ kind: 'text', x, y: y + GAP + LINE * i + 5, text, tone: 'muted' }));
    return 2 * GAP + LINE * (lines.length - 1) + 4;
  };

  nodes.slice(0, cycle).forEach((node, i) => {
    box(node, 'alarm');
    const down = says(node, LEFT + 34);
    const from = boxes[i].bottom;
    if (i < cycle - 1)
      shapes.push({
        kind: 'arrow',
        points: [
          [LEFT + 20, from],
          [LEFT + 20, from + down],
        ],
        tone: 'alarm',
      });
    else {
      // Back to the first.
      const first = (boxes[0].top + boxes[0].bottom) / 2;
      const turn = from + down / 2;
      shapes.push({
        kind: 'arrow',
        points: [
          [LEFT + 20, from],
          [LEFT + 20, turn],
          [10, turn],
          [10, first],
          [LEFT, first],
        ],
        tone: 'alarm',
      });
    }
    y += down;
  });
  nodes.slice(cycle).forEach((node, k) => {
    y += 6;
    box(node, 'plain');
    const at = boxes[cycle + k];
    const target = boxes[node.on];
    const rail = LEFT + w + 12 + 9 * k;
    const from = (at.top + at.bottom) / 2;
    if (target && target !== at) {
      const to = target.top + (target.bottom - target.top) * ((k + 1) / (outside + 1));
      shapes.push({
        kind: 'arrow',
        points: [
          [LEFT + w, from],
          [rail, from],
          [rail, to],
          [LEFT + w, to],
        ],
        tone: 'plain',
      });
    }
    y += says(node, LEFT + PAD) - 8;
  });
  return { width, height: y + 6, shapes };
}

/** Lines of at most `room` characters, broken at spaces. */
function wrapped(text: string, room: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > room) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

/** The head of an arrow as path data: a triangle whose tip is the last point. */
export function arrowHead(points: readonly (readonly [number, number])[]): string {
  const [x, y] = points[points.length - 1];
  const [fromX, fromY] = points[points.length - 2];
  const dx = Math.sign(x - fromX);
  const dy = Math.sign(y - fromY);
  const side = (k: number): string => `${x - 7 * dx + 4 * k * dy} ${y - 7 * dy + 4 * k * dx}`;
  return `M${x} ${y}L${side(1)}L${side(-1)}Z`;
}

export const arrowPath = (points: readonly (readonly [number, number])[]): string =>
  `M${points.map(([x, y]) => `${x} ${y}`).join('L')}`;
