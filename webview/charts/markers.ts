/** Shapes along lines and on bars, so that series can be told apart without colour. Long lines get a few, placed apart from their neighbours'. */
import type { Chart, Plugin } from 'chart.js';
import { formatValue } from '../../simulator/view/format.ts';
import { colourOf } from '../../simulator/view/palette.ts';
import { isSideways, markerPath } from '../../simulator/view/svg.ts';
import { mix } from '../theme.ts';
import { faceOf, type Face } from './face.ts';
import { pixelsOf, placesOf } from './long-lines.ts';

/** Lines with at most this many points show each of them. */
const EVERY_POINT = 45;
const SPACING = 110;

export const markersPlugin: Plugin = {
  id: 'refault-markers',
  afterDatasetsDraw(chart: Chart) {
    const face = faceOf(chart);
    if (!face) return;
    const { model, theme } = face;
    if (model.kind === 'timeline' || model.kind === 'area') return;
    if (isSideways(model)) {
      barValues(chart, face);
      return;
    }
    const { ctx, chartArea: area } = chart;
    ctx.save();
    ctx.beginPath();
    ctx.rect(area.left - 5, area.top - 5, area.width + 10, area.height + 10);
    ctx.clip();
    model.series.forEach((series, i) => {
      if (!chart.isDatasetVisible(i) || series.points === 'none') return;
      const elements = chart.getDatasetMeta(i).data;
      const dimmed = face.highlight !== null && face.highlight !== series.key;
      const colour = colourOf(theme, series.style.slot);
      const ink = dimmed ? mix(colour, theme.background, 0.25) : colour;
      ctx.fillStyle = ink;
      ctx.strokeStyle = ink;
      ctx.lineWidth = 1.5;
      const draw = (x: number, y: number) => {
        const path = new Path2D(markerPath(series.style.marker, x, y, 3.3));
        ctx.fill(path);
        ctx.stroke(path);
      };
      if (model.kind === 'bars') {
        for (const bar of elements) if (!Number.isNaN(bar.y)) draw(bar.x, bar.y - 7);
        return;
      }
      let next = area.left + ((i + 0.5) / model.series.length) * SPACING;
      const places = placesOf(chart.data.datasets[i]);
      if (places) {
        const pixels = pixelsOf(chart);
        for (const place of places) {
          const x = pixels.x(series.x[place]);
          const y = pixels.y(series.y[place]);
          if (Number.isNaN(y) || x < next || x < area.left - 1 || x > area.right + 1) continue;
          draw(x, y);
          while (next <= x) next += SPACING;
        }
        return;
      }
      const all = elements.length <= EVERY_POINT && model.kind !== 'histogram';
      for (const point of elements) {
        const skipped = (point as unknown as { skip?: boolean }).skip === true;
        if (skipped || Number.isNaN(point.y) || point.x < area.left - 1 || point.x > area.right + 1) continue;
        if (!all && point.x < next) continue;
        draw(point.x, point.y);
        while (next <= point.x) next += SPACING;
      }
    });
    ctx.restore();
  },
};

/** The number at the end of each bar, inside where there is no room outside. */
function barValues(chart: Chart, { model, theme }: Face): void {
  const { ctx, chartArea: area } = chart;
  ctx.save();
  ctx.font = `11px ${theme.font}`;
  ctx.textBaseline = 'middle';
  model.series.forEach((series, i) => {
    const bar = chart.getDatasetMeta(i).data[0];
    if (!bar || Number.isNaN(series.y[0])) return;
    const text = formatValue(series.y[0], series.unit);
    const outside = bar.x + 6 + ctx.measureText(text).width <= area.right + 8;
    ctx.textAlign = outside ? 'left' : 'right';
    ctx.fillStyle = outside ? theme.foreground : theme.background;
    ctx.fillText(text, bar.x + (outside ? 5 : -6), bar.y);
  });
  ctx.restore();
}
