/** A dense heat map as few rectangles: neighbours in a row that look the same are one. Canvas, SVG and renderer draw from these. */
import type { HeatmapModel } from './chart-model.ts';

/** Shades that an eye can tell apart. */
const SHADES = 24;

export interface HeatRun {
  readonly row: number;
  /** Columns [from, to). */
  readonly from: number;
  readonly to: number;
  /** 0 … 1, in steps of a shade. */
  readonly share: number;
}

/** Runs that are worth drawing: what is at the bottom of the scale is the background. */
export function heatRuns({ rows, columns, values }: HeatmapModel, min: number, max: number): HeatRun[] {
  const runs: HeatRun[] = [];
  const n = columns.length;
  const span = max - min || 1;
  for (let row = 0; row < rows.length; row++) {
    let from = 0;
    let shade = -1;
    for (let column = 0; column <= n; column++) {
      const value = column < n ? values[row * n + column] : NaN;
      // Anything above nothing shows.
      const now = Number.isNaN(value) || value <= min ? 0 : Math.max(1, Math.round(((value - min) / span) * SHADES));
      const at = column < n ? now : -1;
      if (at === shade) continue;
      if (shade > 0) runs.push({ row, from, to: column, share: Math.min(1, shade / SHADES) });
      from = column;
      shade = at;
    }
  }
  return runs;
}

/** Which of `count` labels are written where there is room for `most`: evenly, the first among them. */
export function sparse(count: number, most: number): number[] {
  const step = Math.max(1, Math.ceil(count / Math.max(1, most)));
  return Array.from({ length: Math.ceil(count / step) }, (_, i) => i * step);
}
