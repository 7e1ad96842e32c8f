/** What completion offers: statements as snippets, knobs, names, variants, metrics, patterns, units and values, wherever they fit. */
import type { CompletionItem } from 'vscode-languageserver';
import { recordingRows } from '../../simulator/tables/recordings.ts';
import { statementsIn, type Place } from '../../simulator/tables/statements.ts';
import { units, type Dimension } from '../../simulator/tables/units.ts';
import { defaultText, kindText } from '../describe.ts';
import type { Machine } from '../language/generated/ast.ts';
import { daemonOf } from '../language/fuse.ts';
import { exampleOf } from '../language/knob-values.ts';
import { kindNames, type Program, type SymbolKind } from '../language/program.ts';
import { mechanisms, metrics, patterns, type Knob, type Variant } from '../language/tables.ts';
import { targetNames } from '../language/targets.ts';
import type { Scope } from '../language/values.ts';

/** CompletionItemKind of the protocol. */
export const KIND = {
  method: 2,
  function: 3,
  variable: 6,
  class: 7,
  module: 9,
  property: 10,
  unit: 11,
  value: 12,
  keyword: 14,
  snippet: 15,
  enumMember: 20,
  event: 23,
  operator: 24,
} as const;
const SNIPPET = 2;

/** What `resolve` needs to find the documentation again. */
export type ItemData = {
  readonly of: 'statement' | 'knob' | 'variant' | 'metric' | 'pattern' | 'unit';
  readonly name: string;
  readonly scope?: string;
};

const data = (of: ItemData['of'], name: string, scope?: string): { data: ItemData } => ({
  data: { of, name, ...(scope === undefined ? {} : { scope }) },
});
export const words = (...labels: string[]): CompletionItem[] => labels.map((label) => ({ label, kind: KIND.keyword }));

export const statementItems = (place: Place): CompletionItem[] =>
  statementsIn(place).map((s) => ({
    label: s.word,
    kind: KIND.snippet,
    detail: s.form,
    insertText: s.snippet,
    insertTextFormat: SNIPPET,
    ...data('statement', s.word, s.place),
  }));

export const knobItems = (
  knobs: readonly Knob[],
  scope: string,
  given: ReadonlySet<string> = new Set(),
): CompletionItem[] =>
  knobs
    .filter((k) => !given.has(k.name))
    .map((k) => ({
      label: k.name,
      kind: KIND.property,
      detail: `${kindText(k).replaceAll('`', '')}, default ${defaultText(k)}`,
      insertText: k.type.kind === 'flag' ? k.name : `${k.name} \${1:${exampleOf(k)}}`,
      insertTextFormat: SNIPPET,
      ...data('knob', k.name, scope),
    }));

export const symbolItems = (program: Program, kinds: readonly SymbolKind[]): CompletionItem[] =>
  [...program.symbols.values()]
    .filter((s) => kinds.includes(s.kind))
    .map((s) => ({ label: s.name, kind: symbolKind[s.kind], detail: kindNames[s.kind] }));

const symbolKind: Readonly<Record<SymbolKind, CompletionItem['kind'] & number>> = {
  machine: KIND.class,
  file: KIND.variable,
  anon: KIND.variable,
  process: KIND.function,
  cgroup: KIND.module,
  cpuset: KIND.module,
  tmpfs: KIND.variable,
  fuse: KIND.variable,
  device: KIND.class,
  let: KIND.value,
  trace: KIND.variable,
  phase: KIND.event,
  later: KIND.variable,
};

export const variantItems = (mechanism: Variant['mechanism'] = 'reclaim'): CompletionItem[] =>
  mechanisms[mechanism].map((v) => ({
    label: v.id,
    kind: KIND.enumMember,
    detail: [v.title, ...(v.year ? [String(v.year)] : [])].join(', '),
    ...data('variant', v.id),
  }));
export const metricItems = (): CompletionItem[] =>
  metrics.map((m) => ({
    label: m.name,
    kind: KIND.method,
    detail: `${m.title} (${m.kind}, ${m.unit})`,
    ...data('metric', m.name),
  }));
export const patternItems = (): CompletionItem[] =>
  patterns.map((p) => ({
    label: p.name,
    kind: KIND.keyword,
    detail: p.form,
    insertText: patternSnippets[p.kind] ?? p.name,
    insertTextFormat: SNIPPET,
    ...data('pattern', p.name),
  }));

const patternSnippets: Readonly<Record<string, string>> = {
  sequential: 'sequentially ${1:4} times',
  stride: 'stride ${1:64 KiB}, ${2:10k} times',
  uniform: 'uniform, ${1:1M} times',
  zipf: 'zipf ${1:1.0}, ${2:1M} times',
  'hot-cold': 'hot-cold ${1:10%} of pages ${2:90%} of accesses, ${3:1M} times',
  gaussian: 'gaussian mean ${1:50%} deviation ${2:10%}, ${3:1M} times',
  stream: 'stream, ${1:100k} times',
};

export const unitItems = (dimension?: Dimension): CompletionItem[] =>
  units
    .filter((u) => !u.insteadOf && (dimension === undefined || u.dimension === dimension))
    .map((u) => ({ label: u.name, kind: KIND.unit, detail: u.doc, ...data('unit', u.name) }));

export const choiceItems = (knob: Knob): CompletionItem[] => {
  if (knob.type.kind === 'flag') return words('on', 'off');
  if (knob.type.kind === 'choice')
    return knob.type.of.map((c) => ({ label: c.id, kind: KIND.enumMember, detail: c.doc }));
  return [{ label: exampleOf(knob), kind: KIND.value, detail: `default ${defaultText(knob)}` }];
};

export const targetItems = (program: Program): CompletionItem[] =>
  targetNames(scopeOf(program)).map((name) => ({ label: name, kind: KIND.property }));

export function scopeOf(program: Program): Pick<Scope, 'program' | 'machine'> {
  const machine = (program.items.findLast(({ item }) => item.$type === 'Machine')?.item as Machine | undefined) ?? null;
  return { program, machine };
}

/** Names that have a value: `let`, sizes, properties. */
export const valueItems = (program: Program): CompletionItem[] => [
  ...symbolItems(program, ['let']),
  ...targetNames(scopeOf(program))
    .filter((name) => name.includes('.') && !name.startsWith('vm.'))
    .map((name) => ({ label: name, kind: KIND.property })),
];

export const snippet = (label: string, insertText: string): CompletionItem => ({
  label,
  kind: KIND.snippet,
  insertText,
  insertTextFormat: SNIPPET,
});

/** Folders of recordings, then single ones. */
export const recordingItems = (): CompletionItem[] => [
  ...recordingRows.map(({ name, title, doc }) => ({
    label: name,
    kind: KIND.module,
    detail: title,
    documentation: doc,
  })),
  ...recordingRows.flatMap(({ name, title, recordings }) =>
    recordings.map((one) => ({ label: `${name}.${one}`, kind: KIND.value, detail: title })),
  ),
];

export const daemonItems = (program: Program): CompletionItem[] =>
  [...program.symbols.values()]
    .filter((s) => s.kind === 'fuse')
    .map((s) => ({ label: daemonOf(s.name), kind: KIND.function, detail: `daemon of the mount ${s.name}` }));
