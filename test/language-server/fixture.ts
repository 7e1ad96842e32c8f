/**
 * Programs for feature tests: a `|` marks the cursor, a line `--- name` begins another cell, which then has the uri `cell:name`.
 */
import assert from 'node:assert/strict';
import { positionContext, type PositionContext } from '../../language-server/features/context.ts';
import { compileSources, type Position } from '../../language-server/language/index.ts';
import { positionAt } from '../../language-server/language/parser.ts';
import type { ProgramView } from '../../language-server/workspace.ts';

export interface Fixture {
  readonly view: ProgramView;
  readonly uri: string;
  readonly position: Position;
  readonly context: PositionContext;
  readonly texts: ReadonlyMap<string, string>;
}

export function fixture(text: string): Fixture {
  const cells = new Map<string, string>();
  let name = 'test:';
  for (const part of text.split(/^(--- .*\n)/m)) {
    const begin = /^--- (.*)\n$/.exec(part);
    if (begin) name = `cell:${begin[1]}`;
    else if (part !== '' || !text.startsWith('---')) cells.set(name, part);
  }
  let uri: string | undefined;
  let position: Position = { line: 0, character: 0 };
  for (const [key, value] of cells) {
    const at = value.indexOf('|');
    if (at < 0) continue;
    uri = key;
    const clean = value.slice(0, at) + value.slice(at + 1);
    cells.set(key, clean);
    position = positionAt({ lineStarts: [...clean.matchAll(/^/gm)].map((m) => m.index) }, at);
  }
  const key = uri ?? [...cells.keys()][0];
  const view: ProgramView = {
    key,
    ...compileSources(
      [...cells].map(([uri, text]) => ({ uri, text })),
      { checkOnly: true },
    ),
  };
  const context = positionContext(view, key, position);
  assert.ok(context);
  return { view, uri: key, position, context, texts: cells };
}

interface Edit {
  readonly range: { readonly start: Position; readonly end: Position };
  readonly newText: string;
}

/** The text after edits that do not overlap. */
export function apply(text: string, edits: readonly Edit[]): string {
  const starts = [...text.matchAll(/^/gm)].map((m) => m.index);
  const offset = ({ line, character }: Position): number =>
    line < starts.length ? Math.min(starts[line] + character, text.length) : text.length;
  return [...edits]
    .sort((a, b) => offset(b.range.start) - offset(a.range.start))
    .reduce((t, { range, newText }) => t.slice(0, offset(range.start)) + newText + t.slice(offset(range.end)), text);
}
