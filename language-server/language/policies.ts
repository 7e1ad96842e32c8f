/**
 * Memory policies as people write them: `interleave=static:0-3` behind `mempolicy` and `mbind`, and in `mpol` of memory and of tmpfs. The kernel's
 * rules are the simulator's (numa/); here text becomes what they take, and what they would refuse in any context is said while typing.
 */
import type { AstNode } from 'langium';
import { firstNodes, MAX_NODES } from '../../simulator/numa/nodemask.ts';
import { parseMpol, type MpolReason } from '../../simulator/numa/tmpfs-mpol.ts';
import { newMempolicy, type PolicyReason } from '../../simulator/numa/mempolicy.ts';
import type { MempolicySpec } from '../../simulator/plan.ts';
import { rewrite, type Fix, type Place } from './diagnostics.ts';
import type { CompareValue, Loose, Property } from './generated/ast.ts';
import { readNodeList } from './nodes.ts';
import { rangeAt } from './parser.ts';
import type { Program } from './program.ts';
import { nearest } from './quantities.ts';
import { spanOfPlace } from './spans.ts';
import { endOf, offsetOf, unquoted } from './syntax.ts';

/** A policy where it stands: the text, spaces left out where the kernel knows none, and its place. */
export interface PolicyText {
  readonly text: string;
  readonly place: Place;
}

const tidy = (text: string): string =>
  (text.startsWith('"') ? unquoted(text) : text)
    .trim()
    .replace(/\s*([=:,|+])\s*/g, '$1')
    .replace(/\s+/g, ' ')
    .replace(/^prefer ?\( ?many ?\)/, 'prefer (many)');

const textBetween = (program: Program, node: AstNode, from: number, to: number): PolicyText | undefined => {
  const source = program.sourceOf(node);
  const raw = source.text.slice(from, to);
  const lead = raw.length - raw.trimStart().length;
  const text = tidy(raw);
  return text === ''
    ? undefined
    : { text, place: { uri: source.uri, range: rangeAt(source, from + lead, from + raw.trimEnd().length) } };
};

/** The words of a statement as a policy; the last one is left out where `last` says that it is something else (`move`). */
export function policyOfWords(program: Program, words: readonly Loose[]): PolicyText | undefined {
  const [first] = words;
  const last = words.at(-1);
  return first && last ? textBetween(program, first, offsetOf(first), endOf(last)) : undefined;
}

/** What stands behind `mpol`, or behind `mpol=`. */
export function policyOfProperty(program: Program, property: Property): PolicyText | undefined {
  const start = endOf(property.name);
  const { text } = program.sourceOf(property);
  const from = start + (/^\s*=/.exec(text.slice(start, endOf(property)))?.[0].length ?? 0);
  return textBetween(program, property, from, property.block ? offsetOf(property.block) : endOf(property));
}

/** A compared value as a policy. */
export function policyOfValue(program: Program, value: CompareValue): PolicyText | undefined {
  const parts = [...value.terms, ...value.marks].sort((a, b) => offsetOf(a) - offsetOf(b));
  const [first] = parts;
  return first && textBetween(program, first, offsetOf(first), endOf(parts.at(-1)!));
}

type Mode = MempolicySpec['mode'];

/** Spellings that set_mempolicy, numactl and mount options use. */
const modes: Readonly<Record<string, Mode>> = {
  default: 'default',
  local: 'local',
  preferred: 'preferred',
  prefer: 'preferred',
  'preferred-many': 'preferred-many',
  'prefer (many)': 'preferred-many',
  bind: 'bind',
  membind: 'bind',
  interleave: 'interleave',
  'weighted-interleave': 'weighted-interleave',
  'weighted interleave': 'weighted-interleave',
};

export const policyModes: readonly { readonly id: Mode; readonly doc: string }[] = [
  { id: 'default', doc: 'No policy of its own: that of the next scope counts, at last the node of the processor.' },
  { id: 'local', doc: 'The node of the processor that asks, then its neighbours.' },
  { id: 'preferred', doc: 'One node first, then its neighbours. Never fails while another allowed node has memory.' },
  { id: 'preferred-many', doc: 'The nodes of the list first, the nearest before others; then all allowed nodes.' },
  {
    id: 'bind',
    doc: 'Only nodes of the list, the nearest first. When they are full: reclaim, swap, then the OOM killer.',
  },
  { id: 'interleave', doc: 'One page on each node of the list in turn.' },
  { id: 'weighted-interleave', doc: 'In turn, as many pages on each node as its `weight` says.' },
];

export const policyFlags: readonly { readonly id: string; readonly doc: string }[] = [
  { id: 'static', doc: 'Nodes are physical: never renumbered, only filtered by what the cpuset allows now.' },
  { id: 'relative', doc: 'Nodes are ordinals within what the cpuset allows, folded where it allows fewer.' },
  { id: 'balancing', doc: 'MPOL_F_NUMA_BALANCING, with `bind` only: pages may follow their users within the list.' },
];

interface Parts {
  readonly mode: string;
  readonly flags: readonly string[];
  /** `undefined`: no `:`. */
  readonly list: string | undefined;
}

export function policyParts(text: string): Parts {
  const colon = text.indexOf(':');
  const head = colon < 0 ? text : text.slice(0, colon);
  const equals = head.indexOf('=');
  return {
    mode: equals < 0 ? head : head.slice(0, equals),
    flags: equals < 0 ? [] : head.slice(equals + 1).split(/[|+,=]/),
    list: colon < 0 ? undefined : text.slice(colon + 1),
  };
}

const join = (mode: string, flags: readonly string[], list: string | undefined): string =>
  `${mode}${flags.length > 0 ? `=${flags.join('|')}` : ''}${list === undefined ? '' : `:${list}`}`;

/** What set_mempolicy or mbind is given. `null`: reported, because no context would make it succeed. */
export function readPolicy(program: Program, given: PolicyText): MempolicySpec | null {
  const { text, place } = given;
  const { mode: word, flags, list } = policyParts(text);
  const mode = Object.hasOwn(modes, word) ? modes[word] : undefined;
  const bad = (problem: string, remedy: string, ...better: readonly string[]): null => {
    program.reporter.report(
      'P08',
      place,
      { policy: text, problem, remedy },
      { fixes: better.map((newText, i) => changeTo(place, newText, i === 0)) },
    );
    return null;
  };
  if (!mode) {
    const names = policyModes.map((m) => m.id);
    const meant = nearest(word, Object.keys(modes));
    return bad(
      word === '' ? 'it has no mode' : `there is no mode '${word}'`,
      meant ? `did you mean '${meant}'?` : `there are ${names.join(', ')}`,
      ...(meant ? [join(meant, flags, list)] : []),
    );
  }
  const unknown = flags.find((f) => !policyFlags.some((row) => row.id === f));
  if (unknown !== undefined) {
    const meant = nearest(
      unknown,
      policyFlags.map((f) => f.id),
    );
    const others = flags.filter((f) => f !== unknown);
    return bad(
      unknown === '' ? "nothing follows the '='" : `there is no flag '${unknown}'`,
      meant ? `did you mean '${meant}'?` : 'flags are static, relative and balancing',
      join(word, meant ? [...others, meant] : others, list),
    );
  }
  const nodes = list === undefined || list === '' ? [] : readNodeList(list);
  if (!nodes) {
    return bad(
      `'${list}' is no list of nodes from 0 to ${MAX_NODES - 1}`,
      "write for example '0-1,3', smaller numbers first",
    );
  }
  // With all nodes there could be, only what is wrong in any context is refused.
  const everything = firstNodes(MAX_NODES);
  const mask = nodes.reduce((m, n) => m | (1n << BigInt(n)), 0n);
  const has = (flag: string): boolean => flags.includes(flag);
  const result = newMempolicy(
    mode,
    { static: has('static'), relative: has('relative'), balancing: has('balancing') },
    mask,
    { mems: everything, memory: everything },
  );
  if (!result.ok) {
    const { problem, remedy, better } = refusals[result.reason](word, flags, list);
    return bad(problem, remedy, ...better);
  }
  if (mode === 'preferred' && nodes.length > 1)
    return bad(
      'only one node can be preferred',
      "write one, or 'preferred-many'",
      join('preferred-many', flags, list),
      join(word, flags, String(nodes[0])),
    );
  return {
    mode,
    ...(has('static') ? { flag: 'static' as const } : has('relative') ? { flag: 'relative' as const } : {}),
    ...(has('balancing') ? { balancing: true } : {}),
    nodes,
    source: spanOfPlace(place),
  };
}

type Refusal = (
  word: string,
  flags: readonly string[],
  list: string | undefined,
) => { readonly problem: string; readonly remedy: string; readonly better: readonly string[] };

const withoutNodes: Refusal = (word, flags, list) => ({
  problem: `'${word}' takes no nodes`,
  remedy: "leave the list out, or write 'bind' or 'preferred'",
  better: [word, join('bind', flags, list)],
});
const withoutFlag: Refusal = (word, _flags, list) => ({
  problem: list === undefined && word !== 'local' ? `'${word}' without nodes takes no flag` : `'${word}' takes no flag`,
  remedy: 'leave it out',
  better: [join(word, [], word === 'local' ? undefined : list)],
});

const refusals: Readonly<Record<PolicyReason, Refusal>> = {
  'static-and-relative': (word, flags, list) => ({
    problem: 'static and relative exclude each other',
    remedy: 'keep one of the two',
    better: ['static', 'relative'].map((keep) =>
      join(
        word,
        flags.filter((f) => f === keep || f === 'balancing'),
        list,
      ),
    ),
  }),
  'balancing-without-bind': (word, flags, list) => ({
    problem: `'balancing' goes with 'bind' only`,
    remedy: 'leave it out',
    better: [
      join(
        word,
        flags.filter((f) => f !== 'balancing'),
        list,
      ),
    ],
  }),
  'nodes-on-default': withoutNodes,
  'nodes-on-local': withoutNodes,
  'flag-on-local': withoutFlag,
  'flag-without-nodes': withoutFlag,
  'no-nodes': (word, flags) => ({
    problem: `'${word}' needs a list of nodes`,
    remedy: `write for example '${join(word, flags, '0-1')}'`,
    better: [join(word, flags, '0-1')],
  }),
  'no-node-allowed': withoutNodes,
};

const mountProblems: Readonly<Record<MpolReason, (text: string) => readonly [problem: string, remedy: string]>> = {
  'nodelist-syntax': () => ['what stands behind the colon is no list of nodes', "write for example '0-1,3'"],
  'node-without-memory': () => ['', ''],
  'unknown-mode': (text) => {
    const { mode } = policyParts(text);
    const names = ['default', 'local', 'prefer', 'prefer (many)', 'bind', 'interleave', 'weighted interleave'];
    const meant = mode === 'preferred' ? 'prefer' : mode === 'preferred-many' ? 'prefer (many)' : nearest(mode, names);
    return [
      mode === '' ? 'it has no mode' : `mounts know no mode '${mode}'`,
      meant ? `did you mean '${meant}'?` : `there are ${names.join(', ')}`,
    ];
  },
  'unknown-flag': () => ['mounts know the flags static and relative', "write for example 'bind=relative:0-1'"],
  'one-node-only': () => ["'prefer' takes one number", "write one node, or 'prefer (many)'"],
  'nodes-on-default': () => ["'default' takes no nodes", 'leave the list out'],
  'nodes-on-local': () => ["'local' takes no nodes", 'leave the list out'],
  'flag-on-local': () => ["'local' takes no flag", 'leave it out'],
  'flag-without-nodes': () => ["'prefer' without nodes takes no flag", 'leave it out, or add a node'],
  'no-nodes': (text) => {
    const { mode, flags } = policyParts(text);
    return [`'${mode}' needs a list of nodes behind a ':'`, `write for example '${join(mode, flags, '0-1')}'`];
  },
};

function betterMount(text: string, reason: MpolReason): string[] {
  const { mode, flags, list } = policyParts(text);
  switch (reason) {
    case 'unknown-mode': {
      const meant = /'([^']+)'\?$/.exec(mountProblems[reason](text)[1])?.[1];
      return meant ? [join(meant, flags, list)] : [];
    }
    case 'unknown-flag': {
      const meant = flags.map((f) => nearest(f, ['static', 'relative'])).find((f) => f !== undefined);
      return [...(meant ? [join(mode, [meant], list)] : []), join(mode, [], list)];
    }
    case 'one-node-only':
      return [join('prefer (many)', flags, list), join(mode, flags, String(readNodeList(list ?? '')?.[0] ?? 0))];
    case 'nodes-on-default':
    case 'nodes-on-local':
      return [mode];
    case 'flag-on-local':
    case 'flag-without-nodes':
      return [mode];
    case 'no-nodes':
      return [join(mode, flags, '0-1')];
    default:
      return [];
  }
}

/** The text after `mpol=` of a mount; what no node could make right is reported. The nodes themselves are judged where the mount happens. */
export function readMpol(program: Program, given: PolicyText): string | null {
  const parsed = parseMpol(given.text, firstNodes(MAX_NODES));
  if (parsed.ok) return given.text;
  const [problem, remedy] = mountProblems[parsed.reason](given.text);
  program.reporter.report(
    'P08',
    given.place,
    { policy: given.text, problem, remedy },
    { fixes: betterMount(given.text, parsed.reason).map((text, i) => changeTo(given.place, text, i === 0)) },
  );
  return null;
}

const changeTo = (place: Place, newText: string, preferred: boolean): Fix =>
  rewrite(place, newText, `Change to '${newText}'`, preferred);

/** As written in a program: `bind=relative:0-1`. */
export function policyText(spec: MempolicySpec, list: string): string {
  const flags = [...(spec.flag ? [spec.flag] : []), ...(spec.balancing ? ['balancing'] : [])];
  return join(spec.mode, flags, list === '' ? undefined : list);
}
