/**
 * Calls on ranges under way: what a statement comes to under an interface, the locks a call takes, what it costs and which errors it returns.
 *
 * Kernel: mm/madvise.c, mm/vrange.c (proposed), ashmem.c.
 */
import {
  CALL_ERRORS,
  MMAP_SEM_CONTENDED,
  MMAP_SEM_TAKEN,
  MMAP_SEM_WAIT_TIME,
  VR_MARK,
  VR_UNMARK,
} from '../machine/counters.ts';
import { UNEVICTABLE } from '../machine/reclaimer.ts';
import type { Advice, AdviceStep, KnobValues, ObjectSpec, SourceSpan, VolatileStep } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/volatile-knobs.ts';
import * as rules from '../tables/volatile-rules.ts';
import { PAGE_SIZE, type Bytes, type Nanoseconds, type Pages } from '../units.ts';
import { volatileInterface, type RangeRules, type VolatileInterface } from '../volatile/interfaces.ts';
import type { CallResult, VolatileMemory } from '../volatile/volatile-memory.ts';
import type { Engine } from './engine.ts';
import type { LockId, LockMode } from './locks.ts';
import type { RangeLocks } from './range-locks.ts';
import type { Thread } from './thread.ts';
import type { VolatileRecords } from './volatile-records.ts';

/** Costs of calls, of the machine's locks. */
export const callCosts = (given: KnobValues) => ({
  split: valueOf(given, knobs.vmaSplit),
  merge: valueOf(given, knobs.vmaMerge),
  node: valueOf(given, knobs.treeNode),
  pte: valueOf(given, knobs.pteCost),
  syscall: valueOf(given, knobs.syscall),
  sigbus: valueOf(given, knobs.sigbus),
});
export type CallCosts = ReturnType<typeof callCosts>;

export type Way = 'mark' | 'unmark' | Advice;

/** One call on a range, under way. */
export interface Call {
  readonly way: Way;
  readonly object: number;
  readonly start: Bytes;
  readonly end: Bytes;
  readonly source: SourceSpan | undefined;
  readonly locks: readonly { readonly id: LockId; readonly mode: LockMode }[];
  /** How many of them it holds. */
  held: number;
  /** When it entered the kernel, and when it asked for the next lock. */
  began: Nanoseconds;
  asked: Nanoseconds;
  stage: 'enter' | 'locks' | 'hold';
  result: CallResult | null;
}

/** Calls to be made, one after another: those of [at, end) that begin at `origin` plus whole multiples of `each`. */
interface Calls {
  readonly way: Way;
  readonly object: number;
  readonly end: Bytes;
  readonly origin: Bytes;
  readonly each: Bytes;
  readonly source: SourceSpan | undefined;
  at: Bytes;
}

/** What a thread has to call: the call under way, and those to come. */
interface Pending {
  call: Call | null;
  calls: Calls | null;
}

/** What calls need of volatile memory on the machine. */
export interface CallHost {
  readonly engine: Engine;
  readonly memory: VolatileMemory;
  readonly records: VolatileRecords;
  readonly face: VolatileInterface;
  readonly rules: RangeRules | null;
  /** How the interface says what is not needed. */
  readonly way: VolatileInterface['way'];
  readonly locks: RangeLocks;
  /** Copies after a fork, by what they are copies of. */
  readonly copyOf: ReadonlyMap<number, number>;
  /** How a program divides an object: the length of its ranges, and where the first begins. */
  readonly pieces: Map<number, { readonly origin: Bytes; readonly each: Bytes }>;
  /** Whether this is said for the first time. */
  once(text: string): boolean;
  /** A call has reported that something was purged. */
  reported(thread: Thread, call: Call): void;
}

export class RangeCalls {
  private readonly host: CallHost;
  private readonly engine: Engine;
  private readonly memory: VolatileMemory;
  private readonly records: VolatileRecords;
  private readonly face: VolatileInterface;
  private readonly rules: RangeRules | null;
  private readonly way: VolatileInterface['way'];
  private readonly locks: RangeLocks;
  private readonly copyOf: CallHost['copyOf'];
  private readonly pieces: CallHost['pieces'];
  private readonly objects: readonly ObjectSpec[];
  private readonly bases: readonly number[];
  private readonly costs: CallCosts;
  private readonly work: Pending[];
  /** By process, object and kind of call: the locks it takes. */
  private readonly callLocks: Call['locks'][] = [];

  constructor(host: CallHost, costs: CallCosts) {
    this.host = host;
    const { engine } = host;
    this.engine = engine;
    this.memory = host.memory;
    this.records = host.records;
    this.face = host.face;
    this.rules = host.rules;
    this.way = host.way;
    this.locks = host.locks;
    this.copyOf = host.copyOf;
    this.pieces = host.pieces;
    this.objects = engine.setup.objects;
    this.bases = engine.setup.layout.bases;
    this.costs = costs;
    this.work = engine.threads.map(() => ({ call: null, calls: null }));
  }

  /** A thread is to make the calls of a step. */
  begin(thread: Thread, step: VolatileStep | AdviceStep): void {
    const work = this.work[thread.index];
    work.call = work.calls = null;
    const { object } = step.target;
    const start = step.bytes?.start ?? step.target.start * PAGE_SIZE;
    const end = step.bytes?.end ?? (step.target.start + step.target.pages) * PAGE_SIZE;
    const way = this.wayOf(step);
    if (step.kind === 'volatile')
      this.pieces.set(object, { origin: start, each: step.each ?? Math.max(PAGE_SIZE, end - start) });
    if (way === null) return;
    const piece = this.pieces.get(object);
    const each = step.each ?? (step.kind === 'nonvolatile' ? piece?.each : undefined) ?? Infinity;
    const origin = step.each === undefined && step.kind === 'nonvolatile' && piece ? piece.origin : start;
    const { source } = step;
    if (start === end) work.call = this.newCall(thread, way, object, start, end, source);
    else work.calls = { way, object, at: start, end, origin, each, source };
  }

  /** The call that a thread is in, or comes to; null: it has made all. */
  private callOf(thread: Thread, work: Pending): Call | null {
    const { call, calls } = work;
    if (call !== null || calls === null) return call;
    const { way, object, at, end, origin, each, source } = calls;
    const next = each === Infinity ? end : Math.min(end, origin + (Math.floor((at - origin) / each) + 1) * each);
    calls.at = next;
    if (next >= end) work.calls = null;
    return (work.call = this.newCall(thread, way, object, at, next, source));
  }

  /** What a statement comes to under this interface; null: nothing. */
  private wayOf(step: VolatileStep | AdviceStep): Way | null {
    if (step.kind === 'madvise') return step.advice;
    if (this.rules !== null) return step.kind === 'volatile' ? 'mark' : 'unmark';
    if (step.kind === 'nonvolatile' || this.way === 'nothing' || this.way === 'droppable') return null;
    return this.way as Advice;
  }

  private newCall(
    thread: Thread,
    way: Way,
    object: number,
    start: Bytes,
    end: Bytes,
    source: SourceSpan | undefined,
  ): Call {
    const locks = this.locksOf(way, object, thread.program.process);
    return { way, object, start, end, source, locks, held: 0, began: -1, asked: -1, stage: 'enter', result: null };
  }

  /** What a call must hold, in the order of taking. */
  private locksOf(way: Way, object: number, process: number): Call['locks'] {
    const ranges = way === 'mark' || way === 'unmark';
    const key = 2 * (process * this.objects.length + object) + (ranges ? 1 : 0);
    return (this.callLocks[key] ??= ranges ? this.rangeLocks(object, process) : [this.sem(process, 'read')]);
  }

  private sem(process: number, mode: LockMode): Call['locks'][number] {
    return { id: this.locks.mmapSem(process), mode };
  }

  private rangeLocks(object: number, process: number): Call['locks'] {
    const { lock, scope } = this.rules!;
    const owner =
      scope === 'shared' ? `tree of ${this.objects[this.ownerOf(object)].name}` : `tree of ${this.nameOf(process)}`;
    const tree = { id: this.locks.mutex(owner), mode: 'write' as const };
    if (lock === 'write') return [this.sem(process, 'write')];
    if (lock === 'global') return [{ id: this.locks.mutex('ashmem_mutex'), mode: 'write' }];
    return lock === 'read' ? [this.sem(process, 'read'), tree] : [tree];
  }

  private nameOf(process: number): string {
    return this.engine.setup.scenario.processes[process].name;
  }

  /** The object whose ranges and pages a child's object stands for, if they are shared; itself otherwise. */
  private ownerOf(object: number): number {
    const of = this.copyOf.get(object);
    return of !== undefined && this.rules?.scope === 'shared' ? this.ownerOf(of) : object;
  }

  /** Some of what a thread has to call; true when there is nothing left. */
  advance(thread: Thread): boolean {
    const work = this.work[thread.index];
    const call = this.callOf(thread, work);
    if (call === null) return true;
    if (this.advanceCall(thread, call)) work.call = null;
    return false;
  }

  /** One call, in place of what the thread had to call. */
  only(thread: Thread, way: Way, object: number, start: Bytes, end: Bytes, source: SourceSpan | undefined): void {
    const work = this.work[thread.index];
    work.calls = null;
    work.call = this.newCall(thread, way, object, start, end, source);
  }

  none(thread: Thread): void {
    const work = this.work[thread.index];
    work.call = work.calls = null;
  }

  /** Some of a call; true when it is over. */
  private advanceCall(thread: Thread, call: Call): boolean {
    const { engine } = this;
    const { counters } = engine.memory;
    switch (call.stage) {
      case 'enter': {
        call.began = engine.local;
        engine.work(this.costs.syscall);
        const errno = this.errnoOf(call);
        if (errno !== null) return this.refuse(thread, call, errno);
        call.asked = engine.local;
        call.stage = 'locks';
        return false;
      }
      case 'locks': {
        if (call.held < call.locks.length) {
          const { id, mode } = call.locks[call.held];
          if (!this.locks.acquire(thread, id, mode)) return false;
          if (id === this.locks.mmapSem(thread.program.process)) this.tookSem(engine.local - call.asked);
          call.held++;
          call.asked = engine.local;
          return false;
        }
        const { result, cost } = this.carryOut(call);
        call.result = result;
        engine.work(cost);
        call.stage = 'hold';
        return false;
      }
      case 'hold': {
        if (!engine.catchUp(thread)) return false;
        for (let i = call.locks.length - 1; i >= 0; i--) this.locks.release(thread, call.locks[i].id);
        this.records.call(call.way !== 'unmark', engine.local - call.began);
        if (call.way === 'mark' || call.way === 'unmark') counters[call.way === 'mark' ? VR_MARK : VR_UNMARK]++;
        if (call.result?.purged === true) this.host.reported(thread, call);
        return true;
      }
    }
  }

  /** mmap_sem has been had, after so long. */
  tookSem(wait: Nanoseconds): void {
    const { counters } = this.engine.memory;
    counters[MMAP_SEM_TAKEN]++;
    counters[MMAP_SEM_WAIT_TIME] += wait;
    if (wait > 0) counters[MMAP_SEM_CONTENDED]++;
    this.records.semWait.add(wait);
  }

  /** Does it, with all locks held. */
  private carryOut(call: Call): { result: CallResult | null; cost: Nanoseconds } {
    const { memory, costs } = this;
    const { first, end } = this.rounded(call);
    const object = this.ownerOf(call.object);
    if (call.way === 'mark' || call.way === 'unmark') {
      const bytes = this.face.errors.unaligned === 'bytes';
      const from = bytes ? call.start : first * PAGE_SIZE;
      const to = bytes ? call.end : end * PAGE_SIZE;
      if (from >= to) return { result: null, cost: 0 };
      const result = call.way === 'mark' ? memory.mark(object, from, to) : memory.unmark(object, from, to);
      if (this.rules!.lock === 'write') {
        const scan = call.way === 'unmark' ? result.pages * costs.pte : 0;
        return { result, cost: result.splits * costs.split + result.merges * costs.merge + scan };
      }
      return { result, cost: Math.ceil(bitsOf(result.ranges + 1)) * costs.node };
    }
    const pages = memory.advise(call.way, object, first, end - first);
    const { swap } = this.engine.costs;
    const written = call.way === 'pageout' ? pages : 0;
    if (written > 0) this.engine.afterReclaim(false);
    return { result: null, cost: (end - first) * costs.pte + (written > 0 ? swap.latency : 0) };
  }

  /** Pages that a call concerns: its start as the interface takes it, its end rounded up. */
  rounded({ object, start, end }: Call): { first: Pages; end: Pages } {
    const size = this.objects[object].pages;
    if (start === end && this.face.errors.empty === 'all') return { first: Math.floor(start / PAGE_SIZE), end: size };
    return { first: Math.floor(start / PAGE_SIZE), end: Math.min(size, Math.ceil(end / PAGE_SIZE)) };
  }

  // ---- errors

  private errnoOf(call: Call): string | null {
    const { start, end, object } = call;
    const ranges = call.way === 'mark' || call.way === 'unmark';
    const errors = ranges ? this.face.errors : MADVISE_ERRORS[call.way];
    if (errors.unaligned !== 'bytes' && start % PAGE_SIZE !== 0) return 'EINVAL: the start is not on a page';
    if (errors.unaligned === 'EINVAL' && end % PAGE_SIZE !== 0) return 'EINVAL: the length is no whole number of pages';
    if (start === end && errors.empty === 'EINVAL') return 'EINVAL: the range is empty';
    const spec = this.objects[object];
    const backing = String(spec.values['backing'] ?? '');
    if (errors.hugetlb === 'EINVAL' && backing.startsWith('hugetlb'))
      return 'EINVAL: the memory is of huge pages (hugetlb)';
    if (errors.shared === 'EINVAL' && (spec.kind !== 'anon' || spec.values['shared'] === true))
      return 'EINVAL: the memory is not private';
    if (errors.locked === 'EINVAL') {
      const base = this.bases[object];
      const { flags } = this.engine.memory;
      const { first, end: last } = this.rounded(call);
      for (let page = base + first; page < base + last; page++)
        if ((flags[page] & UNEVICTABLE) !== 0) return 'EINVAL: the memory is locked';
    }
    return null;
  }

  private refuse(thread: Thread, call: Call, errno: string): boolean {
    const { engine } = this;
    engine.memory.counters[CALL_ERRORS]++;
    const what = call.way === 'mark' || call.way === 'unmark' ? `${this.face.id} ${call.way}` : `madvise ${call.way}`;
    const text = `${what} of ${this.objects[call.object].name} [${call.start}, ${call.end}): ${errno}`;
    if (this.host.once(text)) engine.recorder.event(engine.local, rules.CALL_REFUSED, thread.name, text, call.source);
    return true;
  }
}

const MADVISE_ERRORS: Readonly<Record<Advice, VolatileInterface['errors']>> = {
  free: volatileInterface('madv-free')!.errors,
  dontneed: volatileInterface('dontneed')!.errors,
  cold: volatileInterface('cold')!.errors,
  pageout: volatileInterface('pageout')!.errors,
};

/** Bits of a whole number: steps down a balanced tree. */
const bitsOf = (n: number): number => 32 - Math.clz32(n);
