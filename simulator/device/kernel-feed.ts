/**
 * What a thread's step is to a device: a kernel whose accesses come from the step's source. The end of a pass is the end of a kernel, so streams
 * wait for each other there.
 */
import { PAGE_MASK } from '../machine/access.ts';
import { PAGE_SIZE, SECOND, type Nanoseconds } from '../units.ts';
import type { Engine } from '../engine/engine.ts';
import type { Thread } from '../engine/thread.ts';
import type { Coprocessor } from './coprocessor.ts';
import type { DeviceRecords } from './device-records.ts';
import { Launch, type LaunchHost } from './launch.ts';

/** Words drawn at a time when the step may end at any moment. */
const TIMED_LOT = 16;

export class KernelFeed implements LaunchHost {
  readonly launch: Launch;
  /** The thread is blocked until the kernel is over. */
  waits = false;
  private readonly engine: Engine;
  private readonly device: Coprocessor;
  private readonly thread: Thread;
  private readonly records: DeviceRecords;
  /** Drawn, and not yet told to the cursor. */
  private drawn = 0;
  private stepOver = false;
  private due: Nanoseconds;
  private paced = false;

  constructor(engine: Engine, device: Coprocessor, thread: Thread, records: DeviceRecords) {
    this.engine = engine;
    this.device = device;
    this.thread = thread;
    this.records = records;
    this.due = engine.local;
    this.launch = new Launch(device.parameters.streams, thread.lot, this);
    const { objectMisses } = engine.recorder;
    if (objectMisses !== null) this.launch.onMiss = (page) => objectMisses[records.objectOf(page)]++;
  }

  draw(launch: Launch, now: Nanoseconds): boolean {
    const { cursor } = this.thread;
    if (this.stepOver || now >= cursor.deadline) return false;
    if (this.drawn > 0) {
      // The last access of a pass is told when all streams are done.
      if (this.drawn >= cursor.left) return false;
      this.tell(now);
    }
    return this.next(launch, now);
  }

  drained(launch: Launch, now: Nanoseconds): void {
    const { cursor } = this.thread;
    if (this.drawn > 0) this.tell(now);
    if (this.stepOver || now >= cursor.deadline) {
      this.finish(now);
      return;
    }
    this.next(launch, now);
  }

  isWanted(): boolean {
    return !this.thread.over;
  }

  aborted(launch: Launch, now: Nanoseconds): void {
    this.device.stop(launch);
    this.finish(now);
  }

  private finish(now: Nanoseconds): void {
    this.launch.over = true;
    if (!this.waits) return;
    this.waits = false;
    this.engine.unblock(this.thread, now);
  }

  private next(launch: Launch, now: Nanoseconds): boolean {
    const { cursor, lot } = this.thread;
    const step = cursor.step!;
    const pacing = step.rate > 0 || step.think > 0;
    if (pacing && now < this.due) {
      if (!this.paced) {
        this.paced = true;
        this.records.at(Math.min(this.due, cursor.deadline), (time) => {
          this.paced = false;
          this.device.resume(launch, time);
        });
      }
      return false;
    }
    const most = cursor.deadline === Infinity ? lot.length : TIMED_LOT;
    const n = step.single || pacing ? 1 : Math.min(most, lot.length, cursor.left);
    step.source!.fill(lot, 0, n);
    const { objectAccesses } = this.engine.recorder;
    if (objectAccesses !== null)
      for (let i = 0; i < n; i++) objectAccesses[this.records.objectOf(lot[i] & PAGE_MASK)]++;
    launch.at = 0;
    launch.end = n;
    this.drawn = n;
    this.engine.spend(n >> 2);
    if (step.rate > 0) this.due = Math.max(this.due, now - SECOND) + Math.round((PAGE_SIZE * SECOND) / step.rate);
    else if (step.think > 0) this.due = now + step.think;
    return true;
  }

  private tell(now: Nanoseconds): void {
    const { launch, drawn } = this;
    const { recorder } = this.engine;
    const { hits, misses } = launch;
    launch.hits = 0;
    launch.misses = 0;
    this.drawn = 0;
    recorder.accesses += drawn;
    recorder.hits += hits;
    recorder.misses += misses;
    this.stepOver = this.thread.cursor.consume(drawn, hits, misses, now);
  }
}
