/** Formatting of a text, a range, or what was just typed. */
import type { FormattingOptions, TextEdit } from 'vscode-languageserver';
import { formatEdits } from '../language/format.ts';
import type { Range } from '../language/index.ts';

export interface FormatRequest {
  readonly text: string;
  readonly options: Pick<FormattingOptions, 'insertSpaces' | 'tabSize'>;
  /** Cells end without a line break. */
  readonly isCell: boolean;
  readonly range?: Range;
}

export function formatting({ text, options, isCell, range }: FormatRequest): TextEdit[] {
  const indent = options.insertSpaces ? ' '.repeat(Math.min(Math.max(options.tabSize, 1), 16)) : '\t';
  const eol = /\r\n/.test(text) ? '\r\n' : '\n';
  const lines = text.split(/\r\n|\r|\n/);
  return formatEdits(text, { indent, finalNewline: !isCell && range === undefined })
    .filter(({ start, end }) => !range || (start <= range.end.line && Math.max(end - 1, start) >= range.start.line))
    .map(({ start, end, lines: replacement }): TextEdit => {
      // Whole lines with their breaks; the last line of the text has none.
      if (end < lines.length) {
        if (replacement.length === end - start && end - start === 1) {
          return {
            range: { start: { line: start, character: 0 }, end: { line: start, character: lines[start].length } },
            newText: replacement[0],
          };
        }
        return {
          range: { start: { line: start, character: 0 }, end: { line: end, character: 0 } },
          newText: replacement.map((l) => l + eol).join(''),
        };
      }
      const last = { line: lines.length - 1, character: lines.at(-1)!.length };
      if (start >= lines.length)
        return { range: { start: last, end: last }, newText: replacement.map((l) => eol + l).join('') };
      const from =
        start > 0 && replacement.length === 0
          ? { line: start - 1, character: lines[start - 1].length }
          : { line: start, character: 0 };
      return { range: { start: from, end: last }, newText: replacement.join(eol) };
    });
}

/** On `}` the line and its block, on a line break the line before. */
export function formattingOnType(request: FormatRequest, line: number, character: string): TextEdit[] {
  const from = character === '\n' ? Math.max(0, line - 1) : line;
  const range = { start: { line: from, character: 0 }, end: { line: from, character: Number.MAX_SAFE_INTEGER } };
  // Blank lines are left to whoever is typing.
  return formatting({ ...request, range }).filter(
    (e) => e.newText.trim() !== '' && e.range.start.line === e.range.end.line,
  );
}
