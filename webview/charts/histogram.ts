/** Distributions as outlines, which may overlap and still be read; a faint body shows where they lie. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { colourOf } from '../../simulator/view/palette.ts';
import type { Theme } from '../theme.ts';
import { baseOptions, type Config } from './common.ts';

export function histogramChart(model: ChartModel, theme: Theme): Config {
  return {
    type: 'line',
    data: {
      datasets: model.series.map((s) => {
        const colour = colourOf(theme, s.style.slot);
        const points: { x: number; y: number }[] = [{ x: s.x[0], y: 0 }];
        s.x.forEach((from, i) => points.push({ x: from, y: s.y[i] }, { x: s.x2![i], y: s.y[i] }));
        points.push({ x: s.x2![s.x2!.length - 1], y: 0 });
        return {
          label: s.label,
          data: points,
          borderColor: colour,
          borderDash: [...s.style.dash],
          borderWidth: theme.lineWidth,
          backgroundColor: `${colour}18`,
          fill: 'origin',
          pointRadius: 0,
        };
      }),
    },
    options: baseOptions(model, theme, model.x, model.y),
  };
}
