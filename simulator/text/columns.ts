/** Columns of text for terminals: widths counted in cells, numbers to the right, colour only where it is wanted. */

export type Paint = (text: string, colour: Colour) => string;

export type Colour = 'bold' | 'dim' | 'good' | 'bad' | 'warn' | number;

/** Hues of the chart palette's slots as a terminal has them; the neutral slot is dim. */
const SLOTS = [94, 33, 32, 35, 31, 36, 39];

export const painter = (colour: boolean): Paint => {
  if (!colour) return (text) => text;
  return (text, which) => {
    if (text === '') return text;
    const code =
      typeof which === 'number'
        ? which < 0
          ? 90
          : SLOTS[which % SLOTS.length]
        : { bold: 1, dim: 2, good: 32, bad: 31, warn: 33 }[which];
    return `\u001b[${code}m${text}\u001b[0m`;
  };
};

/** Cells that `text` takes: colour codes take none, East Asian wide characters and emoji take two. */
export function cellWidth(text: string): number {
  let width = 0;

  for (const char of text.replace(/\u001b\[[0-9;]*m/g, '')) {
    const code = char.codePointAt(0) ?? 0;
    const combining = (code >= 0x300 && code <= 0x36f) || code === 0x200d || (code >= 0xfe00 && code <= 0xfe0f);
    const wide =
      (code >= 0x1100 && code <= 0x115f) ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xfe30 && code <= 0xfe6f) ||
      (code >= 0xff00 && code <= 0xff60) ||
      (code >= 0x1f300 && code <= 0x1faff) ||
      (code >= 0x20000 && code <= 0x3fffd);
    width += combining ? 0 : wide ? 2 : 1;
  }
  return width;
}

export const padEnd = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - cellWidth(text)));
export const padStart = (text: string, width: number): string =>
  ' '.repeat(Math.max(0, width - cellWidth(text))) + text;

/** Cuts to `width` cells with an ellipsis. */
export function clip(text: string, width: number): string {
  if (cellWidth(text) <= width) return text;
  let out = '';
  for (const char of text) {
    if (cellWidth(out + char) > width - 1) break;
    out += char;
  }
  return out + '…';
}

/** Breaks at spaces so that lines fit `width`; continuation lines are indented. */
export function wrap(text: string, width: number, indent = ''): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    const next = line === '' ? word : `${line} ${word}`;
    if (line !== '' && cellWidth(next) > width) {
      lines.push(line);
      line = indent + word;
    } else line = next;
  }
  lines.push(line);
  return lines;
}

export interface Column {
  readonly title: string;
  readonly align: 'left' | 'right';
}

/** Lines of an aligned table under a ruled heading. */
export function alignedTable(columns: readonly Column[], rows: readonly (readonly string[])[], paint: Paint): string[] {
  const widths = columns.map((column, i) =>
    Math.max(cellWidth(column.title), ...rows.map((row) => cellWidth(row[i] ?? ''))),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, i) => (columns[i].align === 'left' ? padEnd(cell, widths[i]) : padStart(cell, widths[i])))
      .join('  ')
      .trimEnd();
  const heading = line(columns.map((c) => c.title));
  const rule = widths.map((w) => '─'.repeat(w)).join('  ');
  return [paint(heading, 'bold'), paint(rule, 'dim'), ...rows.map(line)];
}
