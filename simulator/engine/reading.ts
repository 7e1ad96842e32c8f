/** Reads of file pages: one by one or a window at a time, and who must wait for a read that another began. */
import { OP_READ, OP_SHIFT, PAGE_MASK } from '../machine/access.ts';
import { OUT_OF_MEMORY, WORKINGSET_STALL, type Memory } from '../machine/memory.ts';
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/knobs.ts';
import { PAGE_SIZE, type Nanoseconds, type Pages } from '../units.ts';
import type { Device } from './device.ts';
import { InFlight } from './in-flight.ts';
import { ReadAhead } from './read-ahead.ts';
import type { Setup } from './setup.ts';
import type { Thread } from './thread.ts';

export interface ReadingHost {
  /** Time of the thread that runs. */
  readonly local: Nanoseconds;
  /** Charges the running thread for what bringing pages in has reclaimed. */
  afterReclaim(direct: boolean): Nanoseconds;
}

export class Reading {
  readonly inFlight: InFlight;
  /** Whether a hit may have to wait for a read or set one off: there are several threads, or there is read-ahead. */
  readonly concernsHits: boolean;
  readonly readsAhead: boolean;
  private readonly setup: Setup;
  private readonly memory: Memory;
  private readonly disk: Device;
  private readonly objectOf: Uint16Array;
  private readonly host: ReadingHost;
  private readonly shared: boolean;
  /** Largest read-ahead window of each object, 0: none. */
  private readonly windows: readonly Pages[];

  constructor(setup: Setup, memory: Memory, disk: Device, objectOf: Uint16Array, host: ReadingHost) {
    this.setup = setup;
    this.memory = memory;
    this.disk = disk;
    this.objectOf = objectOf;
    this.host = host;
    this.inFlight = new InFlight(setup.layout.pages);
    this.windows = setup.objects.map((object) =>
      object.kind === 'file' ? Math.floor(valueOf(object.values, knobs.readahead) / PAGE_SIZE) : 0,
    );
    this.shared = setup.threads > 1;
    this.readsAhead = this.windows.some((pages) => pages > 0);
    this.concernsHits = this.shared || this.readsAhead;
  }

  /** Reads a page that was missed, with the window that read-ahead puts behind it. Returns when it is there. */
  missed(thread: Thread, word: number): Nanoseconds {
    const page = word & PAGE_MASK;
    const object = this.objectOf[page];
    if (word >>> OP_SHIFT === OP_READ && this.windows[object] > 0) {
      const state = this.stateOf(thread, object);
      if (state.missed(page - this.setup.layout.bases[object])) return this.window(thread, object, state, 1);
    }
    return this.disk.request(this.host.local, 1);
  }

  /** Others that hit the page before `done` must wait as well. */
  began(page: number, done: Nanoseconds, stall: boolean): void {
    if (this.shared) this.inFlight.add(page, page + 1, done, stall);
  }

  /** A hit on a page that may still be on its way, or whose mark asks for the next window. Returns when it is there. */
  hit(thread: Thread, word: number): Nanoseconds {
    const page = word & PAGE_MASK;
    const object = this.objectOf[page];
    if (this.windows[object] > 0 && word >>> OP_SHIFT === OP_READ) {
      const state = this.stateOf(thread, object);
      if (state.hit(page - this.setup.layout.bases[object])) this.window(thread, object, state, 0);
    }
    return this.inFlight.arrival(page);
  }

  private stateOf(thread: Thread, object: number): ReadAhead {
    let state = thread.readAheads.get(object);
    if (!state) thread.readAheads.set(object, (state = new ReadAhead(this.windows[object])));
    return state;
  }

  /** Reads the pages of a window that are not in memory, in one request; the first `present` are on their way already. */
  private window(thread: Thread, object: number, window: ReadAhead, present: Pages): Nanoseconds {
    const { memory } = this;
    const base = this.setup.layout.bases[object];
    const start = base + window.start;
    const end = Math.min(start + window.size, base + this.setup.objects[object].pages);
    let pages = present;
    let stall = false;
    for (let page = start + present; page < end; page++) {
      if (memory.isResident(page)) continue;
      const outcome = memory.readAhead(page, thread.program.cgroup);
      if (outcome & OUT_OF_MEMORY) break;
      if (outcome & WORKINGSET_STALL) stall = true;
      pages++;
    }
    this.host.afterReclaim(true);
    if (pages === 0) return this.host.local;
    const done = this.disk.request(this.host.local, pages);
    this.inFlight.add(start, end, done, stall);
    return done;
  }
}
