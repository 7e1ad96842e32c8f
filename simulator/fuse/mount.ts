/**
 * A FUSE mount: where its dirty pages wait on their way to the daemon, and what counts them meanwhile. The flusher copies pages into temporary
 * ones, ends their writeback at once and queues write requests; or, since 6.16, leaves them under writeback until the daemon has answered.
 *
 * Kernel: fuse_writepages, fuse_writepage_finish, fuse_request_queue_background in fs/fuse/{file,dev}.c, 6.1 and 6.16.
 * Left out: requests other than writes (lookups, flushes, the FSYNC request itself), the daemon's replies, splice.
 */
import { NR_WRITTEN } from '../machine/counters.ts';
import type { Memory } from '../machine/memory.ts';
import type { Stream } from '../machine/streams.ts';
import type { Engine } from '../engine/engine.ts';
import type { Thread } from '../engine/thread.ts';
import type { Waitable, Waiter } from '../engine/waits.ts';
import type { KnobValues } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import type { AccountingVariant } from '../tables/fuse-accounting.ts';
import * as knobs from '../tables/fuse-knobs.ts';
import { MILLISECOND, PAGE_SIZE, type Nanoseconds, type Pages } from '../units.ts';
import type { Bdi } from '../writeback/bdi.ts';
import type { Outlet } from '../writeback/flusher.ts';
import type { DaemonThread } from './daemon.ts';

/** One write request: so many pages of one file. */
export interface Request {
  readonly pages: Pages;
  /** Where its pages stay under writeback; null: copies are sent. */
  readonly stream: Stream | null;
  readonly numbers: Uint32Array | null;
  /** Who waits for it: a write through, or a thread of the daemon that writes to its own mount. */
  readonly writer: Thread | DaemonThread | null;
}

/** Pages that the flusher copies at a time. */
const PIECE: Pages = 1024;
/** How soon an allocation that failed is tried again: wait_iff_congested of 2013 waited a fiftieth of a second. */
export const RETRY: Nanoseconds = 20 * MILLISECOND;

export class FuseMount implements Outlet, Waiter {
  readonly name: string;
  readonly bdi: Bdi;
  readonly accounting: AccountingVariant;
  readonly maxPages: Pages;
  readonly writeThrough: boolean;
  maxBackground: number;
  /** Requests written or waiting to be (fc->num_background). */
  requests = 0;
  /** With the daemon. */
  active = 0;
  /** Pages written so far, and lost because the daemon died. */
  finished: Pages = 0;
  lost: Pages = 0;
  dead = false;
  /** Since when there has been work without any of it getting done; Infinity: there is none. */
  stuckSince: Nanoseconds = Infinity;
  waitsFor = 'nothing';
  waitsOn: Waitable | null = null;
  /** The queue of requests, that the daemon is told of. */
  queued: (now: Nanoseconds) => void = () => undefined;
  /** Told after each request. */
  written: (now: Nanoseconds) => void = () => undefined;
  /** Told when an allocation has failed. */
  framesShort: (now: Nanoseconds) => void = () => undefined;
  /** What an allocation that fails waits for. */
  frames: Waitable | null = null;
  readonly #engine: Engine;
  readonly #memory: Memory;
  readonly #threshold: number;
  readonly #honours: boolean;
  readonly #sendCost: Nanoseconds;
  #queue: Request[] = [];
  #head = 0;
  #source = 0;
  readonly #numbers = new Uint32Array(PIECE);

  constructor(engine: Engine, bdi: Bdi, accounting: AccountingVariant, values: KnobValues) {
    this.name = `flusher of ${bdi.name}`;
    this.bdi = bdi;
    this.accounting = accounting;
    this.#engine = engine;
    this.#memory = engine.memory;
    this.maxPages = Math.max(1, Math.floor(valueOf(values, knobs.maxWrite) / PAGE_SIZE));
    this.writeThrough = !valueOf(values, knobs.writebackCache);
    this.maxBackground = valueOf(values, knobs.maxBackground);
    const threshold = values[knobs.congestionThreshold.name];
    this.#threshold = typeof threshold === 'number' ? threshold : Math.max(1, Math.floor((this.maxBackground * 3) / 4));
    const congestion = values[knobs.congestion.name];
    this.#honours = congestion === undefined ? accounting.honoursCongestion : congestion === 'honoured';
    this.#sendCost = valueOf(values, knobs.sendCost) + (accounting.temps ? valueOf(values, knobs.copyCost) : 0);
  }

  /** Requests that no thread of the daemon has taken. */
  get waiting(): number {
    return this.#queue.length - this.#head;
  }

  /** Pages that count as dirty for everybody, beside nr_dirty and nr_writeback. */
  get extraDirty(): Pages {
    const { bdi, accounting } = this;
    return (accounting.countsTemps || accounting.twice ? bdi.temps : 0) + (accounting.twice ? bdi.reclaimable : 0);
  }

  /** Pages that count as the mount's own, beside what is dirty and under writeback. */
  get extraOwn(): Pages {
    const { bdi, accounting } = this;
    const counted = accounting.countsTemps || accounting.twice || accounting.strictlimit;
    return (counted ? bdi.temps : 0) + (accounting.twice ? bdi.reclaimable : 0);
  }

  send(
    pages: Pages,
    now: Nanoseconds,
    sync: boolean,
    first: boolean,
  ): { readonly taken: Pages; readonly ready: Nanoseconds } {
    if (this.dead) return { taken: this.#lose(pages), ready: now };
    if (first && !sync && this.#honours && this.requests >= this.#threshold) return { taken: 0, ready: now };
    const { streams } = this.#memory;
    const { temps } = this.accounting;
    let n = Math.min(pages, PIECE);
    if (temps) {
      n = streams.takeTemps(n);
      this.#engine.reclaimed(now);
      if (n === 0) {
        this.waitsFor = 'frames';
        this.waitsOn = this.frames;
        this.framesShort(now);
        return { taken: 0, ready: now + RETRY };
      }
      this.waitsFor = 'nothing';
      this.waitsOn = null;
      this.bdi.temps += n;
    }
    const taken = this.#take(n);
    if (temps && taken < n) {
      streams.putTemps(n - taken);
      this.bdi.temps -= n - taken;
    }
    // dirty, but still under writeback from before: to be had when the daemon has answered
    if (taken === 0) return { taken, ready: now };
    this.queued(now);
    return { taken, ready: now + Math.max(1, taken * this.#sendCost) };
  }

  /** Makes requests of up to `most` dirty pages, file by file. */
  #take(most: Pages): Pages {
    const { streams, device } = this.bdi;
    const memory = this.#memory;
    let taken = 0;
    for (let tries = 0; taken < most && tries <= streams.length; tries++) {
      const stream = this.#source === 0 ? null : streams[this.#source - 1];
      const n = stream
        ? memory.streams.take(stream, most - taken)
        : memory.takeDirty(most - taken, this.#numbers, device);
      if (n < most - taken) this.#source = (this.#source + 1) % (1 + streams.length);
      for (let i = 0; i < n; i += this.maxPages) {
        const size = Math.min(this.maxPages, n - i);
        const keeps = !this.accounting.temps;
        this.#push({
          pages: size,
          stream: keeps ? stream : null,
          numbers: keeps && !stream ? this.#numbers.slice(i, i + size) : null,
          writer: null,
        });
      }
      if (this.accounting.temps && n > 0) {
        memory.counters[NR_WRITTEN] += n;
        if (stream) memory.streams.written(stream, n);
        else for (let i = 0; i < n; i++) memory.writebackDone(this.#numbers[i]);
      }
      taken += n;
    }
    return taken;
  }

  /** A write through: the writer waits for it. */
  write(pages: Pages, writer: Thread | DaemonThread, now: Nanoseconds): void {
    this.#push({ pages, stream: null, numbers: null, writer });
    this.queued(now);
  }

  #push(request: Request): void {
    this.#queue.push(request);
    this.requests++;
  }

  /** The next request for a thread of the daemon. */
  next(): Request | undefined {
    if (this.#head === this.#queue.length) return undefined;
    const request = this.#queue[this.#head++];
    this.active++;
    if (this.#head > 4096 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return request;
  }

  /** The daemon has answered. */
  complete({ pages, stream, numbers, writer }: Request, now: Nanoseconds): void {
    const memory = this.#memory;
    this.requests--;
    this.active--;
    this.finished += pages;
    this.stuckSince = this.requests > 0 ? now : Infinity;
    if (writer === null) {
      if (this.accounting.temps) {
        memory.streams.putTemps(pages);
        this.bdi.temps -= pages;
      } else {
        memory.counters[NR_WRITTEN] += pages;
        if (stream) memory.streams.written(stream, pages);
        else if (numbers) for (const page of numbers) memory.writebackDone(page);
      }
      this.bdi.completed(now, pages);
    }
  }

  /** The daemon is gone: what it had and what waited for it fails (fuse_abort_conn). Writers that waited are returned. */
  abort(now: Nanoseconds, active: readonly Request[]): (Thread | DaemonThread)[] {
    const writers: (Thread | DaemonThread)[] = [];
    const { finished } = this;
    for (let request = this.next(); request !== undefined; request = this.next()) this.#fail(request, now, writers);
    for (const request of active) this.#fail(request, now, writers);
    this.dead = true;
    this.lost += this.finished - finished;
    this.stuckSince = Infinity;
    return writers;
  }

  #fail(request: Request, now: Nanoseconds, writers: (Thread | DaemonThread)[]): void {
    this.complete(request, now);
    if (request.writer) writers.push(request.writer);
  }

  /** Pages of a dead mount can only be thrown away. */
  #lose(pages: Pages): Pages {
    const memory = this.#memory;
    let lost = memory.takeDirty(Math.min(pages, PIECE), this.#numbers, this.bdi.device);
    for (let i = 0; i < lost; i++) memory.writebackDone(this.#numbers[i]);
    for (const stream of this.bdi.streams) {
      const n = memory.streams.take(stream, pages - lost);
      memory.streams.written(stream, n);
      lost += n;
    }
    this.lost += lost;
    return lost;
  }
}
