/** The server in a web worker. Files that are not open are read by the editor. */
import { BrowserMessageReader, BrowserMessageWriter, createConnection } from 'vscode-languageserver/browser';
import { serve } from './connection.ts';
import { readThroughClient } from './file-system.ts';

const scope = self as unknown as DedicatedWorkerGlobalScope;
const connection = createConnection(new BrowserMessageReader(scope), new BrowserMessageWriter(scope));
serve(connection, { read: (uri) => readThroughClient(connection, uri), list: () => Promise.resolve([]) });
