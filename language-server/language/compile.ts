/** Program to plans: each `run` of the text as plain data that any host can simulate. Everything that is wrong is reported on the way. */
import { endOf, offsetOf } from './syntax.ts';
import type { Plan } from '../../simulator/plan.ts';
import { checkDeclarations } from './declarations.ts';
import type { LanguageDiagnostic } from './diagnostics.ts';
import type { Run } from './generated/ast.ts';
import { type ParsedSource, parseSource, rangeAt } from './parser.ts';
import { type LanguageSymbol, Program, type ResolveImport, type Source } from './program.ts';
import { compileRun } from './runs.ts';
import { readSettings } from './settings.ts';
import { reportIdle, reportUnused } from './unused.ts';

export interface CompileOptions {
  /** In the place of every `seed` of the text. */
  readonly seed?: number;
  /** `--set NAME=VALUE`: overrides any property, sysctl or `let`, in every run. */
  readonly set?: Readonly<Record<string, string>>;
  readonly resolveImport?: ResolveImport;
  /** For hosts that keep syntax trees between edits. */
  readonly parse?: (uri: string, text: string) => ParsedSource;
  /** Check points at the ends and in the middle of long sweeps only, and make no plans: what an editor does on each keystroke. */
  readonly checkOnly?: boolean;
}

export interface Compiled {
  readonly plans: Plan[];
  readonly diagnostics: LanguageDiagnostic[];
  readonly program: Program;
}

export function compileSources(sources: readonly Source[], options: CompileOptions = {}): Compiled {
  const program = new Program(sources, options.resolveImport, options.parse ?? parseSource);
  for (const source of program.sources) reportLayout(program, source);
  const faulty = checkDeclarations(program);
  const overrides = readSettings(program, options);
  const used = new Set<LanguageSymbol>();
  const plans: Plan[] = [];
  const titles = new Map<string, Run>();
  let runs = 0;
  program.items.forEach((entry, index) => {
    if (entry.item.$type !== 'Run' || entry.imported) return;
    runs++;
    const plan = compileRun(program, entry.item, index, runs, { options, overrides, faulty, used, titles });
    if (plan) plans.push(plan);
  });
  // What looks unused may be named in a line with an error.
  if (runs > 0 && program.reporter.errors === 0) {
    reportUnused(program, used);
    reportIdle(program);
  }
  reportImports(program);
  const diagnostics = program.reporter.diagnostics(program.sources.map((s) => s.uri));
  return { plans, diagnostics, program };
}

/** What the lexer mended and the parser could not. */
function reportLayout(program: Program, source: ParsedSource): void {
  for (const { code, offset, length, params } of source.layout) {
    const place = { uri: source.uri, range: rangeAt(source, offset, offset + length) };
    const { end } = place.range;
    const insert = (at: typeof end, newText: string, title: string) => ({
      fixes: [{ title, edits: [{ uri: source.uri, range: { start: at, end: at }, newText }], preferred: true }],
    });
    const fixes =
      code === 'S03'
        ? { fixes: [{ title: "Remove '}'", edits: [{ ...place, newText: '' }], preferred: true }] }
        : code === 'S04'
          ? insert(end, ' {', "Add '{'")
          : code === 'S05'
            ? insert(end, '"', "Add '\"'")
            : code === 'S08'
              ? insert(place.range.start, '\n', 'Put on a line of its own')
              : {};
    program.reporter.report(code, place, params, fixes);
    // What was mended may not be what was meant: nothing is run on a guess.
    for (const item of source.ast.items)
      if (offsetOf(item) <= offset && offset <= endOf(item)) program.doubtful.add(item);
  }
  for (const { message, offset, length } of source.errors) {
    program.reporter.report(
      'S12',
      { uri: source.uri, range: rangeAt(source, offset, offset + length) },
      { detail: message },
    );
  }
}

/** The importing line says when an imported file has errors; they themselves are listed under that file. */
function reportImports(program: Program): void {
  const found = program.reporter.diagnostics([]);
  for (const { place, path, source } of program.imports) {
    const errors = source ? found.filter((d) => d.uri === source.uri && d.severity === 'error') : [];
    const [first] = errors;
    if (!first) continue;
    program.reporter.report('N13', place, {
      path,
      count: errors.length === 1 ? 'an error' : `${errors.length} errors`,
      line: first.range.start.line + 1,
      message: first.message,
    });
  }
}
