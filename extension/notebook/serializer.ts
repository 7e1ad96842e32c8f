/**
 * `name.refault.md` ↔ cells. The file is Markdown; what its cells do not say (fences, info strings, blank lines between them) travels in their
 * metadata, so that an untouched file is written back byte for byte. Outputs are never written.
 */
import * as vscode from 'vscode';
import { NOTEBOOK_TYPE } from './session.ts';
import { fromCells, toCells } from './cells.ts';

class Serializer implements vscode.NotebookSerializer {
  deserializeNotebook(content: Uint8Array): vscode.NotebookData {
    return new vscode.NotebookData(
      toCells(content).map(({ kind, language, text, metadata }) => {
        const cellKind = kind === 'code' ? vscode.NotebookCellKind.Code : vscode.NotebookCellKind.Markup;
        const cell = new vscode.NotebookCellData(cellKind, text, language);
        cell.metadata = metadata;
        return cell;
      }),
    );
  }

  serializeNotebook(data: vscode.NotebookData): Uint8Array {
    return fromCells(
      data.cells.map(({ kind, languageId, value, metadata }) => ({
        kind: kind === vscode.NotebookCellKind.Code ? 'code' : 'prose',
        language: languageId,
        text: value,
        metadata: metadata ?? {},
      })),
    );
  }
}

export const registerSerializer = (): vscode.Disposable =>
  vscode.workspace.registerNotebookSerializer(NOTEBOOK_TYPE, new Serializer(), { transientOutputs: true });
