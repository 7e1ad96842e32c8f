import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileProgram } from '../../language-server/language/index.ts';
import { PlanError } from '../../simulator/simulate.ts';
import { validatePlan } from '../../simulator/validate.ts';

const TEXT = `machine m { node 0-3 { memory 16 MiB, cpus 2 }; distance 0-1 15 }
cpuset jail { mems 2-3 }
tmpfs scratch 8 MiB { mpol bind=relative:0-1 }
process p in jail { mempolicy interleave:2-3; anon heap 1 MiB { mpol bind:2 }; write heap; write scratch; mbind heap bind:3 }
at 1 s { set jail.mems 1-2; attach p to jail; offline node 2; remount scratch mpol=local }
run`;

type Path = readonly (string | number)[];

/** The plan of TEXT with one value of its scenario put in the place of another. */
function changed(path: Path, value: unknown): unknown {
  const { plans } = compileProgram([{ uri: 'test:', text: TEXT }]);
  const plan = JSON.parse(JSON.stringify(plans[0])) as unknown;
  let at = (plan as { points: { scenario: unknown }[] }).points[0].scenario as Record<string | number, unknown>;
  for (const key of path.slice(0, -1)) at = at[key] as Record<string | number, unknown>;
  const last = path.at(-1);
  if (last !== undefined) at[last] = value;
  return plan;
}

test('a plan with nodes, cpusets, mounts, policies and events is one', () => {
  validatePlan(changed([], undefined));
});

test('broken nodes, distances, cpusets, mounts and policies are refused with a reason, never a crash', () => {
  const node = { values: { memory: 4096, cpus: 1 } };
  const cases: readonly [Path, unknown, RegExp][] = [
    [['machine', 'nodes'], [], /0 nodes/],
    [['machine', 'nodes'], Array(1025).fill(node), /1025 nodes/],
    [['machine', 'values', 'memory'], 1 << 24, /do not add up/],
    [['machine', 'distances', 0, 0], 11, /from itself is 11/],
    [['machine', 'distances', 0, 1], 16, /16 from node 0 to 1, but 15 the other way/],
    [['machine', 'distances', 0, 2], 10, /distance of nodes 0 and 2 is 10/],
    [['machine', 'distances'], [[10]], /1 distances/],
    [['cpusets', 1, 'parent'], 1, /no parent before it/],
    [['cpusets', 1, 'mems'], [3, 2], /a number in the mems/],
    [['cpusets', 1, 'mems'], [2, 1024], /1024/],
    [['processes', 0, 'cpuset'], 2, /cpuset of process 'p' names number 2 of 2/],
    [['processes', 0, 'policy', 'mode'], 'scatter', /is 'scatter'/],
    [['processes', 0, 'policy', 'flag'], 'both', /flag "both"/],
    [['mounts', 0, 'mpol'], 7, /is not text/],
    [['timeline', 0, 'actions', 2, 'node'], 1024, /a node of the timeline/],
    [['timeline', 0, 'actions', 1, 'cpuset'], 9, /a cpuset of the timeline/],
  ];
  for (const [path, value, message] of cases) {
    assert.throws(
      () => validatePlan(changed(path, value)),
      (error: unknown) => error instanceof PlanError && message.test(error.message) && error.remedy.length > 0,
      String(message),
    );
  }
});
