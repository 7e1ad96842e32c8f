/** Links: imported files and traces. */
import type { DocumentLink } from 'vscode-languageserver';
import { rangeOf, unquoted } from '../language/syntax.ts';
import { importUri } from '../workspace.ts';
import type { DocumentContext } from './context.ts';

export function documentLinks({ source, view }: DocumentContext): DocumentLink[] {
  return source.ast.items.flatMap((item) => {
    if ((item.$type !== 'Import' && item.$type !== 'Trace') || !item.path) return [];
    const target = importUri(view.key, unquoted(item.path.text));
    const { start, end } = rangeOf(item.path);
    const closed = item.path.text.endsWith('"') ? 1 : 0;
    const range = {
      start: { line: start.line, character: start.character + 1 },
      end: { line: end.line, character: end.character - closed },
    };
    return target
      ? [{ range, target, tooltip: item.$type === 'Import' ? 'Open the imported file' : 'Open the trace' }]
      : [];
  });
}
