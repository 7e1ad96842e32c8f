/** What a scenario's events do to nodes, cpusets and mounts: when, and where it is written. */
import type { Scenario, TimelineAction } from '../../simulator/plan.ts';
import type { Fix, Place } from './diagnostics.ts';
import type { At } from './generated/ast.ts';
import { policyOfWords } from './policies.ts';
import type { Program } from './program.ts';
import { placeOfSpan } from './spans.ts';
import { textOf } from './syntax.ts';

export interface Change {
  readonly time: number;
  readonly action: TimelineAction;
  readonly place: Place;
}

/** `ats`: the blocks that the timeline was made from. */
export function changesOf(program: Program, scenario: Scenario, ats: readonly At[]): Change[] {
  return scenario.timeline.flatMap(({ time, actions, source }) => {
    const at = ats.find((node) => {
      const { uri, range } = program.placeOf(node);
      return (
        source && range.start.line === source.line && uri === source.uri && range.start.character === source.column
      );
    });
    // Actions are compiled in their order, and a block with errors makes no scenario.
    return actions.map((action, i): Change => {
      const node = at?.block?.actions[i];
      const place = node ? program.placeOf(node) : source ? placeOfSpan(source) : program.placeOf(ats[0]);
      return { time, action, place: placeInAction(program, node, place) };
    });
  });
}

/** Where in an action its nodes stand. */
function placeInAction(
  program: Program,
  node: NonNullable<At['block']>['actions'][number] | undefined,
  whole: Place,
): Place {
  if (node?.$type === 'SetAction' && node.value) return program.placeOf(node.value);
  if (node?.$type === 'RemountAction') {
    const from = node.words[1]?.text === '=' ? 2 : 1;
    return policyOfWords(program, node.words.slice(from))?.place ?? whole;
  }
  return whole;
}

/** Puts the events of two times in the other order. */
export function swapTimes(
  program: Program,
  changes: readonly Change[],
  first: number,
  second: number,
): Fix | undefined {
  const times = program.items.flatMap(({ item }) => (item.$type === 'At' && item.time ? [item.time] : []));
  const at = (time: number) => times.find((t) => textOf(t) !== '' && timeOf(program, changes, t) === time);
  const a = at(first);
  const b = at(second);
  return a && b
    ? {
        title: `Order the events: swap ${textOf(a)} and ${textOf(b)}`,
        edits: [
          { ...program.placeOf(a), newText: textOf(b) },
          { ...program.placeOf(b), newText: textOf(a) },
        ],
        preferred: true,
      }
    : undefined;
}

function timeOf(program: Program, changes: readonly Change[], node: NonNullable<At['time']>): number | undefined {
  const item = node.$container?.$cstNode?.range;
  const { uri } = program.sourceOf(node);
  return changes.find(
    ({ place: { uri: from, range } }) =>
      item && range.start.line >= item.start.line && range.end.line <= item.end.line && from === uri,
  )?.time;
}
