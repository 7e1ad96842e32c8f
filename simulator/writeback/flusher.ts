/**
 * The kernel thread that writes a device's dirty pages: in the background while there are too many, every five seconds those that have grown old,
 * and at once what somebody waits for.
 *
 * Kernel: wb_workfn, wb_writeback, writeback_sb_inodes in fs/fs-writeback.c (6.1), a file's pages in the order in which they became dirty.
 * Known divergence: the age of pages is known to within a period of the flusher, for all files of a device together; it needs no processor.
 */
import type { Nanoseconds, Pages } from '../units.ts';
import type { Actor, Engine } from '../engine/engine.ts';
import type { Bdi } from './bdi.ts';
import type { PageWriteback } from './page-writeback.ts';

/** Where a flusher's pages go. */
export interface Outlet {
  /**
   * Sends up to `pages` of the device's dirty pages. How many it took, and when the flusher is ready for more; `Infinity`: when it is called back.
   * Nothing taken and no time: it won't take more until somebody kicks the flusher again. `first`: a chunk of a file begins.
   */
  send(
    pages: Pages,
    now: Nanoseconds,
    sync: boolean,
    first: boolean,
  ): { readonly taken: Pages; readonly ready: Nanoseconds };
}

export interface FlusherSettings {
  expire: Nanoseconds;
  interval: Nanoseconds;
}

const TURN = 0;
const PERIOD = 1;

export class Flusher implements Actor {
  readonly name: string;
  readonly bdi: Bdi;
  /** There is work on its list (WB_writeback_running). */
  busy = false;
  /** Pages taken so far, by whomever; write at least until this reaches `wanted`. */
  taken: Pages = 0;
  wanted: Pages = 0;
  /** The same, for nobody who waits: reclaim asked for it. */
  #asked: Pages = 0;
  readonly #engine: Engine;
  readonly #writeback: PageWriteback;
  readonly #settings: FlusherSettings;
  readonly #outlet: Outlet;
  readonly #actor: number;
  /** How many pages had been dirtied at each period that is not yet older than the expiry age. */
  #history: { readonly time: Nanoseconds; readonly dirtied: Pages }[] = [];
  /** Left of the chunk being written. */
  #chunk: Pages = 0;
  /** The outlet calls back. */
  #waiting = false;
  #periodic = false;

  constructor(engine: Engine, writeback: PageWriteback, bdi: Bdi, settings: FlusherSettings, outlet: Outlet) {
    this.name = `flusher of ${bdi.name}`;
    this.bdi = bdi;
    this.#engine = engine;
    this.#writeback = writeback;
    this.#settings = settings;
    this.#outlet = outlet;
    this.#actor = engine.addActor(this);
    this.settingsChanged(0);
  }

  settingsChanged(now: Nanoseconds): void {
    if (this.#periodic || this.#settings.interval <= 0) return;
    this.#periodic = true;
    this.#engine.scheduleBackground(now + this.#settings.interval, this.#actor, PERIOD);
  }

  /** wb_start_background_writeback. */
  kick(now: Nanoseconds): void {
    if (this.busy) return;
    this.busy = true;
    this.#chunk = 0;
    this.#engine.schedule(now, this.#actor, TURN);
  }

  /** Writes all that is dirty now; what `taken` must reach for it. */
  sync(now: Nanoseconds): Pages {
    this.wanted = Math.max(this.wanted, this.taken + this.bdi.reclaimable);
    this.kick(now);
    return this.wanted;
  }

  /** Reclaim has met nothing but dirty pages: all of them are to be written (WB_REASON_VMSCAN). */
  writeAll(now: Nanoseconds): void {
    this.#asked = this.taken + this.bdi.reclaimable;
    if (this.bdi.reclaimable > 0) this.kick(now);
  }

  /** The outlet has room again. Pages dirtied anew while they were being written are to be had only now, and somebody may wait for them. */
  resume(now: Nanoseconds): void {
    if (this.#waiting) {
      this.#waiting = false;
      this.#engine.schedule(now, this.#actor, TURN);
    } else if (this.taken < this.wanted && this.bdi.reclaimable > 0) this.kick(now);
  }

  due(now: Nanoseconds, data: number): void {
    if (data === PERIOD) this.#period(now);
    else this.#turn(now);
  }

  #period(now: Nanoseconds): void {
    const { expire, interval } = this.#settings;
    this.#history.push({ time: now, dirtied: this.taken + this.bdi.reclaimable });
    let old = 0;
    while (this.#history.length > 0 && this.#history[0].time <= now - expire) old = this.#history.shift()!.dirtied;
    if (old > 0) this.wanted = Math.max(this.wanted, Math.min(old, this.taken + this.bdi.reclaimable));
    if (this.taken < this.wanted || this.#writeback.overBackground(this.bdi, now)) this.kick(now);
    this.#periodic = interval > 0;
    if (this.#periodic) this.#engine.scheduleBackground(now + interval, this.#actor, PERIOD);
  }

  /** One look: a chunk is begun or gone on with, or the work is over. */
  #turn(now: Nanoseconds): void {
    const { bdi } = this;
    const reclaimable = bdi.reclaimable;
    const sync = this.taken < this.wanted;
    const forced = sync || this.taken < this.#asked;
    if (reclaimable === 0) {
      // somebody else wrote them, or they are gone
      this.wanted = Math.min(this.wanted, this.taken);
      this.#asked = 0;
      this.busy = false;
      return;
    }
    const first = this.#chunk <= 0;
    if (first) {
      if (!forced && !this.#writeback.overBackground(bdi, now)) {
        this.busy = false;
        return;
      }
      this.#chunk = sync ? this.wanted - this.taken : this.#writeback.chunk(bdi);
      this.#writeback.startEstimate(bdi, now);
    }
    const { taken, ready } = this.#outlet.send(Math.min(this.#chunk, reclaimable), now, sync, first);
    this.taken += taken;
    // a file with no more dirty pages ends its chunk
    this.#chunk = taken < reclaimable ? this.#chunk - taken : 0;
    if (taken > 0) this.#writeback.wrote(bdi, now);
    if (ready === Infinity) this.#waiting = true;
    else if (taken === 0 && ready <= now) this.busy = false;
    else this.#engine.schedule(ready, this.#actor, TURN);
  }
}
