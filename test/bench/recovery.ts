/** Ways back from a crash, each a point of a sweep with its own scenario: 2,000 of them in one second is the budget. */
import { createMemory } from '../../simulator/machine/create-memory.ts';
import { createSimulation, simulationsOn } from '../../simulator/simulate.ts';
import { planOf, timed } from './programs.ts';
import { median, type Row } from './rows.ts';

const TIMELINES = 2000;
const BUDGET = 1000;

const program = (recovery: string, replays: number): string => `
machine array { memory 640 GiB, cpus 32 }
process store { anon cache 512 GiB { locked, backing 4k } }
recovery { budget 30 s; crash process; detect 1 s; reboot none; prefault threads 8; ${recovery} }
run {
  sweep recovery.replay 1 s .. ${replays} s step 1 s
  compare exit.munlock: pre-3.12, v3.12
  plot time-to-service
}`;

const cases = [
  { name: 'one after another', recovery: '' },
  { name: 'four helpers', recovery: 'helpers { mrelease 4 }' },
  { name: 'overlapped', recovery: 'overlap freed' },
] as const;

export function benchRecovery(rounds: number): Row[] {
  const machine = simulationsOn(createMemory, { forceEvents: true });
  const row = (name: string, text: string, create = createSimulation, budget?: number): Row => {
    const plan = planOf(text);
    const times = Array.from({ length: rounds }, () => timed(plan, create).ms);
    const value = (median(times) * TIMELINES) / plan.points.length;
    return { suite: 'recovery', name, value, unit: 'ms for 2,000', ...(budget ? { budget } : {}) };
  };
  return [
    ...cases.map(({ name, recovery }) => row(name, program(recovery, TIMELINES / 2), createSimulation, BUDGET)),
    row('overlapped, on the machine', program('overlap freed', 10), machine),
  ];
}
