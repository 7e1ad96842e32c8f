/**
 * A device at work: kernels (launches) with streams of accesses, the page table they go through and the faults they raise; driver.ts decides what
 * becomes of those. A stream that faults waits; the others run on. The time of a kernel is summed from its accesses, in picoseconds.
 *
 * Seed: LSFMM 2013, "Hardware-initiated paging".
 */
import { OP_SHIFT, OP_STORE, PAGE_MASK } from '../machine/access.ts';
import { SECOND, type Nanoseconds } from '../units.ts';
import { AccessCounters } from './access-counters.ts';
import { accessCosts } from './break-even.ts';
import { DeviceMemory } from './device-memory.ts';
import { Driver, type Driven } from './driver.ts';
import { FaultService } from './fault-service.ts';
import type { Announce, HostSide, ServiceProcessor, World } from './host-side.ts';
import type { Launch } from './launch.ts';
import { DEMAND, Link } from './link.ts';
import { NetworkCard, type Requester } from './network-card.ts';
import { FRESH, LOCAL, PINNED, REMOTE, STILL, USED, WRITE, type PageMap } from './page-map.ts';
import type { DeviceParameters } from './parameters.ts';
import * as tally from './tally.ts';
import type { Thrashing } from './thrashing.ts';

const PS = 1000;
/** Accesses between two looks at the clock. */
const BURST = 4096;
/** A kernel that shares the device runs at least this long at a time. */
const TURN: Nanoseconds = 1000;

export class Coprocessor implements Driven, Requester {
  readonly parameters: DeviceParameters;
  readonly index: number;
  readonly counts = new Float64Array(tally.TALLY);
  readonly memory: DeviceMemory;
  readonly link: Link;
  readonly service: FaultService;
  readonly thrashing: Thrashing;
  /** Dead: nothing runs any more. */
  dead = false;
  /** Told when copies of a block are over. */
  onSettled: (block: number, now: Nanoseconds) => void = () => undefined;
  /** Whose memory a page is charged to: told by whoever set the device up. */
  cgroupOf: (page: number) => number = () => 0;
  private readonly map: PageMap;
  /** Its page table. */
  readonly table: Uint8Array;
  private readonly world: World;
  private readonly others: () => readonly Coprocessor[];
  private readonly announce: Announce;
  private readonly counters: AccessCounters;
  private readonly driver: Driver;
  /** Takes over the faults of a network card. */
  private readonly card: NetworkCard | null;
  private readonly launches: Launch[] = [];
  /** What waits for copies of a block: launches with the word to try again. */
  private readonly waiting = new Map<number, { launch: Launch; word: number }[]>();
  private readonly localPs: number;
  private readonly remotePs: number;
  private readonly slotPs: number;
  /** Accesses made since `takeSpent`. */
  spent = 0;
  private failed = false;

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
    this.others = others;
    this.announce = announce;
    this.link = new Link(parameters.link, world);
    this.memory = new DeviceMemory(parameters, index, map, this.link, host, world, this.counts, seed);
    this.memory.settled = (block, now) => this.settled(block, now);
    this.counters = new AccessCounters(parameters, map.blocks, this.counts);
    this.driver = new Driver(this, map, host, world, others, this.counters);
    this.service = new FaultService(parameters.fault, this.driver, processor, this.counts);
    this.card = parameters.rdma ? new NetworkCard(this, map, host, world, announce) : null;
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
    this.resume(launch, now);
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

  /** Something that it, or its feed, waited for is there. */
  resume(launch: Launch, now: Nanoseconds): void {
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

  retry(launch: Launch, word: number, now: Nanoseconds): void {
    if (launch.over || this.dead) return;
    launch.again.push(word);
    this.resume(launch, now);
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
      launch.missed(page);
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
    if (this.card !== null) {
      this.card.fault(launch, page, word, store);
      return;
    }
    if (this.driver.mapsWithoutFault(page, store)) {
      table[page] |= REMOTE | WRITE;
      this.remote(launch, page, store);
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
    launch.missed(page);
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
        this.resume(launch, time);
      });
    if (!this.counters.active || (table[page] & PINNED) !== 0) return;
    const block = this.map.blockOf[page];
    if (this.counters.trips(block)) this.service.notify(block, launch.clock);
  }

  /** All duplicates of a page of the host go. */
  dropCopies(page: number): void {
    this.driver.dropCopies(page);
  }

  // ---- what the driver asks for

  replay(now: Nanoseconds): void {
    for (const launch of this.launches) {
      if (launch.stalled.length === 0) continue;
      for (const word of launch.stalled) launch.again.push(word);
      launch.stalled.length = 0;
      this.resume(launch, now);
    }
  }

  throttle(page: number, now: Nanoseconds, until: Nanoseconds): void {
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

  fail(page: number, why: string, now: Nanoseconds): void {
    for (const launch of this.launches) {
      const before = launch.stalled.length;
      for (let i = before - 1; i >= 0; i--) if ((launch.stalled[i] & PAGE_MASK) === page) launch.stalled.splice(i, 1);
      const given = before - launch.stalled.length;
      if (given === 0) continue;
      launch.free += given;
      for (let i = 0; i < given; i++) launch.missed(page);
      this.counts[tally.FAILED] += given;
      this.resume(launch, now);
    }
    if (this.failed) return;
    this.failed = true;
    this.announce('failed', `${this.parameters.name} could not reach a page: ${why}`, now);
  }

  // ---- the host's side

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
}
