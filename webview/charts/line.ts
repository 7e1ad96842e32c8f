/** Lines over time, by pass or along a swept value: one per variant. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { colourOf } from '../../simulator/view/palette.ts';
import type { Theme } from '../theme.ts';
import { baseOptions, pointsOf, type Config } from './common.ts';

export function lineChart(model: ChartModel, theme: Theme): Config {
  const options = baseOptions(model, theme, model.x, model.y);
  const whole = model.series.every((s) => !s.y.some((v) => Number.isNaN(v)));
  return {
    type: 'line',
    data: {
      datasets: model.series.map((s) => ({
        label: s.label,
        data: pointsOf(s.x, s.y),
        borderColor: colourOf(theme, s.style.slot),
        borderDash: [...s.style.dash],
        borderWidth: theme.lineWidth,
        borderJoinStyle: 'round' as const,
        showLine: s.points !== 'only',
        pointRadius: 0,
        pointHitRadius: 0,
        stepped: model.stepped ? ('before' as const) : false,
      })),
    },
    options: {
      ...options,
      // Least and greatest of each pixel's worth: spikes are the story. It can't handle gaps, which only short series have.
      plugins: { decimation: { enabled: whole, algorithm: 'min-max' } },
    },
  };
}
