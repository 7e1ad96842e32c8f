/**
 * Accesses of a thread, one after another, until it must wait or others are due: what each costs, what it waits for, and what is told to whom.
 *
 * Hits that need nobody (no lock, no read under way, no page to be written) are handed to memory a run at a time, as many as fit before anybody
 * else has something to do. A test holds both ways equal.
 */
import { OP_SHIFT, OP_WRITE, PAGE_MASK } from '../machine/access.ts';
import {
  DIRECT_RECLAIM,
  HIT,
  MISS,
  NO_SPACE,
  OUT_OF_MEMORY,
  READ_IO,
  SWAP_IN,
  WORKINGSET_STALL,
  ZEROED,
} from '../machine/memory.ts';
import * as rules from '../tables/engine-rules.ts';
import { PAGE_SIZE, SECOND, type Nanoseconds } from '../units.ts';
import { ACCESSES, END } from '../workload/cursor.ts';
import type { Engine } from './engine.ts';
import type { EventQueue } from './event-queue.ts';
import type { Mechanisms } from './mechanisms.ts';
import type { Reading } from './reading.ts';
import type { Thread, WaitReason } from './thread.ts';

/** Work, in accesses that hit, of an access that does not. */
const MISS_WORK = 3;
/** Accesses without any time passing after which a step that ends by time is given up. */
const MAX_TIMELESS = 1 << 22;

/** The machine, as far as accesses go. */
export interface AccessHost extends Engine {
  local: Nanoseconds;
  /** Work done since the run was last asked to go on, and how much it may do. */
  spent: number;
  readonly budget: number;
  /** The budget ran out between two lots of a thread: it goes on as if nothing had been. */
  paused: boolean;
  /** When the next sample is due. */
  readonly nextTick: Nanoseconds;
  readonly queue: EventQueue;
  /** Single events are logged, with their time. */
  readonly logs: boolean;
  /** Until when the current thread may run on. */
  limit(): Nanoseconds;
  tick(time: Nanoseconds): void;
  /** Tells cursor and recorder of the accesses done since the last time. True when the step has none left. */
  tell(thread: Thread, time: Nanoseconds): boolean;
  leaveCpu(thread: Thread, reason: WaitReason): void;
}

export class AccessLoop {
  private readonly host: AccessHost;
  private readonly mechanisms: Mechanisms;
  private readonly reading: Reading;
  private readonly objectOf: Uint16Array;
  /** Whether some hits may go in runs, as far as the machine goes. */
  private readonly runs: boolean;
  /** Processes and files of tmpfs mounts of which it has been told that writes fail. */
  private readonly toldFull = new Set<string>();

  constructor(host: AccessHost, mechanisms: Mechanisms, reading: Reading, objectOf: Uint16Array) {
    this.host = host;
    this.mechanisms = mechanisms;
    this.reading = reading;
    this.objectOf = objectOf;
    this.runs =
      host.memory.hits !== undefined &&
      mechanisms.devices === undefined &&
      !host.setup.watchesClock &&
      !host.logs &&
      !reading.readsAhead &&
      host.costs.hit > 0;
  }

  advance(thread: Thread): void {
    const { host } = this;
    const { cursor, lot } = thread;
    const step = cursor.step!;
    const deadline = Math.min(cursor.deadline, host.end);
    const paced = step.rate > 0;
    const { cgroup } = thread.program;
    const hitTime = host.costs.hit;
    const { memory } = host;
    const { objectMisses } = host.recorder;
    const { devices, guard, writers } = this.mechanisms;
    const watched = host.setup.watchesClock;
    const runs = this.runs && !paced && step.think === 0 && (guard === undefined || guard.quiet !== undefined);
    if (thread.owesPause) {
      thread.owesPause = false;
      if (!host.pass(thread, host.local + step.think, 'think')) return;
    }
    for (;;) {
      if (host.local >= deadline) {
        host.tell(thread, host.local);
        if (host.local >= host.end) host.leaveCpu(thread, 'nothing');
        thread.doing = END;
        return;
      }
      if (thread.at === thread.lotEnd) {
        if (host.tell(thread, host.local)) {
          thread.doing = END;
          return;
        }
        if (host.spent >= host.budget) {
          host.paused = true;
          return;
        }
        const n = step.single ? 1 : Math.min(lot.length, cursor.left);
        step.source!.fill(lot, 0, n);
        thread.at = thread.told = 0;
        thread.lotEnd = n;
        host.spent += n;
      }
      if (paced && thread.due > host.local) {
        host.tell(thread, host.local);
        if (!host.pass(thread, Math.min(thread.due, deadline), 'pace')) return;
        continue;
      }
      if (host.local >= host.nextTick && host.queue.first >= host.local) {
        host.tell(thread, host.local);
        host.tick(host.local);
      }
      if (host.local >= host.limit()) {
        host.tell(thread, host.local);
        return;
      }
      if (thread.checkDirty && !writers.balance(thread)) {
        host.tell(thread, host.local);
        return;
      }
      if (runs && thread.hitLast && !thread.checkDirty && this.run(thread, deadline)) continue;
      let word = lot[thread.at];
      if (watched) memory.setTime?.(host.local);
      if (guard !== undefined) {
        if (!guard.enter(thread, word)) {
          // A guard that refuses an access has passed it by.
          if (thread.at < thread.lotEnd) host.tell(thread, host.local);
          return;
        }
        // A guard may have turned it into an access to another page (of a parent, after fork).
        word = lot[thread.at];
      }
      const outcome = devices?.isFar(word) ? devices.reach(word) : memory.access(word, cgroup);
      if (outcome & OUT_OF_MEMORY) {
        host.tell(thread, host.local);
        if (guard !== undefined) guard.leave(thread, word, outcome, host.local);
        host.outOfMemory(thread);
        return;
      }
      thread.at++;
      if (paced) nextDue(thread, step.rate);
      if (objectMisses) this.countObject(word, outcome);
      const before = host.local;
      let goesOn = true;
      if (outcome === HIT) {
        thread.hits++;
        host.local += hitTime;
        if (guard !== undefined) guard.leave(thread, word, outcome, host.local);
        if (this.reading.concernsHits) goesOn = this.hitWhileReading(thread, word);
        thread.hitLast = goesOn;
      } else goesOn = this.missed(thread, word, outcome);
      if (word >>> OP_SHIFT === OP_WRITE) writers.dirtied(thread, word & PAGE_MASK);
      if (step.think > 0) {
        if (goesOn) goesOn = host.pass(thread, host.local + step.think, 'think');
        else thread.owesPause = thread.doing === ACCESSES;
      }
      if (goesOn && thread.checkDirty) goesOn = writers.balance(thread);
      if (!goesOn) {
        // The last access of a lot is over only when its wait is.
        if (thread.at < thread.lotEnd) host.tell(thread, host.local);
        return;
      }
      if (host.local > before) thread.timeless = 0;
      else if (++thread.timeless > MAX_TIMELESS && deadline !== Infinity) {
        this.giveUp(thread);
        return;
      }
    }
  }

  /** Hits that need nobody, as long as nothing else is due. False if the access that follows must be looked at. */
  private run(thread: Thread, deadline: Nanoseconds): boolean {
    const { host, mechanisms } = this;
    const asked = mechanisms.guard?.quiet?.(thread);
    if (asked === null) return false;
    const hitTime = host.costs.hit;
    const stop = Math.min(deadline, host.limit(), host.nextTick);
    const most = Math.min(thread.lotEnd - thread.at, Math.ceil((stop - host.local) / hitTime));
    if (most <= 1) return false;
    const { at, lot } = thread;
    const n = host.memory.hits!(lot, at, most, this.reading.inFlight.marks, asked);
    if (n < most) thread.hitLast = false;
    if (n === 0) return false;
    const { objectAccesses } = host.recorder;
    if (objectAccesses) for (let i = at; i < at + n; i++) objectAccesses[this.objectOf[lot[i] & PAGE_MASK]]++;
    thread.at = at + n;
    thread.hits += n;
    thread.timeless = 0;
    host.local += n * hitTime;
    return n === most;
  }

  private countObject(word: number, outcome: number): void {
    const object = this.objectOf[word & PAGE_MASK];
    this.host.recorder.objectAccesses![object]++;
    if (outcome & MISS) this.host.recorder.objectMisses![object]++;
  }

  /** The tmpfs mount is full: a write fails, an access through a mapping ends the process. False if it has. */
  private noSpace(thread: Thread, word: number): boolean {
    const { host } = this;
    const { setup, recorder } = host;
    const index = this.objectOf[word & PAGE_MASK];
    const { name, mount, source } = setup.objects[index];
    const full = `${setup.scenario.mounts?.[mount ?? 0]?.name ?? 'tmpfs'} is full`;
    const { process } = thread.program;
    if (word >>> OP_SHIFT !== OP_WRITE) {
      host.tell(thread, host.local);
      host.kill(process, host.local, rules.TMPFS_FULL, `SIGBUS: ${full}, no page of ${name} can be had`);
      return false;
    }
    const key = `${process}/${index}`;
    if (!this.toldFull.has(key)) {
      this.toldFull.add(key);
      const text = `${full}: writes of ${thread.name} to ${name} fail from here on (ENOSPC), as long as nothing is freed`;
      recorder.event(host.local, rules.TMPFS_FULL, name, text, source);
    }
    return true;
  }

  /** An access that did not simply hit: false if the thread must wait. */
  private missed(thread: Thread, word: number, outcome: number): boolean {
    const { host } = this;
    host.spent += MISS_WORK;
    if ((outcome & NO_SPACE) !== 0 && !this.noSpace(thread, word)) return false;
    if (outcome & MISS) thread.misses++;
    else thread.hits++;
    const direct = (outcome & DIRECT_RECLAIM) !== 0;
    let until = host.afterReclaim(direct);
    const throttled = direct ? (host.memory.takeThrottle?.() ?? 0) : 0;
    if (throttled > 0) until = Math.max(until, host.local) + throttled;
    let reason: WaitReason = 'frames';
    host.local += host.costs.hit + (outcome & (MISS | ZEROED) ? host.costs.fault : 0);
    if (outcome & (READ_IO | SWAP_IN)) {
      const page = word & PAGE_MASK;
      const done = outcome & SWAP_IN ? host.swap.request(host.local, 1) : this.reading.missed(thread, word);
      this.reading.began(page, done, (outcome & WORKINGSET_STALL) !== 0);
      if (done >= until) {
        until = done;
        reason = 'io';
      }
    } else if (!direct) until = 0;
    this.mechanisms.guard?.leave(thread, word, outcome, Math.max(until, host.local));
    return host.pass(thread, until, reason, (outcome & WORKINGSET_STALL) !== 0 || reason === 'frames');
  }

  /** A hit on a page that may still be on its way: false if the thread must wait. */
  private hitWhileReading(thread: Thread, word: number): boolean {
    const { host } = this;
    const arrival = this.reading.hit(thread, word);
    return arrival <= host.local || host.pass(thread, arrival, 'io', this.reading.inFlight.stalled);
  }

  /** A step that ends by time and takes none. */
  private giveUp(thread: Thread): void {
    const { host } = this;
    const { step } = thread.cursor;
    host.recorder.event(
      host.local,
      rules.RUN_TIMELESS,
      thread.name,
      `${thread.name} made ${MAX_TIMELESS} accesses in no time, so its step would never end; give 'hit-cost' or a rate`,
      step && 'source' in step.spec ? step.spec.source : undefined,
    );
    host.finish(host.local);
  }
}

/** The next paced access is due one interval later; what is no whole nanosecond is carried over. */
function nextDue(thread: Thread, rate: number): void {
  const whole = Math.floor((PAGE_SIZE * SECOND) / rate);
  thread.due += whole;
  thread.dueRemainder += PAGE_SIZE * SECOND - whole * rate;
  if (thread.dueRemainder >= rate) {
    thread.dueRemainder -= rate;
    thread.due++;
  }
}
