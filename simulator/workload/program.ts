/**
 * A process's program made runnable: phases and steps with their sources of accesses, one program a thread. Tables that threads, steps and
 * points can share (Zipf sums, shuffles) come from a cache. Building yields now and then, because large tables take time.
 */
import { OP_LOAD, OP_READ, OP_STORE, OP_WRITE, OP_SHIFT } from '../machine/access.ts';
import type { AccessStep, Amount, ObjectSpec, Pattern, PhaseSpec, RegionRef, Scenario, Step } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import { perThread } from '../tables/volatile-knobs.ts';
import { PAGE_SIZE, type BytesPerSecond, type Nanoseconds, type Pages } from '../units.ts';
import { randomFor } from './random.ts';
import {
  GaussianSource,
  HotColdSource,
  MixSource,
  SequentialSource,
  StreamSource,
  StrideSource,
  TraceSource,
  UniformSource,
  ZipfSource,
  type Source,
  type StreamPosition,
} from './sources.ts';
import { HEADER_BYTES, SharedPlace, type Sharer } from './shared-room.ts';
import { buildPermutation, buildZipfTable, zipfTableBytes, zipfTableIn, type ZipfTable } from './zipf-table.ts';

export interface ProgramStep {
  readonly kind: 'accesses' | 'idle' | 'region' | 'exit';
  readonly spec: Step;
  /** Where the accesses of an `accesses` step come from. */
  readonly source: Source | null;
  /** Accesses in all; Infinity when time ends the step. */
  readonly count: number;
  /** Accesses of one whole pass; 0: the step has no passes. */
  readonly pass: number;
  /** Length of an idle or timed step; Infinity otherwise. */
  readonly time: Nanoseconds;
  readonly think: Nanoseconds;
  /** 0: as fast as it goes. */
  readonly rate: BytesPerSecond;
  /** Object of all its accesses; −1 for mixtures and traces. */
  readonly object: number;
  /** Accesses must be drawn one at a time: the step may end at any moment and its stream must not have run ahead. */
  readonly single: boolean;
}

export interface ProgramPhase {
  readonly name: string;
  /** Infinity: until its steps are done. */
  readonly duration: Nanoseconds;
  readonly steps: readonly ProgramStep[];
  /** Whether some step has passes; else the phase is cut into slices. */
  readonly hasPasses: boolean;
  /** Index of the device that makes its accesses; absent: a processor does. */
  readonly device?: number;
  /** Accesses of the phase if they can be told beforehand, else Infinity. */
  readonly accesses: number;
}

export interface Program {
  readonly process: number;
  readonly thread: number;
  readonly cgroup: number;
  readonly phases: readonly ProgramPhase[];
}

/** Where traces live in the page-number space. */
export interface TracePlacement {
  readonly words: Uint32Array;
  readonly fileBase: number;
  readonly anonBase: number;
}

/** Tables of earlier workloads that are kept in case a later one wants them again, in bytes. */
export const MAX_KEPT_TABLES = 1 << 28;

interface Kept {
  readonly table: ZipfTable | Uint32Array;
  readonly bytes: number;
  /** When it was wanted last. */
  round: number;
}

/** Memory for tables that all threads of a run see, by what is to lie there. */
export type SharedTables = ReadonlyMap<string, SharedArrayBuffer>;

/** Makes a table in memory of its own, or in zeroes given, from `offset` on. */
type Build = (buffer?: SharedArrayBuffer, offset?: number) => Generator<number, Kept['table']>;

const zipfName = (n: Pages, s: number): string => `zipf/${n}/${s}`;
const shuffleName = (seed: number, { object, start, pages }: RegionRef): string =>
  `shuffle/${seed}/${object}/${start}/${pages}`;

/** Names and sizes of the tables that an access needs. */
export const tablesOf = ({ pattern, target }: AccessStep, seed: number): readonly (readonly [string, number])[] =>
  patternBytes(pattern, target.pages) === 0 || pattern.kind !== 'zipf'
    ? []
    : [
        [zipfName(target.pages, pattern.s), zipfTableBytes(target.pages)],
        [shuffleName(seed, target), 4 * target.pages],
      ];

/** Shared between threads, steps and points of one plan. */
export class TableCache {
  /** In the order in which they were wanted. */
  private readonly kept = new Map<string, Kept>();
  private bytes = 0;
  private round = 0;
  private readonly shared: SharedTables | undefined;
  private readonly sharer: Sharer;

  /** With memory that others see. */
  constructor(shared?: SharedTables, sharer: Sharer = { me: 0 }) {
    this.shared = shared;
    this.sharer = sharer;
  }

  /** Another workload is built: what only earlier ones wanted may go. */
  begin(): void {
    this.round++;
  }

  *zipfTable(n: Pages, s: number): Generator<number, ZipfTable> {
    const known = yield* this.keptOr(
      zipfName(n, s),
      zipfTableBytes(n),
      (buffer, offset) => buildZipfTable(n, s, buffer, offset),
      (buffer) => zipfTableIn(n, s, buffer, HEADER_BYTES),
    );
    return known as ZipfTable;
  }

  /** The shuffle belongs to the region, so all who read it find the same pages hot. */
  *permutation(seed: number, target: RegionRef): Generator<number, Uint32Array> {
    const { object, start, pages } = target;
    const known = yield* this.keptOr(
      shuffleName(seed, target),
      4 * pages,
      (buffer, offset) =>
        buildPermutation(
          pages,
          randomFor(seed, PURPOSE_SHUFFLE, object, start, pages),
          buffer && new Uint32Array(buffer, offset, pages),
        ),
      (buffer) => new Uint32Array(buffer, HEADER_BYTES, pages),
    );
    return known as Uint32Array;
  }

  /** `view`: the table that was built in memory that is shared. */
  private *keptOr(
    name: string,
    bytes: number,
    build: Build,
    view: (buffer: SharedArrayBuffer) => Kept['table'],
  ): Generator<number, Kept['table']> {
    let found = this.kept.get(name);
    if (!found) {
      const table = yield* this.sharedOr(name, build, view);
      if (table) return table;
      this.makeRoom(bytes);
      found = { table: yield* build(), bytes, round: this.round };
      this.bytes += bytes;
    }
    found.round = this.round;
    this.kept.delete(name);
    this.kept.set(name, found);
    return found.table;
  }

  /** What all see, made by whoever comes first; null if there is no room for it, or whoever began it is gone. */
  private *sharedOr(
    name: string,
    build: Build,
    view: (buffer: SharedArrayBuffer) => Kept['table'],
  ): Generator<number, Kept['table'] | null> {
    const buffer = this.shared?.get(name);
    if (!buffer) return null;
    const place = new SharedPlace(buffer, this.sharer);
    if (place.claim([])) {
      const building = build(buffer, HEADER_BYTES);
      for (let steps = 1; ; steps++) {
        const step = building.next();
        if (!step.done) {
          place.advance(steps);
          yield step.value;
          continue;
        }
        place.finish();
        return step.value;
      }
    }
    return place.isOf([]) && (yield* place.whole()) ? view(buffer) : null;
  }

  /** Lets go of what was not wanted for longest; what this workload wants stays, however large. */
  private makeRoom(bytes: number): void {
    for (const [key, old] of this.kept) {
      if (this.bytes + bytes <= MAX_KEPT_TABLES || old.round === this.round) return;
      this.kept.delete(key);
      this.bytes -= old.bytes;
    }
  }
}

const PURPOSE_SHUFFLE = 1;
const PURPOSE_DRAWS = 2;

/** Bytes that tables for a pattern over `n` pages take. */
export const patternBytes = (pattern: Pattern, n: Pages): number =>
  pattern.kind === 'zipf' && pattern.s > 0 ? zipfTableBytes(n) + 4 * n : 0;

interface BuildContext {
  readonly scenario: Scenario;
  readonly seed: number;
  readonly bases: readonly number[];
  readonly traces: readonly TracePlacement[];
  readonly tables: TableCache;
  /** Most words a source is asked for at a time. */
  readonly longest: number;
}

/** Programs of all threads, processes in order, threads within. */
export function* buildPrograms(context: BuildContext): Generator<number, Program[]> {
  context.tables.begin();
  const programs: Program[] = [];
  for (const [p, process] of context.scenario.processes.entries()) {
    const threads = Number(process.values['threads'] ?? 1);
    for (let thread = 0; thread < threads; thread++) {
      const streams = new Map<string, StreamPosition>();
      const phases: ProgramPhase[] = [];
      for (const [i, phase] of process.phases.entries())
        phases.push(
          yield* buildPhase(context, ownParts(context.scenario, phase, thread, threads), [p, thread, i], streams),
        );
      programs.push({ process: p, thread, cgroup: process.cgroup, phases });
    }
  }
  return programs;
}

/** Of regions of which each thread has one of its own, a thread sees its own: they lie one behind the other. */
function ownParts({ objects }: Scenario, phase: PhaseSpec, thread: number, threads: number): PhaseSpec {
  if (thread === 0) return phase;
  const moved = <T extends { readonly target: RegionRef }>(of: T): T => {
    const object = objects.at(of.target.object);
    if (object?.kind !== 'anon' || !valueOf(object.values, perThread)) return of;
    const shift = thread * Math.floor(object.pages / threads);
    return { ...of, target: { ...of.target, start: of.target.start + shift }, ...shiftedBytes(of, shift) };
  };
  const step = (one: Step): Step => {
    if (one.kind === 'mix')
      return { ...one, parts: one.parts.map((part) => ({ ...part, access: moved(part.access) })) };
    return 'target' in one && one.target !== undefined ? moved(one as Step & { target: RegionRef }) : one;
  };
  return { ...phase, steps: phase.steps.map(step) };
}

function shiftedBytes(of: object, pages: Pages): object {
  if (!('bytes' in of) || of.bytes === undefined) return {};
  const { start, end } = of.bytes as { readonly start: number; readonly end: number };
  return { bytes: { start: start + pages * PAGE_SIZE, end: end + pages * PAGE_SIZE } };
}

function* buildPhase(
  context: BuildContext,
  phase: PhaseSpec,
  identity: readonly number[],
  streams: Map<string, StreamPosition>,
): Generator<number, ProgramPhase> {
  const steps: ProgramStep[] = [];
  const timed = phase.duration !== undefined;
  for (const [i, step] of phase.steps.entries())
    steps.push(yield* buildStep(context, step, [...identity, i], streams, timed));
  const counted = steps.filter((step) => step.kind === 'accesses');
  const accesses = timed ? Infinity : counted.reduce((sum, step) => sum + step.count, 0);
  return {
    name: phase.name,
    duration: phase.duration ?? Infinity,
    steps,
    hasPasses: counted.some((step) => step.pass > 0),
    accesses,
    ...(phase.device === undefined ? {} : { device: phase.device }),
  };
}

const plainStep = (kind: ProgramStep['kind'], spec: Step, time: Nanoseconds): ProgramStep => ({
  kind,
  spec,
  source: null,
  count: 0,
  pass: 0,
  time,
  think: 0,
  rate: 0,
  object: -1,
  single: false,
});

function* buildStep(
  context: BuildContext,
  step: Step,
  identity: readonly number[],
  streams: Map<string, StreamPosition>,
  timed: boolean,
): Generator<number, ProgramStep> {
  switch (step.kind) {
    case 'idle':
      return plainStep('idle', step, step.time);
    case 'exit':
      return plainStep('exit', step, 0);
    case 'mlock':
    case 'munlock':
    case 'munmap':
    case 'fsync':
    case 'sync':
    case 'mempolicy':
    case 'volatile':
    case 'nonvolatile':
    case 'madvise':
    case 'fork':
      return plainStep('region', step, 0);
    case 'replay': {
      const { words, fileBase, anonBase } = context.traces[step.trace];
      const source = new TraceSource(words, fileBase, anonBase);
      return { ...plainStep('accesses', step, Infinity), source, count: words.length };
    }
    case 'access': {
      const source = yield* buildSource(context, step, identity, streams);
      return {
        ...plainStep('accesses', step, Infinity),
        source,
        ...amountOf(step.amount, source),
        think: step.think ?? 0,
        rate: step.rate ?? 0,
        object: step.target.object,
        single: step.pattern.kind === 'stream' && (timed || step.amount.kind === 'time'),
      };
    }
    case 'mix': {
      const parts: Source[] = [];
      for (const [i, part] of step.parts.entries())
        parts.push(yield* buildSource(context, part.access, [...identity, i], streams));
      const streamed = step.parts
        .filter((part) => part.access.pattern.kind === 'stream')
        .map(({ access: { target } }) => `${target.object}/${target.start}/${target.pages}`);
      const source = new MixSource(
        parts,
        step.parts.map((part) => part.weight),
        randomFor(context.seed, PURPOSE_DRAWS, ...identity),
        context.longest,
        new Set(streamed).size < streamed.length,
      );
      return {
        ...plainStep('accesses', step, Infinity),
        source,
        ...amountOf(step.amount, source),
        single: streamed.length > 0 && (timed || step.amount.kind === 'time'),
      };
    }
  }
}

function amountOf(amount: Amount, source: Source): Pick<ProgramStep, 'count' | 'pass' | 'time'> {
  switch (amount.kind) {
    case 'passes':
      return { count: amount.count * source.pass, pass: source.pass, time: Infinity };
    case 'accesses':
      return { count: amount.count, pass: 0, time: Infinity };
    case 'bytes':
      return { count: Math.ceil(amount.bytes / PAGE_SIZE), pass: 0, time: Infinity };
    case 'time':
      return { count: Infinity, pass: 0, time: amount.time };
  }
}

/** Bits 31–30 of the words of an access: how the verb reaches this kind of object. */
function operationOf(step: AccessStep, kind: ObjectSpec['kind']): number {
  if (kind === 'anon') return step.verb === 'write' ? OP_STORE : OP_LOAD;
  return step.verb === 'read' ? OP_READ : step.verb === 'write' ? OP_WRITE : OP_LOAD;
}

function* buildSource(
  context: BuildContext,
  step: AccessStep,
  identity: readonly number[],
  streams: Map<string, StreamPosition>,
): Generator<number, Source> {
  const { object, start, pages } = step.target;
  const operation = operationOf(step, context.scenario.objects[object].kind);
  const base = ((operation << OP_SHIFT) >>> 0) + context.bases[object] + start;
  const draws = () => randomFor(context.seed, PURPOSE_DRAWS, ...identity);
  const { pattern } = step;
  switch (pattern.kind) {
    case 'sequential':
      return new SequentialSource(base, pages);
    case 'stride':
      return new StrideSource(base, pages, pattern.pages);
    case 'stream': {
      const key = `${object}/${start}/${pages}`;
      let position = streams.get(key);
      if (!position) streams.set(key, (position = { next: 0 }));
      return new StreamSource(base, pages, position);
    }
    case 'uniform':
      return new UniformSource(base, pages, draws());
    case 'zipf': {
      if (pattern.s === 0) return new UniformSource(base, pages, draws());
      const table = yield* context.tables.zipfTable(pages, pattern.s);
      const permutation = yield* context.tables.permutation(context.seed, step.target);
      return new ZipfSource(base, table, permutation, draws());
    }
    case 'hot-cold':
      return new HotColdSource(base, pages, pattern.share, pattern.accesses, draws());
    case 'gaussian':
      return new GaussianSource(base, pages, pattern.mean, pattern.deviation, draws());
  }
}
