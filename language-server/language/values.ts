/** Values and arithmetic: what an expression is worth at one point of an experiment, and whether it fits where it stands. */
import type { AstNode } from 'langium';
import type { VariantChoice } from '../../simulator/plan.ts';
import { type Dimension, dimensions, unitByName, units } from '../../simulator/tables/units.ts';
import type { Binary, Expression, Group, Let, Machine, Negation, Quantity, Reference } from './generated/ast.ts';
import { aKind, type LanguageSymbol, type Program } from './program.ts';
import type { Place } from './diagnostics.ts';
import { nearest } from './quantities.ts';
import { textOf } from './syntax.ts';

/** A quantity in the base unit of its dimension. */
export interface Value {
  readonly dimension: Dimension;
  readonly value: number;
}

/** What one point of an experiment puts in the place of what the text says, by key (see targets.ts). */
export type Override =
  /** `place`: where the value is written, if it is written. */
  | { readonly value: number | string | boolean; readonly place?: Place }
  /** A choice with what goes with it: `counter 256` sets two properties. */
  | { readonly values: Readonly<Record<string, number | string>> }
  | { readonly quantity: Value }
  | { readonly variant: VariantChoice };

/** Everything the meaning of an expression depends on. */
export interface Scope {
  readonly program: Program;
  readonly overrides: ReadonlyMap<string, Override>;
  /** The machine that bare `memory` means; `null`: the default one. */
  readonly machine: Machine | null;
  /** Looks up `server.memory` and the like; set by targets.ts, which knows what has properties. */
  readonly property: (scope: Scope, name: string, at: AstNode) => Value | null | undefined;
  /** `let` names being worked out, to notice circles; and those known. */
  readonly evaluating: string[];
  readonly known: Map<string, Value | null>;
}

export const letKey = (name: string): string => `let ${name}`;

/** `null`: something is wrong with it, and has been reported. */
export function evaluate(scope: Scope, expression: Expression): Value | null {
  switch (expression.$type) {
    case 'Quantity':
      return quantity(scope, expression);
    case 'Group':
      return group(scope, expression);
    case 'Negation':
      return negation(scope, expression);
    case 'Binary':
      return binary(scope, expression);
    case 'Reference':
      return reference(scope, expression);
    case 'NodeList':
      scope.program.reporter.report('V03', scope.program.placeOf(expression), {
        what: `'${expression.text}'`,
        problem: 'is a list of nodes',
        remedy: `to subtract, put spaces around the minus: '${expression.text.replace('-', ' - ')}'`,
      });
      return null;
    case 'Text':
      scope.program.reporter.report('V03', scope.program.placeOf(expression), {
        what: expression.text,
        problem: 'is a text',
        remedy: 'write a number with its unit, without quotes',
      });
      return null;
    default:
      return null;
  }
}

function quantity({ program }: Scope, node: Quantity): Value | null {
  const number = Number(node.number.replaceAll('_', ''));
  if (!Number.isFinite(number)) {
    program.reporter.report('V03', program.placeOf(node), {
      what: `'${node.number}'`,
      problem: 'is too big a number',
      remedy: 'the largest that can be held is 1.8e308',
    });
    return null;
  }
  if (!node.unit) return { dimension: 'number', value: number };
  const unit = unitByName(node.unit.text);
  if (!unit) {
    if (node.unit.text === 'and' || node.unit.text === 'or') {
      program.reporter.report('S01', program.placeOf(node.unit), {
        found: node.unit.text,
        remedy: "conditions are not joined; write one 'expect' for each",
      });
      return null;
    }
    const meant = unitMeant(node.unit.text);
    program.reporter.report(
      'U02',
      program.placeOf(node.unit),
      {
        unit: node.unit.text,
        hint: meant
          ? `: did you mean '${meant}'?`
          : ': sizes have KiB, MiB, GiB or pages, times us, ms or s, counts k or M',
      },
      meant ? { fixes: [program.replace(node.unit, meant, `Change to '${meant}'`)] } : {},
    );
    return null;
  }
  return finite(program, node, { dimension: unit.dimension, value: number * unit.factor });
}

const alike: Readonly<Record<string, string>> = {
  kib: 'KiB', mib: 'MiB', gib: 'GiB', tib: 'TiB', kb: 'kB', mb: 'MB', gb: 'GB', tb: 'TB', bytes: 'B', byte: 'B', b: 'B',
  sec: 's', secs: 's', second: 's', seconds: 's', msec: 'ms', usec: 'us', nsec: 'ns', minute: 'min', minutes: 'min', hour: 'h', hours: 'h',
  percent: '%', m: 'M', g: 'G', thousand: 'k', million: 'M', ki: 'KiB', mi: 'MiB', gi: 'GiB', ti: 'TiB', 'kb/s': 'kB/s', 'mb/s': 'MB/s', 'gb/s': 'GB/s',
}; // prettier-ignore

const unitMeant = (typed: string): string | undefined =>
  alike[typed.toLowerCase()] ??
  nearest(
    typed,
    units.filter((u) => !u.insteadOf).map((u) => u.name),
  );

function group(scope: Scope, node: Group): Value | null {
  if (!node.closed) {
    scope.program.reporter.report('S07', scope.program.placeOf(node), {
      what: "'('",
      part: "its ')'",
      example: `'${textOf(node)})'`,
    });
  }
  if (node.value) return evaluate(scope, node.value);
  scope.program.reporter.report('S07', scope.program.placeOf(node), {
    what: "'()'",
    part: 'a value',
    example: "'(0.6 * memory)'",
  });
  return null;
}

function negation(scope: Scope, node: Negation): Value | null {
  if (!node.operand) {
    scope.program.reporter.report('S11', scope.program.placeOf(node), {
      found: '-',
      side: 'right',
      remedy: 'add a value',
    });
    return null;
  }
  const value = evaluate(scope, node.operand);
  return value && { ...value, value: -value.value };
}

function binary(scope: Scope, node: Binary): Value | null {
  const { program } = scope;
  const left = evaluate(scope, node.left);
  if (!node.right) {
    program.reporter.report('S11', program.placeOf(node), {
      found: node.operator,
      side: 'right',
      remedy: 'add a value, or remove it',
    });
    return null;
  }
  const right = evaluate(scope, node.right);
  if (!left || !right) return null;
  const joined = join(node.operator, left, right);
  if (typeof joined === 'string') {
    program.reporter.report('U04', program.placeOf(node), {
      left: dimensions[left.dimension].noun,
      right: dimensions[right.dimension].noun,
      op: node.operator,
      remedy: joined,
    });
    return null;
  }
  return finite(program, node, joined);
}

/** The result, or what to do instead. */
function join(op: Binary['operator'], a: Value, b: Value): Value | string {
  const of = (dimension: Dimension, value: number): Value => ({ dimension, value });
  const x = a.dimension;
  const y = b.dimension;
  if (op === '+' || op === '-') {
    if (x === y) return of(x, op === '+' ? a.value + b.value : a.value - b.value);
    return x === 'number' || y === 'number'
      ? `give both the same unit, for example '${dimensions[x === 'number' ? y : x].example}'`
      : 'give both units of the same kind';
  }
  if (op === '*') {
    if (x === 'number') return of(y, a.value * b.value);
    if (y === 'number') return of(x, a.value * b.value);
    if (x === 'share') return of(y, (a.value * b.value) / 1e6);
    if (y === 'share') return of(x, (a.value * b.value) / 1e6);
    if ((x === 'rate' && y === 'time') || (x === 'time' && y === 'rate')) return of('bytes', (a.value * b.value) / 1e9);
    return 'one of the two must be a plain number or a share';
  }
  if (x === y) return of('number', a.value / b.value);
  if (y === 'number') return of(x, a.value / b.value);
  if (y === 'share') return of(x, (a.value * 1e6) / b.value);
  if (x === 'bytes' && y === 'time') return of('rate', (a.value * 1e9) / b.value);
  if (x === 'bytes' && y === 'rate') return of('time', (a.value * 1e9) / b.value);
  return 'divide by a plain number or by a quantity of the same kind';
}

function finite(program: Program, node: AstNode, value: Value): Value | null {
  if (Number.isFinite(value.value)) return value;
  const zero = Number.isNaN(value.value) || (node.$type === 'Binary' && (node as Binary).operator === '/');
  program.reporter.report('V03', program.placeOf(node), {
    what: `'${textOf(node)}'`,
    problem: zero ? 'divides by zero' : 'is too big a number',
    remedy: zero ? 'divide by something that is not 0' : 'choose a smaller one',
  });
  return null;
}

function reference(scope: Scope, node: Reference): Value | null {
  const { program } = scope;
  const name = node.name.text;
  const place = program.placeOf(node.name);
  if (node.call || node.part) {
    program.reporter.report('V03', program.placeOf(node), {
      what: `'${textOf(node)}'`,
      problem: 'is known only after a run',
      remedy: "figures of a run can stand in 'expect' and 'plot' only",
    });
    return null;
  }
  const symbol = program.symbols.get(name);
  if (symbol?.kind === 'let') return letValue(scope, symbol);
  const property = scope.property(scope, name, node.name);
  if (property !== undefined) return property;
  if (symbol) {
    const sized = symbol.kind === 'file' || symbol.kind === 'anon';
    program.reporter.report(
      'N03',
      place,
      {
        name,
        kind: aKind(symbol.kind),
        wanted: 'a value',
        hint: sized
          ? `: for its size write '${name}.size'`
          : symbol.kind === 'machine'
            ? `: write for example '${name}.memory'`
            : '',
      },
      sized ? { fixes: [program.replace(node.name, `${name}.size`)] } : {},
    );
    return null;
  }
  const meant = nearest(
    name,
    [...program.symbols.values()].filter((s) => s.kind === 'let').map((s) => s.name),
  );
  program.reporter.report(
    'N01',
    place,
    { kind: 'value', name, hint: meant ? `: did you mean '${meant}'?` : `: declare it with 'let ${name} = …'` },
    meant ? { fixes: [program.replace(node.name, meant)] } : {},
  );
  return null;
}

/** Names that are worked out one through the other: evaluation is recursive and must not run out of stack. */
const MAX_CHAIN = 200;

export function letValue(scope: Scope, symbol: LanguageSymbol): Value | null {
  const { program } = scope;
  const override = scope.overrides.get(letKey(symbol.name));
  if (override && 'quantity' in override) return override.quantity;
  if (scope.known.has(symbol.name)) return scope.known.get(symbol.name)!;
  const node = symbol.node as Let;
  if (scope.evaluating.includes(symbol.name)) {
    program.reporter.report('N11', program.placeOf(node.name ?? node), {
      name: symbol.name,
      chain: [...scope.evaluating.slice(scope.evaluating.indexOf(symbol.name)), symbol.name].join(' → '),
    });
    return null;
  }
  if (scope.evaluating.length >= MAX_CHAIN) {
    program.reporter.report('V03', program.placeOf(node.name ?? node), {
      what: `'${symbol.name}'`,
      problem: `hangs on a chain of more than ${MAX_CHAIN} names`,
      remedy: 'write the value itself',
    });
    return null;
  }
  scope.evaluating.push(symbol.name);
  const value = node.value ? evaluate(scope, node.value) : null;
  scope.evaluating.pop();
  scope.known.set(symbol.name, value);
  return value;
}
