/** File ↔ cells without VS Code: what the language's own reader of notebooks gives, with the layout in each cell's metadata. */
import { parseNotebook, serializeNotebook, type CellLayout } from '../../language-server/language/notebook-markdown.ts';

export interface Cell {
  readonly kind: 'code' | 'prose';
  readonly language: string;
  readonly text: string;
  /** JSON: VS Code keeps it with the cell when the cell is moved, copied or edited. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

const LAYOUT = 'layout';

/** Throws on bytes that are no UTF-8: writing them back would damage the file. */
export function toCells(bytes: Uint8Array): Cell[] {
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Error('This file is not UTF-8 text. Reopen it in the text editor and save it with encoding UTF-8.');
  }
  return parseNotebook(text).map(({ kind, text, layout }) => ({
    kind,
    language: kind === 'code' ? 'refault' : 'markdown',
    text,
    metadata: { [LAYOUT]: layout },
  }));
}

export function fromCells(cells: readonly Cell[]): Uint8Array {
  const text = serializeNotebook(
    cells.map(({ kind, language, text, metadata }) => {
      // a code cell of another language is a fenced block of that language, and so prose to us
      if (kind === 'code' && language !== 'refault') return { kind: 'prose', text: fenced(text, language) };
      const layout = metadata[LAYOUT];
      return { kind, text, ...(isLayout(layout) ? { layout } : {}) };
    }),
  );
  return new TextEncoder().encode(text);
}

function fenced(text: string, language: string): string {
  let fence = '```';
  while (text.includes(fence)) fence += '`';
  return `${fence}${language}\n${text}\n${fence}`;
}

/** Metadata may come from elsewhere (other extensions, older versions): only what is whole is used. */
function isLayout(value: unknown): value is CellLayout {
  if (typeof value !== 'object' || value === null) return false;
  const { lead, raw, tail } = value as Partial<Record<keyof CellLayout, unknown>>;
  return typeof lead === 'string' && typeof raw === 'string' && (tail === undefined || typeof tail === 'string');
}
