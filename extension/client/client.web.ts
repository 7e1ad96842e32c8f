/** The language server as a web worker. */
import {
  BrowserMessageReader,
  BrowserMessageWriter,
  LanguageClient,
  type LanguageClientOptions,
} from 'vscode-languageclient/browser';
import type { Client } from '../platform.ts';
import { READ_FILE, readForServer } from './read-file.ts';

export function createWebClient(url: string, options: LanguageClientOptions): Client {
  let worker: Worker | undefined;
  // Reader and writer are made here: VS Code's extension host wraps workers, and the client would not know one when it sees it.
  const start = () => {
    worker?.terminate();
    worker = new Worker(url);
    return Promise.resolve({ reader: new BrowserMessageReader(worker), writer: new BrowserMessageWriter(worker) });
  };
  const client = new LanguageClient('refault', 'Refault', start, options);
  client.onRequest(READ_FILE, readForServer);
  return {
    start: () => client.start(),
    dispose: async () => {
      await client.dispose().finally(() => worker?.terminate());
    },
  };
}
