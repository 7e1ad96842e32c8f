/** Parts of files and memory: `db[0 .. 38 MiB]`. */
import type { RegionRef } from '../../simulator/plan.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import type { Expression, Region } from './generated/ast.ts';
import type { ObjectTable } from './objects.ts';
import { exactQuantity } from './quantities.ts';
import { textOf } from './syntax.ts';
import { convert } from './knob-values.ts';
import { evaluate, type Scope } from './values.ts';

/** `db`, `db[0 .. 38 MiB]`, `db[10% .. 20%]`: whole pages, so the first is rounded down and the end up. */
export function regionRef(scope: Scope, objects: ObjectTable, region: Region): RegionRef | null {
  return regionBytes(scope, objects, region)?.target ?? null;
}

/** The same with its bounds as written, where they are no whole pages. Both ends may be one where `empty` is allowed. */
export function regionBytes(
  scope: Scope,
  objects: ObjectTable,
  region: Region,
  empty = false,
): { readonly target: RegionRef; readonly bytes?: { readonly start: number; readonly end: number } } | null {
  const { program } = scope;
  const found = objects.reference(scope, region.name);
  if (!found) return null;
  const { object, pages, name } = found;
  const { range } = region;
  if (!range) return { target: { object, start: 0, pages } };
  if (!range.closed) {
    program.reporter.report(
      'S07',
      program.placeAfter(range),
      { what: "'['", part: "its ']'", example: `'${name}[0 .. 16 MiB]'` },
      { fixes: [program.insertAfter(range, ']', "Add ']'")] },
    );
    return null;
  }
  if (!range.dots) {
    program.reporter.report('S07', program.placeOf(range), {
      what: 'a range',
      part: "two ends with '..' between them",
      example: `'${name}[0 .. 16 MiB]'`,
    });
    return null;
  }
  const size = pages * PAGE_SIZE;
  const at = (expression: Expression | undefined, otherwise: number): number | null => {
    if (!expression) return otherwise;
    const value = evaluate(scope, expression);
    if (!value) return null;
    if (value.dimension === 'share') return (value.value * size) / 1e6;
    if (value.dimension === 'number' && value.value === 0) return 0;
    return convert(scope, expression, value, 'bytes', `an end of the range of '${name}'`, '16 MiB');
  };
  const from = at(range.from, 0);
  const to = at(range.to, size);
  if (from === null || to === null) return null;
  const start = Math.floor(from / PAGE_SIZE);
  const end = Math.ceil(to / PAGE_SIZE);
  if (start < 0 || end > pages || from > to || (from === to && !empty)) {
    program.reporter.report('V05', program.placeOf(range), {
      text: textOf(range),
      name,
      size: exactQuantity('bytes', size),
      remedy:
        from >= to && end <= pages
          ? 'the first end must be smaller than the second'
          : `end it at '${exactQuantity('bytes', size)}' or before`,
    });
    return null;
  }
  const target = { object, start: Math.min(start, pages - 1), pages: Math.max(1, end - start) };
  const whole = from < to && start * PAGE_SIZE === from && end * PAGE_SIZE === to;
  return whole ? { target } : { target, bytes: { start: Math.round(from), end: Math.round(to) } };
}
