/**
 * Volatile memory on the running machine: makes its state from a scenario, has calls on ranges carried out (range-calls.ts), forks, and stands
 * before accesses: what is lost raises a signal, reads zeros or is made anew; faults of processes with several threads take
 * mmap_sem for reading.
 *
 * Kernel: mm/madvise.c, mm/vrange.c (proposed), ashmem.c; do_user_addr_fault in arch/x86/mm/fault.c. mmap_sem is held for the CPU time of a
 * fault, direct reclaim included, and dropped while it waits for a device.
 * Left out: SIGBUS for accesses of the kernel itself (read(2) into volatile memory returns EFAULT).
 */
import { OP_SHIFT, OP_STORE, PAGE_MASK } from '../machine/access.ts';
import {
  ACCESS_ERRORS, FAULT_WAITS, FAULT_WAIT_TIME, REGENERATED, REGENERATED_INTACT, REGENERATIONS, REGENERATION_TIME,
  REPORTED_PURGED, SIGBUS, ZERO_FILLS,
} from '../machine/counters.ts'; // prettier-ignore
import { DIRECT_RECLAIM, OUT_OF_MEMORY, SWAP_IN } from '../machine/memory.ts';
import type { AdviceStep, ForkStep, ObjectSpec, PurgedHandler, VolatileStep } from '../plan.ts';
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
import { COW, LOST, SHARED, VOLATILE, VolatileMemory } from '../volatile/volatile-memory.ts';
import type { ProgramStep } from '../workload/program.ts';
import type { AccessGuard, Engine, StepHandler } from './engine.ts';
import type { LockId, LockMode } from './locks.ts';
import { callCosts, RangeCalls, type Call, type CallCosts, type CallHost } from './range-calls.ts';
import { RangeLocks } from './range-locks.ts';
import type { Thread } from './thread.ts';
import { VolatileRecords } from './volatile-records.ts';
import type { Waitable, Waiter } from './waits.ts';

/** Times an access may raise the same signal before its handler is said not to return anything. */
const MAX_SIGNALS = 3;
/** Pages that a handler writes between two looks at who else is due. */
const WRITE_LOT = 32;

/** Content being made anew. */
interface Regeneration {
  readonly object: number;
  readonly first: Pages;
  readonly end: Pages;
  at: Pages;
  stage: 'idle' | 'compute' | 'write';
  began: Nanoseconds;
}

/** What a thread has on its hands. */
interface Work {
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

export class Volatile implements StepHandler, AccessGuard, CallHost {
  readonly memory: VolatileMemory;
  readonly records: VolatileRecords;
  readonly engine: Engine;
  readonly face: VolatileInterface;
  readonly rules: RangeRules | null;
  readonly locks: RangeLocks;
  private readonly costs: CallCosts;
  private readonly calls: RangeCalls;
  private readonly work: Work[];
  private readonly objects: readonly ObjectSpec[];
  private readonly bases: readonly number[];
  /** Objects that programs make volatile, or share after a fork. */
  private readonly managed: readonly boolean[];
  readonly copyOf = new Map<number, number>();
  /** How a program divides an object: the length of its ranges, and where the first begins. */
  readonly pieces = new Map<number, { readonly origin: Bytes; readonly each: Bytes }>();
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
    this.costs = callCosts(given);
    this.work = threads.map(() => ({
      regeneration: null, faulting: -1, faultAsked: -1, signalled: -1, signals: 0, recording: false,
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
    this.calls = new RangeCalls(this, this.costs);
  }

  readonly way: VolatileInterface['way'];

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
    if (spec.kind === 'fork') this.calls.none(thread);
    else this.calls.begin(thread, spec as VolatileStep | AdviceStep);
  }

  advance(thread: Thread): boolean {
    const work = this.work[thread.index];
    this.engine.spend(1);
    const { spec } = thread.cursor.step!;
    if (spec.kind === 'fork') return this.fork(thread, spec);
    if (work.regeneration === null) return this.calls.advance(thread);
    if (this.regenerate(thread, work)) work.regeneration = null;
    return false;
  }

  once(text: string): boolean {
    if (this.told.has(text)) return false;
    this.told.add(text);
    return true;
  }

  // ---- reports and handlers

  private handlerOf(thread: Thread): PurgedHandler | undefined {
    return this.engine.setup.scenario.processes[thread.program.process].onPurged;
  }

  reported(thread: Thread, call: Call): void {
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
    const { first, end } = this.calls.rounded(call);
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
      if (!this.calls.advance(thread)) return false;
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
    this.calls.none(thread);
    if (this.trap(thread, object, offset) && volatile) {
      const { first, end } = work.regeneration!;
      this.calls.only(thread, 'unmark', object, first * PAGE_SIZE, end * PAGE_SIZE, handler.source);
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
    this.calls.tookSem(wait);
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
