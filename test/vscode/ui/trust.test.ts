/**
 * The packaged extension with workspace trust switched on, as it is for every user. In Restricted Mode VS Code itself asks before it lets
 * any notebook run; reading, language features and the results panel work without an answer.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after } from 'node:test';
import { drawn } from '../host/pixels.ts';
import * as vscode from '../host/workbench.ts';
import { openSession, SAMPLE, screenshotPath, uiTest, type Session } from './session.ts';

let opened: Promise<Session> | undefined;
const session = () =>
  (opened ??= openSession({ workspaceTrust: true, settings: { 'security.workspace.trust.startupPrompt': 'always' } }));
after(async () => (await opened)?.close());

uiTest(
  'in Restricted Mode the language is checked, and Run Scenario draws into the panel',
  session,
  async ({ page, workspace }) => {
    const dialog = page.locator('.monaco-dialog-box');
    await dialog.getByRole('button', { name: /don't trust/i }).click();
    await page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).waitFor();
    const program =
      'file db 96 MiB\nprocess p { read db zipf 1.0, 200k times }\nrun "Restricted" { compare reclaim: classic, lru\n  plot hit-ratio }\n';
    writeFileSync(path.join(workspace, 'wrong.refault'), program.replace('read db', 'read dbb'));
    writeFileSync(path.join(workspace, 'right.refault'), program);
    await vscode.openTextFile(page, 'wrong.refault');
    await page.locator('.monaco-editor .squiggly-error').waitFor();
    await vscode.openTextFile(page, 'right.refault');
    await vscode.runCommand(page, 'Refault: Run Scenario');
    const canvas = vscode.webview(page, 'extensionId=refault.refault').locator('canvas').first();
    await vscode.until('the panel is drawn', async () => (await drawn(canvas)).colours.length > 4);
    await page.screenshot({ path: screenshotPath('restricted-mode') });
  },
);

uiTest('Run All asks for trust, and with it runs and draws', session, async ({ page }) => {
  await vscode.openNotebook(page, SAMPLE);
  await vscode.runAllCells(page);
  await page.locator('.monaco-dialog-box').getByRole('button', { name: 'Trust Folder & Continue' }).click();
  const canvas = vscode.outputs(page).locator('canvas').first();
  await vscode.scrollNotebookTo(page, canvas);
  await vscode.allCellsDone(page);
  await vscode.until('a chart is drawn', async () => (await drawn(canvas)).colours.length > 8);
  await page.locator('.statusbar-item', { hasText: 'Restricted Mode' }).waitFor({ state: 'detached' });
  await page.screenshot({ path: screenshotPath('trusted') });
});
