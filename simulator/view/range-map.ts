/** `plot range-map of thumbnails`: which parts of a region were in memory, volatile and purged over time, one heat map for each. */
import type { RangeMap } from '../report.ts';
import { RANGE_MAP } from '../tables/volatile-measures.ts';
import type { ChartModel } from './chart-model.ts';
import { formatValue } from './format.ts';
import type { PlotContext } from './panel.ts';
import { categoryAxis, panel, selectedPoints, valueAxis } from './panel.ts';

/** Moments shown: more do not fit side by side. */
const COLUMNS = 12;
const STATES = [
  ['purged', 'lost'],
  ['volatile', 'volatile, in memory'],
  ['resident', 'in memory and not volatile'],
] as const;

export const isRangeMap = ({ plot }: PlotContext): boolean => plot.metrics.some(({ name }) => name === RANGE_MAP);

export function rangeMaps(context: PlotContext): ChartModel[] {
  const { plot } = context;
  const { rows, subtitle } = selectedPoints(context);
  const panels: ChartModel[] = [];
  for (const metric of plot.metrics)
    for (const { variant, point } of rows)
      for (const map of point.ranges ?? []) {
        if (metric.object !== undefined && metric.object !== map.object) continue;
        const moments = momentsOf(map);
        if (moments.length === 0) continue;
        const who = rows.length > 1 ? `${variant.label}: ` : '';
        const places = Array.from({ length: map.rows }, (_, row) => {
          const page = Math.floor((row * map.pages) / map.rows);
          return `from ${formatValue(page * 4096, 'bytes')}`;
        });
        const columns = moments.map((at) => formatValue(map.t[at], 'ns'));
        for (const [state, words] of STATES) {
          const all = map.shares[state];
          const values = new Float64Array(map.rows * moments.length);
          moments.forEach((at, c) => {
            for (let row = 0; row < map.rows; row++) values[row * moments.length + c] = all[at * map.rows + row];
          });
          if (values.every((share) => share === 0)) continue;
          panels.push(
            panel(context, {
              kind: 'heatmap',
              panel: panels.length,
              title: `${who}${map.object}: ${words}`,
              subtitle,
              metrics: [metric],
              x: categoryAxis('time', columns),
              y: valueAxis('Share of pages', 'ratio', [values, Float64Array.of(0, 1)]),
              series: [],
              heatmap: { rows: places, columns, values },
            }),
          );
        }
      }
  return panels;
}

/** Moments evenly apart, the last one included. */
function momentsOf({ t }: RangeMap): number[] {
  const count = Math.min(COLUMNS, t.length);
  return Array.from({ length: count }, (_, i) => Math.round(((i + 1) * t.length) / count) - 1);
}
