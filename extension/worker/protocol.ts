/**
 * What the extension host and a simulation worker say to each other. A worker does one task at a time; the plan is sent once per run and
 * worker, tasks only name points. Cancellation is a shared flag where there is shared memory, else a message the worker reads between two
 * steps.
 */
import type { RecordedFiles } from '../../simulator/fidelity/recorded-files.ts';
import type { Plan } from '../../simulator/plan.ts';
import type { Report } from '../../simulator/report.ts';
import type { SharedMemory } from '../../simulator/simulate.ts';

export type ToWorker =
  | {
      readonly type: 'begin';
      readonly run: number;
      readonly plan: Plan;
      readonly traces: readonly Uint32Array[];
      readonly recordings: readonly RecordedFiles[];
      /** Where memory can be shared: tables that workers make once between them, and a number that no other worker has. */
      readonly memory?: SharedMemory;
      /** One Int32, not zero once the run is cancelled. Absent where memory cannot be shared. */
      readonly flag?: SharedArrayBuffer;
    }
  | {
      readonly type: 'task';
      readonly run: number;
      readonly task: number;
      readonly points: readonly number[];
      /** Where workers keep the accesses of these points together. */
      readonly words?: SharedArrayBuffer;
    }
  | { readonly type: 'cancel'; readonly run: number }
  | { readonly type: 'end'; readonly run: number };

export type FromWorker =
  | { readonly type: 'progress'; readonly run: number; readonly task: number; readonly fraction: number }
  /** `complete` is false when the run was cancelled before the task was through; the report then holds what there is. */
  | {
      readonly type: 'done';
      readonly run: number;
      readonly task: number;
      readonly complete: boolean;
      readonly report: Report;
    }
  | { readonly type: 'failed'; readonly run: number; readonly task: number; readonly message: string };

/** The pool's end of a worker, whatever it is made of. */
export interface WorkerPort {
  post(message: ToWorker): void;
  terminate(): void;
}

export interface WorkerListener {
  message(message: FromWorker): void;
  /** The worker is gone, asked for or not; no message follows. */
  exit(reason: string): void;
}

export type SpawnWorker = (listener: WorkerListener) => WorkerPort;
