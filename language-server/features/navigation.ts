/** From names to what they name, and back: definition, references, highlights. */
import type { DocumentHighlight, Location, LocationLink } from 'vscode-languageserver';
import type { LanguageSymbol, Program } from '../language/program.ts';
import { rangeOf } from '../language/syntax.ts';
import type { Place } from '../language/index.ts';
import type { ProgramView } from '../workspace.ts';
import type { PositionContext } from './context.ts';

export const symbolAt = ({ program, uri, position }: PositionContext) =>
  program.symbolAt(uri, position.line, position.character);

export function definition(context: PositionContext): LocationLink[] {
  const hit = symbolAt(context);
  if (!hit) return [];
  const { symbol, place } = hit;
  return [
    {
      originSelectionRange: place.range,
      targetUri: symbol.place.uri,
      targetSelectionRange: symbol.place.range,
      targetRange: rangeOf(symbol.node),
    },
  ];
}

const same = (a: LanguageSymbol, b: LanguageSymbol): boolean =>
  a === b ||
  (a.name === b.name &&
    a.place.uri === b.place.uri &&
    a.place.range.start.line === b.place.range.start.line &&
    a.place.range.start.character === b.place.range.start.character);

/** Every place where a symbol is named in a program, its declaration first. */
export function usesIn(program: Program, symbol: LanguageSymbol): Place[] {
  const own =
    symbol.kind === 'phase'
      ? (program.phases.get(symbol.name)?.find((s) => same(s, symbol)) ?? null)
      : (program.symbols.get(symbol.name) ?? null);
  if (!own || !same(own, symbol)) return [];
  return [
    symbol.place,
    ...program.references.filter((r) => r.symbol === own || same(r.symbol, own)).map((r) => r.place),
  ];
}

const keyOf = ({ uri, range }: Place): string => `${uri} ${range.start.line}:${range.start.character}`;

/** In this program and in all others that share the declaration. */
export function uses(context: PositionContext, views: readonly ProgramView[]): Place[] {
  const hit = symbolAt(context);
  if (!hit) return [];
  const found = new Map<string, Place>();
  for (const program of new Set([context.program, ...views.map((v) => v.program)]))
    for (const place of usesIn(program, hit.symbol)) found.set(keyOf(place), place);
  return [...found.values()];
}

export function references(
  context: PositionContext,
  views: readonly ProgramView[],
  includeDeclaration: boolean,
): Location[] {
  const hit = symbolAt(context);
  if (!hit) return [];
  return uses(context, views)
    .filter((place) => includeDeclaration || keyOf(place) !== keyOf(hit.symbol.place))
    .map(({ uri, range }) => ({ uri, range }));
}

export function highlights(context: PositionContext): DocumentHighlight[] {
  const hit = symbolAt(context);
  if (!hit) return [];
  return usesIn(context.program, hit.symbol)
    .filter((place) => place.uri === context.uri)
    .map((place) => ({ range: place.range, kind: keyOf(place) === keyOf(hit.symbol.place) ? 3 : 2 }));
}
