/**
 * Volatile memory on the running machine: makes its state from a scenario, carries out calls on ranges, madvise and fork with their locks and
 * costs, and stands before accesses: what is lost raises a signal, reads zeros or is made anew; faults of processes with several threads take
 * mmap_sem for reading.
 *
 * Kernel: mm/madvise.c, mm/vrange.c (proposed), ashmem.c; do_user_addr_fault in arch/x86/mm/fault.c. mmap_sem is held for the CPU time of a
 * fault, direct reclaim included, and dropped while it waits for a device.
 * Left out: SIGBUS for accesses of the kernel itself (read(2) into volatile memory returns EFAULT).
 */
import { OP_SHIFT, OP_STORE, PAGE_MASK } from '../machine/access.ts';
import {
  ACCESS_ERRORS, CALL_ERRORS, FAULT_WAITS, FAULT_WAIT_TIME, MMAP_SEM_CONTENDED, MMAP_SEM_TAKEN, MMAP_SEM_WAIT_TIME,
  REGENERATED, REGENERATED_INTACT, REGENERATIONS, REGENERATION_TIME, REPORTED_PURGED, SIGBUS, VR_MARK, VR_UNMARK,
  ZERO_FILLS,
} from '../machine/counters.ts'; // prettier-ignore
import { DIRECT_RECLAIM, OUT_OF_MEMORY, SWAP_IN } from '../machine/memory.ts';
import { UNEVICTABLE } from '../machine/reclaimer.ts';
import type { Advice, AdviceStep, ForkStep, ObjectSpec, PurgedHandler, SourceSpan, VolatileStep } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/volatile-knobs.ts';
import * as rules from '../tables/volatile-rules.ts';
import { PAGE_SIZE, type Bytes, type Nanoseconds, type Pages } from '../units.ts';
import {
  DEFAULT_INTERFACE,
  rangeRules,
  volatileInterface,
  type RangeRules,
  type VolatileInterface,
} from '../volatile/interfaces.ts';
import type { VolatileRange } from '../volatile/range-tree.ts';
import { COW, LOST, SHARED, VOLATILE, VolatileMemory, type CallResult } from '../volatile/volatile-memory.ts';
import type { ProgramStep } from '../workload/program.ts';
import type { AccessGuard, Engine, StepHandler } from './engine.ts';
import type { LockId, LockMode } from './locks.ts';
import { RangeLocks } from './range-locks.ts';
import type { Thread } from './thread.ts';
import { VolatileRecords } from './volatile-records.ts';
import type { Waitable, Waiter } from './waits.ts';

/** Times an access may raise the same signal before its handler is said not to return anything. */
const MAX_SIGNALS = 3;
/** Pages that a handler writes between two looks at who else is due. */
const WRITE_LOT = 32;

type Way = 'mark' | 'unmark' | Advice;

/** One call on a range, under way. */
interface Call {
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

/** Content being made anew. */
interface Regeneration {
  readonly object: number;
  readonly first: Pages;
  readonly end: Pages;
  at: Pages;
  stage: 'idle' | 'compute' | 'write';
  began: Nanoseconds;
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

/** What a thread has on its hands. */
interface Work {
  /** The call under way, and those to come. */
  call: Call | null;
  calls: Calls | null;
  regeneration: Regeneration | null;
  /** The fault it is in holds mmap_sem. */
  faulting: LockId;
  faultAsked: Nanoseconds;
  /** Page of the last signal, and how often in a row. */
  signalled: number;
  signals: number;
  /** It is in a step that uses volatile memory. */
  recording: boolean;
}

/** An object that some thread makes anew: others wait for it. */
class Regenerating implements Waitable {
  readonly name: string;
  readonly thread: Thread;
  readonly waiting: Thread[] = [];

  constructor(name: string, thread: Thread) {
    this.name = name;
    this.thread = thread;
  }

  owners(): Iterable<Waiter> {
    return [this.thread];
  }
}

export class Volatile implements StepHandler, AccessGuard {
  readonly memory: VolatileMemory;
  readonly records: VolatileRecords;
  private readonly engine: Engine;
  private readonly face: VolatileInterface;
  private readonly rules: RangeRules | null;
  private readonly locks: RangeLocks;
  /** By process, object and kind of call: the locks it takes. */
  private readonly callLocks: Call['locks'][] = [];
  private readonly costs;
  private readonly work: Work[];
  private readonly objects: readonly ObjectSpec[];
  private readonly bases: readonly number[];
  /** Objects that programs make volatile, or share after a fork. */
  private readonly managed: readonly boolean[];
  private readonly copyOf = new Map<number, number>();
  /** How a program divides an object: the length of its ranges, and where the first begins. */
  private readonly pieces = new Map<number, { readonly origin: Bytes; readonly each: Bytes }>();
  private readonly regenerating = new Map<string, Regenerating>();
  private readonly forked = new Set<number>();
  private readonly sharing: readonly boolean[];
  private readonly told = new Set<string>();

  constructor(engine: Engine) {
    this.engine = engine;
    const { setup, memory, threads, recorder } = engine;
    const { scenario } = setup;
    const choice = scenario.volatile ?? { id: DEFAULT_INTERFACE, values: {} };
    const face = volatileInterface(choice.id);
    if (face === undefined) throw new Error(`no interface '${choice.id}'`);
    this.face = face;
    this.rules = rangeRules(face, choice.values);
    this.objects = setup.objects;
    this.bases = setup.layout.bases;
    this.memory = new VolatileMemory(
      memory,
      {
        pages: setup.layout.pages,
        bases: this.bases,
        sizes: setup.layout.numbered,
        processes: this.objects.map((object) => object.process ?? -1),
      },
      face,
      this.rules,
    );
    memory.advice!.attach(this.memory);
    if (face.way === 'free' && !memory.advice!.freesLazily)
      recorder.warn(`MADV_FREE is simulated with two lists only: under '${scenario.reclaim.id}' it does nothing`);
    const dontneed = valueOf(choice.values, knobs.swaplessDontneed) && !memory.advice!.hasSwap;
    if (dontneed) recorder.warn('without swap, MADV_FREE of 4.5 drops memory at once');
    this.way = face.way === 'free' && dontneed ? 'dontneed' : face.way;
    this.locks = new RangeLocks(engine, scenario);
    const given = scenario.machine.locks ?? {};
    this.costs = {
      split: valueOf(given, knobs.vmaSplit),
      merge: valueOf(given, knobs.vmaMerge),
      node: valueOf(given, knobs.treeNode),
      pte: valueOf(given, knobs.pteCost),
      syscall: valueOf(given, knobs.syscall),
      sigbus: valueOf(given, knobs.sigbus),
    };
    this.work = threads.map(() => ({
      call: null, calls: null, regeneration: null, faulting: -1, faultAsked: -1, signalled: -1, signals: 0, recording: false,
    })); // prettier-ignore
    const managed = this.objects.map(() => false);
    const marked = new Set<number>();
    for (const process of scenario.processes)
      for (const phase of process.phases)
        for (const step of phase.steps) {
          if (step.kind !== 'volatile' && step.kind !== 'nonvolatile' && step.kind !== 'madvise') continue;
          managed[step.target.object] = true;
          if (step.kind === 'volatile') marked.add(step.target.object);
        }
    scenario.processes.forEach((process) => {
      for (const { of, copy } of process.forked?.objects ?? []) {
        managed[of] = managed[copy] = true;
        this.copyOf.set(copy, of);
      }
    });
    this.managed = managed;
    if (this.way === 'droppable')
      for (const object of marked) if (!this.copyOf.has(object)) this.memory.makeDroppable(object);
    this.sharing = scenario.processes.map(
      (_, p) => threads.reduce((n, thread) => n + (thread.program.process === p ? 1 : 0), 0) > 1,
    );
    this.memory.locks = {
      tryLock: (range) => this.lockForPurge(range),
      unlock: (range, pages) => this.unlockAfterPurge(range, pages),
    };
    this.records = new VolatileRecords(
      face.id,
      memory,
      this.memory,
      this.objects.flatMap(({ name }, i) =>
        managed[i] && setup.layout.numbered[i] > 0
          ? [{ name, base: this.bases[i], pages: setup.layout.numbered[i] }]
          : [],
      ),
      () => this.vmas(),
    );
    recorder.volatile = this.records;
  }

  private readonly way: VolatileInterface['way'];

  /** Mappings of all processes: one a region, and two more for each range that is a flag of its mapping. */
  private vmas(): number {
    const regions = this.objects.filter((object) => object.kind === 'anon').length;
    if (this.rules?.lock !== 'write') return regions;
    let pieces = regions;
    this.managed.forEach((managed, i) => {
      if (!managed) return;
      const tree = this.memory.tree(i);
      let at = 0;
      let count = 0;
      for (const range of tree) {
        if (range.start > at) count++;
        count++;
        at = range.end;
      }
      if (count > 0) pieces += count - 1 + (at < this.objects[i].pages * PAGE_SIZE ? 1 : 0);
    });
    return pieces;
  }

  // ---- steps

  begin(thread: Thread, { spec }: ProgramStep): void {
    const work = this.work[thread.index];
    work.call = work.calls = null;
    if (spec.kind === 'fork') return;
    const step = spec as VolatileStep | AdviceStep;
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
  private callOf(thread: Thread, work: Work): Call | null {
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

  advance(thread: Thread): boolean {
    const { engine } = this;
    const work = this.work[thread.index];
    engine.spend(1);
    const { spec } = thread.cursor.step!;
    if (spec.kind === 'fork') return this.fork(thread, spec);
    if (work.regeneration !== null) {
      if (this.regenerate(thread, work)) work.regeneration = null;
      return false;
    }
    const call = this.callOf(thread, work);
    if (call === null) return true;
    if (this.advanceCall(thread, call)) work.call = null;
    return false;
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
        if (call.result?.purged === true) this.reported(thread, call);
        return true;
      }
    }
  }

  private tookSem(wait: Nanoseconds): void {
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
  private rounded({ object, start, end }: Call): { first: Pages; end: Pages } {
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
    if (this.once(text)) engine.recorder.event(engine.local, rules.CALL_REFUSED, thread.name, text, call.source);
    return true;
  }

  private once(text: string): boolean {
    if (this.told.has(text)) return false;
    this.told.add(text);
    return true;
  }

  // ---- reports and handlers

  private handlerOf(thread: Thread): PurgedHandler | undefined {
    return this.engine.setup.scenario.processes[thread.program.process].onPurged;
  }

  private reported(thread: Thread, call: Call): void {
    const { engine } = this;
    engine.memory.counters[REPORTED_PURGED]++;
    const { name } = this.objects[call.object];
    if (this.once(`purged ${name}`))
      engine.recorder.event(
        engine.local,
        rules.VOLATILE_PURGED,
        thread.name,
        `${name} had been purged in part when it was taken back`,
        call.source,
      );
    const { first, end } = this.rounded(call);
    this.startRegeneration(thread, call.object, first, end);
  }

  /** True if the process makes content anew at all. */
  private startRegeneration(thread: Thread, object: number, first: Pages, end: Pages): boolean {
    const handler = this.handlerOf(thread);
    if (handler?.regenerate === undefined) return false;
    const work = this.work[thread.index];
    work.regeneration = {
      object,
      first,
      end,
      at: first,
      stage: handler.idle === undefined ? 'compute' : 'idle',
      began: this.engine.local,
    };
    const key = this.pieceKey(object, first);
    if (!this.regenerating.has(key))
      this.regenerating.set(key, new Regenerating(`${this.objects[object].name} being made anew`, thread));
    return true;
  }

  private pieceKey(object: number, page: Pages): string {
    const piece = this.pieces.get(object);
    if (!piece) return `${object}`;
    return `${object}/${Math.floor((page * PAGE_SIZE - piece.origin) / piece.each)}`;
  }

  /** Makes content anew; true when all is written. */
  private regenerate(thread: Thread, work: Work): boolean {
    const { engine } = this;
    const { memory } = engine;
    const job = work.regeneration!;
    const handler = this.handlerOf(thread)!;
    if (job.stage === 'idle') {
      job.stage = 'compute';
      engine.pass(thread, engine.local + handler.idle!, 'idle');
      return false;
    }
    if (job.stage === 'compute') {
      job.stage = 'write';
      engine.work(handler.regenerate!);
      return false;
    }
    for (let i = 0; i < WRITE_LOT && job.at < job.end; i++) {
      const page = this.bases[job.object] + job.at;
      const word = ((OP_STORE << OP_SHIFT) >>> 0) + page;
      if (!this.lockFault(thread, page)) return false;
      memory.counters[REGENERATED]++;
      if ((this.memory.state[page] & LOST) === 0) memory.counters[REGENERATED_INTACT]++;
      this.memory.written(page);
      const outcome = memory.access(word, thread.program.cgroup);
      if ((outcome & OUT_OF_MEMORY) !== 0) {
        this.unlockFault(thread);
        engine.outOfMemory(thread);
        return false;
      }
      job.at++;
      engine.spend(1);
      engine.work(engine.costs.hit + (outcome === 0 ? 0 : engine.costs.fault));
      const until = outcome === 0 ? 0 : engine.afterReclaim((outcome & DIRECT_RECLAIM) !== 0);
      this.unlockFault(thread);
      const read = (outcome & SWAP_IN) !== 0 ? engine.swap.request(engine.local, 1) : 0;
      if (Math.max(until, read) > engine.local && !engine.pass(thread, Math.max(until, read), 'frames')) return false;
    }
    if (job.at < job.end) return false;
    memory.counters[REGENERATIONS]++;
    memory.counters[REGENERATION_TIME] += engine.local - job.began;
    const key = this.pieceKey(job.object, job.first);
    const others = this.regenerating.get(key);
    if (others?.thread === thread) {
      this.regenerating.delete(key);
      for (const waiting of others.waiting) engine.unblock(waiting, engine.local);
    }
    return true;
  }

  // ---- before accesses

  /** Pages of which nothing is known, as long as the thread is in no fault. */
  quiet(thread: Thread): Uint8Array | null {
    const { faulting, faultAsked } = this.work[thread.index];
    return faulting >= 0 || faultAsked >= 0 ? null : this.memory.state;
  }

  enter(thread: Thread, word: number): boolean {
    const page = word & PAGE_MASK;
    const s = this.memory.state[page];
    if (s !== 0 && !this.prepare(thread, word, page, s)) return false;
    const now = thread.lot[thread.at] & PAGE_MASK;
    return this.lockFault(thread, now);
  }

  /** What a page's state asks for before it is accessed. */
  private prepare(thread: Thread, word: number, page: number, s: number): boolean {
    const { engine, memory } = this;
    const stores = word >>> OP_SHIFT >= OP_STORE;
    if ((s & COW) !== 0 && !this.shareOrCopy(thread, word, page, stores)) return true;
    if (stores && (s & SHARED) !== 0 && this.rules?.scope !== 'shared') this.copyForChildren(thread, page);
    const at = thread.lot[thread.at] & PAGE_MASK;
    const state = memory.state[at];
    if ((state & LOST) === 0) {
      if (stores && (state & VOLATILE) !== 0) memory.written(at);
      return true;
    }
    const object = this.objectOf(at);
    const offset = at - this.bases[object];
    const busy = this.regenerating.get(this.pieceKey(object, offset));
    if (busy !== undefined && busy.thread !== thread && !busy.thread.over) {
      busy.waiting.push(thread);
      engine.block(thread, 'lock', busy);
      return false;
    }
    const { counters } = engine.memory;
    const volatile = (state & VOLATILE) !== 0 && this.rules !== null;
    if ((volatile && this.rules.onAccess === 'sigbus') || (this.face.faults && !stores))
      return this.signal(thread, at, object, offset, volatile);
    if (volatile && this.rules.onAccess === 'error') {
      counters[ACCESS_ERRORS]++;
      engine.work(this.costs.syscall);
      thread.at++;
      thread.hits++;
      return false;
    }
    if (stores) {
      memory.written(at);
      return true;
    }
    counters[ZERO_FILLS]++;
    // The program sees zeros where its content should be.
    if (this.trap(thread, object, offset)) return false;
    memory.written(at);
    return true;
  }

  private objectOf(page: number): number {
    const { bases } = this;
    let low = 0;
    let high = bases.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (bases[middle] <= page) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The range of the program that a page lies in, to be made anew before the access goes on. */
  private trap(thread: Thread, object: number, offset: Pages): boolean {
    const piece = this.pieces.get(object);
    let first = 0;
    let end = this.objects[object].pages;
    if (piece) {
      const index = Math.floor((offset * PAGE_SIZE - piece.origin) / piece.each);
      first = Math.max(0, Math.floor((piece.origin + index * piece.each) / PAGE_SIZE));
      end = Math.min(end, Math.ceil((piece.origin + (index + 1) * piece.each) / PAGE_SIZE));
    }
    if (!this.startRegeneration(thread, object, first, end)) return false;
    thread.trap = this.handler;
    return true;
  }

  /** A signal handler's work, between two parts of a step. */
  private readonly handler: StepHandler = {
    begin: () => undefined,
    advance: (thread) => {
      const work = this.work[thread.index];
      this.engine.spend(1);
      if (work.call !== null) {
        if (this.advanceCall(thread, work.call)) work.call = null;
        return false;
      }
      if (work.regeneration !== null && !this.regenerate(thread, work)) return false;
      work.regeneration = null;
      return true;
    },
  };

  /** SIGBUS on purged memory: the handler takes the range back and makes it anew, or the process dies. */
  private signal(thread: Thread, page: number, object: number, offset: Pages, volatile: boolean): boolean {
    const { engine } = this;
    const { counters } = engine.memory;
    const work = this.work[thread.index];
    const handler = this.handlerOf(thread);
    const { name } = this.objects[object];
    counters[SIGBUS]++;
    engine.work(this.costs.sigbus);
    if (this.once(`sigbus ${name}`))
      engine.recorder.event(engine.local, rules.VOLATILE_SIGBUS, thread.name, `SIGBUS at page ${offset} of ${name}`);
    work.signals = work.signalled === page ? work.signals + 1 : 1;
    work.signalled = page;
    if (handler === undefined || (handler.regenerate === undefined && work.signals >= MAX_SIGNALS)) {
      const why = handler === undefined ? 'it has no handler' : 'its handler never writes the memory anew';
      engine.kill(
        thread.program.process,
        engine.local,
        handler === undefined ? rules.VOLATILE_UNHANDLED : rules.VOLATILE_NO_RETURN,
        `SIGBUS at page ${offset} of ${name}, and ${why}`,
      );
      return false;
    }
    if (handler.regenerate === undefined) {
      if (handler.idle !== undefined) engine.pass(thread, engine.local + handler.idle, 'idle');
      return false;
    }
    work.call = work.calls = null;
    if (this.trap(thread, object, offset) && volatile) {
      const { first, end } = work.regeneration!;
      work.call = this.newCall(thread, 'unmark', object, first * PAGE_SIZE, end * PAGE_SIZE, handler.source);
      // What the call will report is known already: the handler is at work because of it.
    }
    return false;
  }

  // ---- mmap_sem of faults

  private lockFault(thread: Thread, page: number): boolean {
    const { process } = thread.program;
    const work = this.work[thread.index];
    if (!this.sharing[process] || work.faulting >= 0) return true;
    const memory = this.engine.memory;
    // Who waited holds it by now, even if another thread has brought the page meanwhile.
    if (work.faultAsked < 0 && memory.isResident(page)) return true;
    const sem = this.locks.mmapSem(process);
    if (work.faultAsked < 0) work.faultAsked = this.engine.local;
    if (!this.locks.acquire(thread, sem, 'read')) return false;
    const wait = this.engine.local - work.faultAsked;
    work.faultAsked = -1;
    work.faulting = sem;
    memory.counters[FAULT_WAITS]++;
    memory.counters[FAULT_WAIT_TIME] += wait;
    this.records.faultWait.add(wait);
    this.tookSem(wait);
    return true;
  }

  private unlockFault(thread: Thread): void {
    const work = this.work[thread.index];
    if (work.faulting < 0) return;
    this.locks.releaseAt(thread, work.faulting, this.engine.local);
    work.faulting = -1;
  }

  leave(thread: Thread): void {
    this.unlockFault(thread);
  }

  entered(thread: Thread): void {
    const { step } = thread.cursor;
    const work = this.work[thread.index];
    const { spec } = step ?? {};
    const object =
      step === null ? -1 : spec !== undefined && 'target' in spec && spec.target ? spec.target.object : step.object;
    work.recording = object >= 0 && this.managed[object];
    if (work.recording) this.records.begin(this.engine.local);
  }

  left(thread: Thread): void {
    const work = this.work[thread.index];
    if (!work.recording) return;
    work.recording = false;
    this.records.end(this.engine.local, thread.cursor.step?.kind === 'accesses');
  }

  // ---- purging

  private purgeLock(range: VolatileRange): { readonly id: LockId; readonly mode: LockMode } | null {
    const { lock } = this.rules!;
    if (lock === 'global') return { id: this.locks.mutex('ashmem_mutex'), mode: 'write' };
    if (range.tree.owner >= 0) return { id: this.locks.mmapSem(range.tree.owner), mode: 'read' };
    return { id: this.locks.mutex(`tree of ${this.objects[range.tree.object].name}`), mode: 'write' };
  }

  private lockForPurge(range: VolatileRange): boolean {
    const lock = this.purgeLock(range);
    return lock === null || this.locks.tryForReclaim(lock.id, lock.mode);
  }

  private unlockAfterPurge(range: VolatileRange, pages: Pages): void {
    const lock = this.purgeLock(range);
    if (lock !== null) this.locks.releaseForReclaim(lock.id, this.engine.clock + pages * this.costs.pte);
  }

  // ---- fork

  private fork(thread: Thread, { process, source }: ForkStep): boolean {
    const { engine } = this;
    if (this.forked.has(process)) return true;
    this.forked.add(process);
    const { name, forked } = engine.setup.scenario.processes[process];
    let pages = 0;
    for (const { of, copy } of forked?.objects ?? []) {
      this.memory.fork(of, copy);
      const piece = this.pieces.get(of);
      if (piece) this.pieces.set(copy, piece);
      pages += this.objects[of].pages;
    }
    engine.work(this.costs.syscall + pages * this.costs.pte);
    engine.recorder.event(engine.local, rules.PROCESS_FORK, thread.name, `${thread.name} forks ${name}`, source);
    for (const child of engine.threads) if (child.program.process === process) engine.start(child, engine.local);
    return true;
  }

  /**
   * A child uses a page that it still shares: a read (or, of shared memory, any use) becomes one of the parent's page, and true says so; a write gives
   * it its own, a copy.
   */
  private shareOrCopy(thread: Thread, word: number, page: number, stores: boolean): boolean {
    const { memory, engine } = this;
    const copy = this.objectOf(page);
    const of = this.copyOf.get(copy)!;
    const parent = memory.parentOf(page, of, copy);
    const shared = this.rules?.scope === 'shared';
    if (!stores || shared) {
      thread.lot[thread.at] = (((word >>> OP_SHIFT) << OP_SHIFT) >>> 0) + parent;
      return true;
    }
    memory.own(page, parent, of);
    engine.work(engine.costs.fault);
    return false;
  }

  /** A parent writes to a page that children share: they keep the old content, in copies of their own. */
  private copyForChildren(thread: Thread, page: number): void {
    const { memory, engine } = this;
    const object = this.objectOf(page);
    for (const child of memory.sharers(page, object)) {
      memory.own(child, page, object);
      engine.memory.access(((OP_STORE << OP_SHIFT) >>> 0) + child, thread.program.cgroup);
      engine.work(engine.costs.fault);
    }
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
