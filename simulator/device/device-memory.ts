/**
 * A device's memory: which blocks have a chunk, and pages on their way in and out. The kernel's split of a migration (set-up, pages, finalize) shows
 * as three moments: what may move is taken out of the page tables, the copy is under way, the new entries are there.
 *
 * Kernel: mm/migrate_device.c. Known divergence: a page's frame on the host is free when its copy begins, not when it ends; one on its way back has
 * its frame from the beginning.
 */
import { PAGE_SIZE, SECOND, type Nanoseconds, type Pages } from '../units.ts';
import { randomFor } from '../workload/random.ts';
import { Chunks } from './eviction.ts';
import type { HostSide } from './host-side.ts';
import { DEMAND, PREFETCH, WRITEBACK, type Done, type Link, type Scheduler } from './link.ts';
import { FAULTED, MADE, MarksPool, type Marks } from './marks.ts';
import { BLOCK_PAGES, type DeviceParameters } from './parameters.ts';
import {
  DEVICE0,
  DOWN,
  FRESH,
  HOST,
  LOCAL,
  REMOTE,
  STILL,
  UNPOPULATED,
  UP,
  USED,
  WRITE,
  type PageMap,
} from './page-map.ts';
import * as tally from './tally.ts';

/** Purpose of the random numbers that choose victims. */
const PURPOSE_EVICT = 7;

export class DeviceMemory {
  readonly parameters: DeviceParameters;
  readonly index: number;
  /** What the map says of pages here. */
  readonly home: number;
  readonly map: PageMap;
  readonly table: Uint8Array;
  readonly link: Link;
  readonly counts: Float64Array;
  readonly chunks: Chunks;
  /** Pages of each block in this memory, and copies under way of each. */
  readonly resident: Uint16Array;
  readonly inFlight: Uint16Array;
  /** Pages in this memory now, and of them those whose only copy it is. */
  pages: Pages = 0;
  /** Told when copies of a block are over. */
  settled: (block: number, now: Nanoseconds) => void = () => undefined;
  readonly pool = new MarksPool();
  private readonly host: HostSide;
  private readonly scheduler: Scheduler;
  private readonly lastMove: Float64Array;

  constructor(
    parameters: DeviceParameters,
    index: number,
    map: PageMap,
    link: Link,
    host: HostSide,
    scheduler: Scheduler,
    counts: Float64Array,
    seed: number,
  ) {
    this.parameters = parameters;
    this.index = index;
    this.home = DEVICE0 + index;
    this.map = map;
    this.table = map.tables[index];
    this.link = link;
    this.host = host;
    this.scheduler = scheduler;
    this.counts = counts;
    const capacity = parameters.rdma ? 0 : parameters.chunks;
    this.chunks = new Chunks(capacity, map.blocks, parameters.evict, randomFor(seed, PURPOSE_EVICT, index));
    this.resident = new Uint16Array(map.blocks);
    this.inFlight = new Uint16Array(map.blocks);
    this.lastMove = new Float64Array(map.home.length).fill(-Infinity);
  }

  // ---- in

  /**
   * Moves what is marked of a block here, as far as it is on the host or nowhere yet. Returns how many pages come, 0 if there is no room (nobody can
   * be evicted) or nothing to move; the marks are given back then or when all is there. `done` is called when all are there.
   */
  bringIn(block: number, wanted: Marks, duplicate: boolean, now: Nanoseconds, cgroup: number, done: Done): Pages {
    const { map, chunks, host, table, pool } = this;
    const { mask, from, to } = wanted;
    const { moving, home } = map;
    const start = map.blockStart[block];
    let coming = 0;
    for (let i = from; i < to; i++) {
      if (mask[i] === 0) continue;
      const page = start + i;
      const can = moving[page] === STILL && home[page] <= HOST && (table[page] & LOCAL) === 0;
      if (!can || (home[page] === HOST && !host.isResident(page))) mask[i] = 0;
      else coming++;
    }
    if (coming === 0) {
      pool.give(wanted);
      return 0;
    }
    let room: Done[] | null = null;
    if (chunks.has(block)) chunks.allocated(block);
    else {
      if (chunks.full) {
        const waiting: Done[] = [];
        let there = false;
        const evicted = this.evictOne(now, (time) => {
          there = true;
          for (const run of waiting) run(time);
        });
        if (!evicted) {
          pool.give(wanted);
          return 0;
        }
        // A chunk of second copies is free at once.
        if (!there) room = waiting;
      }
      chunks.give(block);
      this.counts[tally.CHUNKS_IN]++;
    }
    for (let i = from; i < to; i++) {
      if (mask[i] === 0) continue;
      const page = start + i;
      if (home[page] === UNPOPULATED) {
        if (!host.populate(page, cgroup)) {
          mask[i] = 0;
          coming--;
          continue;
        }
        mask[i] |= MADE;
      } else if (!duplicate) {
        // The frame goes, and with it everybody's entries.
        host.lend(page);
        map.unmap(page);
      }
      moving[page] = UP;
    }
    if (coming === 0) {
      pool.give(wanted);
      return 0;
    }
    this.inFlight[block]++;
    if (room) room.push((time) => this.copyIn(block, wanted, duplicate, time, done));
    else this.copyIn(block, wanted, duplicate, now, done);
    return coming;
  }

  private copyIn(block: number, pages: Marks, duplicate: boolean, now: Nanoseconds, done: Done): void {
    const { map, counts, parameters } = this;
    const { mask, to: end } = pages;
    const start = map.blockStart[block];
    let left = 1;
    const arrived: Done = (time) => {
      if (--left > 0) return;
      this.inFlight[block]--;
      this.pool.give(pages);
      this.settled(block, time);
      done(time);
    };
    for (let i = pages.from; i < end;) {
      if (mask[i] === 0) {
        i++;
        continue;
      }
      const made = mask[i] & MADE;
      const from = i;
      let faulted = 0;
      while (i < end && mask[i] !== 0 && (mask[i] & MADE) === made) faulted += mask[i++] & FAULTED;
      const to = i;
      if (made !== 0) {
        this.arrive(block, from, to, mask, false, now);
        continue;
      }
      left++;
      const bytes = (to - from) * PAGE_SIZE;
      counts[tally.H2D_DEMAND] += faulted * PAGE_SIZE;
      counts[tally.H2D_PREFETCH] += bytes - faulted * PAGE_SIZE;
      const urgency = faulted > 0 ? DEMAND : PREFETCH;
      const over: Done = (time) => {
        this.arrive(block, from, to, mask, duplicate, time);
        arrived(time);
      };
      const bounced = this.unseen(start + from, start + to);
      if (bounced === 0) this.link.up.transfer(now, bytes, urgency, over);
      else {
        counts[tally.BOUNCES] += bounced;
        const copied = now + Math.round((bounced * PAGE_SIZE * SECOND) / parameters.copyBandwidth);
        this.scheduler.at(copied, (time) => this.link.up.transfer(time, bytes, urgency, over));
      }
    }
    arrived(now);
  }

  private unseen(from: number, to: number): Pages {
    const { visible } = this.parameters;
    if (visible === Infinity) return 0;
    let n = 0;
    for (let page = from; page < to; page++) if (!this.host.isSeen(page, visible)) n++;
    return n;
  }

  /** Pages [from, to) of a block are there: their entries are made. */
  private arrive(
    block: number,
    from: number,
    to: number,
    mask: Uint8Array,
    duplicate: boolean,
    now: Nanoseconds,
  ): void {
    const { map, table, counts, home } = this;
    const { moving } = map;
    const start = map.blockStart[block];
    let there = 0;
    for (let i = from; i < to; i++) {
      const page = start + i;
      // Unmapped while it was under way, its process gone.
      if (moving[page] !== UP) continue;
      moving[page] = STILL;
      const made = (mask[i] & MADE) !== 0;
      const fresh = (mask[i] & FAULTED) === 0 ? FRESH : 0;
      if (duplicate && !made) {
        map.copies[page] |= 1 << this.index;
        table[page] = (table[page] & USED) | LOCAL | fresh;
      } else {
        map.home[page] = home;
        table[page] = (table[page] & USED) | LOCAL | WRITE | fresh;
      }
      if (fresh !== 0) counts[tally.PREFETCHED]++;
      if (made) counts[tally.POPULATED]++;
      else this.countMove(page, now);
      there++;
    }
    counts[tally.ARRIVED] += there;
    this.resident[block] += there;
    this.pages += there;
  }

  private countMove(page: number, now: Nanoseconds): void {
    const { counts, lastMove } = this;
    counts[tally.MOVES]++;
    if (now - lastMove[page] <= this.parameters.thrash.window) counts[tally.MOVES_AGAIN]++;
    lastMove[page] = now;
  }

  // ---- out

  /** Makes room for one chunk; `done` when it is there. False if nobody can go. */
  private evictOne(now: Nanoseconds, done: Done): boolean {
    const { chunks, map } = this;
    const victim = chunks.victim(
      (block) => this.inFlight[block] === 0,
      (block) => this.resident[block] === 0,
    );
    if (victim < 0) return false;
    if (this.resident[victim] > 0) this.counts[tally.EVICTIONS]++;
    // The chunk is spoken for at once; its content is copied out first.
    chunks.take(victim);
    if (this.resident[victim] === 0) {
      done(now);
      return true;
    }
    if (this.sendBack(victim, 0, map.blockPages[victim], WRITEBACK, true, now, done)) return true;
    chunks.give(victim);
    return false;
  }

  /**
   * Copies pages [from, to) of a block back to the host; second copies are just dropped. `done` when it is there. False, and nothing has happened,
   * if the host has no frame for the first page; pages for which it has none stay here.
   */
  sendBack(
    block: number,
    first: number,
    last: number,
    urgency: number,
    evicting: boolean,
    now: Nanoseconds,
    done: Done,
  ): boolean {
    const { map, table, counts, host } = this;
    const { moving } = map;
    const start = map.blockStart[block];
    const runs: number[] = [];
    let any = false;
    let open = false;
    for (let page = start + first; page < start + last; page++) {
      let goes = (table[page] & LOCAL) !== 0 && moving[page] === STILL;
      if (goes && (map.copies[page] & (1 << this.index)) !== 0) {
        this.drop(page);
        any = true;
        goes = false;
      }
      if (goes && !host.takeBack(page, now)) {
        if (!any) return false;
        goes = false;
      }
      if (goes) {
        any = true;
        this.leave(page);
        moving[page] = DOWN;
      }
      if (goes !== open) runs.push(page);
      open = goes;
    }
    if (open) runs.push(start + last);
    this.inFlight[block]++;
    let left = 1;
    const arrived: Done = (time) => {
      if (--left > 0) return;
      this.inFlight[block]--;
      if (this.resident[block] === 0 && this.chunks.has(block)) this.chunks.emptied(block);
      this.settled(block, time);
      done(time);
    };
    for (let r = 0; r < runs.length; r += 2) {
      const from = runs[r];
      const to = runs[r + 1];
      left++;
      const bytes = (to - from) * PAGE_SIZE;
      counts[evicting ? tally.D2H_EVICTION : tally.D2H_DEMAND] += bytes;
      this.link.down.transfer(now, bytes, urgency, (time) => {
        for (let page = from; page < to; page++) {
          if (moving[page] !== DOWN) continue;
          moving[page] = STILL;
          map.home[page] = HOST;
          this.countMove(page, time);
        }
        arrived(time);
      });
    }
    arrived(now);
    return true;
  }

  /** A second copy goes: nothing is copied. */
  drop(page: number): void {
    this.map.copies[page] &= ~(1 << this.index);
    this.counts[tally.DROPPED]++;
    this.leave(page);
    const block = this.map.blockOf[page];
    if (this.resident[block] === 0 && this.chunks.has(block)) this.chunks.emptied(block);
  }

  /** The page is no longer in this memory. */
  private leave(page: number): void {
    this.table[page] &= USED | REMOTE;
    this.resident[this.map.blockOf[page]]--;
    this.pages--;
  }

  /** The content is gone (unmapped, process ended, lost): no copy, no home. */
  forget(page: number): void {
    const { map } = this;
    if ((this.table[page] & LOCAL) !== 0) {
      this.leave(page);
      map.copies[page] &= ~(1 << this.index);
      const block = map.blockOf[page];
      if (this.resident[block] === 0 && this.chunks.has(block)) this.chunks.emptied(block);
    }
    this.table[page] &= USED;
  }

  /** Pages whose only copy is here. */
  *own(): Generator<number> {
    const { map } = this;
    for (let page = 0; page < map.home.length; page++) if (map.home[page] === this.home) yield page;
  }

  checkConservation(): void {
    let pages = 0;
    for (let page = 0; page < this.table.length; page++) if ((this.table[page] & LOCAL) !== 0) pages++;
    const blocks = this.resident.reduce((sum, n) => sum + n, 0);
    if (pages !== this.pages || pages !== blocks)
      throw new Error(
        `device ${this.parameters.name}: ${pages} pages mapped, ${this.pages} counted, ${blocks} in blocks`,
      );
    if (this.chunks.used > this.chunks.capacity)
      throw new Error(`device ${this.parameters.name}: ${this.chunks.used} chunks of ${this.chunks.capacity} in use`);
    if (pages > this.chunks.used * BLOCK_PAGES)
      throw new Error(`device ${this.parameters.name}: ${pages} pages in ${this.chunks.used} chunks`);
  }
}
