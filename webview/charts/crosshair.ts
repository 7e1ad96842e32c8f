/** A line where the reader points, in every chart of the output with the same x, and rings on the points that are read there. */
import type { Chart, Plugin } from 'chart.js';
import { colourOf } from '../../simulator/view/palette.ts';
import { isSideways } from '../../simulator/view/svg.ts';
import { faceOf } from './face.ts';

export const crosshairPlugin: Plugin = {
  id: 'refault-crosshair',
  afterDraw(chart: Chart) {
    const face = faceOf(chart);
    if (!face || face.cursor === null) return;
    const { ctx, chartArea: area } = chart;
    const { model, theme } = face;
    const sideways = isSideways(model);
    const x = chart.scales['x'];
    const y = chart.scales['y'];
    ctx.save();
    if (sideways || model.x.labels) {
      const scale = sideways ? y : x;
      const half = Math.abs(scale.getPixelForValue(1) - scale.getPixelForValue(0)) / 2 || area.height / 2;
      const at = scale.getPixelForValue(face.cursor);
      ctx.fillStyle = theme.foreground;
      ctx.globalAlpha = 0.08;
      if (sideways) ctx.fillRect(area.left, at - half, area.width, half * 2);
      else ctx.fillRect(at - half, area.top, half * 2, area.height);
    } else {
      const at = Math.round(x.getPixelForValue(face.cursor)) + 0.5;
      if (at >= area.left - 1 && at <= area.right + 1) {
        ctx.strokeStyle = theme.foreground;
        ctx.globalAlpha = 0.6;
        ctx.lineWidth = 1;
        ctx.beginPath();
        ctx.moveTo(at, area.top);
        ctx.lineTo(at, area.bottom);
        ctx.stroke();
      }
    }
    ctx.globalAlpha = 1;
    if (model.kind === 'line') {
      for (const { series, x: vx, y: vy } of face.readings) {
        ctx.beginPath();
        ctx.arc(x.getPixelForValue(vx), y.getPixelForValue(vy), 5, 0, 2 * Math.PI);
        ctx.strokeStyle = colourOf(theme, series.style.slot);
        ctx.lineWidth = 2;
        ctx.fillStyle = theme.background;
        ctx.fill();
        ctx.stroke();
      }
    }
    ctx.restore();
  },
};
