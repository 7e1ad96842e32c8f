/** Small notes in the text: sizes in pages, values of expressions, how many values a sweep and how many points a run has. */
import { AstUtils, type AstNode } from 'langium';
import type { InlayHint } from 'vscode-languageserver';
import type {
  Anon,
  Expression,
  FileDeclaration,
  Let,
  Machine,
  Property,
  Quantity,
  Run,
  Sweep,
  Sysctl,
} from '../language/generated/ast.ts';
import { exactQuantity, formatQuantity, pagesText } from '../language/quantities.ts';
import type { Range } from '../language/index.ts';
import type { Program } from '../language/program.ts';
import { scopeFor } from '../language/scenarios.ts';
import { rangeOf } from '../language/syntax.ts';
import { propertyValue } from '../language/targets.ts';
import { dirtyBackgroundRatio, dirtyRatio, memory as memoryKnob } from '../../simulator/tables/knobs.ts';
import { unitByName } from '../../simulator/tables/units.ts';
import { sweepValues } from '../language/sweeps.ts';
import type { DocumentContext } from './context.ts';
import { valueOf } from './hover.ts';
import { placementHints } from './placement.ts';

const hint = (node: AstNode, label: string, tooltip: string): InlayHint => ({
  position: rangeOf(node).end,
  label,
  tooltip,
  paddingLeft: true,
  kind: 1,
});

export function inlayHints(context: DocumentContext, range: Range): InlayHint[] {
  const found: InlayHint[] = placementHints(context, range);
  const { source, program } = context;
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
          const least = shareOf(program, item, node as Property);
          if (least) found.push(least);
          break;
        }
        case 'Sysctl': {
          const { name, value } = node as Sysctl;
          const least = name && value && limitOf(program, item, name.text, value);
          if (least) found.push(least);
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

/** At most so much: what is available is less than memory, and gets less while a run goes on. */
const atMost = (node: AstNode, bytes: number, tooltip: string): InlayHint =>
  hint(node, `≤ ${formatQuantity('bytes', bytes)}`, tooltip);

const itemsUpTo = (program: Program, item: AstNode): readonly AstNode[] =>
  program.items.slice(0, program.items.findIndex((i) => i.item === item) + 1).map((i) => i.item);

/** Memory of the machine that counts for an item. */
function memoryBefore(program: Program, item: AstNode): number {
  const machine = (itemsUpTo(program, item).findLast((i) => i.$type === 'Machine') as Machine | undefined) ?? null;
  return propertyValue(scopeFor(program.quiet(), machine), memoryKnob.name, item)?.value ?? Number(memoryKnob.default);
}

/** The most that may be dirty there: a number of bytes, or a share of all memory. */
function mostDirty(program: Program, item: AstNode): number {
  const set = (name: string): number | undefined => {
    const last = itemsUpTo(program, item).findLast((i) => i.$type === 'Sysctl' && (i as Sysctl).name?.text === name);
    const { value } = (last ?? {}) as Partial<Sysctl>;
    return value && valueOf(program, value)?.value;
  };
  const ratio = set('vm.dirty_ratio') ?? Number(dirtyRatio.default);
  return set('vm.dirty_bytes') || (memoryBefore(program, item) * ratio) / 100;
}

/** `sysctl vm.dirty_ratio 20`: of what is available. */
function limitOf(program: Program, item: AstNode, name: string, value: Expression): InlayHint | null {
  if (name !== dirtyRatio.name && name !== dirtyBackgroundRatio.name) return null;
  const percent = valueOf(program, value);
  if (percent?.dimension !== 'number' || !(percent.value > 0 && percent.value <= 100)) return null;
  const most = (memoryBefore(program, item) * percent.value) / 100;
  return atMost(value, most, 'Of all memory; the kernel takes the share of what is available, which is less');
}

/** `max_ratio 1%`: of the limit on dirty memory. */
function shareOf(program: Program, item: AstNode, property: Property): InlayHint | null {
  if (item.$type !== 'Fuse' || !/^(max|min)_ratio$/.test(property.name.text)) return null;
  const [value] = property.values;
  const share = value && valueOf(program, value);
  if (share?.dimension !== 'share' || share.value <= 0) return null;
  const most = (mostDirty(program, item) * share.value) / 1e6;
  return atMost(
    value,
    most,
    'Of the limit on dirty memory, if all memory were available and all writing were to this mount',
  );
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
