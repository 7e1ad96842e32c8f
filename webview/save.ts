/** Charts as files: PNG is our SVG, painted; CSV and JSON are the model's own numbers. */
import type { SavedFile } from '../simulator/host-protocol.ts';
import type { Report } from '../simulator/report.ts';
import { toBase64 } from '../simulator/text/base64.ts';
import type { ChartModel } from '../simulator/view/chart-model.ts';
import { chartSvg } from '../simulator/view/svg.ts';
import { csvOf, tableOf } from '../simulator/view/tables.ts';
import type { Theme } from './theme.ts';

export type ChartFormat = 'PNG' | 'SVG' | 'CSV' | 'JSON';
export const CHART_FORMATS: readonly ChartFormat[] = ['PNG', 'SVG', 'CSV', 'JSON'];

export async function chartFile(
  format: ChartFormat,
  model: ChartModel,
  report: Report,
  theme: Theme,
  width: number,
): Promise<SavedFile> {
  const stem = fileStem(`${report.title} ${model.title}`);
  switch (format) {
    case 'PNG':
      return {
        name: `${stem}.png`,
        mime: 'image/png',
        data: await paint(chartSvg(model, { palette: theme, width })),
        encoding: 'base64',
      };
    case 'SVG':
      return file(`${stem}.svg`, 'image/svg+xml', chartSvg(model, { palette: theme, width }));
    case 'CSV':
      return file(`${stem}.csv`, 'text/csv', csvOf(tableOf(model)));
    case 'JSON':
      return file(`${stem}.json`, 'application/json', JSON.stringify(chartJson(model, report), null, 1) + '\n');
  }
}

const file = (name: string, mime: string, data: string): SavedFile => ({ name, mime, data, encoding: 'utf8' });

/** Lower case, hyphens, nothing that a file system might mind. */
export function fileStem(title: string): string {
  const stem = title
    .normalize('NFKD')
    .toLowerCase()
    .replace(/[^a-z0-9.]+/g, '-')
    .replace(/^[-.]+|[-.]+$/g, '')
    .slice(0, 80);
  return stem === '' ? 'chart' : stem;
}

/** Columns with their units, and what it takes to get them again. Gaps are null: JSON has no NaN. */
export function chartJson(model: ChartModel, report: Report): unknown {
  const column = (values: Float64Array) => Array.from(values, (v) => (Number.isNaN(v) ? null : v));
  return {
    title: model.title,
    names: model.names,
    where: model.subtitle,
    refault: report.model,
    plan: report.plan,
    seed: report.seed,
    x: { title: model.x.title, unit: model.x.unit, ...(model.x.labels ? { labels: model.x.labels } : {}) },
    series: model.series.map((s) => ({
      label: s.label,
      unit: s.unit,
      x: column(s.x),
      ...(s.x2 ? { x2: column(s.x2) } : {}),
      y: column(s.y),
    })),
    ...(model.heatmap ? { heatmap: { ...model.heatmap, values: column(model.heatmap.values) } } : {}),
  };
}

/** Base64 of a PNG at twice the size, sharp on paper. */
async function paint(svg: string): Promise<string> {
  const image = new Image();
  image.src = `data:image/svg+xml;base64,${toBase64(new TextEncoder().encode(svg))}`;
  await image.decode();
  const canvas = document.createElement('canvas');
  canvas.width = image.naturalWidth * 2;
  canvas.height = image.naturalHeight * 2;
  const context = canvas.getContext('2d');
  if (!context) throw new Error('this browser has no canvas');
  context.drawImage(image, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL('image/png').slice('data:image/png;base64,'.length);
}

/** Without a host that saves: the browser's own download, which VS Code turns into its save dialog. */
export function download({ name, mime, data, encoding }: SavedFile): void {
  const bytes = encoding === 'base64' ? Uint8Array.from(atob(data), (c) => c.charCodeAt(0)) : data;
  const url = URL.createObjectURL(new Blob([bytes], { type: mime }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.hidden = true;
  document.body.append(link);
  link.click();
  link.remove();
  // The click starts reading later; a minute is plenty.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
