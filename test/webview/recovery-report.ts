/** Reports of recoveries as the language and the simulator make them. */
import assert from 'node:assert/strict';
import { compileSources } from '../../language-server/language/compile.ts';
import { createSimulation } from '../../simulator/simulate.ts';

const STORE = 'machine m { memory 640 GiB, cpus 32 }\nprocess store { anon cache 512 GiB { locked } }\n';

export function recoveryReport(clauses: string, recovery = 'prefault threads 8') {
  const { plans, diagnostics } = compileSources([
    { uri: 'test:', text: `${STORE}recovery { ${recovery} }\nrun "Back" {\n${clauses}\nplot timeline\n}` },
  ]);
  assert.deepEqual(diagnostics, []);
  const simulation = createSimulation(plans[0]);
  while (!simulation.advance(1000).done);
  return simulation.report();
}
