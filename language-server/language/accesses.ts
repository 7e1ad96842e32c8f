/** One access statement: what it touches, in which pattern, how much, how fast. */
import type { AccessStep, Amount, MixStep, Pattern, RegionRef } from '../../simulator/plan.ts';
import { unitByName } from '../../simulator/tables/units.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import type { Access, Argument, Expression, Figure, Reference, Region, Weighted } from './generated/ast.ts';
import { reportLeftOver } from './complaints.ts';
import type { ObjectTable } from './objects.ts';
import { exactQuantity, formatQuantity, nearest } from './quantities.ts';
import { endOf, offsetOf, textOf, wordOf } from './syntax.ts';
import { patternRow, patterns, type PatternRow } from './tables.ts';
import { convert, evaluate, evaluateAs, type Scope } from './values.ts';

/** Largest number of passes or accesses: beyond it doubles are not exact. */
const MAX_COUNT = Number.MAX_SAFE_INTEGER;

const ONCE: Amount = { kind: 'passes', count: 1 };

/** `null`: something is wrong with it, and has been reported. */
export function accessStep(scope: Scope, objects: ObjectTable, node: Access): AccessStep | null {
  const { program } = scope;
  if (!node.target) {
    program.reporter.report('S07', program.placeAfter(node), {
      what: `'${node.verb}'`,
      part: 'a file or anonymous memory',
      example: `'${node.verb} db sequentially once'`,
    });
    return null;
  }
  reportLeftOver(
    program,
    node.rest,
    "a ',' separates pattern, amount and rate; a ';' or a new line ends the statement",
  );
  const before = program.reporter.errors;
  const target = regionRef(scope, objects, node.target);
  const said = readArguments(scope, node);
  if (!target || program.reporter.errors > before) return null;
  return {
    kind: 'access',
    verb: node.verb,
    target,
    pattern: said.pattern ?? { kind: 'sequential' },
    amount: said.amount ?? ONCE,
    ...(said.rate === undefined ? {} : { rate: said.rate }),
    ...(said.think === undefined ? {} : { think: said.think }),
    source: objects.span(node),
  };
}

interface Said {
  pattern?: Pattern;
  amount?: Amount;
  rate?: number;
  think?: number;
}

function readArguments(scope: Scope, node: Access): Said {
  const { program } = scope;
  const said: Said = {};
  let row: PatternRow | undefined;
  /** Figures that stand behind the name of the pattern and are its parameters. */
  let parameters: Figure[] = [];
  let patternAt: Expression | undefined;
  /** The pattern is misspelt: what follows it may be its parameters. */
  let unknown = false;

  const finish = (): void => {
    if (row && patternAt) {
      const pattern = readPattern(scope, row, parameters, patternAt);
      if (pattern) said.pattern = pattern;
    }
    parameters = [];
  };
  const amountIs = (amount: Amount | null, at: Argument): void => {
    if (amount === null) return;
    if (said.amount) program.reporter.report('V10', program.placeOf(at), { name: 'amount' });
    else said.amount = amount;
  };

  node.args.forEach((arg, i) => {
    switch (arg.$type) {
      case 'OnceArgument':
        amountIs(ONCE, arg);
        return;
      case 'ForArgument': {
        const time = timeOf(scope, arg.time, arg, "'for'", 'for 10 s');
        if (time !== null) amountIs({ kind: 'time', time }, arg);
        return;
      }
      case 'RateArgument': {
        if (!arg.rate) {
          program.reporter.report('S07', program.placeAfter(arg), {
            what: "'at'",
            part: 'a rate',
            example: "'at 20 MB/s'",
          });
          return;
        }
        const rate = evaluateAs(scope, arg.rate, 'rate', "the rate behind 'at'", '20 MB/s');
        if (rate === null) return;
        if (!(rate >= 1)) {
          program.reporter.report('V01', program.placeOf(arg.rate), {
            what: 'the rate',
            value: formatQuantity('rate', rate),
            range: 'at least 1 B/s',
            example: "'at 20 MB/s'",
          });
        } else if (said.rate !== undefined) program.reporter.report('V10', program.placeOf(arg), { name: 'at' });
        else said.rate = rate;
        return;
      }
      case 'ThinkArgument': {
        const time = timeOf(scope, arg.time, arg, "'every'", 'every 25 us');
        if (time === null) return;
        if (said.think !== undefined) program.reporter.report('V10', program.placeOf(arg), { name: 'every' });
        else said.think = time;
        return;
      }
      case 'Figure': {
        const named = patternNamed(arg.value);
        if (named && !arg.times && !arg.part) {
          if (row) {
            program.reporter.report('V10', program.placeOf(arg), { name: `pattern '${row.name}'` });
            return;
          }
          row = patternRow(named.name);
          patternAt = arg.value;
          if (named.reference.call)
            parameters = named.reference.args.map(
              (value) => ({ $type: 'Figure', value, part: false, times: false }) as unknown as Figure,
            );
          return;
        }
        if (arg.times) {
          amountIs(timesAmount(scope, arg, row), arg);
          return;
        }
        if (unknown && !separated(scope, node, i)) return;
        if (row && !separated(scope, node, i) && takesMore(row, parameters)) {
          parameters.push(arg);
          return;
        }
        if (!row && wordOf(arg.value) && !scope.program.symbols.has(wordOf(arg.value)!.text)) {
          const word = wordOf(arg.value)!;
          const meant = nearest(word.text, [...patterns.map((p) => p.name), 'once']);
          program.reporter.report(
            'N08',
            program.placeOf(word),
            {
              name: word.text,
              hint: meant ? `: did you mean '${meant}'?` : `: there are ${patterns.map((p) => p.name).join(', ')}`,
            },
            meant ? { fixes: [program.replace(word, meant, `Change to '${meant}'`)] } : {},
          );
          row = patternRow('sequentially');
          unknown = true;
          return;
        }
        amountIs(plainAmount(scope, arg, row), arg);
        return;
      }
      default:
    }
  });
  finish();
  return said;
}

function timeOf(
  scope: Scope,
  expression: Expression | undefined,
  at: Argument,
  what: string,
  example: string,
): number | null {
  const { program } = scope;
  if (!expression) {
    program.reporter.report('S07', program.placeAfter(at), { what, part: 'a time', example: `'${example}'` });
    return null;
  }
  return duration(scope, expression, `the time behind ${what}`, example);
}

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

function patternNamed(expression: Expression): { name: string; reference: Reference } | undefined {
  if (expression.$type !== 'Reference') return undefined;
  const reference = expression;
  return patternRow(reference.name.text) ? { name: reference.name.text, reference } : undefined;
}

/** Whether a `,` stands before argument `i`: what follows it is no parameter of the pattern. */
function separated(scope: Scope, node: Access, i: number): boolean {
  const arg = node.args[i];
  const last = node.args[i - 1];
  if (!arg || !last) return false;
  const between = scope.program.sourceOf(node).text.slice(endOf(last), offsetOf(arg));
  return between.includes(',');
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

const takesMore = (row: PatternRow, parameters: readonly Figure[]): boolean => parameters.length < MOST[row.kind];

function readPattern(scope: Scope, row: PatternRow, parameters: readonly Figure[], at: Expression): Pattern | null {
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

function timesAmount(scope: Scope, figure: Figure, row: PatternRow | undefined): Amount | null {
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
function plainAmount(scope: Scope, figure: Figure, row: PatternRow | undefined): Amount | null {
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

/** `db`, `db[0 .. 38 MiB]`, `db[10% .. 20%]`: whole pages, so the first is rounded down and the end up. */
export function regionRef(scope: Scope, objects: ObjectTable, region: Region): RegionRef | null {
  const { program } = scope;
  const found = objects.reference(scope, region.name);
  if (!found) return null;
  const { object, pages, name } = found;
  const { range } = region;
  if (!range) return { object, start: 0, pages };
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
  if (start < 0 || end > pages || start >= end) {
    program.reporter.report('V05', program.placeOf(range), {
      text: textOf(range),
      name,
      size: exactQuantity('bytes', size),
      remedy:
        start >= end && end <= pages
          ? 'the first end must be smaller than the second'
          : `end it at '${exactQuantity('bytes', size)}' or before`,
    });
    return null;
  }
  return { object, start, pages: end - start };
}

/** The arguments of an access that say how much. */
const amountsIn = (node: Access): Argument[] =>
  node.args.filter(
    (a) =>
      a.$type === 'OnceArgument' ||
      a.$type === 'ForArgument' ||
      (a.$type === 'Figure' &&
        (a.times ||
          (a.value.$type === 'Quantity' &&
            unitByName(a.value.unit?.text ?? '')?.dimension === 'bytes' &&
            !isStride(node, a)))),
  );

/** Whether a size is the distance of a stride rather than an amount. */
const isStride = (node: Access, figure: Figure): boolean => {
  const before = node.args[node.args.indexOf(figure) - 1];
  return before?.$type === 'Figure' && wordOf(before.value)?.text === 'stride';
};

/** Neighbouring weighted accesses: one mixture. */
export function mixStep(
  scope: Scope,
  objects: ObjectTable,
  nodes: readonly Weighted[],
  amount: Amount | null,
): MixStep | null {
  const { program } = scope;
  const before = program.reporter.errors;
  const parts: MixStep['parts'][number][] = [];
  let sum = 0;
  for (const node of nodes) {
    const weight = evaluateAs(scope, node.weight, 'share', 'the weight of an access in a mixture', '50%');
    if (!node.access) {
      program.reporter.report('S07', program.placeAfter(node.weight), {
        what: `'${textOf(node.weight)}'`,
        part: 'an access',
        example: `'${textOf(node.weight)} read db uniform'`,
      });
      continue;
    }
    reportLeftOver(program, node.rest, "a ';' or a new line ends the statement");
    const access = accessStep(scope, objects, node.access);
    if (weight === null || !access) continue;
    if (weight <= 0 || weight > 1_000_000) {
      program.reporter.report('V01', program.placeOf(node.weight), {
        what: 'the weight',
        value: formatQuantity('share', weight),
        range: 'above 0% and at most 100%',
        example: "'50%'",
      });
      continue;
    }
    sum += weight;
    parts.push({ weight: Math.round(weight), access });
  }
  const first = nodes[0];
  if (program.reporter.errors > before) return null;
  // Thirds cannot be written exactly: 33.3333 % three times is meant as a whole.
  if (Math.abs(sum - 1_000_000) > 100) {
    const last = nodes.at(-1)!;
    const rest = 1_000_000 - (sum - parts.at(-1)!.weight);
    const fix =
      rest > 0 && last.weight.$type === 'Quantity'
        ? { fixes: [program.replace(last.weight, exactQuantity('share', rest))] }
        : {};
    program.reporter.report(
      'V09',
      program.placeOf(first.weight),
      {
        sum: formatQuantity('share', sum),
        remedy: rest > 0 ? `give the last one '${formatQuantity('share', rest)}'` : 'make them smaller',
      },
      fix,
    );
    return null;
  }
  const written = nodes.flatMap((node) => (node.access ? amountsIn(node.access) : []));
  const extra = written[amount === null ? 1 : 0];
  if (extra) {
    program.reporter.report('S01', program.placeOf(extra), {
      found: textOf(extra),
      remedy:
        amount === null
          ? 'one amount counts for the whole mixture'
          : 'the block around says how long the mixture lasts',
    });
    return null;
  }
  const own = nodes.findIndex((node) => node.access && amountsIn(node.access).length > 0);
  const total = amount ?? parts[own]?.access.amount;
  if (!total) {
    program.reporter.report('R02', program.placeOf(first), {
      what: 'this mixture',
      remedy: "put it in 'for 20 s { … }' or 'for 1M times { … }'",
    });
    return null;
  }
  return { kind: 'mix', parts, amount: total, source: objects.span(first) };
}
