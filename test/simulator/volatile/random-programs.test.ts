/** Random programs over volatile memory, in every interface: they end, no frame is lost, nobody waits for ever. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileSources } from '../../../language-server/language/compile.ts';
import { createMemory } from '../../../simulator/machine/create-memory.ts';
import type { PointReport } from '../../../simulator/report.ts';
import { simulationsOn } from '../../../simulator/simulate.ts';
import { volatileInterfaces } from '../../../simulator/volatile/interfaces.ts';

const step = fc.constantFrom(
  'volatile h in ranges of 64 KiB',
  'volatile h in ranges of 1 MiB',
  'volatile h[3 KiB .. 1 MiB]',
  'nonvolatile h',
  'nonvolatile h[1 MiB .. 3 MiB]',
  'read h',
  'write h uniform, 500 times',
  'read h zipf 1.0, 800 times',
  'write g',
  'madvise free h',
  'madvise dontneed h[0 .. 1 MiB]',
  'madvise cold g',
  'madvise pageout g',
  'mlock h[0 .. 64 KiB]',
  'munlock h',
  'munmap g',
  'read f sequentially once',
  'idle 1 ms',
);
const program = fc.record({
  memory: fc.integer({ min: 8, max: 20 }),
  cpus: fc.integer({ min: 1, max: 4 }),
  threads: fc.integer({ min: 1, max: 4 }),
  swap: fc.boolean(),
  perThread: fc.boolean(),
  handler: fc.boolean(),
  face: fc.constantFrom(...volatileInterfaces.map(({ id }) => id)),
  reclaim: fc.constantFrom('v6.1', 'v3.15', 'classic', 'refault-2013', 'mglru-6.1'),
  steps: fc.array(step, { minLength: 1, maxLength: 8 }),
  timed: fc.array(step, { maxLength: 4 }),
  child: fc.array(step, { maxLength: 3 }),
  /** When the parent is killed, in ms. */
  kill: fc.option(fc.integer({ min: 1, max: 60 })),
});

/** One run of a program, to its end. */
function pointOf(text: string): PointReport {
  const { plans } = compileSources([{ uri: 'p', text }]);
  const simulation = simulationsOn(createMemory, { check: true })(plans[0]);
  for (let i = 0; !simulation.advance(50_000).done; i++) assert.ok(i < 4000, 'it does not end');
  return simulation.report().points[0];
}

const isStuck = ({ events }: PointReport) => events.some(({ rule }) => rule === 'run.stuck');

test('a child that waits for what its parent makes anew goes on when the parent is killed', () => {
  for (const face of ['ashmem', 'fallocate', 'fvrange']) {
    const point = pointOf(`machine m { memory 8 MiB, cpus 4 }
process p {
  anon h 4 MiB
  anon g 4 MiB
  phase a { write h; volatile h; fork kid { idle 60 ms; read h; read h }; write g; munmap g; nonvolatile h; read h }
  on purged { regenerate 2 s }
}
at 1 s { kill p }
run { compare volatile.interface: ${face} }`);
    assert.ok(!isStuck(point), face);
    // the child has made it anew
    assert.equal(point.counters['regenerations'], 1);
  }
});

test('random programs end and keep every frame, whoever marks, purges, signals, forks and waits', () => {
  fc.assert(
    fc.property(program, (p) => {
      const text = `machine m { memory ${p.memory} MiB, cpus ${p.cpus} }
file f 8 MiB
${p.swap ? 'swap zram 16 MiB' : ''}
process p {
  threads ${p.threads}
  anon h 6 MiB ${p.perThread ? '{ per-thread }' : ''}
  anon g 4 MiB
  phase a { write h; ${p.steps.join('; ')} }
  ${p.timed.length > 0 ? `phase b for 20 ms { ${p.timed.join('; ')} }` : ''}
  ${p.child.length > 0 ? `phase c { fork kid { ${p.child.join('; ')} }; read h }` : ''}
  ${p.handler ? 'on purged { regenerate 100 us }' : ''}
}
${p.kill === null ? '' : `at ${p.kill} ms { kill p }`}
run { compare volatile.interface: ${p.face}
  compare reclaim: ${p.reclaim} }`;
      const { diagnostics } = compileSources([{ uri: 'p', text }]);
      assert.deepEqual(
        diagnostics.filter((d) => d.severity === 'error'),
        [],
      );
      const point = pointOf(text);
      assert.ok(!isStuck(point));
      assert.ok(point.counters['false-purged'] <= point.counters['reported-purged']);
      assert.ok(point.counters['regenerated-intact'] <= point.counters['regenerated']);
    }),
    { numRuns: 60, seed: 5 },
  );
});
