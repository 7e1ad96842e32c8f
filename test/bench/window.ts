/**
 * A user's window, measured: a real VS Code with the extension, a fresh profile, a browser. From opening a sample notebook to its first chart, from an
 * edit to the chart drawn anew, interrupting, and for how long the extension host is busy at a stretch while all that happens (probe/).
 *
 * Times on the clock are VS Code's, the browser's and ours together; on a busy machine they are long. The host's stretches are processor time.
 */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';
import { findChromium, launchBrowser } from '../vscode/host/browser.ts';
import { installHost, isInstalled, root } from '../vscode/host/install.ts';
import { quietSettings, startServer } from '../vscode/host/server.ts';
import { openWorkbench, runCommand } from '../vscode/host/workbench.ts';
import type { Answer, Order } from './probe/orders.ts';
import { median, type Row } from './rows.ts';

const SUITE = 'window: a real VS Code, cold';
const SAMPLE = 'page-cache-reclaim.refault.md';
/** Forty-eight points, and a report of four megabytes. */
const SWEEP = 'volatile-ranges.refault.md';
const LONG = 'long.refault.md';
const REPEATS = 5;
/** A folder for a processor profile of the host for each order: why it was busy. Times are then longer. */
const profiles = process.env['REFAULT_BENCH_PROFILES'];

export async function benchWindow(rounds: number): Promise<Row[]> {
  if (!findChromium() || !existsSync(path.join(root, 'dist/extension.cjs'))) {
    console.error('bench: the window needs a Chromium and dist/ (npm run build)');
    return [];
  }
  if (!isInstalled()) installHost((line) => console.error(`bench: ${line}`));
  const probe = await buildProbe();
  const figures = new Map<string, Figure>();
  for (let round = 0; round < rounds; round++) await inWindow(probe, (window) => measure(window, figures));
  return [...figures].map(([name, { values, unit, budget, worst, note }]) => ({
    suite: SUITE,
    name,
    value: worst ? Math.max(...values) : median(values),
    unit,
    ...(budget === undefined ? {} : { budget }),
    ...(note === undefined ? {} : { note }),
  }));
}

interface Figure {
  readonly values: number[];
  readonly unit: string;
  readonly budget?: number;
  /** The worst of all counts, not the median. */
  readonly worst?: true;
  readonly note?: string;
}

interface Window {
  readonly page: Page;
  readonly tell: (order: Order) => Promise<Answer>;
  /** The first time at or after `from` at which a chart was on the screen. */
  readonly drawn: (from: number) => Promise<number>;
}

async function measure({ page, tell, drawn }: Window, figures: Map<string, Figure>): Promise<void> {
  const add = (name: string, value: number, more: Omit<Figure, 'values'>) => {
    const known = figures.get(name);
    if (known) known.values.push(value);
    else figures.set(name, { values: [value], ...more });
  };
  const busy = (name: string, { busy: { longest, stretches } }: Answer) => {
    add(`host busy at a stretch: ${name}`, longest, { unit: 'ms', budget: 20, worst: true });
    if (process.env['REFAULT_BENCH_VERBOSE']) console.error(name, stretches.map((ms) => ms.toFixed(0)).join(' '));
  };

  await tell({ do: 'settle' }); // other extensions start with the window: theirs is not our time
  const opened = await tell({ do: 'open', file: SAMPLE });
  busy('opening a notebook', opened);
  const first = await tell({ do: 'run', cell: 2 });
  busy('first run', first);
  const chart = await drawn(first.begun);
  add('notebook shown', opened.ended - opened.begun, { unit: 'ms' });
  add('opening to first chart', opened.ended - opened.begun + chart - first.begun, { unit: 'ms', budget: 2000 });

  const ready = await tell({ do: 'ready' });
  busy('server started', ready);
  for (let i = 0; i < REPEATS; i++) {
    const again = await tell({
      do: 'run',
      cell: 2,
      replace: [`read A sequentially ${4 + i} times`, `read A sequentially ${5 + i} times`],
    });
    const shown = await drawn(again.begun);
    add('edit, run, chart drawn', shown - again.begun, { unit: 'ms', budget: 300 });
    add('edit, run, result', again.ended - again.begun, { unit: 'ms' });
    busy('run after an edit', again);
  }
  busy('typing', await tell({ do: 'type', cell: 1, replace: ['64 MiB', '65 MiB'] }));
  busy('a sweep of 42 points', await tell({ do: 'run', cell: 3 }));
  for (const format of ['json', 'csv', 'markdown', 'html'] as const)
    busy(`exporting ${format}`, await tell({ do: 'export', format }));
  await tell({ do: 'close' });

  await tell({ do: 'open', file: SWEEP });
  busy('a sweep of 48 points, 4 MB', await tell({ do: 'run', cell: 1 }));
  await tell({ do: 'close' });

  await tell({ do: 'open', file: LONG });
  for (let i = 0; i < REPEATS; i++) {
    const interrupted = await tell({ do: 'run', cell: 1, interrupt: 400 });
    add('interrupt to what there is', interrupted.ended - interrupted.begun, { unit: 'ms', budget: 100 });
  }
  await tell({ do: 'close' });
  add('activation, loading the code included', await activationTime(page), { unit: 'ms', budget: 100 });
  if (ready.activation !== undefined) add('activation, our own call', ready.activation, { unit: 'ms' });
}

async function inWindow(probe: string, work: (window: Window) => Promise<void>): Promise<void> {
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'refault-bench-'));
  const workspace = path.join(scratch, 'samples');
  cpSync(path.join(root, 'samples'), workspace, { recursive: true });
  writeFileSync(
    path.join(workspace, LONG),
    '```refault\nfile db 96 MiB\nprocess p { read db zipf 1.0, 4000M times }\nrun "Long" { compare reclaim: v6.1, classic }\n```\n',
  );
  const portFile = path.join(scratch, 'probe.port');
  const server = await startServer({
    folder: path.join(scratch, 'profile'),
    settings: { ...quietSettings, 'workbench.editorAssociations': { '*.refault.md': 'refault-notebook' } },
    workspaceTrust: false,
    variables: { REFAULT_PROBE: portFile },
  });
  const browser = await launchBrowser();
  try {
    const context = await browser.newContext({ viewport: { width: 1400, height: 1000 } });
    const drawn = await listenForDrawing(context);
    const page = await context.newPage();
    await openWorkbench(page, server, { folder: workspace, extensions: [root, probe] });
    await until(() => existsSync(portFile) && readFileSync(portFile, 'utf8') !== '');
    const url = `http://127.0.0.1:${readFileSync(portFile, 'utf8')}/`;
    let orders = 0;
    const tell = async (order: Order): Promise<Answer> => {
      const profile = profiles && path.join(profiles, `${++orders}-${order.do}.cpuprofile`);
      const response = await fetch(url, { method: 'POST', body: JSON.stringify({ ...order, profile }) });
      if (!response.ok) throw new Error(`${order.do}: ${await response.text()}`);
      return (await response.json()) as Answer;
    };
    await work({ page, tell, drawn });
  } finally {
    await browser.close();
    await server.stop();
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Every chart tells when it has been painted: the frame after its last stroke. */
async function listenForDrawing(context: BrowserContext): Promise<Window['drawn']> {
  const times: number[] = [];
  await context.exposeBinding('refaultDrawn', (_source, at: number) => void times.push(at));
  await context.addInitScript(() => {
    if (window === window.top) return;
    type Stroke = (this: CanvasRenderingContext2D, ...path: unknown[]) => void;
    const context = CanvasRenderingContext2D.prototype as unknown as { stroke: Stroke };
    const stroke = Object.getOwnPropertyDescriptor(context, 'stroke')!.value as Stroke;
    let pending = false;
    context.stroke = function (...path) {
      stroke.apply(this, path);
      if (pending || !this.canvas.closest('.refault')) return;
      pending = true;
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => {
          pending = false;
          void (window as unknown as { refaultDrawn(at: number): Promise<void> }).refaultDrawn(Date.now());
        };
        port2.postMessage(null); // behind the painting
      });
    };
  });
  return async (from) => {
    await until(() => times.some((at) => at >= from));
    return times.find((at) => at >= from)!;
  };
}

/** As VS Code itself has measured it. */
async function activationTime(page: Page): Promise<number> {
  await runCommand(page, 'Developer: Show Running Extensions');
  const row = page.locator('.runtime-extensions-editor .monaco-list-row', { hasText: 'Refault' }).first();
  const text = await row.locator('.activation-time').innerText();
  return Number(/([\d.]+)\s*ms/.exec(text)?.[1] ?? NaN);
}

async function buildProbe(): Promise<string> {
  const folder = path.join(root, 'dist/test/probe');
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [path.join(import.meta.dirname, 'probe/probe.ts')],
    outfile: path.join(folder, 'probe.cjs'),
    bundle: true,
    platform: 'node',
    target: 'node22',
    format: 'cjs',
    external: ['vscode'],
    logLevel: 'warning',
  });
  const manifest = {
    name: 'probe',
    publisher: 'refault-bench',
    version: '0.0.1',
    engines: { vscode: '^1.101.0' },
    main: './probe.cjs',
    activationEvents: ['*'],
  };
  writeFileSync(path.join(folder, 'package.json'), JSON.stringify(manifest));
  return folder;
}

async function until(holds: () => boolean): Promise<void> {
  const start = Date.now();
  while (!holds()) {
    if (Date.now() - start > 60_000) throw new Error(`waited in vain for ${holds.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
