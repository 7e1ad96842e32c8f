/** What programs in the language do to nodes while they run, as measured on 6.1 (hotplug). */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileProgram } from '../../../language-server/language/index.ts';
import type { PointReport } from '../../../simulator/report.ts';
import { createSimulation } from '../../../simulator/simulate.ts';

function run(text: string): PointReport {
  const { plans, diagnostics } = compileProgram([{ uri: 'test:', text }]);
  assert.deepEqual(
    diagnostics.filter((d) => d.severity === 'error').map((d) => d.message),
    [],
  );
  const simulation = createSimulation(plans[0]);
  while (!simulation.advance(1 << 20).done);
  return simulation.report().points[0];
}

const MACHINE = 'machine m { node 0 { memory 32 MiB }; node 1 { memory 32 MiB, movable } }\n';
const told = (point: PointReport, rule: string): string[] =>
  point.events.filter((e) => e.rule === rule).map((e) => e.text);

test('onlining what is online is refused with EINVAL and changes nothing (6.1, measured)', () => {
  const point = run(
    `${MACHINE}process p { anon heap 4 MiB; write heap; idle 2 s }\nat 1 s { online node 1 kernel }\nrun`,
  );
  assert.match(told(point, 'node.refused')[0], /node 1 can't go online: all of it is online already \(EINVAL\)/);
  assert.deepEqual(told(point, 'node.online'), []);
});

test('a node comes back as it was declared, movable, unless it is said otherwise', () => {
  const text = (how: string): string =>
    `${MACHINE}process p { mempolicy bind=static:1; anon heap 4 MiB; write heap; idle 3 s }\nat 1 s { offline node 1 }\nat 2 s { online node 1${how} }\nrun`;
  assert.match(told(run(text('')), 'node.online')[0], /8192 pages in its movable zone/);
  assert.match(told(run(text(' kernel')), 'node.online')[0], /8192 pages in its normal zone/);
});

test('a task that was bound to a node finds its nodes again when the node is back, if its policy is static (6.1, measured)', () => {
  const point = (policy: string): PointReport =>
    run(
      `${MACHINE}process p { mempolicy ${policy}; anon first 4 MiB; anon second 4 MiB; write first; idle 3 s; write second }\nat 1 s { offline node 1 }\nat 2 s { online node 1 }\nrun { plot placement by node }`,
    );
  const nodesOf = (p: PointReport, object: string): number[] => {
    const found = p.numa!.placement.find((x) => x.object === object)!;
    return found.pages.map((pages) => pages.at(-1)!);
  };
  assert.deepEqual(nodesOf(point('bind=static:1'), 'second'), [0, 1024]);
  assert.deepEqual(nodesOf(point('bind:1'), 'second'), [1024, 0], 'renumbered onto node 0 for good');
  assert.deepEqual(nodesOf(point('bind=static:1'), 'first'), [1024, 0], 'what was moved away stays');
});
