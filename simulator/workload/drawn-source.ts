/**
 * The accesses of a workload in memory that all threads of a run see: whoever comes first draws all of them, the others replay them and read
 * behind. Steps whose sources repeat themselves stay as they are.
 */
import { BLOCK } from '../machine/access.ts';
import type { Pages } from '../units.ts';
import type { Program, ProgramStep } from './program.ts';
import { HEADER_BYTES, SharedPlace, type RoomKey, type Sharer } from './shared-room.ts';
import type { Source } from './sources.ts';

/** A step whose words are kept, and where. */
interface Part {
  readonly source: Source;
  readonly from: number;
  readonly to: number;
}

/** The words of all steps, one after another. */
class Drawing {
  private readonly parts: readonly Part[];
  private readonly place: SharedPlace;
  private words: Uint32Array;
  /** Words that can be read. */
  private known = 0;
  /** Words that this thread has drawn itself. */
  private drawn = 0;
  private at = 0;
  /** Whoever draws them is gone. */
  private alone = false;

  constructor(parts: readonly Part[], place: SharedPlace) {
    this.parts = parts;
    this.place = place;
    this.words = new Uint32Array(place.buffer, HEADER_BYTES, lengthOf(parts));
  }

  /** Draws all words for everybody. */
  *all(): Generator<number, void> {
    while (this.drawn < this.words.length) {
      this.draw(this.drawn + BLOCK);
      this.place.advance(this.drawn);
      yield BLOCK;
    }
    this.place.finish();
  }

  copy(out: Uint32Array, at: number, from: number, to: number): void {
    while (!this.ready(to)); // for callers that did not ask
    while (to > this.known) this.draw(to);
    out.set(this.words.subarray(from, to), at);
  }

  /** Whether words up to `end` are there, or this thread has to draw them itself; waits a little for whoever draws them. */
  ready(end: number): boolean {
    if (this.alone || end <= this.known) return true;
    if (this.place.reached(end)) this.known = this.place.progress;
    else if (this.place.isLeft) {
      this.alone = true;
      this.known = 0;
      this.words = new Uint32Array(this.words.length);
    } else return false;
    return true;
  }

  /** Up to `end` at most, or to where a step ends: in order, for streams go on from step to step. */
  private draw(end: number): void {
    const { source, from, to } = this.parts[this.at];
    if (this.drawn === from) source.restart();
    const until = Math.min(end, to, this.drawn + BLOCK);
    source.fill(this.words, this.drawn, until);
    this.drawn = until;
    this.known = until;
    if (until === to) this.at++;
  }
}

class DrawnSource implements Source {
  readonly pass: Pages;
  private readonly drawing: Drawing;
  private readonly from: number;
  private position = 0;

  constructor(drawing: Drawing, from: number, pass: Pages) {
    this.drawing = drawing;
    this.from = from;
    this.pass = pass;
  }

  fill(out: Uint32Array, from: number, to: number): void {
    const start = this.from + this.position;
    this.drawing.copy(out, from, start, start + (to - from));
    this.position += to - from;
  }

  ready(n: number): boolean {
    return this.drawing.ready(this.from + this.position + n);
  }

  /** Each run of the program enters the step once. */
  restart(): void {
    this.position = 0;
  }
}

const lengthOf = (parts: readonly Part[]): number => parts.at(-1)?.to ?? 0;

/**
 * The program with sources that replay what lies in `buffer`, drawn by this thread if nobody has begun; null if the buffer is too small, or
 * holds something else than `key` says. Only for programs in which each step is run once. Uses up the program's own sources.
 */
export function* drawTogether(
  program: Program,
  buffer: SharedArrayBuffer,
  key: RoomKey,
  sharer: Sharer,
): Generator<number, Program | null> {
  const parts: Part[] = [];
  const starts = new Map<ProgramStep, number>();
  for (const step of program.phases.flatMap((phase) => phase.steps)) {
    if (step.kind === 'exit') break;
    if (step.kind !== 'accesses' || !step.source || step.source.repeats || step.count === 0) continue;
    const from = lengthOf(parts);
    starts.set(step, from);
    parts.push({ source: step.source, from, to: from + step.count });
  }
  const bytes = HEADER_BYTES + 4 * lengthOf(parts);
  if (parts.length === 0 || bytes > buffer.byteLength) return null;
  const place = new SharedPlace(buffer, sharer);
  const drawing = new Drawing(parts, place);
  if (place.claim(key)) yield* drawing.all();
  else if (!place.isOf(key)) return null;
  const sourceOf = (step: ProgramStep): ProgramStep => {
    const from = starts.get(step);
    return from === undefined ? step : { ...step, source: new DrawnSource(drawing, from, step.source!.pass) };
  };
  return {
    ...program,
    phases: program.phases.map((phase) => ({ ...phase, steps: phase.steps.map(sourceOf) })),
  };
}
