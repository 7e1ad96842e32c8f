/** A report on volatile ranges, as the language and the simulator make it: whole ranges lost, lone pages lost. */
import { compileProgram } from '../../language-server/language/index.ts';
import type { Report } from '../../simulator/report.ts';
import { createSimulation } from '../../simulator/simulate.ts';

const PROGRAM = `machine m { memory 16 MiB, cpus 2 }
process p {
  threads 2
  anon heap 8 MiB
  anon more 12 MiB
  phase a { write heap; volatile heap in ranges of 1 MiB; write more }
  phase b { nonvolatile heap[0 .. 1 MiB]; read heap[0 .. 1 MiB] }
  on purged { regenerate 1 ms }
}
run "What became of the heap" {
  compare volatile.interface: vrange, madv-free
  plot range-map of heap
  plot mmap_sem.wait as distribution
  plot records-per-second
}`;

export function rangeReport(): Report {
  const { plans, diagnostics } = compileProgram([{ uri: 'test:', text: PROGRAM }]);
  if (diagnostics.length > 0) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  const simulation = createSimulation(plans[0]);
  while (!simulation.advance(100_000).done);
  return simulation.report();
}
