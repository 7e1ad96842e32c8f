/** What a feature is asked about: a place in a text, and the program around it. Features are plain functions of it; they know no protocol. */
import { CstUtils, type AstNode, type LeafCstNode } from 'langium';
import type { Program } from '../language/program.ts';
import { offsetAt, rangeAt, type ParsedSource, type Position, type Range } from '../language/parser.ts';
import type { ProgramView } from '../workspace.ts';

export interface DocumentContext {
  readonly view: ProgramView;
  readonly program: Program;
  readonly uri: string;
  readonly source: ParsedSource;
}

export interface PositionContext extends DocumentContext {
  readonly position: Position;
  readonly offset: number;
}

export function documentContext(view: ProgramView, uri: string): DocumentContext | undefined {
  const source = view.program.sources.find((s) => s.uri === uri);
  return source && { view, program: view.program, uri, source };
}

export function positionContext(view: ProgramView, uri: string, position: Position): PositionContext | undefined {
  const context = documentContext(view, uri);
  return context && { ...context, position, offset: offsetAt(context.source, position) };
}

/** The token at a place, or the one that ends there. */
export function leafAt({ source, offset }: PositionContext): LeafCstNode | undefined {
  const root = source.ast.$cstNode;
  if (!root) return undefined;
  const word = CstUtils.findDeclarationNodeAtOffset(root, offset, /[\w.%"\-\u00b5-\uffff]/);
  return word ?? CstUtils.findLeafNodeAtOffset(root, offset);
}

export const rangeOfLeaf = ({ source }: DocumentContext, leaf: LeafCstNode): Range =>
  rangeAt(source, leaf.offset, leaf.end);

export function ancestor(node: AstNode | undefined, type: string): AstNode | undefined {
  let at = node;
  while (at && at.$type !== type) at = at.$container;
  return at;
}
