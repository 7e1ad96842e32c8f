/**
 * Phase starts and events: a line where all visible variants agree, a band where they get there at different times. Labels that would overlap go to
 * the next row.
 */
import type { Chart, Plugin } from 'chart.js';
import type { Annotation } from '../../simulator/view/chart-model.ts';
import { faceOf } from './face.ts';

const ROW = 14;

export const annotationsPlugin: Plugin = {
  id: 'refault-annotations',
  // Behind lines, which must stay readable; before areas, which would hide them.
  beforeDatasetsDraw: (chart) => {
    if (faceOf(chart)?.model.kind !== 'area') draw(chart);
  },
  afterDatasetsDraw: (chart) => {
    if (faceOf(chart)?.model.kind === 'area') draw(chart);
  },
};

function draw(chart: Chart): void {
  const face = faceOf(chart);
  if (!face || face.model.annotations.length === 0) return;
  const { ctx, chartArea: area } = chart;
  const x = chart.scales['x'];
  const rows: number[] = [];
  ctx.save();
  ctx.font = `11px ${face.theme.font}`;
  ctx.textBaseline = 'middle';
  const placed = face.model.annotations.map((a) => ({ a, ...placeOf(a, (v) => x.getPixelForValue(v)) }));
  placed.sort((p, q) => p.from - q.from);
  for (const { a, from, to } of placed) {
    if (to < area.left - 0.5 || from > area.right + 0.5) continue;
    const left = Math.max(area.left, from);
    const right = Math.min(area.right, to);
    const colour = a.tone === 'alarm' ? face.theme.alarm : face.theme.muted;
    ctx.strokeStyle = colour;
    ctx.fillStyle = colour;
    if (right - left > 2) {
      ctx.globalAlpha = 0.12;
      ctx.fillRect(left, area.top, right - left, area.bottom - area.top);
      ctx.globalAlpha = 0.7;
    }
    ctx.lineWidth = 1;
    ctx.setLineDash(a.tone === 'phase' ? [4, 3] : [1, 2]);
    ctx.beginPath();
    for (const edge of right - left > 2 ? [left, right] : [left]) {
      ctx.moveTo(Math.round(edge) + 0.5, area.top);
      ctx.lineTo(Math.round(edge) + 0.5, area.bottom);
    }
    ctx.stroke();
    ctx.globalAlpha = 1;
    const text = a.tone === 'alarm' ? `⚠ ${a.label}` : a.label;
    const width = ctx.measureText(text).width;
    const flip = left + width + 6 > area.right;
    const start = flip ? Math.max(area.left, left - width - 4) : left + 4;
    let row = rows.findIndex((end) => end < start);
    if (row < 0) row = rows.length;
    rows[row] = start + width + 6;
    // Above the plot, where no curve runs.
    if (row < LABEL_ROWS) ctx.fillText(text, start, area.top - ROW / 2 - row * ROW - 1);
  }
  ctx.restore();
}

/** Rows kept free above the plot for labels. */
export const LABEL_ROWS = 2;

export const labelRoom = (annotations: readonly Annotation[]): number =>
  annotations.length === 0 ? 6 : annotations.length === 1 ? ROW + 4 : LABEL_ROWS * ROW + 4;

function placeOf(a: Annotation, px: (v: number) => number): { from: number; to: number } {
  const xs = a.at.map((place) => px(place.x));
  return { from: Math.min(...xs), to: Math.max(...xs) };
}
