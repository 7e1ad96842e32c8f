/**
 * The locks of address spaces on the running machine: mmap_sem of each process, the mutex of each tree of ranges, ashmem's one mutex. Threads
 * wait for them in simulated time, in the order in which they came.
 */
import type { Scenario } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/volatile-knobs.ts';
import type { Nanoseconds } from '../units.ts';
import type { Engine } from './engine.ts';
import { Locks, type LockId, type LockMode, type Wake } from './locks.ts';
import type { Thread } from './thread.ts';
import type { Waitable, Waiter } from './waits.ts';

/** Reclaim among the actors: it tries locks and never waits. */
const RECLAIM = -1;
const NONE = -1;

// What an event of ours means: kind × THREADS + thread.
const THREADS = 65_536;
const WOKEN = 0;
const LET_GO = 1;
const PURGED = 2;

class WaitableLock implements Waitable {
  readonly name: string;
  readonly #locks: Locks;
  readonly #id: LockId;
  readonly #threads: readonly Thread[];

  constructor(locks: Locks, id: LockId, threads: readonly Thread[]) {
    this.name = locks.all[id].spec.name;
    this.#locks = locks;
    this.#id = id;
    this.#threads = threads;
  }

  *owners(): Generator<Waiter> {
    for (const { actor } of this.#locks.all[this.#id].holders) if (actor >= 0) yield this.#threads[actor];
  }
}

export class RangeLocks {
  readonly locks = new Locks();
  private readonly engine: Engine;
  private readonly waitables: WaitableLock[] = [];
  private readonly actor: number;
  /** Of each process. */
  private readonly mmapSems: LockId[];
  private readonly trees = new Map<string, LockId>();
  private readonly mutexHandoff: Nanoseconds;
  private readonly fair: boolean;
  /** Locks that reclaim gives back, in the order of its events. */
  private readonly reclaims: LockId[] = [];
  /** By thread: the lock it gives back at a time that has been announced, NONE if there is none. */
  private readonly announced: Int32Array;
  /** By thread: announcements that were overtaken; their events say nothing any more. */
  private readonly early: Int32Array;

  constructor(engine: Engine, scenario: Scenario) {
    this.engine = engine;
    this.announced = new Int32Array(engine.threads.length).fill(NONE);
    this.early = new Int32Array(engine.threads.length);
    const values = scenario.machine.locks ?? {};
    const handoff = valueOf(values, knobs.handoff);
    this.mutexHandoff = valueOf(values, knobs.mutexHandoff);
    this.fair = valueOf(values, knobs.fair);
    this.actor = engine.addActor({ name: 'locks', due: (now, data) => this.due(now, data) });
    this.mmapSems = scenario.processes.map(({ name }) =>
      this.locks.add({ name: `mmap_sem of ${name}`, kind: 'rwsem', handoff, fair: this.fair }),
    );
  }

  mmapSem(process: number): LockId {
    return this.mmapSems[process];
  }

  /** A mutex by name, made when first asked for. */
  mutex(name: string): LockId {
    let id = this.trees.get(name);
    if (id === undefined) {
      id = this.locks.add({ name, kind: 'mutex', handoff: this.mutexHandoff, fair: this.fair });
      this.trees.set(name, id);
    }
    return id;
  }

  /**
   * The running thread wants a lock now. True: it has it. False: others are due first, or it waits; the caller returns and asks again when it
   * is called again (`holds` then says whether it got it).
   */
  acquire(thread: Thread, id: LockId, mode: LockMode): boolean {
    const { engine, locks } = this;
    // What it holds because of an earlier fault is given back by an event that is due by now.
    if (!engine.catchUp(thread, this.announced[thread.index] !== NONE)) return false;
    this.giveBackEarly(thread);
    if (locks.holds(id, thread.index)) return true;
    this.reap(id, engine.local);
    if (locks.acquire(id, thread.index, mode, engine.local)) return true;
    engine.block(thread, 'lock', this.waitable(id));
    return false;
  }

  /** Others must be at the same time already (`catchUp`). */
  release(thread: Thread, id: LockId): void {
    this.wake(this.locks.release(id, thread.index, this.engine.local));
  }

  /** The thread goes on at once; the lock is given back at `time`. One at a time for each thread. */
  releaseAt(thread: Thread, id: LockId, time: Nanoseconds): void {
    this.announced[thread.index] = id;
    this.engine.schedule(time, this.actor, LET_GO * THREADS + thread.index);
  }

  /** A thread that queued for a processor may go on a little before the time it had reached: what it has announced is given back now. */
  private giveBackEarly({ index }: Thread): void {
    const id = this.announced[index];
    if (id === NONE) return;
    this.announced[index] = NONE;
    this.early[index]++;
    this.wake(this.locks.release(id, index, this.engine.local));
  }

  /** Reclaim takes a lock if it can be had at once. */
  tryForReclaim(id: LockId, mode: LockMode): boolean {
    this.reap(id, this.engine.clock);
    return this.locks.tryAcquire(id, RECLAIM, mode, this.engine.clock);
  }

  releaseForReclaim(id: LockId, time: Nanoseconds): void {
    this.reclaims.push(id);
    this.engine.schedule(time, this.actor, PURGED * THREADS);
  }

  private waitable(id: LockId): WaitableLock {
    return (this.waitables[id] ??= new WaitableLock(this.locks, id, this.engine.threads));
  }

  private wake(wakes: readonly Wake[]): void {
    for (const { actor, time } of wakes) this.engine.schedule(time, this.actor, WOKEN * THREADS + actor);
  }

  private due(now: Nanoseconds, data: number): void {
    const kind = Math.floor(data / THREADS);
    const index = data - kind * THREADS;
    if (kind === PURGED) {
      this.wake(this.locks.release(this.reclaims.shift()!, RECLAIM, now));
      return;
    }
    const thread = this.engine.threads[index];
    if (kind === LET_GO) {
      if (this.early[index] > 0) {
        this.early[index]--;
        return;
      }
      const id = this.announced[index];
      this.announced[index] = NONE;
      if (this.locks.holds(id, index)) this.wake(this.locks.release(id, index, now));
      return;
    }
    if (!this.locks.woken(index, now)) return;
    if (!thread.over) this.engine.unblock(thread, now);
    else this.stopped(now);
  }

  /** Somebody was killed. */
  stopped(now: Nanoseconds): void {
    for (const { id } of this.locks.all) this.reap(id, now);
  }

  /** Who was killed lets go of what it held, and waits no more. */
  private reap(id: LockId, now: Nanoseconds): void {
    const lock = this.locks.all[id];
    if (this.engine.ended === 0 || lock.holders.length === 0) return;
    // Nearly always nobody was: look before anything is copied.
    if (this.someOver(lock.waiters))
      for (const { actor } of lock.waiters.filter((waiter) => this.isOver(waiter.actor)))
        this.wake(this.locks.abandon(actor, now));
    if (this.someOver(lock.holders))
      for (const { actor } of lock.holders.filter((holder) => this.isOver(holder.actor)))
        this.wake(this.locks.release(id, actor, now));
  }

  private isOver(actor: number): boolean {
    return actor >= 0 && this.engine.threads[actor].over;
  }

  private someOver(actors: readonly { readonly actor: number }[]): boolean {
    for (let i = 0; i < actors.length; i++) if (this.isOver(actors[i].actor)) return true;
    return false;
  }
}
