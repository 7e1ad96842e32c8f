/** The language server as a process of its own, in VS Code's own Node. */
import { LanguageClient, TransportKind, type LanguageClientOptions } from 'vscode-languageclient/node';
import type { Client } from '../platform.ts';
import { READ_FILE, readForServer } from './read-file.ts';

export function createNodeClient(module: string, options: LanguageClientOptions): Client {
  const run = { module, transport: TransportKind.ipc };
  const debug = { ...run, options: { execArgv: ['--nolazy', '--inspect=6019'] } };
  const client = new LanguageClient('refault', 'Refault', { run, debug }, options);
  client.onRequest(READ_FILE, readForServer);
  return client;
}
