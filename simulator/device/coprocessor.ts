/**
 * A device at work: kernels (launches) with streams of accesses, the page table they go through, the faults they raise, and the driver's decisions
 * on each faulted page. A stream that faults waits; the others run on. The time of a kernel is summed from its accesses, in picoseconds.
 *
 * Seed: LSFMM 2013, "Hardware-initiated paging". Driver: NVIDIA's open kernel modules; host side: HMM.
 */
import { OP_SHIFT, OP_STORE, PAGE_MASK } from '../machine/access.ts';
import { SECOND, type Nanoseconds } from '../units.ts';
import { accessCosts, adaptiveThreshold } from './break-even.ts';
import { DeviceMemory } from './device-memory.ts';
import { FaultService, type FaultedBlock, type FaultHost, type Served } from './fault-service.ts';
import type { Announce, HostSide, ServiceProcessor, World } from './host-side.ts';
import type { Launch } from './launch.ts';
import { DEMAND, Link } from './link.ts';
import { FAULTED, PREFETCH_TOO, type Marks } from './marks.ts';
import {
  DEVICE0,
  FRESH,
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

const PS = 1000;
/** Accesses between two looks at the clock. */
const BURST = 4096;
/** A kernel that shares the device runs at least this long at a time. */
const TURN: Nanoseconds = 1000;

export class Coprocessor implements FaultHost {
  readonly parameters: DeviceParameters;
  readonly index: number;
  readonly counts = new Float64Array(tally.TALLY);
  readonly memory: DeviceMemory;
  readonly link: Link;
  readonly service: FaultService;
  readonly thrashing: Thrashing;
  /** Dead: nothing runs any more. */
  dead = false;
  private readonly map: PageMap;
  /** Its page table. */
  readonly table: Uint8Array;
  private readonly world: World;
  private readonly host: HostSide;
  private readonly others: () => readonly Coprocessor[];
  private readonly announce: Announce;
  private readonly prefetcher: Prefetcher;
  private readonly launches: Launch[] = [];
  /** What waits for copies of a block: launches with the word to try again. */
  private readonly waiting = new Map<number, { launch: Launch; word: number }[]>();
  /** Remote accesses of each block, while a counter counts them; −1: it has tripped. */
  private readonly remoteAccesses: Float64Array;
  private readonly migrations: Uint32Array;
  private readonly localPs: number;
  private readonly remotePs: number;
  private readonly slotPs: number;
  private readonly residentMask = new Uint8Array(BLOCK_PAGES);
  private readonly faultMask = new Uint8Array(BLOCK_PAGES);
  private readonly prefetchMask = new Uint8Array(BLOCK_PAGES);
  private readonly thrashMask = new Uint8Array(BLOCK_PAGES);
  private spent = 0;
  private failed = false;
  /** Share of the chunks that came and made another one leave, and the threshold that follows. */
  private knownShare = -1;
  private knownThreshold = 0;

  constructor(
    parameters: DeviceParameters,
    index: number,
    map: PageMap,
    thrashing: Thrashing,
    world: World,
    host: HostSide,
    processor: ServiceProcessor,
    others: () => readonly Coprocessor[],
    announce: Announce,
    seed: number,
  ) {
    this.parameters = parameters;
    this.index = index;
    this.map = map;
    this.table = map.tables[index];
    this.thrashing = thrashing;
    this.world = world;
    this.host = host;
    this.others = others;
    this.announce = announce;
    this.link = new Link(parameters.link, world);
    this.memory = new DeviceMemory(parameters, index, map, this.link, host, world, this.counts, seed);
    this.memory.settled = (block, now) => this.settled(block, now);
    this.service = new FaultService(parameters.fault, this, processor, this.counts);
    this.prefetcher = new Prefetcher(parameters.prefetch);
    this.remoteAccesses = new Float64Array(map.blocks);
    this.migrations = new Uint32Array(map.blocks);
    const costs = accessCosts(parameters);
    this.localPs = Math.max(1, Math.round(costs.local * parameters.granules * PS));
    this.remotePs = Math.max(1, Math.round(costs.remote * parameters.granules * PS));
    this.slotPs = Math.round((parameters.accessSize * SECOND * PS) / parameters.link.h2d);
  }

  /** Accesses done since the last call, for whoever keeps steps short. */
  takeSpent(): number {
    const { spent } = this;
    this.spent = 0;
    return spent;
  }

  // ---- kernels

  start(launch: Launch, now: Nanoseconds): void {
    this.launches.push(launch);
    launch.clock = launch.began = now;
    this.kick(launch, now);
  }

  /** Gone, whatever it waited for. */
  stop(launch: Launch): void {
    const at = this.launches.indexOf(launch);
    if (at >= 0) {
      this.launches.splice(at, 1);
      this.counts[tally.KERNEL_TIME] += launch.clock - launch.began;
    }
    launch.over = true;
  }

  get running(): readonly Launch[] {
    return this.launches;
  }

  /** Something it waited for is there. */
  private kick(launch: Launch, now: Nanoseconds): void {
    if (launch.scheduled || launch.over) return;
    launch.scheduled = true;
    if (launch.stalledSince >= 0) {
      this.counts[tally.STALL] += now - launch.stalledSince;
      launch.stalledSince = -1;
    }
    this.world.at(Math.max(now, launch.clock), (time) => {
      launch.scheduled = false;
      if (!launch.over && !this.dead) this.run(launch, time);
    });
  }

  private retry(launch: Launch, word: number, now: Nanoseconds): void {
    if (launch.over || this.dead) return;
    launch.again.push(word);
    this.kick(launch, now);
  }

  private run(launch: Launch, now: Nanoseconds): void {
    if (!launch.wanted) {
      this.stop(launch);
      return;
    }
    launch.clock = Math.max(launch.clock, now);
    let until = this.until(now);
    for (let done = 0; ;) {
      if (launch.again.length > 0) {
        if (launch.clock >= until && done > 0) break;
        const faults = this.counts[tally.FAULTS];
        this.spent++;
        done++;
        this.access(launch, launch.again.shift()!);
        if (this.counts[tally.FAULTS] !== faults) until = this.until(now);
        continue;
      }
      if (launch.free <= 0) {
        launch.stalledSince = launch.clock;
        return;
      }
      if (launch.at === launch.end && !launch.draw(launch.clock)) {
        if (launch.free < launch.streams) {
          // The last accesses are under way.
          launch.stalledSince = launch.clock;
          return;
        }
        launch.drained(launch.clock);
        if (launch.over) {
          this.stop(launch);
          return;
        }
        if (launch.at === launch.end) return;
      }
      if ((launch.clock >= until && done > 0) || done >= BURST) break;
      const before = launch.at;
      const faults = this.counts[tally.FAULTS];
      this.runLocal(launch, until);
      done += launch.at - before;
      this.spent += launch.at - before;
      if (launch.at < launch.end && (launch.clock < until || done === 0) && launch.again.length === 0) {
        const word = launch.lot[launch.at++];
        done++;
        this.spent++;
        launch.free--;
        this.access(launch, word);
      }
      if (this.counts[tally.FAULTS] !== faults) until = this.until(now);
    }
    launch.scheduled = true;
    this.world.at(launch.clock, (time) => {
      launch.scheduled = false;
      if (!launch.over && !this.dead) this.run(launch, time);
    });
  }

  private until(now: Nanoseconds): Nanoseconds {
    const horizon = this.world.horizon(now);
    return this.launches.length > 1 ? Math.max(horizon, now + TURN) : horizon;
  }

  /** Accesses to what is there, one after the other, until one is not or time is over. */
  private runLocal(launch: Launch, until: Nanoseconds): void {
    const { table, map, counts } = this;
    const { lot, end } = launch;
    const chunks = this.parameters.evict === 'true-lru' ? this.memory.chunks : null;
    const step = this.localPs * Math.max(1, this.launches.length);
    const budget = (until - launch.clock) * PS - launch.rest;
    let at = launch.at;
    let ps = 0;
    while (at < end && ps < budget) {
      const word = lot[at];
      const page = word & PAGE_MASK;
      const entry = table[page];
      if ((entry & LOCAL) === 0 || (word >>> OP_SHIFT >= OP_STORE && (entry & WRITE) === 0)) break;
      if ((entry & (FRESH | USED)) !== USED) this.firstUse(page, entry);
      if (chunks !== null) chunks.touched(map.blockOf[page]);
      ps += step;
      at++;
    }
    const n = at - launch.at;
    if (n === 0) return;
    launch.at = at;
    launch.hits += n;
    counts[tally.LOCAL] += n;
    this.pass(launch, ps);
  }

  private missed(launch: Launch, page: number): void {
    launch.misses++;
    if (launch.onMiss !== null) launch.onMiss(page);
  }

  private firstUse(page: number, entry: number): void {
    if ((entry & FRESH) !== 0) this.counts[tally.PREFETCH_USED]++;
    if ((entry & USED) === 0) this.counts[tally.FOOTPRINT]++;
    this.table[page] = (entry & ~FRESH) | USED;
  }

  private pass(launch: Launch, ps: number): void {
    const all = launch.rest + ps;
    const whole = Math.floor(all / PS);
    launch.clock += whole;
    launch.rest = all - whole * PS;
  }

  /** One access of a stream that is taken up: done, or left waiting for something. */
  private access(launch: Launch, word: number): void {
    const { table, map, parameters } = this;
    const page = word & PAGE_MASK;
    const store = word >>> OP_SHIFT >= OP_STORE;
    const entry = table[page];
    const now = launch.clock;
    if ((entry & LOCAL) !== 0 && (!store || (entry & WRITE) !== 0)) {
      if ((entry & (FRESH | USED)) !== USED) this.firstUse(page, entry);
      if (parameters.evict === 'true-lru') this.memory.chunks.touched(map.blockOf[page]);
      this.counts[tally.LOCAL]++;
      this.missed(launch, page);
      launch.free++;
      this.pass(launch, this.localPs * Math.max(1, this.launches.length));
      return;
    }
    if (map.moving[page] !== STILL) {
      this.waitFor(map.blockOf[page], launch, word);
      return;
    }
    if ((entry & REMOTE) !== 0 && this.remoteAllowed(page, entry, store, now)) {
      this.remote(launch, page, store);
      return;
    }
    if (this.mapsWithoutFault(page, store)) {
      table[page] |= REMOTE | WRITE;
      this.remote(launch, page, store);
      return;
    }
    if (parameters.rdma) {
      this.networkFault(launch, page, word, store);
      return;
    }
    launch.stalled.push(word);
    this.service.raise(page, store, now);
  }

  private waitFor(block: number, launch: Launch, word: number): void {
    let list = this.waiting.get(block);
    if (!list) this.waiting.set(block, (list = []));
    list.push({ launch, word });
  }

  private settled(block: number, now: Nanoseconds): void {
    for (const device of this.others()) device.wakeWaiting(block, now);
    this.onSettled(block, now);
  }

  /** Calls back at a time, for whoever has no clock of his own. */
  later(time: Nanoseconds, run: (now: Nanoseconds) => void): void {
    this.world.at(time, run);
  }

  private wakeWaiting(block: number, now: Nanoseconds): void {
    const list = this.waiting.get(block);
    if (!list) return;
    this.waiting.delete(block);
    for (const { launch, word } of list) this.retry(launch, word, now);
  }

  // ---- over the link

  /** A page on the host that the policy leaves there is mapped as soon as it is used, as by `accessed-by` advice or a shared page table. */
  private mapsWithoutFault(page: number, store: boolean): boolean {
    const { map, parameters, host } = this;
    if (parameters.rdma || this.homeOf(page) !== HOST) return false;
    if (map.movable[map.blockOf[page]] !== 0 && parameters.policy === 'migrate') return false;
    if (map.copies[page] !== 0 && store) return false;
    return host.isResident(page) && host.isSeen(page, parameters.visible);
  }

  /** False once a pin is over: the access faults again and the page may move. */
  private remoteAllowed(page: number, entry: number, store: boolean, now: Nanoseconds): boolean {
    if ((entry & PINNED) !== 0) {
      const block = this.map.blockOf[page];
      const at = page - this.map.blockStart[block];
      if (now < this.thrashing.pinnedUntil(block, at)) return true;
      this.thrashing.release(block, at);
      this.table[page] &= USED;
      return false;
    }
    return !store || (entry & WRITE) !== 0;
  }

  private remote(launch: Launch, page: number, store: boolean): void {
    const { parameters, counts, table } = this;
    const lane = store ? this.link.down : this.link.up;
    const now = launch.clock;
    counts[tally.REMOTE]++;
    counts[store ? tally.D2H_REMOTE : tally.H2D_REMOTE] += parameters.accessSize;
    this.missed(launch, page);
    if ((table[page] & USED) === 0) {
      table[page] |= USED;
      counts[tally.FOOTPRINT]++;
    }
    if (lane.isFree(now)) {
      launch.free++;
      this.pass(launch, this.remotePs);
      lane.slots(now, launch.clock, Math.min(this.slotPs, this.remotePs) / PS);
    } else
      lane.queuedSlot(now, parameters.accessSize, (time) => {
        launch.free++;
        this.kick(launch, time);
      });
    const { policy } = parameters;
    if (policy !== 'counter' && policy !== 'adaptive') return;
    const block = this.map.blockOf[page];
    const seen = this.remoteAccesses[block];
    if (seen < 0 || (table[page] & PINNED) !== 0) return;
    this.remoteAccesses[block] = seen + parameters.granules;
    if (seen + parameters.granules < this.threshold()) return;
    this.remoteAccesses[block] = -1;
    this.service.notify(block, launch.clock);
  }

  /** Remote accesses to a block after which it moves. */
  threshold(): number {
    const { policy, threshold } = this.parameters;
    if (policy !== 'adaptive') return threshold;
    const { counts } = this;
    const share = counts[tally.CHUNKS_IN] > 0 ? counts[tally.EVICTIONS] / counts[tally.CHUNKS_IN] : 0;
    if (share !== this.knownShare) {
      this.knownShare = share;
      this.knownThreshold = adaptiveThreshold(this.parameters, share);
    }
    return this.knownThreshold;
  }

  // ---- the driver

  /** Where a page is. The host makes pages without telling the map. */
  private homeOf(page: number): number {
    const { map } = this;
    if (map.home[page] === UNPOPULATED && this.host.exists(page)) map.home[page] = HOST;
    return map.home[page];
  }

  blockOf(page: number): number {
    return this.map.blockOf[page];
  }

  replay(now: Nanoseconds): void {
    for (const launch of this.launches) {
      if (launch.stalled.length === 0) continue;
      for (const word of launch.stalled) launch.again.push(word);
      launch.stalled.length = 0;
      this.kick(launch, now);
    }
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
      const hint = thrashing.hint(block, page - start, this.index + 1, now);
      if (hint === THROTTLE) {
        served.throttled = true;
        this.throttle(page, now, thrashing.until);
        return;
      }
      if ((entry & LOCAL) !== 0) {
        this.collapse(page);
        served.mapped++;
        return;
      }
      const home = this.homeOf(page);
      if (home === LOST) {
        this.fail(page, 'it was lost with its device', now);
        return;
      }
      if (home >= DEVICE0) {
        // Another device has it: it comes by way of the host.
        served.copies++;
        const other = this.others()[home - DEVICE0];
        if (!other.memory.sendBack(block, page - start, page - start + 1, DEMAND, false, now, copied)) {
          served.copies--;
          this.fail(page, 'no frame on the host for a page of another device', now);
        }
        return;
      }
      if (home === HOST || map.movable[block] === 0 || this.startsOnHost(block)) {
        if (!this.host.isResident(page)) {
          const there = this.host.faultIn(page, store, this.cgroupOf(page), now);
          if (there < 0) {
            this.fail(page, 'no frame on the host', now);
            return;
          }
          map.home[page] = HOST;
          ready = Math.max(ready, there);
        } else map.home[page] = HOST;
      }
      if (hint === PIN || !this.moves(block, page, store)) {
        if (map.movable[block] !== 0 && hint !== PIN && parameters.policy === 'migrate' && parameters.evict !== 'off') {
          this.fail(page, 'beyond what the device sees, and bouncing is off', now);
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
      thrashing.moved(block, i, this.index + 1, now);
    }
    this.remoteAccesses[block] = 0;
    return this.memory.bringIn(block, wanted, duplicate, now, this.cgroupOf(start), copied);
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
      if (wanted.to > 0) this.remoteAccesses[block] = 0;
      memory.pool.give(wanted);
      return served;
    }
    served.mapped = this.begin(block, wanted, false, now, copied);
    served.copies = served.mapped > 0 ? 1 : 0;
    return served;
  }

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

  private mapRemote(page: number, store: boolean, pinned: Nanoseconds): void {
    this.table[page] = (this.table[page] & USED) | REMOTE | WRITE | (pinned > 0 ? PINNED : 0);
    if (pinned > 0 && pinned !== Infinity) this.counts[tally.PIN_TIME] += pinned;
    if (store && this.map.copies[page] !== 0) this.dropCopies(page);
  }

  /** A page for which there is no room. */
  private stayOnHost(page: number, now: Nanoseconds): void {
    const { map, host } = this;
    if (this.homeOf(page) === UNPOPULATED) {
      if (host.faultIn(page, true, this.cgroupOf(page), now) < 0) {
        this.fail(page, 'no frame on the host', now);
        return;
      }
      map.home[page] = HOST;
    }
    if (!host.isSeen(page, this.parameters.visible)) {
      this.fail(page, 'no room on the device, and beyond what it sees of the host', now);
      return;
    }
    this.mapRemote(page, false, 0);
  }

  /** A write to a duplicated page: the host's copy and those of others go, this one may be written. */
  private collapse(page: number): void {
    const { map, table } = this;
    const mine = 1 << this.index;
    for (const device of this.others())
      if (device !== this && (map.copies[page] & (1 << device.index)) !== 0) device.memory.drop(page);
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

  /** Streams that wait for the page sit out the nap. */
  private throttle(page: number, now: Nanoseconds, until: Nanoseconds): void {
    for (const launch of this.launches) {
      for (let i = launch.stalled.length - 1; i >= 0; i--) {
        const word = launch.stalled[i];
        if ((word & PAGE_MASK) !== page) continue;
        launch.stalled.splice(i, 1);
        this.counts[tally.THROTTLE_TIME] += until - now;
        this.world.at(until, (time) => this.retry(launch, word, time));
      }
    }
  }

  /** Accesses to the page can't be had: they are given up. */
  private fail(page: number, why: string, now: Nanoseconds): void {
    for (const launch of this.launches) {
      const before = launch.stalled.length;
      for (let i = before - 1; i >= 0; i--) if ((launch.stalled[i] & PAGE_MASK) === page) launch.stalled.splice(i, 1);
      const given = before - launch.stalled.length;
      if (given === 0) continue;
      launch.free += given;
      for (let i = 0; i < given; i++) this.missed(launch, page);
      this.counts[tally.FAILED] += given;
      this.kick(launch, now);
    }
    if (this.failed) return;
    this.failed = true;
    this.announce('failed', `${this.parameters.name} could not reach a page: ${why}`, now);
  }

  // ---- a network card

  private networkFault(launch: Launch, page: number, word: number, store: boolean): void {
    const { odp } = this.parameters;
    const { counts, map, host } = this;
    const now = launch.clock;
    counts[tally.FAULTS]++;
    const there = host.isResident(page) ? now : host.faultIn(page, store, this.cgroupOf(page), now);
    if (there < 0) {
      launch.free++;
      this.missed(launch, page);
      counts[tally.FAILED]++;
      return;
    }
    if (map.home[page] === UNPOPULATED) map.home[page] = HOST;
    const ready = Math.max(there, now) + odp.fault;
    let again = ready;
    if (odp.responder) {
      const tries = Math.max(1, Math.ceil((ready - now) / odp.rnrTimer));
      again = now + tries * odp.rnrTimer;
      if (tries > odp.retries && odp.retries < 7) {
        this.announce(
          'connection',
          `${this.parameters.name}: receiver not ready ${odp.retries} times over, the connection is in error`,
          now + odp.retries * odp.rnrTimer,
        );
        counts[tally.FAILED]++;
        launch.free++;
        this.missed(launch, page);
        launch.abort(now + odp.retries * odp.rnrTimer);
        return;
      }
    }
    this.world.at(ready, () => {
      if (host.isResident(page)) this.table[page] |= REMOTE | WRITE;
    });
    this.world.at(again, (time) => this.retry(launch, word, time));
    if (odp.damming && launch.at < launch.end) {
      // The request right behind is lost, though it was sent beyond what may be under way.
      const lost = launch.lot[launch.at++];
      launch.free--;
      this.spent++;
      this.world.at(now + odp.timeout, (time) => this.retry(launch, lost, time));
    }
  }

  // ---- the host's side

  /** Told when copies of a block are over. */
  onSettled: (block: number, now: Nanoseconds) => void = () => undefined;
  /** Whose memory a page is charged to: told by whoever set the device up. */
  cgroupOf: (page: number) => number = () => 0;

  /** The host's page went away or changed: its entry here goes. */
  invalidate(page: number): void {
    if ((this.map.copies[page] & (1 << this.index)) !== 0) this.memory.drop(page);
    this.table[page] &= USED | LOCAL | WRITE | FRESH;
  }

  /** May a processor have the page now? SERVE: yes, once it is back; THROTTLE: after `thrashing.until`; PIN: it comes back and stays. */
  hostHint(page: number, now: Nanoseconds): number {
    const block = this.map.blockOf[page];
    return this.thrashing.hint(block, page - this.map.blockStart[block], 0, now);
  }

  /** A processor faulted on a page here: it comes back with its neighbours within `cpu-unit`. `done` when it is there. False: no frame. */
  returnTo(page: number, now: Nanoseconds, done: (now: Nanoseconds) => void): boolean {
    const { map, parameters } = this;
    const block = map.blockOf[page];
    const at = page - map.blockStart[block];
    const unit = parameters.cpuUnit;
    const from = at - (at % unit);
    const to = Math.min(from + unit, map.blockPages[block]);
    this.counts[tally.HOST_FAULTS]++;
    if (!this.memory.sendBack(block, from, to, DEMAND, false, now, done)) return false;
    this.thrashing.moved(block, at, 0, now);
    return true;
  }

  /** PIN from a processor's fault: the page comes back, and devices will reach it over the link. */
  pin(now: Nanoseconds): void {
    const { until } = this.thrashing;
    if (until !== Infinity) this.counts[tally.PIN_TIME] += until - now;
  }

  /** Something that its feed waited for is there: draws again. */
  resume(launch: Launch, now: Nanoseconds): void {
    this.kick(launch, now);
  }
}
