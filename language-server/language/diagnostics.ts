/** Collects what is wrong with a program: each mistake once, at most one a line, worst first. */
import { diagnosticRows, type DiagnosticCode } from '../../simulator/tables/diagnostics.ts';
import type { Range } from './parser.ts';

export interface TextEdit {
  readonly uri: string;
  readonly range: Range;
  readonly newText: string;
}

/** A way out that needs no thinking: offered as a quick fix. */
export interface Fix {
  readonly title: string;
  readonly edits: readonly TextEdit[];
  readonly preferred?: boolean;
}

export interface LanguageDiagnostic {
  readonly uri: string;
  readonly range: Range;
  readonly severity: 'error' | 'warning' | 'hint';
  /** Row of simulator/tables/diagnostics.ts. */
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly related?: readonly { readonly uri: string; readonly range: Range; readonly message: string }[];
  readonly fixes?: readonly Fix[];
}

export interface Place {
  readonly uri: string;
  readonly range: Range;
}

/** Other text in a place. */
export const rewrite = (place: Place, newText: string, title: string, preferred = false): Fix => ({
  title,
  edits: [{ ...place, newText }],
  ...(preferred ? { preferred: true } : {}),
});

const LAYOUT: ReadonlySet<DiagnosticCode> = new Set(['S02', 'S03', 'S04', 'S05', 'S08', 'S09', 'S12']);

export class Reporter {
  readonly #found = new Map<string, LanguageDiagnostic>();
  #errors = 0;

  /** Number of errors so far: compare before and after to know whether something went wrong in between. */
  get errors(): number {
    return this.#errors;
  }

  report(
    code: DiagnosticCode,
    at: Place,
    params: Readonly<Record<string, string | number>> = {},
    more: Pick<LanguageDiagnostic, 'related' | 'fixes'> = {},
  ): void {
    const row = diagnosticRows[code];
    if (row.severity === 'error') this.#errors++;
    const key = `${at.uri} ${at.range.start.line}:${at.range.start.character} ${code}`;
    if (this.#found.has(key)) return;
    const message = row.message.replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? ''));
    this.#found.set(key, { ...at, severity: row.severity, code, message, ...more });
  }

  /** In the order of the text; of several on one line the worst, then the first. */
  diagnostics(order: readonly string[]): LanguageDiagnostic[] {
    const rank = { error: 0, warning: 1, hint: 2 };
    const place = new Map(order.map((uri, i) => [uri, i]));
    const all = [...this.#found.values()].sort(
      (a, b) =>
        (place.get(a.uri) ?? order.length) - (place.get(b.uri) ?? order.length) ||
        a.range.start.line - b.range.start.line ||
        rank[a.severity] - rank[b.severity] ||
        // Broken layout before meaning: the second often follows from the first.
        Number(LAYOUT.has(b.code)) - Number(LAYOUT.has(a.code)) ||
        a.range.start.character - b.range.start.character,
    );
    return all.filter(
      (d, i) => i === 0 || d.uri !== all[i - 1].uri || d.range.start.line !== all[i - 1].range.start.line,
    );
  }
}
