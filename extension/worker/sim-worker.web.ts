/** The simulation worker as a web worker: without shared memory, messages are read between two slices. */
import { createRun } from '../../simulator/run.ts';
import type { ToWorker } from './protocol.ts';
import { serve } from './serve.ts';

declare const self: DedicatedWorkerGlobalScope;

// a message to oneself comes back behind those already waiting, and unlike a timer at once
const { port1, port2 } = new MessageChannel();
let wake: (() => void) | undefined;
port1.onmessage = () => wake?.();

const receive = serve(
  {
    post: (message, transfer) => self.postMessage(message, [...transfer]),
    now: () => performance.now(),
    breathe: () =>
      new Promise((resolve) => {
        wake = resolve;
        port2.postMessage(null);
      }),
  },
  createRun,
);
self.onmessage = (event: MessageEvent<ToWorker>) => receive(event.data);
