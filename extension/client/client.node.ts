/** The language server as a process of its own, in VS Code's own Node. A bundle of its own (extension.node.ts). */
import type { LanguageClientOptions } from 'vscode-languageclient/node';
import { breathe } from '../breathe.ts';
import type { Client } from '../platform.ts';
import { READ_FILE, readForServer } from './read-file.ts';

export async function createNodeClient(module: string, options: LanguageClientOptions): Promise<Client> {
  // The client's library in parts, each of which it would load itself: all at once they keep others waiting.
  await import('vscode-jsonrpc/node');
  await breathe();
  await import('vscode-languageserver-protocol/node');
  await breathe();
  const { LanguageClient, TransportKind } = await import('vscode-languageclient/node');
  await breathe();
  const run = { module, transport: TransportKind.ipc };
  const debug = { ...run, options: { execArgv: ['--nolazy', '--inspect=6019'] } };
  const client = new LanguageClient('refault', 'Refault', { run, debug }, options);
  client.onRequest(READ_FILE, readForServer);
  return client;
}
