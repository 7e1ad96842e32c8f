/** The simulation worker as a Node thread. */
import { parentPort } from 'node:worker_threads';
import { createRun } from '../../simulator/run.ts';
import type { ToWorker } from './protocol.ts';
import { serve } from './serve.ts';

const port = parentPort!;
const receive = serve(
  {
    post: (message, transfer) => port.postMessage(message, [...transfer]),
    now: () => performance.now(),
    breathe: () => new Promise((resolve) => setImmediate(resolve)),
  },
  createRun,
);
port.on('message', (message: ToWorker) => receive(message));
