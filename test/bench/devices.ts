/** Accesses of a device, with faults and without: 10⁷ of them in two seconds is the budget. */
import { parametersOf } from '../../simulator/device/parameters.ts';
import { loads, Standalone } from '../../simulator/device/standalone.ts';
import * as tally from '../../simulator/device/tally.ts';
import type { KnobValues } from '../../simulator/plan.ts';
import { MIB, PAGE_SIZE } from '../../simulator/units.ts';
import { cpuTime } from './cpu-time.ts';
import { median, type Row } from './rows.ts';

const PAGES = (1024 * MIB) / PAGE_SIZE;
const PASSES = 40;
const BUDGET = 2000;

const cases: readonly { readonly name: string; readonly values: KnobValues }[] = [
  { name: 'fits, tree', values: { memory: 2048 * MIB } },
  { name: 'too small, tree', values: { memory: 512 * MIB } },
  { name: 'remote', values: { policy: 'remote' } },
  { name: 'too small, counter', values: { memory: 512 * MIB, policy: 'counter' } },
];

export function benchDevices(rounds: number): Row[] {
  const words = loads(Array.from({ length: PAGES }, (_, page) => page));
  const all = new Uint32Array(PAGES * PASSES);
  for (let pass = 0; pass < PASSES; pass++) all.set(words, pass * PAGES);
  return cases.map(({ name, values }) => {
    let faults = 0;
    const times = Array.from({ length: rounds }, () => {
      const parameters = parametersOf({ name, values, link: {}, local: {}, fault: {}, thrash: {}, odp: {} });
      const from = cpuTime();
      const machine = new Standalone([parameters], PAGES);
      machine.run(all);
      faults = machine.devices[0].counts[tally.FAULTS];
      return cpuTime() - from;
    });
    const value = (median(times) * 1e7) / all.length;
    return { suite: 'devices', name, value, unit: 'ms for 10⁷', budget: BUDGET, note: `${faults} faults` };
  });
}
