/**
 * fsync and sync: threads that wait until what is dirty now of a device is written. The device is waited for, not the file.
 *
 * Kernel: file_write_and_wait, sync_inodes_sb in fs/sync.c, fs/fs-writeback.c.
 */
import type { FuseMount } from '../fuse/mount.ts';
import type { RegionStep, SyncStep } from '../plan.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import type { StepHandler } from './engine.ts';
import type { Thread } from './thread.ts';
import type { Waitable } from './waits.ts';
import type { Target, Writers } from './writers.ts';

interface Ticket {
  readonly target: Target;
  /** Pages of it that must be written, counted from the start. */
  readonly upto: Pages;
}

export class Syncs implements StepHandler {
  readonly #writers: Writers;
  readonly #writeback: Waitable;
  readonly #tickets = new Map<Thread, readonly Ticket[]>();
  #syncing: Thread[] = [];

  constructor(writers: Writers, writeback: Waitable) {
    this.#writers = writers;
    this.#writeback = writeback;
  }

  begin(thread: Thread): void {
    const now = this.#writers.engine.local;
    const { spec } = thread.cursor.step!;
    this.#tickets.set(
      thread,
      spec.kind === 'sync'
        ? this.#ticketsOfSync(spec, now)
        : [ticketOf(this.#writers.targetOfObject((spec as RegionStep).target.object), now)],
    );
  }

  /** sync(2) waits for what is under writeback: copies on their way are not, so nobody waits for them. */
  #ticketsOfSync(spec: SyncStep, now: Nanoseconds): Ticket[] {
    const { targets, daemons } = this.#writers;
    const tickets: Ticket[] = [];
    for (const target of targets) {
      if (spec.fuse !== undefined && target.mount !== daemons[spec.fuse].mount) continue;
      const ticket = ticketOf(target, now);
      if (target.mount?.accounting.temps !== true) tickets.push(ticket);
    }
    return tickets;
  }

  advance(thread: Thread): boolean {
    const { engine } = this.#writers;
    engine.spend(1);
    if (this.#tickets.get(thread)?.some((ticket) => !isWritten(ticket)) === true) {
      this.#syncing.push(thread);
      engine.block(thread, 'sync', this.#writeback);
      return false;
    }
    this.#tickets.delete(thread);
    return true;
  }

  /** Something has been written. */
  wake(now: Nanoseconds): void {
    if (this.#syncing.length === 0) return;
    const waiting = this.#syncing;
    this.#syncing = [];
    for (const thread of waiting) {
      if (thread.over) continue;
      if (this.#tickets.get(thread)!.every(isWritten)) this.#writers.engine.unblock(thread, now);
      else this.#syncing.push(thread);
    }
  }

  /** Whether a thread that syncs waits for this mount. */
  waitsFor(thread: Thread, mount: FuseMount): boolean {
    const tickets = this.#tickets.get(thread) ?? [];
    return tickets.some((ticket) => ticket.target.mount === mount && !isWritten(ticket));
  }
}

const ticketOf = (target: Target, now: Nanoseconds): Ticket => ({ target, upto: target.flusher.sync(now) });

function isWritten({ target, upto }: Ticket): boolean {
  const { bdi, flusher, outlet, mount } = target;
  if (outlet.finished >= upto || mount?.dead === true) return true;
  if (bdi.reclaimable + bdi.underWriteback + bdi.temps === 0) return true;
  // reclaim wrote some of it first
  return flusher.wanted < upto && outlet.finished >= flusher.wanted;
}
