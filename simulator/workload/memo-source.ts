/**
 * A source that remembers what it yielded, so that the other points of a comparison replay the very same words instead of drawing them again.
 * What has not been drawn yet (the first point may have ended early) is drawn when somebody gets that far.
 */
import type { Pages } from '../units.ts';
import type { Program } from './program.ts';
import type { Source } from './sources.ts';

/** Accesses a program may make for its words to be kept: 256 MiB. Longer ones are drawn again for each point. */
export const MAX_MEMO = 1 << 26;

export class MemoSource implements Source {
  readonly pass: Pages;
  private readonly source: Source;
  private readonly words: Uint32Array;
  private known = 0;
  private position = 0;
  private begun = false;

  constructor(source: Source, count: number) {
    this.source = source;
    this.pass = source.pass;
    this.words = new Uint32Array(count);
  }

  fill(out: Uint32Array, from: number, to: number): void {
    const end = this.position + (to - from);
    if (end > this.known) {
      this.source.fill(this.words, this.known, end);
      this.known = end;
    }
    out.set(this.words.subarray(this.position, end), from);
    this.position = end;
  }

  /** Each run of the program enters the step once. */
  restart(): void {
    if (!this.begun) this.source.restart();
    this.begun = true;
    this.position = 0;
  }
}

/** The same program with remembering sources, where that is worth it. Only for programs in which each step is run once. */
export const remembering = (program: Program): Program => ({
  ...program,
  phases: program.phases.map((phase) => ({
    ...phase,
    steps: phase.steps.map((step) =>
      step.source && !step.source.repeats ? { ...step, source: new MemoSource(step.source, step.count) } : step,
    ),
  })),
});
