/** Node lists (`0-1,3`), the nodes of a machine and the distances between them. */
import type { AstNode } from 'langium';
import { MAX_NODES } from '../../simulator/numa/nodemask.ts';
import type { KnobValues, MachineSpec, NodeSpec } from '../../simulator/plan.ts';
import { valueOf } from '../../simulator/tables/define.ts';
import * as rows from '../../simulator/tables/numa-knobs.ts';
import { reportLeftOver } from './complaints.ts';
import type { Expression, Machine, Property } from './generated/ast.ts';
import { convert } from './knob-values.ts';
import { spanOfNode } from './spans.ts';
import { entriesOf, properties, propertiesIn, propertyNamed } from './properties.ts';
import { formatQuantity } from './quantities.ts';
import { textOf, unquoted } from './syntax.ts';
import { knobsOf } from './tables.ts';
import { evaluate, type Scope } from './values.ts';

/** Distances between nodes unless given: what firmware says of itself and of others when it says nothing (LOCAL_DISTANCE, REMOTE_DISTANCE). */
export const LOCAL_DISTANCE = 10;
export const REMOTE_DISTANCE = 20;
const MAX_DISTANCE = 254;

/** `0-1,3` as numbers, ascending; `undefined`: it is none, or goes beyond what a kernel can number. */
export function readNodeList(text: string): number[] | undefined {
  const found = new Set<number>();
  for (const part of text.split(',')) {
    const match = /^\s*(\d+)(?:-(\d+))?\s*$/.exec(part);
    if (!match) return undefined;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    if (last < first || last >= MAX_NODES) return undefined;
    for (let node = first; node <= last; node++) found.add(node);
  }
  return [...found].sort((a, b) => a - b);
}

/**
 * A node list where one is wanted. `what` begins the message: "'mems'", "'node'". `null`: reported. An empty text, `""`, is the empty list
 * where `empty` allows it.
 */
export function nodeList(
  scope: Scope,
  expression: Expression | undefined,
  at: AstNode,
  what: string,
  example: string,
  empty = false,
): number[] | null {
  const { program } = scope;
  if (!expression) {
    program.reporter.report('S07', program.placeAfter(at), { what, part: 'numbers, such as 0-1,3', example });
    return null;
  }
  if (empty && expression.$type === 'Text' && unquoted(expression.text).trim() === '') return [];
  if (expression.$type === 'NodeList') {
    const nodes = readNodeList(expression.text);
    if (nodes) return nodes;
    const backwards = /(\d+)-(\d+)/.exec(expression.text);
    const over = expression.text.match(/\d+/g)!.some((n) => Number(n) >= MAX_NODES);
    program.reporter.report('P14', program.placeOf(expression), {
      problem: over
        ? `${what} goes beyond ${MAX_NODES - 1}, the last number that a kernel gives`
        : `${what} is '${expression.text}', which runs backwards`,
      remedy: over || !backwards ? `write for example ${example}` : `write '${backwards[2]}-${backwards[1]}'`,
    });
    return null;
  }
  const value = evaluate(scope, expression);
  const number = value && convert(scope, expression, value, 'number', what, example);
  if (number === null) return null;
  if (Number.isInteger(number) && number >= 0 && number < MAX_NODES) return [number];
  program.reporter.report('V01', program.placeOf(expression), {
    what,
    value: formatQuantity('number', number),
    range: `a whole number from 0 to ${MAX_NODES - 1}`,
    example,
  });
  return null;
}

/** What a machine's block says of its nodes; `nodes` absent: it has none, and is one node. */
export interface Topology {
  readonly nodes?: readonly NodeSpec[];
  readonly distances?: MachineSpec['distances'];
  /** Memory and processors of all nodes together. */
  readonly totals: { readonly memory?: number; readonly cpus?: number };
}

export const nodeOwner = (machine: string, node: number): string => `${machine}.node${node}`;

/** `values`: the machine's own properties, which may give memory and processors for its nodes to share. */
export function topology(scope: Scope, name: string, given: readonly Property[], values: KnobValues): Topology {
  const { program } = scope;
  const found = new Map<number, { values: KnobValues; property: Property }>();
  let faulty = false;
  for (const p of given.filter((x) => x.name.text === 'node')) {
    reportLeftOver(program, p.rest, 'properties of nodes stand in braces: node 0-3 { memory 4 GiB, cpus 4 }');
    if (p.values[1])
      program.reporter.report('S01', program.placeOf(p.values[1]), {
        found: textOf(p.values[1]),
        remedy: 'properties of nodes stand in braces: node 0-3 { memory 4 GiB, cpus 4 }',
      });
    const list = nodeList(scope, p.values[0], p.name, "'node'", "'node 0-3 { memory 4 GiB, cpus 4 }'");
    if (!list) {
      faulty = true;
      continue;
    }
    for (const node of list) {
      const own = properties(
        scope,
        `node ${node} of '${name}'`,
        nodeOwner(name, node),
        knobsOf('node'),
        entriesOf(p.block),
      );
      const before = found.get(node);
      if (!before) found.set(node, { values: own, property: p });
      else
        program.reporter.report(
          'V10',
          program.placeOf(p.values[0]),
          { name: `node ${node}` },
          { related: [{ ...program.placeOf(before.property), message: 'given here' }] },
        );
    }
  }
  const numbers = [...found.keys()].sort((a, b) => a - b);
  const missing = numbers.findIndex((n, i) => n !== i);
  if (missing >= 0) {
    const { property } = found.get(numbers[missing])!;
    program.reporter.report('P14', program.placeOf(property.values[0] ?? property), {
      problem: `there is no node ${missing}, but a node ${numbers[missing]}`,
      remedy: 'number nodes from 0 without gaps',
    });
    faulty = true;
  }
  const distances = distancesOf(scope, given, faulty ? MAX_NODES : numbers.length);
  if (faulty || numbers.length === 0) return { totals: {} };
  const memory = shared(scope, given, values, 'memory', numbers, found, valueOf({}, rows.nodeMemory));
  const cpus = shared(scope, given, values, 'cpus', numbers, found, valueOf({}, rows.nodeCpus));
  if (!memory || !cpus) return { totals: {} };
  const own = numbers.filter((n, i) => memory[i] > 0 && found.get(n)!.values['movable'] !== true);
  if (own.length === 0) {
    const { property } = found.get(0)!;
    const movable = propertyNamed(property.block, 'movable');
    program.reporter.report('P14', program.placeOf(movable ?? property), {
      problem: memory.some((bytes) => bytes > 0)
        ? 'all nodes are movable, and the kernel has nowhere to put what is its own'
        : 'no node has memory',
      remedy: 'give one node memory that is not movable, as the node that a machine boots from has it',
    });
    return { totals: {} };
  }
  const weights = numbers.filter((n) => found.get(n)!.values['weight'] !== undefined);
  if (weights.length > 1 && weights.every((n) => found.get(n)!.values['weight'] === 1)) {
    const at = propertyNamed(found.get(weights[0])!.property.block, 'weight');
    if (at)
      program.reporter.report(
        'P11',
        program.placeOf(at),
        {},
        { fixes: [program.replace(at, 'weight 2', 'Weigh it 2')] },
      );
  }
  return {
    nodes: numbers.map((n, i) => {
      const { values: own, property } = found.get(n)!;
      return { values: { ...own, memory: memory[i], cpus: cpus[i] }, source: spanOfNode(program, property) };
    }),
    ...(distances && { distances }),
    totals: { memory: memory.reduce((a, b) => a + b, 0), cpus: cpus.reduce((a, b) => a + b, 0) },
  };
}

/** What nodes say of memory or processors; those that say nothing share what is left of the machine's, or have the default. */
function shared(
  scope: Scope,
  given: readonly Property[],
  values: KnobValues,
  name: 'memory' | 'cpus',
  numbers: readonly number[],
  found: ReadonlyMap<number, { values: KnobValues; property: Property }>,
  otherwise: number,
): number[] | null {
  const own = numbers.map((n) => found.get(n)!.values[name] as number | undefined);
  const total = values[name] as number | undefined;
  const silent = own.filter((x) => x === undefined).length;
  const said = own.reduce<number>((a, b) => a + (b ?? 0), 0);
  if (total === undefined) return own.map((x) => x ?? otherwise);
  const { program } = scope;
  const unit = name === 'memory' ? 4096 : 1;
  const each = silent === 0 ? 0 : Math.floor((total - said) / silent / unit) * unit;
  if (silent === 0 ? said === total : each >= 0) {
    // What doesn't divide evenly goes to the first nodes.
    let rest = silent === 0 ? 0 : Math.floor((total - said) / unit) - (each / unit) * silent;
    return own.map((x) => x ?? each + (rest-- > 0 ? unit : 0));
  }
  const property = given.find((p) => p.name.text === name);
  const first = found.get(0)!.property;
  const dimension = name === 'memory' ? 'bytes' : 'number';
  program.reporter.report('P14', program.placeOf(property?.values[0] ?? property ?? first), {
    problem: `the nodes have ${formatQuantity(dimension, said)}${name === 'cpus' ? ' processors' : ''} together, but the machine ${formatQuantity(dimension, total)}`,
    remedy: `leave '${name}' of the machine out, or that of some nodes, which then share what is left`,
  });
  return null;
}

function distancesOf(scope: Scope, given: readonly Property[], count: number): MachineSpec['distances'] | undefined {
  const { program } = scope;
  const listed = given.filter((p) => p.name.text === 'distance');
  if (listed.length === 0) return undefined;
  const known = new Map<string, { distance: number; property: Property; text: string }>();
  const bad = (p: AstNode, problem: string, remedy: string, fix?: { node: AstNode; text: string }): void => {
    program.reporter.report(
      'P15',
      program.placeOf(p),
      { problem, remedy },
      fix ? { fixes: [program.replace(fix.node, fix.text, `Change to '${fix.text}'`)] } : {},
    );
  };
  for (const p of listed) {
    reportLeftOver(program, p.rest, "write 'distance 0-1 15'");
    const [pair, value] = p.values;
    const ends = pair?.$type === 'NodeList' ? /^(\d+)[-,](\d+)$/.exec(pair.text) : null;
    if (!ends) {
      bad(pair ?? p, "'distance' stands between two nodes", "write for example 'distance 0-1 15'");
      continue;
    }
    const [a, b] = [Number(ends[1]), Number(ends[2])];
    if (!value) {
      program.reporter.report('S07', program.placeAfter(p), {
        what: "'distance'",
        part: 'how far it is',
        example: `'distance ${a}-${b} 15'`,
      });
      continue;
    }
    const read = evaluate(scope, value);
    const distance = read && convert(scope, value, read, 'number', "'distance'", '20');
    if (distance === null) continue;
    const beyond = [a, b].find((n) => n >= count);
    if (beyond !== undefined) {
      bad(
        pair,
        `there is no node ${beyond}`,
        count > 0 ? `nodes are 0 to ${count - 1}` : "declare nodes: 'node 0-3 { memory 4 GiB }'",
      );
      continue;
    }
    if (a === b) {
      if (distance !== LOCAL_DISTANCE)
        bad(value, `a node is ${LOCAL_DISTANCE} from itself, not ${distance}`, 'leave it out', {
          node: value,
          text: String(LOCAL_DISTANCE),
        });
      continue;
    }
    if (!Number.isInteger(distance) || distance <= LOCAL_DISTANCE || distance > MAX_DISTANCE) {
      const near = Math.min(Math.max(Math.round(distance), LOCAL_DISTANCE + 1), MAX_DISTANCE);
      bad(
        value,
        `the distance of ${a} and ${b} is ${distance}; firmware tables with less than ${LOCAL_DISTANCE + 1} or more than ${MAX_DISTANCE} are refused`,
        `write for example '${near}'`,
        { node: value, text: String(near) },
      );
      continue;
    }
    const key = a < b ? `${a} ${b}` : `${b} ${a}`;
    const before = known.get(key);
    if (before && before.distance !== distance) {
      program.reporter.report(
        'P15',
        program.placeOf(p),
        {
          problem: `it is ${distance} from ${a} to ${b}, but ${before.distance} the other way`,
          remedy: 'distances are the same both ways: keep one of the two',
        },
        {
          related: [{ ...program.placeOf(before.property), message: `${before.text}: ${before.distance}` }],
          fixes: [program.replace(value, String(before.distance), `Change to ${before.distance}`)],
        },
      );
      continue;
    }
    known.set(key, { distance, property: p, text: pair.$type === 'NodeList' ? pair.text : '' });
  }
  if (count >= MAX_NODES) return undefined;
  return Array.from({ length: count }, (_, i) =>
    Array.from({ length: count }, (_, j) =>
      i === j ? LOCAL_DISTANCE : (known.get(i < j ? `${i} ${j}` : `${j} ${i}`)?.distance ?? REMOTE_DISTANCE),
    ),
  );
}

/** Whether a machine gives memory or processors by node. */
export const hasNodes = (node: Machine, name: string): name is 'memory' | 'cpus' =>
  (name === 'memory' || name === 'cpus') && propertiesIn(entriesOf(node.block)).some((p) => p.name.text === 'node');

/** Memory or processors of all nodes of a machine; `undefined`: something is wrong with them. Nothing is reported. */
export function totalOfNodes(scope: Scope, node: Machine, name: 'memory' | 'cpus'): number | undefined {
  const given = propertiesIn(entriesOf(node.block));
  const quiet: Scope = { ...scope, program: scope.program.quiet() };
  const own = knobsOf('machine').filter((k) => k.name === name);
  const values = properties(quiet, 'machine', node.name?.text ?? null, own, given, ['node', 'distance']);
  return topology(quiet, node.name?.text ?? 'machine', given, values).totals[name];
}
