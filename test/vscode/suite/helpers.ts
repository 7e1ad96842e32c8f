/** What the cases share: opening, running, editing and waiting, with VS Code's public API only. */
import * as vscode from 'vscode';
import type { RefaultApi } from '../../../extension/activate.ts';
import { REPORT_MIME } from '../../../simulator/host-protocol.ts';
import { decodeReport, hashReport } from '../../../simulator/report-codec.ts';
import type { PointReport, Report } from '../../../simulator/report.ts';
import { ok } from './assert.ts';

export const SAMPLE = 'page-cache-reclaim.refault.md';
export const inBrowser = typeof process === 'undefined' || !process.versions?.node;

/** Activates the extension. Cells run whether or not its language server is there yet. */
export async function refault(): Promise<RefaultApi> {
  const extension = vscode.extensions.getExtension<RefaultApi>('refault.refault');
  ok(extension, 'the extension refault.refault is not known');
  return extension.activate();
}

export async function languageServer(): Promise<void> {
  await (await refault()).whenReady();
}

export function inWorkspace(name: string): vscode.Uri {
  const folder = vscode.workspace.workspaceFolders?.[0];
  ok(folder, 'no folder is open');
  return vscode.Uri.joinPath(folder.uri, name);
}

let files = 0;

/** Writes a file under a name of its own, so that no case sees what another has left. */
export async function write(text: string, ending: 'refault' | 'refault.md' | 'md'): Promise<vscode.Uri> {
  const uri = inWorkspace(`case-${++files}.${ending}`);
  await vscode.workspace.fs.writeFile(uri, new TextEncoder().encode(text));
  return uri;
}

/** A notebook of the given cells, on disk, shown, with its kernel. */
export async function openCells(...cells: readonly string[]): Promise<vscode.NotebookDocument> {
  return openNotebook(await write(cells.map((cell) => `\`\`\`refault\n${cell}\n\`\`\`\n`).join('\n'), 'refault.md'));
}

/** As the explorer does. A document opened through the API would outlive its editor, and with it whatever runs in it. */
export async function openNotebook(uri: vscode.Uri): Promise<vscode.NotebookDocument> {
  await vscode.commands.executeCommand('vscode.open', uri);
  const shown = () => vscode.window.activeNotebookEditor?.notebook;
  await until('the notebook is shown', () => shown()?.uri.toString() === uri.toString());
  return shown()!;
}

/** Nothing may be running: VS Code would ask before it closes such a notebook, and tests cannot answer. */
export async function closeAll(): Promise<void> {
  const running = vscode.workspace.notebookDocuments.filter((notebook) => codeCells(notebook).some(isRunning));
  for (const { uri } of running) await vscode.commands.executeCommand('notebook.cancelExecution', uri);
  await until('nothing is running', () => !running.some((notebook) => codeCells(notebook).some(isRunning)));
  await vscode.commands.executeCommand('workbench.action.revertAndCloseActiveEditor');
  await vscode.commands.executeCommand('workbench.action.closeAllEditors');
}

export const codeCells = (notebook: vscode.NotebookDocument): vscode.NotebookCell[] =>
  notebook.getCells().filter((cell) => cell.kind === vscode.NotebookCellKind.Code);

export const isRunning = ({ executionSummary }: vscode.NotebookCell): boolean =>
  executionSummary?.executionOrder !== undefined && executionSummary.success === undefined;

/** Runs all cells and waits until none is waiting or running. */
export async function runAll(notebook: vscode.NotebookDocument): Promise<void> {
  const done = codeCells(notebook).map((cell) => ended(cell));
  await vscode.commands.executeCommand('notebook.execute', notebook.uri);
  await Promise.all(done);
}

export async function runCell(cell: vscode.NotebookCell): Promise<void> {
  const done = ended(cell);
  startCell(cell);
  await done;
}

/** Does not wait: the command itself would, for the end of the run. */
export function startCell(cell: vscode.NotebookCell): void {
  void vscode.commands.executeCommand('notebook.cell.execute', {
    ranges: [{ start: cell.index, end: cell.index + 1 }],
    document: cell.notebook.uri,
  });
}

/** Resolves when the cell's next execution is over. Ask before starting it. */
export function ended(cell: vscode.NotebookCell): Promise<void> {
  const before = cell.executionSummary?.timing?.endTime;
  return until('the cell has been run', () => {
    const { timing, success } = cell.executionSummary ?? {};
    return success !== undefined && timing?.endTime !== undefined && timing.endTime !== before;
  });
}

export async function edit(
  document: vscode.TextDocument,
  change: (edit: vscode.WorkspaceEdit, uri: vscode.Uri) => void,
): Promise<void> {
  const workspaceEdit = new vscode.WorkspaceEdit();
  change(workspaceEdit, document.uri);
  ok(await vscode.workspace.applyEdit(workspaceEdit), 'the edit was refused');
}

/** Replaces the first occurrence of `what`. */
export function replace(document: vscode.TextDocument, what: string, by: string): Promise<void> {
  return edit(document, (edits, uri) => edits.replace(uri, rangeOf(document, what), by));
}

export function rangeOf(document: vscode.TextDocument, what: string): vscode.Range {
  const at = document.getText().indexOf(what);
  ok(at >= 0, `'${what}' is not in: ${document.getText()}`);
  return new vscode.Range(document.positionAt(at), document.positionAt(at + what.length));
}

/** Codes of all diagnostics of a document. */
export const codesOf = (document: vscode.TextDocument): string[] =>
  vscode.languages
    .getDiagnostics(document.uri)
    .map(({ code }) => (typeof code === 'object' ? String(code.value) : String(code)));

/** Applies the quick fix of that title that is offered at the first occurrence of `what`. */
export async function applyFix(document: vscode.TextDocument, what: string, title: string | RegExp): Promise<void> {
  const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
    'vscode.executeCodeActionProvider',
    document.uri,
    rangeOf(document, what),
    vscode.CodeActionKind.QuickFix.value,
  );
  const mend = actions.find((a) => a.edit && (typeof title === 'string' ? a.title === title : title.test(a.title)));
  ok(mend?.edit, `no fix among: ${actions.map((a) => a.title).join(', ')}`);
  ok(await vscode.workspace.applyEdit(mend.edit), 'the fix was refused');
}

export const errorsOf = (document: vscode.TextDocument): vscode.Diagnostic[] =>
  vscode.languages.getDiagnostics(document.uri).filter((d) => d.severity === vscode.DiagnosticSeverity.Error);

export function reportsOf(cell: vscode.NotebookCell): Report[] {
  return cell.outputs.flatMap((output) =>
    output.items.filter((item) => item.mime === REPORT_MIME).map((item) => decodeReport(item.data)),
  );
}

export function reportOf(cell: vscode.NotebookCell): Report {
  const [report] = reportsOf(cell);
  ok(report, `the cell has no report, but ${cell.outputs.map(textOf).join(' | ') || 'no output'}`);
  return report;
}

/** Hash of everything in a report but the places in texts, which have other addresses in other hosts. */
export function hashOf(report: Report): string {
  const without = (value: unknown): unknown => {
    if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return value;
    if (Array.isArray(value)) return value.map(without);
    const entries = Object.entries(value).filter(([key]) => key !== 'source');
    return Object.fromEntries(entries.map(([key, inner]) => [key, without(inner)]));
  };
  return hashReport(without(report) as Report);
}

/** An output's text, be it plain text or an error. */
export const textOf = (output: vscode.NotebookCellOutput): string =>
  output.items
    .filter((item) => item.mime.startsWith('text/') || item.mime.endsWith('.error'))
    .map((item) => new TextDecoder().decode(item.data))
    .join('\n');

export function pointOf(report: Report, reclaim: string): PointReport {
  const point = report.points.find(({ variant }) => variant['reclaim'] === reclaim);
  ok(point, `no point of ${reclaim} in the report`);
  return point;
}

/** Long, for machines that have much else to do; a quiet one needs a tenth. */
const LIMIT_MS = 60_000;
const EVERY_MS = 10;

/** Waits for something that no event tells of; says what it was waiting for when it does not come. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const start = Date.now();
  while (!(await holds())) {
    if (Date.now() - start > LIMIT_MS) throw new Error(`waited ${LIMIT_MS / 1000} s in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
  }
}
