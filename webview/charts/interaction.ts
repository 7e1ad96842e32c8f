/**
 * Pointer and keys on a chart. Pointing reads values, dragging zooms, the wheel zooms only with a modifier (alone it belongs to the notebook),
 * double click and Escape go back. Arrow keys walk the points of a series, up and down change the series; every step is said aloud.
 */
import type { Chart } from 'chart.js';
import type { ChartModel } from '../../simulator/view/chart-model.ts';
import { isSideways } from '../../simulator/view/svg.ts';
import type { Range } from '../../simulator/view/visible.ts';
import { h } from '../dom.ts';
import { nearest, placeText, readingText, type Reading } from './reading.ts';

export interface InteractionHost {
  readonly chart: () => Chart | null;
  readonly model: () => ChartModel;
  readonly zoomable: () => boolean;
  readonly setZoom: (range: Range | null) => void;
  readonly zoomed: () => boolean;
  /** `at`: page coordinates for the readings' window, when there is a pointer or a point. */
  readonly setCursor: (x: number | null, at?: { x: number; y: number }, only?: Reading) => void;
  readonly announce: (text: string) => void;
}

/** A drag shorter than this is a click. */
const DRAG = 6;

export function interact(stage: HTMLElement, host: InteractionHost): void {
  pointer(stage, host);
  keys(stage, host);
}

/** The place on x under the pointer; `null` outside the plot. */
function valueAt(host: InteractionHost, event: { clientX: number; clientY: number }): number | null {
  const chart = host.chart();
  if (!chart) return null;
  const box = chart.canvas.getBoundingClientRect();
  const px = event.clientX - box.left;
  const py = event.clientY - box.top;
  const { left, right, top, bottom } = chart.chartArea;
  if (px < left - 2 || px > right + 2 || py < top - 2 || py > bottom + 2) return null;
  const model = host.model();
  if (isSideways(model)) return Math.round(chart.scales['y'].getValueForPixel(py) ?? 0);
  const value = chart.scales['x'].getValueForPixel(px) ?? 0;
  return model.x.labels ? Math.round(value) : value;
}

function pointer(stage: HTMLElement, host: InteractionHost): void {
  const band = h('div', { class: 'band', hidden: true });
  stage.append(band);
  let start: { px: number; id: number } | null = null;
  let dragging = false;
  const offset = (event: PointerEvent) => {
    const area = host.chart()!.chartArea;
    const px = event.clientX - stage.getBoundingClientRect().left;
    return Math.max(area.left, Math.min(area.right, px));
  };
  const stop = () => {
    start = null;
    dragging = false;
    band.hidden = true;
  };
  stage.addEventListener('pointerdown', (event) => {
    if (event.button !== 0 || !host.zoomable() || valueAt(host, event) === null) return;
    start = { px: offset(event), id: event.pointerId };
  });
  stage.addEventListener('pointermove', (event) => {
    const chart = host.chart();
    if (!chart) return;
    if (start) {
      const px = offset(event);
      if (!dragging && Math.abs(px - start.px) > DRAG) {
        dragging = true;
        stage.setPointerCapture(start.id);
        host.setCursor(null);
      }
      if (dragging) {
        band.hidden = false;
        band.style.left = `${Math.min(px, start.px)}px`;
        band.style.width = `${Math.abs(px - start.px)}px`;
        return;
      }
    }
    const x = valueAt(host, event);
    host.setCursor(x, x === null ? undefined : { x: event.clientX, y: event.clientY });
  });
  stage.addEventListener('pointerup', (event) => {
    const chart = host.chart();
    if (chart && start && dragging) {
      const scale = chart.scales['x'];
      const a = scale.getValueForPixel(Math.min(start.px, offset(event)))!;
      const b = scale.getValueForPixel(Math.max(start.px, offset(event)))!;
      if (b > a) host.setZoom([a, b]);
    }
    stop();
  });
  stage.addEventListener('pointercancel', stop);
  stage.addEventListener('pointerleave', () => {
    if (!dragging) host.setCursor(null);
  });
  stage.addEventListener('dblclick', () => host.setZoom(null));
  stage.addEventListener(
    'wheel',
    (event) => {
      if (!(event.ctrlKey || event.metaKey || event.altKey) || !host.zoomable()) return;
      const at = valueAt(host, event);
      if (at === null) return;
      event.preventDefault();
      zoomBy(host, at, event.deltaY > 0 ? 1.25 : 0.8);
    },
    { passive: false },
  );
}

/** Narrows (`factor` < 1) or widens the window around `at`. */
function zoomBy(host: InteractionHost, at: number, factor: number): void {
  const scale = host.chart()?.scales['x'];
  if (!scale) return;
  const { min, max } = host.model().x;
  const low = Math.max(min, at - (at - scale.min) * factor);
  const high = Math.min(max, at + (scale.max - at) * factor);
  if (low <= min && high >= max) host.setZoom(null);
  else if (high - low > (max - min) * 1e-6) host.setZoom([low, high]);
}

function keys(stage: HTMLElement, host: InteractionHost): void {
  /** Where the reader stands: a series by key, so that it survives hiding others, and a point in it. */
  let key = '';
  let index = -1;

  const show = (model: ChartModel, seriesIndex: number, at: number) => {
    const series = model.series[seriesIndex];
    index = Math.max(0, Math.min(series.x.length - 1, at));
    key = series.key;
    const reading: Reading = { series, index, x: series.x[index], y: series.y[index] };
    const chart = host.chart();
    const element = chart?.getDatasetMeta(seriesIndex).data[index];
    const box = chart?.canvas.getBoundingClientRect();
    const x = isSideways(model) ? series.x[index] : reading.x;
    const scaleX = chart && !isSideways(model) ? chart.scales['x'].getPixelForValue(x) : (element?.x ?? 0);
    const scaleY =
      element && !Number.isNaN(element.y) && chart && series.x.length < 100 ? element.y : (chart?.chartArea.top ?? 0);
    host.setCursor(x, box && { x: box.left + scaleX, y: box.top + scaleY }, reading);
    host.announce(`${series.label}, ${placeText(model.x, reading.x)}: ${readingText(model, reading)}`);
  };

  stage.addEventListener('keydown', (event) => {
    const model = host.model();
    if (model.series.length === 0) return;
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const found = model.series.findIndex((s) => s.key === key);
    const s = Math.max(0, found);
    const column = model.series[s].x;
    const single = model.series.every((other) => other.x.length <= 1);
    const fresh = found < 0 || index < 0;
    const page = Math.max(1, Math.round(column.length / 10));
    const along = (step: number) => {
      if (single) show(model, fresh ? 0 : clamp(s + step, model.series.length), 0);
      else show(model, s, fresh ? firstVisible(host, column) : index + step);
    };
    const across = (step: number) => {
      if (fresh) return show(model, s, single ? 0 : firstVisible(host, column));
      const next = clamp(s + step, model.series.length);
      const x = column[Math.min(index, column.length - 1)];
      show(model, next, single ? 0 : nearest(model.series[next].x, x));
    };
    switch (event.key) {
      case 'ArrowRight':
        along(1);
        break;
      case 'ArrowLeft':
        along(-1);
        break;
      case 'PageDown':
        along(page);
        break;
      case 'PageUp':
        along(-page);
        break;
      case 'ArrowDown':
        across(1);
        break;
      case 'ArrowUp':
        across(-1);
        break;
      case 'Home':
        show(model, single ? 0 : s, 0);
        break;
      case 'End':
        show(model, single ? model.series.length - 1 : s, column.length - 1);
        break;
      case '+':
      case '=':
      case '-': {
        if (!host.zoomable()) return;
        const { min, max } = model.x;
        const at = fresh ? (min + max) / 2 : column[index];
        zoomBy(host, at, event.key === '-' ? 2 : 0.5);
        host.announce(host.zoomed() ? 'Zoomed' : 'Whole range');
        break;
      }
      case 'Escape':
        if (host.zoomed()) {
          host.setZoom(null);
          host.announce('Whole range');
        } else {
          index = -1;
          host.setCursor(null);
        }
        break;
      default:
        return;
    }
    event.preventDefault();
    event.stopPropagation();
  });
  stage.addEventListener('blur', () => host.setCursor(null));
}

const clamp = (i: number, length: number): number => Math.max(0, Math.min(length - 1, i));

function firstVisible(host: InteractionHost, column: ArrayLike<number>): number {
  const min = host.chart()?.scales['x'].min ?? -Infinity;
  for (let i = 0; i < column.length; i++) if (column[i] >= min) return i;
  return 0;
}
