/**
 * Where a thread stands in its program. It knows counts and deadlines, not costs: whoever drives it does the accesses, says how many hit,
 * and what time it is. Both speeds of the simulator drive the same cursor.
 */
import type { Nanoseconds } from '../units.ts';
import { PassLog, type Snapshot } from './pass-log.ts';
import type { Program, ProgramPhase, ProgramStep } from './program.ts';

/** What a thread does next. */
export const END = 0;
export const ACCESSES = 1;
export const IDLE = 2;
export const REGION = 3;
export const EXIT = 4;
/** A timed phase whose steps do nothing and take no time: nothing is left but to wait for its end. */
export const STALLED = 5;

/** Told when a thread enters and leaves phases, so that counters can be read at the borders. */
export interface PhaseListener {
  phaseStart(program: Program, phase: number, now: Nanoseconds): void;
  phaseEnd(cursor: Cursor, now: Nanoseconds): void;
  /** Counters and gauges now, if anyone wants to see them pass by pass. */
  snapshot(): Snapshot;
}

export class Cursor {
  readonly program: Program;
  private readonly listener: PhaseListener;

  /** Index of the phase being run; the number of phases at the end. */
  phase = -1;
  /** The step being run, once `enter` returned something else than END. */
  step: ProgramStep | null = null;
  /** Accesses until the next border (end of a pass, a slice or the step). */
  left = 0;
  /** Time at which step or phase ends, whatever is left to do. */
  deadline: Nanoseconds = Infinity;
  phaseStart: Nanoseconds = 0;
  /** Totals of the phase so far. */
  accesses = 0;
  hits = 0;
  misses = 0;
  passes = new PassLog('slices', 1);

  /** Whether the thread is inside a phase. */
  get live(): boolean {
    return this.phase >= 0 && this.phase < this.program.phases.length;
  }

  /** Share of the phase's steps that is behind it; of the step being run, what its time or count says. */
  share(now: Nanoseconds): number {
    const { step, stepIndex } = this;
    const { steps } = this.program.phases[this.phase];
    if (!step || stepIndex < 0) return 0;
    const within =
      this.deadline !== Infinity
        ? 1 - (this.deadline - now) / Math.max(1, step.time)
        : Number.isFinite(step.count) && step.count > 0
          ? 1 - this.stepLeft / step.count
          : 0;
    return (stepIndex + Math.min(1, Math.max(0, within))) / steps.length;
  }

  private stepIndex = -1;
  private stepLeft = 0;
  private sliceLeft = 0;
  private phaseDeadline: Nanoseconds = Infinity;
  private roundStart: Nanoseconds = 0;
  private roundAccesses = 0;
  private passAccesses = 0;
  private passHits = 0;
  private passMisses = 0;
  private passStart: Nanoseconds = 0;
  private passBefore: Snapshot = undefined;

  constructor(program: Program, listener: PhaseListener) {
    this.program = program;
    this.listener = listener;
  }

  /** Goes to the next step, over as many ends of phases as lie between. */
  enter(now: Nanoseconds): number {
    for (;;) {
      const phase = this.program.phases[this.phase] as ProgramPhase | undefined;
      if (phase && now < this.phaseDeadline) {
        let next = this.stepIndex + 1;
        if (next === phase.steps.length && phase.duration !== Infinity) {
          const idleRound = now === this.roundStart && this.accesses === this.roundAccesses;
          next = 0;
          this.roundStart = now;
          this.roundAccesses = this.accesses;
          if (idleRound) {
            this.step = null;
            this.deadline = this.phaseDeadline;
            return STALLED;
          }
        }
        if (next < phase.steps.length) {
          this.stepIndex = next;
          const kind = this.enterStep(phase.steps[next], now);
          if (kind !== END) return kind;
          continue;
        }
      }
      if (phase) this.leavePhase(now);
      this.phase++;
      this.step = null;
      if (this.phase >= this.program.phases.length) return END;
      this.enterPhase(this.program.phases[this.phase], now);
    }
  }

  private enterPhase(phase: ProgramPhase, now: Nanoseconds): void {
    this.stepIndex = -1;
    this.phaseStart = now;
    this.phaseDeadline = now + phase.duration;
    this.roundStart = now;
    this.roundAccesses = 0;
    this.accesses = 0;
    this.hits = 0;
    this.misses = 0;
    this.passes = phase.hasPasses ? new PassLog('passes', 0) : new PassLog('slices', phase.accesses);
    this.startPass(now);
    this.sliceLeft = this.passes.nextLength;
    this.listener.phaseStart(this.program, this.phase, now);
  }

  private leavePhase(now: Nanoseconds): void {
    const phase = this.program.phases[this.phase];
    if (!phase.hasPasses && this.passAccesses > 0) this.endPass(now);
    this.listener.phaseEnd(this, now);
  }

  /** END when there is nothing to do in this step. */
  private enterStep(step: ProgramStep, now: Nanoseconds): number {
    this.step = step;
    this.deadline = Math.min(this.phaseDeadline, now + step.time);
    switch (step.kind) {
      case 'idle':
        return step.time > 0 ? IDLE : END;
      case 'region':
        return REGION;
      case 'exit':
        return EXIT;
      case 'accesses':
        if (step.count === 0 || this.deadline <= now) return END;
        step.source!.restart();
        this.stepLeft = step.count;
        if (step.pass > 0) {
          this.sliceLeft = step.pass;
          this.startPass(now);
        }
        this.findBorder();
        return ACCESSES;
    }
  }

  private findBorder(): void {
    const step = this.step!;
    const counts = step.pass > 0 || !this.program.phases[this.phase].hasPasses;
    this.left = counts ? Math.min(this.stepLeft, this.sliceLeft) : this.stepLeft;
  }

  /** `n ≤ left` accesses were done by `now`. True when the step has none left. */
  consume(n: number, hits: number, misses: number, now: Nanoseconds): boolean {
    this.accesses += n;
    this.hits += hits;
    this.misses += misses;
    this.stepLeft -= n;
    this.left -= n;
    const step = this.step!;
    if (step.pass > 0 || !this.program.phases[this.phase].hasPasses) {
      this.passAccesses += n;
      this.passHits += hits;
      this.passMisses += misses;
      this.sliceLeft -= n;
      if (this.sliceLeft === 0) {
        this.endPass(now);
        this.sliceLeft = step.pass > 0 ? step.pass : this.passes.nextLength;
      }
    }
    if (this.stepLeft > 0) {
      this.findBorder();
      return false;
    }
    return true;
  }

  private startPass(now: Nanoseconds): void {
    this.passAccesses = 0;
    this.passHits = 0;
    this.passMisses = 0;
    this.passStart = now;
    this.passBefore = this.listener.snapshot();
  }

  private endPass(now: Nanoseconds): void {
    this.passes.add({
      accesses: this.passAccesses,
      hits: this.passHits,
      misses: this.passMisses,
      start: this.passStart,
      end: now,
      before: this.passBefore,
      after: this.listener.snapshot(),
    });
    this.startPass(now);
  }

  /** The thread is stopped for good (killed, interrupted): closes the phase it is in. */
  stop(now: Nanoseconds): void {
    if (this.live) this.leavePhase(now);
    this.phase = this.program.phases.length;
    this.step = null;
  }
}
