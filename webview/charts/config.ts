/** Which chart draws which kind of model. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import type { Theme } from '../theme.ts';
import { areaChart } from './area.ts';
import { barChart } from './bars.ts';
import type { Config } from './common.ts';
import { histogramChart } from './histogram.ts';
import { lineChart } from './line.ts';
import { timelineChart } from './timeline.ts';

/** `null` for kinds that are tables rather than pictures. */
export function configOf(model: ChartModel, theme: Theme): Config | null {
  switch (model.kind) {
    case 'line':
      return lineChart(model, theme);
    case 'area':
      return areaChart(model, theme);
    case 'bars':
      return barChart(model, theme);
    case 'histogram':
      return histogramChart(model, theme);
    case 'timeline':
      return timelineChart(model, theme);
    case 'heatmap':
    case 'graph':
    case 'flow':
    case 'table':
      return null;
  }
}
