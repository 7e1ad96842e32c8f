/**
 * Finds and starts a Chromium; nothing is downloaded here. The same browser serves the renderer tests, VS Code and the screenshots.
 */
import { existsSync } from 'node:fs';
import process from 'node:process';
import { chromium, type Browser } from 'playwright-core';

const usualPlaces = [
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome-stable',
  '/usr/bin/google-chrome',
  '/snap/bin/chromium',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  `${process.env['LOCALAPPDATA']}\\Google\\Chrome\\Application\\chrome.exe`,
  'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
  'C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe',
];

/** An existing Chromium, Chrome or Edge: `CHROMIUM_PATH`, then the usual places, then what Playwright installed. */
export function findChromium(): string | undefined {
  const named = process.env['CHROMIUM_PATH'];
  if (named) return existsSync(named) ? named : undefined;
  return [...usualPlaces, chromium.executablePath()].find((file) => existsSync(file));
}

/** The one command that makes `findChromium` succeed on this machine. */
export function howToInstallChromium(): string {
  return existsSync('/etc/debian_version') && !existsSync('/etc/lsb-release')
    ? 'sudo apt-get install -y --no-install-recommends chromium'
    : 'npx playwright-core install chromium';
}

export async function launchBrowser(): Promise<Browser> {
  const executablePath = findChromium();
  if (!executablePath) throw new Error(`No Chromium found. Install one with: ${howToInstallChromium()}`);
  return chromium.launch({
    executablePath,
    timeout: 120_000,
    args: ['--disable-dev-shm-usage', '--disable-background-networking', '--force-color-profile=srgb'],
  });
}
