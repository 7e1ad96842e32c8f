/**
 * The worker's end: drives the stepper in slices short enough that cancelling takes effect at once, and reports progress now and then.
 * What points of a run share stays here until the run is over.
 */
import type { RecordedFiles } from '../../simulator/fidelity/recorded-files.ts';
import type { Plan } from '../../simulator/plan.ts';
import type { Report } from '../../simulator/report.ts';
import { SharedWork, shardOf, type CreateSimulation } from '../../simulator/simulate.ts';
import { FIRST_BUDGET, nextBudget } from '../../simulator/slice.ts';
import type { FromWorker, ToWorker } from './protocol.ts';

const PROGRESS_MS = 100;

export interface WorkerHost {
  post(message: FromWorker, transfer: readonly ArrayBuffer[]): void;
  now(): number;
  /** Lets messages in where there is no shared flag to read. */
  breathe(): Promise<void>;
}

type TaskMessage = Extract<ToWorker, { type: 'task' }>;

interface Run {
  readonly plan: Plan;
  readonly traces: readonly Uint32Array[];
  readonly recordings: readonly RecordedFiles[];
  readonly flag: Int32Array | undefined;
  readonly shared: SharedWork;
  cancelled: boolean;
}

/** Returns the handler to be called with every message. */
export function serve(host: WorkerHost, createSimulation: CreateSimulation): (message: ToWorker) => void {
  const runs = new Map<number, Run>();

  async function work({ run: id, task, points, words }: TaskMessage): Promise<void> {
    const run = runs.get(id);
    if (!run) return host.post({ type: 'failed', run: id, task, message: 'the run is not known here' }, []);
    try {
      const { plan, traces, recordings, shared } = run;
      const simulation = createSimulation(plan, { points, traces, recordings, shared, words });
      let budget = FIRST_BUDGET;
      let reported = host.now();
      for (;;) {
        if (run.cancelled || (run.flag && Atomics.load(run.flag, 0) !== 0)) {
          const report = shardOf(simulation.report());
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
      const report = shardOf(simulation.report());
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
          shared: new SharedWork(message.memory),
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
        void work(message);
        return;
    }
  };
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
