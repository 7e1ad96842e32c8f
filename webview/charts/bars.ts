/** Bars by variant lie on their side, where names have room; bars by phase or value stand in groups. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { colourOf } from '../../simulator/view/palette.ts';
import { isSideways } from '../../simulator/view/svg.ts';
import type { Theme } from '../theme.ts';
import { baseOptions, pointsOf, type Config } from './common.ts';

export function barChart(model: ChartModel, theme: Theme): Config {
  const sideways = isSideways(model);
  const options = sideways ? baseOptions(model, theme, model.y, model.x) : baseOptions(model, theme, model.x, model.y);
  return {
    type: 'bar',
    data: {
      datasets: model.series.map((s) => ({
        label: s.label,
        data: sideways ? pointsOf(s.y, s.x) : pointsOf(s.x, s.y),
        backgroundColor: colourOf(theme, s.style.slot),
        // Each variant has a category of its own when sideways: no room is kept for the others'.
        grouped: !sideways,
        maxBarThickness: sideways ? 22 : 44,
        minBarLength: 1,
      })),
    },
    options: { ...options, indexAxis: sideways ? 'y' : 'x' },
  };
}
