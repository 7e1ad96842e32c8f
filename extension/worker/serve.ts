/**
 * The worker's end: drives the stepper in slices short enough that cancelling takes effect at once, and reports progress now and then.
 * The slice is tuned to the clock, never the result: batch size does not change a report.
 */
import type { RecordedFiles } from '../../simulator/fidelity/recorded-files.ts';
import type { Plan } from '../../simulator/plan.ts';
import type { Report } from '../../simulator/report.ts';
import type { CreateSimulation } from '../../simulator/simulate.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

/** Aimed-at length of a slice; an interruption waits for one slice at most. */
const SLICE_MS = 15;
const PROGRESS_MS = 100;
const SMALLEST = 4096;
const LARGEST = 1 << 24;

export interface WorkerHost {
  post(message: FromWorker, transfer: readonly ArrayBuffer[]): void;
  now(): number;
  /** Lets messages in where there is no shared flag to read. */
  breathe(): Promise<void>;
}

interface Run {
  readonly plan: Plan;
  readonly traces: readonly Uint32Array[];
  readonly recordings: readonly RecordedFiles[];
  readonly flag: Int32Array | undefined;
  cancelled: boolean;
}

/** Returns the handler to be called with every message. */
export function serve(host: WorkerHost, createSimulation: CreateSimulation): (message: ToWorker) => void {
  const runs = new Map<number, Run>();

  async function work(id: number, task: number, points: readonly number[]): Promise<void> {
    const run = runs.get(id);
    if (!run) return host.post({ type: 'failed', run: id, task, message: 'the run is not known here' }, []);
    try {
      const simulation = createSimulation(run.plan, { points, traces: run.traces, recordings: run.recordings });
      let budget = SMALLEST * 4;
      let reported = host.now();
      for (;;) {
        if (run.cancelled || (run.flag && Atomics.load(run.flag, 0) !== 0)) {
          const report = simulation.report();
          return host.post({ type: 'done', run: id, task, complete: false, report }, buffersOf(report));
        }
        const start = host.now();
        const progress = simulation.advance(budget);
        const end = host.now();
        if (progress.done) break;
        budget = nextBudget(budget, end - start);
        if (end - reported >= PROGRESS_MS) {
          reported = end;
          host.post({ type: 'progress', run: id, task, fraction: progress.fraction }, []);
        }
        if (!run.flag) await host.breathe();
      }
      const report = simulation.report();
      host.post({ type: 'done', run: id, task, complete: true, report }, buffersOf(report));
    } catch (error) {
      host.post({ type: 'failed', run: id, task, message: messageOf(error) }, []);
    }
  }

  return (message) => {
    switch (message.type) {
      case 'begin': {
        const flag = message.flag && new Int32Array(message.flag);
        runs.set(message.run, {
          plan: message.plan,
          traces: message.traces,
          recordings: message.recordings,
          flag,
          cancelled: false,
        });
        return;
      }
      case 'cancel': {
        const run = runs.get(message.run);
        if (run) run.cancelled = true;
        return;
      }
      case 'end':
        runs.delete(message.run);
        return;
      case 'task':
        void work(message.run, message.task, message.points);
        return;
    }
  };
}

/** Scales towards the aimed-at slice, by no more than four at a time: one odd measurement must not make the next slice a long one. */
export function nextBudget(budget: number, spent: number): number {
  const factor = spent > 0 ? Math.min(4, Math.max(0.25, SLICE_MS / spent)) : 4;
  return Math.min(LARGEST, Math.max(SMALLEST, Math.floor(budget * factor)));
}

/** Series and distributions travel without being copied. */
function buffersOf(report: Report): ArrayBuffer[] {
  const buffers = new Set<ArrayBuffer>();
  const take = (array: Float64Array) => {
    if (array.buffer instanceof ArrayBuffer && array.byteLength > 0) buffers.add(array.buffer);
  };
  for (const point of report.points) {
    for (const series of point.series) [series.t, series.y].forEach(take);
    for (const distribution of point.distributions) [distribution.edges, distribution.counts].forEach(take);
  }
  return [...buffers];
}

function messageOf(error: unknown): string {
  if (error instanceof RangeError && /allocation|array length/i.test(error.message)) {
    return `not enough memory for this scenario (${error.message})`;
  }
  if (!(error instanceof Error)) return String(error);
  // the engine's refusals say what to do instead
  const { remedy } = error as { remedy?: unknown };
  return typeof remedy === 'string' && remedy !== '' ? `${error.message}; ${remedy}` : error.message;
}
