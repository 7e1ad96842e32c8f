/**
 * Dirty pages to a disk: in lots of a megabyte, two under way at a time, so that the disk never idles and readers need not wait long.
 *
 * Kernel: submit_bio and writeback throttling of the block layer (blk-wbt), as a short queue.
 */
import { NR_WRITTEN, PGPGOUT } from '../machine/counters.ts';
import type { Memory } from '../machine/memory.ts';
import type { Stream } from '../machine/streams.ts';
import type { Device } from '../engine/device.ts';
import type { Actor, Engine } from '../engine/engine.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import type { Bdi } from './bdi.ts';
import type { Outlet } from './flusher.ts';

/** Pages in one write. */
export const LOT: Pages = 256;
const UNDER_WAY = 2;
/** Pages of one file before the next is looked at. */
const TURN: Pages = 1024;

interface Lot {
  pages: Pages;
  stream: Stream | null;
  readonly numbers: Uint32Array;
}

export class DiskOutlet implements Outlet, Actor {
  readonly name: string;
  /** Pages written so far. */
  finished: Pages = 0;
  /** Told after each lot. */
  written: (now: Nanoseconds) => void = () => undefined;
  readonly #engine: Engine;
  readonly #memory: Memory;
  readonly #bdi: Bdi;
  readonly #device: Device;
  readonly #actor: number;
  readonly #lots: Lot[] = [];
  readonly #spare: Lot[];
  /** Whose turn it is: 0 files with page numbers, then streams. */
  #source = 0;
  #left: Pages = TURN;

  constructor(engine: Engine, bdi: Bdi, device: Device) {
    this.name = `writes to ${bdi.name}`;
    this.#engine = engine;
    this.#memory = engine.memory;
    this.#bdi = bdi;
    this.#device = device;
    this.#actor = engine.addActor(this);
    this.#spare = Array.from({ length: UNDER_WAY }, () => ({ pages: 0, stream: null, numbers: new Uint32Array(LOT) }));
  }

  send(pages: Pages, now: Nanoseconds): { readonly taken: Pages; readonly ready: Nanoseconds } {
    const lot = this.#spare.pop();
    if (!lot) return { taken: 0, ready: Infinity };
    const taken = this.#take(lot, Math.min(pages, LOT));
    if (taken === 0) {
      this.#spare.push(lot);
      return { taken, ready: now };
    }
    lot.pages = taken;
    this.#lots.push(lot);
    this.#engine.schedule(this.#device.request(now, taken), this.#actor);
    return { taken, ready: this.#spare.length > 0 ? now : Infinity };
  }

  /** From the file whose turn it is, or the next that has any. */
  #take(lot: Lot, most: Pages): Pages {
    const { streams, device } = this.#bdi;
    const sources = 1 + streams.length;
    if (this.#left <= 0) this.#next(sources);
    for (let tries = 0; tries < sources; tries++) {
      const stream = this.#source === 0 ? null : streams[this.#source - 1];
      const taken = stream
        ? this.#memory.streams.take(stream, most)
        : this.#memory.takeDirty(most, lot.numbers, device);
      if (taken > 0) {
        lot.stream = stream;
        this.#left -= taken;
        return taken;
      }
      this.#next(sources);
    }
    return 0;
  }

  #next(sources: number): void {
    this.#source = (this.#source + 1) % sources;
    this.#left = TURN;
  }

  /** The oldest lot is on the disk. */
  due(now: Nanoseconds): void {
    const lot = this.#lots.shift()!;
    const { pages, stream, numbers } = lot;
    const { counters } = this.#memory;
    if (stream) {
      this.#memory.streams.written(stream, pages);
      counters[PGPGOUT] += pages;
    } else for (let i = 0; i < pages; i++) this.#memory.writebackDone(numbers[i]);
    counters[NR_WRITTEN] += pages;
    this.finished += pages;
    this.#spare.push(lot);
    this.#bdi.completed(now, pages);
    this.written(now);
  }
}
