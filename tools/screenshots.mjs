/**
 * `npm run screenshots`: makes docs/images/notebook.png, the README's picture, from the packaged extension in a real VS Code. Needs a
 * Chromium. Run it when the charts or the sample have changed; the picture is looked at before it is committed.
 */
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { root } from '../test/vscode/host/install.ts';
import * as vscode from '../test/vscode/host/workbench.ts';
import { openSession, SAMPLE } from '../test/vscode/ui/session.ts';

/** In kB (1000 bytes): a README should not be heavier than what it shows. */
const budget = 300;
const file = path.join(root, 'docs/images/notebook.png');

const settings = {
  'workbench.colorTheme': 'Light Modern',
  'workbench.activityBar.location': 'hidden',
  'breadcrumbs.enabled': false,
  'window.commandCenter': false,
  'window.title': 'Refault',
  'workbench.list.mouseWheelScrollSensitivity': 1, // steps of 50 pixels, to come to rest in the right place
  'editor.mouseWheelScrollSensitivity': 1,
};
const session = await openSession({ settings, viewport: { width: 1080, height: 1180 } });
try {
  const { page } = session;
  await vscode.openNotebook(page, SAMPLE);
  await vscode.runCommand(page, 'View: Toggle Primary Side Bar Visibility');
  await vscode.runAllCells(page);
  const canvas = vscode.outputs(page).locator('canvas').first();
  await vscode.scrollNotebookTo(page, canvas);
  await vscode.allCellsDone(page);
  // The program at the top, what came of it below.
  const cell = vscode.cells(page).filter({ hasText: 'run "The workload moves"' });
  await vscode.scrollNotebookTo(page, cell.locator('.monaco-editor'), 'top');
  await page.mouse.move(0, 0); // no tool tips
  mkdirSync(path.dirname(file), { recursive: true });
  await page.screenshot({ path: file });
} finally {
  await session.close();
}
const kilobytes = Math.round(statSync(file).size / 1000);
console.log(`${path.relative(root, file)}: ${kilobytes} kB`);
if (kilobytes > budget) {
  console.error(`Its budget is ${budget} kB.`);
  process.exitCode = 1;
}
