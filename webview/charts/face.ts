/** What our Chart.js plugins know about the chart they draw on: its model, the theme, where the reader points. */
import type { Chart } from 'chart.js';
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import type { Theme } from '../theme.ts';
import type { Reading } from './reading.ts';

export interface Face {
  readonly model: ChartModel;
  readonly theme: Theme;
  /** Where the crosshair stands, in the unit of x (or of categories); `null`: nowhere. */
  cursor: number | null;
  /** Points at the crosshair. */
  readings: readonly Reading[];
  /** Series to be seen before others. */
  highlight: string | null;
}

const faces = new WeakMap<Chart, Face>();

export const setFace = (chart: Chart, face: Face): void => void faces.set(chart, face);
export const faceOf = (chart: Chart): Face | undefined => faces.get(chart);
