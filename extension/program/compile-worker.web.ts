/** The compile worker as a web worker. */
import { serveCompile } from './compile-service.ts';
import type { CompileRequest } from './protocol.ts';

declare const self: DedicatedWorkerGlobalScope;

self.onmessage = (event: MessageEvent<CompileRequest>) => {
  self.postMessage(serveCompile(event.data));
};
