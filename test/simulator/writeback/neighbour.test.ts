/** A page-cache workload beside a stream of writes: what is used twice stays, what is written once goes. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileProgram } from '../../../language-server/language/index.ts';
import { createSimulation } from '../../../simulator/simulate.ts';

function run(program: string) {
  const { plans, diagnostics } = compileProgram([{ uri: 'test:', text: program }]);
  assert.deepEqual(
    diagnostics.filter((d) => d.severity === 'error').map((d) => d.message),
    [],
  );
  const simulation = createSimulation(plans[0]);
  while (!simulation.advance(1e6).done);
  return simulation.report().points;
}

const READER = `file db 96 MiB { readahead 1 MiB }
process reader {
  phase "warm-up" { read db sequentially 3 times }
  phase "at work" for 10 s { read db uniform every 20 us }
}
`;

for (const reclaim of ['v3.15', 'v6.1'])
  test(`a hot file stays in memory while another is written that does not fit, as use-once pages go first (${reclaim})`, () => {
    const [point] = run(
      `machine m { memory 256 MiB, disk { bandwidth 150 MB/s } }\n${READER}file log 4 GiB
process writer { phase wait { idle 2 s }
  phase write { write log sequentially at 100 MB/s for 8 s } }
run { compare reclaim: ${reclaim} }`,
    );
    const work = point.phases.find((phase) => phase.name === 'at work')!;
    assert.ok(work.accesses > 100_000);
    assert.equal(work.misses, 0);
    // There was reclaim: what was written is three times as large as memory.
    assert.ok(point.counters['pgsteal_file'] > 65_536);
  });

test('copies of FUSE pages that nobody counts take a neighbour’s memory, and those of a strict limit do not', () => {
  const points = run(
    `machine m { memory 256 MiB, disk { bandwidth 150 MB/s } }\n${READER}fuse photos { daemon { bandwidth 20 MB/s, backing none } }
process copier { phase wait { idle 2 s }
  phase write { write photos sequentially at 100 MB/s for 8 s } }
run { compare photos.accounting: none, strict }`,
  );
  const misses = points.map((point) => point.phases.find((phase) => phase.name === 'at work')!.misses);
  assert.ok(misses[0] > 1000, `${misses[0]} misses without a limit`);
  assert.equal(misses[1], 0);
});
