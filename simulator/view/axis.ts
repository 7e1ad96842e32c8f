/** Titles and ticks of an axis, the same on screen and on paper. */
import type { AxisModel } from './chart-model.ts';
import { formatSignificant } from './format.ts';
import { formatTick, innerTicks } from './ticks.ts';

export function axisTitle(axis: AxisModel): string {
  return axis.scale.suffix === '' || axis.scale.suffix === axis.title
    ? axis.title
    : `${axis.title} (${axis.scale.suffix})`;
}

export interface AxisTick {
  /** In the report's unit. */
  readonly at: number;
  readonly label: string;
}

/** About `count` ticks; all of them for categories and swept values. */
export function ticksOf(axis: AxisModel, count = 6): AxisTick[] {
  if (axis.labels) return axis.labels.map((label, at) => ({ at, label }));
  const { divide } = axis.scale;
  const low = Math.min(axis.min, axis.max) / divide;
  const high = Math.max(axis.min, axis.max) / divide;
  if (axis.ticks) {
    const inside = axis.ticks.filter((at) => at / divide >= low && at / divide <= high);
    return inside.map((at) => ({ at, label: formatSignificant(at / divide, 4) }));
  }
  const values = innerTicks(low, high, count);
  const step = values.length > 1 ? values[1] - values[0] : Math.max(high - low, 1e-9);
  const whole = axis.unit === 'count' ? values.filter((v) => Number.isInteger(v)) : values;
  return whole.map((v) => ({ at: v * divide, label: formatTick(v, step) }));
}
