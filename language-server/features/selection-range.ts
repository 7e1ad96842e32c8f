/** Growing a selection: word, expression, statement, block, text. */
import type { CstNode } from 'langium';
import type { SelectionRange } from 'vscode-languageserver';
import { rangeAt, type Range } from '../language/parser.ts';
import { leafAt, type PositionContext } from './context.ts';

export function selectionRange(context: PositionContext): SelectionRange {
  const { source } = context;
  const ranges: Range[] = [];
  const add = (range: Range): void => {
    const last = ranges.at(-1);
    const { start, end } = range;
    if (
      last &&
      last.start.line === start.line &&
      last.start.character === start.character &&
      last.end.line === end.line &&
      last.end.character === end.character
    )
      return;
    ranges.push(range);
  };
  let node: CstNode | undefined = leafAt(context);
  while (node) {
    if (node.length > 0) add(node.range);
    node = node.container;
  }
  add(rangeAt(source, 0, source.text.length));
  return ranges.reduceRight<SelectionRange | undefined>(
    (parent, range) => ({ range, ...(parent ? { parent } : {}) }),
    undefined,
  )!;
}
