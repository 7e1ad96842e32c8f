/**
 * Locks in simulated time: who holds one, who waits, in what order they get it, what handing it over costs, and how long everybody waited and
 * held. Pure bookkeeping: the caller says when, and is told whom to wake at what time; it must ask in the order of time.
 *
 * Kernel: struct rw_semaphore (mmap_sem, i_mmap_rwsem), struct mutex, qspinlock, as far as their order goes: one writer or many readers; first
 * come, first served, a reader behind a waiting writer included; a released lock belongs to its next holder at once, who needs `handoff` to
 * wake up, and the lock is idle meanwhile: that idle time is what a convoy is made of. With `fair` off whoever comes in that gap takes the lock
 * (lock stealing, as mutexes and, from 3.9 on, rwsems allow), and the woken waiter goes on waiting at the front.
 * Left out: optimistic spinning (a shorter `handoff` says the same on average), priority inheritance.
 */
import type { Nanoseconds } from '../units.ts';
import { TimeHistogram } from './time-histogram.ts';

export type LockMode = 'read' | 'write';
export type LockKind = 'rwsem' | 'mutex' | 'spinlock';
/** Index of a lock, as `add` gave it. */
export type LockId = number;
/** Whoever holds or waits: the engine's number of an actor. */
export type ActorId = number;

export interface LockSpec {
  /** `mmap_sem of browser`; what a report calls it. */
  readonly name: string;
  /** Only a rwsem has readers; who waits for a spinlock keeps its processor (`spins`). */
  readonly kind: LockKind;
  /** Time from a release until the waiter it wakes runs: sleep and wake-up, or the bouncing of a cache line. */
  readonly handoff: Nanoseconds;
  /** Absent: true. */
  readonly fair?: boolean;
}

/** Somebody to be woken: at `time` it must call `woken`. */
export interface Wake {
  readonly actor: ActorId;
  readonly time: Nanoseconds;
}

export interface WaitsFor {
  readonly lock: LockId;
  readonly mode: LockMode;
  readonly since: Nanoseconds;
}

interface Holder {
  readonly actor: ActorId;
  readonly mode: LockMode;
  /** When it could begin: the hand-over is over. */
  since: Nanoseconds;
}

interface Waiter {
  readonly actor: ActorId;
  readonly mode: LockMode;
  readonly since: Nanoseconds;
  /** Told to try again (unfair locks). */
  called: boolean;
}

/** One lock: what reports read. */
export class Lock {
  readonly id: LockId;
  readonly spec: LockSpec;
  readonly holders: Holder[] = [];
  /** First is next. */
  readonly waiters: Waiter[] = [];
  /** From asking to beginning, hand-over included; those who need not wait count 0. */
  readonly wait = { read: new TimeHistogram(), write: new TimeHistogram() };
  /** From beginning to release. */
  readonly hold = { read: new TimeHistogram(), write: new TimeHistogram() };
  /** Times somebody had to wait. */
  contended = 0;
  /** Failed attempts of `tryAcquire`. */
  busy = 0;

  constructor(id: LockId, spec: LockSpec) {
    this.id = id;
    this.spec = spec;
  }

  get spins(): boolean {
    return this.spec.kind === 'spinlock';
  }
}

const NOBODY: readonly Wake[] = [];

export class Locks {
  readonly all: Lock[] = [];
  /** By actor; those with negative numbers only try. */
  readonly #waiting: (WaitsFor | undefined)[] = [];

  add(spec: LockSpec): LockId {
    this.all.push(new Lock(this.all.length, spec));
    return this.all.length - 1;
  }

  /** True: `actor` holds the lock. False: it is queued, waits, and will be among those that some `release` says to wake. */
  acquire(id: LockId, actor: ActorId, mode: LockMode, now: Nanoseconds): boolean {
    const lock = this.all[id];
    if (this.#isFree(lock, mode)) {
      this.#grant(lock, actor, mode, now, now);
      return true;
    }
    lock.contended++;
    lock.waiters.push({ actor, mode, since: now, called: false });
    this.#waiting[actor] = { lock: id, mode, since: now };
    return false;
  }

  /** down_read_trylock and its kin: the lock now, or not at all. */
  tryAcquire(id: LockId, actor: ActorId, mode: LockMode, now: Nanoseconds): boolean {
    const lock = this.all[id];
    if (!this.#isFree(lock, mode)) {
      lock.busy++;
      return false;
    }
    this.#grant(lock, actor, mode, now, now);
    return true;
  }

  /** Returns whom to wake, and when; throws if `actor` does not hold the lock. */
  release(id: LockId, actor: ActorId, now: Nanoseconds): readonly Wake[] {
    const lock = this.all[id];
    const { holders } = lock;
    const at = indexOf(holders, actor);
    if (at < 0) throw new Error(`actor ${actor} releases ${lock.spec.name} without holding it`);
    const holder = holders[at];
    removeAt(holders, at);
    const hold = holder.mode === 'read' ? lock.hold.read : lock.hold.write;
    hold.add(Math.max(0, now - holder.since));
    return this.#pass(lock, now);
  }

  /**
   * Somebody whom `release` said to wake is awake: true if it holds the lock. False (only of unfair locks): another was faster, it waits on and
   * will be woken again.
   */
  woken(actor: ActorId, now: Nanoseconds): boolean {
    const wait = this.#waiting[actor];
    if (wait === undefined) return true;
    const lock = this.all[wait.lock];
    const at = indexOf(lock.waiters, actor);
    const waiter = lock.waiters[at];
    if (!this.#admits(lock, wait.mode)) {
      waiter.called = false;
      return false;
    }
    removeAt(lock.waiters, at);
    this.#waiting[actor] = undefined;
    this.#grant(lock, actor, wait.mode, waiter.since, now);
    return true;
  }

  /** A waiter gives up (it was killed). Who stood behind it may be let in. */
  abandon(actor: ActorId, now: Nanoseconds): readonly Wake[] {
    const wait = this.#waiting[actor];
    if (wait === undefined) return NOBODY;
    this.#waiting[actor] = undefined;
    const lock = this.all[wait.lock];
    removeAt(lock.waiters, indexOf(lock.waiters, actor));
    return this.#pass(lock, now);
  }

  /** What an actor waits for; undefined if it waits for no lock. */
  waitsFor(actor: ActorId): WaitsFor | undefined {
    return this.#waiting[actor];
  }

  holds(id: LockId, actor: ActorId): boolean {
    return indexOf(this.all[id].holders, actor) >= 0;
  }

  /**
   * Edges of the waits-for graph that leave an actor: those who must let go before it can have what it waits for. These are the holders, and
   * who is before it in the queue.
   */
  blockers(actor: ActorId): ActorId[] {
    const wait = this.#waiting[actor];
    if (wait === undefined) return [];
    const lock = this.all[wait.lock];
    const found = lock.holders.filter((h) => wait.mode === 'write' || h.mode === 'write').map((h) => h.actor);
    for (const waiter of lock.waiters) {
      if (waiter.actor === actor) break;
      if (wait.mode === 'write' || waiter.mode === 'write') found.push(waiter.actor);
    }
    return [...new Set(found)];
  }

  // ---- inside

  /** Whether holders allow it. */
  #admits(lock: Lock, mode: LockMode): boolean {
    if (lock.holders.length === 0) return true;
    return mode === 'read' && lock.spec.kind === 'rwsem' && lock.holders[0].mode === 'read';
  }

  /** Whether one who comes now may have it. */
  #isFree(lock: Lock, mode: LockMode): boolean {
    if (!this.#admits(lock, mode)) return false;
    // A called waiter of an unfair lock is on its way; whoever is here now takes the lock.
    return lock.waiters.length === 0 || (lock.spec.fair === false && lock.waiters[0].called);
  }

  #grant(lock: Lock, actor: ActorId, mode: LockMode, asked: Nanoseconds, begins: Nanoseconds): void {
    const kind = lock.spec.kind === 'rwsem' ? mode : 'write';
    lock.holders.push({ actor, mode: kind, since: begins });
    const wait = kind === 'read' ? lock.wait.read : lock.wait.write;
    wait.add(begins - asked);
  }

  /** Hands the lock to whoever is next, as far as holders allow. */
  #pass(lock: Lock, now: Nanoseconds): readonly Wake[] {
    const { waiters } = lock;
    if (waiters.length === 0) return NOBODY;
    const time = now + lock.spec.handoff;
    const wakes: Wake[] = [];
    if (lock.spec.fair === false) {
      for (const waiter of waiters) {
        if (wakes.length > 0 && waiter.mode === 'write') break;
        if (!this.#admits(lock, waiter.mode)) break;
        if (!waiter.called) wakes.push({ actor: waiter.actor, time });
        waiter.called = true;
        if (waiter.mode === 'write' || lock.spec.kind !== 'rwsem') break;
      }
      return wakes;
    }
    while (waiters.length > 0 && this.#admits(lock, waiters[0].mode)) {
      const waiter = waiters[0];
      removeAt(waiters, 0);
      this.#waiting[waiter.actor] = undefined;
      this.#grant(lock, waiter.actor, waiter.mode, waiter.since, time);
      wakes.push({ actor: waiter.actor, time });
    }
    return wakes;
  }
}

function indexOf(actors: readonly { readonly actor: ActorId }[], actor: ActorId): number {
  for (let i = 0; i < actors.length; i++) if (actors[i].actor === actor) return i;
  return -1;
}

/** In place, in order: there are few, and `splice` makes an array of what it takes out. */
function removeAt<T>(list: T[], at: number): void {
  for (let i = at + 1; i < list.length; i++) list[i - 1] = list[i];
  list.pop();
}
