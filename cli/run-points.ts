/**
 * Runs a plan to its end, or until interrupted, on one thread or several. A worker is this same program; it is given point numbers and sends
 * back an encoded report.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { RecordedFiles } from '../simulator/fidelity/recorded-files.ts';
import { partsOf, type Plan } from '../simulator/plan.ts';
import { decodeReport, encodeReport } from '../simulator/report-codec.ts';
import type { Report } from '../simulator/report.ts';
import { createRun } from '../simulator/run.ts';
import { mergeReports } from '../simulator/simulate.ts';
import { BLOCK } from '../simulator/machine/access.ts';

export interface RunOptions {
  readonly traces: readonly Uint32Array[];
  /** What runs that compare with recordings need. */
  readonly recordings?: readonly RecordedFiles[];
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly progress: (fraction: number) => void;
}

interface WorkerTask {
  readonly plan: Plan;
  readonly traces: readonly Uint32Array[];
  readonly recordings: readonly RecordedFiles[];
  readonly points: readonly number[];
  /** [0] becomes 1 when the user interrupts. */
  readonly stop: Int32Array;
}

type WorkerMessage =
  { readonly kind: 'progress'; readonly fraction: number } | { readonly kind: 'report'; readonly bytes: Uint8Array };

export async function runPlan(plan: Plan, options: RunOptions): Promise<Report> {
  const threads = Math.max(1, Math.min(options.threads, partsOf(plan)));
  return threads === 1 ? await runHere(plan, options) : await runInWorkers(plan, threads, options);
}

async function runHere(plan: Plan, { traces, recordings = [], signal, progress }: RunOptions): Promise<Report> {
  const simulation = createRun(plan, { traces, recordings });
  for (;;) {
    const { done, fraction } = simulation.advance(4 * BLOCK);
    progress(fraction);
    if (done || signal.aborted) return simulation.report();
    await nextTurn(); // lets the signal in
  }
}

async function runInWorkers(
  plan: Plan,
  threads: number,
  { traces, recordings = [], signal, progress }: RunOptions,
): Promise<Report> {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const interrupt = (): void => void Atomics.store(stop, 0, 1);
  signal.addEventListener('abort', interrupt);
  const fractions = new Float64Array(threads);
  const parts = partsOf(plan);
  // Dealt round: neighbouring points (the same variant at the next size) cost alike.
  const shares = Array.from({ length: threads }, (_, w) =>
    Array.from({ length: parts }, (_, i) => i).filter((i) => i % threads === w),
  );
  try {
    const reports = await Promise.all(
      shares.map(
        (points, w) =>
          new Promise<Report>((resolve, reject) => {
            const task: WorkerTask = { plan, traces, recordings, points, stop };
            const worker = new Worker(fileURLToPath(new URL(import.meta.url)), { workerData: task });
            worker.on('message', (message: WorkerMessage) => {
              if (message.kind === 'report') return resolve(decodeReport(message.bytes));
              fractions[w] = message.fraction * points.length;
              progress(fractions.reduce((a, b) => a + b, 0) / parts);
            });
            worker.on('error', reject);
            worker.on('exit', (code) => reject(new Error(`a worker ended with status ${code}`)));
          }),
      ),
    );
    return mergeReports(plan, reports);
  } finally {
    signal.removeEventListener('abort', interrupt);
  }
}

/** The worker's side. */
function serve(): void {
  const { plan, traces, recordings, points, stop } = workerData as WorkerTask;
  const send = (message: WorkerMessage): void => parentPort?.postMessage(message);
  const simulation = createRun(plan, { traces, recordings, points });
  let told = 0;
  for (;;) {
    const { done, fraction } = simulation.advance(4 * BLOCK);
    if (done || Atomics.load(stop, 0) !== 0) break;
    if (fraction - told > 0.01) send({ kind: 'progress', fraction: (told = fraction) });
  }
  send({ kind: 'report', bytes: encodeReport(simulation.report()) });
}

// A worker loads this file, or the bundle that holds it (see main.ts).
if (!isMainThread) serve();
