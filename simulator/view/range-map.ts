/** `plot range-map of thumbnails`: which parts of a region were in memory, volatile and purged over time, one heat map for each. */
import { RANGE_MAP } from '../tables/volatile-measures.ts';
import { PAGE_SIZE } from '../units.ts';
import type { ChartModel } from './chart-model.ts';
import { formatValue } from './format.ts';
import type { PlotContext } from './panel.ts';
import { categoryAxis, panel, selectedPoints, valueAxis } from './panel.ts';

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
        const columns = Array.from(map.t, (t) => formatValue(t, 'ns'));
        if (columns.length === 0) continue;
        const who = rows.length > 1 ? `${variant.label}: ` : '';
        // Where in the region each row begins.
        const places = Array.from({ length: map.rows }, (_, row) =>
          formatValue(Math.floor((row * map.pages) / map.rows) * PAGE_SIZE, 'bytes'),
        );
        for (const [state, words] of STATES) {
          const all = map.shares[state];
          const values = new Float64Array(map.rows * columns.length);
          for (let c = 0; c < columns.length; c++)
            for (let row = 0; row < map.rows; row++) values[row * columns.length + c] = all[c * map.rows + row];
          if (values.every((share) => share === 0)) continue;
          panels.push(
            panel(context, {
              kind: 'heatmap',
              panel: panels.length,
              title: `${who}${map.object}: ${words}`,
              subtitle,
              metrics: [metric],
              x: categoryAxis('time', columns),
              y: valueAxis('of pages', 'ratio', [values, Float64Array.of(0, 1)]),
              series: [],
              heatmap: { rows: places, rowTitle: 'from', columns, values, dense: true },
            }),
          );
        }
      }
  return panels;
}
