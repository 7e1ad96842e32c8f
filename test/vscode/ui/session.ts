/** A window of a user's: the packaged extension in a clean profile, a copy of the samples as workspace. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { node } from '../../runner/command.ts';
import { findChromium, howToInstallChromium, launchBrowser } from '../host/browser.ts';
import { installHost, root } from '../host/install.ts';
import { installVsix, quietSettings, startServer, type Server, type Settings } from '../host/server.ts';
import { openWorkbench } from '../host/workbench.ts';

export const SAMPLE = 'page-cache-reclaim.refault.md';

/** For `test`: skipped, and counted as such, where there is no browser; a failure in CI. */
export const options = {
  skip: !findChromium() && !process.env['CI'] && `no Chromium; install one with: ${howToInstallChromium()}`,
  timeout: 300_000,
};

/** A test in a window that the tests of a file share. When it fails, test-results/screenshots shows what was on the screen. */
export function uiTest(
  name: string,
  session: () => Promise<Session>,
  run: (session: Session) => Promise<void> | void,
): void {
  void test(name, options, async () => {
    const window = await session();
    try {
      await run(window);
    } catch (error) {
      await window.page.screenshot({ path: screenshotPath(`failed - ${name.replaceAll(/\W+/g, ' ')}`) });
      throw error;
    }
  });
}

/** A turn of the wheel moves a list by 50 pixels times these, whatever the browser says. */
const wheel: Settings = { 'workbench.list.mouseWheelScrollSensitivity': 8, 'editor.mouseWheelScrollSensitivity': 8 };

export interface Session {
  readonly page: Page;
  readonly server: Server;
  /** The workspace folder. */
  readonly workspace: string;
  /** Where the server has put the extension. */
  readonly extensions: string;
  close(): Promise<void>;
}

export interface SessionOptions {
  readonly workspaceTrust?: boolean;
  readonly settings?: Settings;
  readonly viewport?: { readonly width: number; readonly height: number };
}

export async function openSession({
  workspaceTrust = false,
  settings = {},
  viewport = { width: 1400, height: 1000 },
}: SessionOptions = {}): Promise<Session> {
  installHost();
  const vsix = await packaged();
  const scratch = mkdtempSync(path.join(os.tmpdir(), 'refault-ui-'));
  const workspace = path.join(scratch, 'samples');
  cpSync(path.join(root, 'samples'), workspace, { recursive: true });
  const profile = path.join(scratch, 'profile');
  installVsix(profile, vsix);
  let server: Server | undefined;
  let browser: Browser | undefined;
  const close = async () => {
    await browser?.close();
    await server?.stop();
    rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    server = await startServer({
      folder: profile,
      settings: { ...quietSettings, ...wheel, ...settings },
      workspaceTrust,
    });
    browser = await launchBrowser();
    const page = await (await browser.newContext({ viewport })).newPage();
    await openWorkbench(page, server, { folder: workspace });
    return { page, server, workspace, extensions: path.join(profile, 'extensions'), close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The package made by the build stage, or else a fresh one. */
export async function packaged(): Promise<string> {
  const vsix = path.join(root, 'test-results/refault.vsix');
  if (process.env['REFAULT_BUILT'] && existsSync(vsix)) return vsix;
  const made = await node('tools/package.mjs', ['--out', vsix]);
  if (!made.ok) throw new Error(made.output);
  return vsix;
}

export function screenshotPath(name: string): string {
  const folder = path.join(root, 'test-results/screenshots');
  mkdirSync(folder, { recursive: true });
  return path.join(folder, `${name}.png`);
}
