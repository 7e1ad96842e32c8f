/** The notebook renderer's line to the host: save a picture, go to the source, open a result in the panel. */
import * as vscode from 'vscode';
import { RENDERER_ID, type HostMessage, type PageMessage } from '../../simulator/host-protocol.ts';
import { reveal, saveFile, showNumbers } from '../panel/page-requests.ts';
import type { ResultsPanel } from '../panel/results-panel.ts';
import type { Services } from '../services.ts';

export function listenToRenderer(services: Services, panel: ResultsPanel): vscode.Disposable {
  const messaging = vscode.notebooks.createRendererMessaging(RENDERER_ID);
  const answer = async (editor: vscode.NotebookEditor, message: PageMessage): Promise<void> => {
    const { uri } = editor.notebook;
    switch (message.type) {
      case 'ready': {
        const host: HostMessage = { type: 'host', abilities: ['save', 'reveal', 'open-panel', 'numbers'] };
        await messaging.postMessage(host, editor);
        return;
      }
      case 'save':
        return saveFile(message.file, uri);
      case 'reveal':
        return reveal(message.source);
      case 'numbers':
        return showNumbers();
      case 'open-panel': {
        const records = services.results.ofDocument(uri.toString());
        const record =
          records.findLast(({ report }) => report.plan === message.plan && report.title === message.title) ??
          records.findLast(({ report }) => report.plan === message.plan);
        if (record) await panel.showResult(record);
        return;
      }
      case 'run':
      case 'interrupt':
      case 'select':
        return; // the panel's
    }
  };
  return messaging.onDidReceiveMessage(({ editor, message }) => {
    answer(editor, message as PageMessage).catch((error: unknown) => {
      void vscode.window.showErrorMessage(`Refault: ${error instanceof Error ? error.message : String(error)}`);
    });
  });
}
