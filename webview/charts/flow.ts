/** What moved between nodes, as vector graphics: bands with arrow heads, what they mean written on them, colours the theme's. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { flowPicture, type FlowShape } from '../../simulator/view/flow-picture.ts';
import { colourOf } from '../../simulator/view/palette.ts';
import { s } from '../dom.ts';
import type { Theme } from '../theme.ts';

export function flowChart(model: ChartModel, theme: Theme, width: number): SVGElement {
  const picture = flowPicture(model.flow!, width);
  return s(
    'svg',
    {
      class: 'flow',
      role: 'img',
      'aria-label': model.sentence,
      viewBox: `0 0 ${picture.width} ${picture.height}`,
      width: picture.width,
      height: picture.height,
      'font-family': theme.font,
      'font-size': 12,
    },
    ...picture.shapes.map((shape) => element(shape, theme)),
  );
}

function element(shape: FlowShape, theme: Theme): SVGElement {
  switch (shape.kind) {
    case 'box': {
      const { x, y, w: width, h: height, slot } = shape;
      return s('rect', { x, y, width, height, fill: colourOf(theme, slot) });
    }
    case 'band': {
      const colour = colourOf(theme, shape.slot);
      const band = {
        d: shape.path,
        fill: colour,
        'fill-opacity': 0.22,
        stroke: colour,
        'stroke-width': theme.lineWidth * 0.6,
      };
      return s('path', band, s('title', {}, shape.title));
    }
    case 'text': {
      const { x, y, text, anchor, strong } = shape;
      const weight: Record<string, string> = strong ? { 'font-weight': '600' } : {};
      return s('text', { x, y, fill: theme.foreground, 'text-anchor': anchor, ...weight }, text);
    }
  }
}
