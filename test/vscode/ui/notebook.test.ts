/** What a user sees and presses, with the packaged extension: charts drawn, mistakes underlined, four themes, the results panel. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after } from 'node:test';
import { drawn } from '../host/pixels.ts';
import { fourThemes } from '../host/themes.ts';
import * as vscode from '../host/workbench.ts';
import { openSession, SAMPLE, screenshotPath, uiTest, type Session } from './session.ts';

/** One window for all tests of this file, which follow one another as a user's actions do. */
let opened: Promise<Session> | undefined;
const session = (): Promise<Session> => (opened ??= openSession());
after(async () => (await opened)?.close());

uiTest('a .vsix installed into a clean profile is there, once', session, ({ extensions }) => {
  assert.equal(readdirSync(extensions).filter((name) => name.startsWith('refault.refault-')).length, 1);
});

uiTest('Run All on the sample draws a chart for every plot', session, async ({ page, workspace }) => {
  await vscode.openNotebook(page, SAMPLE);
  await vscode.runAllCells(page);
  await vscode.scrollNotebookTo(page, vscode.outputs(page).locator('canvas').first());
  await vscode.allCellsDone(page); // else the end would be reached before there is anything to see
  let count = 0;
  const unseen = vscode.outputs(page).locator('canvas:not([data-seen])');
  await vscode.scrollThroughNotebook(page, async () => {
    for (; (await unseen.count()) > 0; count++) {
      await vscode.until('a chart is drawn', async () => (await drawn(unseen.first())).colours.length > 8);
      await unseen.first().evaluate((canvas) => canvas.setAttribute('data-seen', ''));
    }
  });
  await vscode.allCellsDone(page);
  const plots = readFileSync(path.join(workspace, SAMPLE), 'utf8').match(/^ +plot /gm)!.length;
  assert.ok(count >= plots, `${count} charts for ${plots} plots`);
});

uiTest('charts follow the theme while it changes, in all four themes', session, async ({ page }) => {
  const canvas = vscode.outputs(page).locator('canvas').first();
  await vscode.scrollNotebookTo(page, canvas);
  let before = (await drawn(canvas)).colours;
  for (const theme of [...fourThemes].reverse()) {
    const { name, file } = theme;
    await vscode.changeTheme(page, theme);
    const body = vscode.outputs(page).locator('body');
    await vscode.until(`the theme is ${name}`, async () => (await body.getAttribute('data-vscode-theme-id')) === name);
    // The lines' own colours may be the same in two themes; text and grid are not.
    await vscode.until(`the chart is drawn for ${name}`, async () => {
      const { colours } = await drawn(canvas);
      return colours.length > 8 && colours[0] !== before[0];
    });
    before = (await drawn(canvas)).colours;
    await page.screenshot({ path: screenshotPath(`notebook-${file}`) });
  }
});

uiTest(
  'a mistake typed into a cell is underlined and counted, and gone when it is undone',
  session,
  async ({ page }) => {
    await vscode.scrollNotebookToTop(page);
    const editor = vscode.cells(page).locator('.cell.code .monaco-editor').first();
    await vscode.scrollNotebookTo(page, editor);
    await editor.locator('.view-line').first().click();
    await page.keyboard.press('Control+Home');
    await page.keyboard.type('mashine ');
    const squiggle = vscode.cells(page).locator('.squiggly-error');
    await squiggle.first().waitFor();
    await page.locator('.statusbar-item[id="status.problems"] [aria-label*="Errors: 1"]').waitFor();
    await page.screenshot({ path: screenshotPath('notebook-mistake') });
    for (let i = 0; i < 'mashine '.length; i++) await page.keyboard.press('Backspace');
    await squiggle.first().waitFor({ state: 'detached' });
  },
);

uiTest('a renderer chart is described to those who cannot see it', session, async ({ page }) => {
  const labels = await vscode
    .outputs(page)
    .locator('canvas')
    .evaluateAll((all) =>
      all.map(
        (canvas) =>
          canvas.getAttribute('aria-label') ?? canvas.closest('[role="img"]')?.getAttribute('aria-label') ?? '',
      ),
    );
  assert.ok(labels.length > 0 && labels.every((label) => label.length > 20), `labels: ${labels.join(' | ')}`);
});

uiTest('Refault: Run Scenario from the palette draws into the results panel', session, async ({ page, workspace }) => {
  writeFileSync(
    path.join(workspace, 'scenario.refault'),
    'file db 96 MiB\nprocess p { read db zipf 1.0, 200k times }\nrun "Palette" { compare reclaim: classic, lru\n  plot hit-ratio }\n',
  );
  await vscode.openTextFile(page, 'scenario.refault');
  await vscode.runCommand(page, 'Refault: Run Scenario');
  const canvas = vscode.webview(page, 'extensionId=refault.refault').locator('canvas').first();
  await canvas.waitFor();
  await vscode.until('the panel is drawn', async () => (await drawn(canvas)).colours.length > 4);
  await page.screenshot({ path: screenshotPath('panel') });
});
