/** The server in a web worker. Files that are not open are out of reach there: imports work between open texts. */
import { BrowserMessageReader, BrowserMessageWriter, createConnection } from 'vscode-languageserver/browser';
import { serve } from './connection.ts';

const scope = self as unknown as DedicatedWorkerGlobalScope;
serve(createConnection(new BrowserMessageReader(scope), new BrowserMessageWriter(scope)), {
  read: () => Promise.resolve(null),
  list: () => Promise.resolve([]),
});
