/** Access patterns: which figures belong to one, and what they say. */
import type { Pattern } from '../../simulator/plan.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import type { Expression, Figure, Reference } from './generated/ast.ts';
import { formatQuantity } from './quantities.ts';
import { wordOf } from './syntax.ts';
import { patternRow, type PatternRow } from './tables.ts';
import { evaluateAs } from './knob-values.ts';
import { type Scope } from './values.ts';

export function patternNamed(expression: Expression): { name: string; reference: Reference } | undefined {
  if (expression.$type !== 'Reference') return undefined;
  const reference = expression;
  return patternRow(reference.name.text) ? { name: reference.name.text, reference } : undefined;
}

/** How many figures and words a pattern takes. `gaussian mean 50% deviation 10%` is four. */
const MOST: Readonly<Record<PatternRow['kind'], number>> = {
  sequential: 0,
  stride: 1,
  uniform: 0,
  zipf: 1,
  'hot-cold': 2,
  gaussian: 4,
  stream: 0,
};

export const takesMore = (row: PatternRow, parameters: readonly Figure[]): boolean =>
  parameters.length < MOST[row.kind];

export function readPattern(
  scope: Scope,
  row: PatternRow,
  parameters: readonly Figure[],
  at: Expression,
): Pattern | null {
  const { program } = scope;
  const bad = (problem: string, place: Expression | Figure = at): null => {
    program.reporter.report('V12', program.placeOf(place), {
      pattern: row.name,
      problem,
      example: `'${row.example.split(',')[0].replace(/^\w+ \w+ /, '')}'`,
    });
    return null;
  };
  const shareOf = (figure: Figure | undefined, what: string): number | null =>
    figure ? ranged(scope, figure.value, 'share', `${what} of '${row.name}'`, '10%', 0, 1_000_000) : null;

  switch (row.kind) {
    case 'sequential':
    case 'uniform':
    case 'stream':
      return { kind: row.kind };
    case 'stride': {
      const [size] = parameters;
      if (!size) return bad('needs the distance from one page to the next');
      const bytes = evaluateAs(scope, size.value, 'bytes', "the distance of 'stride'", '64 KiB');
      if (bytes === null) return null;
      if (bytes < PAGE_SIZE || bytes % PAGE_SIZE !== 0)
        return bad(
          `has a distance of ${formatQuantity('bytes', bytes)}, which is no multiple of a page (4 KiB)`,
          size.value,
        );
      return { kind: 'stride', pages: bytes / PAGE_SIZE };
    }
    case 'zipf': {
      const [s] = parameters;
      if (!s) return bad('needs its exponent');
      const value = ranged(scope, s.value, 'number', "the exponent of 'zipf'", '1.0', 0, 64);
      return value === null ? null : { kind: 'zipf', s: value };
    }
    case 'hot-cold': {
      const pages =
        parameters.find((p) => p.what?.text === 'pages') ??
        (parameters.every((p) => !p.part) ? parameters[0] : undefined);
      const accesses =
        parameters.find((p) => p.what?.text === 'accesses') ??
        (parameters.every((p) => !p.part) ? parameters[1] : undefined);
      if (!pages || !accesses) return bad('needs a share of pages and a share of accesses');
      const odd = parameters.find((p) => p !== pages && p !== accesses);
      if (odd) return bad('takes a share of pages and a share of accesses, nothing else', odd);
      const share = shareOf(pages, 'the share of pages');
      const hits = shareOf(accesses, 'the share of accesses');
      return share === null || hits === null ? null : { kind: 'hot-cold', share, accesses: hits };
    }
    case 'gaussian': {
      const names = parameters.map((p) => wordOf(p.value)?.text);
      const named = (name: string): Figure | undefined =>
        names.includes(name) ? parameters[names.indexOf(name) + 1] : undefined;
      const plain = names.every((n) => n !== 'mean' && n !== 'deviation');
      if (plain && parameters.length > 2) return bad('takes a mean and a deviation, nothing else', parameters[2]);
      const mean = named('mean') ?? (plain ? parameters[0] : undefined);
      const deviation = named('deviation') ?? (plain ? parameters[1] : undefined);
      if (!mean || !deviation) return bad('needs a mean and a deviation, as shares of the region');
      const m = shareOf(mean, 'the mean');
      const d = shareOf(deviation, 'the deviation');
      return m === null || d === null ? null : { kind: 'gaussian', mean: m, deviation: d };
    }
  }
}

function ranged(
  scope: Scope,
  at: Expression,
  dimension: 'share' | 'number',
  what: string,
  example: string,
  min: number,
  max: number,
): number | null {
  const value = evaluateAs(scope, at, dimension, what, example);
  if (value === null) return null;
  if (value >= min && value <= max) return dimension === 'share' ? Math.round(value) : value;
  const range = `from ${formatQuantity(dimension, min)} to ${formatQuantity(dimension, max)}`;
  scope.program.reporter.report('V01', scope.program.placeOf(at), {
    what,
    value: formatQuantity(dimension, value),
    range,
    example: `'${example}'`,
  });
  return null;
}
