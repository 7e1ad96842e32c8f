/** A report with devices, as the language and the simulator make it: too small, and large enough. */
import { compileProgram } from '../../language-server/language/index.ts';
import type { Report } from '../../simulator/report.ts';
import { createSimulation } from '../../simulator/simulate.ts';

const PROGRAM = `machine host { memory 256 MiB }
device gpu { memory 32 MiB }
process solver {
  anon grid 48 MiB
  phase fill { write grid sequentially once }
  phase iterate on gpu { read grid sequentially 10 times }
}
run "Paging across a link" {
  compare gpu.policy: migrate, remote, counter 256, adaptive
  sweep gpu.memory: 32 MiB .. 64 MiB in 2 steps
  plot residency of grid as heatmap
  plot break-even
  plot link.utilisation over time
  plot speedup
}`;

export function deviceReport(): Report {
  const { plans, diagnostics } = compileProgram([{ uri: 'test:', text: PROGRAM }]);
  if (diagnostics.length > 0) throw new Error(diagnostics.map((d) => d.message).join('\n'));
  const simulation = createSimulation(plans[0]);
  while (!simulation.advance(100_000).done);
  return simulation.report();
}
