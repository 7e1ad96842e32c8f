/** Looks ten times a second whether a mount is deadlocked and whether memory is exhausted. A lock-up ends the run. */
import type { Actor, Engine } from '../engine/engine.ts';
import type { Thread } from '../engine/thread.ts';
import { noGauges } from '../tables/gauges.ts';
import { SECOND, type Nanoseconds } from '../units.ts';
import type { Daemon } from './daemon.ts';
import { endlessSync, lockupOf, type Lockup } from './lockup.ts';
import type { FuseMount } from './mount.ts';

export class FuseWatch implements Actor {
  readonly name = 'lock-up watch';
  /** Lock-ups found: at most one, it ends the run. */
  readonly lockups: Lockup[] = [];
  /** When memory first stayed exhausted for a second; Infinity: never. */
  exhausted: Nanoseconds = Infinity;
  readonly #engine: Engine;
  readonly #daemons: readonly Daemon[];
  readonly #lockupAfter: Nanoseconds;
  /** Whether a thread waits for writeback that only a mount's daemon can end, or for an answer of it. */
  readonly #waitsForMount: (thread: Thread, mount: FuseMount) => boolean;
  readonly #actor: number;
  readonly #gauges = noGauges();
  #exhaustedSince: Nanoseconds = Infinity;

  constructor(
    engine: Engine,
    daemons: readonly Daemon[],
    lockupAfter: Nanoseconds,
    waitsForMount: (thread: Thread, mount: FuseMount) => boolean,
  ) {
    this.#engine = engine;
    this.#daemons = daemons;
    this.#lockupAfter = lockupAfter;
    this.#waitsForMount = waitsForMount;
    this.#actor = engine.addActor(this);
    if (daemons.length > 0) engine.scheduleBackground(this.#every, this.#actor);
  }

  get #every(): Nanoseconds {
    return Math.max(1, Math.min(Math.floor(this.#lockupAfter / 10), SECOND / 10));
  }

  due(now: Nanoseconds): void {
    this.#watchMemory(now);
    for (const [i, daemon] of this.#daemons.entries()) {
      const since = daemon.mount.stuckSince;
      if (now - since < this.#lockupAfter) continue;
      const lockup = this.#lockupOf(daemon, i, since, now);
      if (!lockup) continue;
      this.lockups.push(lockup);
      this.#engine.recorder.event(
        now,
        lockup.rule,
        daemon.name,
        lockup.text,
        this.#engine.setup.scenario.fuse![i].source,
      );
      this.#engine.finish(now);
      return;
    }
    this.#engine.scheduleBackground(now + this.#every, this.#actor);
  }

  #lockupOf(daemon: Daemon, index: number, since: Nanoseconds, now: Nanoseconds): Lockup | null {
    const { threads, setup } = this.#engine;
    const living = threads.filter((thread) => !thread.over);
    if (!daemon.stalled) {
      const flushers = this.#daemons.map(({ mount }) => mount);
      return lockupOf(daemon, since, now, [...living, ...flushers]);
    }
    const resumes = setup.scenario.timeline.some(
      ({ time, actions }) => time > now && actions.some((action) => action.kind === 'daemon' && action.fuse === index),
    );
    const waiting = living.filter((thread) => this.#waitsForMount(thread, daemon.mount));
    // Without an end of the run, writers would be held back for ever; those whose steps end by time are not.
    const held = living.filter(({ waitsFor, cursor }) => waitsFor === 'throttle' && cursor.deadline === Infinity);
    const endless =
      waiting.length > 0 || (this.#engine.end === Infinity && held.length > 0 && held.length === living.length);
    return resumes || !endless ? null : endlessSync(daemon, since, now, waiting.length > 0 ? waiting : held);
  }

  /** Exhausted: for a second nothing was free or reclaimable beyond the reserves. */
  #watchMemory(now: Nanoseconds): void {
    if (this.exhausted !== Infinity) return;
    const { memory } = this.#engine;
    const g = memory.gauges(this.#gauges);
    const clean = g.nr_inactive_file + g.nr_active_file - g.nr_dirty - g.nr_writeback;
    if (g.nr_free_pages + Math.max(0, clean) > memory.reserves) this.#exhaustedSince = Infinity;
    else if (this.#exhaustedSince === Infinity) this.#exhaustedSince = now;
    else if (now - this.#exhaustedSince >= SECOND) this.exhausted = this.#exhaustedSince;
  }
}
