/** The compile worker as a Node thread. */
import { parentPort } from 'node:worker_threads';
import { serveCompile } from './compile-service.ts';
import type { CompileRequest } from './protocol.ts';

parentPort!.on('message', (request: CompileRequest) => {
  parentPort!.postMessage(serveCompile(request));
});
