/** The little picture of a line in a legend: hue, dash and marker as in the charts. */
import type { ChartKind, SeriesModel, SeriesStyle } from '../simulator/view/chart-model.ts';
import { colourOf } from '../simulator/view/palette.ts';
import { markerPath } from '../simulator/view/svg.ts';
import { s } from './dom.ts';
import type { Theme } from './theme.ts';

export function swatch(
  style: SeriesStyle,
  theme: Theme,
  kind: ChartKind = 'line',
  faint = false,
  points?: SeriesModel['points'],
): SVGElement {
  const colour = colourOf(theme, style.slot);
  if (kind === 'area' || kind === 'timeline') {
    const body = s('path', {
      d: 'M8 1H20V11H8Z',
      fill: colour,
      'fill-opacity': faint || style.slot < 0 ? 0.12 : 0.5,
      stroke: colour,
    });
    return s('svg', { width: 28, height: 12, viewBox: '0 0 28 12', 'aria-hidden': 'true' }, body);
  }
  return s(
    'svg',
    { width: 28, height: 12, viewBox: '0 0 28 12', 'aria-hidden': 'true' },
    points !== 'only' &&
      s('path', {
        d: 'M0 6H28',
        stroke: colour,
        'stroke-width': 2,
        'stroke-dasharray': style.dash.length > 0 ? style.dash.join(' ') : undefined,
      }),
    points !== 'none' &&
      s('path', { d: markerPath(style.marker, 14, 6, 3.6), fill: colour, stroke: colour, 'stroke-width': 1.4 }),
  );
}
