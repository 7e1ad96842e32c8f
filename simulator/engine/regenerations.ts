/** Content that was lost and is made anew: a handler waits, computes, and writes the range again; other threads that need it wait for that. */
import { OP_SHIFT, OP_STORE } from '../machine/access.ts';
import { REGENERATED, REGENERATED_INTACT, REGENERATIONS, REGENERATION_TIME } from '../machine/counters.ts';
import { DIRECT_RECLAIM, OUT_OF_MEMORY, SWAP_IN } from '../machine/memory.ts';
import type { PurgedHandler } from '../plan.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import { LOST, type VolatileMemory } from '../volatile/volatile-memory.ts';
import type { Engine } from './engine.ts';
import type { FaultLocks } from './fault-locks.ts';
import type { Pieces } from './pieces.ts';
import type { Thread } from './thread.ts';
import type { Waitable, Waiter } from './waits.ts';

/** Pages that a handler writes between two looks at who else is due. */
const WRITE_LOT = 32;

interface Regeneration {
  /** The piece, as it was called at the start: a program may divide the object otherwise meanwhile. */
  readonly key: string;
  readonly object: number;
  readonly first: Pages;
  readonly end: Pages;
  readonly handler: PurgedHandler;
  at: Pages;
  stage: 'idle' | 'compute' | 'write';
  readonly began: Nanoseconds;
}

/** A piece that some thread makes anew: others wait for it. */
class Regenerating implements Waitable {
  readonly name: string;
  readonly thread: Thread;
  readonly waiting: Thread[] = [];

  constructor(name: string, thread: Thread) {
    this.name = name;
    this.thread = thread;
  }

  owners(): Iterable<Waiter> {
    return [this.thread];
  }
}

export class Regenerations {
  private readonly engine: Engine;
  private readonly memory: VolatileMemory;
  private readonly faults: FaultLocks;
  private readonly pieces: Pieces;
  /** What each thread makes anew. */
  private readonly jobs: (Regeneration | null)[];
  private readonly pending = new Map<string, Regenerating>();

  constructor(engine: Engine, memory: VolatileMemory, faults: FaultLocks, pieces: Pieces) {
    this.engine = engine;
    this.memory = memory;
    this.faults = faults;
    this.pieces = pieces;
    this.jobs = engine.threads.map(() => null);
  }

  handlerOf(thread: Thread): PurgedHandler | undefined {
    return this.engine.setup.scenario.processes[thread.program.process].onPurged;
  }

  /** False if the process makes no content anew at all. */
  start(thread: Thread, object: number, first: Pages, end: Pages): boolean {
    const handler = this.handlerOf(thread);
    if (handler?.regenerate === undefined) return false;
    const stage = handler.idle === undefined ? 'compute' : 'idle';
    const key = this.pieces.keyOf(object, first);
    this.jobs[thread.index] = { object, first, end, handler, key, at: first, stage, began: this.engine.local };
    if (!this.pending.has(key)) {
      const { name } = this.engine.setup.objects[object];
      this.pending.set(key, new Regenerating(`${name} being made anew`, thread));
    }
    return true;
  }

  isOn(thread: Thread): boolean {
    return this.jobs[thread.index] !== null;
  }

  /** Where another thread makes the content of a page anew, this one waits. */
  waits(thread: Thread, object: number, page: Pages): boolean {
    const busy = this.pending.get(this.pieces.keyOf(object, page));
    if (busy === undefined || busy.thread === thread || busy.thread.over) return false;
    busy.waiting.push(thread);
    this.engine.block(thread, 'lock', busy);
    return true;
  }

  /** Goes on with what a thread makes anew; true when all is written. */
  advance(thread: Thread): boolean {
    const { engine } = this;
    const job = this.jobs[thread.index]!;
    if (job.stage === 'idle') {
      job.stage = 'compute';
      engine.pass(thread, engine.local + job.handler.idle!, 'idle');
      return false;
    }
    if (job.stage === 'compute') {
      job.stage = 'write';
      engine.work(job.handler.regenerate!);
      return false;
    }
    for (let i = 0; i < WRITE_LOT && job.at < job.end; i++) if (!this.writeNext(thread, job)) return false;
    if (job.at < job.end) return false;
    this.finish(thread, job);
    return true;
  }

  /** Writes a page. False: the thread waits for something, or is gone. */
  private writeNext(thread: Thread, job: Regeneration): boolean {
    const { engine, faults } = this;
    const { memory } = engine;
    const page = engine.setup.layout.bases[job.object] + job.at;
    if (!faults.lock(thread, page)) return false;
    memory.counters[REGENERATED]++;
    if ((this.memory.state[page] & LOST) === 0) memory.counters[REGENERATED_INTACT]++;
    this.memory.written(page);
    const outcome = memory.access(((OP_STORE << OP_SHIFT) >>> 0) + page, thread.program.cgroup);
    if ((outcome & OUT_OF_MEMORY) !== 0) {
      faults.unlock(thread);
      engine.outOfMemory(thread);
      return false;
    }
    job.at++;
    engine.spend(1);
    engine.work(engine.costs.hit + (outcome === 0 ? 0 : engine.costs.fault));
    const until = outcome === 0 ? 0 : engine.afterReclaim((outcome & DIRECT_RECLAIM) !== 0);
    faults.unlock(thread);
    const read = (outcome & SWAP_IN) !== 0 ? engine.swap.request(engine.local, 1) : 0;
    return Math.max(until, read) <= engine.local || engine.pass(thread, Math.max(until, read), 'frames');
  }

  private finish(thread: Thread, job: Regeneration): void {
    const { engine } = this;
    engine.memory.counters[REGENERATIONS]++;
    engine.memory.counters[REGENERATION_TIME] += engine.local - job.began;
    this.end(thread, job, engine.local);
  }

  /** A thread has been stopped: whoever waited for what it made anew sees to that alone. */
  stopped(thread: Thread, time: Nanoseconds): void {
    const job = this.jobs[thread.index];
    if (job !== null) this.end(thread, job, time);
  }

  private end(thread: Thread, { key }: Regeneration, time: Nanoseconds): void {
    this.jobs[thread.index] = null;
    const busy = this.pending.get(key);
    if (busy?.thread !== thread) return;
    this.pending.delete(key);
    for (const waiting of busy.waiting) this.engine.unblock(waiting, time);
  }
}
