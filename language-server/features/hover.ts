/** What a word or a quantity means: its row of the definition tables, or its declaration. */
import type { AstNode } from 'langium';
import type { Hover } from 'vscode-languageserver';
import { recordingChoice } from '../language/fidelity.ts';
import { isDevicePart } from '../language/devices.ts';
import type {
  Compare,
  Expression,
  Property,
  Quantity,
  Reference,
  Run,
  Sweep,
  Unit,
  Word,
} from '../language/generated/ast.ts';
import { isExpression } from '../language/generated/ast.ts';
import { kindNames, type LanguageSymbol } from '../language/program.ts';
import { targetOf } from '../language/targets.ts';
import { exactQuantity, formatQuantity, pagesText } from '../language/quantities.ts';
import { scopeFor } from '../language/scenarios.ts';
import { textOf } from '../language/syntax.ts';
import { anyVariant, isMechanism, knobOf, metric, patternRow, type Knob } from '../language/tables.ts';
import { evaluate, type Value } from '../language/values.ts';
import { accountingKnobs } from '../language/fuse.ts';
import type { Program } from '../language/program.ts';
import type { Scope } from '../../simulator/tables/define.ts';
import { RECOVERY_BLOCKS, type RecoveryBlock } from '../../simulator/tables/exit-knobs.ts';
import { accountingById } from '../../simulator/tables/fuse-accounting.ts';
import { accounting as accountingKnob } from '../../simulator/tables/fuse-knobs.ts';
import { recordingRow } from '../../simulator/tables/recordings.ts';
import { statements, type Place } from '../../simulator/tables/statements.ts';
import { numaWord } from '../../simulator/tables/numa-words.ts';
import { unitByName } from '../../simulator/tables/units.ts';
import {
  code,
  describeCounter,
  describeKnob,
  describePattern,
  describeStatement,
  describeUnit,
  describeVariant,
  describeWordRow,
} from '../describe.ts';
import { ancestor, leafAt, rangeOfLeaf, type PositionContext } from './context.ts';
import { symbolAt } from './navigation.ts';
import { hoverPolicy } from './placement.ts';

export function hover(context: PositionContext): Hover | null {
  const leaf = leafAt(context);
  if (!leaf || leaf.hidden) return null;
  const node = leaf.astNode;
  const text = describe(context, node, leaf.text);
  return text === null ? null : { contents: { kind: 'markdown', value: text }, range: rangeOfLeaf(context, leaf) };
}

function describe(context: PositionContext, node: AstNode, word: string): string | null {
  const policy = hoverPolicy(context, node, word);
  if (policy !== null) return policy;
  const { program } = context;
  if (node.$type === 'Unit') {
    const quantity = node.$container as Quantity;
    const unit = unitByName((node as Unit).text);
    return unit ? [valueText(program, quantity), describeUnit(unit)].filter((x) => x !== null).join('\n\n') : null;
  }
  if (node.$type === 'Quantity') return valueText(program, node);
  if (node.$type === 'Word' || node.$type === 'Loose') {
    const named = describeWord(context, node as Word);
    if (named !== null) return named;
  }
  if (node.$type === 'Text') {
    const hit = symbolAt(context);
    return hit ? describeSymbol(program, hit.symbol) : null;
  }
  return describeKeyword(node, word);
}

function describeKeyword(node: AstNode, word: string): string | null {
  const place = placeOf(node);
  const row = statements.find((s) => s.word === word && s.place === place) ?? statements.find((s) => s.word === word);
  return row ? describeStatement(row) : (joining[word] ?? null);
}

const joining: Readonly<Record<string, string>> = {
  once: '**once**: one pass over the region; of a random pattern, as many accesses as it has pages.',
  times: '**N times**: whole passes after `sequentially`, single page accesses after other patterns.',
  every: '**every TIME**: time between two accesses.',
  step: '**step**: distance between the values of a sweep.',
  steps: '**in N steps**: N values, both ends among them.',
  before: '**before TIME**: the event happens in the time up to then.',
};

function placeOf(node: AstNode): Place {
  if (ancestor(node, 'RunBlock')) return 'run';
  if (ancestor(node, 'ActionBlock')) return 'at';
  return ancestor(node, 'ProcessBlock') ? 'process' : 'program';
}

/** The knob that a property of some block sets. */
export function knobOfProperty(property: Property): Knob | undefined {
  const name = property.name.text;
  const owner = property.$container.$container as AstNode | undefined;
  if (property.$container.$type === 'ProcessBlock') return knobOf('process', name);
  if (!owner) return undefined;
  if (owner.$type === 'CompareValue') {
    const [first] = (owner as AstNode & { terms: Expression[] }).terms;
    const id = first ? textOf(first).replace(/\s/g, '') : '';
    return (anyVariant(id)?.knobs ?? accountingKnobs(id)).find((k) => k.name === name);
  }
  if (owner.$type === 'Property') {
    const outer = (owner as Property).name.text;
    return outer === 'disk' ||
      outer === 'swap' ||
      outer === 'node' ||
      outer === 'daemon' ||
      isDevicePart(outer) ||
      outer === 'exit' ||
      outer === 'locks' ||
      isRecoveryBlock(outer)
      ? knobOf(outer, name)
      : isMechanism(outer)
        ? reclaimKnob(owner as Property, name)
        : undefined;
  }
  const scope = scopes[owner.$type];
  return scope && knobOf(scope, name);
}

const isRecoveryBlock = (name: string): name is RecoveryBlock => RECOVERY_BLOCKS.some((block) => block === name);

/** `threads` of `prefault threads 8`. */
function knobInLine(word: Word): Knob | undefined {
  const property = word.$container.$container as AstNode | undefined;
  if (property?.$type !== 'Property') return undefined;
  const outer = (property as Property).name.text;
  return isRecoveryBlock(outer) ? knobOf(outer, word.text) : undefined;
}

const reclaimKnob = (owner: Property, name: string): Knob | undefined =>
  anyVariant(owner.values[0] ? textOf(owner.values[0]).replace(/\s/g, '') : '')?.knobs.find((k) => k.name === name);

export const scopes: Readonly<Record<string, Scope>> = {
  Machine: 'machine',
  Handler: 'handler',
  FileDeclaration: 'file',
  Anon: 'anon',
  Cgroup: 'cgroup',
  Cpuset: 'cpuset',
  Tmpfs: 'tmpfs',
  Trace: 'trace',
  Swap: 'swap',
  Recovery: 'recovery',
  Fuse: 'fuse',
  Device: 'device',
};

function describeRecording(name: string): string | null {
  const choice = recordingChoice(name);
  const row = choice && recordingRow(choice.area);
  if (!row) return null;
  const one =
    choice.one === undefined ? '' : `\n\n\`${choice.one}\` is one of its ${row.recordings.length} recordings.`;
  return `**${code(row.name)}**: ${row.title}\n\n${row.doc}${one}`;
}

function describeWord(context: PositionContext, word: Word): string | null {
  const { program } = context;
  const owner = word.$container as AstNode;
  const name = word.text;
  if (owner.$type === 'Property' && word.$containerProperty === 'name') {
    const knob = knobOfProperty(owner as Property);
    const scope = scopes[owner.$container?.$container?.$type ?? ''];
    const row = knob || !scope ? undefined : numaWord(scope, name);
    return knob ? describeKnob(knob) : row ? describeWordRow(row) : describeKeyword(owner, name);
  }
  const inLine = knobInLine(word);
  if (inLine) return describeKnob(inLine);
  if (owner.$type === 'Sysctl') {
    const knob = knobOf('sysctl', name);
    return knob ? describeKnob(knob) : null;
  }
  if (owner.$type === 'Fidelity') return describeRecording(name);
  if (owner.$type === 'PlotMetric' || ancestor(owner, 'Condition')) {
    const row = metric(name);
    if (row) return describeCounter(row);
  }
  const hit = symbolAt(context);
  if (hit) {
    const target = name === hit.symbol.name ? undefined : targetOf(scopeFor(program, null), name);
    // Behind the dot the property is meant.
    if (target?.knob && context.position.character > hit.place.range.end.character) return describeKnob(target.knob);
    return describeSymbol(program, hit.symbol);
  }
  const reclaiming =
    isMechanism((owner.$container as Sweep | undefined)?.target?.text ?? '') ||
    ancestor(owner, 'Condition') !== undefined ||
    (owner as Reference).$container?.$type === 'Property';
  const variant = anyVariant(name);
  if (variant && (reclaiming || ancestor(owner, 'CompareValue'))) return describeVariant(variant);
  const compared = ancestor(owner, 'Condition')
    ? (ancestor(owner, 'Run') as Run | undefined)?.block?.clauses
    : undefined;
  if (comparesAccounting(ancestor(owner, 'Compare')) || compared?.some(comparesAccounting)) {
    const accounting = describeAccounting(name);
    if (accounting) return accounting;
  }
  const pattern = patternRow(name);
  if (pattern && ancestor(owner, 'Access')) return describePattern(pattern);
  const choice = chosen(owner, name);
  if (choice) return choice;
  const target = targetOf(scopeFor(program, null), name);
  if (target?.knob) return describeKnob(target.knob);
  if (target?.mechanism === 'volatile.interface')
    return '**volatile.interface**: how programs say that memory may be dropped. Its variants are what was proposed, what was merged, and what people do without.';
  if (target?.kind === 'reclaim')
    return '**reclaim**: which pages leave memory when it runs short. Its variants are the kernel’s, proposals, and policies of the literature.';
  if (target?.kind === 'seed') return describeKeyword(owner, 'seed');
  return null;
}

/** A way of counting FUSE pages: when, in which commit, what it is. */
function describeAccounting(id: string): string | null {
  const row = accountingById(id);
  return row ? describeVariant({ ...row, knobs: [] }) : null;
}

const comparesAccounting = (clause: AstNode | undefined): boolean =>
  clause?.$type === 'Compare' && ((clause as Compare).target?.text ?? '').endsWith(`.${accountingKnob.name}`);

/** A word that is the value of a property with choices. */
function chosen(owner: AstNode, name: string): string | null {
  const property = ancestor(owner, 'Property') as Property | undefined;
  const knob = property && knobOfProperty(property);
  if (knob?.type.kind !== 'choice') return null;
  const accounting = knob.name === accountingKnob.name ? describeAccounting(name) : null;
  if (accounting) return accounting;
  const row = knob.type.of.find((c) => c.id === name);
  return row ? `**${row.id}**: ${row.doc}` : null;
}

function describeSymbol(program: Program, symbol: LanguageSymbol): string {
  const lines = textOf(symbol.node).split(/\r\n|\r|\n/);
  const shown = lines.length > 8 ? [...lines.slice(0, 7), '…'] : lines;
  const value =
    symbol.kind === 'let' || symbol.kind === 'file' || symbol.kind === 'anon' || symbol.kind === 'tmpfs'
      ? sizeOf(program, symbol)
      : null;
  return [`*${kindNames[symbol.kind]}*`, code(shown.join('\n')), ...(value === null ? [] : [value])].join('\n\n');
}

function sizeOf(program: Program, symbol: LanguageSymbol): string | null {
  const node = symbol.node as AstNode & { value?: Expression; size?: Expression };
  const expression = node.value ?? node.size;
  return expression ? valueText(program, expression) : null;
}

/** The value of an expression at the values that the text gives; asking must not add diagnostics. */
export function valueOf(program: Program, expression: Expression): Value | null {
  return evaluate(scopeFor(program.quiet(), null), expression);
}

function valueText(program: Program, expression: AstNode): string | null {
  if (!isExpression(expression)) return null;
  const value = valueOf(program, expression);
  if (!value) return null;
  const exact = exactQuantity(value.dimension, value.value);
  switch (value.dimension) {
    case 'bytes':
      return `${exact} = ${pagesText(value.value)} of 4 KiB = ${Math.round(value.value)} bytes`;
    case 'time':
      return `${exact} = ${Math.round(value.value)} ns`;
    case 'rate':
      return `${exact} = ${formatQuantity('number', value.value / 4096)} pages a second`;
    case 'share':
      return `${exact} = ${value.value / 1e6}`;
    case 'number':
      return String(value.value);
  }
}
