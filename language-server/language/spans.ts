/** Where something was said, as plans and reports keep it. */
import type { AstNode } from 'langium';
import type { SourceSpan } from '../../simulator/plan.ts';
import type { Place } from './diagnostics.ts';
import type { Program } from './program.ts';

export const spanOfPlace = ({ uri, range: { start, end } }: Place): SourceSpan => ({
  uri,
  line: start.line,
  column: start.character,
  endLine: end.line,
  endColumn: end.character,
});

export const placeOfSpan = ({ uri, line, column, endLine, endColumn }: SourceSpan): Place => ({
  uri,
  range: { start: { line, character: column }, end: { line: endLine, character: endColumn } },
});

export const spanOfNode = (program: Program, node: AstNode): SourceSpan => spanOfPlace(program.placeOf(node));
