/** Workers of the browser's extension host. */
import type { SpawnCompiler } from '../program/compiler.ts';
import type { LanguageReply } from '../program/protocol.ts';
import type { FromWorker, SpawnWorker } from './protocol.ts';

export function spawnWebWorker(url: string): SpawnWorker {
  return (listener) => {
    const worker = new Worker(url);
    worker.onmessage = (event: MessageEvent<FromWorker>) => listener.message(event.data);
    worker.onerror = (event) => {
      worker.terminate();
      listener.exit(event.message || 'the simulation worker could not be started');
    };
    return { post: (message) => worker.postMessage(message), terminate: () => worker.terminate() };
  };
}

export function spawnCompilerWorker(url: string): SpawnCompiler {
  return (listener) => {
    const worker = new Worker(url);
    worker.onmessage = (event: MessageEvent<LanguageReply>) => listener.reply(event.data);
    worker.onerror = (event) => {
      worker.terminate();
      listener.exit(event.message || 'it could not be started');
    };
    return { post: (request) => worker.postMessage(request), terminate: () => worker.terminate() };
  };
}
