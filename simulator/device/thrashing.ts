/**
 * Pages that go back and forth between processors: noticing it, and what is done about it. First all but one processor are told to wait (throttle);
 * when that has happened often, the page is pinned where everybody can reach it.
 *
 * Driver: uvm_perf_thrashing.c of NVIDIA's open kernel modules. An eviction is no event there: pages that leave for want of room and come back are
 * never helped, and so it is here. Left out: revocations by system-wide atomics; the driver draws who goes first by chance in one case, here the
 * first who asks does.
 */
import type { Nanoseconds } from '../units.ts';
import { BLOCK_PAGES, type ThrashParameters } from './parameters.ts';

/** Contenders are numbered: the host's processors are 0, devices follow. */
export const NOBODY = 255;

const SATURATED = 7;
/** Periods between two votes on the lapse, and by how much it changes. */
const VOTES = 32;
const STEP = 8;

export const SERVE = 0;
export const THROTTLE = 1;
export const PIN = 2;

interface PageRecords {
  readonly last: Float64Array;
  readonly events: Uint8Array;
  /** End of the throttling period, and who is not throttled in it. */
  readonly until: Float64Array;
  readonly exempt: Uint8Array;
  readonly throttles: Uint8Array;
  /** Pinned until then; 0: not pinned. */
  readonly pinned: Float64Array;
}

interface BlockRecord {
  lastProcessor: number;
  last: Nanoseconds;
  /** When something last thrashed here. */
  thrashed: Nanoseconds;
  resets: number;
  pinned: number;
  pages: PageRecords | null;
}

const newPages = (): PageRecords => ({
  last: new Float64Array(BLOCK_PAGES).fill(-1),
  events: new Uint8Array(BLOCK_PAGES),
  until: new Float64Array(BLOCK_PAGES),
  exempt: new Uint8Array(BLOCK_PAGES).fill(NOBODY),
  throttles: new Uint8Array(BLOCK_PAGES),
  pinned: new Float64Array(BLOCK_PAGES),
});

export class Thrashing {
  /** Throttlings ordered and pages pinned so far. */
  throttled = 0;
  pins = 0;
  /** Of the last hint: until when to wait. */
  until: Nanoseconds = 0;
  /** Adapts by an eighth at a time. */
  lapse: Nanoseconds;
  private readonly parameters: ThrashParameters;
  private readonly blocks = new Map<number, BlockRecord>();
  private vote = 0;
  private votes = 0;

  constructor(parameters: ThrashParameters) {
    this.parameters = parameters;
    this.lapse = parameters.lapse;
  }

  /** A fault or a counter moved `page` (within `block`) to `processor`. Evictions are not told: that is the blind spot. */
  moved(block: number, page: number, processor: number, now: Nanoseconds): void {
    if (!this.parameters.enabled) return;
    let record = this.blocks.get(block);
    if (!record)
      this.blocks.set(
        block,
        (record = { lastProcessor: NOBODY, last: -1, thrashed: -1, resets: 0, pinned: 0, pages: null }),
      );
    if (!record.pages) {
      const alternating = record.last >= 0 && record.lastProcessor !== processor && now - record.last <= this.lapse;
      record.last = now;
      record.lastProcessor = processor;
      if (!alternating) return;
      record.pages = newPages();
    }
    record.last = now;
    record.lastProcessor = processor;
    const { last, events, throttles } = record.pages;
    const before = last[page];
    last[page] = now;
    if (before < 0) return;
    // A throttling period holds everybody up: what comes right after it still counts.
    if (now - Math.max(before, record.pages.until[page]) <= this.lapse) {
      if (events[page] < SATURATED) events[page]++;
      if (events[page] >= this.parameters.threshold) record.thrashed = now;
    } else if (events[page] >= this.parameters.threshold && record.pages.pinned[page] === 0) {
      events[page] = 0;
      throttles[page] = 0;
    }
  }

  /** Whether prefetching must leave the page alone. */
  thrashes(block: number, page: number): boolean {
    const pages = this.blocks.get(block)?.pages;
    return pages !== undefined && pages !== null && pages.events[page] >= this.parameters.threshold;
  }

  anyIn(block: number): boolean {
    return (this.blocks.get(block)?.pages ?? null) !== null;
  }

  /** `processor` faults on a page: may it have it (SERVE), must it wait until `until` (THROTTLE), or is the page pinned (PIN)? */
  hint(block: number, page: number, processor: number, now: Nanoseconds): number {
    if (!this.parameters.enabled) return SERVE;
    const record = this.blocks.get(block);
    if (!record?.pages) return SERVE;
    const { threshold, epoch, resets, nap, pinAfter, pin } = this.parameters;
    if (
      record.thrashed >= 0 &&
      now - record.thrashed > epoch * this.lapse &&
      record.pinned === 0 &&
      record.resets < resets
    ) {
      record.resets++;
      record.pages = null;
      record.last = record.thrashed = -1;
      record.lastProcessor = NOBODY;
      return SERVE;
    }
    const { last, events, until, exempt, throttles, pinned } = record.pages;
    if (events[page] < threshold) return SERVE;
    if (pinned[page] > 0) {
      if (now < pinned[page]) {
        this.until = pinned[page];
        return PIN;
      }
      this.unpin(record, page);
    }
    if (now < until[page]) {
      if (processor === exempt[page]) return SERVE;
      this.until = until[page];
      this.throttled++;
      return THROTTLE;
    }
    const silence = now - Math.max(last[page], until[page]);
    this.adapt(silence <= this.lapse ? 0 : silence <= 2 * this.lapse ? 1 : -1);
    if (silence > this.lapse) return SERVE;
    // A new period. Who had the last one to himself does not get this one, too.
    if (throttles[page] >= pinAfter) {
      pinned[page] = pin === 0 ? Infinity : now + pin * this.lapse;
      record.pinned++;
      this.pins++;
      throttles[page] = 0;
      this.until = pinned[page];
      return PIN;
    }
    const again = exempt[page] === processor;
    exempt[page] = again ? NOBODY : processor;
    until[page] = now + nap * this.lapse;
    throttles[page]++;
    if (!again) return SERVE;
    this.until = until[page];
    this.throttled++;
    return THROTTLE;
  }

  /** Until when `page` is pinned; 0: it is not. */
  pinnedUntil(block: number, page: number): Nanoseconds {
    return this.blocks.get(block)?.pages?.pinned[page] ?? 0;
  }

  /** Its time is over. */
  release(block: number, page: number): void {
    const record = this.blocks.get(block);
    if (record?.pages && record.pages.pinned[page] > 0) this.unpin(record, page);
  }

  /** The content is gone: nobody fights over it any more. */
  forget(block: number): void {
    this.blocks.delete(block);
  }

  private unpin(record: BlockRecord, page: number): void {
    const { pinned, events, throttles, exempt, until, last } = record.pages!;
    pinned[page] = 0;
    record.pinned--;
    events[page] = 0;
    throttles[page] = 0;
    exempt[page] = NOBODY;
    until[page] = 0;
    last[page] = -1;
  }

  /** Faults that come just after the lapse say that it is too short; those that come long after, that it is too long. */
  private adapt(vote: number): void {
    this.vote += vote;
    if (++this.votes < VOTES) return;
    const { lapse } = this.parameters;
    if (this.vote > 0) this.lapse = Math.min(4 * lapse, this.lapse + Math.floor(this.lapse / STEP));
    else if (this.vote < 0) this.lapse = Math.max(lapse, this.lapse - Math.floor(this.lapse / STEP));
    this.vote = 0;
    this.votes = 0;
  }
}
