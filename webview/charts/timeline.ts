/** Spans on lanes, one lane per resource: floating bars. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { colourOf } from '../../simulator/view/palette.ts';
import { mix, type Theme } from '../theme.ts';
import { baseOptions, type Config } from './common.ts';

export function timelineChart(model: ChartModel, theme: Theme): Config {
  return {
    type: 'bar',
    data: {
      datasets: model.series.map((s) => {
        const colour = colourOf(theme, s.style.slot);
        return {
          label: s.label,
          // The form that Chart.js itself makes of [start, end].
          data: Array.from(s.x, (start, i) => {
            const end = s.x2![i];
            return { x: end, y: s.y[i], _custom: { barStart: start, barEnd: end, start, end, min: start, max: end } };
          }),
          backgroundColor: mix(colour, theme.background, s.faint ? 0.12 : 0.62),
          borderColor: colour,
          borderWidth: 1,
          borderSkipped: false,
          grouped: false,
          maxBarThickness: 20,
        };
      }),
    },
    options: { ...baseOptions(model, theme, model.x, model.y), indexAxis: 'y' },
  };
}
