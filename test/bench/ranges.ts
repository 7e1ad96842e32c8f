/** Calls on volatile ranges by threads that share the locks of one address space: 10⁶ of them in two seconds is the budget. */
import { planOf, timed } from './programs.ts';
import { median, type Row } from './rows.ts';

const CALLS = 1_000_000;
const BUDGET = 2000;

/** Eight threads mark and unmark the same memory, range by range, and meet at the lock of their interface. */
const program = (face: string): string => `
machine phone { memory 64 MiB, cpus 8 }
process browser {
  threads 8
  anon thumbnails 8 MiB
  phase fill { write thumbnails sequentially once }
  phase calls for 60 ms { volatile thumbnails in ranges of 16 KiB; nonvolatile thumbnails }
}
run { compare volatile.interface: ${face} }`;

export function benchRanges(rounds: number): Row[] {
  return ['vrange', 'vma', 'ashmem'].map((face) => {
    const plan = planOf(program(face));
    let calls = 0;
    let waits = 0;
    const times = Array.from({ length: rounds }, () => {
      const { ms, report } = timed(plan);
      const { counters } = report.points[0];
      calls = counters['vr_mark'] + counters['vr_unmark'];
      waits = counters['mmap_sem.contended'];
      return (ms * CALLS) / calls;
    });
    const note = `of ${calls} calls ${waits} waited for mmap_sem`;
    return { suite: 'ranges', name: face, value: median(times), unit: 'ms for 10⁶', budget: BUDGET, note };
  });
}
