/**
 * The driver of a device: what becomes of each page that the device faults on. It comes, with what is prefetched beside it, is mapped where it is, is
 * copied, waits, or can't be had.
 *
 * Driver: NVIDIA's open kernel modules; host side: HMM.
 */
import type { Nanoseconds } from '../units.ts';
import type { AccessCounters } from './access-counters.ts';
import type { DeviceMemory } from './device-memory.ts';
import type { FaultedBlock, FaultHost, Served } from './fault-service.ts';
import type { HostSide, World } from './host-side.ts';
import { DEMAND } from './link.ts';
import { FAULTED, PREFETCH_TOO, type Marks } from './marks.ts';
import {
  DEVICE0,
  HOST,
  LOCAL,
  LOST,
  PINNED,
  REMOTE,
  STILL,
  UNPOPULATED,
  UP,
  USED,
  WRITE,
  type PageMap,
} from './page-map.ts';
import { BLOCK_PAGES, type DeviceParameters } from './parameters.ts';
import { Prefetcher } from './prefetch.ts';
import * as tally from './tally.ts';
import { PIN, THROTTLE, type Thrashing } from './thrashing.ts';

/** The device that is driven. */
export interface Driven {
  readonly parameters: DeviceParameters;
  readonly index: number;
  readonly counts: Float64Array;
  readonly memory: DeviceMemory;
  /** Its page table. */
  readonly table: Uint8Array;
  readonly thrashing: Thrashing;
  /** Whose memory a page is charged to. */
  cgroupOf(page: number): number;
  /** All streams that wait for a replay try again. */
  replay(now: Nanoseconds): void;
  /** Streams that wait for the page sit out the nap. */
  throttle(page: number, now: Nanoseconds, until: Nanoseconds): void;
  /** Accesses to the page can't be had: they are given up. */
  fail(page: number, why: string, now: Nanoseconds): void;
}

export class Driver implements FaultHost {
  private readonly device: Driven;
  private readonly parameters: DeviceParameters;
  private readonly map: PageMap;
  private readonly table: Uint8Array;
  private readonly memory: DeviceMemory;
  private readonly thrashing: Thrashing;
  private readonly host: HostSide;
  private readonly world: World;
  private readonly others: () => readonly Driven[];
  private readonly counters: AccessCounters;
  private readonly prefetcher: Prefetcher;
  /** Of each block, pages that moved here because of faults. */
  private readonly migrations: Uint32Array;
  private readonly residentMask = new Uint8Array(BLOCK_PAGES);
  private readonly faultMask = new Uint8Array(BLOCK_PAGES);
  private readonly prefetchMask = new Uint8Array(BLOCK_PAGES);
  private readonly thrashMask = new Uint8Array(BLOCK_PAGES);

  constructor(
    device: Driven,
    map: PageMap,
    host: HostSide,
    world: World,
    others: () => readonly Driven[],
    counters: AccessCounters,
  ) {
    const { parameters, table, memory, thrashing } = device;
    this.device = device;
    this.parameters = parameters;
    this.map = map;
    this.table = table;
    this.memory = memory;
    this.thrashing = thrashing;
    this.host = host;
    this.world = world;
    this.others = others;
    this.counters = counters;
    this.prefetcher = new Prefetcher(parameters.prefetch);
    this.migrations = new Uint32Array(map.blocks);
  }

  blockOf(page: number): number {
    return this.map.blockOf[page];
  }

  replay(now: Nanoseconds): void {
    this.device.replay(now);
  }

  serve({ block, pages, stores }: FaultedBlock, now: Nanoseconds, copied: (now: Nanoseconds) => void): Served {
    const { map, table, thrashing, parameters, faultMask } = this;
    const served: Served = { mapped: 0, copies: 0, duplicates: 0, throttled: false };
    const start = map.blockStart[block];
    faultMask.fill(0);
    let moving = 0;
    let moves = 0;
    let duplicate = parameters.readDuplication;
    let ready = now;
    pages.forEach((page, i) => {
      const store = stores[i] !== 0;
      const entry = table[page];
      const known = (entry & (LOCAL | REMOTE)) !== 0 && (!store || (entry & WRITE) !== 0);
      if (known || map.moving[page] !== STILL) {
        served.duplicates++;
        return;
      }
      const hint = thrashing.hint(block, page - start, this.device.index + 1, now);
      if (hint === THROTTLE) {
        served.throttled = true;
        this.device.throttle(page, now, thrashing.until);
        return;
      }
      if ((entry & LOCAL) !== 0) {
        this.collapse(page);
        served.mapped++;
        return;
      }
      const home = this.homeOf(page);
      if (home === LOST) {
        this.device.fail(page, 'it was lost with its device', now);
        return;
      }
      if (home >= DEVICE0) {
        // Another device has it: it comes by way of the host.
        served.copies++;
        const other = this.others()[home - DEVICE0];
        if (!other.memory.sendBack(block, page - start, page - start + 1, DEMAND, false, now, copied)) {
          served.copies--;
          this.device.fail(page, 'no frame on the host for a page of another device', now);
        }
        return;
      }
      if (home === HOST || map.movable[block] === 0 || this.startsOnHost(block)) {
        if (!this.host.isResident(page)) {
          const there = this.host.faultIn(page, store, this.device.cgroupOf(page), now);
          if (there < 0) {
            this.device.fail(page, 'no frame on the host', now);
            return;
          }
          map.home[page] = HOST;
          ready = Math.max(ready, there);
        } else map.home[page] = HOST;
      }
      if (hint === PIN || !this.moves(block, page, store)) {
        if (map.movable[block] !== 0 && hint !== PIN && parameters.policy === 'migrate' && parameters.evict !== 'off') {
          this.device.fail(page, 'beyond what the device sees, and bouncing is off', now);
          return;
        }
        if (map.copies[page] !== 0 && store) this.dropCopies(page);
        this.mapRemote(page, store, hint === PIN ? thrashing.until - now : 0);
        served.mapped++;
        return;
      }
      if (store || map.copies[page] !== 0) duplicate &&= !store;
      faultMask[page - start] = 1;
      moving++;
    });
    if (moving > 0) {
      this.migrations[block] += moving;
      moves = this.move(block, duplicate, ready, now, copied, served);
      if (moves === 0) {
        // No room, and nobody may go: what can be reached stays where it is.
        for (let i = 0; i < map.blockPages[block]; i++)
          if (faultMask[i] !== 0) {
            this.stayOnHost(start + i, now);
            served.mapped++;
          }
      }
    } else if (ready > now) {
      served.copies++;
      this.world.at(ready, copied);
    }
    return served;
  }

  /** Starts the move of `faultMask` and what is prefetched with it. Returns pages that come. */
  private move(
    block: number,
    duplicate: boolean,
    ready: Nanoseconds,
    now: Nanoseconds,
    copied: (now: Nanoseconds) => void,
    served: Served,
  ): number {
    const wanted = this.withPrefetch(block);
    if (ready <= now) {
      const come = this.begin(block, wanted, duplicate, now, copied);
      if (come > 0) {
        served.copies++;
        served.mapped += come;
      }
      return come;
    }
    // Pages come from swap or disk first.
    served.copies++;
    served.mapped += wanted.to - wanted.from;
    this.world.at(ready, (time) => {
      if (this.begin(block, wanted, duplicate, time, copied) === 0) copied(time);
    });
    return 1;
  }

  private begin(
    block: number,
    wanted: Marks,
    duplicate: boolean,
    now: Nanoseconds,
    copied: (now: Nanoseconds) => void,
  ): number {
    const { map, thrashing } = this;
    const { mask, from, to } = wanted;
    const start = map.blockStart[block];
    for (let i = from; i < to; i++) {
      if (mask[i] !== FAULTED) continue;
      if (!duplicate && map.copies[start + i] !== 0) this.dropCopies(start + i);
      thrashing.moved(block, i, this.device.index + 1, now);
    }
    this.counters.restart(block);
    return this.memory.bringIn(block, wanted, duplicate, now, this.device.cgroupOf(start), copied);
  }

  private withPrefetch(block: number): Marks {
    const { map, table, faultMask, residentMask, prefetchMask, thrashMask, host, parameters } = this;
    const start = map.blockStart[block];
    const length = map.blockPages[block];
    const wanted = this.memory.pool.take();
    const { moving, home, copies } = map;
    for (let i = 0; i < length; i++) if (faultMask[i] !== 0) wanted.set(i, FAULTED);
    if (parameters.prefetch.kind === 'none') return wanted;
    // What is on its way counts as there.
    for (let i = 0; i < length; i++) residentMask[i] = (table[start + i] & LOCAL) | (moving[start + i] & UP);
    let thrashes: Uint8Array | null = null;
    if (this.thrashing.anyIn(block)) {
      thrashes = thrashMask;
      for (let i = 0; i < length; i++) thrashMask[i] = this.thrashing.thrashes(block, i) ? 1 : 0;
    }
    const marked = this.prefetcher.mark(
      prefetchMask,
      residentMask,
      faultMask,
      thrashes,
      length,
      this.migrations[block],
    );
    if (marked === 0) return wanted;
    const anywhere = parameters.bounce || parameters.visible === Infinity;
    for (let i = this.prefetcher.from; i < this.prefetcher.to; i++) {
      if (prefetchMask[i] === 0) continue;
      const page = start + i;
      // Only what can come without further ado.
      if (moving[page] !== STILL || home[page] > HOST || copies[page] !== 0) continue;
      if (this.homeOf(page) === HOST && (!host.isResident(page) || !(anywhere || this.mayCross(page)))) continue;
      wanted.set(i, PREFETCH_TOO);
    }
    return wanted;
  }

  serveCounter(block: number, now: Nanoseconds, copied: (now: Nanoseconds) => void): Served {
    const { map, table, host, memory } = this;
    const served: Served = { mapped: 0, copies: 0, duplicates: 0, throttled: false };
    const start = map.blockStart[block];
    const wanted = memory.pool.take();
    for (let i = 0; i < map.blockPages[block]; i++) {
      const page = start + i;
      if (map.movable[block] === 0 || map.moving[page] !== STILL || this.homeOf(page) !== HOST) continue;
      if (!host.isResident(page) || !this.mayCross(page) || (table[page] & (LOCAL | PINNED)) !== 0) continue;
      if (map.copies[page] !== 0 || this.thrashing.thrashes(block, i)) continue;
      wanted.set(i, FAULTED);
    }
    // What can't move at all is not counted again.
    if (wanted.to === 0 || this.memoryFullForGood(block)) {
      if (wanted.to > 0) this.counters.restart(block);
      memory.pool.give(wanted);
      return served;
    }
    served.mapped = this.begin(block, wanted, false, now, copied);
    served.copies = served.mapped > 0 ? 1 : 0;
    return served;
  }

  // ---- policy

  private memoryFullForGood(block: number): boolean {
    const { chunks } = this.memory;
    return this.parameters.evict === 'off' && chunks.full && !chunks.has(block);
  }

  /** Which policies leave what is touched first on the host. */
  private startsOnHost(block: number): boolean {
    const { policy } = this.parameters;
    if (policy === 'migrate') return this.memoryFullForGood(block);
    const { chunks } = this.memory;
    return policy === 'remote' || (chunks.full && !chunks.has(block));
  }

  /** Whether a faulted page comes here, rather than being mapped where it is. */
  private moves(block: number, page: number, store: boolean): boolean {
    const { policy } = this.parameters;
    if (this.map.movable[block] === 0) return false;
    const first = this.homeOf(page) === UNPOPULATED;
    if (first) return true;
    if (this.memoryFullForGood(block)) return false;
    const reachable = this.host.isSeen(page, this.parameters.visible);
    if (policy !== 'migrate' && reachable && !(store && this.map.copies[page] !== 0)) return false;
    return this.mayCross(page);
  }

  private mayCross(page: number): boolean {
    return this.parameters.bounce || this.host.isSeen(page, this.parameters.visible);
  }

  /** A page on the host that the policy leaves there is mapped as soon as it is used, as by `accessed-by` advice or a shared page table. */
  mapsWithoutFault(page: number, store: boolean): boolean {
    const { map, parameters, host } = this;
    if (this.homeOf(page) !== HOST) return false;
    if (map.movable[map.blockOf[page]] !== 0 && parameters.policy === 'migrate') return false;
    if (map.copies[page] !== 0 && store) return false;
    return host.isResident(page) && host.isSeen(page, parameters.visible);
  }

  /** Where a page is. The host makes pages without telling the map. */
  private homeOf(page: number): number {
    const { map } = this;
    if (map.home[page] === UNPOPULATED && this.host.exists(page)) map.home[page] = HOST;
    return map.home[page];
  }

  // ---- the page table

  private mapRemote(page: number, store: boolean, pinned: Nanoseconds): void {
    this.table[page] = (this.table[page] & USED) | REMOTE | WRITE | (pinned > 0 ? PINNED : 0);
    if (pinned > 0 && pinned !== Infinity) this.device.counts[tally.PIN_TIME] += pinned;
    if (store && this.map.copies[page] !== 0) this.dropCopies(page);
  }

  /** A page for which there is no room. */
  private stayOnHost(page: number, now: Nanoseconds): void {
    const { map, host } = this;
    if (this.homeOf(page) === UNPOPULATED) {
      if (host.faultIn(page, true, this.device.cgroupOf(page), now) < 0) {
        this.device.fail(page, 'no frame on the host', now);
        return;
      }
      map.home[page] = HOST;
    }
    if (!host.isSeen(page, this.parameters.visible)) {
      this.device.fail(page, 'no room on the device, and beyond what it sees of the host', now);
      return;
    }
    this.mapRemote(page, false, 0);
  }

  /** A write to a duplicated page: the host's copy and those of others go, this one may be written. */
  private collapse(page: number): void {
    const { map, table } = this;
    const mine = 1 << this.device.index;
    for (const device of this.others())
      if (device !== this.device && (map.copies[page] & (1 << device.index)) !== 0) device.memory.drop(page);
    map.copies[page] &= ~mine;
    this.host.lend(page);
    for (const other of map.tables) if (other !== table) other[page] &= USED;
    map.home[page] = this.memory.home;
    table[page] |= WRITE;
  }

  /** All duplicates of a page of the host go. */
  dropCopies(page: number): void {
    const { map } = this;
    for (const device of this.others()) if ((map.copies[page] & (1 << device.index)) !== 0) device.memory.drop(page);
  }
}
