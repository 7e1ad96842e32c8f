/** The language server as a process of its own, in VS Code's own Node. A bundle of its own (extension.node.ts). */
import type { LanguageClientOptions } from 'vscode-languageclient/node';
import { breathe } from '../breathe.ts';
import type { Client } from '../platform.ts';
import { READ_FILE, readForServer } from './read-file.ts';

/** What a keystroke leaves behind is collected before it has piled up: 50 MiB less in memory, and no slower (npm run bench -- editor). */
const SMALL = ['--max-semi-space-size=4'];

export async function createNodeClient(module: string, options: LanguageClientOptions): Promise<Client> {
  // The client's library in parts, each of which it would load itself: all at once they keep others waiting.
  await import('vscode-jsonrpc/node');
  await breathe();
  await import('vscode-languageserver-protocol/node');
  await breathe();
  const { LanguageClient, TransportKind } = await import('vscode-languageclient/node');
  await breathe();
  const start = (...flags: readonly string[]) => ({
    module,
    transport: TransportKind.ipc,
    options: { execArgv: [...SMALL, ...flags] },
  });
  const run = start();
  const debug = start('--nolazy', '--inspect=6019');
  const client = new LanguageClient('refault', 'Refault', { run, debug }, options);
  client.onRequest(READ_FILE, readForServer);
  return client;
}
