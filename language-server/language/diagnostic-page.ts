/**
 * The page of a diagnostic: written into docs/diagnostics/ for those who read on a forge, and made by the extension on the spot for those who
 * click a code in the editor. No web address: nothing has to be reachable.
 */
import { diagnostics, type DiagnosticRow } from '../../simulator/tables/diagnostics.ts';

/** Documents of this scheme are made by the extension (extension/client/diagnostic-pages.ts). */
export const PAGE_SCHEME = 'refault-docs';

export const pageUri = (code: string): string => `${PAGE_SCHEME}:/diagnostics/${code}.md`;

/** Markdown, one blank line between parts, a newline at the end. */
export function diagnosticPage(d: DiagnosticRow, note?: string): string {
  return `${[
    `# ${d.code}: ${d.title}`,
    ...(note ? [note] : []),
    `Severity: ${d.severity}`,
    `\`${d.message}\``,
    d.doc,
    ...(d.wrong ? ['Wrong:', fence(d.wrong)] : []),
    ...(d.right ? ['Right:', fence(d.right)] : []),
  ].join('\n\n')}\n`;
}

/** The page behind a path such as `/diagnostics/S01.md`, if there is such a code. */
export function pageAt(path: string): string | undefined {
  const row = diagnostics.find((d) => path === `/diagnostics/${d.code}.md`);
  return row && diagnosticPage(row);
}

const fence = (text: string): string => `\`\`\`refault\n${text}\n\`\`\``;
