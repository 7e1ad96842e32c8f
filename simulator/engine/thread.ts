/** One thread of a process on the full machine: its place in the program, and what it waits for. */
import { Cursor, END, type PhaseListener } from '../workload/cursor.ts';
import type { Program } from '../workload/program.ts';
import type { Nanoseconds } from '../units.ts';
import type { StepHandler } from './engine.ts';
import type { ReadAhead } from './read-ahead.ts';
import type { Waitable, Waiter } from './waits.ts';
import type { Target } from './writers.ts';

/** What an actor that can't proceed waits for. */
export type WaitReason =
  | 'nothing'
  | 'cpu'
  | 'io'
  | 'frames'
  | 'throttle'
  | 'sync'
  | 'writeback'
  | 'lock'
  | 'request'
  | 'fault service'
  | 'pace'
  | 'think'
  | 'idle'
  | 'end of phase';

export class Thread implements Waiter {
  readonly index: number;
  readonly name: string;
  readonly program: Program;
  readonly cursor: Cursor;
  waitsFor: WaitReason = 'cpu';
  /** Set while it waits for somebody to act, nobody knows how long. */
  waitsOn: Waitable | null = null;
  /** It waits, and this is a stall of memory. */
  stalled = false;
  /** It waits until a time that is known, and has nothing to do until then. */
  idles = false;
  /** Ended, exited or killed. */
  over = false;
  /** What `cursor.enter` said. */
  doing = END;
  /** Who carries out the step it is in, if that is no plain access. */
  handler: StepHandler | null = null;
  /** What it must do before it goes on with its step (a signal handler). */
  trap: StepHandler | null = null;
  /** Words drawn and not yet accessed: lot[at] … lot[lotEnd − 1]. */
  readonly lot: Uint32Array;
  at = 0;
  lotEnd = 0;
  /** First word of the lot that the cursor has not been told of, with the hits and misses since. */
  told = 0;
  hits = 0;
  misses = 0;
  /** When a paced access may start, and what part of a nanosecond is carried over. */
  due: Nanoseconds = 0;
  dueRemainder = 0;
  /** Pages still to be faulted in by mlock: next word and how many. */
  faultWord = 0;
  faultLeft = 0;
  /** It has dirtied enough to be asked about dirty pages. */
  checkDirty = false;
  /** The device whose pages it dirties. */
  dirtying: Target | null = null;
  /** Start of its present slice of CPU time. */
  sliceStart: Nanoseconds = 0;
  /** Its last access had to wait; the pause after it is still to come. */
  owesPause = false;
  /** Its last access hit, and waited for nobody: the next may do the same. */
  hitLast = true;
  /** Accesses in a row that took no time. */
  timeless = 0;
  readonly readAheads = new Map<number, ReadAhead>();

  constructor(index: number, name: string, program: Program, listener: PhaseListener, lot: number) {
    this.index = index;
    this.name = name;
    this.program = program;
    this.cursor = new Cursor(program, listener);
    this.lot = new Uint32Array(lot);
  }
}
