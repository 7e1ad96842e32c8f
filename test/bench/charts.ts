/**
 * How long the renderer takes, in headless Chromium on this machine: first drawing, update in place, change of theme. From the call to the second
 * frame after it, so that what the browser does later is counted too.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { encodeReport } from '../../simulator/report-codec.ts';
import type { Report } from '../../simulator/report.ts';
import { findChromium, launchBrowser } from '../vscode/host/browser.ts';
import { shiftReport } from '../webview/fixtures.ts';
import { median, type Row } from './rows.ts';

const bundle = path.resolve(import.meta.dirname, '../../dist/renderer.js');

export async function benchCharts(rounds: number): Promise<Row[]> {
  if (!findChromium() || !existsSync(bundle)) {
    console.error('bench: charts need a Chromium and dist/renderer.js (npm run build)');
    return [];
  }
  const cases: readonly { readonly name: string; readonly report: Report }[] = [
    { name: '4 charts, 28 points', report: shiftReport() },
    { name: '1 line, 10⁴ samples', report: oneLine(10_000) },
    { name: '1 line, 10⁵ samples', report: oneLine(100_000) },
    { name: '1 line, 10⁶ samples', report: oneLine(1_000_000) },
    { name: '7 lines, 4 000 samples each', report: shiftReport({ sizes: [64], samples: 4000, plots: LISTS }) },
  ];
  const browser = await launchBrowser();
  const rows: Row[] = [];
  try {
    for (const { name, report } of cases) {
      const times: { first: number; update: number; theme: number }[] = [];
      for (let i = 0; i < rounds; i++) {
        const page = await (await browser.newContext({ viewport: { width: 900, height: 700 } })).newPage();
        await page.route('**/*', (route) =>
          route.request().url().endsWith('.js')
            ? route.fulfill({ contentType: 'text/javascript', body: readFileSync(bundle, 'utf8') })
            : route.fulfill({
                contentType: 'text/html',
                body: '<!doctype html><body class="vscode-light"><div id="out"></div>',
              }),
        );
        await page.goto('http://refault.test/');
        times.push(await page.evaluate(measure, Buffer.from(encodeReport(report)).toString('base64')));
        await page.context().close();
      }
      const figure = (what: 'first' | 'update' | 'theme') => median(times.map((t) => t[what]));
      rows.push({
        suite: 'charts',
        name,
        value: figure('first'),
        unit: 'ms first',
        note: `update ${figure('update').toFixed(0)} ms, theme ${figure('theme').toFixed(0)} ms`,
      });
    }
  } finally {
    await browser.close();
  }
  return rows;
}

const LISTS = [{ metrics: [{ name: 'nr_active_file' }], over: 'time', text: '' }];

function oneLine(samples: number): Report {
  const base = shiftReport({ variants: ['v6.1'], sizes: [64], plots: LISTS });
  const t = Float64Array.from({ length: samples }, (_, i) => i * 1000);
  const y = Float64Array.from({ length: samples }, (_, i) => 4000 + ((i * 7919) % 1000));
  const series = [{ name: 'nr_active_file', unit: 'pages', t, y }];
  return { ...base, points: base.points.map((point) => ({ ...point, time: samples * 1000, series })) };
}

/** Runs in the page. */
async function measure(base64: string): Promise<{ first: number; update: number; theme: number }> {
  interface Renderer {
    renderOutputItem(item: unknown, element: HTMLElement): void;
  }
  const frames = () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const entry = '/renderer.js';
  const { activate } = (await import(entry)) as { activate(this: void, context: object): Renderer };
  const renderer = activate({});
  const element = document.getElementById('out')!;
  const draw = () => renderer.renderOutputItem({ id: 'one', metadata: {}, data: () => bytes }, element);
  const timed = async (work: () => void) => {
    await frames();
    const start = performance.now();
    work();
    await frames();
    return performance.now() - start;
  };
  const first = await timed(draw);
  const update = await timed(draw);
  const theme = await timed(() => (document.body.className = 'vscode-dark'));
  return { first, update, theme };
}
