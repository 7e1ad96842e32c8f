/**
 * One pass for many: what points of one run gain by what they share, against the same points each run for itself; and what a second core gains.
 * In process by processor time, both ways in turns; cores by the wall clock of the whole command, because that is what they are for.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Plan } from '../../simulator/plan.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import * as make from '../simulator/plans.ts';
import { run } from '../simulator/runs.ts';
import { cpuTime, inBundledChild } from './child.ts';
import { median, medianRatio, type Row } from './rows.ts';
import type { BenchOptions } from './suites.ts';
import { tracesFor, wordsOf, writeWords } from './traces.ts';
import { cli, refault } from './whole.ts';

const SUITE = 'one pass for many; ratio to each for itself';
const SIZES = 20;
/** What two cores must gain. */
const TWO_CORES = 1.8;

export async function benchSharing({ rounds, quick }: BenchOptions): Promise<Row[]> {
  const pages = quick ? 100_000 : 1_000_000;
  const accesses = 2 * pages;
  const step = make.times(0, accesses, { pages, pattern: { kind: 'zipf', s: 1 } });
  const world = (memoryPages: number): make.World => ({
    memoryPages,
    objects: [make.file('data', pages)],
    processes: [make.process('job', [make.phase('', [step])])],
  });
  const sizes = Array.from({ length: SIZES }, (_, i) => Math.floor((pages * (i + 1)) / (2 * SIZES)));
  const sweep = make.plan(world(sizes[0]), {
    axes: [
      {
        kind: 'sweep',
        name: 'server.memory',
        unit: 'bytes',
        values: sizes.map((n) => ({ label: `${n} pages`, value: n * PAGE_SIZE })),
      },
    ],
    points: sizes.map((n, i) => ({ coordinates: [i], scenario: make.scenario(world(n)) })),
  });
  const some = ['lru', 'fifo', 'clock', 'sieve', 's3-fifo', 'arc', 'v6.1', 'mglru-6.1'];
  const cases: readonly (readonly [string, Plan])[] = [
    [`exact LRU at ${SIZES} sizes`, sweep],
    [`${some.length} variants of a comparison`, make.compare(world(pages / 10), some)],
    ['4 cheap variants of a comparison', make.compare(world(pages / 10), some.slice(0, 4))],
  ];
  const rows: Row[] = [];
  for (const [name, plan] of cases) {
    const { together, apart } = await inBundledChild<Times>(import.meta.filename, 'share', { plan, rounds });
    rows.push({
      suite: SUITE,
      name,
      value: median(together),
      unit: 'ms',
      ratio: medianRatio(apart, together),
      note: `${plan.points.length} points of ${accesses / 1e6} M accesses; apart ${median(apart).toFixed(0)} ms`,
    });
  }
  return [...rows, ...(await cores(rounds, quick))];
}

interface Times {
  /** Milliseconds of processor time, by round. */
  readonly together: readonly number[];
  readonly apart: readonly number[];
}

/** In a process of its own. */
export function share({ plan, rounds }: { readonly plan: Plan; readonly rounds: number }): Times {
  const singles = plan.points.map((point): Plan => ({ ...plan, points: [point] }));
  const timed = (plans: readonly Plan[]): number => {
    const begun = cpuTime();
    for (const one of plans) run(one);
    return cpuTime() - begun;
  };
  timed(singles.slice(0, 1));
  timed([plan]);
  const together: number[] = [];
  const apart: number[] = [];
  for (let round = 0; round < rounds; round++) {
    together.push(timed([plan]));
    apart.push(timed(singles));
  }
  return { together, apart };
}

/** A sweep of generated accesses and one over a recorded trace, on one thread and on two. */
async function cores(rounds: number, quick: boolean): Promise<Row[]> {
  if (os.availableParallelism() < 2) return [];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'refault-cores-'));
  try {
    const [trace] = tracesFor(true);
    writeWords(
      path.join(folder, 'zipf.u32'),
      wordsOf({ ...trace, accesses: quick ? trace.accesses : 50 * trace.accesses }),
    );
    const sweep = 'compare reclaim: v6.1, lru, sieve, mglru-6.1\n  sweep server.memory 64 MiB .. 320 MiB step 32 MiB';
    const machine = 'machine server {\n  memory 128 MiB\n}';
    const programs = {
      'generated accesses': `${machine}\nfile data 1 GiB\nprocess job { read data zipf 0.9, ${quick ? '200k' : '20M'} times }\nrun "sweep" {\n  ${sweep}\n}\n`,
      'a recorded trace': `${machine}\ntrace zipf "zipf.u32"\nprocess job { replay zipf }\nrun "sweep" {\n  ${sweep}\n}\n`,
    };
    const rows: Row[] = [];
    for (const [what, text] of Object.entries(programs)) {
      const file = path.join(folder, `${what.replaceAll(' ', '-')}.refault`);
      writeFileSync(file, text);
      const wall = { 1: [] as number[], 2: [] as number[] };
      for (let round = 0; round < rounds; round++)
        for (const threads of [1, 2] as const)
          wall[threads].push((await refault(['run', file, '--threads', String(threads), '--format', 'csv'])).wall);
      rows.push({
        suite: `a sweep of 36 points on two cores, whole process, ${cli().how}; ratio to one`,
        name: what,
        value: median(wall[2]),
        unit: 'ms wall',
        ratio: medianRatio(wall[1], wall[2]),
        ...(quick ? {} : { reach: TWO_CORES }),
      });
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
