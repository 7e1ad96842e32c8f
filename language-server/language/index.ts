/** The language, without editor, file system or DOM: what the command line, the extension and the server share. */
import type { Plan } from '../../simulator/plan.ts';
import { compileSources, type CompileOptions } from './compile.ts';
import type { LanguageDiagnostic } from './diagnostics.ts';
import type { Source } from './program.ts';

/** Several sources are one program, in order: the cells of a notebook. */
export function compileProgram(
  sources: readonly Source[],
  options: CompileOptions = {},
): { plans: Plan[]; diagnostics: LanguageDiagnostic[] } {
  const { plans, diagnostics } = compileSources(sources, options);
  return { plans, diagnostics };
}

export { compileSources, type Compiled, type CompileOptions } from './compile.ts';
export { SETTINGS_URI } from './settings.ts';
export type { Fix, LanguageDiagnostic, Place, TextEdit } from './diagnostics.ts';
export { parseNotebook, serializeNotebook, type NotebookCell } from './notebook-markdown.ts';
export { parseSource, warmUp, type ParsedSource, type Position, type Range } from './parser.ts';
export { Program, type LanguageSymbol, type ResolveImport, type Source, type SymbolKind } from './program.ts';
