/** Entry of the extension in a browser. */
import * as vscode from 'vscode';
import { activateWith, type RefaultApi } from './activate.ts';
import type { Platform } from './platform.ts';
import { spawnCompilerWorker, spawnWebWorker } from './worker/ports.web.ts';

export function activate(context: vscode.ExtensionContext): RefaultApi {
  const bundle = (name: string) => vscode.Uri.joinPath(context.extensionUri, 'dist', name).toString(true);
  const platform: Platform = {
    spawnSimulator: spawnWebWorker(bundle('sim-worker.web.js')),
    spawnCompiler: spawnCompilerWorker(bundle('compile-worker.web.js')),
    sharedMemory: false,
    defaultWorkers: Math.max(1, (navigator.hardwareConcurrency || 2) - 1),
    freeMemory: () => undefined,
    createClient: async (options) => {
      const { createWebClient } = await import('./client/client.web.ts');
      return createWebClient(bundle('server.web.js'), options);
    },
  };
  return activateWith(context, platform);
}

export function deactivate(): void {
  // everything is in context.subscriptions
}
