/**
 * A pool of simulation workers. A run is cut into tasks (simulator/run-order.ts); free workers take the next task, so that a sweep uses all
 * of them and a slow point holds up no other. A worker that dies takes its task's run with it, never the pool: the next run gets a new one.
 */
import type { RecordedFiles } from '../../simulator/fidelity/recorded-files.ts';
import { partsOf, type Plan } from '../../simulator/plan.ts';
import type { Report } from '../../simulator/report.ts';
import { Handout, roomForTables, type At } from '../../simulator/run-order.ts';
import type { SharedMemory } from '../../simulator/simulate.ts';
import { inSharedMemory } from '../../simulator/trace/shared-words.ts';
import type { FromWorker, SpawnWorker, WorkerPort } from './protocol.ts';

/** How long a cancelled worker may take to hand over what it has before it is stopped by force. */
const GRACE_MS = 1500;

export interface PoolOptions {
  readonly spawn: SpawnWorker;
  /** Most workers at a time; asked before each run, so that a changed setting counts at once. */
  readonly size: () => number;
  /** Whether workers share memory with us (Node) or must be told by message (web). */
  readonly shared: boolean;
}

export interface RunOptions {
  readonly traces?: readonly Uint32Array[];
  readonly recordings?: readonly RecordedFiles[];
  /** At most this many workers for this run (memory). */
  readonly width?: number;
  readonly signal?: AbortSignal;
  /** 0 … 1 over all points. */
  readonly onProgress?: (fraction: number) => void;
  /** Called after each finished task with all finished reports. */
  readonly onShard?: (shards: readonly Report[]) => void;
}

export interface RunResult {
  readonly shards: readonly Report[];
  readonly cancelled: boolean;
}

export interface Pool {
  run(plan: Plan, options?: RunOptions): Promise<RunResult>;
  /** Starts a worker ahead of the first run, which then need not wait for its code to load. */
  warmUp(): void;
  /** Workers alive, for tests and the log. */
  readonly alive: number;
  dispose(): void;
}

/** The worker itself died: out of memory, killed, or a fault of ours. */
export class WorkerLostError extends Error {
  override readonly name = 'WorkerLostError';
}

/** The simulator refused or failed: its message is meant for people. */
export class SimulationFailedError extends Error {
  override readonly name = 'SimulationFailedError';
}

interface Task {
  readonly run: Run;
  readonly id: number;
  readonly points: readonly number[];
  readonly at: At;
  fraction: number;
}

interface Run {
  readonly id: number;
  readonly plan: Plan;
  readonly options: RunOptions;
  readonly traces: readonly Uint32Array[];
  readonly width: number;
  readonly flag: SharedArrayBuffer | undefined;
  /** Tables that workers make once between them; absent if there is but one, or memory cannot be shared. */
  readonly tables: SharedMemory['tables'] | undefined;
  readonly waiting: Handout;
  readonly active: Set<Task>;
  readonly shards: Report[];
  readonly points: number;
  pointsDone: number;
  cancelled: boolean;
  settle(error?: Error): void;
}

interface Member {
  readonly port: WorkerPort;
  /** From 1 on. */
  readonly number: number;
  /** Runs it knows, and what of each it was at last. */
  readonly begun: Map<number, At>;
  task: Task | undefined;
}

export function createPool({ spawn, size, shared }: PoolOptions): Pool {
  const members = new Set<Member>();
  const runs = new Set<Run>();
  let nextRun = 1;
  let nextTask = 1;
  let nextMember = 1;
  let disposed = false;

  function hire(): Member {
    const listener = {
      message: (message: FromWorker) => receive(member, message),
      exit: (reason: string) => lost(member, reason),
    };
    const member: Member = { port: spawn(listener), number: nextMember++, begun: new Map(), task: undefined };
    members.add(member);
    return member;
  }

  /** Gives every free worker a task, of the run that has fewest under way: a short run need not wait for a long one to end. */
  function dispatch(): void {
    for (;;) {
      const able = [...runs].filter((run) => run.waiting.left > 0 && run.active.size < run.width);
      if (able.length === 0) return;
      const run = able.reduce((least, other) => (other.active.size < least.active.size ? other : least));
      const idle = [...members].filter((member) => !member.task);
      // One that knows the run has its tables and accesses at hand.
      const known = idle.find(({ begun }) => begun.has(run.id)) ?? idle.at(0);
      const member = known ?? (members.size < Math.max(1, size()) ? hire() : undefined);
      if (!member) return;
      give(member, run);
    }
  }

  function give(member: Member, run: Run): void {
    const others = [...run.active].map(({ at }) => at);
    const at = run.waiting.take(member.begun.get(run.id), others)!;
    const task: Task = { run, id: nextTask++, points: at.points, at, fraction: 0 };
    member.task = task;
    run.active.add(task);
    const known = member.begun.has(run.id);
    member.begun.set(run.id, at);
    if (!known) {
      member.port.post({
        type: 'begin',
        run: run.id,
        plan: run.plan,
        traces: run.traces,
        recordings: run.options.recordings ?? [],
        ...(run.tables ? { memory: { tables: run.tables, me: member.number } } : {}),
        ...(run.flag ? { flag: run.flag } : {}),
      });
    }
    const words = run.tables && run.waiting.words(at);
    member.port.post({ type: 'task', run: run.id, task: task.id, points: task.points, ...(words ? { words } : {}) });
  }

  function receive(member: Member, message: FromWorker): void {
    const { task } = member;
    if (!task || task.id !== message.task) return;
    const { run } = task;
    if (message.type === 'progress') {
      task.fraction = message.fraction;
      return progress(run);
    }
    member.task = undefined;
    run.active.delete(task);
    if (message.type === 'failed') run.settle(new SimulationFailedError(message.message));
    else {
      run.shards.push(message.report);
      run.pointsDone += task.points.length;
      if (message.complete && !run.cancelled) {
        progress(run);
        run.options.onShard?.(run.shards);
      }
      if (run.waiting.left === 0 && run.active.size === 0) run.settle();
    }
    dispatch();
  }

  function progress(run: Run): void {
    let points = run.pointsDone;
    for (const task of run.active) points += task.fraction * task.points.length;
    run.options.onProgress?.(points / run.points);
  }

  function lost(member: Member, reason: string): void {
    if (!members.delete(member)) return;
    const { task } = member;
    if (!task) return;
    member.task = undefined;
    const { run } = task;
    run.active.delete(task);
    if (!run.cancelled) run.settle(new WorkerLostError(reason));
    else if (run.active.size === 0) run.settle();
    dispatch();
  }

  function dismiss(member: Member): void {
    members.delete(member);
    member.port.terminate();
  }

  function cancel(run: Run): void {
    if (run.cancelled) return;
    run.cancelled = true;
    run.waiting.clear();
    if (run.flag) Atomics.store(new Int32Array(run.flag), 0, 1);
    for (const member of members) {
      if (member.task?.run === run) member.port.post({ type: 'cancel', run: run.id });
    }
    if (run.active.size === 0) run.settle();
  }

  return {
    get alive() {
      return members.size;
    },

    run(plan, options = {}) {
      return new Promise<RunResult>((resolve, reject) => {
        if (disposed) return reject(new Error('the pool has been closed'));
        const { signal } = options;
        let timer: ReturnType<typeof setTimeout> | undefined;
        const onAbort = () => {
          cancel(run);
          if (runs.has(run)) timer = setTimeout(force, GRACE_MS);
        };
        const force = () => {
          for (const member of [...members]) if (member.task?.run === run) dismiss(member);
          run.active.clear();
          run.settle();
        };
        const width = Math.max(1, Math.min(options.width ?? Infinity, size()));
        const run: Run = {
          id: nextRun++,
          plan,
          options,
          traces: shared && width > 1 ? (options.traces ?? []).map(inSharedMemory) : (options.traces ?? []),
          width,
          tables: shared && width > 1 && partsOf(plan) > 1 ? roomForTables(plan) : undefined,
          flag: shared ? new SharedArrayBuffer(4) : undefined,
          waiting: new Handout(plan),
          active: new Set(),
          shards: [],
          points: partsOf(plan),
          pointsDone: 0,
          cancelled: false,
          settle: (error) => {
            if (!runs.delete(run)) return;
            clearTimeout(timer);
            signal?.removeEventListener('abort', onAbort);
            // after a failure other workers may still be at it: nobody will read what they find
            if (run.flag) Atomics.store(new Int32Array(run.flag), 0, 1);
            for (const member of members) {
              if (member.task?.run === run) dismiss(member);
              else if (member.begun.delete(run.id)) member.port.post({ type: 'end', run: run.id });
            }
            if (error) reject(error);
            else resolve({ shards: run.shards, cancelled: run.cancelled });
            dispatch();
          },
        };
        runs.add(run);
        if (signal?.aborted) return onAbort();
        signal?.addEventListener('abort', onAbort);
        try {
          dispatch();
        } catch (error) {
          run.settle(new WorkerLostError(error instanceof Error ? error.message : String(error)));
        }
      });
    },

    warmUp() {
      if (!disposed && members.size === 0) hire();
    },

    dispose() {
      disposed = true;
      for (const run of [...runs]) run.settle(new Error('the pool has been closed'));
      for (const member of [...members]) dismiss(member);
    },
  };
}
