/** Reads a program from a file, a notebook or standard input, imports included, and compiles it. */
import { readFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { compileProgram, parseNotebook, type LanguageDiagnostic } from '../language-server/language/index.ts';
import type { Plan } from '../simulator/plan.ts';
import { CliError, EXIT } from './io.ts';

export interface Program {
  readonly plans: readonly Plan[];
  readonly errors: readonly Problem[];
  readonly warnings: readonly Problem[];
}

/** A diagnostic with the place a person looks for: lines of the file, counted from 1, also in notebooks. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly severity: string;
  readonly code: string;
  readonly message: string;
}

interface Part {
  readonly uri: string;
  readonly text: string;
  /** Line of the file on which the part starts. */
  readonly line: number;
}

/** A notebook's code cells, or the whole file, as the parts of one program. */
function partsOf(file: string, text: string): Part[] {
  const uri = file === '-' ? 'stdin:program.refault' : pathToFileURL(path.resolve(file)).href;
  if (!file.endsWith('.md') && !(file === '-' && /^(`{3,}|~{3,})\s*refault\b/m.test(text)))
    return [{ uri, text, line: 0 }];
  return parseNotebook(text)
    .filter((cell) => cell.kind === 'code')
    .map((cell, i) => ({ uri: `${uri}#cell${i}`, text: cell.text, line: cell.line }));
}

export async function readProgram(
  file: string,
  options: { readonly seed?: number; readonly set?: Readonly<Record<string, string>> } = {},
): Promise<Program> {
  let text: string;
  try {
    text = file === '-' ? await readStandardInput() : await readFile(file, 'utf8');
  } catch (error) {
    throw new CliError(`cannot read '${file}': ${reasonOf(error)}`, EXIT.unreadable);
  }
  const parts = partsOf(file, text);
  const { plans, diagnostics } = compileProgram(
    parts.map(({ uri, text }) => ({ uri, text })),
    { ...options, resolveImport },
  );
  const problems = diagnostics.map((d) => problemOf(d, file, parts));
  return {
    plans,
    errors: problems.filter((p) => p.severity === 'error'),
    warnings: problems.filter((p) => p.severity !== 'error'),
  };
}

function problemOf(d: LanguageDiagnostic, file: string, parts: readonly Part[]): Problem {
  const part = parts.find((p) => p.uri === d.uri);
  const where = part ? file : d.uri.startsWith('file:') ? path.relative('.', fileURLToPath(d.uri)) : d.uri;
  return {
    file: where,
    line: d.range.start.line + (part?.line ?? 0) + 1,
    column: d.range.start.character + 1,
    severity: d.severity,
    code: d.code,
    message: d.message,
  };
}

export const formatProblem = (p: Problem): string =>
  `${p.file}:${p.line}:${p.column}: ${p.severity} ${p.code} ${p.message}`;

function resolveImport(from: string, target: string): { uri: string; text: string } | null {
  if (!from.startsWith('file:')) return null;
  const file = path.resolve(path.dirname(fileURLToPath(from.replace(/#.*$/, ''))), target);
  try {
    return { uri: pathToFileURL(file).href, text: readFileSync(file, 'utf8') };
  } catch {
    return null;
  }
}

async function readStandardInput(): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of process.stdin) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

export const reasonOf = (error: unknown): string =>
  error instanceof Error
    ? error.message.replace(/^([A-Z]+): /, (_, code: string) => (code === 'ENOENT' ? '' : `${code}: `))
    : String(error);
