/** Small questions to the syntax tree: where a node stands, what it says. */
import type { AstNode } from 'langium';
import type { Expression, Loose, Word } from './generated/ast.ts';
import type { Range } from './parser.ts';

const NOWHERE: Range = { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } };

export const rangeOf = (node: AstNode): Range => node.$cstNode?.range ?? NOWHERE;
export const offsetOf = (node: AstNode): number => node.$cstNode?.offset ?? 0;
export const endOf = (node: AstNode): number => node.$cstNode?.end ?? 0;
/** As written, comments and breaks included. */
export const textOf = (node: AstNode): string => node.$cstNode?.text ?? '';

export function rootOf(node: AstNode): AstNode {
  let at = node;
  while (at.$container) at = at.$container;
  return at;
}

/** The top-level item that a node is part of. */
export function itemOf(node: AstNode): AstNode {
  let at = node;
  while (at.$container && at.$container.$type !== 'Program') at = at.$container;
  return at;
}

/** From the start of the first node to the end of the last. */
export function spanOf(nodes: readonly AstNode[]): Range {
  const first = nodes[0];
  const last = nodes.at(-1);
  return first && last ? { start: rangeOf(first).start, end: rangeOf(last).end } : NOWHERE;
}

/** What is left over, as one piece of text. */
export const looseText = (words: readonly Loose[]): string => words.map((w) => w.text).join(' ');

/** The content of `"…"`, escapes undone; a missing closing quote has been reported by then. */
export function unquoted(text: string): string {
  const inner = /^"((?:\\.|[^"\\])*)/s.exec(text)?.[1] ?? text;
  return inner.replace(/\\(.)/gs, '$1');
}

export const quoted = (text: string): string => `"${text.replace(/["\\]/g, '\\$&')}"`;

/** A bare word: `classic`, `on`, `sqrt`. */
export function wordOf(expression: Expression | undefined): Word | undefined {
  if (expression?.$type !== 'Reference') return undefined;
  const reference = expression;
  return !reference.call && !reference.part ? reference.name : undefined;
}
