/** Quick fixes for diagnostics, all of them at once, and small refactorings. */
import type { AstNode } from 'langium';
import type { CodeAction, Diagnostic, TextEdit, WorkspaceEdit } from 'vscode-languageserver';
import type { Let, Quantity, Run } from '../language/generated/ast.ts';
import type { LanguageDiagnostic, Range } from '../language/index.ts';
import type { Fix } from '../language/diagnostics.ts';
import { exactQuantity } from '../language/quantities.ts';
import { targetOf } from '../language/targets.ts';
import { scopeFor } from '../language/scenarios.ts';
import { offsetOf, rangeOf, textOf } from '../language/syntax.ts';
import { usesIn } from './navigation.ts';
import { ancestor, leafAt, type PositionContext } from './context.ts';
import { toDiagnostic } from './diagnostics.ts';
import { valueOf } from './hover.ts';

const editOf = (edits: Fix['edits']): WorkspaceEdit => {
  const changes: Record<string, TextEdit[]> = {};
  for (const { uri, range, newText } of edits) (changes[uri] ??= []).push({ range, newText });
  return { changes };
};

const overlaps = (a: Range, b: Range): boolean => !(before(a.end, b.start) || before(b.end, a.start));
const before = (a: Range['start'], b: Range['start']): boolean =>
  a.line < b.line || (a.line === b.line && a.character < b.character);

export function codeActions(context: PositionContext, range: Range, asked: readonly Diagnostic[] = []): CodeAction[] {
  const here = context.view.diagnostics.filter((d) => d.uri === context.uri);
  return [...quickFixes(here, range, asked), ...fixAll(context, here), ...refactorings(context)];
}

function quickFixes(
  diagnostics: readonly LanguageDiagnostic[],
  range: Range,
  asked: readonly Diagnostic[],
): CodeAction[] {
  return diagnostics
    .filter((d) => overlaps(d.range, range) || asked.some((a) => a.code === d.code && overlaps(a.range, d.range)))
    .flatMap((d) =>
      (d.fixes ?? []).map((fix): CodeAction => ({
        title: fix.title,
        kind: 'quickfix',
        diagnostics: [toDiagnostic(d)],
        edit: editOf(fix.edits),
        ...(fix.preferred ? { isPreferred: true } : {}),
      })),
    );
}

/** The preferred fix of every diagnostic; where two would touch, the first. */
function fixAll({ uri }: PositionContext, diagnostics: readonly LanguageDiagnostic[]): CodeAction[] {
  const edits: Fix['edits'][number][] = [];
  for (const d of diagnostics) {
    const fix = d.fixes?.find((f) => f.preferred);
    if (!fix || fix.edits.some((e) => e.uri !== uri || edits.some((other) => overlaps(e.range, other.range)))) continue;
    edits.push(...fix.edits);
  }
  return edits.length === 0
    ? []
    : [{ title: 'Fix all in this text', kind: 'source.fixAll.refault', edit: editOf(edits) }];
}

function refactorings(context: PositionContext): CodeAction[] {
  const leaf = leafAt(context);
  if (!leaf) return [];
  const node = leaf.astNode;
  return [
    ...extractLet(context, node),
    ...inlineLet(context, node),
    ...convertToSweep(context, node),
    ...completeRun(context, node),
  ];
}

const itemOf = (node: AstNode): AstNode => {
  let at = node;
  while (at.$container && at.$container.$type !== 'Program') at = at.$container;
  return at;
};

/** A quantity gets a name. */
function extractLet({ program, uri, source }: PositionContext, node: AstNode): CodeAction[] {
  const quantity = (node.$type === 'Unit' ? node.$container : node) as Quantity;
  if (
    quantity.$type !== 'Quantity' ||
    ancestor(quantity, 'Let') ||
    ancestor(quantity, 'Weighted') === quantity.$container
  )
    return [];
  if (!valueOf(program, quantity)) return [];
  let name = 'size';
  for (let i = 2; program.symbols.has(name); i++) name = `size-${i}`;
  const { start } = rangeOf(itemOf(quantity));
  const at = { line: start.line, character: 0 };
  const edits = [
    { uri, range: { start: at, end: at }, newText: `let ${name} = ${textOf(quantity)}\n` },
    { uri, range: rangeOf(quantity), newText: name },
  ];
  void source;
  return [{ title: `Extract '${textOf(quantity)}' to let`, kind: 'refactor.extract', edit: editOf(edits) }];
}

/** The value of a `let` in the place of its name, everywhere. */
function inlineLet(context: PositionContext, node: AstNode): CodeAction[] {
  const { program } = context;
  const hit = program.symbolAt(context.uri, context.position.line, context.position.character);
  if (hit?.symbol.kind !== 'let') return [];
  const declaration = hit.symbol.node as Let;
  const { value } = declaration;
  if (!value) return [];
  const text = value.$type === 'Quantity' || value.$type === 'Reference' ? textOf(value) : `(${textOf(value)})`;
  const uses = usesIn(program, hit.symbol).slice(1);
  // What is swept or compared must keep its name.
  if (
    uses.some((u) =>
      program.items.some(
        ({ item, source }) => source.uri === u.uri && item.$type === 'Run' && overlaps(rangeOf(item), u.range),
      ),
    )
  )
    return [];
  const { start, end } = rangeOf(declaration);
  const line = {
    uri: hit.symbol.place.uri,
    range: { start: { line: start.line, character: 0 }, end: { line: end.line + 1, character: 0 } },
    newText: '',
  };
  void node;
  return [
    {
      title: `Inline '${hit.symbol.name}'`,
      kind: 'refactor.inline',
      edit: editOf([...uses.map((u) => ({ ...u, newText: text })), line]),
    },
  ];
}

/** `memory 64 MiB` becomes a sweep around it in the run that follows. */
function convertToSweep({ program }: PositionContext, node: AstNode): CodeAction[] {
  const quantity = (node.$type === 'Unit' ? node.$container : node) as Quantity;
  const property = ancestor(quantity, 'Property');
  const machine = ancestor(quantity, 'Machine');
  if (quantity.$type !== 'Quantity' || property?.$type !== 'Property' || machine?.$type !== 'Machine') return [];
  const owner = (machine as AstNode & { name?: { text: string } }).name?.text;
  const outer = property.$container?.$container;
  const name = (property as AstNode & { name: { text: string } }).name.text;
  const path =
    outer?.$type === 'Property'
      ? `${owner}.${(outer as AstNode & { name: { text: string } }).name.text}.${name}`
      : `${owner}.${name}`;
  const target = owner && targetOf(scopeFor(program, null), path);
  const value = valueOf(program, quantity);
  const run = program.items.find(
    ({ item, source }) =>
      item.$type === 'Run' && (source.uri !== program.sourceOf(quantity).uri || offsetOf(item) > offsetOf(quantity)),
  );
  if (!target || !value || !run || run.item.$type !== 'Run' || !run.item.block) return [];
  if (run.item.block.clauses.some((c) => (c.$type === 'Sweep' || c.$type === 'Compare') && c.target?.text === path))
    return [];
  const quarter = value.value / 4;
  const span = `${exactQuantity(value.dimension, value.value - quarter)} .. ${exactQuantity(value.dimension, value.value + quarter)} in 3 steps`;
  return [
    {
      title: `Sweep '${path}' around ${textOf(quantity)}`,
      kind: 'refactor.rewrite',
      edit: insertClause(run.item, run.source.uri, `sweep ${path} ${span}`),
    },
  ];
}

/** A clause more, before the closing brace. */
function insertClause(run: Run, uri: string, text: string): WorkspaceEdit {
  const block = run.block!;
  const { start, end } = rangeOf(block);
  if (start.line === end.line) {
    const at = { line: end.line, character: end.character - 1 };
    return editOf([
      { uri, range: { start: at, end: at }, newText: block.clauses.length > 0 ? `; ${text} ` : `${text} ` },
    ]);
  }
  const at = { line: end.line, character: 0 };
  return editOf([{ uri, range: { start: at, end: at }, newText: `  ${text}\n` }]);
}

function completeRun({ program, uri }: PositionContext, node: AstNode): CodeAction[] {
  const run = (node.$type === 'Run' ? node : ancestor(node, 'Run')) as Run | undefined;
  if (!run) return [];
  const actions: CodeAction[] = [];
  const has = (type: string): boolean => (run.block?.clauses ?? []).some((c) => c.$type === type);
  if (run.block && !has('Expect'))
    actions.push({
      title: 'Add an expectation',
      kind: 'refactor.rewrite',
      edit: insertClause(run, uri, 'expect hit-ratio > 0%'),
    });
  if (run.block && !has('Seed') && !program.items.some(({ item }) => item.$type === 'Seed')) {
    actions.push({ title: 'Add a seed', kind: 'refactor.rewrite', edit: insertClause(run, uri, 'seed 1') });
  }
  return actions;
}
