/** Round numbers along an axis. Works in display units, so that seconds and mebibytes get round ticks too. */
import { exponentOf, formatNumber } from './format.ts';

export interface Ticks {
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly values: readonly number[];
}

/** Ten to an integer power by multiplication: no engine-dependent power function. */
export function powerOfTen(exponent: number): number {
  let result = 1;
  for (let i = 0; i < Math.abs(exponent); i++) result *= 10;
  return exponent < 0 ? 1 / result : result;
}

/** About `count` ticks that enclose `min … max`, at steps of 1, 2, 2.5 or 5 times a power of ten. */
export function niceTicks(min: number, max: number, count = 5): Ticks {
  if (!Number.isFinite(min) || !Number.isFinite(max)) return niceTicks(0, 1, count);
  // So far beyond any quantity that steps can't be told apart in a double.
  if (max - min > 1e300) return { min, max, step: max / 2 - min / 2, values: [min, max] };
  if (!(max - min > Math.max(1e-18, Math.abs(max) * 1e-13))) {
    const pad = Math.abs(max) < 1e-17 ? 1 : Math.abs(max) * 0.5;
    return niceTicks(Math.abs(max) < 1e-17 ? 0 : max - pad, max + pad, count);
  }
  const rough = (max - min) / Math.max(1, count);
  const exponent = exponentOf(rough);
  const unit = powerOfTen(exponent);
  const lead = rough / unit;
  const factor = lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 2.5 ? 2.5 : lead <= 5 ? 5 : 10;
  const step = factor * unit;
  const from = Math.floor(min / step + 1e-9);
  const to = Math.ceil(max / step - 1e-9);
  const values: number[] = [];
  for (let i = from; i <= to; i++) values.push(snap(i * step, step));
  return { min: values[0], max: values[values.length - 1], step, values };
}

/** Ticks within `min … max` without widening the range: for axes whose ends are data (time, zoomed windows). */
export function innerTicks(min: number, max: number, count = 6): readonly number[] {
  const { values, step } = niceTicks(min, max, count);
  return values.filter((v) => v >= min - step * 1e-6 && v <= max + step * 1e-6);
}

/** Removes the dust of binary fractions: 0.30000000000000004 is 0.3. */
function snap(value: number, step: number): number {
  const decimals = Math.max(0, 2 - exponentOf(step));
  return decimals > 15 ? value : Number(value.toFixed(decimals));
}

/** As many decimals as the step needs, no more. */
export function formatTick(value: number, step: number): string {
  const decimals = Math.min(20, Math.max(0, -exponentOf(step)));
  const text = step.toFixed(decimals);
  // A step of 2.5 has one digit behind its leading one.
  return formatNumber(value, Math.abs(Number(text) - step) > step * 1e-6 ? decimals + 1 : decimals);
}
