/** What can be folded: blocks, runs of comment lines, regions marked by `#region` and `#endregion`. */
import type { FoldingRange } from 'vscode-languageserver';
import { rawTokens } from '../language/parser.ts';
import type { DocumentContext } from './context.ts';

export function foldingRanges({ source }: DocumentContext): FoldingRange[] {
  const found: FoldingRange[] = [];
  const open: number[] = [];
  const regions: number[] = [];
  let comments: { start: number; end: number } | null = null;
  const endComments = (): void => {
    if (comments && comments.end > comments.start)
      found.push({ startLine: comments.start, endLine: comments.end, kind: 'comment' });
    comments = null;
  };
  let lastLine = -1;
  for (const t of rawTokens(source.text)) {
    const line = t.startLine! - 1;
    if (t.tokenType.name === 'NL') continue;
    const alone = line !== lastLine;
    lastLine = line;
    if (t.tokenType.name === 'COMMENT') {
      if (/^#\s*region\b/.test(t.image)) regions.push(line);
      else if (/^#\s*endregion\b/.test(t.image)) {
        const start = regions.pop();
        if (start !== undefined && line > start) found.push({ startLine: start, endLine: line, kind: 'region' });
      }
      if (alone && comments && (comments as { end: number }).end === line - 1) (comments as { end: number }).end = line;
      else {
        endComments();
        if (alone) comments = { start: line, end: line };
      }
      continue;
    }
    if (alone) endComments();
    if (t.image === '{') open.push(line);
    else if (t.image === '}') {
      const start = open.pop();
      if (start !== undefined && line > start) found.push({ startLine: start, endLine: line - 1 });
    }
  }
  endComments();
  return found.sort((a, b) => a.startLine - b.startLine || a.endLine - b.endLine);
}
