/** Which chart draws which kind of model. */
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import type { Theme } from '../theme.ts';
import { areaChart } from './area.ts';
import { barChart } from './bars.ts';
import type { Config } from './common.ts';
import { histogramChart } from './histogram.ts';
import { lineChart } from './line.ts';
import { timelineChart } from './timeline.ts';

/** Whether it is drawn on a canvas: the other kinds are tables or pictures of lines and words. */
export const isDrawn = ({ kind }: ChartModel): boolean =>
  kind === 'line' || kind === 'area' || kind === 'bars' || kind === 'histogram' || kind === 'timeline';

/** `columns`: how many pixels wide it is, or somewhat more. */
export function configOf(model: ChartModel, theme: Theme, columns: number): Config {
  switch (model.kind) {
    case 'area':
      return areaChart(model, theme, columns);
    case 'bars':
      return barChart(model, theme);
    case 'histogram':
      return histogramChart(model, theme);
    case 'timeline':
      return timelineChart(model, theme);
    default:
      return lineChart(model, theme, columns);
  }
}
