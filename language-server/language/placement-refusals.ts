/** How it is said that the kernel would refuse something about nodes, cpusets or mounts, and what to write instead. */
import { firstNodes, NO_NODES, nodemask, nodesOf, weight, type Nodemask } from '../../simulator/numa/nodemask.ts';
import { parseMpol } from '../../simulator/numa/tmpfs-mpol.ts';
import { rewrite, type Fix, type Place } from './diagnostics.ts';
import type { Machine } from './generated/ast.ts';
import { readNodeList } from './nodes.ts';
import { listText, nodesText } from './placement-text.ts';
import type { Program } from './program.ts';
import { entriesOf, propertiesIn } from './properties.ts';
import { textOf } from './syntax.ts';

/** Something that was tried, and where it is written. */
export interface Attempt {
  readonly what: string;
  readonly place: Place;
}

/** Why the simulator's rules refuse. */
export interface Refusal {
  readonly errno: string;
  readonly reason: string;
}

export function reportRefused(
  program: Program,
  { what, place }: Attempt,
  { errno, reason }: Refusal,
  fixes: readonly Fix[] = [],
): void {
  program.reporter.report('P17', place, { what, errno, reason: reasons[reason] ?? reason }, { fixes });
}

/** Nodes or processors of which the machine has only `count`. True if it lacks one. */
export function reportAbsent(
  program: Program,
  { what, place }: Attempt,
  kind: 'node' | 'processor',
  numbers: readonly number[],
  count: number,
): boolean {
  const beyond = numbers.find((n) => n >= count);
  if (beyond === undefined) return false;
  const left = numbers.filter((n) => n < count);
  const text = listText(nodemask(left));
  program.reporter.report(
    'P16',
    place,
    {
      what: `${what} names ${kind} ${beyond}`,
      kind,
      node: beyond,
      nodes:
        count === 1
          ? `the machine has one ${kind}, 0`
          : `${kind === 'node' ? 'nodes' : 'processors'} are 0 to ${count - 1}`,
    },
    left.length > 0 && numbers.length > 1 ? { fixes: [rewrite(place, text, `Narrow to ${text}`, true)] } : {},
  );
  return true;
}

/** A mount, or its being mounted anew, whose policy names nodes that are not there. */
export function reportMount(
  program: Program,
  mount: { readonly name: string; readonly mpol: string; readonly place: Place; readonly again: boolean },
  memory: Nodemask,
  count: number,
): void {
  const { name, mpol, place, again } = mount;
  const everything = parseMpol(mpol, firstNodes(1024));
  const mask = everything.ok && everything.policy ? everything.policy.mask : NO_NODES;
  const bad = mask & ~memory;
  const left = mask & memory;
  const absent = nodesOf(bad).some((n) => n >= count);
  const colon = mpol.indexOf(':');
  const fixes =
    left === NO_NODES || colon < 0
      ? []
      : [rewrite(place, `${mpol.slice(0, colon)}:${listText(left)}`, `Narrow to ${nodesText(left)}`, true)];
  if (again) {
    const state = absent ? 'do not exist' : 'have no memory then';
    const reason = `'${mpol}' names ${nodesText(bad)}, which ${state}; the mount keeps what it had`;
    reportRefused(program, { what: `remounting '${name}'`, place }, { errno: 'EINVAL', reason }, fixes);
    return;
  }
  const one = weight(bad) === 1;
  const state = absent ? (one ? 'does not exist' : 'do not exist') : one ? 'has no memory' : 'have no memory';
  program.reporter.report('P10', place, { mount: name, policy: mpol, nodes: nodesText(bad), state }, { fixes });
}

/** A node that can't go offline, because it is not movable. */
export function reportUnmovable(program: Program, machine: Machine | null, node: number, place: Place): void {
  program.reporter.report('P19', place, { node }, { fixes: node === 0 ? [] : makeMovable(program, machine, node) });
}

function makeMovable(program: Program, machine: Machine | null, node: number): Fix[] {
  const property = propertiesIn(entriesOf(machine?.block)).find(
    (p) => p.name.text === 'node' && p.values[0] && names(textOf(p.values[0]), node),
  );
  if (!property?.block || /^0(\D|$)/.test(textOf(property.values[0]))) return [];
  const { start } = program.placeOf(property.block).range;
  const at = { line: start.line, character: start.character + 1 };
  const numbers = textOf(property.values[0]);
  return [
    {
      title: `Make ${numbers.length > 1 ? 'nodes' : 'node'} ${numbers} movable`,
      edits: [{ uri: program.sourceOf(property).uri, range: { start: at, end: at }, newText: ' movable,' }],
      preferred: true,
    },
  ];
}

const names = (list: string, node: number): boolean => readNodeList(list)?.includes(node) === true;

const reasons: Readonly<Record<string, string>> = {
  'root-is-read-only': 'the root cpuset has all nodes and processors',
  'node-not-possible': 'there is no such node',
  'node-without-memory': 'cgroup v1 takes only nodes that have memory at the time',
  'cpu-not-possible': 'there is no such processor',
  'tasks-need-nodes': 'it has tasks, and they need a node',
  'tasks-need-cpus': 'it has tasks, and they need a processor',
  'children-need-more': 'a cpuset below it has more',
  'beyond-parent': 'the cpuset above it has less',
  'empty-cpuset': 'in cgroup v1 a cpuset without nodes or processors takes no tasks: give it mems and cpus',
};
