/** Names that no run uses, and statements that no run follows. */
import { isAnon } from './generated/ast.ts';
import type { Program } from './program.ts';
import { kindNames, type LanguageSymbol } from './program.ts';

export function reportUnused(program: Program, used: ReadonlySet<LanguageSymbol>): void {
  const mentioned = new Set(program.references.map((r) => r.symbol));
  const own = new Set(program.items.filter((i) => !i.imported).map((i) => i.source.uri));
  for (const symbol of program.symbols.values()) {
    if (used.has(symbol) || mentioned.has(symbol) || symbol.kind === 'later' || !own.has(symbol.place.uri)) continue;
    // Locked memory takes its frames without being accessed.
    if (isAnon(symbol.node) && symbol.node.block) continue;
    program.reporter.report('N10', symbol.place, { kind: kindNames[symbol.kind], name: symbol.name });
  }
}

/** What counts for the runs behind it, and has none. */
export function reportIdle(program: Program): void {
  const last = program.items.findLastIndex(({ item, imported }) => item.$type === 'Run' && !imported);
  for (const { item, imported } of program.items.slice(last + 1)) {
    if (imported) continue;
    if (
      item.$type === 'At' ||
      item.$type === 'Sysctl' ||
      item.$type === 'Seed' ||
      item.$type === 'Swap' ||
      item.$type === 'Recovery'
    ) {
      const word = item.$type.toLowerCase();
      program.reporter.report('R12', program.placeWithin(item, 0, word.length), { what: word });
    }
  }
}
