/** Runs a trace through machines, one after another, and puts what they found into a report like any other. */
import { setImmediate } from 'node:timers/promises';
import { BLOCK, PAGE_MASK } from '../simulator/machine/access.ts';
import { counterRows } from '../simulator/machine/counters.ts';
import type { Gauges, Memory } from '../simulator/machine/memory.ts';
import type { FutureAccesses } from '../simulator/machine/reclaimer.ts';
import type { Plan } from '../simulator/plan.ts';
import type { PassReport, PointReport, Report } from '../simulator/report.ts';
import { costsOf, transferTime } from '../simulator/engine/costs.ts';
import { reclaimVariant } from '../simulator/reclaim/registry.ts';
import { reportOf } from '../simulator/simulate.ts';
import { measures, type MeasureInput } from '../simulator/tables/measures.ts';
import { PAGE_SIZE, type Pages } from '../simulator/units.ts';
import type { CliIo } from './io.ts';
import { lruMemories, readsOnly, type Replayed } from './replay-lru.ts';
import { addMetadata, memoryFor, type ReplaySetup } from './replay-memory.ts';

export interface ReplayRun {
  readonly plan: Plan;
  /** One a point of the plan. */
  readonly setups: readonly ReplaySetup[];
  readonly words: Uint32Array;
  readonly warmup: number;
  readonly missBits?: Uint8Array;
  readonly io: CliIo;
}

const PASSES = 10;
/** Accesses between two looks at the clock, where a variant decides by the time. */
const CLOCKED = 256;
/** Ratios of counts. A replay has no clock, so measures of time would mean nothing. */
const TIMELESS = ['hit-ratio', 'miss-ratio', 'refault-rate', 'reclaim-efficiency', 'active-share'];

export async function replayPoints(run: ReplayRun): Promise<Report> {
  const { plan, setups, words, warmup, missBits, io } = run;
  const points: PointReport[] = [];
  const warnings: string[] = [];
  let future: FutureAccesses | undefined;
  const lruSizes = setups.filter(({ policy }) => policy === 'lru').map(({ size }) => size);
  // One simulation is as fast as the one pass that serves all sizes.
  const onePass = lruSizes.length > 1 && missBits === undefined && readsOnly(words);
  let lru: ((size: Pages) => Replayed) | null = null;
  for (const [i, setup] of setups.entries()) {
    let memory: Replayed;
    if (onePass && setup.policy === 'lru') {
      lru ??= await lruMemories(words, lruSizes, [warmup, ...passBounds(run)], io);
      if (lru === null) break;
      memory = lru(setup.size);
    } else {
      const machine = memoryFor(setup, plan.points[i].scenario);
      if (machine.wantsFuture) machine.foresee((future ??= futureOf(words, setup)));
      memory = machine;
    }
    const point = await replayPoint(run, i, memory, warnings);
    points.push(point);
    if (io.signal.aborted) break;
  }
  return reportOf(plan, points, io.signal.aborted, warnings);
}

/** After how many accesses each tenth of the counted ones ends. */
const passBounds = ({ words, warmup }: ReplayRun): readonly number[] =>
  Array.from({ length: PASSES }, (_, k) => warmup + Math.floor(((words.length - warmup) * (k + 1)) / PASSES));

async function replayPoint(run: ReplayRun, index: number, memory: Replayed, warnings: string[]): Promise<PointReport> {
  const { plan, setups, words, warmup, missBits, io } = run;
  const setup = setups[index];
  const cgroup = setup.memcg ? 1 : 0;
  const bounds = passBounds(run);
  const passes: PassReport[] = [];
  let missesBefore = 0;
  let countersBefore = memory.counters.slice();
  let done = 0;
  let passStart = warmup;
  let passMisses = 0;
  let outOfMemory = false;
  /** Misses that are none of the trace's. */
  let aside = 0;
  /** A miss had to be read from disk or swap; a first touch of anonymous memory is none. */
  const missesNow = () => memory.io.reads + memory.io.swapIns - aside;
  const clocked = reclaimVariant(setup.policy)?.watchesClock?.({}) ?? false;
  const { hit, disk } = costsOf(plan.points[index].scenario.machine);
  const missTime = disk.latency + transferTime(disk, 1);
  if (clocked)
    warnings.push(
      `'${setup.policy}' decides by the clock, and a trace has none: every access takes ${hit} ns, a miss ${missTime} ns more`,
    );
  while (done < words.length && !io.signal.aborted && !outOfMemory) {
    // Blocks end where something is looked at: after the first access, the warm-up, and each tenth.
    const stop = done === 0 ? 1 : done < warmup ? warmup : bounds.find((bound) => bound > done)!;
    const n = Math.min(clocked ? CLOCKED : BLOCK, stop - done);
    if (clocked) memory.setTime?.(done * hit + missesNow() * missTime);
    const ran = memory.run(words, done, n, cgroup, missBits, done);
    if (done === 0 && ran === 1 && 'reclaimer' in memory) aside = addMetadata(setup, memory as Memory);
    outOfMemory = ran < n;
    done += ran;
    if (done === warmup) {
      missesBefore = missesNow();
      countersBefore = memory.counters.slice();
      passMisses = missesBefore;
    }
    if (bounds.includes(done) && done > passStart) {
      const misses = missesNow();
      const accesses = done - passStart;
      passes.push({ accesses, misses: misses - passMisses, hits: accesses - misses + passMisses, start: 0, end: 0 });
      passStart = done;
      passMisses = misses;
    }
    if ((done & (16 * BLOCK - 1)) < n) {
      if (io.isTty)
        io.stderr(`\r\x1b[K${setup.policy}  ${((100 * (index + done / words.length)) / setups.length).toFixed(0)} %`);
      await setImmediate();
    }
  }
  if (outOfMemory) {
    warnings.push(
      `'${setup.policy}' ran out of memory after ${done} accesses with ${setup.size} pages: nothing was left that could be reclaimed`,
    );
  }
  const accesses = Math.max(0, done - warmup);
  const misses = missesNow() - missesBefore;
  const hits = accesses - misses;
  const counters: Record<string, number> = { accesses, hits, misses };
  for (const [i, row] of counterRows.entries()) counters[row.name] = memory.counters[i] - countersBefore[i];
  const input: MeasureInput = {
    accesses,
    hits,
    misses,
    elapsed: NaN,
    counter: (name) => counters[name] ?? NaN,
    gauges: memory.gauges({} as Gauges),
  };
  const derived = measures
    .filter(({ name }) => TIMELESS.includes(name))
    .map((measure) => [measure.name, measure.of(input)] as const)
    .filter(([, value]) => Number.isFinite(value));
  return {
    coordinates: plan.points[index].coordinates,
    variant: { reclaim: setup.policy },
    values: {},
    at: { memory: setup.size * PAGE_SIZE },
    path: 'blocks',
    complete: done === words.length,
    time: 0,
    counters,
    measures: Object.fromEntries(derived),
    phases: [{ name: '', process: 'replay', start: 0, end: 0, accesses, hits, misses, passes, counters }],
    series: [],
    distributions: [],
    events: [],
    spans: [],
    expectations: [],
  };
}

function futureOf(words: Uint32Array, { filePages, anonPages }: ReplaySetup): FutureAccesses {
  const next = new Uint32Array(words.length);
  const upcoming = new Uint32Array(filePages + anonPages + 1).fill(0xffffffff);
  for (let i = words.length - 1; i >= 0; i--) {
    const page = words[i] & PAGE_MASK;
    next[i] = upcoming[page];
    upcoming[page] = i;
  }
  return { next, first: upcoming };
}
