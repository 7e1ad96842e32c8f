/**
 * Volatile memory on the running machine: makes its state from a scenario, has calls on ranges carried out (range-calls.ts) and processes forked
 * (forks.ts), and stands before accesses: what is lost raises a signal, reads zeros or is made anew (regenerations.ts).
 *
 * Kernel: mm/madvise.c, mm/vrange.c (proposed), ashmem.c.
 * Left out: SIGBUS for accesses of the kernel itself (read(2) into volatile memory returns EFAULT).
 */
import { OP_SHIFT, OP_STORE, PAGE_MASK } from '../machine/access.ts';
import { ACCESS_ERRORS, REPORTED_PURGED, SIGBUS, ZERO_FILLS } from '../machine/counters.ts';
import type { AdviceStep, ObjectSpec, Scenario, VolatileStep } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/volatile-knobs.ts';
import * as rules from '../tables/volatile-rules.ts';
import { PAGE_SIZE, type Nanoseconds, type Pages } from '../units.ts';
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
import { FaultLocks } from './fault-locks.ts';
import { Forks } from './forks.ts';
import type { LockId, LockMode } from './locks.ts';
import { Pieces } from './pieces.ts';
import { callCosts, RangeCalls, type Call, type CallCosts, type CallHost } from './range-calls.ts';
import { RangeLocks } from './range-locks.ts';
import { Regenerations } from './regenerations.ts';
import type { Thread } from './thread.ts';
import { VolatileRecords } from './volatile-records.ts';

/** Times an access may raise the same signal before its handler is said not to return anything. */
const MAX_SIGNALS = 3;
interface PageRange {
  readonly first: Pages;
  readonly end: Pages;
}

/** What a thread has on its hands. */
interface Work {
  /** Page of the last signal, and how often in a row. */
  signalled: number;
  signals: number;
  /** It is in a step that uses volatile memory. */
  recording: boolean;
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
  private readonly faults: FaultLocks;
  private readonly forks: Forks;
  private readonly anew: Regenerations;
  private readonly work: Work[];
  private readonly objects: readonly ObjectSpec[];
  private readonly bases: readonly number[];
  /** Objects that programs make volatile, or share after a fork. */
  private readonly managed: readonly boolean[];
  readonly copyOf: ReadonlyMap<number, number>;
  readonly pieces = new Pieces();
  readonly way: VolatileInterface['way'];
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
    this.costs = callCosts(scenario.machine.locks ?? {});
    this.forks = new Forks(engine, this.memory, this.pieces, this.costs, this.rules?.scope === 'shared');
    this.copyOf = this.forks.copyOf;
    this.work = threads.map(() => ({ signalled: -1, signals: 0, recording: false }));
    const calls = rangeStepsOf(scenario);
    const managed = new Set([...calls.map(({ target }) => target.object), ...[...this.copyOf].flat()]);
    this.managed = this.objects.map((_, object) => managed.has(object));
    const marked = new Set(calls.flatMap(({ kind, target }) => (kind === 'volatile' ? [target.object] : [])));
    if (this.way === 'droppable')
      for (const object of marked) if (!this.copyOf.has(object)) this.memory.makeDroppable(object);
    this.memory.locks = {
      tryLock: (range) => this.lockForPurge(range),
      unlock: (range, pages) => this.unlockAfterPurge(range, pages),
    };
    this.records = new VolatileRecords(
      face.id,
      memory,
      this.memory,
      this.objects.flatMap(({ name }, i) =>
        this.managed[i] && setup.layout.numbered[i] > 0
          ? [{ name, base: this.bases[i], pages: setup.layout.numbered[i] }]
          : [],
      ),
      () => this.vmas(),
    );
    recorder.volatile = this.records;
    this.calls = new RangeCalls(this, this.costs);
    this.faults = new FaultLocks(engine, this.locks, (wait) => {
      this.records.faultWait.add(wait);
      this.calls.tookSem(wait);
    });
    this.anew = new Regenerations(engine, this.memory, this.faults, this.pieces);
  }

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
    this.engine.spend(1);
    const { spec } = thread.cursor.step!;
    if (spec.kind === 'fork') {
      this.forks.fork(thread, spec);
      return true;
    }
    if (!this.anew.isOn(thread)) return this.calls.advance(thread);
    this.anew.advance(thread);
    return false;
  }

  once(text: string): boolean {
    if (this.told.has(text)) return false;
    this.told.add(text);
    return true;
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
    this.anew.start(thread, call.object, first, end);
  }

  // ---- before accesses

  /** Pages of which nothing is known, as long as the thread is in no fault. */
  quiet(thread: Thread): Uint8Array | null {
    return this.faults.isIn(thread) ? null : this.memory.state;
  }

  enter(thread: Thread, word: number): boolean {
    const page = word & PAGE_MASK;
    const s = this.memory.state[page];
    if (s !== 0 && !this.prepare(thread, word, page, s)) return false;
    const now = thread.lot[thread.at] & PAGE_MASK;
    return this.faults.lock(thread, now);
  }

  /** What a page's state asks for before it is accessed. */
  private prepare(thread: Thread, word: number, page: number, s: number): boolean {
    const { engine, memory } = this;
    const stores = word >>> OP_SHIFT >= OP_STORE;
    if ((s & COW) !== 0 && !this.forks.shareOrCopy(thread, word, page, stores)) return true;
    if (stores && (s & SHARED) !== 0) this.forks.copyForChildren(thread, page);
    const at = thread.lot[thread.at] & PAGE_MASK;
    const state = memory.state[at];
    if ((state & LOST) === 0) {
      if (stores && (state & VOLATILE) !== 0) memory.written(at);
      return true;
    }
    const object = memory.objectOf(at);
    const offset = at - this.bases[object];
    if (this.anew.waits(thread, object, offset)) return false;
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
    if (this.trap(thread, object, this.pieceAt(object, offset))) return false;
    memory.written(at);
    return true;
  }

  /** The range of the program that a page lies in. */
  private pieceAt(object: number, offset: Pages): PageRange {
    return this.pieces.around(object, offset, this.objects[object].pages);
  }

  /** A range is made anew before the access goes on. */
  private trap(thread: Thread, object: number, { first, end }: PageRange): boolean {
    if (!this.anew.start(thread, object, first, end)) return false;
    thread.trap = this.handler;
    return true;
  }

  /** A signal handler's work, between two parts of a step. */
  private readonly handler: StepHandler = {
    begin: () => undefined,
    advance: (thread) => {
      this.engine.spend(1);
      return this.calls.advance(thread) && (!this.anew.isOn(thread) || this.anew.advance(thread));
    },
  };

  /** SIGBUS on purged memory: the handler takes the range back and makes it anew, or the process dies. */
  private signal(thread: Thread, page: number, object: number, offset: Pages, volatile: boolean): boolean {
    const { engine } = this;
    const { counters } = engine.memory;
    const work = this.work[thread.index];
    const handler = this.anew.handlerOf(thread);
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
    const piece = this.pieceAt(object, offset);
    // What the call will report is known already: the handler is at work because of it.
    if (this.trap(thread, object, piece) && volatile)
      this.calls.only(thread, 'unmark', object, piece.first * PAGE_SIZE, piece.end * PAGE_SIZE, handler.source);
    return false;
  }

  leave(thread: Thread): void {
    this.faults.unlock(thread);
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

  stopped(thread: Thread, time: Nanoseconds): void {
    this.anew.stopped(thread, time);
    this.locks.stopped(time);
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
}

const rangeStepsOf = ({ processes }: Scenario): readonly (VolatileStep | AdviceStep)[] =>
  processes.flatMap(({ phases }) =>
    phases.flatMap(({ steps }) =>
      steps.flatMap((step) =>
        step.kind === 'volatile' || step.kind === 'nonvolatile' || step.kind === 'madvise' ? [step] : [],
      ),
    ),
  );
