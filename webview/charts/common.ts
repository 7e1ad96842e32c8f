/** Options that all charts share: no animation, no parsing, axes with our ticks, colours of the theme. Pointer and keys are ours (interaction.ts). */
import type { ChartConfiguration, ChartOptions, ScaleOptionsByType, Tick } from 'chart.js';
import { axisTitle, ticksOf } from '../../simulator/view/axis.ts';
import type { AxisModel, ChartModel } from '../../simulator/view/chart-model.ts';
import type { Theme } from '../theme.ts';
import { labelRoom } from './annotations.ts';

export type Config = ChartConfiguration<'line' | 'bar', object[], string>;
type Scale = NonNullable<ChartOptions<'line' | 'bar'>['scales']>[string];

/** x and y of the picture, which for bars on their side are y and x of the model. */
export function baseOptions(
  model: ChartModel,
  theme: Theme,
  across: AxisModel,
  up: AxisModel,
): ChartOptions<'line' | 'bar'> {
  return {
    animation: false,
    responsive: true,
    maintainAspectRatio: false,
    parsing: false,
    normalized: true,
    events: [],
    layout: { padding: { top: labelRoom(model.annotations), right: 10 } },
    scales: {
      x: scale(across, theme, 'x'),
      y: scale(up, theme, 'y'),
    },
  };
}

function scale(axis: AxisModel, theme: Theme, which: 'x' | 'y'): Scale {
  const font = { family: theme.font, size: 11 };
  const common = {
    border: { color: theme.grid },
    grid: { color: axis.labels ? 'transparent' : theme.grid, tickLength: 4, lineWidth: 1 },
    title: {
      // The chart's own title names the quantity; its axis says the unit.
      display: which === 'x' || axis.scale.suffix !== '',
      text: which === 'x' ? axisTitle(axis) : axis.scale.suffix,
      color: theme.muted,
      font,
      padding: which === 'x' ? 2 : 0,
    },
  };
  if (axis.labels) {
    return {
      ...common,
      type: 'category',
      labels: [...axis.labels],
      ticks: { color: theme.foreground, font, autoSkip: false, maxRotation: which === 'x' ? 40 : 0 },
    } as unknown as Scale;
  }
  const linear: Partial<ScaleOptionsByType<'linear'>> = {
    type: 'linear',
    min: axis.min,
    max: axis.max,
    afterBuildTicks: (built) => {
      const room = built.axis === 'x' ? built.width / 80 : built.height / 42;
      const current: AxisModel = { ...axis, min: built.min, max: built.max };
      built.ticks = ticksOf(current, Math.max(2, Math.min(10, Math.floor(room)))).map(({ at, label }) => ({
        value: at,
        label,
      }));
    },
  };
  return {
    ...common,
    ...linear,
    ticks: {
      color: theme.muted,
      font,
      maxRotation: 0,
      autoSkipPadding: 8,
      callback: (_value: number | string, index: number, ticks: Tick[]) => String(ticks[index].label ?? ''),
    },
  };
}

/** Objects for Chart.js, which wants them even when told not to parse: of all values, or of those at `places`. */
export function pointsOf(
  x: ArrayLike<number>,
  y: ArrayLike<number>,
  places: Int32Array | null = null,
): { x: number; y: number }[] {
  const points = new Array<{ x: number; y: number }>(places?.length ?? x.length);
  for (let i = 0; i < points.length; i++) {
    const at = places ? places[i] : i;
    points[i] = { x: x[at], y: y[at] };
  }
  return points;
}
