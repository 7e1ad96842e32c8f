/** What pages (notebook outputs and the panel) ask of the host: write a file, show the line a thing came from. */
import * as vscode from 'vscode';
import type { SavedFile } from '../../simulator/host-protocol.ts';
import type { SourceSpan } from '../../simulator/plan.ts';
import { fromBase64 } from '../../simulator/text/base64.ts';

/** Asks where, then writes. */
export async function saveFile(file: SavedFile, beside: vscode.Uri | undefined): Promise<void> {
  const folder =
    beside && beside.scheme !== 'untitled'
      ? vscode.Uri.joinPath(beside, '..')
      : vscode.workspace.workspaceFolders?.[0]?.uri;
  // a page names the file, nothing more: no way out of the folder
  const name = file.name.replace(/[^\w .()-]+/g, '-').replace(/^\.+/, '') || 'refault';
  const extension = name.includes('.') ? name.slice(name.lastIndexOf('.') + 1) : '';
  const target = await vscode.window.showSaveDialog({
    defaultUri: folder ? vscode.Uri.joinPath(folder, name) : vscode.Uri.file(name),
    ...(extension ? { filters: { [extension.toUpperCase()]: [extension] } } : {}),
  });
  if (!target) return;
  const bytes = file.encoding === 'base64' ? fromBase64(file.data) : new TextEncoder().encode(file.data);
  await vscode.workspace.fs.writeFile(target, bytes);
}

/** Goes to the statement: in its notebook if it is a cell, in an editor otherwise. */
export async function reveal({ uri, line, column, endLine, endColumn }: SourceSpan): Promise<void> {
  const selection = new vscode.Range(line, column, endLine, endColumn);
  const notebook = vscode.workspace.notebookDocuments.find((doc) =>
    doc.getCells().some(({ document }) => document.uri.toString() === uri),
  );
  if (notebook) {
    const cell = notebook.getCells().find(({ document }) => document.uri.toString() === uri)!;
    const range = new vscode.NotebookRange(cell.index, cell.index + 1);
    const editor = await vscode.window.showNotebookDocument(notebook, { selections: [range] });
    editor.revealRange(range, vscode.NotebookEditorRevealType.InCenterIfOutsideViewport);
    await vscode.window.showTextDocument(cell.document, { selection, preserveFocus: false });
    return;
  }
  const block = /^(.*)#block(\d+)$/.exec(uri);
  const target = vscode.Uri.parse(block ? block[1] : uri, true);
  const document = await vscode.workspace.openTextDocument(target);
  if (!block) {
    await vscode.window.showTextDocument(document, { selection });
    return;
  }
  const { parseNotebook } = await import('../../language-server/language/notebook-markdown.ts');
  const start = parseNotebook(document.getText()).filter(({ kind }) => kind === 'code')[Number(block[2])]?.line ?? 0;
  const shifted = new vscode.Range(line + start, column, endLine + start, endColumn);
  await vscode.window.showTextDocument(document, { selection: shifted });
}

/** The notebook that holds the simulator against recordings: what a badge in a legend stands for. */
export async function showNumbers(): Promise<void> {
  await vscode.commands.executeCommand('refault.openSample', 'how-faithful.refault.md');
}
