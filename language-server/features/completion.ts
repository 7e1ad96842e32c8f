/** What may be written at the cursor: statements as snippets, names from all cells, variants, metrics, units, defaults. */
import type { CompletionItem } from 'vscode-languageserver';
import type { Machine } from '../language/generated/ast.ts';
import { isAccounting } from '../language/axes.ts';
import { accountingKnobs, changesWhileRunning, daemonOf } from '../language/fuse.ts';
import type { Program, SymbolKind } from '../language/program.ts';
import { kindNames } from '../language/program.ts';
import { targetNames, targetOf } from '../language/targets.ts';
import { quoted } from '../language/syntax.ts';
import {
  knobOf,
  knobsOf,
  metric,
  metrics,
  patternRow,
  patterns,
  type Knob,
  anyVariant,
  isMechanism,
  mechanisms,
  type Variant,
} from '../language/tables.ts';
import { ADVICES } from '../language/range-calls.ts';
import { dimensionOf, exampleOf } from '../language/knob-values.ts';
import { type Scope } from '../language/values.ts';
import { dumpMode, RECOVERY_BLOCKS } from '../../simulator/tables/exit-knobs.ts';
import { recordingRows } from '../../simulator/tables/recordings.ts';
import { statements, statementsIn, type Place } from '../../simulator/tables/statements.ts';
import { units, type Dimension } from '../../simulator/tables/units.ts';
import {
  defaultText,
  describeCounter,
  describeKnob,
  describePattern,
  describeStatement,
  describeUnit,
  describeVariant,
  kindText,
} from '../describe.ts';
import { cursorAt, type Cursor, type Token } from './cursor.ts';
import type { PositionContext } from './context.ts';
import { allNodes, nodeItems, policyItems } from './placement.ts';

/** CompletionItemKind of the protocol. */
const KIND = {
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
type Data = {
  readonly of: 'statement' | 'knob' | 'variant' | 'metric' | 'pattern' | 'unit';
  readonly name: string;
  readonly scope?: string;
};

export function completion(context: PositionContext): CompletionItem[] {
  const cursor = cursorAt(context);
  if (cursor.inComment) return [];
  const items = cursor.inText ? inText(context, cursor) : offers(context.program, cursor, context);
  const seen = new Set<string>();
  return items
    .filter((item) => !seen.has(item.label) && seen.add(item.label))
    .map((item, i) => ({
      ...item,
      sortText: item.sortText ?? String(i).padStart(4, '0'),
      textEdit: { range: cursor.range, newText: item.insertText ?? item.label },
    }));
}

export function resolveCompletion(item: CompletionItem): CompletionItem {
  const data = item.data as Data | undefined;
  const value = data && documentation(data);
  return value ? { ...item, documentation: { kind: 'markdown', value } } : item;
}

function documentation({ of, name, scope }: Data): string | undefined {
  switch (of) {
    case 'statement': {
      const row = statements.find((s) => s.word === name && s.place === scope);
      return row && describeStatement(row);
    }
    case 'knob': {
      const row = anyVariant(scope ?? '')?.knobs.find((k) => k.name === name) ?? knobOf(scope as Knob['scope'], name);
      return row && describeKnob(row);
    }
    case 'variant': {
      const row = anyVariant(name);
      return row && describeVariant(row);
    }
    case 'metric': {
      const row = metric(name);
      return row && describeCounter(row);
    }
    case 'pattern': {
      const row = patternRow(name);
      return row && describePattern(row);
    }
    case 'unit': {
      const row = units.find((u) => u.name === name);
      return row && describeUnit(row);
    }
  }
}

// ---- items

const data = (of: Data['of'], name: string, scope?: string): { data: Data } => ({
  data: { of, name, ...(scope === undefined ? {} : { scope }) },
});
const words = (...labels: string[]): CompletionItem[] => labels.map((label) => ({ label, kind: KIND.keyword }));

const statementItems = (place: Place): CompletionItem[] =>
  statementsIn(place).map((s) => ({
    label: s.word,
    kind: KIND.snippet,
    detail: s.form,
    insertText: s.snippet,
    insertTextFormat: SNIPPET,
    ...data('statement', s.word, s.place),
  }));

const knobItems = (knobs: readonly Knob[], scope: string, given: ReadonlySet<string> = new Set()): CompletionItem[] =>
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

const symbolItems = (program: Program, kinds: readonly SymbolKind[]): CompletionItem[] =>
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

const variantItems = (mechanism: Variant['mechanism'] = 'reclaim'): CompletionItem[] =>
  mechanisms[mechanism].map((v) => ({
    label: v.id,
    kind: KIND.enumMember,
    detail: [v.title, ...(v.year ? [String(v.year)] : [])].join(', '),
    ...data('variant', v.id),
  }));
const metricItems = (): CompletionItem[] =>
  metrics.map((m) => ({
    label: m.name,
    kind: KIND.method,
    detail: `${m.title} (${m.kind}, ${m.unit})`,
    ...data('metric', m.name),
  }));
const patternItems = (): CompletionItem[] =>
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

const unitItems = (dimension?: Dimension): CompletionItem[] =>
  units
    .filter((u) => !u.insteadOf && (dimension === undefined || u.dimension === dimension))
    .map((u) => ({ label: u.name, kind: KIND.unit, detail: u.doc, ...data('unit', u.name) }));

const choiceItems = (knob: Knob): CompletionItem[] => {
  if (knob.type.kind === 'flag') return words('on', 'off');
  if (knob.type.kind === 'choice')
    return knob.type.of.map((c) => ({ label: c.id, kind: KIND.enumMember, detail: c.doc }));
  return [{ label: exampleOf(knob), kind: KIND.value, detail: `default ${defaultText(knob)}` }];
};

const targetItems = (program: Program): CompletionItem[] =>
  targetNames(scopeOf(program)).map((name) => ({ label: name, kind: KIND.property }));

function scopeOf(program: Program): Pick<Scope, 'program' | 'machine'> {
  const machine = (program.items.findLast(({ item }) => item.$type === 'Machine')?.item as Machine | undefined) ?? null;
  return { program, machine };
}

/** Names that have a value: `let`, sizes, properties. */
const valueItems = (program: Program): CompletionItem[] => [
  ...symbolItems(program, ['let']),
  ...targetNames(scopeOf(program))
    .filter((name) => name.includes('.') && !name.startsWith('vm.'))
    .map((name) => ({ label: name, kind: KIND.property })),
];

// ---- by place

function offers(program: Program, cursor: Cursor, context: PositionContext): CompletionItem[] {
  const { block, before } = cursor;
  const last = before.at(-1);
  // Behind a number stands its unit, or a word that counts.
  if (last && last.tokenType.name === 'NUMBER' && before[0].image !== 'online' && before[0].image !== 'offline')
    return [
      ...unitItems(dimensionAt(program, cursor)),
      ...(block.kind === 'process' ? words('times') : before[0].image === 'sweep' ? words('steps') : []),
    ];
  switch (block.kind) {
    case 'properties':
    case 'variant':
      return inProperties(program, cursor);
    case 'process':
      return inProcess(program, before);
    case 'run':
      return inRun(program, before, context);
    case 'at':
      return inAt(program, before);
    case 'program':
      return atTop(program, before);
    case 'unknown':
      return [];
  }
}

function knobsAt({ block }: Cursor): readonly Knob[] {
  if (block.kind === 'variant') return anyVariant(block.variant ?? '')?.knobs ?? accountingKnobs(block.variant);
  return block.scope ? knobsOf(block.scope) : [];
}

function inProperties(program: Program, cursor: Cursor): CompletionItem[] {
  const { before, block } = cursor;
  const knobs = knobsAt(cursor);
  const [head] = before;
  if (!head) {
    const more =
      block.scope === 'machine'
        ? [
            snippet('disk', 'disk { latency ${1:100 us}, bandwidth ${2:150 MB/s} }'),
            snippet('exit', 'exit { munlock ${1|v5.18,v3.12,pre-3.12|} }'),
            snippet('swap', 'swap ${1|zram,disk|} ${2:1 GiB}'),
            snippet('locks', 'locks { handoff ${1:88 us} }'),
            snippet('reclaim', 'reclaim ${1:v6.1}'),
            snippet('volatile.interface', 'volatile.interface ${1:vrange}'),
            snippet('sysctl', 'sysctl ${1:vm.swappiness} ${2:60}'),
            snippet('node', 'node ${1:0-3} { memory ${2:4 GiB}, cpus ${3:4} }'),
            snippet('distance', 'distance ${1:0-1} ${2:15}'),
          ]
        : block.scope === 'cpuset'
          ? [snippet('mems', 'mems ${1:0-1}'), snippet('cpus', 'cpus ${1:0-3}')]
          : block.scope === 'tmpfs' || block.scope === 'anon'
            ? [snippet('mpol', `mpol \${1:bind:${allNodes(program)}}`)]
            : block.scope === 'fuse'
              ? [snippet('daemon', 'daemon { bandwidth ${1:200 MB/s}, threads ${2:1} }')]
              : block.scope === 'device'
                ? [
                    snippet('link', 'link { h2d ${1:25 GB/s}, d2h ${2:25 GB/s}, latency ${3:1 us} }'),
                    snippet('local', 'local { bandwidth ${1:1 TB/s}, latency ${2:400 ns} }'),
                    snippet('fault', 'fault { batch ${1:256}, replay ${2|batch-flush,batch,block,once|} }'),
                    snippet('thrash', 'thrash { mitigation ${1|on,off|} }'),
                    snippet('odp', 'odp { side ${1|requester,responder|} }'),
                  ]
                : block.scope === 'recovery'
                  ? [
                      snippet('dump', 'dump ${1|off,filtered,full|}'),
                      snippet('prefault', 'prefault threads ${1:8}'),
                      snippet('helpers', 'helpers { $0 }'),
                    ]
                  : [];
    return [...knobItems(knobs, block.kind === 'variant' ? (block.variant ?? '') : (block.scope ?? '')), ...more];
  }
  if (head.image === 'mpol') return policyItems(program, policyTokens(before.slice(1)), block.scope === 'tmpfs');
  if ((head.image === 'mems' || head.image === 'cpus') && block.scope === 'cpuset')
    return before.length === 1 ? nodeItems(program) : [];
  if (isMechanism(head.image) && before.length === 1) return variantItems(head.image);
  if (head.image === 'swap' && before.length === 1) return words('zram', 'disk');
  if (head.image === 'sysctl') return sysctlItems(before);
  const inner = block.scope === 'recovery' ? RECOVERY_BLOCKS.find((name) => name === head.image) : undefined;
  if (inner) {
    const rows = knobsOf(inner);
    const named = rows.find((k) => k.name === before[1]?.image);
    if (before.length === 1) return [...knobItems(rows, inner), ...(inner === 'dump' ? choiceItems(dumpMode) : [])];
    return named && before.length === 2
      ? [...choiceItems(named), ...(dimensionOf(named) ? valueItems(program) : [])]
      : [];
  }
  const knob = knobs.find((k) => k.name === head.image);
  return knob && before.length === 1 ? [...choiceItems(knob), ...(dimensionOf(knob) ? valueItems(program) : [])] : [];
}

const snippet = (label: string, insertText: string): CompletionItem => ({
  label,
  kind: KIND.snippet,
  insertText,
  insertTextFormat: SNIPPET,
});

function sysctlItems(before: readonly Token[]): CompletionItem[] {
  if (before.length === 1) return knobItems(knobsOf('sysctl'), 'sysctl');
  const knob = knobOf('sysctl', before[1].image);
  return knob && before.length === 2 ? choiceItems(knob) : [];
}

function atTop(program: Program, before: readonly Token[]): CompletionItem[] {
  const [head, second] = before;
  const last = before.at(-1)!;
  if (!head) return statementItems('program');
  switch (head.image) {
    case 'sysctl':
      return sysctlItems(before);
    case 'swap':
      return before.length === 1 ? words('zram', 'disk') : [];
    case 'recovery':
      return before.length === 1 ? symbolItems(program, ['process']) : [];
    case 'process':
    case 'cgroup':
    case 'cpuset':
      if (before.some((t) => t.image === 'in'))
        return symbolItems(program, head.image === 'process' ? ['cgroup', 'cpuset'] : [head.image]);
      return second ? words('in') : [];
    case 'run':
      if (before.some((t) => t.image === 'of') && (last.image === 'of' || last.image === ','))
        return symbolItems(program, ['process']);
      return words('of', 'for');
    case 'file':
      if (last.image === 'on') return symbolItems(program, ['tmpfs', 'fuse']);
      return before.length >= 2 ? [...valueItems(program), ...words('on')] : [];
    case 'let':
      return before.length >= 2 ? valueItems(program) : [];
    default:
      return [];
  }
}

const ACCESS = new Set(['read', 'write', 'touch']);

function inProcess(program: Program, before: readonly Token[]): CompletionItem[] {
  let [head] = before;
  if (!head) return [...statementItems('process'), ...knobItems(knobsOf('process'), 'process')];
  let rest = before;
  const weighted = before.findIndex((t) => ACCESS.has(t.image));
  if (head.tokenType.name === 'NUMBER') {
    if (weighted < 0) return statementItems('process').filter((i) => ACCESS.has(i.label));
    rest = before.slice(weighted);
    head = rest[0];
  }
  const last = rest.at(-1)!;
  if (ACCESS.has(head.image)) {
    if (rest.length === 1) return symbolItems(program, ['file', 'anon', 'tmpfs', 'fuse']);
    if (last.image === 'of') return words('pages', 'accesses');
    const named = rest.some((t) => patternRow(t.image));
    return [
      ...(named ? [] : patternItems()),
      ...words('once', 'for', 'at', 'every'),
      ...(last.image === ',' || last.image === 'zipf' ? symbolItems(program, ['let']) : []),
    ];
  }
  switch (head.image) {
    case 'mlock':
    case 'munlock':
    case 'munmap':
      return rest.length === 1 ? symbolItems(program, ['file', 'anon']) : [];
    case 'fsync':
      return rest.length === 1 ? symbolItems(program, ['file', 'fuse']) : [];
    case 'sync':
      return rest.length === 1 ? symbolItems(program, ['fuse']) : [];
    case 'volatile':
    case 'nonvolatile':
      return rest.length === 1 ? symbolItems(program, ['anon']) : rangesItems(rest);
    case 'madvise':
      if (rest.length === 1) return words(...ADVICES);
      return rest.length === 2 ? symbolItems(program, ['anon']) : rangesItems(rest.slice(1));
    case 'on':
      return rest.length === 1 ? words('purged') : [];
    case 'replay':
      return rest.length === 1 ? symbolItems(program, ['trace']) : [];
    case 'mempolicy':
      return policyItems(program, rest.slice(1), false);
    case 'mbind':
      return rest.length === 1 ? symbolItems(program, ['anon', 'tmpfs']) : policyItems(program, rest.slice(2), false);
    case 'phase':
      if (last.image === 'on') return symbolItems(program, ['device']);
      return rest.length >= 2 ? words('on', 'for') : [];
    case 'anon':
      return rest.length === 2 ? valueItems(program) : [];
    default: {
      const knob = knobOf('process', head.image);
      return knob && rest.length === 1 ? choiceItems(knob) : [];
    }
  }
}

/** `in ranges of`, word by word. */
function rangesItems(rest: readonly Token[]): CompletionItem[] {
  const last = rest.at(-1)!.image;
  if (last === 'in') return words('ranges');
  if (last === 'ranges') return words('of');
  return rest.some((t) => t.image === 'in') ? [] : words('in');
}

function inRun(program: Program, before: readonly Token[], context: PositionContext): CompletionItem[] {
  const [head, second] = before;
  if (!head) return statementItems('run');
  const last = before.at(-1)!;
  switch (head.image) {
    case 'compare': {
      if (!second) return targetItems(program);
      if (before.length === 2) return words(':');
      const target = targetOf(scopeOf(program), second.image);
      if (target && isAccounting(target))
        return last.image === ':' || last.image === ',' ? choiceItems(target.knob!) : words('as');
      if (target?.kind === 'reclaim')
        return last.image === ':' || last.image === ',' ? variantItems(target.mechanism) : words('as');
      return target?.knob ? choiceItems(target.knob) : valueItems(program);
    }
    case 'sweep':
      if (!second) return targetItems(program).filter((i) => !isMechanism(String(i.label)));
      return before.some((t) => t.image === '..')
        ? [...words('step', 'in'), ...valueItems(program)]
        : valueItems(program);
    case 'plot':
      if (last.image === 'by' || last.image === 'over')
        return [...words('time', 'pass', 'phase', 'variant', 'node'), ...axesAt(context)];
      if (last.image === 'of')
        return [
          ...symbolItems(program, ['file', 'anon', 'tmpfs', 'fuse', 'device', 'process', 'cgroup']),
          ...daemonItems(program),
        ];
      if (last.image === 'as') return words('line', 'bars', 'area', 'heatmap', 'distribution', 'timeline', 'table');
      return last.image === ',' || before.length === 1 ? metricItems() : words('by', 'over', 'of', 'as');
    case 'expect':
      if (last.image === 'at') return axesAt(context);
      return [...metricItems(), ...labelsAt(context), ...words('no', 'oom', 'at', 'before')];
    case 'fidelity':
      return before.length === 1 || last.image === ',' ? recordingItems() : [];
    case 'sysctl':
      return sysctlItems(before);
    default:
      return [];
  }
}

/** Folders of recordings, then single ones. */
const recordingItems = (): CompletionItem[] => [
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

/** The words of a policy behind `mpol`, without the `=` that may stand there. */
const policyTokens = (tokens: readonly Token[]): readonly Token[] =>
  tokens[0]?.image === '=' ? tokens.slice(1) : tokens;

function inAt(program: Program, before: readonly Token[]): CompletionItem[] {
  const [head] = before;
  if (!head) return statementItems('at');
  if (head.image === 'kill' || head.image === 'reset') {
    const devices = symbolItems(program, ['device']);
    if (before.length === 2) return devices.some((d) => d.label === before[1].image) ? words('give-back', 'lose') : [];
    if (before.length > 2) return [];
    return head.image === 'reset'
      ? devices
      : [...symbolItems(program, ['process']), ...daemonItems(program), ...devices];
  }
  if (head.image === 'stall' || head.image === 'resume') return before.length === 1 ? daemonItems(program) : [];
  if (head.image === 'sysctl') return sysctlItems(before);
  if (head.image === 'offline' || head.image === 'online') {
    if (before.length === 1) return words('node');
    if (before.length === 2 && before[1].image === 'node')
      return nodeItems(program).filter((i) => /^\d+$/.test(i.label));
    return head.image === 'online' && before.length === 3 ? words('movable', 'kernel') : [];
  }
  if (head.image === 'attach')
    return before.length === 1
      ? symbolItems(program, ['process'])
      : before.length === 2
        ? words('to')
        : before.length === 3
          ? symbolItems(program, ['cpuset'])
          : [];
  if (head.image === 'remount') {
    if (before.length === 1) return symbolItems(program, ['tmpfs']);
    return before.length === 2 ? [snippet('mpol', 'mpol=')] : policyItems(program, policyTokens(before.slice(3)), true);
  }
  if (head.image === 'set' && before.length === 1) {
    return targetItems(program).filter((i) => {
      const target = targetOf(scopeOf(program), i.label);
      const kind = target?.symbol?.kind;
      return (
        kind === 'cgroup' || kind === 'cpuset' || (kind === 'fuse' && target?.knob && changesWhileRunning(target.knob))
      );
    });
  }
  return [];
}

const daemonItems = (program: Program): CompletionItem[] =>
  [...program.symbols.values()]
    .filter((s) => s.kind === 'fuse')
    .map((s) => ({ label: daemonOf(s.name), kind: KIND.function, detail: `daemon of the mount ${s.name}` }));

/** The run around the cursor. */
function runAt({ source, offset }: PositionContext) {
  const run = source.ast.items.find(
    (item) => item.$type === 'Run' && item.$cstNode!.offset <= offset && offset <= item.$cstNode!.end,
  );
  return run?.$type === 'Run' ? run : undefined;
}

const axesAt = (context: PositionContext): CompletionItem[] =>
  (runAt(context)?.block?.clauses ?? []).flatMap((c) =>
    (c.$type === 'Compare' || c.$type === 'Sweep') && c.target ? [{ label: c.target.text, kind: KIND.property }] : [],
  );

const labelsAt = (context: PositionContext): CompletionItem[] =>
  (runAt(context)?.block?.clauses ?? []).flatMap((c) =>
    c.$type === 'Compare'
      ? c.values.map((v) => ({
          label: v.alias?.text ?? v.terms.map((t) => t.$cstNode?.text ?? '').join(' '),
          kind: KIND.enumMember,
          detail: 'compared here',
        }))
      : [],
  );

/** The dimension that the number before the cursor should have, where that can be told. */
function dimensionAt(program: Program, cursor: Cursor): Dimension | undefined {
  const { before, block } = cursor;
  const head = before[0].image;
  const previous = before.at(-2)?.image;
  if (block.kind === 'properties' || block.kind === 'variant') {
    const knob = knobsAt(cursor).find((k) => k.name === head);
    return knob ? dimensionOf(knob) : undefined;
  }
  if (head === 'sweep' || head === 'compare' || head === 'set') {
    const target = before[1] && targetOf(scopeOf(program), before[1].image);
    return target?.knob ? dimensionOf(target.knob) : target?.kind === 'size' ? 'bytes' : undefined;
  }
  if (head === 'file' || head === 'anon' || head === 'swap') return 'bytes';
  if (
    previous === 'for' ||
    previous === 'every' ||
    previous === 'before' ||
    head === 'idle' ||
    (head === 'at' && before.length === 2)
  )
    return 'time';
  if (previous === 'at' && block.kind === 'process') return 'rate';
  return undefined;
}

/** Inside of quotes: names of phases. */
function inText({ program }: PositionContext, { before }: Cursor): CompletionItem[] {
  if (before.at(-1)?.image !== '(') return [];
  return [...program.phases.keys()].map((name) => ({
    label: name,
    kind: KIND.event,
    detail: 'phase',
    insertText: quoted(name).slice(1, -1),
  }));
}
