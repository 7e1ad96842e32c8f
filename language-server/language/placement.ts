/**
 * What becomes of policies on a machine of nodes, told before anything runs: a scenario's events are followed (placement-course.ts), the policies
 * judged by what they came to (policy-checks.ts), and the masks in force kept for hovers and hints (placement-notes.ts).
 */
import type { Scenario } from '../../simulator/plan.ts';
import { PlacementCourse, type PlacementNodes } from './placement-course.ts';
import { noteCpusets, notePolicies } from './placement-notes.ts';
import { checkCreators, checkLimits, checkPolicies } from './policy-checks.ts';
import type { Program } from './program.ts';

/** Checks one scenario; `nodes` is what it was made from. */
export function checkPlacement(program: Program, scenario: Scenario, nodes: PlacementNodes): void {
  const policies =
    scenario.objects.some((o) => o.policy) ||
    scenario.processes.some((p) => p.policy || p.phases.some((f) => f.steps.some((step) => step.kind === 'mempolicy')));
  const events = scenario.timeline.some(({ actions }) => actions.some((a) => a.kind === 'node'));
  if (!scenario.machine.nodes && !scenario.cpusets && !scenario.mounts && !policies && !events) return;
  const course = new PlacementCourse(program, scenario, nodes);
  const begun = course.begin();
  noteCpusets(course);
  if (!begun) return;
  course.follow();
  notePolicies(course);
  checkPolicies(course);
  checkCreators(course);
  checkLimits(course);
}
