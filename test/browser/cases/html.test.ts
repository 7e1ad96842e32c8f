import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { reportToHtml } from '../../../simulator/text/html.ts';
import { shiftReport } from '../../webview/fixtures.ts';
import { accessibilityProblems, browserTest, drawn, openRenderer, screenshot } from '../harness.ts';

browserTest('the HTML page draws from a file, alone, in light and dark', async () => {
  const { page } = await openRenderer();
  const errors: string[] = [];
  page.on('console', (message) => message.type() === 'error' && errors.push(message.text()));
  page.on('pageerror', (error) => errors.push(String(error)));
  const requests: string[] = [];
  page.on('request', (request) => requests.push(request.url().slice(0, 30)));
  const renderer = readFileSync(path.resolve(import.meta.dirname, '../../../dist/renderer.js'), 'utf8');
  const html = reportToHtml([shiftReport(), shiftReport({ sizes: [64], title: 'Second' })], {
    title: 'Two runs',
    renderer,
  });
  const folder = mkdtempSync(path.join(os.tmpdir(), 'refault-html-'));
  try {
    const file = path.join(folder, 'report.html');
    writeFileSync(file, html);
    await page.emulateMedia({ colorScheme: 'light' });
    await page.goto(pathToFileURL(file).href);
    await page.locator('canvas').nth(6).waitFor();
    assert.equal(await page.locator('h3').count(), 2);
    assert.ok((await drawn(page.locator('canvas').first())).pixels > 2000);
    const light = await page.locator('.legend svg path').first().getAttribute('stroke');
    assert.deepEqual(await accessibilityProblems(page), []);
    await page.emulateMedia({ colorScheme: 'dark' });
    await page.waitForFunction(
      (old) => document.querySelector('.legend svg path')!.getAttribute('stroke') !== old,
      light,
    );
    await screenshot(page, 'html-dark');
    assert.deepEqual(errors, []);
    assert.deepEqual(
      requests.filter((url) => !/^(file|data|blob):/.test(url)),
      [],
      'nothing is fetched',
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
