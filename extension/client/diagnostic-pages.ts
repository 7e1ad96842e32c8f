/** Pages of diagnostics as read-only documents: what opens when a code is clicked in the Problems view or a hover. */
import * as vscode from 'vscode';
import { PAGE_SCHEME, pageAt } from '../../language-server/language/diagnostic-page.ts';

export const registerDiagnosticPages = (): vscode.Disposable =>
  vscode.workspace.registerTextDocumentContentProvider(PAGE_SCHEME, {
    provideTextDocumentContent: ({ path }) => pageAt(path) ?? `There is no page ${path}.\n`,
  });
