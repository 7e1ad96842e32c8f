/** One access statement: what it touches, in which pattern, how much, how fast. */
import type { AccessStep, Amount, Pattern } from '../../simulator/plan.ts';
import { hitCost } from '../../simulator/tables/knobs.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import { duration, ONCE, plainAmount, timesAmount } from './amounts.ts';
import { reportLeftOver } from './complaints.ts';
import type { Access, Argument, Expression, Figure, RateArgument } from './generated/ast.ts';
import type { ObjectTable } from './objects.ts';
import { patternNamed, readPattern, takesMore } from './patterns.ts';
import { exactQuantity, formatQuantity, nearest } from './quantities.ts';
import { regionRef } from './regions.ts';
import { endOf, offsetOf, wordOf } from './syntax.ts';
import { patternRow, type PatternRow, patterns } from './tables.ts';
import { evaluateAs } from './knob-values.ts';
import { type Scope } from './values.ts';

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
          program.reporter.report(
            'V01',
            program.placeOf(arg.rate),
            {
              what: 'the rate',
              value: formatQuantity('rate', rate),
              range: 'at least 1 B/s',
              example: "'at 20 MB/s'",
            },
            { fixes: [program.replace(arg.rate, '20 MB/s', 'Change to 20 MB/s')] },
          );
        } else if (said.rate !== undefined) program.reporter.report('V10', program.placeOf(arg), { name: 'at' });
        else {
          said.rate = rate;
          checkPace(scope, arg, rate);
        }
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

/** Nobody is faster than the processor that copies for him. */
function checkPace(scope: Scope, arg: RateArgument, rate: number): void {
  const cost = scope.property(scope, hitCost.name, arg)?.value ?? 0;
  const most = cost > 0 ? (PAGE_SIZE * 1e9) / cost : Infinity;
  if (rate <= most) return;
  const { program } = scope;
  const { start } = program.placeOf(arg).range;
  const place = { uri: program.sourceOf(arg).uri, range: { start, end: program.placeOf(arg).range.end } };
  program.reporter.report(
    'F07',
    place,
    { rate: formatQuantity('rate', rate), most: formatQuantity('rate', most), cost: exactQuantity('time', cost) },
    { fixes: [{ title: 'Remove it: as fast as it goes', edits: [{ ...place, newText: '' }], preferred: true }] },
  );
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

/** Whether a `,` stands before argument `i`: what follows it is no parameter of the pattern. */
function separated(scope: Scope, node: Access, i: number): boolean {
  const arg = node.args[i];
  const last = node.args[i - 1];
  if (!arg || !last) return false;
  const between = scope.program.sourceOf(node).text.slice(endOf(last), offsetOf(arg));
  return between.includes(',');
}
