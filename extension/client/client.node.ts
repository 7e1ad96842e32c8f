/** The language server as a process of its own, in VS Code's own Node. */
import { LanguageClient, TransportKind, type LanguageClientOptions } from 'vscode-languageclient/node';
import type { Client } from '../platform.ts';

export function createNodeClient(module: string, options: LanguageClientOptions): Client {
  const run = { module, transport: TransportKind.ipc };
  const debug = { ...run, options: { execArgv: ['--nolazy', '--inspect=6019'] } };
  return new LanguageClient('refault', 'Refault', { run, debug }, options);
}
