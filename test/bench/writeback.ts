/** The copier of 2 GB/s before a daemon of 200 MB/s on 16 GiB, by way of counting: sixty simulated seconds in half a second is the budget. */
import { createSimulation } from '../../simulator/simulate.ts';
import { accountings } from '../../simulator/tables/fuse-accounting.ts';
import { fusePlan } from '../simulator/fuse/worlds.ts';
import { cpuTime } from './cpu-time.ts';
import { median, type Row } from './rows.ts';

const SIMULATED = 60;
const BUDGET = 500;

export function benchWriteback(rounds: number): Row[] {
  return accountings.map(({ id }) => {
    const plan = fusePlan({ accounting: id, rate: 2_000_000_000, seconds: SIMULATED });
    let reached = 0;
    const times = Array.from({ length: rounds }, () => {
      const from = cpuTime();
      const simulation = createSimulation(plan);
      while (!simulation.advance(1_000_000).done);
      reached = simulation.report().points[0].time / 1e9;
      return cpuTime() - from;
    });
    const note = reached < SIMULATED ? `locked up at ${reached.toFixed(1)} s` : '';
    return { suite: 'writeback', name: id, value: median(times), unit: 'ms for 60 s', budget: BUDGET, note };
  });
}
