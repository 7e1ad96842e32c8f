/** Refault: Show Kernel Counters. A read-only document, so that it can be searched, compared and copied from. */
import * as vscode from 'vscode';
import { countersDocument } from '../run/counters-document.ts';
import type { RunRecord } from '../run/results.ts';

const SCHEME = 'refault-counters';

export function createCountersView(): { show(records: readonly RunRecord[]): Promise<void> } & vscode.Disposable {
  const changed = new vscode.EventEmitter<vscode.Uri>();
  const texts = new Map<string, string>();
  const registration = vscode.workspace.registerTextDocumentContentProvider(SCHEME, {
    onDidChange: changed.event,
    provideTextDocumentContent: (uri) => texts.get(uri.toString()) ?? 'No run of this window is known any more.\n',
  });
  return {
    async show(records) {
      const source = vscode.Uri.parse(records.at(-1)!.document);
      const name = source.path.slice(source.path.lastIndexOf('/') + 1).replace(/(\.refault)?(\.md|\.refault)?$/, '');
      const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${name || 'run'} counters.md` });
      texts.set(uri.toString(), countersDocument(records.map(({ report }) => report)));
      changed.fire(uri);
      const document = await vscode.workspace.openTextDocument(uri);
      await vscode.window.showTextDocument(document, { viewColumn: vscode.ViewColumn.Beside, preview: true });
    },
    dispose() {
      registration.dispose();
      changed.dispose();
    },
  };
}
