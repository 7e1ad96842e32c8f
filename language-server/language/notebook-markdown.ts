/**
 * `name.refault.md`: a Markdown file whose fenced `refault` blocks are cells and whose prose is prose. What a cell's text does not say (blank
 * lines around it, the fence, line ends) is kept beside it, so that cells that were not touched are written back byte for byte.
 *
 * Only fences at the start of a line, outside of other fences and of HTML comments, make cells; indented ones and those of other languages
 * are prose. Neighbouring prose cells are kept apart by a line `<!-- cell -->`.
 */

export interface CellLayout {
  /** What stands between the cell before and this one: the end of its last line, blank lines, `<!-- cell -->`. */
  readonly lead: string;
  /** The cell as it stands in the file: fences and original line ends included. */
  readonly raw: string;
  /** What stands behind the last cell of the file. */
  readonly tail?: string;
}

export interface NotebookCell {
  readonly kind: 'code' | 'prose';
  /** Without fences, with plain newlines, without blank lines around prose. */
  readonly text: string;
  /** Line of the file on which `text` begins, counted from 0. */
  readonly line: number;
  readonly layout: CellLayout;
}

const MARKER = /^ {0,3}<!-- cell -->[ \t]*$/;
const BLANK = /^[ \t\ufeff]*$/;
const FENCE = /^( {0,3})(`{3,}(?!.*`)|~{3,})(.*)$/;
const CELL_INFO = /^[ \t]*refault(?![\w-])/;

interface Line {
  readonly text: string;
  readonly eol: string;
}

function linesOf(text: string): Line[] {
  const lines: Line[] = [];
  const ends = /\r\n|\n|\r/g;
  let start = 0;
  for (let m = ends.exec(text); m; m = ends.exec(text)) {
    lines.push({ text: text.slice(start, m.index), eol: m[0] });
    start = ends.lastIndex;
  }
  if (start < text.length) lines.push({ text: text.slice(start), eol: '' });
  return lines;
}

const closes = (line: string, fence: string): boolean => {
  const m = /^ {0,3}(`{3,}|~{3,})[ \t]*$/.exec(line);
  return m !== null && m[1][0] === fence[0] && m[1].length >= fence.length;
};

/** Which construct, opened by lines so far, swallows the lines after it. */
type Open = { readonly fence: string } | { readonly tag: string } | null;

/** Whether `line` opens something that makes what follows it neither cells nor separators. */
function opens(line: string): Open {
  const fence = FENCE.exec(line);
  if (fence) return { fence: fence[2] };
  if (/^ {0,3}<!--/.test(line) && !/-->/.test(line)) return { tag: '-->' };
  const raw = /^ {0,3}<(pre|script|style|textarea)(?=[\s>]|$)/i.exec(line);
  if (raw && !line.toLowerCase().includes(`</${raw[1].toLowerCase()}>`)) return { tag: `</${raw[1].toLowerCase()}>` };
  return null;
}

const ends = (line: string, open: NonNullable<Open>): boolean =>
  'fence' in open ? closes(line, open.fence) : line.toLowerCase().includes(open.tag);

/** What lines leave open at their end. */
function leftOpen(lines: readonly string[]): Open {
  let open: Open = null;
  for (const line of lines) {
    if (open) {
      if (ends(line, open)) open = null;
    } else open = opens(line);
  }
  return open;
}

export function parseNotebook(file: string): NotebookCell[] {
  const mark = file.startsWith('\ufeff') ? '\ufeff' : '';
  const text = file.slice(mark.length);
  const lines = linesOf(text);
  const cells: NotebookCell[] = [];
  let lead = mark;
  let prose: { line: Line; at: number }[] = [];
  let markers = 0;

  /** The prose since the last cell or marker, if it is more than blank lines. */
  const flushProse = (): void => {
    let first = 0;
    let last = prose.length;
    while (first < last && BLANK.test(prose[first].line.text)) first++;
    while (last > first && BLANK.test(prose[last - 1].line.text)) last--;
    const blank = (from: number, to: number): string =>
      prose
        .slice(from, to)
        .map((p) => p.line.text + p.line.eol)
        .join('');
    if (first < last) {
      const body = prose.slice(first, last);
      lead += blank(0, first);
      const end = body.at(-1)!.line;
      const raw = body
        .map((p) => p.line.text + p.line.eol)
        .join('')
        .slice(0, -end.eol.length || undefined);
      cells.push({
        kind: 'prose',
        text: body.map((p) => p.line.text).join('\n'),
        line: body[0].at,
        layout: { lead, raw },
      });
      lead = end.eol + blank(last, prose.length);
    } else if (markers > 0) {
      // Behind a marker there is a cell, be it empty.
      const at = prose[0]?.at ?? lines.length;
      const eol = /(\r\n|\n|\r)?$/.exec(lead)![0];
      cells.push({
        kind: 'prose',
        text: '',
        line: at,
        layout: { lead: lead.slice(0, lead.length - eol.length), raw: '' },
      });
      lead = eol + blank(0, prose.length);
    } else lead += blank(0, prose.length);
    prose = [];
  };

  let open: Open = null;
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    if (open) {
      prose.push({ line, at: i });
      if (ends(line.text, open)) open = null;
      continue;
    }
    const fence = FENCE.exec(line.text);
    if (fence && fence[1] === '' && CELL_INFO.test(fence[3])) {
      flushProse();
      markers = 0;
      let end = i + 1;
      while (end < lines.length && !closes(lines[end].text, fence[2])) end++;
      const closed = end < lines.length;
      const content = lines.slice(i + 1, end);
      const body = lines.slice(i, closed ? end + 1 : end);
      const lastEol = body.at(-1)!.eol;
      const raw = body
        .map((l) => l.text + l.eol)
        .join('')
        .slice(0, -lastEol.length || undefined);
      cells.push({ kind: 'code', text: content.map((l) => l.text).join('\n'), line: i + 1, layout: { lead, raw } });
      lead = lastEol;
      i = closed ? end : end - 1;
      continue;
    }
    if (MARKER.test(line.text)) {
      flushProse();
      markers++;
      lead += line.text + line.eol;
      continue;
    }
    prose.push({ line, at: i });
    open = opens(line.text);
  }
  flushProse();
  const last = cells.at(-1);
  if (last) cells[cells.length - 1] = { ...last, layout: { ...last.layout, tail: lead } };
  else if (lead !== '') cells.push({ kind: 'prose', text: '', line: 0, layout: { lead, raw: '', tail: '' } });
  return cells;
}

/** The file that shows these cells. Cells from `parseNotebook` whose text is unchanged are written as they stood. */
export function serializeNotebook(
  cells: readonly { readonly kind: 'code' | 'prose'; readonly text: string; readonly layout?: CellLayout }[],
): string {
  const eol = cells.some((c) => c.layout && /\r\n/.test(c.layout.lead + c.layout.raw + (c.layout.tail ?? '')))
    ? '\r\n'
    : '\n';
  let out = '';
  cells.forEach((cell, i) => {
    const before = cells[i - 1];
    const last = i === cells.length - 1;
    const text = cell.text.replace(/\r\n?/g, '\n');
    const lead = leadOf(cell, before, text, cells.length === 1, eol);
    out += lead + bodyOf(cell, text, last, eol);
    if (last) out += tailOf(cell, lead, eol);
  });
  return out;
}

type Writable = Parameters<typeof serializeNotebook>[0][number];

function leadOf(cell: Writable, before: Writable | undefined, text: string, only: boolean, eol: string): string {
  const empty = cell.kind === 'prose' && proseText(text) === '';
  const needsMarker = cell.kind === 'prose' && (before?.kind === 'prose' || empty);
  const kept = cell.layout?.lead;
  if (kept !== undefined) {
    const lines = linesOf(before ? kept : kept.replace(/^\ufeff/, ''));
    if (only && empty && lines.every((l) => BLANK.test(l.text))) return kept;
    // Behind another cell, the first line end belongs to that cell's last line; behind the marker of an empty cell comes that of the next.
    const own = before ? lines.slice(1) : lines;
    const ended = before ? lines[0]?.text === '' && lines[0].eol !== '' : true;
    const markers = own.filter((l) => MARKER.test(l.text)).length;
    const clean = own.every(
      (l, i) => (BLANK.test(l.text) || MARKER.test(l.text)) && (l.eol === '') === (empty && i === own.length - 1),
    );
    const fits = cell.kind === 'prose' ? markers <= 1 && markers >= Number(needsMarker) : markers === 0;
    if (ended && clean && fits && (!empty || MARKER.test(own.at(-1)!.text))) return kept;
  }
  const marker = needsMarker ? `<!-- cell -->${empty ? '' : eol + eol}` : '';
  return before ? eol + eol + marker : empty ? marker : '';
}

/** Blank lines around prose say nothing. */
const proseText = (text: string): string => {
  const lines = text.split('\n');
  while (lines.length > 0 && BLANK.test(lines[0])) lines.shift();
  while (lines.length > 0 && BLANK.test(lines.at(-1)!)) lines.pop();
  return lines.join('\n');
};

function bodyOf(cell: Writable, text: string, last: boolean, eol: string): string {
  const kept = cell.layout?.raw;
  if (cell.kind === 'prose') {
    const lines = proseText(text).split('\n');
    const open = last ? null : leftOpen(lines);
    // What prose leaves open would swallow the cells behind it.
    if (open) lines.push('fence' in open ? open.fence : open.tag);
    if (
      kept !== undefined &&
      !open &&
      linesOf(kept)
        .map((l) => l.text)
        .join('\n') === lines.join('\n') &&
      !/[\r\n]$/.test(kept)
    )
      return kept;
    return lines.join(eol);
  }
  const head = kept === undefined ? null : FENCE.exec(linesOf(kept)[0]?.text ?? '');
  if (kept !== undefined && head) {
    const [again, ...more] = parseNotebook(`${kept}\r\n`);
    const closed = closes(linesOf(kept).at(-1)!.text, head[2]) && linesOf(kept).length > 1;
    if (
      again?.kind === 'code' &&
      more.length === 0 &&
      again.text === text &&
      again.layout.raw === kept &&
      (closed || last)
    )
      return kept;
  }
  let fence = head?.[2] ?? '```';
  const lines = text === '' ? [] : text.split('\n');
  while (lines.some((line) => closes(line, fence))) fence += fence[0];
  return [`${fence}${head?.[3] ?? 'refault'}`, ...lines, fence].join(eol);
}

function tailOf(cell: Writable, lead: string, eol: string): string {
  const tail = cell.layout?.tail;
  if (tail !== undefined && linesOf(tail).every((l) => BLANK.test(l.text)) && (tail === '' || /^[\r\n]/.test(tail)))
    return tail;
  return cell.kind === 'prose' && cell.text === '' && lead === '' ? '' : eol;
}
