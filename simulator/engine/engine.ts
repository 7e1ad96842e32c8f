/**
 * What a mechanism on the full machine (a flusher, a daemon, a device, teardown, a lock) sees of it. Mechanisms are of three kinds:
 *
 * - an `Actor` does something of its own accord, when the events it scheduled fall due;
 * - a `StepHandler` carries out steps of programs that are no plain accesses, or takes over the accesses to objects of its own;
 * - an `AccessGuard` stands before every access of a thread (locks that a fault must hold, pages that are being copied).
 *
 * events-run.ts is the machine; mechanisms.ts lists who is on it.
 */
import type { Memory } from '../machine/memory.ts';
import type { SourceSpan, TimelineAction } from '../plan.ts';
import type { Rule } from '../tables/define.ts';
import type { Nanoseconds } from '../units.ts';
import type { ProgramStep } from '../workload/program.ts';
import type { Costs } from './costs.ts';
import type { Device } from './device.ts';
import type { Pressure } from './pressure.ts';
import type { Recorder } from './recorder.ts';
import type { Setup } from './setup.ts';
import type { Thread, WaitReason } from './thread.ts';
import type { Waitable } from './waits.ts';

export interface Actor {
  readonly name: string;
  /** An event it scheduled is due; `data` is what it gave. */
  due(now: Nanoseconds, data: number): void;
}

/** A kernel thread competes for processors, before the threads of programs: `due` is called when it holds one. */
export type KernelThread = Actor;

export interface StepHandler {
  /** A thread enters the step. */
  begin(thread: Thread, step: ProgramStep): void;
  /**
   * Does some of it, at `engine.local`. Tells the engine of time (`work`, `pass`), work done (`spend`), waits (`block`) and the cursor of accesses.
   * True when the step is over; false to be called again, at once or when the thread no longer waits.
   */
  advance(thread: Thread): boolean;
}

export interface AccessGuard {
  /**
   * What this thread may access without the guard being asked, as long as nobody else acts: resident pages whose entry is 0; undefined: all that
   * are resident; null: nothing now. Absent: the guard must be asked each time.
   */
  quiet?(thread: Thread): Uint8Array | undefined | null;
  /** Whether the thread may make this access now. If not, the guard has blocked it, and is asked again when it goes on. */
  enter(thread: Thread, word: number): boolean;
  /** A thread leaves one step of its program (it may have entered none yet), and then enters the next. */
  left?(thread: Thread): void;
  entered?(thread: Thread): void;
  /** The access is over for the machine; `until` is when it will be for the thread, waits for devices included. */
  leave(thread: Thread, word: number, outcome: number, until: Nanoseconds): void;
  /** The thread's process has ended, and it with that, whatever it was in the middle of. */
  stopped?(thread: Thread, time: Nanoseconds): void;
}

/** Carries out actions of the timeline that belong to a mechanism. */
export type TimelineHandler = (action: TimelineAction, time: Nanoseconds, source: SourceSpan | undefined) => void;
export type TimelineHandlers = Partial<Readonly<Record<TimelineAction['kind'], TimelineHandler>>>;

export interface Engine {
  readonly setup: Setup;
  readonly memory: Memory;
  readonly recorder: Recorder;
  readonly costs: Costs;
  readonly pressure: Pressure;
  readonly disk: Device;
  readonly swap: Device;
  readonly threads: readonly Thread[];
  /** How many of them have ended, by themselves or killed. */
  readonly ended: number;
  /** Time of the thread that runs, which may be a little ahead of the last event. */
  readonly local: Nanoseconds;
  /** When somebody else has something to do next: until then an actor may run on, if nobody is told earlier. */
  readonly horizon: Nanoseconds;
  /** What time it is for whoever acts now: a thread, a kernel thread or an actor. */
  readonly clock: Nanoseconds;
  /** When the run ends at the latest. */
  readonly end: Nanoseconds;

  /** Adds an actor before the run begins; the number is for `schedule`. */
  addActor(actor: Actor): number;
  /** Calls the actor at `time`. As long as such events are to come, somebody may still proceed. */
  schedule(time: Nanoseconds, actor: number, data?: number): void;
  /** The same for periodic housekeeping, which alone keeps no run alive. */
  scheduleBackground(time: Nanoseconds, actor: number, data?: number): void;

  addKernelThread(thread: KernelThread): number;
  /** The kernel thread wants a processor from `time` on; it is called when it has one. */
  wantCpu(kernelThread: number, time: Nanoseconds): void;
  /** It keeps its processor and is called again at `time`. */
  goOn(kernelThread: number, time: Nanoseconds): void;
  /** It gives its processor up at `time`. */
  giveUpCpu(time: Nanoseconds): void;
  /** It sleeps without a processor until `time` and then wants one again. */
  sleepUntil(kernelThread: number, time: Nanoseconds): void;

  /** Accesses to this object go to the handler instead of memory, on this machine. */
  takeOver(object: number, handler: StepHandler): void;

  /** CPU time passes for the running thread. */
  work(time: Nanoseconds): void;
  /** So many accesses' worth of computing has been done: keeps steps of the simulation short. */
  spend(work: number): void;
  /**
   * The running thread can't go on before `until`. True if that time has simply passed; false if others go first: the caller must return, and
   * is called again then.
   */
  pass(thread: Thread, until: Nanoseconds, reason: WaitReason, stalled?: boolean): boolean;
  /**
   * Whoever is due before `local` (`at` too: then, or before) goes first. True if nobody is; false: the caller must return, and is called again then.
   */
  catchUp(thread: Thread, at?: boolean): boolean;
  /** A thread whose program has not begun (a child of fork) begins now. */
  start(thread: Thread, time: Nanoseconds): void;
  /** The running thread waits for `on`, nobody knows how long. `stalled`: it is a stall of memory (PSI). */
  block(thread: Thread, reason: WaitReason, on: Waitable, stalled?: boolean): void;
  /** What a blocked thread waited for is there. */
  unblock(thread: Thread, now: Nanoseconds): void;

  /** After something that may have reclaimed: see EventsRun. */
  afterReclaim(direct: boolean): Nanoseconds;
  /** An actor may have reclaimed: writes it queued go to their devices, kswapd is woken if it was called. Its CPU time is nobody's. */
  reclaimed(now: Nanoseconds): void;
  /** The running thread asked for a frame and there is none: the OOM killer acts. */
  outOfMemory(thread: Thread): void;
  /** The process can't go on (SIGBUS): it is killed, for the reason that `rule` and `text` give. */
  kill(process: number, time: Nanoseconds, rule: Rule, text: string): void;
  /** Somebody is at work whom no thread waits for: the run does not end before he lets go. */
  hold(): void;
  letGo(time: Nanoseconds): void;
  /** Ends the run. */
  finish(time: Nanoseconds): void;
}
