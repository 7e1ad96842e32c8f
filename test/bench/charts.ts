/**
 * How long the renderer takes, in headless Chromium on this machine: first drawing of an output, redrawing it, a change of theme. What counts is the
 * work: our script from the call to its return, and what the browser then does on the page's thread (styles, layout, painting) until two frames later.
 * Waiting for those frames is no work, and up to 33 ms however fast we are; `to the screen` has it all.
 */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { CDPSession, Page } from 'playwright-core';
import { encodeReport } from '../../simulator/report-codec.ts';
import type { Report } from '../../simulator/report.ts';
import { findChromium, launchBrowser } from '../vscode/host/browser.ts';
import { shiftReport } from '../webview/fixtures.ts';
import { median, type Row } from './rows.ts';

const bundle = path.resolve(import.meta.dirname, '../../dist/renderer.js');
/** The first ones meet cold code. */
const REDRAWS = 12;

/** Milliseconds. */
interface Taken {
  readonly script: number;
  readonly work: number;
  readonly screen: number;
}
/** `first`: the page has run none of our code yet; `another`: an output beside one that is there. */
type What = 'first' | 'another' | 'redraw' | 'theme';

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
      const bytes = Buffer.from(encodeReport(report)).toString('base64');
      const taken: Record<What, Taken[]> = { first: [], another: [], redraw: [], theme: [] };
      for (let i = 0; i < rounds; i++) {
        const page = await (await browser.newContext({ viewport: { width: 900, height: 700 } })).newPage();
        for (const [what, times] of Object.entries(await measure(page, bytes))) taken[what as What].push(...times);
        await page.context().close();
      }
      // Budgets are for 10⁵ samples; what is smaller keeps them easily, what is larger is there to show how it grows.
      const budgets: Partial<Record<What, number>> = name.includes('10⁵') ? { first: 30, another: 30, redraw: 15 } : {};
      for (const what of ['first', 'another', 'redraw', 'theme'] as const) {
        const figure = (of: keyof Taken) => median(taken[what].map((t) => t[of]));
        rows.push({
          suite: 'charts: work of the page in Chromium',
          name: `${name}: ${what}`,
          value: figure('work'),
          unit: 'ms',
          ...(budgets[what] === undefined ? {} : { budget: budgets[what] }),
          note: `our script ${figure('script').toFixed(1)} ms, to the screen ${figure('screen').toFixed(0)} ms`,
        });
      }
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

async function measure(page: Page, base64: string): Promise<Record<What, Taken[]>> {
  await page.route('**/*', (route) =>
    route.request().url().endsWith('.js')
      ? route.fulfill({ contentType: 'text/javascript', body: readFileSync(bundle, 'utf8') })
      : route.fulfill({
          contentType: 'text/html',
          body: '<!doctype html><body class="vscode-light"><div id="out"></div>',
        }),
  );
  await page.goto('http://refault.test/');
  await page.evaluate(prepare, base64);
  const chromium = await page.context().newCDPSession(page);
  // Processor time, not time on the clock: what else the machine does at the moment is not ours.
  await chromium.send('Performance.enable', { timeDomain: 'threadTicks' });
  const one = async (what: What | 'nothing'): Promise<Taken> => {
    const before = await busy(chromium);
    const { script, screen } = await page.evaluate(act, what);
    return { script, screen, work: (await busy(chromium)) - before };
  };
  await one('nothing');
  // What asking and two empty frames cost.
  const asking = median([(await one('nothing')).work, (await one('nothing')).work, (await one('nothing')).work]);
  const timed = async (what: What): Promise<Taken> => {
    const taken = await one(what);
    return { ...taken, work: taken.work - asking };
  };
  const first = [await timed('first')];
  const redraw: Taken[] = [];
  while (redraw.length < REDRAWS) redraw.push(await timed('redraw'));
  const another = [await timed('another'), await timed('another')];
  const theme = [await timed('theme')];
  return { first, another, redraw, theme };
}

/** What the page's thread has worked so far, in milliseconds. */
async function busy(chromium: CDPSession): Promise<number> {
  const { metrics } = await chromium.send('Performance.getMetrics');
  return metrics.find(({ name }) => name === 'TaskDuration')!.value * 1000;
}

interface Bench {
  draw(): void;
  /** An output more. */
  another(): void;
}

/** Runs in the page. */
async function prepare(base64: string): Promise<void> {
  interface Renderer {
    renderOutputItem(item: unknown, element: HTMLElement): void;
  }
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const entry = '/renderer.js';
  const { activate } = (await import(entry)) as { activate(this: void, context: object): Renderer };
  const renderer = activate({});
  const draw = (id: string) => {
    let element = document.getElementById(id);
    if (!element) document.body.append((element = Object.assign(document.createElement('div'), { id })));
    renderer.renderOutputItem({ id, metadata: {}, data: () => bytes }, element);
  };
  let drawn = 0;
  const bench: Bench = { draw: () => draw('out'), another: () => draw(`out-${++drawn}`) };
  Object.assign(window, { bench });
}

/** Runs in the page. */
async function act(what: What | 'nothing'): Promise<{ script: number; screen: number }> {
  const { bench } = window as unknown as { bench: Bench };
  const frames = () => new Promise<void>((done) => requestAnimationFrame(() => requestAnimationFrame(() => done())));
  await frames();
  const start = performance.now();
  if (what === 'theme') document.body.className = 'vscode-dark';
  else if (what === 'another') bench.another();
  else if (what !== 'nothing') bench.draw();
  const script = performance.now() - start;
  await frames();
  return { script, screen: performance.now() - start };
}
