/** Where something was said, as plans and reports keep it. */
import type { AstNode } from 'langium';
import type { SourceSpan } from '../../simulator/plan.ts';
import type { Program } from './program.ts';
import { rangeOf } from './syntax.ts';

export const spanOfNode = (program: Program, node: AstNode): SourceSpan => {
  const { start, end } = rangeOf(node);
  return {
    uri: program.sourceOf(node).uri,
    line: start.line,
    column: start.character,
    endLine: end.line,
    endColumn: end.character,
  };
};
