/** Small notes in the text: sizes in pages, values of expressions, how many values a sweep and how many points a run has. */
import { AstUtils, type AstNode } from 'langium';
import type { InlayHint } from 'vscode-languageserver';
import type {
  Anon,
  Expression,
  FileDeclaration,
  Let,
  Property,
  Quantity,
  Run,
  Sweep,
} from '../language/generated/ast.ts';
import { exactQuantity, pagesText } from '../language/quantities.ts';
import type { Range } from '../language/index.ts';
import { rangeOf } from '../language/syntax.ts';
import { unitByName } from '../../simulator/tables/units.ts';
import { sweepValues } from '../language/sweeps.ts';
import type { DocumentContext } from './context.ts';
import { valueOf } from './hover.ts';

const hint = (node: AstNode, label: string, tooltip: string): InlayHint => ({
  position: rangeOf(node).end,
  label,
  tooltip,
  paddingLeft: true,
  kind: 1,
});

export function inlayHints({ source, program }: DocumentContext, range: Range): InlayHint[] {
  const found: InlayHint[] = [];
  const pages = (expression: Expression | undefined): void => {
    const value = expression && valueOf(program, expression);
    if (value?.dimension !== 'bytes' || value.value < 4096) return;
    if (
      expression!.$type === 'Quantity' &&
      unitByName((expression as Quantity).unit?.text ?? '')?.name.startsWith('page')
    )
      return;
    found.push(hint(expression!, `= ${pagesText(value.value)}`, 'Base pages of 4 KiB'));
  };
  for (const item of source.ast.items) {
    const span = rangeOf(item);
    if (span.end.line < range.start.line || span.start.line > range.end.line) continue;
    for (const node of AstUtils.streamAst(item)) {
      switch (node.$type) {
        case 'FileDeclaration':
        case 'Anon':
          pages((node as FileDeclaration | Anon).size);
          break;
        case 'Property': {
          const [first] = (node as Property).values;
          if ((node as Property).values.length === 1) pages(first);
          break;
        }
        case 'Let': {
          const { value } = node as Let;
          const worth = value && value.$type !== 'Quantity' ? valueOf(program, value) : null;
          if (worth)
            found.push(
              hint(
                value!,
                `= ${exactQuantity(worth.dimension, worth.dimension === 'number' ? worth.value : Math.round(worth.value))}`,
                'Worked out anew at each point of a sweep',
              ),
            );
          break;
        }
        case 'Sweep': {
          const count = sweepValues(program, node as Sweep);
          if (count > 1) found.push(hint(node, `${count} values`, 'Both ends included'));
          break;
        }
        case 'Run': {
          const count = pointsOf(node as Run, (sweep) => sweepValues(program, sweep));
          if (count > 1)
            found.push({
              ...hint((node as Run).title ?? node, `${count} points`, 'compare and sweep multiply'),
              position: headEnd(node as Run),
            });
          break;
        }
        default:
      }
    }
  }
  return found.filter(({ position }) => position.line >= range.start.line && position.line <= range.end.line);
}

function headEnd(run: Run) {
  const { start, end } = rangeOf(run.title ?? run);
  return run.title ? end : { line: start.line, character: start.character + 3 };
}

function pointsOf(run: Run, values: (sweep: Sweep) => number): number {
  let count = 1;
  for (const clause of run.block?.clauses ?? []) {
    if (clause.$type === 'Compare') count *= Math.max(1, clause.values.length);
    else if (clause.$type === 'Sweep') count *= Math.max(1, values(clause));
  }
  return count;
}
