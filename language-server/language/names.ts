/** Names that a program uses, each to be declared and of the right kind. */
import type { Word } from './generated/ast.ts';
import { aKind, type LanguageSymbol } from './program.ts';
import { nearest } from './quantities.ts';
import type { Scope } from './values.ts';

/** A declared name of one of some kinds; `null`: reported. */
export function named(
  scope: Scope,
  word: Word,
  kinds: readonly LanguageSymbol['kind'][],
  wanted: string,
  remedy: (name: string) => string,
): LanguageSymbol | null {
  const { program } = scope;
  const symbol = program.symbols.get(word.text);
  if (symbol && kinds.includes(symbol.kind)) return symbol;
  // Its declaration, misspelt, has been complained about.
  if (symbol?.kind === 'later') return null;
  const meant = nearest(
    word.text,
    [...program.symbols.values()].filter((s) => kinds.includes(s.kind)).map((s) => s.name),
  );
  if (!symbol && !meant && kinds.some((kind) => program.nameless.has(kind))) return null;
  const fixes = meant ? [program.replace(word, meant, `Change to '${meant}'`)] : [];
  const hint = `: ${meant ? `did you mean '${meant}'?` : remedy(word.text)}`;
  if (symbol)
    program.reporter.report(
      'N03',
      program.placeOf(word),
      { name: word.text, kind: aKind(symbol.kind), wanted, hint },
      { fixes },
    );
  else
    program.reporter.report(
      'N01',
      program.placeOf(word),
      { kind: wanted.replace(/^an? /, ''), name: word.text, hint },
      { fixes },
    );
  return null;
}
