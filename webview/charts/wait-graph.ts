/** A wait-for graph as vector graphics: sharp at any zoom, its text selectable, its colours the theme's. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { toneColour } from '../../simulator/view/svg.ts';
import { arrowHead, arrowPath, graphPicture, type Shape } from '../../simulator/view/wait-graph-picture.ts';
import { s } from '../dom.ts';
import type { Theme } from '../theme.ts';

export function waitGraph(model: ChartModel, theme: Theme, width: number): SVGElement {
  const picture = graphPicture(model.graph!, width);
  return s(
    'svg',
    {
      class: 'wait-graph',
      role: 'img',
      'aria-label': model.sentence,
      viewBox: `0 0 ${picture.width} ${picture.height}`,
      width: picture.width,
      height: picture.height,
      'font-family': theme.font,
      'font-size': 12,
    },
    ...picture.shapes.flatMap((shape) => elements(shape, theme)),
  );
}

function elements(shape: Shape, theme: Theme): SVGElement[] {
  const colour = toneColour(shape.tone, theme);
  switch (shape.kind) {
    case 'box': {
      const { x, y, w: width, h: height } = shape;
      return [s('rect', { x, y, width, height, rx: 4, fill: colour, 'fill-opacity': 0.08, stroke: colour })];
    }
    case 'arrow': {
      const line = { d: arrowPath(shape.points), fill: 'none', stroke: colour, 'stroke-width': theme.lineWidth * 0.8 };
      return [s('path', line), s('path', { d: arrowHead(shape.points), fill: colour })];
    }
    case 'text': {
      const { x, y, text, bold } = shape;
      const weight: Record<string, string> = bold ? { 'font-weight': '600' } : {};
      return [s('text', { x, y, fill: colour, ...weight }, text)];
    }
  }
}
