/** Runs plans to their end. */
import { createMemory } from '../../simulator/machine/create-memory.ts';
import type { Plan } from '../../simulator/plan.ts';
import type { PointReport, Report } from '../../simulator/report.ts';
import { createSimulation, simulationsOn, type CreateSimulation } from '../../simulator/simulate.ts';

export function run(
  plan: Plan,
  create: CreateSimulation = createSimulation,
  budget: () => number = () => 65_536,
): Report {
  const simulation = create(plan);
  for (let steps = 0; steps < 1_000_000; steps++) if (simulation.advance(budget()).done) return simulation.report();
  throw new Error('the run does not end');
}

export const runPoint = (plan: Plan, create?: CreateSimulation): PointReport => run(plan, create).points[0];

/** The full machine, whatever the plan. */
export const onEvents = simulationsOn(createMemory, { forceEvents: true });
/** And frames counted after every event. */
export const checked = simulationsOn(createMemory, { forceEvents: true, check: true });
