/**
 * The renderer and the results panel in a real Chromium without VS Code: a page that behaves as VS Code's does towards them, with the
 * style variables of its themes (themes.json). What the page stands in for is checked against the real thing by test/vscode.
 *
 *     browserTest('a line chart draws one line a variant', async () => {
 *       const renderer = await openRenderer();
 *       const output = await renderer.render({ mime: 'application/vnd.refault.report', data: encodeReport(report) });
 *       …output.locator('canvas')…
 *     });
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import process from 'node:process';
import { after, test } from 'node:test';
import type { AxeResults } from 'axe-core';
import type { Browser, Locator, Page } from 'playwright-core';
import { findChromium, howToInstallChromium, launchBrowser } from '../vscode/host/browser.ts';
import type { fourThemes } from '../vscode/host/themes.ts';
import themes from './themes.json' with { type: 'json' };

export { drawn } from '../vscode/host/pixels.ts';
export { fourThemes } from '../vscode/host/themes.ts';

export type ThemeName = (typeof fourThemes)[number]['name'];

const root = path.resolve(import.meta.dirname, '../..');

/** A test that needs a browser: skipped, and counted as such, where there is none; a failure in CI. */
export function browserTest(name: string, run: () => Promise<void>): void {
  const skip = !findChromium() && !process.env['CI'] && `no Chromium; install one with: ${howToInstallChromium()}`;
  void test(name, { skip, timeout: 120_000 }, async () => {
    try {
      await run();
    } finally {
      await Promise.all(openPages.splice(0).map((page) => page.context().close()));
    }
  });
}

export interface Output {
  readonly mime: string;
  readonly data: Uint8Array | string;
  readonly metadata?: Readonly<Record<string, unknown>>;
  /** The same id again means: the output was updated, same element. */
  readonly id?: string;
}

export interface RendererPage {
  readonly page: Page;
  /** Calls `renderOutputItem` as a notebook does, and returns the element that was given to it. */
  render(output: Output): Promise<Locator>;
  /** Calls `disposeOutputItem` for one output, or for all. */
  dispose(id?: string): Promise<void>;
  setTheme(theme: ThemeName): Promise<void>;
  /** What the renderer has sent to the extension (`context.postMessage`) so far. */
  sent(): Promise<unknown[]>;
  /** Sends a message from the extension. */
  receive(message: unknown): Promise<void>;
  /** Errors and `console.error` of the page so far; a good test ends with none. */
  readonly errors: readonly string[];
}

export interface PanelPage extends Omit<RendererPage, 'render' | 'dispose'> {
  /** What `acquireVsCodeApi().setState` got last. */
  state(): Promise<unknown>;
}

/** The renderer in a page of its own. */
export async function openRenderer(theme: ThemeName = 'Light Modern'): Promise<RendererPage> {
  const { page, errors } = await openPage(theme, '<div id="container"></div>');
  await page.evaluate(async (entry) => {
    const module = (await import(entry)) as { activate(context: unknown): Renderer | Promise<Renderer> };
    const stub = window.stub;
    stub.renderer = await module.activate({
      getState: () => stub.state,
      setState: (state: unknown) => (stub.state = state),
      postMessage: (message: unknown) => void stub.sent.push(message),
      onDidReceiveMessage: (listener: (message: unknown) => void) => {
        stub.listeners.add(listener);
        return { dispose: () => stub.listeners.delete(listener) };
      },
      getRenderer: () => Promise.resolve(undefined),
      workspace: { isTrusted: true },
    });
  }, '/dist/renderer.js');
  return {
    ...common(page, errors),
    async render({ mime, data, metadata = {}, id = `output-${outputs++}` }) {
      const bytes = Buffer.from(data).toString('base64');
      await page.evaluate(
        async ({ mime, bytes, metadata, id }) => {
          let element = document.getElementById(id);
          if (!element) {
            // The nesting of VS Code's output view: cell, outputs, one output.
            const cell = document.createElement('div');
            cell.className = 'cell_container';
            cell.innerHTML = `<div class="output_container"><div class="output" id="${id}"></div></div>`;
            document.getElementById('container')!.append(cell);
            element = document.getElementById(id)!;
          }
          const data = Uint8Array.from(atob(bytes), (c) => c.charCodeAt(0));
          const text = () => new TextDecoder().decode(data);
          const item = {
            id,
            mime,
            metadata,
            text,
            data: () => data,
            json: () => JSON.parse(text()) as unknown,
            blob: () => new Blob([data], { type: mime }),
          };
          await window.stub.renderer!.renderOutputItem(item, element, new AbortController().signal);
        },
        { mime, bytes, metadata, id },
      );
      return page.locator(`#${id}`);
    },
    dispose: (id) => page.evaluate((id) => window.stub.renderer!.disposeOutputItem?.(id), id),
  };
}

/** The results panel in a page of its own. `body` is what the extension puts into its webview's HTML. */
export async function openPanel(body: string, theme: ThemeName = 'Light Modern'): Promise<PanelPage> {
  const { page, errors } = await openPage(theme, body);
  await page.evaluate(() => {
    const api = {
      postMessage: (message: unknown) => void window.stub.sent.push(message),
      getState: () => window.stub.state,
      setState: (state: unknown) => (window.stub.state = state),
    };
    Object.assign(window, { acquireVsCodeApi: () => api });
    window.stub.listeners.add((data) => window.dispatchEvent(new MessageEvent('message', { data })));
  });
  await page.addScriptTag({ url: '/dist/panel.js' });
  return { ...common(page, errors), state: () => page.evaluate(() => window.stub.state) };
}

/** Rules of axe-core that a part of the page breaks, one line each; except that a whole page should have landmarks, as this is no page. */
export async function accessibilityProblems(page: Page, within = 'body'): Promise<string[]> {
  await page.addScriptTag({ path: path.join(root, 'node_modules/axe-core/axe.min.js') });
  const { violations } = await page.evaluate((selector) => {
    const { axe } = window as unknown as { axe: { run(selector: string, options: object): Promise<AxeResults> } };
    return axe.run(selector, { rules: { region: { enabled: false } } });
  }, within);
  return violations.map(({ id, help, nodes }) => `${id}: ${help} (${nodes.map((n) => n.target.join(' ')).join(', ')})`);
}

/** Keeps a picture in the ignored folder test-results/screenshots, for eyes. */
export async function screenshot(of: Page | Locator, name: string): Promise<void> {
  const folder = path.join(root, 'test-results/screenshots');
  mkdirSync(folder, { recursive: true });
  await of.screenshot({ path: path.join(folder, `${name}.png`) });
}

// ---------------------------------------------------------------------------------------------------------------------------------------

interface Stub {
  state: unknown;
  readonly sent: unknown[];
  readonly listeners: Set<(message: unknown) => void>;
  renderer?: Renderer;
}

interface Renderer {
  renderOutputItem(item: unknown, element: HTMLElement, signal: AbortSignal): void | Promise<void>;
  disposeOutputItem?(id?: string): void;
}

declare global {
  interface Window {
    stub: Stub;
  }
}

let outputs = 0;
let site: Promise<Server> | undefined;
let browser: Promise<Browser> | undefined;
const openPages: Page[] = [];

async function openPage(theme: ThemeName, body: string): Promise<{ page: Page; errors: string[] }> {
  site ??= startSite();
  browser ??= launchBrowser();
  const [{ port }, started] = [(await site).address() as AddressInfo, await browser];
  const page = await (await started.newContext({ viewport: { width: 900, height: 700 } })).newPage();
  openPages.push(page);
  const errors: string[] = [];
  page.on('pageerror', (error) => errors.push(String(error.stack ?? error)));
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  await page.goto(`http://127.0.0.1:${port}/`);
  await page.evaluate((body) => {
    window.stub = { state: undefined, sent: [], listeners: new Set() };
    document.body.innerHTML = body;
  }, body);
  await applyTheme(page, theme);
  return { page, errors };
}

function common(page: Page, errors: string[]) {
  return {
    page,
    errors,
    setTheme: (theme: ThemeName) => applyTheme(page, theme),
    sent: () => page.evaluate(() => window.stub.sent),
    receive: (message: unknown) => page.evaluate((m) => window.stub.listeners.forEach((listen) => listen(m)), message),
  };
}

/** As VS Code does on every change of theme: variables on the root element first, then class and data attributes of the body. */
async function applyTheme(page: Page, theme: ThemeName): Promise<void> {
  await page.evaluate(({ class: name, kind, id, variables }) => {
    const style = document.documentElement.style;
    for (const property of [...style].filter((p) => p.startsWith('--vscode-'))) style.removeProperty(property);
    for (const [property, value] of Object.entries(variables)) style.setProperty(property, value);
    document.body.className = `vscode-body ${name}`;
    document.body.dataset['vscodeThemeKind'] = kind;
    document.body.dataset['vscodeThemeId'] = id;
  }, themes[theme]);
}

const shell = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Refault</title><link rel="icon" href="data:,"><style>
  body { margin: 0; padding: 0 20px; background: var(--vscode-editor-background); color: var(--vscode-editor-foreground);
    font: var(--vscode-font-weight) var(--vscode-font-size)/1.4 var(--vscode-font-family); }
  #container .output { padding: 8px; background: var(--vscode-notebook-outputContainerBackgroundColor); }
</style></head><body></body></html>`;

/** Serves the shell page and dist/, where the bundles under test are: built now, unless whoever started the tests has done it. */
function startSite(): Promise<Server> {
  if (!process.env['REFAULT_BUILT']) {
    execFileSync(process.execPath, ['esbuild.mjs', 'renderer', 'panel'], { cwd: root, stdio: 'inherit' });
  }
  const server = createServer((request, response) => {
    const wanted = new URL(request.url!, 'http://127.0.0.1').pathname;
    const file = /^\/dist\/[\w.-]+\.js$/.test(wanted) ? path.join(root, wanted) : undefined;
    try {
      if (!file && wanted !== '/') throw new Error('not here');
      const content = file ? readFileSync(file) : shell;
      response.writeHead(200, { 'content-type': file ? 'text/javascript' : 'text/html' }).end(content);
    } catch {
      response.writeHead(404).end();
    }
  });
  return new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server)));
}

after(async () => {
  await (await browser?.catch(() => undefined))?.close(); // where there is none, each test has said so
  (await site)?.close();
});
