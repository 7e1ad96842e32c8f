/**
 * Reads that miss and ask nobody: the file's page has no flags, its tree node is there, its frame is above the watermark and its charge within the limit. All
 * other faults go through faults.ts, and these could: what happens is the same. But it is looked up beforehand how many such pages can come, so
 * that each costs little, and it is added up afterwards what they took. A loop over many reads opens this, lets pages come, and closes it before
 * anything else is asked of memory.
 */
import type { Pages } from '../units.ts';
import { PGALLOC, PGPGIN } from './counters.ts';
import { FLAGGED_SHIFT, type FlagBytes } from './page-flags.ts';
import type { MemoryCore } from './memory-core.ts';
import type { LruvecIndex } from './reclaimer.ts';

export class EasyReads {
  /** Of the page that came last: its shadow, 0 if there was none, and on whose behalf it had been evicted. */
  shadow = 0;
  target: LruvecIndex = 0;
  readonly #core: MemoryCore;
  readonly #flags: FlagBytes;
  readonly #flagged: Uint8Array;
  readonly #shadows: Uint32Array;
  readonly #free: Int32Array;
  #cgroup = 0;
  #room: Pages = 0;
  #left: Pages = 0;

  constructor(core: MemoryCore) {
    this.#core = core;
    this.#flags = core.flags;
    this.#flagged = core.flagged;
    this.#shadows = core.shadows;
    this.#free = core.frames.freeOn;
  }

  /** For reads by tasks of `cgroup`, until closed. */
  open(cgroup: number): void {
    const { frames, memcg, nodes } = this.#core;
    this.#cgroup = cgroup;
    const room = nodes > 1 ? 0 : Math.min(frames.freeOn[0] - frames.low[0], memcg.easyCharges(cgroup));
    this.#room = Math.max(0, room);
    this.#left = this.#room;
  }

  /** `page` comes into memory, if that asks nobody; false: nothing has happened. Its state is the caller's to set. */
  come(page: number): boolean {
    if (this.#left === 0 || (this.#flagged[page >> FLAGGED_SHIFT] !== 0 && this.#flags[page] !== 0)) return false;
    const { tree, stats, owners } = this.#core;
    const shadow = this.#shadows[page];
    const inserted = tree.insertBeside(page, shadow);
    if (inserted < 0) return false;
    this.#left--;
    this.#free[0]--;
    stats.updated(2);
    if (inserted > 0) tree.insert(page, shadow !== 0, 0);
    this.#shadows[page] = 0;
    this.shadow = shadow;
    this.target = owners.of(page);
    owners.set(page, this.#cgroup);
    return true;
  }

  close(): void {
    const came = this.#room - this.#left;
    this.#room = 0;
    this.#left = 0;
    if (came === 0) return;
    const { counters, io, memcg } = this.#core;
    this.#core.resident += came;
    counters[PGALLOC] += came;
    counters[PGPGIN] += came;
    io.reads += came;
    memcg.chargedEasily(this.#cgroup, came);
  }
}
