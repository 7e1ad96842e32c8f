/** Four threads over the page cache on the full machine, one access at a time: locks, reads under way, kswapd, pressure, samples. */
import { createSimulation } from '../../simulator/simulate.ts';
import type { Pattern } from '../../simulator/plan.ts';
import * as make from '../simulator/plans.ts';
import { cpuTime } from './cpu-time.ts';
import { median, type Row } from './rows.ts';

const ACCESSES = 4_000_000;
const THREADS = 4;

const cases: readonly { readonly name: string; readonly pages: number; readonly pattern: Pattern }[] = [
  { name: 'zipf 1.0, all in memory', pages: 16_384, pattern: { kind: 'zipf', s: 1 } },
  { name: 'zipf 1.0, memory half the file', pages: 65_536, pattern: { kind: 'zipf', s: 1 } },
  { name: 'one pass after another', pages: 65_536, pattern: { kind: 'sequential' } },
];

export function benchThreads(rounds: number): Row[] {
  return ['v6.1', 'mglru-6.1'].flatMap((reclaim) =>
    cases.map(({ name, pages, pattern }) => {
      const phase = make.phase('work', [make.times(0, ACCESSES / THREADS, { pages, pattern })]);
      const plan = make.plan({
        memoryPages: 32_768,
        machine: { cpus: THREADS, kswapd: 'concurrent' },
        objects: [make.file('file', pages)],
        processes: [make.process('job', [phase], { threads: THREADS })],
        reclaim,
      });
      let misses = 0;
      const rates = Array.from({ length: rounds }, () => {
        const from = cpuTime();
        const simulation = createSimulation(plan);
        while (!simulation.advance(1_000_000).done);
        misses = simulation.report().points[0].phases[0].misses;
        return ACCESSES / (cpuTime() - from) / 1000;
      });
      const note = `miss ratio ${(misses / ACCESSES).toFixed(4)}`;
      return { suite: 'threads', name: `${reclaim}, ${name}`, value: median(rates), unit: 'M accesses/s', note };
    }),
  );
}
