/** Steps of programs and actions of the timeline that are about nodes, on the running machine. */
import type { PolicyStep, SourceSpan, TimelineAction } from '../plan.ts';
import type { Nanoseconds } from '../units.ts';
import type { ProgramStep } from '../workload/program.ts';
import type { AccessGuard, Engine, StepHandler, TimelineHandlers } from './engine.ts';
import type { Numa } from './numa.ts';
import type { Work } from './page-mover.ts';
import type { Thread } from './thread.ts';

/** What a portion of page migration counts as work: so much that the simulation pauses. */
const PORTION = 1 << 16;

/** The steps and actions of a run that are about nodes. */
export class NumaSteps implements StepHandler {
  readonly #engine: Engine;
  readonly #numa: Numa;
  readonly #actor: number;
  readonly #steps = new Map<Thread, Work>();
  readonly #actions: Work[] = [];

  constructor(engine: Engine, numa: Numa) {
    this.#engine = engine;
    this.#numa = numa;
    this.#actor = engine.addActor({
      name: 'page migration',
      due: (now) => {
        this.#goOn(now);
      },
    });
    numa.records.attach(engine.memory);
    numa.tell(engine.recorder, 0);
  }

  begin(thread: Thread, { spec }: ProgramStep): void {
    const { memory, local } = this.#engine;
    this.#steps.set(thread, this.#numa.policyStep(thread.program.process, spec as PolicyStep, memory, local));
  }

  advance(thread: Thread): boolean {
    const engine = this.#engine;
    const done = this.#steps.get(thread)?.next().done !== false;
    engine.spend(done ? 1 : PORTION);
    if (!done) return false;
    this.#steps.delete(thread);
    this.#numa.tell(engine.recorder, engine.local);
    return true;
  }

  /** Actions one after the other; what takes longer goes on at the same moment of the run, a portion at a time. */
  #goOn(time: Nanoseconds): void {
    const engine = this.#engine;
    for (;;) {
      const work = this.#actions.at(0);
      if (work === undefined) return;
      if (work.next().done !== true) {
        // nobody is left to wait for it: the run would end before
        if (engine.threads.every(({ over }) => over)) continue;
        engine.spend(PORTION);
        engine.schedule(time, this.#actor);
        return;
      }
      this.#actions.shift();
      this.#numa.tell(engine.recorder, time);
      if (this.#numa.crashed(engine.recorder, time)) engine.finish(time);
    }
  }

  /** With bugs switched on, the access that hits one is the last. */
  get guard(): AccessGuard | undefined {
    const { bugs = {} } = this.#numa.system.options;
    if (!Object.values(bugs).includes(true)) return undefined;
    const engine = this.#engine;
    const numa = this.#numa;
    return {
      enter() {
        if (!numa.crashed(engine.recorder, engine.local)) return true;
        engine.finish(engine.local);
        return false;
      },
      leave(_, __, ___, until) {
        numa.crashed(engine.recorder, until);
      },
    };
  }

  get actions(): TimelineHandlers {
    const act = (action: TimelineAction, time: Nanoseconds, source: SourceSpan | undefined): void => {
      this.#actions.push(this.#numa.act(action, this.#engine.memory, time, source));
      if (this.#actions.length === 1) this.#goOn(time);
    };
    return { cpuset: act, attach: act, node: act, remount: act };
  }
}

/** Policies on a machine that memory sees as one node: they change nothing. */
export class NoNodes implements StepHandler {
  readonly #engine: Engine;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  begin(): void {
    this.#engine.recorder.warn(
      'memory policies change nothing here: there is one node, or the reclaim policy knows none',
    );
  }

  advance(): boolean {
    this.#engine.spend(1);
    return true;
  }
}
