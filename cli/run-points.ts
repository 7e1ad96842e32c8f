/**
 * Runs a plan to its end, or until interrupted. This thread begins at once; where there is enough to do, others join in and take over tasks
 * (run-order.ts says which). A worker is this same program, and stays until the plan is done.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import type { RecordedFiles } from '../simulator/fidelity/recorded-files.ts';
import { PlanError } from '../simulator/plan-error.ts';
import { partsOf, type Plan, type SourceSpan } from '../simulator/plan.ts';
import type { Report } from '../simulator/report.ts';
import { createRun } from '../simulator/run.ts';
import { Handout, roomForTables, type At, type Task } from '../simulator/run-order.ts';
import { mergeReports, SharedWork, shardOf, type SharedMemory, type Simulation } from '../simulator/simulate.ts';
import { FIRST_BUDGET, nextBudget } from '../simulator/slice.ts';

export interface RunOptions {
  /** In shared memory if others are to join in without copies. */
  readonly traces: readonly Uint32Array[];
  /** What runs that compare with recordings need. */
  readonly recordings?: readonly RecordedFiles[];
  /** At most; few are used where they would not pay. */
  readonly threads: number;
  readonly signal: AbortSignal;
  readonly progress: (fraction: number) => void;
  /** Others join before anything is done, whether it pays or not (tests). */
  readonly eager?: boolean;
}

/** What a worker is told once. */
interface Assignment {
  readonly plan: Plan;
  readonly traces: readonly Uint32Array[];
  readonly recordings: readonly RecordedFiles[];
  /** Tables that all make once between them. */
  readonly tables: SharedMemory['tables'];
  readonly me: number;
  /** [0] becomes 1 when the user interrupts. */
  readonly stop: Int32Array;
}

/** This thread's number beside those of its helpers. */
const OWN = 1;

interface Order {
  readonly points: readonly number[];
  readonly words: SharedArrayBuffer | undefined;
}

type FromWorker =
  | { readonly kind: 'ready' }
  | { readonly kind: 'progress'; readonly fraction: number }
  | { readonly kind: 'shard'; readonly report: Report }
  /** The plan can't be run: a PlanError in parts, because errors lose their class on the way. */
  | { readonly kind: 'refused'; readonly message: string; readonly remedy: string; readonly source?: SourceSpan };

/** Time after which a guess at how long the run takes is worth something. */
const LOOK_AFTER_MS = 60;
const WORTHWHILE_MS = 400;
/** So many accesses take longer than that anyhow: others are called at once. */
const WORTHWHILE_ACCESSES = 100e6;
const PROGRESS_MS = 100;

export async function runPlan(plan: Plan, options: RunOptions): Promise<Report> {
  const { signal, threads, traces, recordings = [], eager = false } = options;
  const parts = partsOf(plan);
  const lengths = plan.traces.map((trace, i) => ({ ...trace, records: traces[i]?.length ?? 0 }));
  const handout = new Handout({ ...plan, traces: lengths });
  const shards: Report[] = [];
  let finished = 0;
  const tables: SharedMemory['tables'] = threads > 1 && handout.left > 1 ? roomForTables(plan) : new Map();
  const own = { work: new SharedWork({ tables, me: OWN }), at: undefined as Task | undefined, done: 0 };
  let crew: Crew | null = null;
  const start = performance.now();
  const fraction = () => (finished + own.done + (crew?.underWay ?? 0)) / parts;
  const add = (report: Report, points: number): void => {
    shards.push(report);
    finished += points;
    options.progress(fraction());
  };
  const hire = (): Crew => {
    const size = Math.min(threads - 1, handout.left);
    return new Crew(size, handout, { plan, traces, recordings, tables }, signal, add, () => own.at);
  };
  const worthwhile = (): boolean => {
    const elapsed = performance.now() - start;
    if (crew || threads === 1 || handout.left === 0 || elapsed < LOOK_AFTER_MS) return false;
    const done = fraction();
    return done === 0 || (elapsed / done) * (1 - done) >= WORTHWHILE_MS;
  };
  const stopped = () => signal.aborted || (crew?.failed ?? false);
  try {
    if (eager) await (crew = hire()).ready();
    else if (threads > 1 && handout.left > 1 && handout.accesses >= WORTHWHILE_ACCESSES) crew = hire();
    while (!stopped()) {
      const task = handout.take(own.at, crew?.at ?? []);
      if (!task) break;
      own.at = task;
      const words = threads > 1 ? handout.words(task) : undefined;
      const simulation = createRun(plan, { traces, recordings, points: task.points, shared: own.work, words });
      await drive(simulation, stopped, (done) => {
        own.done = done * task.points.length;
        options.progress(fraction());
        if (worthwhile()) crew = hire();
      });
      own.done = 0;
      add(simulation.report(), task.points.length);
    }
    own.at = undefined;
    await crew?.done();
  } finally {
    crew?.dismiss();
  }
  return mergeReports(plan, shards);
}

/** Lets signals and messages in between slices. */
async function drive(simulation: Simulation, stopped: () => boolean, tell: (fraction: number) => void): Promise<void> {
  for (let budget = FIRST_BUDGET; ;) {
    const start = performance.now();
    const { done, fraction } = simulation.advance(budget);
    budget = nextBudget(budget, performance.now() - start);
    if (done) return;
    tell(fraction);
    await nextTurn();
    if (stopped()) return;
  }
}

interface Helper {
  readonly worker: Worker;
  /** What it is at, and what it does next. */
  readonly tasks: Task[];
  ready: boolean;
  at: Task | undefined;
  fraction: number;
}

/** The threads that join in. */
class Crew {
  private readonly helpers = new Set<Helper>();
  private readonly handout: Handout;
  private readonly stop = new Int32Array(new SharedArrayBuffer(4));
  private readonly signal: AbortSignal;
  private readonly add: (report: Report, points: number) => void;
  private readonly own: () => At | undefined;
  /** Whoever waits is woken, to look again. */
  private wake: () => void = () => undefined;
  private failure: Error | null = null;

  constructor(
    size: number,
    handout: Handout,
    assignment: Omit<Assignment, 'stop' | 'me'>,
    signal: AbortSignal,
    add: (report: Report, points: number) => void,
    own: () => At | undefined,
  ) {
    this.handout = handout;
    this.signal = signal;
    this.add = add;
    this.own = own;
    signal.addEventListener('abort', this.interrupt);
    const script = fileURLToPath(new URL(import.meta.url));
    for (let i = 0; i < size; i++) {
      const workerData: Assignment = { ...assignment, me: OWN + 1 + i, stop: this.stop };
      const worker = new Worker(script, { workerData });
      const helper: Helper = { worker, tasks: [], ready: false, at: undefined, fraction: 0 };
      this.helpers.add(helper);
      worker.on('message', (message: FromWorker) => this.receive(helper, message));
      worker.on('error', (error: Error) => this.fail(error));
      worker.on('exit', (code) => this.fail(new Error(`a worker ended with status ${code}`)));
    }
  }

  /** Points that the helpers are at, in parts. */
  get underWay(): number {
    let points = 0;
    for (const { tasks, fraction } of this.helpers) points += fraction * (tasks.at(0)?.points.length ?? 0);
    return points;
  }

  get at(): readonly At[] {
    return this.atBut(null);
  }

  private atBut(me: Helper | null): At[] {
    return [...this.helpers].flatMap((helper) => (helper === me ? [] : (helper.at ?? [])));
  }

  private readonly interrupt = (): void => {
    Atomics.store(this.stop, 0, 1);
    this.handout.clear();
  };

  private receive(helper: Helper, message: FromWorker): void {
    switch (message.kind) {
      case 'progress':
        helper.fraction = message.fraction;
        return;
      case 'refused':
        return this.fail(new PlanError(message.message, message.remedy, message.source));
      case 'ready':
        helper.ready = true;
        break;
      case 'shard': {
        const task = helper.tasks.shift();
        helper.fraction = 0;
        this.add(message.report, task?.points.length ?? 0);
      }
    }
    this.give(helper);
    this.wake();
  }

  /** One task ahead of what it is at, so that it need not wait for this thread's own work; near the end no more, so that none is left waiting. */
  private give(helper: Helper): void {
    const { handout } = this;
    while (helper.tasks.length < (handout.left > 2 * this.helpers.size ? 2 : 1)) {
      const own = this.own();
      const task = handout.take(helper.at, [...this.atBut(helper), ...(own ? [own] : [])]);
      if (!task) return;
      helper.at = task;
      helper.tasks.push(task);
      helper.worker.postMessage({ points: task.points, words: handout.words(task) } satisfies Order);
    }
  }

  get failed(): boolean {
    return this.failure !== null;
  }

  private fail(error: Error): void {
    this.failure ??= error;
    this.wake();
  }

  private async until(holds: (helper: Helper) => boolean): Promise<void> {
    for (;;) {
      if (this.failure) throw this.failure;
      if ([...this.helpers].every(holds)) return;
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  ready(): Promise<void> {
    return this.until(({ ready }) => ready);
  }

  /** All that was handed out is done. */
  done(): Promise<void> {
    return this.until(({ tasks }) => tasks.length === 0);
  }

  dismiss(): void {
    this.signal.removeEventListener('abort', this.interrupt);
    for (const { worker } of this.helpers) void worker.terminate();
    this.helpers.clear();
  }
}

/** The worker's side. */
function serve(port: NonNullable<typeof parentPort>): void {
  const { plan, traces, recordings, tables, me, stop } = workerData as Assignment;
  const send = (message: FromWorker): void => port.postMessage(message);
  const shared = new SharedWork({ tables, me });
  port.on('message', ({ points, words }: Order) => {
    try {
      const simulation = createRun(plan, { traces, recordings, points, shared, words });
      let budget = FIRST_BUDGET;
      let told = performance.now();
      while (Atomics.load(stop, 0) === 0) {
        const start = performance.now();
        const { done, fraction } = simulation.advance(budget);
        const now = performance.now();
        budget = nextBudget(budget, now - start);
        if (done) break;
        if (now - told < PROGRESS_MS) continue;
        told = now;
        send({ kind: 'progress', fraction });
      }
      send({ kind: 'shard', report: shardOf(simulation.report()) });
    } catch (error) {
      if (!(error instanceof PlanError)) throw error;
      const { message, remedy, source } = error;
      send({ kind: 'refused', message, remedy, ...(source ? { source } : {}) });
    }
  });
  send({ kind: 'ready' });
}

// A worker loads this file, or the bundle that holds it (see main.ts).
if (!isMainThread && parentPort) serve(parentPort);
