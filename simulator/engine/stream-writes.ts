/**
 * Writes to files without page numbers (machine/streams.ts): a thread writes runs of pages, as many as it may before it is asked about dirty
 * pages, and at most a millisecond's worth at a time. So its effects may come up to a millisecond early for others.
 */
import type { Stream } from '../machine/streams.ts';
import { RETRY, type FuseMount } from '../fuse/mount.ts';
import { MILLISECOND, PAGE_SIZE, SECOND, type Nanoseconds, type Pages } from '../units.ts';
import type { Engine, StepHandler } from './engine.ts';
import type { Thread } from './thread.ts';
import type { Waitable } from './waits.ts';
import type { Target, Writers } from './writers.ts';

const RUN_TIME: Nanoseconds = MILLISECOND;
interface Pace {
  begun: Nanoseconds;
  /** Pages since. */
  pages: number;
}

export class StreamWrites implements StepHandler {
  readonly #engine: Engine;
  readonly #writers: Writers;
  readonly #object: number;
  readonly #stream: Stream;
  readonly #target: Target;
  readonly #mount: FuseMount | null;
  readonly #answer: Waitable;
  readonly #paces = new Map<Thread, Pace>();

  constructor(engine: Engine, writers: Writers, object: number, stream: Stream, target: Target, answer: Waitable) {
    this.#engine = engine;
    this.#writers = writers;
    this.#object = object;
    this.#stream = stream;
    this.#target = target;
    this.#mount = target.mount;
    this.#answer = answer;
  }

  begin(thread: Thread): void {
    thread.dirtying = this.#target;
    this.#paces.set(thread, { begun: this.#engine.local, pages: 0 });
  }

  advance(thread: Thread): boolean {
    const engine = this.#engine;
    const { cursor } = thread;
    const step = cursor.step!;
    const deadline = Math.min(cursor.deadline, engine.end);
    engine.spend(4);
    if (engine.local >= deadline) return true;
    if (this.#mount?.dead) return this.#refused(thread, deadline);
    const dirtier = this.#writers.dirtierOf(thread);
    if (dirtier.again) {
      this.#writers.balance(thread);
      return false;
    }
    const pace = this.#paces.get(thread)!;
    if (step.rate > 0) {
      const due = pace.begun + Math.floor((pace.pages * PAGE_SIZE * SECOND) / step.rate);
      if (due > engine.local) {
        engine.pass(thread, Math.min(due, deadline), 'pace');
        return false;
      }
    }
    const { hit, fault } = engine.costs;
    const pages = this.#run(thread, deadline);
    const { streams } = engine.memory;
    const through = this.#mount?.writeThrough === true;
    const done = through ? streams.writeThrough(this.#stream, pages) : streams.write(this.#stream, pages);
    const { entered, redirtied } = streams;
    engine.work(done * hit + entered * fault);
    if (step.think > 0) engine.work(done * step.think);
    pace.pages += done;
    const over = done > 0 && this.#tell(thread, done, entered);
    const until = engine.afterReclaim(done < pages);
    if (through) {
      if (done > 0) this.#through(thread, done);
    } else if (entered + redirtied > 0) {
      this.#writers.dirty(this.#target.bdi, entered + redirtied);
      dirtier.dirtied += entered + redirtied;
      if (dirtier.dirtied >= this.#writers.writeback.ratelimit(dirtier, this.#target.bdi))
        this.#writers.balance(thread);
    }
    if (over) return true;
    if (done < pages) this.#writers.framesShort(engine.local);
    if (done < pages && thread.waitsFor === 'nothing')
      engine.pass(thread, Math.max(until, engine.local + RETRY), 'frames', true);
    return false;
  }

  /** Pages to write now: up to the next look at dirty pages, the end of a pass, of the time, and of a millisecond. */
  #run(thread: Thread, deadline: Nanoseconds): Pages {
    const { hit, fault } = this.#engine.costs;
    const { cursor } = thread;
    const each = Math.max(1, hit + fault + cursor.step!.think);
    const time = Math.min(RUN_TIME, deadline - this.#engine.local);
    const dirtier = this.#writers.dirtierOf(thread);
    const asked = this.#mount?.writeThrough
      ? this.#mount.maxPages
      : this.#writers.writeback.ratelimit(dirtier, this.#target.bdi) - dirtier.dirtied;
    return Math.max(1, Math.min(cursor.left, asked, Math.floor(time / each)));
  }

  #tell(thread: Thread, done: Pages, entered: Pages): boolean {
    const { recorder } = this.#engine;
    const hits = done - entered;
    recorder.accesses += done;
    recorder.hits += hits;
    recorder.misses += entered;
    if (recorder.objectAccesses) {
      recorder.objectAccesses[this.#object] += done;
      recorder.objectMisses![this.#object] += entered;
    }
    return thread.cursor.consume(done, hits, entered, this.#engine.local);
  }

  /** A write through waits for the daemon's answer. */
  #through(thread: Thread, pages: Pages): void {
    this.#mount!.write(pages, thread, this.#engine.local);
    this.#engine.block(thread, 'request', this.#answer);
  }

  /** The connection is gone: write() fails, and fails again. */
  #refused(thread: Thread, deadline: Nanoseconds): boolean {
    this.#writers.refused(thread, this.#mount!);
    if (deadline === Infinity) {
      // what it was to write can't be written: the step is over
      const { cursor } = thread;
      while (cursor.left > 0) if (cursor.consume(cursor.left, 0, 0, this.#engine.local)) return true;
      return true;
    }
    this.#engine.pass(thread, deadline, 'idle');
    return false;
  }
}
