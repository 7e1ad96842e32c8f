/**
 * The half of the driver that serves faults: fetch a batch, coalesce it, go block by block, wait for the copies, tell the device to try again.
 *
 * Driver: uvm_gpu_replayable_faults.c of NVIDIA's open kernel modules. Left out: faults that can't be replayed, cancelled faults, several address
 * spaces in one batch.
 */
import type { Nanoseconds } from '../units.ts';
import type { ServiceProcessor } from './host-side.ts';
import type { DeviceParameters } from './parameters.ts';
import * as tally from './tally.ts';

/** Entries of the buffer: an assumption, beyond what streams can fill at once. */
const BUFFER = 4096;
/** Batches in one go when pages were throttled. */
const MAX_THROTTLED_BATCHES = 5;

/** What serving one block did. */
export interface Served {
  /** Pages mapped, for their cost. */
  mapped: number;
  /** Copies that must be over before the replay. */
  copies: number;
  /** Faults that brought nothing new. */
  duplicates: number;
  throttled: boolean;
}

export interface FaultedBlock {
  readonly block: number;
  /** Distinct pages, ascending; the sign bit of `stores[i]` is no matter: 1 if any of the faults was a write. */
  readonly pages: number[];
  readonly stores: number[];
}

export interface FaultHost {
  /** Serves the pages of a block; `copied` is to be called for each of the copies it reports. */
  serve(block: FaultedBlock, now: Nanoseconds, copied: (now: Nanoseconds) => void): Served;
  /** A counter tripped: moves what is left of the block. */
  serveCounter(block: number, now: Nanoseconds, copied: (now: Nanoseconds) => void): Served;
  blockOf(page: number): number;
  /** All streams that wait for it try again. */
  replay(now: Nanoseconds): void;
}

// Stages of a run.
const ASLEEP = 0;
const FETCH = 1;
const FETCHED = 2;
const SERVE = 3;
const COPIES = 4;
const REPLAY = 5;

export class FaultService {
  /** Distribution of batch sizes: counts by number of faults. */
  readonly sizes = new Map<number, number>();
  private readonly parameters: DeviceParameters['fault'];
  private readonly host: FaultHost;
  private readonly processor: ServiceProcessor;
  private readonly counts: Float64Array;
  private readonly pages: number[] = [];
  private readonly stores: number[] = [];
  private head = 0;
  private readonly notifications: number[] = [];
  private stage = ASLEEP;
  private blocks: FaultedBlock[] = [];
  private counters: number[] = [];
  private next = 0;
  private pending = 0;
  private mapped = 0;
  private batches = 0;
  private throttledBatches = 0;
  private throttled = false;
  private duplicates = 0;
  private size = 0;
  /** Entries of the buffer when the batch was fetched. */
  private put = 0;
  private replayDue = false;
  private waiting = false;

  constructor(
    parameters: DeviceParameters['fault'],
    host: FaultHost,
    processor: ServiceProcessor,
    counts: Float64Array,
  ) {
    this.parameters = parameters;
    this.host = host;
    this.processor = processor;
    this.counts = counts;
  }

  /** The device puts a fault into the buffer. */
  raise(page: number, store: boolean, now: Nanoseconds): void {
    // A full buffer takes no more; the stream waits for a replay like all others, and one will come.
    if (this.queued >= BUFFER) return;
    this.counts[tally.FAULTS]++;
    this.pages.push(page);
    this.stores.push(store ? 1 : 0);
    this.wake(now);
  }

  /** An access counter tripped. */
  notify(block: number, now: Nanoseconds): void {
    this.counts[tally.NOTIFICATIONS]++;
    this.notifications.push(block);
    this.wake(now);
  }

  /** Faults that nobody has fetched yet. */
  get queued(): number {
    return this.pages.length - this.head;
  }

  private wake(now: Nanoseconds): void {
    if (this.stage !== ASLEEP) return;
    this.stage = FETCH;
    this.batches = 0;
    this.throttledBatches = 0;
    this.processor.want(now);
  }

  /** Holds the processor. */
  due(now: Nanoseconds): void {
    const { parameters, processor } = this;
    switch (this.stage) {
      case FETCH:
        if (this.queued === 0 && this.notifications.length === 0) {
          if (this.replayDue) return this.beginReplay(now);
          this.stage = ASLEEP;
          processor.giveUp(now);
          return;
        }
        this.stage = FETCHED;
        processor.goOn(now + parameters.batchCost);
        return;
      case FETCHED:
        // What was raised while the service woke up is part of the batch.
        this.fetch();
        this.stage = SERVE;
        processor.goOn(now + parameters.blockCost);
        return;
      case SERVE:
        this.serveNext(now);
        return;
      case COPIES:
        this.copiesOver(now);
        return;
      case REPLAY:
        this.replayDue = false;
        this.stage = FETCH;
        this.host.replay(now);
        if (this.next < this.blocks.length + this.counters.length) {
          this.stage = SERVE;
          processor.goOn(now + parameters.blockCost);
          return;
        }
        this.endBatch(now);
        return;
      default:
        processor.giveUp(now);
    }
  }

  private fetch(): void {
    const { parameters, pages, stores, counts } = this;
    const end = Math.min(pages.length, this.head + parameters.batch);
    const size = end - this.head;
    this.put = pages.length;
    this.size = size;
    this.duplicates = 0;
    this.throttled = false;
    this.mapped = 0;
    this.next = 0;
    if (size > 0) {
      counts[tally.BATCHES]++;
      counts[tally.FETCHED] += size;
      this.sizes.set(size, (this.sizes.get(size) ?? 0) + 1);
    }
    const store = new Map<number, number>();
    for (let i = this.head; i < end; i++) {
      const known = store.get(pages[i]);
      if (known === undefined) store.set(pages[i], stores[i]);
      else {
        this.duplicates++;
        if (stores[i] !== 0) store.set(pages[i], 1);
      }
    }
    this.head = end;
    this.trim();
    this.blocks = [];
    for (const page of [...store.keys()].sort((a, b) => a - b)) {
      const block = this.host.blockOf(page);
      let last = this.blocks.at(-1);
      if (last?.block !== block) this.blocks.push((last = { block, pages: [], stores: [] }));
      last.pages.push(page);
      last.stores.push(store.get(page)!);
    }
    this.counters = [...new Set(this.notifications.splice(0, parameters.batch))];
  }

  private serveNext(now: Nanoseconds): void {
    const { parameters, processor, host } = this;
    const copied = (time: Nanoseconds): void => this.copied(time);
    const at = this.next++;
    const served =
      at < this.blocks.length
        ? host.serve(this.blocks[at], now, copied)
        : host.serveCounter(this.counters[at - this.blocks.length], now, copied);
    this.pending += served.copies;
    this.mapped += served.mapped;
    this.duplicates += served.duplicates;
    this.throttled ||= served.throttled;
    if (at < this.blocks.length) this.replayDue = true;
    const more = this.next < this.blocks.length + this.counters.length;
    if (more && parameters.replay !== 'block') {
      processor.goOn(now + parameters.blockCost);
      return;
    }
    this.stage = COPIES;
    if (this.pending === 0) this.copiesOver(now);
    else {
      this.waiting = true;
      processor.giveUp(now);
    }
  }

  private copied(now: Nanoseconds): void {
    if (--this.pending > 0 || !this.waiting) return;
    this.waiting = false;
    this.processor.want(now);
  }

  private copiesOver(now: Nanoseconds): void {
    const { parameters } = this;
    const mapping = this.mapped * parameters.mapCost;
    this.mapped = 0;
    if (!this.replayDue || parameters.replay === 'once') {
      this.endBatch(now + mapping);
      return;
    }
    this.beginReplay(now + mapping);
  }

  private beginReplay(now: Nanoseconds): void {
    if (this.parameters.replay === 'batch-flush') this.flush();
    this.stage = REPLAY;
    this.processor.goOn(now + this.parameters.replayCost);
  }

  /** What was in the buffer when the batch was fetched is thrown away; with many duplicates, all that is there now. */
  private flush(): void {
    const until = this.duplicates * 2 > this.size ? this.pages.length : this.put;
    if (until <= this.head) return;
    this.counts[tally.DUPLICATES] += until - this.head;
    this.head = until;
    this.trim();
  }

  private endBatch(now: Nanoseconds): void {
    this.counts[tally.DUPLICATES] += this.duplicates;
    this.duplicates = 0;
    this.batches++;
    if (this.throttled) this.throttledBatches++;
    this.throttled = false;
    this.stage = FETCH;
    if (this.batches >= this.parameters.maxBatches || this.throttledBatches >= MAX_THROTTLED_BATCHES) {
      // The run is over; what is left makes a new one.
      this.batches = 0;
      this.throttledBatches = 0;
      this.processor.giveUp(now);
      this.processor.want(now);
      return;
    }
    this.processor.goOn(now);
  }

  private trim(): void {
    if (this.head < 4096 || this.head * 2 < this.pages.length) return;
    this.pages.splice(0, this.head);
    this.stores.splice(0, this.head);
    this.put -= this.head;
    this.head = 0;
  }
}
