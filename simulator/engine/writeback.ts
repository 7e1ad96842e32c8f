/**
 * Who writes dirty file pages, and when their writers must wait. This is the simple way: above the background threshold, or when pages have
 * grown old, one flusher writes the oldest in lots, one lot at a time; above the dirty threshold writers wait until it has caught up.
 *
 * Kernel: mm/page-writeback.c, fs/fs-writeback.c. Left out: proportional throttling of writers (balance_dirty_pages' rate estimates),
 * per-device and per-cgroup thresholds. Another policy goes behind the same interface.
 */
import { noGauges } from '../tables/gauges.ts';
import * as knobs from '../tables/knobs.ts';
import { valueOf } from '../tables/define.ts';
import type { KnobValues } from '../plan.ts';
import type { Memory } from '../machine/memory.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import type { Device } from './device.ts';

/** What the engine offers a writeback policy. */
export interface WritebackHost {
  /** Calls `written()` back at `time`. */
  wakeWritten(time: Nanoseconds): void;
  /** Calls `tick()` back at `time`. */
  wakeTick(time: Nanoseconds): void;
  /** Lets waiting writers look again. */
  wakeWriters(now: Nanoseconds): void;
}

export interface WritebackPolicy {
  /** A task has dirtied some more pages: whether it must wait. */
  dirtied(now: Nanoseconds): boolean;
  /** A task wants all that is dirty now on disk; returns a ticket for `isWritten`. */
  sync(now: Nanoseconds): number;
  isWritten(ticket: number): boolean;
  /** The write that was under way is done. */
  written(now: Nanoseconds): void;
  tick(now: Nanoseconds): void;
  setSysctls(values: KnobValues): void;
}

/** Pages in one write. */
const LOT: Pages = 256;
const CENTISECOND: Nanoseconds = 10_000_000;

export class SimpleWriteback implements WritebackPolicy {
  private readonly memory: Memory;
  private readonly disk: Device;
  private readonly host: WritebackHost;
  private readonly gauges = noGauges();
  private readonly lot = new Uint32Array(LOT);
  private inLot = 0;
  private busy = false;
  /** Pages taken for writing so far, and written. */
  private taken = 0;
  private finished = 0;
  /** Write at least until `taken` reaches this. */
  private wanted = 0;
  /** How many pages had been dirtied at each tick that is not yet older than the expiry age. */
  private history: { readonly time: Nanoseconds; readonly dirtied: Pages }[] = [];
  private backgroundRatio = 0;
  private ratio = 0;
  private expire: Nanoseconds = 0;
  private interval: Nanoseconds = 0;

  constructor(memory: Memory, disk: Device, host: WritebackHost, sysctls: KnobValues) {
    this.memory = memory;
    this.disk = disk;
    this.host = host;
    this.setSysctls(sysctls);
    if (this.interval > 0) host.wakeTick(this.interval);
  }

  setSysctls(values: KnobValues): void {
    this.backgroundRatio = valueOf(values, knobs.dirtyBackgroundRatio);
    this.ratio = valueOf(values, knobs.dirtyRatio);
    this.expire = valueOf(values, knobs.dirtyExpire) * CENTISECOND;
    this.interval = valueOf(values, knobs.dirtyWriteback) * CENTISECOND;
    // domain_dirty_limits: the background threshold stays below the other.
    if (this.backgroundRatio >= this.ratio) this.backgroundRatio = this.ratio / 2;
  }

  private get dirtyable(): Pages {
    const { nr_free_pages, nr_active_file, nr_inactive_file } = this.gauges;
    return nr_free_pages + nr_active_file + nr_inactive_file;
  }

  dirtied(now: Nanoseconds): boolean {
    this.memory.gauges(this.gauges);
    this.start(now);
    const { nr_dirty, nr_writeback } = this.gauges;
    return nr_dirty + nr_writeback > (this.dirtyable * this.ratio) / 100;
  }

  sync(now: Nanoseconds): number {
    this.memory.gauges(this.gauges);
    const ticket = this.taken + this.gauges.nr_dirty;
    this.wanted = Math.max(this.wanted, ticket);
    this.start(now);
    return ticket;
  }

  isWritten(ticket: number): boolean {
    if (this.finished >= ticket) return true;
    this.memory.gauges(this.gauges);
    return this.gauges.nr_dirty + this.gauges.nr_writeback === 0;
  }

  /** Begins a write if there is reason to and none is under way. */
  private start(now: Nanoseconds): void {
    if (this.busy) return;
    const { nr_dirty } = this.gauges;
    if (nr_dirty <= (this.dirtyable * this.backgroundRatio) / 100 && this.taken >= this.wanted) return;
    this.inLot = this.memory.takeDirty(LOT, this.lot);
    if (this.inLot === 0) {
      // Reclaim wrote them first, or they are gone.
      this.wanted = this.taken;
      return;
    }
    this.taken += this.inLot;
    this.busy = true;
    this.host.wakeWritten(this.disk.request(now, this.inLot));
  }

  written(now: Nanoseconds): void {
    for (let i = 0; i < this.inLot; i++) this.memory.writebackDone(this.lot[i]);
    this.finished += this.inLot;
    this.busy = false;
    this.memory.gauges(this.gauges);
    this.start(now);
    this.host.wakeWriters(now);
  }

  tick(now: Nanoseconds): void {
    this.memory.gauges(this.gauges);
    const { nr_dirty } = this.gauges;
    // Everything that was dirtied by then and neither taken nor cleaned otherwise is at least as old as the expiry age.
    this.history.push({ time: now, dirtied: this.taken + nr_dirty });
    let old = 0;
    while (this.history.length > 0 && this.history[0].time <= now - this.expire) old = this.history.shift()!.dirtied;
    if (old > 0) this.wanted = Math.max(this.wanted, Math.min(old, this.taken + nr_dirty));
    this.start(now);
    if (this.interval > 0) this.host.wakeTick(now + this.interval);
  }
}
