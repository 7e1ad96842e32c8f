/**
 * Drives the workbench of a running server in a browser page: opens it, runs extension tests in it, presses its buttons.
 * All waits are for something that VS Code shows or marks; the limits are long, because a busy two-core machine is five times slower.
 */
import type { FrameLocator, Locator, Page } from 'playwright-core';
import type { Server } from './server.ts';
import type { fourThemes } from './themes.ts';
import { launchBrowser } from './browser.ts';

export const patience = 60_000;

export interface Opening {
  readonly folder?: string;
  /** Folders (or http addresses, for the browser's extension host) of extensions under development. */
  readonly extensions?: readonly string[];
  /** A module with `run()`, inside one of these folders; VS Code runs it in the extension host and then ends. */
  readonly tests?: string;
}

function address(server: Server, folder: string | undefined): string {
  const url = new URL(server.url);
  if (folder) url.searchParams.set('folder', folder.replaceAll('\\', '/'));
  return url.href;
}

/**
 * Tells the page about extensions under development. A released VS Code ignores them in the address, but honours them in the
 * configuration element of the page, which therefore is edited while the page is being parsed. (Replacing the page's HTML on the way
 * would make Chromium treat it as a foreign one and refuse its connection to 127.0.0.1.)
 */
async function announceExtensions(page: Page, { extensions = [], tests }: Opening): Promise<void> {
  await page.addInitScript(
    ({ extensions, tests }) => {
      if (window !== window.top) return;
      const uri = (place: string) => {
        if (!/^https?:/.test(place)) return { scheme: 'vscode-remote', authority: location.host, path: place };
        const url = new URL(place);
        return { scheme: url.protocol.slice(0, -1), authority: url.host, path: url.pathname };
      };
      const observer = new MutationObserver(() => {
        const element = document.getElementById('vscode-workbench-web-configuration');
        if (!element) return;
        observer.disconnect();
        const configuration = JSON.parse(element.dataset['settings']!) as { developmentOptions?: object };
        configuration.developmentOptions = {
          ...configuration.developmentOptions,
          logLevel: 3, // info: at a quieter level the tests' own console output would vanish too
          extensions: extensions.map(uri),
          ...(tests ? { extensionTestsPath: uri(tests) } : {}),
        };
        element.dataset['settings'] = JSON.stringify(configuration);
      });
      observer.observe(document, { childList: true, subtree: true });
    },
    { extensions: [...extensions], tests },
  );
}

/** Opens the workbench and waits until the extensions' contributions (notebook types, commands, languages) are known. */
export async function openWorkbench(page: Page, server: Server, opening: Opening = {}): Promise<void> {
  page.setDefaultTimeout(patience);
  if (opening.extensions) await announceExtensions(page, opening);
  await page.goto(address(server, opening.folder), { waitUntil: 'domcontentloaded' });
  await page.locator('.monaco-workbench').waitFor();
  await page.waitForFunction(() => performance.getEntriesByName('code/didLoadExtensions').length > 0, null, {
    timeout: patience,
  });
}

export interface TestRun {
  /** 0: all passed; 1: some failed or the module did not load; 124: out of time. */
  readonly code: number;
  readonly lines: readonly string[];
}

/** Runs a test module in the extension host and returns what it printed. */
export async function runExtensionTests(
  server: Server,
  opening: Opening & { readonly tests: string },
  { timeout, print }: { readonly timeout: number; readonly print: (line: string) => void },
): Promise<TestRun> {
  const browser = await launchBrowser();
  try {
    const page = await (await browser.newContext({ viewport: { width: 1400, height: 900 } })).newPage();
    const lines: string[] = [];
    // The two functions a workbench looks for when it runs tests.
    await page.exposeFunction('codeAutomationLog', (_type: string, args: unknown[]) => {
      const line = args.map(String).join(' ');
      lines.push(line);
      print(line);
    });
    const ended = new Promise<number>((resolve, reject) => {
      setTimeout(resolve, timeout, 124).unref();
      page.on('crash', () => reject(new Error('the browser page crashed')));
      page.exposeFunction('codeAutomationExit', (code: number) => resolve(code)).catch(reject);
    });
    await announceExtensions(page, opening);
    await page.goto(address(server, opening.folder), { waitUntil: 'domcontentloaded', timeout: patience });
    return { code: await ended, lines };
  } finally {
    await browser.close();
  }
}

/** Runs a command by its title, as a user does: palette, title, Enter. */
export async function runCommand(page: Page, title: string): Promise<void> {
  await fillQuickInput(page, `>${title}`);
  await quickPick(page, title);
}

/** Opens a file of the workspace's top level from the explorer. */
export async function openFile(page: Page, name: string): Promise<void> {
  await page.locator(`.explorer-folders-view .monaco-list-row[aria-label^="${name}"]`).dblclick();
}

async function fillQuickInput(page: Page, text: string): Promise<void> {
  const input = page.locator('.quick-input-widget input[type="text"]');
  await page.keyboard.press('Escape');
  await page.keyboard.press('F1');
  await input.waitFor();
  await input.fill(text);
}

/** Takes the row whose label is, or else begins with, `label` in the quick pick that is open. */
export async function quickPick(page: Page, label: string): Promise<void> {
  const rows = page.locator('.quick-input-list .monaco-list-row');
  await rows.filter({ hasText: label }).first().click();
}

/** The document in which notebook outputs are drawn: one frame within another. */
export function outputs(page: Page): FrameLocator {
  return webview(page, 'purpose=notebookRenderer');
}

export function webview(page: Page, address: string): FrameLocator {
  return page.frameLocator(`iframe.webview.ready[src*="${address}"]`).frameLocator('iframe#active-frame');
}

export function cells(page: Page): Locator {
  return page.locator('.notebookOverlay .cell-list-container .monaco-list-row');
}

/**
 * Scrolls a notebook as the wheel does until `target` is on the screen, or near the top of it: what has not been near the screen is not
 * drawn at all.
 */
export async function scrollNotebookTo(
  page: Page,
  target: Locator,
  place: 'visible' | 'top' = 'visible',
): Promise<void> {
  const { top, bottom } = await pointAtNotebook(page);
  const within = place === 'top' ? 100 : bottom - top;
  await until('the wanted place is on the screen', async () => {
    const box = (await target.count()) > 0 ? await target.first().boundingBox() : null;
    if (box && box.y >= top && box.y + (place === 'top' ? 0 : Math.min(box.height, within)) <= top + within + 1)
      return true;
    await page.mouse.wheel(0, box && box.y < top ? -200 : 200);
    return false;
  });
}

export async function scrollNotebookToTop(page: Page): Promise<void> {
  await pointAtNotebook(page);
  await until('the notebook is at its top', async () => {
    if ((await position(page)) === 0) return true;
    await page.mouse.wheel(0, -200);
    return false;
  });
}

/** From the notebook's top to its end, not quite a screen at a time. What comes into view may make it longer. */
export async function scrollThroughNotebook(page: Page, look: () => Promise<void>): Promise<void> {
  await scrollNotebookToTop(page);
  for (;;) {
    await look();
    const before = await position(page);
    if (before >= (await furthest(page)) - 1) return;
    await page.mouse.wheel(0, 200);
    await until('the notebook has moved', async () => (await position(page)) !== before);
  }
}

async function pointAtNotebook(page: Page): Promise<{ top: number; bottom: number }> {
  const { x, y, width, height } = (await page.locator('.notebookOverlay .cell-list-container').boundingBox())!;
  await page.mouse.move(x + width - 30, y + height / 2);
  return { top: y, bottom: y + height };
}

const rows = (page: Page) => page.locator('.notebookOverlay .cell-list-container .monaco-list-rows').first();

/** How far the notebook is scrolled down, in pixels. */
const position = (page: Page): Promise<number> =>
  rows(page).evaluate((element) => -parseFloat(element.style.top || '0'));

/** Where it is when its end is on the screen. */
const furthest = (page: Page): Promise<number> =>
  rows(page).evaluate((element) => parseFloat(element.style.height) - element.parentElement!.clientHeight);

const runAllButton = (page: Page) => page.locator('.notebook-toolbar-container a.action-label[aria-label^="Run All"]');

export async function runAllCells(page: Page): Promise<void> {
  await runAllButton(page).click();
}

/** Opens a notebook of the workspace and waits until its kernel has been chosen; before that, Run All would only ask for one. */
export async function openNotebook(page: Page, name: string): Promise<void> {
  await openFile(page, name);
  await page.locator('.kernel-action-view-item', { hasText: 'Refault' }).waitFor();
  await runAllButton(page).waitFor();
}

export async function openTextFile(page: Page, name: string): Promise<void> {
  await openFile(page, name);
  await page.locator(`.editor-instance .monaco-editor[data-uri$="/${name}"] .view-line`).first().waitFor();
}

/** Run All makes room for a stop button while something is running. Ask once the first output is there. */
export async function allCellsDone(page: Page): Promise<void> {
  await runAllButton(page).waitFor();
  const failed = await page.locator('.notebookOverlay .codicon-notebook-state-error').count();
  if (failed > 0) throw new Error(`${failed} cells on the screen have failed`);
}

/** Changes the colour theme with the picker. */
export async function changeTheme(page: Page, { label }: (typeof fourThemes)[number]): Promise<void> {
  await runCommand(page, 'Preferences: Color Theme');
  await page.locator('.quick-input-widget input[type="text"]').fill(label);
  await quickPick(page, label);
}

/** Waits for something that no locator can wait for. */
export async function until(what: string, holds: () => Promise<boolean>): Promise<void> {
  const start = Date.now();
  while (!(await holds())) {
    if (Date.now() - start > patience) throw new Error(`waited ${patience / 1000} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
