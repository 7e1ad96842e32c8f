/** Colours that need the program: declared names, properties, variants, metrics. Numbers, comments and texts are the TextMate grammar's. */
import { AstUtils, type AstNode } from 'langium';
import { SemanticTokensBuilder, type SemanticTokens, type SemanticTokensDelta } from 'vscode-languageserver';
import type { Access, Loose, Property, Unit, Word } from '../language/generated/ast.ts';
import { recordingChoice } from '../language/fidelity.ts';
import type { Range } from '../language/index.ts';
import type { SymbolKind } from '../language/program.ts';
import { rangeOf } from '../language/syntax.ts';
import { anyVariant, knobOf, metric, patternRow } from '../language/tables.ts';
import { unitByName } from '../../simulator/tables/units.ts';
import { policyFlags, policyModes } from '../language/policies.ts';
import { ancestor, type DocumentContext } from './context.ts';

export const tokenTypes = [
  'class',
  'function',
  'variable',
  'namespace',
  'property',
  'enumMember',
  'event',
  'type',
  'method',
  'parameter',
  'keyword',
] as const;
export const tokenModifiers = ['declaration', 'readonly', 'defaultLibrary'] as const;
type TokenType = (typeof tokenTypes)[number];

const DECLARATION = 1;
const READONLY = 2;
const LIBRARY = 4;

const typeOfSymbol: Readonly<Record<SymbolKind, TokenType>> = {
  machine: 'class',
  file: 'variable',
  anon: 'variable',
  process: 'function',
  cgroup: 'namespace',
  cpuset: 'namespace',
  tmpfs: 'variable',
  fuse: 'variable',
  device: 'class',
  let: 'variable',
  trace: 'variable',
  phase: 'event',
  later: 'variable',
};

interface Token {
  readonly line: number;
  readonly character: number;
  readonly length: number;
  readonly type: TokenType;
  readonly modifiers: number;
}

function collect({ program, source }: DocumentContext, range?: Range): Token[] {
  const found: Token[] = [];
  const add = (node: AstNode, from: number, length: number, type: TokenType, modifiers = 0): void => {
    const { start } = rangeOf(node);
    if (length > 0) found.push({ line: start.line, character: start.character + from, length, type, modifiers });
  };
  for (const item of source.ast.items) {
    const span = rangeOf(item);
    if (range && (span.end.line < range.start.line || span.start.line > range.end.line)) continue;
    for (const node of AstUtils.streamAst(item)) {
      if (node.$type === 'Word') word(program, node as Word, add);
      else if (node.$type === 'Unit' && unitByName((node as Unit).text))
        add(node, 0, (node as Unit).text.length, 'type', LIBRARY);
      else if (node.$type === 'Loose' && isPolicyWord(node as Loose))
        add(node, 0, (node as Loose).text.length, 'enumMember', LIBRARY);
      else if (node.$type === 'Loose') {
        const hit = /^[A-Za-z]/.test((node as Loose).text) ? program.symbols.get((node as Loose).text) : undefined;
        if (hit && hit.kind !== 'later') add(node, 0, hit.name.length, typeOfSymbol[hit.kind]);
      }
    }
  }
  const inRange = range ? found.filter((t) => t.line >= range.start.line && t.line <= range.end.line) : found;
  return inRange.sort((a, b) => a.line - b.line || a.character - b.character);
}

const POLICY_WORDS: ReadonlySet<string> = new Set([
  ...policyModes.map((m) => m.id),
  ...policyFlags.map((f) => f.id),
  'prefer',
  'many',
]);

const isMpol = (node: AstNode): boolean =>
  node.$type !== 'Property' && (ancestor(node, 'Property') as Property | undefined)?.name.text === 'mpol';

/** A mode or a flag of a policy that stands among words. */
const isPolicyWord = (node: Loose): boolean =>
  POLICY_WORDS.has(node.text) &&
  (['Mempolicy', 'Mbind', 'RemountAction'].includes((node.$container as AstNode).$type) ||
    (node.$container as AstNode & { name?: { text: string } }).name?.text === 'mpol');

function word(
  program: DocumentContext['program'],
  node: Word,
  add: (node: AstNode, from: number, length: number, type: TokenType, modifiers?: number) => void,
): void {
  const owner = node.$container as AstNode;
  const name = node.text;
  const all = (type: TokenType, modifiers = 0): void => add(node, 0, name.length, type, modifiers);
  const property = node.$containerProperty;
  if (property === 'alias') return all('enumMember', DECLARATION);
  if (property === 'form') return all('enumMember', LIBRARY);
  if (property === 'what' || property === 'to') return all('keyword');
  if (property === 'choices') return recordingChoice(name) ? all('enumMember', LIBRARY) : undefined;
  if (isMpol(owner)) return all('enumMember', LIBRARY);
  if (property === 'name') {
    switch (owner.$type) {
      case 'Property':
        return all((owner as Property).block && (owner as Property).values.length === 0 ? 'keyword' : 'property');
      case 'Sysctl':
        return all('property', LIBRARY);
      case 'Swap':
        return all('keyword');
      case 'Machine':
        return all('class', DECLARATION);
      case 'Process':
        return all('function', DECLARATION);
      case 'Phase':
        return all('event', DECLARATION);
      case 'Cgroup':
      case 'Cpuset':
        return all('namespace', DECLARATION);
      case 'Let':
        return all('variable', DECLARATION | READONLY);
      case 'FileDeclaration':
      case 'Anon':
      case 'Trace':
      case 'Tmpfs':
        return all('variable', DECLARATION);
      case 'Device':
        return all('class', DECLARATION);
      default:
    }
  }
  const hit = program.split(name);
  if (hit) {
    add(node, 0, hit.symbol.name.length, typeOfSymbol[hit.symbol.kind], hit.symbol.kind === 'let' ? READONLY : 0);
    if (hit.rest) add(node, hit.symbol.name.length + 1, hit.rest.length, 'property');
    return;
  }
  if (owner.$type === 'PlotMetric' || ancestor(owner, 'Condition')) {
    if (metric(name)) return all('method', LIBRARY);
    if (anyVariant(name)) return all('enumMember', LIBRARY);
  }
  const access = ancestor(owner, 'Access') as Access | undefined;
  if (access && patternRow(name)) return all('keyword');
  if (anyVariant(name)) return all('enumMember', LIBRARY);
  if (knobOf('sysctl', name) || knobOf('machine', name)) return all('property', LIBRARY);
  if (ancestor(owner, 'Property') || ancestor(owner, 'CompareValue')) all('enumMember');
}

export function pushTokens(builder: SemanticTokensBuilder, context: DocumentContext, range?: Range): void {
  for (const { line, character, length, type, modifiers } of collect(context, range))
    builder.push(line, character, length, tokenTypes.indexOf(type), modifiers);
}

/** Remembers the last answer for each text, to send what changed. */
export class SemanticTokensCache {
  readonly #builders = new Map<string, SemanticTokensBuilder>();

  full(context: DocumentContext): SemanticTokens {
    const builder = this.#builder(context.uri);
    builder.previousResult(''); // starts afresh
    pushTokens(builder, context);
    return builder.build();
  }

  delta(context: DocumentContext, previous: string): SemanticTokens | SemanticTokensDelta {
    const builder = this.#builder(context.uri);
    builder.previousResult(previous);
    pushTokens(builder, context);
    return builder.buildEdits();
  }

  forget(uri: string): void {
    this.#builders.delete(uri);
  }

  #builder(uri: string): SemanticTokensBuilder {
    const known = this.#builders.get(uri) ?? new SemanticTokensBuilder();
    this.#builders.set(uri, known);
    return known;
  }
}
