/** What policies and cpusets come to, kept by the place where they are written: hovers and hints show it. */
import { nodemask } from '../../simulator/numa/nodemask.ts';
import type { Place } from './diagnostics.ts';
import type { Cpuset } from './generated/ast.ts';
import type { PlacementCourse } from './placement-course.ts';
import { listText, timeText } from './placement-text.ts';
import type { Program } from './program.ts';
import { propertyNamed } from './properties.ts';

export interface PlacementNote {
  readonly place: Place;
  /** `→ 2-3`. */
  readonly label: string;
  /** Markdown: what it comes to when, and why. */
  readonly doc: string;
}

const keyOf = ({ uri, range }: Place): string => `${uri} ${range.start.line}:${range.start.character}`;

export const isNoted = (program: Program, place: Place): boolean => program.placementNotes.has(keyOf(place));

export function note(program: Program, place: Place, comesTo: string, doc: string): void {
  program.placementNotes.set(keyOf(place), { place, label: `→ ${comesTo}`, doc });
}

/** What is in force of a cpuset's mems, where that is not what is written. */
export function noteCpusets({ program, scenario, system }: PlacementCourse): void {
  (scenario.cpusets ?? []).forEach((spec, i) => {
    const node = program.symbols.get(spec.name)?.node as Cpuset | undefined;
    if (i === 0 || !node?.name || i >= system.cpusets.cpusets.length) return;
    const mems = system.cpusets.taskMems(i);
    const written = nodemask(spec.mems ?? []);
    if (mems === written) return;
    note(
      program,
      program.placeOf(propertyNamed(node.block, 'mems')?.values[0] ?? node.name),
      listText(mems),
      `Nodes in force (mems.effective): **${listText(mems)}**${spec.mems ? `, of ${listText(written)} as written` : ', those of its parent: none are written'}.`,
    );
  });
}

/** The masks of each policy, from event to event. */
export function notePolicies({ program, scenario, subjects, epochs }: PlacementCourse): void {
  subjects.forEach(({ spec, place, process, initial }, index) => {
    if (spec.mode === 'default' || spec.mode === 'local') return;
    const lines: string[] = [];
    let label = '';
    let last = '';
    for (const { time, policies, mems: allowed } of epochs) {
      const policy = policies[index];
      const mems = listText(allowed[process]);
      const mask = policy === undefined ? 'EINVAL' : policy === null ? 'no policy' : listText(policy.nodes);
      if (label === '') label = mask;
      const said = `**${mask}** in force, mems ${mems}`;
      if (said === last) continue;
      last = said;
      lines.push(`- ${time === 0 ? 'at the start' : `from ${timeText(time)}`}: ${said}`);
    }
    const changing = lines.length > 1 && !initial ? '\n\nSet at the time it is reached.' : '';
    note(
      program,
      place,
      label,
      `Nodes in force for '${scenario.processes[process].name}':\n\n${lines.join('\n')}${changing}`,
    );
  });
}
