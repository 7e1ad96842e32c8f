/**
 * Builds the memory of a machine around the reclaim variant that its layout names.
 */
import { hasLists, reclaimVariant } from '../reclaim/registry.ts';
import type { TimelineAction } from '../plan.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import { OP_LOAD, OP_READ, OP_SHIFT, OP_STORE, OP_WRITE, PAGE_MASK } from './access.ts';
import { PGSCAN_DIRECT, PGSCAN_KSWAPD } from './counters.ts';
import { Advice } from './advice.ts';
import { checkConservation } from './conservation.ts';
import { CacheMemory } from './cache-memory.ts';
import { DevicePages } from './device-pages.ts';
import { MemoryCore } from './memory-core.ts';
import type { CreateMemory, Gauges, Memory, NodeMemory } from './memory.ts';
import { HIT, NO_SPACE, OUT_OF_MEMORY } from './memory.ts';
import type { FlagBytes } from './page-flags.ts';
import { nodeMemory } from './node-memory.ts';
import type { Failure } from './frames.ts';
import type { FutureAccesses, ListReclaimer } from './reclaimer.ts';
import { MAPPED, RESIDENT } from './reclaimer.ts';
import type { Streams } from './streams.ts';

export const createMemory: CreateMemory = (layout) => {
  const variant = reclaimVariant(layout.reclaim.id);
  if (variant === undefined) throw new Error(`no reclaim variant '${layout.reclaim.id}'`);
  const core = new MemoryCore(layout, hasLists(variant));
  const reclaimer = variant.create(core, layout.reclaim.values);
  if (reclaimer.kind === 'cache') {
    return new CacheMemory(
      core,
      reclaimer,
      layout.objects.some((o, i) => o.kind !== 'file' && (layout.numbered?.[i] ?? o.pages) > 0),
    );
  }
  core.attach(reclaimer);
  return new ListMemory(core, reclaimer);
};

/** Memory under one of the kernel's ways: everything is the core's, but for the loop, which is the variant's. */
class ListMemory implements Memory {
  readonly reclaimer: ListReclaimer;
  readonly counters: Float64Array;
  readonly flags: FlagBytes;
  readonly io: Memory['io'];
  readonly wantsFuture = false;
  readonly nodes?: NodeMemory;
  readonly advice: Advice;
  readonly #core: MemoryCore;

  constructor(core: MemoryCore, reclaimer: ListReclaimer) {
    this.#core = core;
    if (core.nodes > 1) this.nodes = nodeMemory(core);
    this.reclaimer = reclaimer;
    this.advice = new Advice(core, reclaimer);
    this.counters = core.counters;
    this.flags = core.flags;
    this.io = core.io;
  }

  run(block: Uint32Array, offset: number, n: number, cgroup: number, missBits?: Uint8Array, missOffset = 0): number {
    const before = this.counters[PGSCAN_DIRECT] + this.counters[PGSCAN_KSWAPD];
    const done = this.reclaimer.run(block, offset, n, cgroup, missBits, missOffset);
    this.io.scanned += this.counters[PGSCAN_DIRECT] + this.counters[PGSCAN_KSWAPD] - before;
    return done;
  }

  access(word: number, cgroup: number): number {
    const page = word & PAGE_MASK;
    const { tally } = this.reclaimer;
    if ((this.reclaimer.state[page] & RESIDENT) !== 0) {
      this.reclaimer.accessed(word);
      // Making room for its page table may have reclaimed the very page.
      if (
        word >>> OP_SHIFT === OP_LOAD &&
        (this.flags[page] & MAPPED) === 0 &&
        (this.reclaimer.state[page] & RESIDENT) !== 0
      )
        this.#core.map(page);
      if (word >>> OP_SHIFT >= OP_STORE) this.#core.wrote(page);
      tally.hits++;
      return HIT;
    }
    const before = this.counters[PGSCAN_DIRECT] + this.counters[PGSCAN_KSWAPD];
    const outcome = this.#core.fault(word, cgroup);
    this.io.scanned += this.counters[PGSCAN_DIRECT] + this.counters[PGSCAN_KSWAPD] - before;
    if ((outcome & 1) !== 0) tally.misses++;
    else if ((outcome & (OUT_OF_MEMORY | NO_SPACE)) === 0) tally.hits++;
    return outcome;
  }

  hits(words: Uint32Array, from: number, most: number, away: Uint8Array, asked = away): number {
    const { reclaimer, flags } = this;
    const { state, tally } = reclaimer;
    const end = from + most;
    let at = from;
    for (; at < end; at++) {
      const word = words[at];
      const page = word & PAGE_MASK;
      if ((state[page] & RESIDENT) === 0 || (away[page] | asked[page]) !== 0) break;
      const op = word >>> OP_SHIFT;
      if (op !== OP_READ) {
        if (op === OP_WRITE || (flags[page] & MAPPED) === 0) break;
      }
      reclaimer.accessed(word);
      if (op === OP_STORE) this.#core.wrote(page);
    }
    tally.hits += at - from;
    return at - from;
  }

  readAhead(page: number, cgroup: number): number {
    return this.#core.faults.readAhead(page, cgroup);
  }

  takeThrottle(): Nanoseconds {
    const time = this.#core.throttled;
    this.#core.throttled = 0;
    return time;
  }

  devicePages(): DevicePages {
    return (this.#core.devicePages ??= new DevicePages(this.#core, this.reclaimer));
  }

  get failure(): Failure {
    return this.#core.frames.failure;
  }

  isResident(page: number): boolean {
    return (this.reclaimer.state[page] & RESIDENT) !== 0;
  }

  get kswapdAwake(): boolean {
    return this.#core.kswapdsAwake > 0;
  }

  kswapdStep(node = 0): Pages {
    const scanned = this.#core.kswapdStep(node);
    this.io.scanned += scanned;
    return scanned;
  }

  get streams(): Streams {
    return this.#core.streams;
  }

  get reserves(): Pages {
    return this.#core.reserves;
  }

  takeDirty(limit: Pages, into: Uint32Array, device?: number): Pages {
    return this.#core.takeDirty(limit, into, device);
  }

  get dirtied(): Pages {
    return this.#core.dirtied;
  }

  dirtyOf(device: number): Pages {
    return this.#core.dirtyOf(device);
  }

  writebackOf(device: number): Pages {
    return this.#core.writebackOf(device);
  }

  writebackDone(page: number): void {
    this.#core.writebackDone(page);
  }

  takeQueuedWrites(): { file: Pages; swap: Pages } {
    return this.#core.takeQueuedWrites();
  }

  setLocked(start: number, pages: Pages, locked: boolean): void {
    this.#core.setLocked(start, pages, locked);
  }

  release(start: number, pages: Pages, keepTables?: boolean): Pages {
    return this.#core.release(start, pages, keepTables);
  }

  occupy(object: number, pages: Pages, cgroup: number): Pages {
    return this.#core.extents.occupy(object, pages, cgroup);
  }

  vacate(object: number, most?: Pages, keepTables?: boolean): Pages {
    return this.#core.vacate(object, most, keepTables);
  }

  extentPages(object: number): Pages {
    return this.#core.extents.pagesOf(object);
  }

  settle(): void {
    this.#core.settle();
  }

  apply(action: TimelineAction): void {
    if (action.kind === 'sysctl') this.#core.setSysctl(action.name, action.value);
    else if (action.kind === 'cgroup') this.#core.setCgroup(action.cgroup, action.name, action.value);
  }

  readStatistics(): void {
    this.#core.stats.flush();
  }

  pin(page: number): void {
    this.#core.pin(page);
  }

  setTime(now: Nanoseconds): void {
    this.#core.setTime(now);
  }

  usage(cgroup: number): Pages {
    return this.#core.usage(cgroup);
  }

  gauges(into: Gauges): Gauges {
    return this.#core.gauges(into);
  }

  foresee(_next: FutureAccesses): void {
    // kernels can't
  }

  checkConservation(): void {
    checkConservation(this.#core);
  }

  setLog(log: ((rule: string, page: number, a: number, b: number) => void) | null): void {
    this.#core.logging = log !== null;
    if (log !== null) this.#core.log = log;
  }
}
