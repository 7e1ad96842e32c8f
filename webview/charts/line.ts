/** Lines over time, by pass or along a swept value: one per variant. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { colourOf } from '../../simulator/view/palette.ts';
import { seenPlaces } from '../../simulator/view/seen-places.ts';
import type { Theme } from '../theme.ts';
import { baseOptions, pointsOf, type Config } from './common.ts';

export function lineChart(model: ChartModel, theme: Theme, columns: number): Config {
  const options = baseOptions(model, theme, model.x, model.y);
  return {
    type: 'line',
    data: {
      datasets: model.series.map((s) => {
        const places = seenPlaces(s.x, [s.y], model.x, columns);
        const long = places !== null && places.length > columns;
        return {
          label: s.label,
          // Many are drawn by the plugin for long lines.
          ...(long ? { data: [], places } : { data: pointsOf(s.x, s.y, places) }),
          borderColor: colourOf(theme, s.style.slot),
          borderDash: [...s.style.dash],
          borderWidth: theme.lineWidth,
          borderJoinStyle: 'round' as const,
          showLine: s.points !== 'only',
          pointRadius: 0,
          pointHitRadius: 0,
          stepped: model.stepped ? ('before' as const) : false,
        };
      }),
    },
    options,
  };
}
