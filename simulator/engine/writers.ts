/** Threads and writeback: who must wait because too much is dirty, and who waits for what is dirty now to be on disk (fsync). */
import type { Nanoseconds, Pages } from '../units.ts';
import type { Actor, Engine, StepHandler } from './engine.ts';
import type { Thread } from './thread.ts';
import type { Waitable } from './waits.ts';
import { SimpleWriteback, type WritebackHost, type WritebackPolicy } from './writeback.ts';

/** Pages a task dirties between two looks at the thresholds (ratelimit_pages). */
const DIRTY_RATELIMIT: Pages = 32;

export class Writers implements WritebackHost, StepHandler {
  readonly writeback: WritebackPolicy;
  private readonly engine: Engine;
  private readonly onWritten: number;
  private readonly onTick: number;
  private throttled: Thread[] = [];
  private syncing: Thread[] = [];
  private readonly throttle: Waitable = { name: 'dirty threshold', owners: () => [] };
  private readonly written: Waitable = { name: 'writeback', owners: () => [] };

  constructor(engine: Engine) {
    this.engine = engine;
    const actor = (name: string, due: (now: Nanoseconds) => void): Actor => ({ name, due });
    this.onWritten = engine.addActor(actor('flusher', (now) => this.writeback.written(now)));
    this.onTick = engine.addActor(actor('flusher', (now) => this.writeback.tick(now)));
    this.writeback = new SimpleWriteback(engine.memory, engine.disk, this, engine.setup.scenario.sysctls);
  }

  /** A thread has written a page: whether it is time to look at the thresholds. */
  dirtied(thread: Thread): void {
    if (++thread.dirtied >= DIRTY_RATELIMIT) thread.checkDirty = true;
  }

  /** After writing for a while: false if there is too much dirty memory to go on. */
  balance(thread: Thread): boolean {
    thread.checkDirty = false;
    thread.dirtied = 0;
    if (!this.writeback.dirtied(this.engine.local)) return true;
    this.throttled.push(thread);
    this.engine.block(thread, 'throttle', this.throttle);
    return false;
  }

  // ---- fsync

  begin(thread: Thread): void {
    thread.ticket = this.writeback.sync(this.engine.local);
  }

  advance(thread: Thread): boolean {
    this.engine.spend(1);
    if (thread.ticket >= 0 && !this.writeback.isWritten(thread.ticket)) {
      this.syncing.push(thread);
      this.engine.block(thread, 'sync', this.written);
      return false;
    }
    thread.ticket = -1;
    return true;
  }

  // ---- the policy's side

  wakeWritten(time: Nanoseconds): void {
    this.engine.schedule(time, this.onWritten);
  }

  wakeTick(time: Nanoseconds): void {
    this.engine.scheduleBackground(time, this.onTick);
  }

  wakeWriters(now: Nanoseconds): void {
    if (this.throttled.length > 0 && !this.writeback.dirtied(now)) {
      for (const thread of this.throttled.splice(0)) this.engine.unblock(thread, now);
    }
    if (this.syncing.length > 0) {
      const waiting = this.syncing;
      this.syncing = [];
      for (const thread of waiting)
        if (this.writeback.isWritten(thread.ticket)) this.engine.unblock(thread, now);
        else if (!thread.over) this.syncing.push(thread);
    }
  }
}
