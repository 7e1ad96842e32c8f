/** How much and how long: counts, times, sizes of accesses. */
import type { Amount } from '../../simulator/plan.ts';
import type { Expression, Figure } from './generated/ast.ts';
import { formatQuantity } from './quantities.ts';
import { textOf } from './syntax.ts';
import type { PatternRow } from './tables.ts';
import { evaluate, type Scope } from './values.ts';
import { evaluateAs } from './knob-values.ts';

/** Largest number of passes or accesses: beyond it doubles are not exact. */
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

export const ONCE: Amount = { kind: 'passes', count: 1 };

/** A time of at least a nanosecond that a run can last. */
export function duration(
  scope: Scope,
  expression: Expression,
  what: string,
  example: string,
  least = 1,
): number | null {
  const value = evaluateAs(scope, expression, 'time', what, example);
  if (value === null) return null;
  const time = Math.round(value);
  if (time < least || time > MAX_COUNT) {
    scope.program.reporter.report('V01', scope.program.placeOf(expression), {
      what,
      value: formatQuantity('time', value),
      range: `from ${least} ns to 104 days`,
      example: `'${example}'`,
    });
    return null;
  }
  return time;
}

export function timesAmount(scope: Scope, figure: Figure, row: PatternRow | undefined): Amount | null {
  const count = wholeCount(scope, figure.value, "the number before 'times'");
  if (count === null) return null;
  return !row || row.kind === 'sequential' ? { kind: 'passes', count } : { kind: 'accesses', count };
}

export function wholeCount(scope: Scope, expression: Expression, what: string): number | null {
  const value = evaluateAs(scope, expression, 'number', what, '4');
  if (value === null) return null;
  const { program } = scope;
  const place = program.placeOf(expression);
  // 0.1 * 30 is 3 to a reader.
  const count = Math.abs(value - Math.round(value)) < 1e-9 * Math.max(1, value) ? Math.round(value) : value;
  if (!Number.isInteger(count)) {
    const near = String(Math.max(1, Math.round(count)));
    program.reporter.report('V02', place, { what, value: formatQuantity('number', count), example: `'${near} times'` });
    return null;
  }
  if (count < 1 || count > MAX_COUNT) {
    program.reporter.report('V01', place, {
      what,
      value: formatQuantity('number', count),
      range: 'from 1 to 9007199254740991',
      example: "'4 times'",
    });
    return null;
  }
  return count;
}

/** A figure without `times`: a size is an amount of bytes; a count lacks its word. */
export function plainAmount(scope: Scope, figure: Figure, row: PatternRow | undefined): Amount | null {
  const { program } = scope;
  const value = evaluate(scope, figure.value);
  if (!value) return null;
  const written = textOf(figure.value);
  const place = program.placeOf(figure);
  if (figure.part) {
    program.reporter.report('S01', place, {
      found: textOf(figure),
      remedy: "shares 'of pages' and 'of accesses' belong to 'hot-cold'",
    });
    return null;
  }
  switch (value.dimension) {
    case 'number':
      program.reporter.report(
        'S07',
        place,
        { what: `'${written}'`, part: 'a word that says what it counts', example: `'${written} times'` },
        { fixes: [program.insertAfter(figure, ' times', `Write '${written} times'`)] },
      );
      return null;
    case 'time':
      program.reporter.report(
        'S01',
        place,
        { found: written, remedy: `for a time write 'for ${written}'` },
        { fixes: [program.replace(figure, `for ${written}`)] },
      );
      return null;
    case 'rate':
      program.reporter.report(
        'S01',
        place,
        { found: written, remedy: `for a rate write 'at ${written}'` },
        { fixes: [program.replace(figure, `at ${written}`)] },
      );
      return null;
    case 'share':
      program.reporter.report('S01', place, {
        found: written,
        remedy: row ? `'${row.name}' takes no share` : "a share belongs to 'hot-cold', or in front of a statement",
      });
      return null;
    case 'bytes': {
      const bytes = Math.round(value.value);
      if (bytes >= 1 && bytes <= MAX_COUNT) return { kind: 'bytes', bytes };
      program.reporter.report('V01', place, {
        what: 'the amount',
        value: formatQuantity('bytes', value.value),
        range: 'at least 1 B',
        example: "'64 MiB'",
      });
      return null;
    }
  }
}
