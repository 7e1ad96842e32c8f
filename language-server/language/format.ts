/**
 * The formatter: indentation by blocks, one space between words, quantities as `64 MiB`, `20%`, `400k`. Only white space changes, and never so
 * that a token becomes another: formatting twice changes nothing more, and the program stays the same.
 */
import { unitByName } from '../../simulator/tables/units.ts';
import { parseSource, rawTokens } from './parser.ts';

export interface FormatOptions {
  /** One level of indentation. */
  readonly indent?: string;
  /** A file ends with a line break; a cell does not. */
  readonly finalNewline?: boolean;
}

/** Lines `start` to `end` (exclusive) of the text become `lines`. */
export interface LineEdit {
  readonly start: number;
  readonly end: number;
  readonly lines: readonly string[];
}

type Token = ReturnType<typeof rawTokens>[number];

/** Replacements of whole lines, in order, none for lines that stay. */
export function formatEdits(text: string, options: FormatOptions = {}): LineEdit[] {
  const lines = text.split(/\r\n|\r|\n/);
  const byLine: Token[][] = lines.map(() => []);
  for (const t of rawTokens(text)) if (t.tokenType.name !== 'NL') byLine[t.startLine! - 1].push(t);

  const formatted = lines.map(() => '');
  const indent = options.indent ?? '  ';
  // Where braces are out of balance, the indentation tells what was meant: it stays.
  const broken = parseSource('', text).layout.some(({ code }) => code === 'S02' || code === 'S03' || code === 'S04');
  let depth = 0;
  byLine.forEach((tokens, i) => {
    if (tokens.length === 0) return;
    let leading = 0;
    while (tokens[leading]?.image === '}') leading++;
    const level = Math.max(0, depth - leading);
    formatted[i] =
      (broken ? lines[i].slice(0, tokens[0].startColumn! - 1) : indent.repeat(level)) + lineOf(tokens, text);
    for (const t of tokens) {
      if (t.image === '{') depth++;
      else if (t.image === '}') depth = Math.max(0, depth - 1);
    }
  });
  return edits(lines, formatted, options.finalNewline ?? true);
}

/** The whole text, formatted. */
export function formatText(text: string, options: FormatOptions = {}): string {
  const eol = /\r\n/.test(text) ? '\r\n' : '\n';
  const lines = text.split(/\r\n|\r|\n/);
  for (const { start, end, lines: replacement } of formatEdits(text, options).reverse())
    lines.splice(start, end - start, ...replacement);
  return lines.join(eol);
}

function edits(lines: readonly string[], formatted: readonly string[], finalNewline: boolean): LineEdit[] {
  const found: LineEdit[] = [];
  const blank = (i: number): boolean => formatted[i] === '';
  let i = 0;
  while (i < lines.length) {
    if (!blank(i)) {
      if (formatted[i] !== lines[i]) found.push({ start: i, end: i + 1, lines: [formatted[i]] });
      i++;
      continue;
    }
    let end = i;
    while (end < lines.length && blank(end)) end++;
    const before = i > 0 ? formatted[i - 1] : null;
    const after = end < lines.length ? formatted[end] : null;
    // One blank line may stay between statements; none at the ends of a block or of the text.
    let keep = before !== null && after !== null && !before.endsWith('{') && !after.startsWith('}') ? 1 : 0;
    if (after === null && before !== null && finalNewline) keep = 1;
    if (end - i !== keep || (keep === 1 && lines[i] !== ''))
      found.push({ start: i, end, lines: Array<string>(keep).fill('') });
    i = end;
  }
  if (finalNewline && lines.length > 0 && !blank(lines.length - 1))
    found.push({ start: lines.length, end: lines.length, lines: [''] });
  return found;
}

function lineOf(tokens: readonly Token[], text: string): string {
  let out = '';
  tokens.forEach((token, i) => {
    const before = tokens[i - 1];
    if (before) out += gap(tokens, i, before, token, text);
    out += token.tokenType.name === 'COMMENT' ? token.image.trimEnd() : token.image;
  });
  return out;
}

const OPERATORS = new Set(['+', '*', '/', '<', '<=', '==', '!=', '>=', '>', '..']);

/** The white space between two neighbours on a line. */
function gap(tokens: readonly Token[], i: number, before: Token, token: Token, text: string): string {
  const original = text.slice(before.endOffset! + 1, token.startOffset);
  const tight = original === '';
  const a = before.image;
  const b = token.image;
  if (token.tokenType.name === 'COMMENT') return original.length > 2 && !original.includes('\t') ? original : '  ';
  if (before.tokenType.name === 'JUNK' || token.tokenType.name === 'JUNK') return tight ? '' : ' ';
  if (b === ',' || b === ';' || b === ')' || b === ']') return '';
  if (a === '(' || a === '[') return '';
  if (a === '{' || b === '}') return a === '{' && b === '}' ? '' : ' ';
  if (b === '{' || a === '}') return ' ';
  if (a === ',' || a === ';') return ' ';
  if (b === '[') return before.tokenType.name === 'NAME' ? '' : ' ';
  if (b === '(') return tight ? '' : ' ';
  if (b === ':' || a === ':') return colon(tokens, b === ':', tight);
  // `bind=static:0-1` is one word to a kernel reader; `let x = 1` is a sentence.
  if (a === '=' || b === '=') return tight && touching(tokens, i, text) ? '' : ' ';
  if (OPERATORS.has(a) || OPERATORS.has(b)) return ' ';
  if (a === '-') return isPrefix(tokens, i - 1) && tight ? '' : ' ';
  if (before.tokenType.name === 'NUMBER') {
    const unit = b === '%' ? 'share' : unitByName(b)?.dimension;
    if (unit === 'share' || unit === 'number') return '';
    if (unit) return ' ';
    return tight && token.tokenType.name === 'NAME' ? '' : ' ';
  }
  if (b === '%') return tight ? '' : ' ';
  return tight && fuses(before, token) ? '' : ' ';
}

/** A colon after `compare reclaim` or the labels of `expect` has a space behind it; in kernel words it has none. */
function colon(tokens: readonly Token[], isColon: boolean, tight: boolean): string {
  const sentence = tokens.some((t) => t.image === 'compare' || t.image === 'expect' || t.image === 'sweep');
  if (isColon) return sentence || tight ? '' : ' ';
  return sentence || !tight ? ' ' : '';
}

/** Whether the `=` at or before `i` touches both its neighbours. */
function touching(tokens: readonly Token[], i: number, text: string): boolean {
  const at = tokens[i].image === '=' ? i : i - 1;
  const left = tokens[at - 1];
  const right = tokens[at + 1];
  return (
    left !== undefined &&
    right !== undefined &&
    isWord(left) &&
    isWord(right) &&
    text.slice(left.endOffset! + 1, tokens[at].startOffset) === '' &&
    text.slice(tokens[at].endOffset! + 1, right.startOffset) === ''
  );
}

const isWord = (t: Token): boolean => /^[\w\u00b5-\uffff]/.test(t.image);

function isPrefix(tokens: readonly Token[], i: number): boolean {
  const before = tokens[i - 1];
  return (
    !before ||
    ['(', '[', ',', '=', ':', '+', '-', '*', '/', '{', ';', '..', '<', '<=', '==', '!=', '>=', '>'].includes(
      before.image,
    )
  );
}

/** Neighbours without space that were two tokens anyway, such as `"a""b"`: leave them. */
const fuses = (before: Token, token: Token): boolean =>
  before.tokenType.name === 'TEXT' && token.tokenType.name === 'TEXT';
