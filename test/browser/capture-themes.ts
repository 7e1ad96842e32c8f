/**
 * Writes themes.json: the style variables that VS Code gives to webviews in four themes, read from a real one, so that renderer tests
 * need none. Run it after moving to a newer VS Code: `node test/browser/capture-themes.ts`.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { launchBrowser } from '../vscode/host/browser.ts';
import { installHost } from '../vscode/host/install.ts';
import { quietSettings, startServer } from '../vscode/host/server.ts';
import { fourThemes } from '../vscode/host/themes.ts';
import { openFile, openWorkbench, runCommand, webview } from '../vscode/host/workbench.ts';

/** What pictures and controls are drawn with; the other six hundred are for parts of the workbench. */
const wanted =
  /^--vscode-(charts|editor-(background|foreground|font)|editorWidget|widget|foreground|descriptionForeground|disabledForeground|errorForeground|focusBorder|contrast|button|input|dropdown|checkbox|badge|list-(hover|active|inactive|focus)|panel|notebook|textLink|textBlockQuote|textCodeBlock|textPreformat|font|symbolIcon|testing|terminal-ansi|editorWarning|editorInfo|editorError|icon|settings|scrollbar|progressBar|toolbar|tab-|quickInput)/;

installHost();
const folder = mkdtempSync(path.join(os.tmpdir(), 'refault-themes-'));
writeFileSync(path.join(folder, 'page.md'), '# A page\n');
const browser = await launchBrowser();
const themes: Record<string, unknown> = {};
for (const { name } of fourThemes) {
  const settings = { ...quietSettings, 'workbench.colorTheme': name };
  const server = await startServer({ folder: path.join(folder, name), settings, workspaceTrust: false });
  try {
    const page = await (await browser.newContext()).newPage();
    await openWorkbench(page, server, { folder });
    await openFile(page, 'page.md');
    await page.locator('.editor-instance .view-line').first().waitFor();
    await runCommand(page, 'Markdown: Open Preview');
    const body = webview(page, 'extensionId=vscode.markdown-language-features').locator('body');
    await body.locator('h1').waitFor();
    themes[name] = await body.evaluate((element, source) => {
      const style = document.documentElement.style;
      const names = [...style].filter((property) => new RegExp(source).test(property)).sort();
      return {
        class: [...element.classList].filter((c) => c.startsWith('vscode-') && c !== 'vscode-body').join(' '),
        kind: element.dataset['vscodeThemeKind'],
        id: element.dataset['vscodeThemeId'],
        variables: Object.fromEntries(names.map((name) => [name, style.getPropertyValue(name)])),
      };
    }, wanted.source);
    await page.close();
  } finally {
    await server.stop();
  }
}
await browser.close();
rmSync(folder, { recursive: true, force: true });
writeFileSync(path.join(import.meta.dirname, 'themes.json'), JSON.stringify(themes, null, 1) + '\n');
