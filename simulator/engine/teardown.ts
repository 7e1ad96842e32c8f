/**
 * Processes that give their memory up on the machine: each dying address space has a thread that exits, and maybe helpers, who work through it a
 * gather batch at a time, compete for processors, queue for locks, and give frames back as they go. Whoever waits for memory is woken then.
 *
 * Kernel: do_exit → exit_mmap (mm/mmap.c), the gather of mm/mmu_gather.c, oom_reap_task and process_mrelease (mm/oom_kill.c). What it takes is in
 * exit/teardown.ts; the closed form there is what this is held against. Left out: file mappings (their pages are in nobody's page tables here).
 */
import { log } from '../math.ts';
import type { ExitReport } from '../report.ts';
import { exitRules, processesPer } from '../exit/scenario.ts';
import { regionWork, type ExitRules, type Helpers, type Hold, type Region } from '../exit/teardown.ts';
import { valueOf } from '../tables/define.ts';
import * as exit from '../tables/exit-knobs.ts';
import { EXIT_DONE } from '../tables/engine-rules.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import { randomFor, type Random } from '../workload/random.ts';
import type { Engine, KernelThread } from './engine.ts';
import { comesBack, exitDoneText, exitingObjects, isInUse, SWAPPED_WEIGHT, type ExitingObject } from './exiting.ts';
import { Locks, type LockId } from './locks.ts';
import type { Thread } from './thread.ts';
import type { Waitable, Waiter } from './waits.ts';

/** Work between two looks at who else is ready. */
const SLICE: Nanoseconds = 1_000_000;
/** Smallest lot: what one page table maps. */
const SMALLEST_LOT: Pages = 512;
/** Lots of a small address space, so that contention shows in it. */
const LOTS = 256;
/** Lengths of work that are drawn without putting back. */
const DECK = 64;
const PURPOSE = 0x65786974;

/**
 * How long pieces of work are when they compete: exponentially distributed, as in the closed form. Each 64 of them add up to 64, so that the whole
 * takes no longer for being cut up.
 */
const VARIATES = ((): Float64Array => {
  const raw = Float64Array.from({ length: DECK }, (_, i) => -log(1 - (i + 0.5) / DECK));
  const mean = raw.reduce((sum, x) => sum + x, 0) / DECK;
  return raw.map((x) => x / mean);
})();

/** A run of an object's pages that is to be worked through, by one address space. */
interface Part {
  readonly object: number;
  readonly region: Region;
  readonly numbered: boolean;
  /** Next page within the object, and its end; of extents a count. */
  at: Pages;
  readonly end: Pages;
  /** Nanoseconds for a page that is there. */
  readonly perPage: number;
  readonly locks: readonly Hold[];
  /** Frames come back when a lot is done; false: of the pass, of memory that stays. */
  readonly frees: boolean;
  /** Pages done, to round once. */
  done: number;
}

interface Mm extends Waiter {
  readonly process: number;
  readonly copy: number;
  readonly start: Nanoseconds;
  readonly pass: Part[];
  readonly own: Part[];
  readonly helped: Part[];
  readonly lot: Pages;
  readonly mmapLock: LockId;
  /** Zappers in the middle of a lot. */
  working: number;
  freed: Pages;
  gone: boolean;
}

/** What ends a process, for whoever waits for it. */
export interface Ending {
  /** Beside the exiting thread; absent: nobody. */
  readonly helpers?: Helpers | null;
  /** Memory lies in files that stay. */
  readonly persist?: boolean;
  /** All of it is gone. */
  readonly done?: (time: Nanoseconds) => void;
  /** So many frames more are back. */
  readonly freed?: (pages: Pages, time: Nanoseconds) => void;
}

interface Dying {
  readonly process: number;
  readonly ending: Ending;
  readonly mms: Mm[];
  left: number;
  readonly start: Nanoseconds;
  freed: Pages;
}

export class Teardown implements Waitable {
  readonly name = 'frames of a dying process';
  readonly exits: ExitReport[] = [];
  /** Longest mean wait for one hold of a lock, over a lot. */
  peakLockWait: Nanoseconds = 0;
  /** When the last munlock pass ended. */
  passEnd: Nanoseconds = 0;
  readonly engine: Engine;
  readonly rules: ExitRules;
  readonly locks = new Locks();
  readonly zappers: Zapper[] = [];
  private readonly dying = new Map<number, Dying>();
  private readonly waiting: Thread[] = [];
  private readonly nodeLocks: { readonly zone: readonly LockId[]; readonly lru: readonly LockId[] };
  private readonly globalLocks: { readonly hugetlb: LockId; readonly i_mmap: LockId };
  private readonly batch: Pages;
  private readonly helpersActor: number;

  constructor(engine: Engine) {
    this.engine = engine;
    const { machine, recovery } = engine.setup.scenario;
    this.rules = exitRules(machine, recovery?.prefault);
    this.batch = valueOf(machine.exit ?? {}, exit.gatherBatch);
    const spin = (name: string) => this.locks.add({ name, kind: 'spinlock', handoff: 0 });
    const each = (name: string) =>
      Array.from({ length: this.rules.nodes }, (_, node) => spin(`${name} of node ${node}`));
    this.nodeLocks = { zone: each('zone lock'), lru: each('lru_lock') };
    this.globalLocks = {
      hugetlb: spin('hugetlb_lock'),
      i_mmap: this.locks.add({ name: 'i_mmap_rwsem', kind: 'rwsem', handoff: 0 }),
    };
    this.helpersActor = engine.addActor({
      name: 'helpers of exit',
      due: (now, zapper) => this.helperStarts(zapper, now),
    });
  }

  /** Whoever must act before frames come back. */
  owners(): Iterable<Waiter> {
    return [...this.dying.values()].flatMap(({ mms }) => mms.filter((mm) => !mm.gone));
  }

  isDying(process: number): boolean {
    return this.dying.has(process);
  }

  /** The OOM killer's victims are helped by the reaper. */
  get oomHelpers(): Helpers | null {
    const values = this.engine.setup.scenario.machine.exit ?? {};
    return valueOf(values, exit.oomReaper) ? { threads: 1, delay: valueOf(values, exit.reaperDelay) } : null;
  }

  /** A thread that found no frame waits for the next that come back. */
  waitForFrames(thread: Thread): void {
    this.waiting.push(thread);
    this.engine.block(thread, 'frames', this, true);
  }

  /** The threads of `process` have stopped. Returns how many frames its exit will give back. */
  begin(process: number, time: Nanoseconds, ending: Ending = {}): Pages {
    const { engine } = this;
    const copies = processesPer(engine.setup.scenario.machine);
    const objects = exitingObjects(engine.setup, engine.memory, process, ending.persist);
    const pages = objects.reduce((sum, { region, present }) => sum + (comesBack(region) ? present : 0), 0);
    if (objects.length === 0) {
      ending.done?.(time);
      return 0;
    }
    engine.hold();
    const dying: Dying = { process, ending, mms: [], left: copies, start: time, freed: 0 };
    this.dying.set(process, dying);
    for (let copy = 0; copy < copies; copy++) dying.mms.push(this.mmOf(process, copy, copies, objects, time));
    for (const mm of dying.mms) {
      this.start(new Zapper(this, mm, false), time);
      const threads = ending.helpers?.threads ?? 0;
      if (mm.helped.length > 0)
        for (let i = 0; i < threads; i++) {
          const zapper = new Zapper(this, mm, true);
          this.zappers.push(zapper);
          engine.scheduleBackground(time + ending.helpers!.delay, this.helpersActor, this.zappers.length - 1);
        }
    }
    return pages;
  }

  private start(zapper: Zapper, time: Nanoseconds): void {
    if (!this.zappers.includes(zapper)) this.zappers.push(zapper);
    zapper.active = true;
    this.engine.pressure.change(time, 1, 0, 1);
    this.engine.wantCpu(zapper.id, time);
  }

  private helperStarts(index: number, now: Nanoseconds): void {
    const zapper = this.zappers[index];
    if (!zapper.mm.gone) this.start(zapper, now);
  }

  private mmOf(
    process: number,
    copy: number,
    copies: number,
    objects: readonly ExitingObject[],
    time: Nanoseconds,
  ): Mm {
    const { setup } = this.engine;
    const { name } = setup.scenario.processes[process];
    const parts = { pass: [] as Part[], own: [] as Part[], helped: [] as Part[] };
    let pages = 0;
    for (const { object, region } of objects) {
      const alone = region.contents === 'private';
      const share = alone ? region.pages / copies : region.pages;
      const work = regionWork(this.rules, { ...region, pages: share }, copies);
      const numbered = setup.layout.numbered[object] > 0;
      const whole = numbered ? setup.layout.numbered[object] : Math.round(region.pages);
      const from = alone ? Math.floor((whole * copy) / copies) : 0;
      const end = alone ? Math.floor((whole * (copy + 1)) / copies) : whole;
      const part = { object, region, numbered, at: from, end, done: 0 };
      pages += end - from;
      if (work.pass > 0) parts.pass.push({ ...part, perPage: work.pass / share, locks: work.passLocks, frees: false });
      const zap = { ...part, perPage: work.zap / share, locks: work.zapLocks, frees: comesBack(region) };
      (work.helped ? parts.helped : parts.own).push(zap);
    }
    return {
      name: `exit of ${copies > 1 ? `${name}/${copy}` : name}`,
      waitsFor: 'nothing',
      waitsOn: null,
      process,
      copy,
      start: time,
      ...parts,
      lot: Math.min(this.batch, Math.max(SMALLEST_LOT, Math.floor(pages / LOTS))),
      mmapLock: this.locks.add({ name: `mmap_lock of ${name}`, kind: 'rwsem', handoff: 0 }),
      working: 0,
      freed: 0,
      gone: false,
    };
  }

  /** Other zappers that are at work. */
  contended(than: Zapper): boolean {
    for (const other of this.zappers) if (other !== than && other.active) return true;
    return false;
  }

  lockFor({ lock }: Hold, random: Random): LockId {
    if (lock === 'zone' || lock === 'lru') {
      const locks = this.nodeLocks[lock];
      return locks[locks.length > 1 ? random.below(locks.length) : 0];
    }
    return this.globalLocks[lock];
  }

  /** Frames of a lot come back. */
  give(mm: Mm, part: Part, from: Pages, to: Pages, time: Nanoseconds): void {
    if (!part.frees) return;
    const dying = this.dying.get(mm.process)!;
    // of shared memory the last user frees the pages
    if (part.region.contents === 'shared' && dying.left > 1) return;
    const { memory, setup } = this.engine;
    const freed = part.numbered
      ? memory.release(setup.layout.bases[part.object] + from, to - from, true)
      : memory.vacate(part.object, to - from, true);
    mm.freed += freed;
    dying.freed += freed;
    dying.ending.freed?.(freed, time);
    if (freed > 0) this.wake(time);
  }

  private wake(time: Nanoseconds): void {
    for (const thread of this.waiting.splice(0)) if (!thread.over) this.engine.unblock(thread, time);
  }

  /** How many page frames of a lot are there now; all, of an extent. */
  weight(part: Part, from: Pages, to: Pages): number {
    if (!part.numbered) return to - from;
    const { memory, setup } = this.engine;
    const base = setup.layout.bases[part.object];
    let weight = 0;
    for (let page = base + from; page < base + to; page++) {
      if (isInUse(memory, page)) weight += memory.isResident(page) ? 1 : SWAPPED_WEIGHT;
    }
    return weight;
  }

  /** free_pgtables: the tables go last. */
  private freeTables({ mms }: Dying): void {
    const { memory, setup } = this.engine;
    const { bases, numbered } = setup.layout;
    const objects = new Set(
      mms.flatMap((mm) => [...mm.own, ...mm.helped]).flatMap((part) => (part.frees ? [part.object] : [])),
    );
    for (const object of objects)
      if (numbered[object] === 0) memory.vacate(object, 0);
      else memory.release(bases[object], numbered[object]);
  }

  /** Everything of an address space is unmapped, and no helper is in it any more. */
  gone(mm: Mm, time: Nanoseconds): void {
    const { engine } = this;
    mm.gone = true;
    const dying = this.dying.get(mm.process)!;
    dying.left--;
    const { name, source } = engine.setup.scenario.processes[mm.process];
    const process = dying.mms.length > 1 ? `${name}/${mm.copy}` : name;
    this.exits.push({ process, start: mm.start, end: time, pages: mm.freed });
    if (dying.left > 0) return;
    this.dying.delete(mm.process);
    this.freeTables(dying);
    engine.recorder.event(time, EXIT_DONE, name, exitDoneText(name, dying.freed, time - dying.start), source);
    // Nobody waits for frames that will not come: they ask again, and the OOM killer looks further.
    this.wake(time);
    dying.ending.done?.(time);
    engine.letGo(time);
  }
}

// What a zapper does when it is called next.
const NEXT = 0;
const LOCK = 1;
const UNLOCK = 2;
const DONE = 3;
const LEAVE = 4;
const WAITS = 5;

/** A thread that works through a dying address space: the exiting thread itself, the reaper, one that called process_mrelease. */
class Zapper implements KernelThread {
  readonly id: number;
  readonly mm: Mm;
  active = false;
  private readonly owner: Teardown;
  private readonly helper: boolean;
  private readonly random: Random;
  private readonly order: Uint8Array;
  private turn = 0;
  private passed = false;
  private step = NEXT;
  private part: Part | null = null;
  private from: Pages = 0;
  private to: Pages = 0;
  private lock: { readonly id: LockId; readonly hold: Nanoseconds; readonly holds: number } | null = null;
  private asked: Nanoseconds = 0;
  private sliceStart: Nanoseconds = 0;

  constructor(owner: Teardown, mm: Mm, helper: boolean) {
    this.owner = owner;
    this.mm = mm;
    this.helper = helper;
    this.id = owner.engine.addKernelThread(this);
    this.random = randomFor(owner.engine.recorder.seed, PURPOSE, mm.process, mm.copy, this.id);
    this.order = shuffled(this.random);
  }

  get name(): string {
    return this.helper ? `helper in ${this.mm.name}` : this.mm.name;
  }

  due(now: Nanoseconds): void {
    const { owner } = this;
    owner.engine.spend(1);
    switch (this.step) {
      case LOCK:
        this.acquire(now);
        return;
      case UNLOCK:
        this.release(now);
        break;
      case DONE:
        this.finish(now);
        break;
      case LEAVE:
        this.leave(now);
        return;
      default:
        this.sliceStart = now;
    }
    if (this.step === NEXT) this.next(now);
  }

  private next(now: Nanoseconds): void {
    const { engine } = this.owner;
    if (now - this.sliceStart >= SLICE) {
      // others first, if there are any
      this.sliceStart = now;
      engine.giveUpCpu(now);
      engine.wantCpu(this.id, now);
      return;
    }
    const part = this.take();
    if (!part) {
      this.end(now);
      return;
    }
    if (this.helper && !this.owner.locks.acquire(this.mm.mmapLock, this.id, 'read', now)) {
      // the exiting thread is taking the page tables down: nothing is left to do
      this.wakeAll(this.owner.locks.abandon(this.id, now));
      this.end(now);
      return;
    }
    if (!this.helper && !this.passed && !this.mm.pass.includes(part)) {
      this.passed = true;
      if (this.mm.pass.length > 0) this.owner.passEnd = Math.max(this.owner.passEnd, now);
    }
    this.part = part;
    this.from = part.at;
    this.to = part.at = Math.min(part.end, part.at + this.mm.lot);
    this.mm.working++;
    const before = Math.round(part.done * part.perPage);
    part.done += this.owner.weight(part, this.from, this.to);
    const time = Math.round(part.done * part.perPage) - before;
    const hold = part.locks.find(({ share }) => share > 0);
    if (!hold || time === 0 || !this.owner.contended(this)) {
      this.go(DONE, now + time);
      return;
    }
    const inside = Math.round(time * hold.share * this.variate());
    const outside = Math.round(time * (1 - hold.share) * this.variate());
    const holds = Math.max(1, (time * hold.share) / Math.max(1e-9, hold.hold));
    this.lock = { id: this.owner.lockFor(hold, this.random), hold: inside, holds };
    this.go(LOCK, now + outside);
  }

  private take(): Part | null {
    const { pass, own, helped } = this.mm;
    for (const list of this.helper ? [helped] : [pass, own, helped])
      for (const part of list) if (part.at < part.end) return part;
    return null;
  }

  private variate(): number {
    const x = VARIATES[this.order[this.turn++ & (DECK - 1)]];
    if ((this.turn & (DECK - 1)) === 0) this.order.set(shuffled(this.random));
    return x;
  }

  private acquire(now: Nanoseconds): void {
    this.asked = now;
    if (this.owner.locks.acquire(this.lock!.id, this.id, 'write', now)) this.holds(now);
    // it spins on its processor until whoever holds the lock lets it in
    else this.step = WAITS;
  }

  /** Called by whoever released the lock. */
  granted(now: Nanoseconds): void {
    if (this.lock) this.holds(now);
    else this.go(LEAVE, now);
  }

  private holds(now: Nanoseconds): void {
    const { hold, holds } = this.lock!;
    this.owner.peakLockWait = Math.max(this.owner.peakLockWait, Math.round((now - this.asked) / holds));
    this.go(UNLOCK, now + hold);
  }

  private release(now: Nanoseconds): void {
    const { id } = this.lock!;
    this.lock = null;
    this.wakeAll(this.owner.locks.release(id, this.id, now));
    this.finish(now);
  }

  private wakeAll(wakes: ReturnType<Locks['release']>): void {
    for (const { actor, time } of wakes) {
      this.owner.locks.woken(actor, time);
      this.owner.zappers.find((zapper) => zapper.id === actor)!.granted(time);
    }
  }

  /** A lot is done: its frames come back. */
  private finish(now: Nanoseconds): void {
    const { mm, owner } = this;
    const part = this.part!;
    this.part = null;
    mm.working--;
    owner.give(mm, part, this.from, this.to, now);
    this.step = NEXT;
    if (this.helper) this.wakeAll(owner.locks.release(mm.mmapLock, this.id, now));
  }

  /** Nothing is left to take. The exiting thread waits for helpers to leave, then takes the page tables down. */
  private end(now: Nanoseconds): void {
    if (this.helper) this.leave(now);
    else if (this.owner.locks.acquire(this.mm.mmapLock, this.id, 'write', now)) this.leave(now);
    else this.step = WAITS;
  }

  private leave(now: Nanoseconds): void {
    const { engine } = this.owner;
    this.active = false;
    this.step = WAITS;
    engine.pressure.change(now, -1, 0, -1);
    engine.giveUpCpu(now);
    if (!this.helper) this.owner.gone(this.mm, now);
  }

  private go(step: number, time: Nanoseconds): void {
    this.step = step;
    this.owner.engine.goOn(this.id, time);
  }
}

function shuffled(random: Random): Uint8Array {
  const order = Uint8Array.from({ length: DECK }, (_, i) => i);
  for (let i = DECK - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
