/**
 * Devices against a host that has room for everything, on a clock of their own: for the simulated points beside the closed form of break-even, and
 * for tests of the device alone. The real machine is in devices.ts.
 */
import { OP_LOAD, OP_SHIFT, OP_STORE, PAGE_MASK } from '../machine/access.ts';
import { EventQueue } from '../engine/event-queue.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import { Coprocessor } from './coprocessor.ts';
import type { HostSide, ServiceProcessor, World } from './host-side.ts';
import { Launch } from './launch.ts';
import type { Done } from './link.ts';
import { DEVICE0, HOST, PageMap } from './page-map.ts';
import type { DeviceParameters } from './parameters.ts';
import { PIN, THROTTLE, Thrashing } from './thrashing.ts';

export class Clock implements World {
  now: Nanoseconds = 0;
  private readonly queue = new EventQueue();
  private readonly calls: (Done | undefined)[] = [];
  private readonly holes: number[] = [];

  at(time: Nanoseconds, run: Done): void {
    const slot = this.holes.pop() ?? this.calls.length;
    this.calls[slot] = run;
    this.queue.push(Math.max(time, this.now), 0, slot, 0);
  }

  horizon(): Nanoseconds {
    return this.queue.first;
  }

  /** Until nothing is left to happen, or until `end`. */
  run(end: Nanoseconds = Infinity): void {
    while (this.queue.first <= end && this.queue.first !== Infinity) {
      this.queue.pop();
      this.now = this.queue.time;
      const slot = this.queue.actor;
      const run = this.calls[slot]!;
      this.calls[slot] = undefined;
      this.holes.push(slot);
      run(this.now);
    }
  }
}

export interface StandaloneOptions {
  /** Pages that are on the host from the start; the others are nowhere yet. Default: all. */
  readonly populated?: Pages;
  readonly seed?: number;
}

export class Standalone {
  readonly clock = new Clock();
  readonly map: PageMap;
  readonly devices: readonly Coprocessor[];
  readonly messages: string[] = [];
  /** Pages with a frame on the host. */
  readonly onHost: Uint8Array;

  constructor(parameters: readonly DeviceParameters[], pages: Pages, options: StandaloneOptions = {}) {
    const { populated = pages, seed = 1 } = options;
    this.map = new PageMap(pages, [{ base: 0, pages, movable: true }], parameters.length);
    this.onHost = new Uint8Array(pages).fill(1, 0, populated);
    this.map.home.fill(HOST, 0, populated);
    const { onHost, clock } = this;
    const host: HostSide = {
      isResident: (page) => onHost[page] !== 0,
      exists: (page) => onHost[page] !== 0,
      faultIn: (page, _store, _cgroup, now) => {
        onHost[page] = 1;
        return now;
      },
      lend: (page) => {
        onHost[page] = 0;
      },
      populate: () => true,
      takeBack: (page) => {
        onHost[page] = 1;
        return true;
      },
      forfeit: (page) => {
        onHost[page] = 0;
      },
      // Every other page lies high, if not all is seen.
      isSeen: (page, visible) => visible === Infinity || page % 2 === 0,
    };
    const thrashing = new Thrashing(parameters[0].thrash);
    const devices: Coprocessor[] = [];
    parameters.forEach((p, i) => {
      const processor: ServiceProcessor = {
        want: (now) => clock.at(now, (time) => devices[i].service.due(time)),
        goOn: (time) => clock.at(time, (at) => devices[i].service.due(at)),
        giveUp: () => undefined,
      };
      const announce = (_rule: string, text: string): void => void this.messages.push(text);
      devices.push(new Coprocessor(p, i, this.map, thrashing, clock, host, processor, () => devices, announce, seed));
    });
    this.devices = devices;
  }

  /** One kernel that makes these accesses (words); returns when it is over. */
  kernel(words: Uint32Array, device = 0, begin: Nanoseconds = this.clock.now): { ended: Nanoseconds; launch: Launch } {
    const result = { ended: NaN, launch: undefined as unknown as Launch };
    let given = false;
    result.launch = new Launch(this.devices[device].parameters.streams, words, {
      draw: (launch) => {
        if (given) return false;
        given = true;
        launch.at = 0;
        launch.end = words.length;
        return words.length > 0;
      },
      drained: (launch, now) => {
        launch.over = true;
        result.ended = now;
      },
      isWanted: () => true,
      aborted: (launch, now) => {
        this.devices[device].stop(launch);
        result.ended = now;
      },
    });
    this.clock.at(begin, (now) => this.devices[device].start(result.launch, now));
    return result;
  }

  /** Runs one kernel to its end; how long it took. */
  run(words: Uint32Array, device = 0): Nanoseconds {
    const from = this.clock.now;
    const kernel = this.kernel(words, device);
    this.clock.run();
    return kernel.ended - from;
  }

  /** A processor accesses a page, waiting for whatever must be waited for; `done` when it has it. */
  touch(page: number, store: boolean, begin: Nanoseconds, done: Done = () => undefined): void {
    this.clock.at(begin, (now) => {
      const { map } = this;
      if (map.moving[page] !== 0) {
        this.touch(page, store, now + 1000, done);
        return;
      }
      const home = map.home[page];
      if (home < DEVICE0) {
        if (store && map.copies[page] !== 0) this.devices[0].dropCopies(page);
        map.home[page] = HOST;
        this.onHost[page] = 1;
        done(now);
        return;
      }
      const device = this.devices[home - DEVICE0];
      const hint = device.hostHint(page, now);
      if (hint === THROTTLE) {
        this.touch(page, store, device.thrashing.until, done);
        return;
      }
      if (hint === PIN) device.pin(now);
      device.returnTo(page, now, (time) => this.touch(page, store, time, done));
    });
  }
}

const word = (page: number, store: boolean): number =>
  (((store ? OP_STORE : OP_LOAD) << OP_SHIFT) | (page & PAGE_MASK)) >>> 0;

export const loads = (pages: Iterable<number>): Uint32Array => Uint32Array.from(pages, (page) => word(page, false));
export const stores = (pages: Iterable<number>): Uint32Array => Uint32Array.from(pages, (page) => word(page, true));
