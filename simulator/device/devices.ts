/**
 * Devices on the one machine: phases that run on them, processors that fault their pages back, host memory that lends frames and takes them back,
 * their fault services as kernel threads, their ends. Everything in between is in coprocessor.ts, which knows no machine.
 */
import { OP_LOAD, OP_SHIFT, OP_STORE, OP_WRITE, PAGE_MASK } from '../machine/access.ts';
import type { DevicePages } from '../machine/device-pages.ts';
import { PGFAULT } from '../machine/counters.ts';
import { HIT, NO_SPACE, OUT_OF_MEMORY, READ_IO, SWAP_IN } from '../machine/memory.ts';
import { PlanError } from '../plan-error.ts';
import type { DeviceSpec, SourceSpan, TimelineAction } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as rules from '../tables/device-rules.ts';
import * as knobs from '../tables/knobs.ts';
import { PAGE_SIZE, SECOND, type Nanoseconds } from '../units.ts';
import type { AccessGuard, Engine, StepHandler, TimelineHandlers } from '../engine/engine.ts';
import type { Thread } from '../engine/thread.ts';
import type { Waitable } from '../engine/waits.ts';
import { Coprocessor } from './coprocessor.ts';
import { DeviceRecords } from './device-records.ts';
import type { HostSide, World } from './host-side.ts';
import { KernelFeed } from './kernel-feed.ts';
import { DEMAND, type Done } from './link.ts';
import { DEVICE0, HOST, LOST, PageMap, STILL, UNPOPULATED, USED } from './page-map.ts';
import { parametersOf } from './parameters.ts';
import * as tally from './tally.ts';
import { PIN, THROTTLE, Thrashing } from './thrashing.ts';

const HASH = 0x9e3779b1;
const TWO_32 = 4_294_967_296;

class Calls implements World {
  private readonly engine: Engine;
  private readonly actor: number;
  private readonly calls: (Done | undefined)[] = [];
  private readonly holes: number[] = [];

  constructor(engine: Engine) {
    this.engine = engine;
    this.actor = engine.addActor({
      name: 'devices',
      due: (now, slot) => {
        const run = this.calls[slot]!;
        this.calls[slot] = undefined;
        this.holes.push(slot);
        run(now);
      },
    });
  }

  at(time: Nanoseconds, run: Done): void {
    const slot = this.holes.pop() ?? this.calls.length;
    this.calls[slot] = run;
    this.engine.schedule(time, this.actor, slot);
  }

  horizon(): Nanoseconds {
    return this.engine.horizon;
  }
}

export class Devices implements StepHandler, AccessGuard {
  readonly devices: readonly Coprocessor[];
  readonly map: PageMap;
  readonly records: DeviceRecords;
  readonly actions: TimelineHandlers = {
    device: (action, time, source) => this.end(action, time, source),
  };
  private readonly engine: Engine;
  private readonly pages: DevicePages;
  private readonly specs: readonly DeviceSpec[];
  private readonly world: Calls;
  private readonly thrashing: Thrashing;
  private readonly memoryBytes: number;
  /** Feed of the step that a thread runs on a device now. */
  private readonly feeds = new Map<Thread, KernelFeed>();
  /** Threads of processors that wait for copies of a block. */
  private readonly waiting = new Map<number, Thread[]>();
  private readonly copying: Waitable = { name: 'a page being copied', owners: () => [] };
  private readonly kernel: Waitable = { name: 'a kernel on a device', owners: () => [] };

  constructor(engine: Engine, specs: readonly DeviceSpec[]) {
    this.engine = engine;
    this.specs = specs;
    const { setup, memory, recorder } = engine;
    const pages = memory.devicePages?.();
    if (pages === undefined)
      throw new PlanError(
        `'${setup.scenario.reclaim.id}' knows only the page cache, but the machine has a device whose pages look swapped out`,
        'Choose one of the kernel’s ways of reclaim, such as v6.1.',
        specs[0].source,
      );
    this.pages = pages;
    const { layout, objects } = setup;
    this.memoryBytes = valueOf(layout.machine.values, knobs.memory);
    this.map = new PageMap(
      layout.pages,
      objects.map(({ kind }, i) => ({ base: layout.bases[i], pages: layout.numbered[i], movable: kind === 'anon' })),
      specs.length,
    );
    this.world = new Calls(engine);
    const parameters = specs.map(parametersOf);
    this.thrashing = new Thrashing(parameters[0].thrash);
    const host = this.hostSide();
    const devices: Coprocessor[] = [];
    parameters.forEach((one, i) => {
      const thread = engine.addKernelThread({ name: `${one.name} faults`, due: (now) => devices[i].service.due(now) });
      const device = new Coprocessor(
        one,
        i,
        this.map,
        this.thrashing,
        this.world,
        host,
        {
          want: (now) => engine.wantCpu(thread, now),
          goOn: (time) => engine.goOn(thread, time),
          giveUp: (now) => engine.giveUpCpu(now),
        },
        () => devices,
        (rule, text, now) =>
          recorder.event(now, rule === 'connection' ? rules.DEVICE_CONNECTION : rules.DEVICE_FAILED, one.name, text),
        recorder.seed,
      );
      device.cgroupOf = (page) => this.cgroupOf(page);
      devices.push(device);
    });
    this.devices = devices;
    for (const device of devices) device.onSettled = (block, now) => this.wake(block, now);
    pages.listener = {
      left: (page) => devices.forEach((device) => device.invalidate(page)),
      gone: (page) => this.gone(page),
      returned: (page) => this.returned(page),
    };
    this.records = new DeviceRecords(engine, devices, this.map, pages);
    recorder.devices = this.records;
  }

  // ---- the host

  private hostSide(): HostSide {
    const { memory, disk, swap } = this.engine;
    return {
      isResident: (page) => memory.isResident(page),
      exists: (page) => this.pages.exists(page),
      faultIn: (page, store, cgroup, now) => {
        const file = this.map.movable[this.map.blockOf[page]] === 0;
        const operation = store ? (file ? OP_WRITE : OP_STORE) : OP_LOAD;
        memory.setTime?.(now);
        const outcome = memory.access(((operation << OP_SHIFT) | page) >>> 0, cgroup);
        this.engine.reclaimed(now);
        if ((outcome & (OUT_OF_MEMORY | NO_SPACE)) !== 0) return -1;
        let until = now + this.engine.costs.fault;
        if ((outcome & READ_IO) !== 0) until = disk.request(until, 1);
        if ((outcome & SWAP_IN) !== 0) until = swap.request(until, 1);
        return until;
      },
      lend: (page) => {
        if (memory.isResident(page)) this.pages.lend(page);
      },
      populate: (page, cgroup) => this.pages.populate(page, cgroup),
      takeBack: (page, now) => {
        const taken = this.pages.takeBack(page);
        this.engine.reclaimed(now);
        return taken;
      },
      forfeit: (page) => this.pages.forfeit(page),
      // Frames have no numbers here: which page lies beyond what a device sees is drawn from the page's number.
      isSeen: (page, visible) =>
        visible >= this.memoryBytes || ((Math.imul(page + 1, HASH) >>> 0) / TWO_32) * this.memoryBytes < visible,
    };
  }

  private processOf(page: number): number {
    const object = this.map.blockObject[this.map.blockOf[page]];
    return this.engine.setup.objects[object].process ?? -1;
  }

  private cgroupOf(page: number): number {
    const process = this.processOf(page);
    return process < 0 ? 0 : this.engine.setup.scenario.processes[process].cgroup;
  }

  /** Unmapped, exited, discarded: no copy is worth anything any more. */
  private gone(page: number): void {
    const { map } = this;
    if (map.home[page] === UNPOPULATED) return;
    for (const device of this.devices) device.memory.forget(page);
    map.home[page] = UNPOPULATED;
    map.copies[page] = 0;
    map.moving[page] = STILL;
  }

  private returned(page: number): void {
    const { map } = this;
    const home = map.home[page];
    if (home >= DEVICE0 && home !== LOST) this.devices[home - DEVICE0].memory.forget(page);
    map.moving[page] = STILL;
    map.home[page] = HOST;
  }

  // ---- processors

  enter(thread: Thread, word: number): boolean {
    const { map, engine } = this;
    const page = word & PAGE_MASK;
    for (;;) {
      if (map.moving[page] !== STILL) {
        this.waitFor(map.blockOf[page], thread);
        return false;
      }
      const home = map.home[page];
      if (home < DEVICE0) {
        if (map.copies[page] !== 0 && word >>> OP_SHIFT >= OP_STORE) {
          // The duplicates are invalidated first.
          for (const device of this.devices) device.dropCopies(page);
          engine.work(engine.costs.fault);
        }
        return true;
      }
      if (home === LOST) {
        const text = 'a page that it touched was lost with a device';
        engine.kill(thread.program.process, engine.local, rules.DEVICE_LOST, text);
        return false;
      }
      const device = this.devices[home - DEVICE0];
      if (device.parameters.coherent) return true;
      const hint = device.hostHint(page, engine.local);
      if (hint === THROTTLE) {
        device.counts[tally.THROTTLE_TIME] += this.thrashing.until - engine.local;
        if (!engine.pass(thread, this.thrashing.until, 'fault service')) return false;
        continue;
      }
      if (hint === PIN) device.pin(engine.local);
      engine.work(engine.costs.fault);
      engine.memory.counters[PGFAULT]++;
      if (!device.returnTo(page, engine.local, () => undefined)) {
        engine.outOfMemory(thread);
        return false;
      }
      this.waitFor(map.blockOf[page], thread);
      return false;
    }
  }

  leave(): void {
    // Nothing is held during an access.
  }

  /** Whether a processor reaches for this page over the link instead of faulting it back. */
  isFar(word: number): boolean {
    const home = this.map.home[word & PAGE_MASK];
    return home >= DEVICE0 && home !== LOST;
  }

  /** It does. */
  reach(word: number): number {
    const { engine } = this;
    const { parameters, link, counts } = this.devices[this.map.home[word & PAGE_MASK] - DEVICE0];
    const store = word >>> OP_SHIFT >= OP_STORE;
    const lane = store ? link.up : link.down;
    const takes = Math.round((PAGE_SIZE * SECOND) / lane.bandwidth);
    counts[store ? tally.H2D_REMOTE : tally.D2H_REMOTE] += PAGE_SIZE;
    const from = engine.local;
    engine.work(parameters.link.latency + takes);
    lane.slots(from, engine.local, takes);
    return HIT;
  }

  private waitFor(block: number, thread: Thread): void {
    const list = this.waiting.get(block);
    if (list) list.push(thread);
    else this.waiting.set(block, [thread]);
    this.engine.block(thread, 'fault service', this.copying, true);
  }

  private wake(block: number, now: Nanoseconds): void {
    const list = this.waiting.get(block);
    if (!list) return;
    this.waiting.delete(block);
    for (const thread of list) this.engine.unblock(thread, now);
  }

  // ---- phases on devices

  /** Who makes the accesses of the step that a thread has entered; undefined: its processor. */
  handlerOf(thread: Thread): StepHandler | undefined {
    return thread.program.phases[thread.cursor.phase]?.device === undefined ? undefined : this;
  }

  begin(thread: Thread): void {
    const { engine } = this;
    const index = thread.program.phases[thread.cursor.phase].device!;
    const device = this.devices[index];
    if (device.dead) {
      const { name, source } = this.specs[index];
      const text = `${thread.name} has nothing to run on: ${name} is dead`;
      engine.recorder.event(engine.local, rules.DEVICE_GONE, name, text, source);
      return;
    }
    const feed = new KernelFeed(engine, device, thread, this.records);
    this.feeds.set(thread, feed);
    device.start(feed.launch, engine.local);
  }

  advance(thread: Thread): boolean {
    this.engine.spend(1);
    const feed = this.feeds.get(thread);
    if (!feed || feed.launch.over) {
      this.feeds.delete(thread);
      return true;
    }
    feed.waits = true;
    this.engine.block(thread, 'fault service', this.kernel);
    return false;
  }

  // ---- ends

  private end(action: TimelineAction, now: Nanoseconds, source: SourceSpan | undefined): void {
    if (action.kind !== 'device') return;
    const { recorder } = this.engine;
    const device = this.devices[action.device];
    if (device.dead) return;
    const { name } = device.parameters;
    const how = action.pages ?? device.parameters.onLoss;
    const dies = action.state === 'die';
    for (const launch of [...device.running]) launch.abort(now);
    if (dies) device.dead = true;
    const there = device.memory.pages;
    const rule = dies ? rules.DEVICE_DIE : rules.DEVICE_RESET;
    const verb = dies ? 'dies' : 'is reset';
    if (how === 'lose') {
      const lost = this.lose(device);
      recorder.event(now, rule, name, `${name} ${verb}: ${lost} pages are lost`, source);
      return;
    }
    recorder.event(now, rule, name, `${name} ${verb}: ${there} pages go back to the host`, source);
    this.engine.hold();
    this.giveBack(device, now, (time) => {
      this.engine.letGo(time);
      recorder.event(time, rules.DEVICE_GIVE_BACK, name, `${there} pages of ${name} are back on the host`, source);
    });
  }

  private lose(device: Coprocessor): number {
    const { map } = this;
    let lost = 0;
    for (let page = 0; page < map.home.length; page++) {
      device.table[page] &= ~USED;
      const onTheWay = map.moving[page] !== STILL && this.pages.has(page);
      const own = map.home[page] === device.memory.home;
      if ((map.copies[page] & (1 << device.index)) !== 0) device.memory.drop(page);
      if (!own && !onTheWay) {
        device.table[page] = 0;
        continue;
      }
      device.memory.forget(page);
      device.table[page] = 0;
      map.moving[page] = STILL;
      // What was already copied back is safe.
      if (!this.pages.has(page)) {
        map.home[page] = HOST;
        continue;
      }
      this.pages.forfeit(page);
      map.home[page] = LOST;
      lost++;
    }
    device.counts[tally.LOST] += lost;
    return lost;
  }

  /** Copies everything back, what is still on its way when it has come. */
  private giveBack(device: Coprocessor, now: Nanoseconds, done: Done): void {
    const { memory } = device;
    let left = 1;
    const over: Done = (time) => {
      if (--left > 0) return;
      if (memory.pages > 0 && memory.inFlight.some((n) => n > 0)) this.giveBack(device, time, done);
      else done(time);
    };
    for (const block of [...memory.chunks.blocks()]) {
      left++;
      if (!memory.sendBack(block, 0, this.map.blockPages[block], DEMAND, true, now, over)) left--;
    }
    over(now);
  }
}
