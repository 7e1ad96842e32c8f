/** Renaming, across the cells of a notebook and across files that import one another. */
import type { WorkspaceEdit } from 'vscode-languageserver';
import type { Range } from '../language/index.ts';
import { offsetAt } from '../language/parser.ts';
import { quoted } from '../language/syntax.ts';
import { itemWords } from '../language/lexer.ts';
import type { ProgramView } from '../workspace.ts';
import { symbolAt, uses } from './navigation.ts';
import type { PositionContext } from './context.ts';

/** A reason why not, to be shown as it is. */
export class RenameError extends Error {
  override readonly name = 'RenameError';
}

export function prepareRename(context: PositionContext): { range: Range; placeholder: string } | null {
  const hit = symbolAt(context);
  return hit && hit.symbol.kind !== 'later' ? { range: hit.place.range, placeholder: hit.symbol.name } : null;
}

const NAME =
  /^[A-Za-z_\u00b5\u00c0-\u1fff\u2c00-\ud7ff][\w\u00b5\u00c0-\u1fff\u2c00-\ud7ff]*(-[\w\u00b5\u00c0-\u1fff\u2c00-\ud7ff]+|\.\d[\w\u00b5\u00c0-\u1fff\u2c00-\ud7ff]*)*$/;
const JOINING = new Set([
  'in',
  'of',
  'for',
  'at',
  'over',
  'by',
  'as',
  'once',
  'times',
  'step',
  'steps',
  'every',
  'before',
  'no',
]);

export function rename(context: PositionContext, views: readonly ProgramView[], newName: string): WorkspaceEdit {
  const hit = symbolAt(context);
  if (!hit) throw new RenameError('There is no name here that could be changed.');
  const { symbol } = hit;
  const isPhase = symbol.kind === 'phase';
  if (!isPhase) {
    if (!NAME.test(newName))
      throw new RenameError(`'${newName}' is no name: use letters, digits, '-' and '_', a letter first.`);
    if (JOINING.has(newName) || itemWords.has(newName))
      throw new RenameError(`'${newName}' is a word of the language: choose another name.`);
    for (const { program } of views) {
      const other = program.symbols.get(newName);
      if (other && newName !== symbol.name && program.symbols.get(symbol.name))
        throw new RenameError(`'${newName}' is declared already: choose another name.`);
    }
  } else if (newName.trim() === '') throw new RenameError('A phase needs a name.');
  const changes: NonNullable<WorkspaceEdit['changes']> = {};
  for (const place of uses(context, views)) {
    (changes[place.uri] ??= []).push({
      range: place.range,
      newText: isPhase ? phaseText(context, views, place, newName) : newName,
    });
  }
  return { changes };
}

/** A phase may be named by a word or by a text; uses in metrics are texts. */
function phaseText(
  context: PositionContext,
  views: readonly ProgramView[],
  place: { uri: string; range: Range },
  newName: string,
): string {
  const source = [context.program, ...views.map((v) => v.program)]
    .flatMap((p) => p.sources)
    .find((s) => s.uri === place.uri);
  const written = source
    ? source.text.slice(offsetAt(source, place.range.start), offsetAt(source, place.range.end))
    : '"';
  return written.startsWith('"') || !NAME.test(newName) ? quoted(newName) : newName;
}
