/** Stacked areas: parts of a whole over time, with limits as lines over them. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { colourOf } from '../../simulator/view/palette.ts';
import { seenPlaces } from '../../simulator/view/seen-places.ts';
import { mix, type Theme } from '../theme.ts';
import { baseOptions, pointsOf, type Config } from './common.ts';

export function areaChart(model: ChartModel, theme: Theme, columns: number): Config {
  const places = stackPlaces(model, columns);
  const options = baseOptions(model, theme, model.x, model.y);
  return {
    type: 'line',
    data: {
      datasets: model.series.map((s, i) => {
        const colour = colourOf(theme, s.style.slot);
        if (s.overlay)
          return {
            label: s.label,
            data: pointsOf(s.x, s.y, places),
            borderColor: colour,
            borderWidth: theme.lineWidth,
            borderDash: [...s.style.dash],
            backgroundColor: 'transparent',
            fill: false,
            stack: s.key,
            // Drawn last: bands would cover it.
            order: -1,
            pointRadius: 0,
          };
        return {
          label: s.label,
          data: pointsOf(s.x, s.y, places),
          borderColor: colour,
          borderWidth: 1,
          backgroundColor: mix(colour, theme.background, s.style.slot < 0 ? 0.15 : 0.5),
          fill: i === 0 ? 'origin' : '-1',
          pointRadius: 0,
        };
      }),
    },
    options: { ...options, scales: { ...options.scales, y: { ...options.scales!['y'], stacked: true } } },
  };
}

/** What is seen of the edges between bands, and of the limits over them. All series of a stack have the same x. */
function stackPlaces({ series, x }: ChartModel, columns: number): Int32Array | null {
  if (series.length === 0 || series[0].x.length <= 4 * columns) return null;
  const edges: Float64Array[] = [];
  let top = new Float64Array(series[0].x.length);
  for (const s of series) {
    if (!s.overlay) top = top.map((below, i) => below + (Number.isNaN(s.y[i]) ? 0 : s.y[i]));
    edges.push(s.overlay ? s.y : top);
  }
  return seenPlaces(series[0].x, edges, x, columns);
}
