/** Workers as Node threads: a thread that dies (out of memory, killed, thrown) tells why. */
import { Worker } from 'node:worker_threads';
import type { SpawnCompiler } from '../program/compiler.ts';
import type { LanguageReply } from '../program/protocol.ts';
import type { FromWorker, SpawnWorker } from './protocol.ts';

/** `script` is the bundle, or in tests a TypeScript file. */
export function spawnThread(script: string | URL): SpawnWorker {
  return (listener) => {
    // no environment and no inherited flags: a simulation depends on its plan alone
    const worker = new Worker(script, { env: {}, execArgv: [], stdout: false, stderr: false });
    let reason: string | undefined;
    worker.on('message', (message: FromWorker) => listener.message(message));
    worker.on('messageerror', (error: Error) => (reason = `a message could not be read: ${error.message}`));
    worker.on('error', (error: Error & { code?: string }) => {
      reason =
        error.code === 'ERR_WORKER_OUT_OF_MEMORY' ? 'the simulation ran out of memory' : error.message || String(error);
    });
    worker.on('exit', (code) => listener.exit(reason ?? `the simulation thread ended (exit code ${code})`));
    worker.unref();
    return {
      post: (message) => worker.postMessage(message),
      terminate: () => void worker.terminate(),
    };
  };
}

export function spawnCompilerThread(script: string | URL): SpawnCompiler {
  return (listener) => {
    const worker = new Worker(script, { env: {}, execArgv: [], stdout: false, stderr: false });
    let reason: string | undefined;
    worker.on('message', (reply: LanguageReply) => listener.reply(reply));
    worker.on('error', (error: Error) => (reason = error.message));
    worker.on('exit', (code) => listener.exit(reason ?? `exit code ${code}`));
    worker.unref();
    return { post: (request) => worker.postMessage(request), terminate: () => void worker.terminate() };
  };
}
