/**
 * The full machine: threads on CPUs, kswapd, devices, the flusher and the timeline as actors on one queue of events in integer nanoseconds.
 *
 * A thread on a CPU runs for a quantum of simulated time before anybody else is looked at, or longer if nobody else has anything to do before.
 * So its effects on memory may come up to a quantum early for others; the order is a function of the plan alone. Where a budget ends,
 * everything is left as it is and goes on from there: it never changes what happens.
 */
import { RETRY } from '../fuse/mount.ts';
import type { Memory } from '../machine/memory.ts';
import type { PointSpec } from '../plan.ts';
import type { PointReport } from '../report.ts';
import { valueOf, type Rule } from '../tables/define.ts';
import * as rules from '../tables/engine-rules.ts';
import * as knobs from '../tables/knobs.ts';
import type { Nanoseconds } from '../units.ts';
import { ACCESSES, END, EXIT, IDLE, REGION, STALLED } from '../workload/cursor.ts';
import type { Program } from '../workload/program.ts';
import { AccessLoop, type AccessHost } from './access-loop.ts';
import { objectOfPage } from './blocks-run.ts';
import { costsOf, type Costs } from './costs.ts';
import { Device } from './device.ts';
import type { Actor, KernelThread, StepHandler } from './engine.ts';
import { EventQueue } from './event-queue.ts';
import { logEvents, type LogWindow } from './event-log.ts';
import { Kswapd } from './kswapd.ts';
import { mechanismsFor, type Mechanisms } from './mechanisms.ts';
import type { PointRun } from './point-run.ts';
import { Pressure, PSI_PERIOD } from './pressure.ts';
import { Processes, type ProcessHost } from './processes.ts';
import { progressOf } from './progress.ts';
import { Reading, type ReadingHost } from './reading.ts';
import { RecoveryRun } from './recovery.ts';
import { ReclaimCosts } from './reclaim-costs.ts';
import type { Recorder } from './recorder.ts';
import type { Setup } from './setup.ts';
import { Thread, type WaitReason } from './thread.ts';
import type { Waitable } from './waits.ts';

/** Simulated time a thread runs before others are looked at. */
const QUANTUM: Nanoseconds = 10_000;
/** CPU time a thread has before it must queue again behind others. */
const SLICE: Nanoseconds = 1_000_000;
/** Finest interval of samples. */
const SAMPLE_INTERVAL: Nanoseconds = 2_000;
/** Accesses that a sample is worth as work: so that steps stay short. */
const SAMPLE_WORK = 16;

// Kinds of events.
const CONTINUE = 0; // a thread that holds a CPU goes on
const WAKE = 1; // a wait is over: of a thread, or of a kernel thread (negative numbers)
const KERNEL_THREAD = 2; // a kernel thread, holding a CPU, goes on
const ACTOR = 3;
const BACKGROUND = 4; // an actor's periodic housekeeping, which alone keeps no run alive

/** What `thread.doing` is while a handler carries out its step. */
const HANDLED = REGION;

export interface EventsOptions {
  /** Frames are counted after every event. */
  readonly check: boolean;
  /** Single events of memory in this window of time. */
  readonly log: LogWindow | undefined;
}

export class EventsRun implements PointRun, AccessHost, ReadingHost, ProcessHost {
  done = false;
  readonly setup: Setup;
  readonly memory: Memory;
  readonly recorder: Recorder;
  readonly costs: Costs;
  readonly disk: Device;
  readonly swap: Device;
  readonly pressure: Pressure;
  readonly threads: readonly Thread[];
  ended = 0;
  readonly end: Nanoseconds;
  /** Time of the thread that runs. */
  local: Nanoseconds = 0;
  private readonly point: PointSpec;
  private readonly options: EventsOptions;
  readonly queue = new EventQueue();
  private readonly actors: Actor[] = [];
  private readonly kernelThreads: KernelThread[] = [];
  private readonly mechanisms: Mechanisms;
  /** Of each node. */
  private readonly kswapds: readonly Kswapd[];
  private readonly reclaim: ReclaimCosts;
  private readonly reading: Reading;
  private readonly accesses: AccessLoop;
  readonly logs: boolean;
  private readonly processes: Processes;
  private readonly recovery: RecoveryRun | undefined;
  private readonly objectOf: Uint16Array;
  /** Who answers for the accesses to an object, if memory does not. */
  private readonly handlers = new Map<number, StepHandler>();

  private now: Nanoseconds = 0;
  private freeCpus: number;
  /** Who is ready and has no CPU: threads, and kernel threads (negative numbers) before them. */
  private readonly ready: number[] = [];
  private active: number;
  private pendingActions: number;
  /** Those at work whom no thread waits for. */
  private held = 0;
  /** Events that may let somebody proceed. */
  private live = 0;
  // The thread being run, with its quantum; −1: none. Kept here so that a budget may end anywhere.
  private current = -1;
  private quantumEnd: Nanoseconds = 0;
  private nextSample: Nanoseconds;
  private nextAverage: Nanoseconds = PSI_PERIOD;
  /** The earlier of the two. */
  nextTick: Nanoseconds;
  spent = 0;
  budget = 0;
  /** The budget ran out between two lots of a thread: it goes on as if nothing had been. */
  paused = false;
  /** When the last thread or action of the timeline ended. */
  private lastEnd: Nanoseconds = 0;
  private readonly totalAccesses: number;

  constructor(
    point: PointSpec,
    setup: Setup,
    memory: Memory,
    programs: readonly Program[],
    recorder: Recorder,
    lot: number,
    options: EventsOptions,
  ) {
    this.point = point;
    this.setup = setup;
    this.memory = memory;
    this.recorder = recorder;
    this.options = options;
    const { scenario } = setup;
    this.costs = costsOf(scenario.machine);
    this.disk = new Device(this.costs.disk);
    this.swap = new Device(this.costs.swap);
    this.freeCpus = valueOf(scenario.machine.values, knobs.cpus);
    this.pressure = new Pressure(this.freeCpus);
    this.end = scenario.duration ?? Infinity;
    if (scenario.machine.swap.length > 1)
      recorder.warn(`all swapping is timed as on the first swap device, '${scenario.machine.swap[0].name}'`);
    this.threads = programs.map((program, i) => new Thread(i, threadName(setup, program), program, recorder, lot));
    // Children begin when their parents fork.
    for (const thread of this.threads) thread.over = scenario.processes[thread.program.process].forked !== undefined;
    this.active = this.threads.filter((thread) => !thread.over).length;
    for (const thread of this.threads) recorder.cursors.push(thread.cursor);
    this.reclaim = new ReclaimCosts(memory, this.costs, this.disk, this.swap);
    this.kswapds = Array.from({ length: memory.nodes?.count ?? 1 }, (_, node) => new Kswapd(this, this.reclaim, node));
    this.objectOf = objectOfPage(setup);
    this.reading = new Reading(setup, memory, this.disk, this.objectOf, this);
    this.mechanisms = mechanismsFor(this);
    this.logs = options.log !== undefined;
    this.accesses = new AccessLoop(this, this.mechanisms, this.reading, this.objectOf);
    this.processes = new Processes(
      setup,
      memory,
      recorder,
      this.mechanisms.writers,
      this,
      this.mechanisms.actions,
      this.mechanisms.teardown,
    );
    recorder.pressure = this.pressure;
    if (scenario.recovery)
      this.recovery = new RecoveryRun(this, scenario.recovery, this.mechanisms.teardown, this.processes);
    this.totalAccesses = programs.reduce((n, program) => n + program.phases.reduce((m, p) => m + p.accesses, 0), 0);
    this.pendingActions = scenario.timeline.length;
    const timeline = this.addActor({ name: 'timeline', due: (_, entry) => this.timeline(entry) });
    scenario.timeline.forEach((entry, i) => this.schedule(entry.time, timeline, i));
    if (options.log)
      logEvents(options.log, setup, memory, recorder, this.objectOf, () => (this.current >= 0 ? this.local : this.now));
    recorder.begin();
    recorder.sample(0);
    this.nextTick = this.nextSample = SAMPLE_INTERVAL;
    for (const thread of this.threads) {
      if (thread.over) continue;
      this.pressure.change(0, 1, 0, 1);
      this.wantProcessor(thread.index, 0);
    }
  }

  get clock(): Nanoseconds {
    return this.current >= 0 ? this.local : this.now;
  }

  get warnings(): readonly string[] {
    return this.recorder.warned;
  }

  get fraction(): number {
    if (this.done) return 1;
    if (this.end !== Infinity) return Math.min(1, this.now / Math.max(1, this.end));
    if (this.totalAccesses > 0 && this.totalAccesses !== Infinity)
      return Math.min(1, this.recorder.accesses / this.totalAccesses);
    return progressOf(this.threads, this.now);
  }

  // ---- the loop

  advance(budget: number): number {
    this.spent = 0;
    this.budget = budget;
    while (!this.done && this.spent < budget) {
      if (this.current >= 0) this.runThread(this.threads[this.current], budget);
      else this.nextEvent();
    }
    return this.spent;
  }

  private push(time: Nanoseconds, kind: number, actor: number, data = 0): void {
    if (kind !== BACKGROUND) this.live++;
    this.queue.push(time, kind, actor, data);
  }

  private nextEvent(): void {
    const { queue } = this;
    this.spent++;
    if (this.active + this.pendingActions + this.held === 0 && this.end === Infinity) return this.finish(this.lastEnd);
    if (queue.first > this.end) return this.finish(this.end);
    if (this.live === 0 && this.active + this.held > 0 && this.end === Infinity) return this.stuck();
    queue.pop();
    const { time, kind } = queue;
    if (time > this.nextTick) this.tick(time);
    this.now = time;
    if (kind !== BACKGROUND) this.live--;
    this.reading.inFlight.settle(time);
    switch (kind) {
      case CONTINUE:
        this.dispatch(queue.actor, time);
        break;
      case WAKE:
        this.wake(queue.actor, time);
        break;
      case KERNEL_THREAD:
        this.kernelThreads[queue.actor].due(time, 0);
        break;
      default:
        this.actors[queue.actor].due(time, queue.data);
    }
    if (this.options.check) this.memory.checkConservation();
  }

  /** Samples and averages that fall due before `time`, at which nothing has happened yet. */
  tick(time: Nanoseconds): void {
    while (this.nextTick < time) {
      if (this.nextAverage <= this.nextSample) {
        this.pressure.settle(this.nextAverage);
        this.pressure.average();
        this.nextAverage += PSI_PERIOD;
      } else {
        this.pressure.settle(this.nextSample);
        this.recorder.sample(this.nextSample);
        this.spent += SAMPLE_WORK;
        this.nextSample += SAMPLE_INTERVAL * this.recorder.sampler.thinning;
      }
      this.nextTick = Math.min(this.nextSample, this.nextAverage);
    }
  }

  finish(time: Nanoseconds): void {
    // Nobody will be woken any more, but waits that end by then have ended.
    const { queue } = this;
    while (queue.first <= time) {
      queue.pop();
      if (queue.kind === WAKE && queue.actor >= 0) this.backAtWork(this.threads[queue.actor], queue.time);
    }
    this.tick(time);
    this.now = time;
    for (const thread of this.threads) {
      if (thread.over) continue;
      this.tell(thread, time);
      thread.cursor.stop(time);
    }
    this.pressure.settle(time);
    this.recorder.sample(time);
    this.done = true;
  }

  private stuck(): void {
    const waiting = this.threads
      .filter((thread) => !thread.over)
      .map((thread) => `${thread.name} waits for ${thread.waitsFor}`);
    if (this.held > 0) waiting.push('the recovery waits for frames');
    this.recorder.event(this.now, rules.RUN_STUCK, 'run', `nothing will happen any more: ${waiting.join(', ')}`);
    this.finish(this.now);
  }

  // ---- actors

  kill(process: number, time: Nanoseconds, rule: Rule, text: string): void {
    this.processes.kill(process, time, rule, text);
  }

  addActor(actor: Actor): number {
    return this.actors.push(actor) - 1;
  }

  schedule(time: Nanoseconds, actor: number, data = 0): void {
    this.push(time, ACTOR, actor, data);
  }

  scheduleBackground(time: Nanoseconds, actor: number, data = 0): void {
    this.push(time, BACKGROUND, actor, data);
  }

  takeOver(object: number, handler: StepHandler): void {
    this.handlers.set(object, handler);
  }

  get horizon(): Nanoseconds {
    return Math.min(this.queue.first, this.end);
  }

  hold(): void {
    this.held++;
  }

  letGo(time: Nanoseconds): void {
    this.held--;
    this.lastEnd = Math.max(this.lastEnd, time);
  }

  // ---- CPUs

  /** A thread, or a kernel thread (negative numbers), could run from `time` on. */
  private wantProcessor(who: number, time: Nanoseconds): void {
    if (this.freeCpus > 0) {
      this.freeCpus--;
      if (who < 0) this.push(time, KERNEL_THREAD, -1 - who);
      else {
        this.threads[who].sliceStart = time;
        this.push(time, CONTINUE, who);
      }
      return;
    }
    if (who < 0) this.ready.unshift(who);
    else {
      this.threads[who].waitsFor = 'cpu';
      this.ready.push(who);
    }
  }

  giveUpCpu(time: Nanoseconds): void {
    this.freeCpus++;
    if (this.ready.length > 0) this.wantProcessor(this.ready.shift()!, time);
  }

  addKernelThread(thread: KernelThread): number {
    return this.kernelThreads.push(thread) - 1;
  }

  wantCpu(kernelThread: number, time: Nanoseconds): void {
    this.wantProcessor(-1 - kernelThread, time);
  }

  goOn(kernelThread: number, time: Nanoseconds): void {
    this.push(time, KERNEL_THREAD, kernelThread);
  }

  sleepUntil(kernelThread: number, time: Nanoseconds): void {
    this.push(time, WAKE, -1 - kernelThread);
  }

  /** The wait that `pass` began is over: as far as pressure goes, whoever it was is at work again. */
  private backAtWork(thread: Thread, time: Nanoseconds): void {
    this.pressure.change(time, thread.idles ? 1 : 0, thread.stalled ? -1 : 0, 1);
    thread.stalled = false;
  }

  private wake(who: number, time: Nanoseconds): void {
    if (who >= 0) this.backAtWork(this.threads[who], time);
    if (who >= 0 && this.threads[who].over) this.pressure.change(time, -1, 0, -1);
    else if (who >= 0 && this.freeCpus > 0 && this.queue.first > time) {
      // Nobody else is due now: it goes on without an event of its own.
      this.freeCpus--;
      this.threads[who].sliceStart = time;
      this.dispatch(who, time);
    } else this.wantProcessor(who, time);
  }

  private dispatch(index: number, time: Nanoseconds): void {
    const thread = this.threads[index];
    if (thread.over) return this.giveUpCpu(time);
    const { numa } = this.setup;
    if (numa !== undefined) {
      if (numa.crashed(this.recorder, time)) return this.finish(time);
      numa.run(index);
    }
    thread.waitsFor = 'nothing';
    this.current = index;
    this.local = time;
    this.quantumEnd = time + QUANTUM;
  }

  /**
   * The current thread can't go on before `until`. If nobody else has anything to do before, time just passes; true then. Otherwise it gives
   * up its CPU and is woken.
   */
  pass(thread: Thread, until: Nanoseconds, reason: WaitReason, stalled = false): boolean {
    if (until <= this.local) return true;
    const working = reason === 'io' || reason === 'frames' ? 0 : 1;
    this.pressure.change(this.local, -working, stalled ? 1 : 0, -1);
    if (this.queue.first > until && until < this.end && this.ready.length === 0) {
      this.pressure.change(until, working, stalled ? -1 : 0, 1);
      this.now = this.local = until;
      if (until > this.nextTick) this.tick(until);
      this.reading.inFlight.settle(until);
      this.quantumEnd = until + QUANTUM;
      thread.sliceStart = until;
      return true;
    }
    thread.waitsFor = reason;
    thread.stalled = stalled;
    thread.idles = working === 1;
    this.push(until, WAKE, thread.index);
    this.current = -1;
    this.giveUpCpu(this.local);
    return false;
  }

  catchUp(thread: Thread, at = false): boolean {
    if (this.queue.first > this.local || (!at && this.queue.first === this.local)) return true;
    this.yieldCpu(thread);
    return false;
  }

  start(thread: Thread, time: Nanoseconds): void {
    thread.over = false;
    this.active++;
    this.pressure.change(time, 1, 0, 1);
    this.wantProcessor(thread.index, time);
  }

  block(thread: Thread, reason: WaitReason, on: Waitable, stalled = false): void {
    this.pressure.change(this.local, 0, stalled ? 1 : 0, -1);
    thread.waitsOn = on;
    thread.stalled = stalled;
    this.leaveCpu(thread, reason);
  }

  unblock(thread: Thread, now: Nanoseconds): void {
    if (thread.over) return;
    this.pressure.change(now, 0, thread.stalled ? -1 : 0, 1);
    thread.waitsOn = null;
    thread.stalled = false;
    thread.waitsFor = 'cpu';
    this.wantProcessor(thread.index, now);
  }

  leaveCpu(thread: Thread, reason: WaitReason): void {
    thread.waitsFor = reason;
    this.current = -1;
    this.giveUpCpu(this.local);
  }

  work(time: Nanoseconds): void {
    this.local += time;
  }

  spend(work: number): void {
    this.spent += work;
  }

  // ---- threads

  private runThread(thread: Thread, budget: number): void {
    while (this.current === thread.index && !this.done) {
      if (this.spent >= budget) return;
      if (this.paused) this.paused = false;
      else if (this.local >= this.limit()) {
        this.yieldCpu(thread);
        continue;
      }
      if (thread.trap !== null) {
        if (thread.trap.advance(thread)) thread.trap = null;
        continue;
      }
      switch (thread.doing) {
        case ACCESSES:
          this.accesses.advance(thread);
          break;
        case HANDLED:
          if (thread.handler!.advance(thread)) thread.doing = END;
          break;
        default:
          this.nextStep(thread);
      }
    }
  }

  /** Until when the current thread may run on. */
  limit(): Nanoseconds {
    return Math.max(this.quantumEnd, Math.min(this.queue.first, this.end + 1));
  }

  /** The quantum is over: others first, if they are due. */
  private yieldCpu(thread: Thread): void {
    this.current = -1;
    if (this.ready.length > 0 && this.local - thread.sliceStart >= SLICE) {
      thread.waitsFor = 'cpu';
      this.ready.push(thread.index);
      this.giveUpCpu(this.local);
      return;
    }
    this.push(this.local, CONTINUE, thread.index);
  }

  private nextStep(thread: Thread): void {
    this.spent++;
    // What crashed the kernel may have been the last thing that the program did.
    if (this.setup.numa?.crashed(this.recorder, this.local)) return this.finish(this.local);
    const { cursor } = thread;
    const { guard } = this.mechanisms;
    guard?.left?.(thread);
    thread.doing = cursor.enter(this.local);
    guard?.entered?.(thread);
    switch (thread.doing) {
      case ACCESSES: {
        thread.due = this.local;
        thread.dueRemainder = 0;
        thread.at = thread.told = thread.lotEnd = 0;
        const handler = this.mechanisms.devices?.handlerOf(thread) ?? this.handlers.get(cursor.step!.object);
        if (handler) this.handOver(thread, handler);
        return;
      }
      case IDLE:
      case STALLED:
        this.pass(thread, cursor.deadline, thread.doing === IDLE ? 'idle' : 'end of phase');
        return;
      case REGION:
        this.handOver(thread, this.mechanisms.steps[cursor.step!.spec.kind]!);
        return;
      case EXIT:
        this.processes.exit(thread.program.process, this.local);
        return;
      case END:
        this.threadEnds(thread);
    }
  }

  private handOver(thread: Thread, handler: StepHandler): void {
    thread.handler = handler;
    thread.doing = HANDLED;
    handler.begin(thread, thread.cursor.step!);
  }

  private threadEnds(thread: Thread): void {
    thread.over = true;
    thread.waitsFor = 'nothing';
    this.active--;
    this.ended++;
    this.lastEnd = Math.max(this.lastEnd, this.local);
    this.pressure.change(this.local, -1, 0, -1);
    this.current = -1;
    this.giveUpCpu(this.local);
    const { process } = thread.program;
    this.recovery?.processEnded(this.local);
    if (
      this.setup.scenario.processes.length > 1 &&
      !this.threads.some((t) => t.program.process === process && !t.over)
    ) {
      const { name, source } = this.setup.scenario.processes[process];
      this.recorder.event(this.local, rules.PROCESS_END, name, `the program of ${name} is over`, source);
    }
  }

  /** Tells cursor and recorder of the accesses done since the last time. True when the step has none left. */
  tell(thread: Thread, time: Nanoseconds): boolean {
    const n = thread.at - thread.told;
    if (n === 0) return false;
    const { recorder } = this;
    const { hits, misses } = thread;
    thread.told = thread.at;
    thread.hits = 0;
    thread.misses = 0;
    recorder.accesses += n;
    recorder.hits += hits;
    recorder.misses += misses;
    return thread.cursor.consume(n, hits, misses, time);
  }

  private wakeKswapds(time: Nanoseconds): void {
    if (!this.memory.kswapdAwake) return;
    for (const kswapd of this.kswapds) kswapd.wakeIfCalled(time);
  }

  /**
   * After something that may have reclaimed: its CPU time passes, its writes go to the devices, kswapd is woken if it was called. Returns until
   * when the reclaimer must wait for the swap device not to fall too far behind.
   */
  afterReclaim(direct: boolean): Nanoseconds {
    const reclaim = this.reclaim.time();
    if (reclaim > 0) {
      if (direct) {
        this.pressure.change(this.local, 0, 1, -1);
        this.pressure.change(this.local + reclaim, 0, -1, 1);
      }
      this.local += reclaim;
    }
    const until = this.reclaim.sendWrites(this.local);
    this.wakeKswapds(this.local);
    return until;
  }

  reclaimed(now: Nanoseconds): void {
    this.reclaim.time();
    this.reclaim.sendWrites(now);
    this.wakeKswapds(now);
  }

  // ---- ends of processes

  outOfMemory(thread: Thread): void {
    const until = this.afterReclaim(true);
    if (this.processes.waitsForCopies(thread.program.process, thread.cursor.step?.object)) {
      this.mechanisms.writers.framesShort(this.local);
      const asked = Math.max(until, this.local + RETRY);
      this.pass(thread, Math.min(asked, Math.max(this.local, thread.cursor.deadline)), 'frames', true);
      return;
    }
    const waits = this.processes.outOfMemory(thread.program.process, this.local);
    if (waits && !thread.over && !this.done) this.mechanisms.teardown.waitForFrames(thread);
  }

  stopThreads(process: number, time: Nanoseconds): void {
    for (const thread of this.threads) {
      if (thread.program.process !== process || thread.over) continue;
      this.tell(thread, time);
      thread.cursor.stop(time);
      thread.over = true;
      this.active--;
      this.ended++;
      this.lastEnd = Math.max(this.lastEnd, time);
      if (thread.waitsOn !== null) {
        this.pressure.change(time, -1, thread.stalled ? -1 : 0, 0);
        thread.waitsOn = null;
        continue;
      }
      switch (thread.waitsFor) {
        case 'nothing':
        case 'cpu':
          this.pressure.change(time, -1, 0, -1);
          break;
        default:
          // What it waits for ends at a time that is known; it leaves the books then (see `wake`).
          break;
      }
      if (this.current === thread.index) {
        this.current = -1;
        this.giveUpCpu(time);
      }
    }
    const { guard } = this.mechanisms;
    if (guard?.stopped === undefined) return;
    for (const thread of this.threads) if (thread.program.process === process) guard.stopped(thread, time);
  }

  private timeline(index: number): void {
    const entry = this.setup.scenario.timeline[index];
    this.pendingActions--;
    this.lastEnd = Math.max(this.lastEnd, entry.time);
    for (const action of entry.actions) this.processes.act(action, this.now, entry.source);
    // What a lowered limit made reclaim do is nobody's time.
    this.reclaim.time();
    this.reclaim.sendWrites(this.now);
  }

  report(): PointReport {
    for (const thread of this.threads) if (!thread.over && thread.at < thread.lotEnd) this.tell(thread, this.now);
    this.recorder.exits = this.mechanisms.teardown.exits;
    this.recorder.recovery = this.recovery?.report(this.now) ?? null;
    return this.recorder.report(this.point, this.now, this.done);
  }
}

function threadName({ scenario }: Setup, { process, thread }: Program): string {
  const { name, values } = scenario.processes[process];
  return valueOf(values, knobs.threads) > 1 ? `${name}/${thread}` : name;
}
