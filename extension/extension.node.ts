/** Entry of the extension on a desktop or a remote machine. */
import { createRequire } from 'node:module';
import { availableParallelism, freemem, platform as system, totalmem } from 'node:os';
import * as vscode from 'vscode';
import { activateWith, type RefaultApi } from './activate.ts';
import type * as clientModule from './client/client.node.ts';
import type { Platform } from './platform.ts';
import { spawnCompilerThread, spawnThread } from './worker/ports.node.ts';

export function activate(context: vscode.ExtensionContext): RefaultApi {
  const bundle = (name: string) => vscode.Uri.joinPath(context.extensionUri, 'dist', name).fsPath;
  const platform: Platform = {
    spawnSimulator: spawnThread(bundle('sim-worker.cjs')),
    spawnCompiler: spawnCompilerThread(bundle('compile-worker.cjs')),
    sharedMemory: true,
    defaultWorkers: Math.max(1, availableParallelism() - 1),
    freeMemory,
    createClient: (options) => {
      // a bundle of its own, read when it is wanted and not at activation
      const file = bundle('client.cjs');
      const { createNodeClient } = createRequire(file)(file) as typeof clientModule;
      return createNodeClient(bundle('server.cjs'), options);
    },
  };
  return activateWith(context, platform);
}

export function deactivate(): void {
  // everything is in context.subscriptions
}

/** What a run may use. Elsewhere than on Linux `freemem` leaves out caches that the system gives up on demand, so half of all counts. */
function freeMemory(): number {
  const available = process.availableMemory?.() || freemem();
  return system() === 'linux' ? available : Math.max(available, totalmem() / 2);
}
