/**
 * Lines through so many points that few of them are seen. They are drawn here, straight from the model's columns: for Chart.js each point is an
 * object of the caller's and one of its own, which take longer than drawing.
 */
import type { Chart, Plugin } from 'chart.js';
import type { SeriesModel } from '../../simulator/view/chart-model.ts';
import { faceOf } from './face.ts';

/** A dataset without data of Chart.js, and the places of its series that are to be drawn instead (seen-places.ts). */
export interface LongLine {
  readonly places: Int32Array;
}

export const placesOf = (dataset: object): Int32Array | undefined => (dataset as Partial<LongLine>).places;

export const longLinesPlugin: Plugin = {
  id: 'refault-long-lines',
  beforeDatasetDraw(chart: Chart, { index }) {
    const dataset = chart.data.datasets[index];
    const places = placesOf(dataset);
    const model = faceOf(chart)?.model;
    if (!places || !model) return;
    const series = model.series[index];
    if (series.points === 'only') return;
    const { ctx, chartArea: area } = chart;
    const width = dataset.borderWidth as number;
    ctx.save();
    ctx.beginPath();
    // Lines along an edge keep their whole width.
    ctx.rect(area.left - width / 2, area.top - width / 2, area.width + width, area.height + width);
    ctx.clip();
    ctx.strokeStyle = dataset.borderColor as string;
    ctx.lineWidth = width;
    ctx.setLineDash((dataset as { borderDash?: number[] }).borderDash ?? []);
    // Several turns in each pixel: round ones would take longer to paint than all the rest, unseen.
    ctx.lineJoin = 'bevel';
    ctx.beginPath();
    trace(ctx, series, places, pixelsOf(chart), model.stepped);
    ctx.stroke();
    ctx.restore();
  },
};

/** Where a value lies in the picture: both axes of a line over many points are linear. */
export interface Pixels {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

export function pixelsOf({ scales }: Chart): Pixels {
  const along = (axis: 'x' | 'y') => {
    const scale = scales[axis];
    const { min, max } = scale;
    const start = scale.getPixelForValue(min);
    const each = max > min ? (scale.getPixelForValue(max) - start) / (max - min) : 0;
    return (value: number) => start + (value - min) * each;
  };
  return { x: along('x'), y: along('y') };
}

/** Breaks at missing values; a stepped line keeps its value up to the next. */
function trace(
  ctx: Pick<CanvasRenderingContext2D, 'moveTo' | 'lineTo'>,
  series: Pick<SeriesModel, 'x' | 'y'>,
  places: Int32Array,
  pixels: Pixels,
  stepped: boolean,
): void {
  let drawing = false;
  let last = 0;
  for (const place of places) {
    const value = series.y[place];
    if (value !== value) {
      drawing = false;
      continue;
    }
    const x = pixels.x(series.x[place]);
    const y = pixels.y(value);
    if (!drawing) ctx.moveTo(x, y);
    else {
      if (stepped) ctx.lineTo(x, last);
      ctx.lineTo(x, y);
    }
    drawing = true;
    last = y;
  }
}
