/** The language server as a web worker. */
import { LanguageClient, type LanguageClientOptions } from 'vscode-languageclient/browser';
import type { Client } from '../platform.ts';

export function createWebClient(url: string, options: LanguageClientOptions): Client {
  let worker: Worker | undefined;
  const start = () => {
    worker = new Worker(url);
    return Promise.resolve(worker);
  };
  const client = new LanguageClient('refault', 'Refault', start, options);
  return {
    start: () => client.start(),
    dispose: async () => {
      await client.dispose().finally(() => worker?.terminate());
    },
  };
}
