/**
 * Wires the parts together. Activation only registers; the language server, the compile worker and the simulator are loaded afterwards or when
 * first used.
 */
import * as vscode from 'vscode';
import { registerDiagnosticPages } from './client/diagnostic-pages.ts';
import { createLanguageServer } from './client/language-client.ts';
import { registerCommands } from './commands/commands.ts';
import { createController } from './notebook/controller.ts';
import { restoreOutputs } from './notebook/restore.ts';
import { listenToRenderer } from './notebook/renderer-messages.ts';
import { RunDiagnostics } from './notebook/run-diagnostics.ts';
import { registerSerializer } from './notebook/serializer.ts';
import { NOTEBOOK_TYPE, NotebookSession } from './notebook/session.ts';
import { CellStatusBar } from './notebook/status-bar.ts';
import { ResultsPanel } from './panel/results-panel.ts';
import type { Platform } from './platform.ts';
import type { RunRecord } from './run/results.ts';
import { createServices } from './services.ts';

/** For tests, and for other extensions that want the numbers. */
export interface RefaultApi {
  /** Resolves when the language server answers and the compile worker is warm. */
  whenReady(): Promise<void>;
  /** Resolves when the kept results of all open notebooks have been looked up. */
  whenRestored(): Promise<void>;
  /** The reports of this window, in the order they were run. */
  lastReports(): readonly RunRecord[];
  /** Whether the cell's output was made from another program than the one now written (as of the last compilation). */
  isStale(cell: vscode.NotebookCell): boolean;
  /** How long activation took, in milliseconds. */
  readonly activationTime: number;
}

export function activateWith(context: vscode.ExtensionContext, platform: Platform): RefaultApi {
  const begun = performance.now();
  const services = createServices(context, platform);
  const sessions = new Map<string, NotebookSession>();
  const restoring = new Map<string, Promise<unknown>>();

  const sessionOf = (notebook: vscode.NotebookDocument): NotebookSession => {
    const key = notebook.uri.toString();
    let session = sessions.get(key);
    if (!session)
      sessions.set(key, (session = new NotebookSession(notebook, services.compiler, () => statusBar.refresh())));
    return session;
  };

  const diagnostics = new RunDiagnostics();
  const statusBar = new CellStatusBar(sessionOf);
  const kernel = createController({ services, sessionOf, diagnostics, refresh: () => statusBar.refresh() });
  const server = createLanguageServer(services);
  const panel = new ResultsPanel(services, diagnostics);
  context.subscriptions.push(
    diagnostics,
    statusBar,
    kernel,
    server,
    panel,
    registerSerializer(),
    registerDiagnosticPages(),
    listenToRenderer(services, panel),
  );
  registerCommands({ services, server, panel, kernel });

  const opened = (notebook: vscode.NotebookDocument) => {
    if (notebook.notebookType !== NOTEBOOK_TYPE) return;
    void vscode.commands.executeCommand('setContext', 'refault.openedNotebook', true);
    kernel.controller.updateNotebookAffinity(notebook, vscode.NotebookControllerAffinity.Preferred);
  };
  const restore = (notebook: vscode.NotebookDocument) => {
    const work = restoreOutputs(kernel.controller, sessionOf(notebook), services).then(
      () => statusBar.refresh(),
      (error: unknown) => services.log.warn(`kept results could not be shown: ${String(error)}`),
    );
    restoring.set(notebook.uri.toString(), work);
  };
  context.subscriptions.push(
    kernel.controller.onDidChangeSelectedNotebooks(({ notebook, selected }) => selected && restore(notebook)),
    vscode.workspace.onDidOpenNotebookDocument(opened),
    vscode.workspace.onDidCloseNotebookDocument((notebook) => {
      const key = notebook.uri.toString();
      sessions.get(key)?.dispose();
      sessions.delete(key);
      restoring.delete(key);
      services.results.forget(key);
    }),
    vscode.workspace.onDidChangeNotebookDocument((event) => {
      if (event.notebook.notebookType !== NOTEBOOK_TYPE) return;
      const edits = event.cellChanges.filter(({ document }) => document !== undefined);
      if (edits.length > 0 || event.contentChanges.length > 0) sessionOf(event.notebook).edited();
      for (const { cell, outputs } of event.cellChanges) if (outputs?.length === 0) cleared(cell);
    }),
    { dispose: () => sessions.forEach((session) => session.dispose()) },
  );

  /** "Clear Outputs" clears what the status bar says, too. A running cell's first output replaces an empty one: not a clearing. */
  function cleared(cell: vscode.NotebookCell): void {
    const record = sessionOf(cell.notebook).record(cell);
    if (record.progress) return;
    record.shown = undefined;
    record.runs = [];
    diagnostics.clear(cell.document.uri);
    services.results.set(cell.document.uri.toString(), []);
    statusBar.refresh();
  }

  vscode.workspace.notebookDocuments.forEach(opened);
  const activationTime = performance.now() - begun;
  services.log.info(`Refault activated in ${activationTime.toFixed(0)} ms`);

  // after this turn: nobody waits for them, but the first keystroke and the first run should not have to
  const ready = new Promise<void>((resolve, reject) => {
    setTimeout(() => {
      services.compiler.warmUp();
      services.pool.warmUp();
      server.ready().then(resolve, (error: unknown) => {
        services.log.error(`the language server could not be started: ${String(error)}`);
        reject(error instanceof Error ? error : new Error(String(error)));
      });
    }, 0);
  });
  ready.catch(() => undefined);

  return {
    whenReady: () => ready,
    whenRestored: async () => void (await Promise.all(restoring.values())),
    lastReports: () => services.results.all(),
    isStale: (cell) => sessionOf(cell.notebook).isStale(cell),
    activationTime,
  };
}
