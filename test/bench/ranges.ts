/** Calls on volatile ranges by threads that share the locks of one address space: 10⁶ of them in two seconds is the budget. */
import { planOf, timed } from './programs.ts';
import { median, type Row } from './rows.ts';

const CALLS = 1_000_000;
const BUDGET = 2000;

/** By interface, simulated time for about a million calls: splitting a mapping takes longer than a node of a tree. */
const cases = [
  { face: 'vrange', time: '1 s' },
  { face: 'vma', time: '90 s' },
  { face: 'ashmem', time: '1 s' },
] as const;

/** Eight threads mark and unmark the same memory, range by range, and meet at the lock of their interface. */
const program = (face: string, time: string): string => `
machine phone { memory 64 MiB, cpus 8 }
process browser {
  threads 8
  anon thumbnails 8 MiB
  phase fill { write thumbnails sequentially once }
  phase calls for ${time} { volatile thumbnails in ranges of 16 KiB; nonvolatile thumbnails }
}
run { compare volatile.interface: ${face} }`;

export function benchRanges(rounds: number): Row[] {
  return cases.map(({ face, time }) => {
    const plan = planOf(program(face, time));
    let calls = 0;
    const times = Array.from({ length: rounds }, () => {
      const { ms, report } = timed(plan);
      const { counters } = report.points[0];
      calls = counters['vr_mark'] + counters['vr_unmark'];
      return (ms * CALLS) / calls;
    });
    return {
      suite: 'ranges',
      name: face,
      value: median(times),
      unit: 'ms for 10⁶',
      budget: BUDGET,
      note: `${calls} calls`,
    };
  });
}
