/** Programs that suites measure, compiled and run. */
import { compileSources } from '../../language-server/language/compile.ts';
import type { Plan } from '../../simulator/plan.ts';
import type { Report } from '../../simulator/report.ts';
import { createSimulation, type CreateSimulation } from '../../simulator/simulate.ts';
import { cpuTime } from './cpu-time.ts';

/** The one run of a program. */
export function planOf(text: string): Plan {
  const { plans, diagnostics } = compileSources([{ uri: 'bench.refault', text }]);
  if (plans.length !== 1) throw new Error(diagnostics.map(({ message }) => message).join('; '));
  return plans[0];
}

/** Milliseconds that a plan takes, with its report. */
export function timed(plan: Plan, create: CreateSimulation = createSimulation): { ms: number; report: Report } {
  const from = cpuTime();
  const simulation = create(plan);
  while (!simulation.advance(1_000_000).done);
  const report = simulation.report();
  return { ms: cpuTime() - from, report };
}
