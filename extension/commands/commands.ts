/** The command palette's commands. Each says what is wrong in a message rather than failing silently. */
import * as vscode from 'vscode';
import type { LanguageServer } from '../client/language-client.ts';
import type { Controller } from '../notebook/controller.ts';
import { LANGUAGE, NOTEBOOK_TYPE } from '../notebook/session.ts';
import type { ResultsPanel } from '../panel/results-panel.ts';
import type { RunRecord } from '../run/results.ts';
import type { Services } from '../services.ts';
import { createCountersView } from './counters.ts';
import { exportResults, type ExportFormat } from './export.ts';
import { samples } from './samples.ts';
import { nameOf, NothingToRunError, scenariosAt } from './scenario.ts';

export interface CommandParts {
  readonly services: Services;
  readonly server: LanguageServer;
  readonly panel: ResultsPanel;
  readonly kernel: Controller;
}

const LARGEST_SEED = Number.MAX_SAFE_INTEGER;

export function registerCommands({ services, server, panel, kernel }: CommandParts): void {
  const { subscriptions } = services.context;
  const counters = createCountersView();
  subscriptions.push(counters);

  const register = (id: string, run: (...args: never[]) => unknown) => {
    const guarded = async (...args: unknown[]) => {
      try {
        return await (run as (...args: unknown[]) => unknown)(...args);
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        if (!(error instanceof NothingToRunError)) services.log.error(error instanceof Error ? error : text);
        void vscode.window.showErrorMessage(`Refault: ${text}`);
        return undefined;
      }
    };
    subscriptions.push(vscode.commands.registerCommand(id, guarded));
  };

  /** Code lenses pass the file and the line of the `run`; menus the file; the palette nothing. */
  register('refault.runScenario', async (uri?: vscode.Uri | string, at?: { readonly line?: number }) => {
    const target = typeof uri === 'string' ? vscode.Uri.parse(uri) : uri;
    const scenarios = await scenariosAt(services, target instanceof vscode.Uri ? target : undefined, at?.line);
    return panel.run(scenarios);
  });

  register('refault.runWithSeed', async (target?: unknown, given?: number) => {
    const seed = typeof given === 'number' ? given : await askSeed();
    if (seed === undefined) return;
    const cell = cellOf(target) ?? selectedCell();
    if (cell) await kernel.runWithSeed(cell, seed);
    else
      await panel.run(await scenariosAt(services, target instanceof vscode.Uri ? target : undefined, undefined), seed);
  });

  register('refault.newNotebook', async () => {
    await openUntitled('Untitled-1', [
      prose('# Untitled\n\nDescribe a machine, its files and what its processes do; then compare.'),
      code('machine server { memory 64 MiB }\n\nfile db 96 MiB\n\nprocess p { read db zipf 1.0, 1M times }'),
      code('run "First look" {\n  compare reclaim: classic, v6.1, lru\n  plot hit-ratio\n}'),
    ]);
  });

  register('refault.openSample', async (file?: string) => {
    const chosen =
      typeof file === 'string'
        ? samples.find((sample) => sample.file === file)
        : await vscode.window
            .showQuickPick(
              samples.map((sample) => ({ sample, label: sample.title, detail: sample.about })),
              { placeHolder: 'A sample opens as a copy: change it as you like', matchOnDetail: true },
            )
            .then((item) => item?.sample);
    if (!chosen) return;
    const uri = vscode.Uri.joinPath(services.context.extensionUri, 'samples', chosen.file);
    const { toCells } = await import('../notebook/cells.ts');
    const cells = toCells(await vscode.workspace.fs.readFile(uri));
    await openUntitled(
      chosen.file.replace(/\.refault\.md$/, ''),
      cells.map(({ kind, text, language }) => (kind === 'code' ? code(text, language) : prose(text))),
    );
  });

  register('refault.openAsNotebook', async (uri?: vscode.Uri) => {
    const target = uri instanceof vscode.Uri ? uri : vscode.window.activeTextEditor?.document.uri;
    if (!target) throw new NothingToRunError('Open a .refault file first.');
    if (target.path.endsWith('.refault.md')) {
      await vscode.commands.executeCommand('vscode.openWith', target, NOTEBOOK_TYPE);
      return;
    }
    const document = await vscode.workspace.openTextDocument(target);
    const { splitProgram } = await import('./split-program.ts');
    await openUntitled(nameOf(target).replace(/\.refault$/, ''), [
      prose(`# ${nameOf(target).replace(/\.refault$/, '')}`),
      ...splitProgram(document.getText()).map((text) => code(text)),
    ]);
  });

  register(
    'refault.exportResults',
    async (_context?: unknown, preset?: { format?: ExportFormat; target?: vscode.Uri }) =>
      exportResults(currentRecords(services), services, preset ?? {}),
  );

  register('refault.showCounters', () => counters.show(currentRecords(services)));

  register('refault.restartServer', () => server.restart());

  register('refault.clearCache', async () => {
    await services.cache.clear();
    void vscode.window.showInformationMessage('Refault: all kept results were removed.');
  });
}

/** Runs of the notebook or file one looks at; where it has none, the last one of the window. */
function currentRecords(services: Services): readonly RunRecord[] {
  const uri = vscode.window.activeNotebookEditor?.notebook.uri ?? vscode.window.activeTextEditor?.document.uri;
  const here = uri ? services.results.ofDocument(uri.toString()) : [];
  if (here.length > 0) return here;
  const last = services.results.all().at(-1);
  if (!last) throw new NothingToRunError('Nothing has been run in this window yet.');
  return services.results.ofDocument(last.document);
}

async function askSeed(): Promise<number | undefined> {
  const text = await vscode.window.showInputBox({
    title: 'Run with Seed',
    prompt: 'The seed decides every random choice of the workload; the same seed gives the same numbers.',
    value: String(crypto.getRandomValues(new Uint32Array(1))[0] % 1000),
    validateInput: (value) => (parseSeed(value) === undefined ? `A whole number from 0 to ${LARGEST_SEED}` : undefined),
  });
  return text === undefined ? undefined : parseSeed(text);
}

function parseSeed(text: string): number | undefined {
  const trimmed = text.trim();
  const seed = Number(trimmed);
  return /^\d+$/.test(trimmed) && seed <= LARGEST_SEED ? seed : undefined;
}

/** Cell menus pass the cell. */
function cellOf(target: unknown): vscode.NotebookCell | undefined {
  if (typeof target !== 'object' || target === null || !('notebook' in target) || !('document' in target))
    return undefined;
  return target as vscode.NotebookCell;
}

function selectedCell(): vscode.NotebookCell | undefined {
  const editor = vscode.window.activeNotebookEditor;
  if (editor?.notebook.notebookType !== NOTEBOOK_TYPE) return undefined;
  const cell = editor.notebook.cellAt(editor.selection.start);
  return cell.kind === vscode.NotebookCellKind.Code ? cell : undefined;
}

const code = (text: string, language: string = LANGUAGE) =>
  new vscode.NotebookCellData(vscode.NotebookCellKind.Code, text, language);
const prose = (text: string) => new vscode.NotebookCellData(vscode.NotebookCellKind.Markup, text, 'markdown');

/**
 * An unsaved notebook with a name that ends as notebooks do. VS Code's own choice would end in `.md`, and the saved file would open as text the
 * next time.
 */
async function openUntitled(name: string, cells: vscode.NotebookCellData[]): Promise<void> {
  const taken = new Set(vscode.workspace.notebookDocuments.map(({ uri }) => uri.path));
  let path = `${name}.refault.md`;
  for (let i = 2; taken.has(path); i++) path = `${name}-${i}.refault.md`;
  const uri = vscode.Uri.from({ scheme: 'untitled', path });
  const notebook = await vscode.workspace.openNotebookDocument(uri);
  const edit = new vscode.WorkspaceEdit();
  edit.set(uri, [vscode.NotebookEdit.replaceCells(new vscode.NotebookRange(0, notebook.cellCount), cells)]);
  await vscode.workspace.applyEdit(edit);
  await vscode.window.showNotebookDocument(notebook);
}
