/** Runs of either kind behind one stepper: what hosts use. Scenarios are simulated (simulate.ts), recordings compared (fidelity/). */
import { createFidelityRun } from './fidelity/fidelity-run.ts';
import { createSimulation, type CreateSimulation } from './simulate.ts';

export const createRun: CreateSimulation = (plan, options) =>
  plan.fidelity === undefined ? createSimulation(plan, options) : createFidelityRun(plan, options);
