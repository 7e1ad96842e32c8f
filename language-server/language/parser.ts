/** Text to syntax tree: never fails, whatever the text. */
import { createDefaultCoreModule, createDefaultSharedCoreModule, EmptyFileSystem, inject } from 'langium';
import type { Program } from './generated/ast.ts';
import { RefaultGeneratedModule, RefaultGeneratedSharedModule } from './generated/module.ts';
import { LayoutLexer, type LayoutProblem } from './lexer.ts';

export interface Position {
  readonly line: number;
  readonly character: number;
}

/** Lines and characters count from 0, as in the Language Server Protocol; the end is exclusive. */
export interface Range {
  readonly start: Position;
  readonly end: Position;
}

export interface ParsedSource {
  readonly uri: string;
  readonly text: string;
  readonly ast: Program;
  readonly layout: readonly LayoutProblem[];
  /** Errors of the parser itself. The grammar is written so that there are none; if there are, they are shown. */
  readonly errors: readonly { readonly message: string; readonly offset: number; readonly length: number }[];
  readonly lineStarts: readonly number[];
}

interface Services {
  readonly parse: (text: string) => ReturnType<ReturnType<typeof createServices>['parser']['LangiumParser']['parse']>;
  readonly lexer: LayoutLexer;
}

function createServices() {
  const shared = inject(createDefaultSharedCoreModule(EmptyFileSystem), RefaultGeneratedSharedModule);
  const services = inject(createDefaultCoreModule({ shared }), RefaultGeneratedModule, {
    parser: { Lexer: (services) => new LayoutLexer(services) },
  });
  shared.ServiceRegistry.register(services);
  return services;
}

let made: Services | undefined;

/** Built on first use: a third of a second that a server spends at start (`warmUp`) and a command line when it needs it. */
function services(): Services {
  if (!made) {
    const { parser } = createServices();
    made = { parse: (text) => parser.LangiumParser.parse(text), lexer: parser.Lexer as LayoutLexer };
  }
  return made;
}

export function parseSource(uri: string, text: string): ParsedSource {
  const result = services().parse(text);
  const problems = (result.lexerReport as { problems?: LayoutProblem[] } | undefined)?.problems ?? [];
  return {
    uri,
    text,
    ast: result.value as Program,
    layout: problems,
    errors: result.parserErrors.map((e) => ({
      message: e.message,
      offset: Number.isFinite(e.token.startOffset) ? e.token.startOffset : text.length,
      length: Number.isFinite(e.token.startOffset) ? e.token.image.length : 0,
    })),
    lineStarts: lineStartsOf(text),
  };
}

/** Tokens as written, comments included. */
export const rawTokens = (text: string): ReturnType<LayoutLexer['rawTokens']> => services().lexer.rawTokens(text);

export function warmUp(): void {
  parseSource(
    'warm-up:',
    'file db 96 MiB\nprocess p { read db zipf 1.0, 1M times }\nrun { compare reclaim: lru\nexpect hit-ratio > 0 }\n',
  );
}

function lineStartsOf(text: string): number[] {
  const starts = [0];
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 10 || (c === 13 && text.charCodeAt(i + 1) !== 10)) starts.push(i + 1);
  }
  return starts;
}

export function positionAt(source: Pick<ParsedSource, 'lineStarts'>, offset: number): Position {
  let low = 0;
  let high = source.lineStarts.length - 1;
  while (low < high) {
    const mid = (low + high + 1) >> 1;
    if (source.lineStarts[mid] <= offset) low = mid;
    else high = mid - 1;
  }
  return { line: low, character: offset - source.lineStarts[low] };
}

export function offsetAt(source: Pick<ParsedSource, 'lineStarts' | 'text'>, position: Position): number {
  const start = source.lineStarts[position.line];
  if (start === undefined) return source.text.length;
  const end = source.lineStarts[position.line + 1] ?? source.text.length;
  return Math.min(start + position.character, end);
}

export const rangeAt = (source: Pick<ParsedSource, 'lineStarts'>, start: number, end: number): Range => ({
  start: positionAt(source, start),
  end: positionAt(source, end),
});
