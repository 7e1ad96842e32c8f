/**
 * The daemon behind a FUSE mount: a process that is given write requests and needs memory, a disk and leave to dirty pages of its own to answer
 * them. Each of its threads may be held up by itself; where all are, and what they wait for waits for them, the mount is deadlocked.
 *
 * Kernel: fuse_dev_do_read and fuse_dev_do_write are its side of /dev/fuse; PF_LOCAL_THROTTLE, PR_SET_IO_FLUSHER.
 * Known divergence: data is handled at one rate whatever the request; it needs no processor; where many requests wait, a thread takes several at
 * a time.
 */
import type { Memory } from '../machine/memory.ts';
import type { FrameSource, Stream } from '../machine/streams.ts';
import type { Device } from '../engine/device.ts';
import type { Actor, Engine } from '../engine/engine.ts';
import type { Waitable, Waiter } from '../engine/waits.ts';
import type { KnobValues } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/fuse-knobs.ts';
import { PAGE_SIZE, SECOND, type BytesPerSecond, type Nanoseconds, type Pages } from '../units.ts';
import type { Bdi } from '../writeback/bdi.ts';
import { Dirtier, type PageWriteback, type ThrottleFlag } from '../writeback/page-writeback.ts';
import { RETRY, type FuseMount, type Request } from './mount.ts';

/** Requests behind each other from which on a thread takes several at a time, and how many at most. */
const DEEP = 64;
const GROUP = 16;

/** Where a daemon's own writes go. */
export interface Backing {
  readonly stream: Stream;
  readonly bdi: Bdi;
  readonly device: Device;
}

export interface DaemonHost {
  readonly engine: Engine;
  readonly writeback: PageWriteback;
  readonly frames: Waitable;
  readonly throttle: Waitable;
  /** Pages of a device have become dirty. */
  dirty(bdi: Bdi, pages: Pages): void;
  /** Somebody was put to sleep because too much is dirty. */
  paused(time: Nanoseconds): void;
  /** An allocation failed: reclaim may have met dirty pages, which flushers are to write. */
  framesShort(now: Nanoseconds): void;
  /** Whether frames are short and a writer or a flusher has use for them. */
  othersWantFrames(): boolean;
  /** The daemon has answered: writers and flushers may go on. */
  answered(mount: FuseMount, request: Request, now: Nanoseconds): void;
}

export class DaemonThread implements Waiter, Actor {
  readonly name: string;
  readonly daemon: Daemon;
  readonly dirtier: Dirtier;
  waitsFor = 'nothing';
  waitsOn: Waitable | null = null;
  requests: Request[] = [];
  /** Pages of its own still to be written for the present requests; −1: it has not got that far. */
  left = -1;
  /** Of the event that lets it go on: others are from before it was stopped. */
  #event = 0;
  readonly #actor: number;
  readonly #engine: Engine;

  constructor(name: string, daemon: Daemon, flag: ThrottleFlag, engine: Engine) {
    this.name = name;
    this.daemon = daemon;
    this.dirtier = new Dirtier(flag);
    this.#engine = engine;
    this.#actor = engine.addActor(this);
  }

  goOnAt(time: Nanoseconds): void {
    this.#engine.schedule(time, this.#actor, ++this.#event);
  }

  due(now: Nanoseconds, event: number): void {
    if (event === this.#event) this.daemon.goOn(this, now);
  }
}

export class Daemon {
  readonly name: string;
  readonly mount: FuseMount;
  readonly threads: DaemonThread[];
  stalled = false;
  bandwidth: BytesPerSecond;
  readonly #host: DaemonHost;
  readonly #memory: Memory;
  readonly #backing: Backing | null;
  readonly #need: number;
  readonly #reserve: Pages;
  readonly #direct: boolean;
  readonly #last: boolean;
  /** Reclaim on its behalf waits for writeback of its own mount. */
  readonly #waitsForWriteback: boolean;
  readonly #ownWriteback: Waitable;
  /** It writes to its own mount. */
  readonly #toItself: boolean;
  readonly #ownAnswer: Waitable;

  constructor(host: DaemonHost, mount: FuseMount, fuse: KnobValues, values: KnobValues, backing: Backing | null) {
    this.name = `${mount.bdi.name}.daemon`;
    this.mount = mount;
    this.#host = host;
    this.#memory = host.engine.memory;
    this.#backing = backing;
    this.bandwidth = valueOf(values, knobs.daemonBandwidth);
    this.#toItself = valueOf(values, knobs.daemonBacking) === 'mount';
    this.#need = backing || this.#toItself ? valueOf(values, knobs.daemonNeed) : 0;
    this.#reserve = Math.floor(valueOf(values, knobs.daemonReserve) / PAGE_SIZE);
    this.#direct = valueOf(values, knobs.daemonDirect);
    this.#last = valueOf(values, knobs.daemonOrder) === 'last';
    const flag = (values[knobs.daemonFlag.name] ?? mount.accounting.daemonFlag) as ThrottleFlag;
    this.#waitsForWriteback = !mount.accounting.temps && valueOf(fuse, knobs.reclaimWaits) && flag !== 'io-flusher';
    const threads = valueOf(values, knobs.daemonThreads);
    this.threads = Array.from(
      { length: threads },
      (_, i) => new DaemonThread(threads > 1 ? `${this.name}/${i}` : this.name, this, flag, host.engine),
    );
    this.#ownWriteback = { name: `writeback of ${mount.bdi.name}`, owners: () => this.threads };
    this.#ownAnswer = { name: `answer of ${this.name}`, owners: () => this.threads };
    mount.queued = (now) => this.wake(now);
    this.#memory.streams.setAside(this.#reserve);
  }

  /** Requests have come: threads that have nothing to do take them. */
  wake(now: Nanoseconds): void {
    if (this.stalled) return this.#stuck(now);
    for (const thread of this.threads) {
      if (thread.requests.length > 0) continue;
      if (!this.#take(thread, now)) return;
    }
  }

  #stuck(now: Nanoseconds): void {
    if (this.mount.requests > 0 && this.mount.stuckSince === Infinity) this.mount.stuckSince = now;
  }

  #take(thread: DaemonThread, now: Nanoseconds): boolean {
    const { mount } = this;
    const deep = Math.min(GROUP, Math.floor(mount.waiting / DEEP));
    const most = Math.max(1, Math.min(deep, mount.maxBackground - mount.active));
    if (mount.active >= mount.maxBackground) return false;
    let pages = 0;
    for (let i = 0; i < most; i++) {
      const request = mount.next();
      if (!request) break;
      thread.requests.push(request);
      pages += request.pages;
    }
    if (pages === 0) return false;
    this.#stuck(now);
    thread.left = -1;
    const time = Math.round((pages * PAGE_SIZE * SECOND * this.threads.length) / this.bandwidth);
    thread.goOnAt(now + Math.max(1, time));
    return true;
  }

  /** A thread has handled the data, has waited, or tries again. */
  goOn(thread: DaemonThread, now: Nanoseconds): void {
    if (this.stalled || this.mount.dead || thread.requests.length === 0) return;
    thread.waitsFor = 'nothing';
    thread.waitsOn = null;
    if (this.#toItself && !this.#ask(thread, now)) return;
    if (this.#backing && !this.#write(thread, this.#backing, now)) return;
    this.#answer(thread, now);
  }

  /** Its own write to its own mount: a request, unless these are such. False if the thread must wait for the answer. */
  #ask(thread: DaemonThread, now: Nanoseconds): boolean {
    if (thread.left >= 0 || this.#need === 0) return true;
    let pages = 0;
    for (const { pages: n, writer } of thread.requests) if (!(writer instanceof DaemonThread)) pages += n;
    thread.left = 0;
    if (pages === 0) return true;
    this.#wait(thread, 'request', this.#ownAnswer, Infinity);
    this.mount.write(Math.ceil(pages * this.#need), thread, now);
    return false;
  }

  /** Its own write; false if the thread must wait. */
  #write(thread: DaemonThread, { stream, bdi, device }: Backing, now: Nanoseconds): boolean {
    const { engine, writeback, frames, throttle } = this.#host;
    const { dirtier } = thread;
    if (thread.left < 0) {
      let pages = 0;
      for (const request of thread.requests) pages += request.pages;
      thread.left = Math.ceil(pages * this.#need);
      if (this.#direct) {
        thread.left = 0;
        return this.#wait(thread, 'io', null, device.request(now, pages));
      }
    }
    const { streams } = this.#memory;
    const source = this.#frames;
    while (thread.left > 0 || dirtier.again) {
      if (!dirtier.again) {
        const wanted = Math.min(thread.left, Math.max(1, writeback.ratelimit(dirtier, bdi) - dirtier.dirtied));
        const done = streams.write(stream, wanted, source);
        thread.left -= done;
        this.#host.dirty(bdi, streams.entered + streams.redirtied);
        dirtier.dirtied += streams.entered + streams.redirtied;
        if (done < wanted) {
          this.#host.framesShort(now);
          if (this.#waitsForWriteback) return this.#wait(thread, 'writeback', this.#ownWriteback, Infinity);
          return this.#wait(thread, 'frames', frames, now + RETRY);
        }
      }
      if (!dirtier.again && dirtier.dirtied < writeback.ratelimit(dirtier, bdi)) continue;
      const pause = writeback.balance(dirtier, bdi, now);
      if (pause > 0) {
        this.#host.paused(pause);
        return this.#wait(thread, 'throttle', throttle, now + pause);
      }
    }
    engine.reclaimed(now);
    return true;
  }

  /** Where its frames come from: who waited before it goes first, if the order is the worst. */
  get #frames(): FrameSource {
    const last = this.#last && this.#host.othersWantFrames();
    if (last) return 'reserve';
    return this.#reserve > 0 ? 'any-then-reserve' : 'any';
  }

  /** Until `until`, or (Infinity) until another thread has answered. */
  #wait(thread: DaemonThread, reason: string, on: Waitable | null, until: Nanoseconds): false {
    thread.waitsFor = reason;
    thread.waitsOn = on;
    if (until < Infinity) thread.goOnAt(until);
    return false;
  }

  #answer(thread: DaemonThread, now: Nanoseconds): void {
    const { requests } = thread;
    thread.requests = [];
    thread.left = -1;
    for (const request of requests) {
      this.mount.complete(request, now);
      this.#host.answered(this.mount, request, now);
    }
    for (const other of this.threads) if (other.waitsFor === 'writeback') other.goOnAt(now);
    this.wake(now);
  }

  // ---- the timeline

  stall(): void {
    this.stalled = true;
  }

  resume(now: Nanoseconds): void {
    if (!this.stalled) return;
    this.stalled = false;
    for (const thread of this.threads) if (thread.requests.length > 0) thread.goOnAt(now);
    this.wake(now);
  }

  /** What its threads had in hand. */
  die(): Request[] {
    const had = this.threads.flatMap((thread) => thread.requests);
    for (const thread of this.threads) {
      thread.requests = [];
      thread.waitsFor = 'nothing';
      thread.waitsOn = null;
    }
    return had;
  }
}
