/** What is wrong with a text, in the protocol's words, each with a page of its own. */
import type { Diagnostic, DocumentDiagnosticReport } from 'vscode-languageserver';
import { pageUri } from '../language/diagnostic-page.ts';
import type { LanguageDiagnostic } from '../language/index.ts';
import type { ProgramView } from '../workspace.ts';

const severities = { error: 1, warning: 2, hint: 4 } as const;
const UNNECESSARY = 1;

export const toDiagnostic = (d: LanguageDiagnostic): Diagnostic => ({
  range: d.range,
  severity: severities[d.severity],
  code: d.code,
  codeDescription: { href: pageUri(d.code) },
  source: 'refault',
  message: d.message,
  ...(d.code === 'N10' || d.code === 'R12' ? { tags: [UNNECESSARY] } : {}),
  ...(d.related
    ? { relatedInformation: d.related.map(({ uri, range, message }) => ({ location: { uri, range }, message })) }
    : {}),
});

export const diagnosticsOf = (view: ProgramView, uri: string): Diagnostic[] =>
  view.diagnostics.filter((d) => d.uri === uri).map(toDiagnostic);

/** Full, or `unchanged` when the client has these very ones. */
export function diagnosticReport(
  view: ProgramView,
  uri: string,
  previous: string | undefined,
): DocumentDiagnosticReport {
  const items = diagnosticsOf(view, uri);
  const resultId = hash(JSON.stringify(items));
  return resultId === previous ? { kind: 'unchanged', resultId } : { kind: 'full', resultId, items };
}

/** FNV-1a; equal texts are equal reports, and a clash would need two in four thousand million. */
function hash(text: string): string {
  let h = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  return `${(h >>> 0).toString(16)}-${text.length}`;
}
