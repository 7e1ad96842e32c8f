/** The policies of a scenario: whose they are, and how many pages each alone places. */
import { accessesOf, type MempolicySpec, type Scenario, type Step } from '../../simulator/plan.ts';
import type { Place } from './diagnostics.ts';
import type { Process } from './generated/ast.ts';
import { specText } from './placement-text.ts';
import type { Program } from './program.ts';
import { placeOfSpan } from './spans.ts';

/** A task's or a region's policy. */
export interface Subject {
  readonly spec: MempolicySpec;
  readonly text: string;
  readonly place: Place;
  readonly process: number;
  readonly kind: 'task' | 'region';
  /** In force from the start: what it becomes can be followed. */
  readonly initial: boolean;
  /** Pages that only this policy places, as far as that is known. */
  readonly pages: number;
}

export function subjectsOf(program: Program, scenario: Scenario, processes: readonly Process[]): Subject[] {
  const subjects: Subject[] = [];
  scenario.processes.forEach((process, i) => {
    const add = (spec: MempolicySpec, kind: Subject['kind'], initial: boolean, pages: number): void => {
      const place = spec.source ? placeOfSpan(spec.source) : program.placeOf(processes[i]);
      subjects.push({ spec, text: specText(spec), place, process: i, kind, initial, pages });
    };
    const steps = process.phases.flatMap((p) => [...p.steps]);
    const reached = pagesReached(steps);
    const bound = new Set(steps.flatMap((s) => (s.kind === 'mempolicy' && s.target ? [s.target.object] : [])));
    let unbound = 0;
    for (const [object, pages] of reached) {
      const { kind, policy } = scenario.objects[object];
      if (kind === 'anon' && !policy && !bound.has(object)) unbound += pages;
    }
    if (process.policy) add(process.policy, 'task', true, unbound);
    for (const [o, object] of scenario.objects.entries())
      if (object.kind === 'anon' && object.process === i && object.policy)
        add(object.policy, 'region', true, reached.get(o) ?? 0);
    for (const step of steps) {
      if (step.kind !== 'mempolicy') continue;
      const { policy, target } = step;
      if (target) add(policy, 'region', false, Math.min(reached.get(target.object) ?? 0, target.pages));
      else add(policy, 'task', false, 0);
    }
  });
  return subjects;
}

/** How far into each object accesses reach. */
function pagesReached(steps: readonly Step[]): Map<number, number> {
  const reached = new Map<number, number>();
  for (const { target } of steps.flatMap(accessesOf))
    reached.set(target.object, Math.max(reached.get(target.object) ?? 0, target.start + target.pages));
  return reached;
}
