/** `compare` and `sweep`: the dimensions of an experiment, and what each of their values puts in the place of what the text says. */
import type { AstNode } from 'langium';
import type { Axis } from '../../simulator/plan.ts';
import { laterName } from '../../simulator/tables/later.ts';
import { MAX_PAGES } from '../../simulator/machine/access.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import type { Compare, CompareValue, Expression, Machine, Sweep, Word } from './generated/ast.ts';
import type { Program } from './program.ts';
import { reportLeftOver } from './complaints.ts';
import { exactQuantity, formatQuantity, nearest } from './quantities.ts';
import { propertyValue, targetNames, targetOf, variantChoice, type Target } from './properties.ts';
import { textOf, unquoted } from './syntax.ts';
import {
  convert,
  dimensionOf,
  evaluate,
  evaluateAs,
  exampleOf,
  fit,
  knobValue,
  letKey,
  letValue,
  rangeText,
  type Override,
  type Scope,
  type Value,
} from './values.ts';
import type { Dimension } from '../../simulator/tables/units.ts';

/** Points of one run. A point is a simulation of its own; more would take days and fill memory. */
export const MAX_POINTS = 10_000;

export interface Dimensional {
  readonly axis: Axis;
  readonly target: Target;
  readonly overrides: readonly Override[];
  /** For each value, the id by which `expect` may name it beside its label: of a variant with parameters. */
  readonly ids: readonly string[];
  readonly node: Compare | Sweep;
}

const unitOf: Readonly<Record<Dimension, string>> = {
  bytes: 'bytes',
  time: 'ns',
  rate: 'bytes/s',
  share: 'ppm',
  number: 'count',
};

/** What can be varied; `null`: reported. */
export function varied(
  scope: Scope,
  word: Word | undefined,
  at: AstNode,
  verb: 'compared' | 'swept' | 'set',
): Target | null {
  const { program } = scope;
  const statement = verb === 'compared' ? 'compare' : verb === 'swept' ? 'sweep' : 'set';
  if (!word) {
    const example =
      verb === 'compared'
        ? "'compare reclaim: classic, v6.1'"
        : verb === 'swept'
          ? "'sweep server.memory 56 MiB .. 80 MiB step 8 MiB'"
          : "'set web.memory.max 16 MiB'";
    program.reporter.report('S07', program.placeAfter(at.$cstNode ? at : at), {
      what: `'${statement}'`,
      part: 'something to vary',
      example,
    });
    return null;
  }
  const name = word.text;
  const target = targetOf(scope, name);
  if (target && !(verb !== 'compared' && target.kind === 'reclaim')) return target;
  const place = program.placeOf(word);
  const later =
    laterName(name, 'target') ??
    (program.split(name)?.symbol.node.$type === 'LaterDeclaration' ? { of: 'what is not simulated yet' } : undefined);
  if (later) {
    program.reporter.report('L01', place, { what: name, remedy: `it belongs to ${later.of}; remove it until then` });
    return null;
  }
  if (target) {
    program.reporter.report('N09', place, {
      name,
      verb,
      remedy: "its variants have no order; write 'compare reclaim: classic, v6.1'",
    });
    return null;
  }
  const names = targetNames(scope);
  const meant = nearest(name, names);
  const hit = program.split(name);
  const own = hit ? names.filter((n) => n.startsWith(`${hit.symbol.name}.`)) : [];
  program.reporter.report(
    'N09',
    place,
    {
      name,
      verb,
      remedy: meant
        ? `did you mean '${meant}'?`
        : own.length > 0
          ? `of '${hit!.symbol.name}' there are ${own.join(', ')}`
          : "name a property, as in 'server.memory', a sysctl, or a name given by 'let'",
    },
    meant ? { fixes: [program.replace(word, meant, `Change to '${meant}'`)] } : {},
  );
  return null;
}

export function compareAxis(scope: Scope, node: Compare): Dimensional | null {
  const { program } = scope;
  const before = program.reporter.errors;
  const target = varied(scope, node.target, node, 'compared');
  reportLeftOver(program, node.rest, "values are separated by ','");
  if (!target) return null;
  if (node.values.length === 0) {
    const example = target.kind === 'reclaim' ? 'classic, v6.1' : target.knob ? exampleOf(target.knob) : '…';
    program.reporter.report('S07', program.placeAfter(node), {
      what: `'compare ${node.target!.text}'`,
      part: 'values',
      example: `'compare ${node.target!.text}: ${example}'`,
    });
    return null;
  }
  if (node.values.length > MAX_POINTS) {
    reportTooMany(scope, node, node.values.length);
    return null;
  }
  const values: { label: string; id: string; override: Override; value: number | string; node: CompareValue }[] = [];
  for (const v of node.values) {
    const read = comparedValue(scope, target, v, node);
    if (read) values.push({ ...read, node: v });
  }
  if (program.reporter.errors > before) return null;
  const labels = labelled(values);
  labels.forEach((label, i) => {
    const first = labels.indexOf(label);
    if (first === i) return;
    const v = values[i].node;
    program.reporter.report(
      'V11',
      program.placeOf(v),
      { label },
      { related: [{ ...program.placeOf(values[first].node), message: 'the same value' }] },
    );
  });
  if (program.reporter.errors > before) return null;
  const dimension = target.knob ? dimensionOf(target.knob) : target.kind === 'size' ? 'bytes' : undefined;
  const letUnit =
    values[0] && 'quantity' in values[0].override ? unitOf[values[0].override.quantity.dimension] : undefined;
  return {
    axis: {
      kind: 'compare',
      name: node.target!.text,
      unit: target.kind === 'seed' ? 'count' : dimension ? unitOf[dimension] : (letUnit ?? ''),
      values: values.map(({ value }, i) => ({ label: labels[i], value })),
    },
    target,
    overrides: values.map((v) => v.override),
    ids: values.map((v) => v.id),
    node,
  };
}

/** A value is known by its alias, else by its id, else (the id being there twice) by its id with parameters. */
function labelled(
  values: readonly { readonly label: string; readonly id: string; readonly node: CompareValue }[],
): string[] {
  return values.map(({ label, id, node }) => {
    if (node.alias || node.title) return node.alias?.text ?? unquoted(node.title!.text);
    return values.some((other) => other.node !== node && other.id === id && !other.node.alias && !other.node.title)
      ? label
      : id;
  });
}

function comparedValue(
  scope: Scope,
  target: Target,
  v: CompareValue,
  at: AstNode,
): { label: string; id: string; override: Override; value: number | string } | null {
  const { program } = scope;
  if (target.kind === 'reclaim') {
    const variant = variantChoice(scope, v, at);
    if (!variant) return null;
    const parameters = v.block ? ` ${textOf(v.block).replace(/\s+/g, ' ')}` : '';
    return { label: variant.id + parameters, id: variant.id, override: { variant }, value: variant.id };
  }
  if (v.block) {
    program.reporter.report('S01', program.placeOf(v.block), {
      found: '{',
      remedy: `'${target.key}' takes plain values; only variants have parameters`,
    });
    return null;
  }
  const [first, second] = v.terms;
  if (!first) return null;
  if (target.knob && (target.knob.type.kind === 'choice' || target.knob.type.kind === 'flag')) {
    const value = knobValue(scope, target.knob, v.terms, v);
    if (value === null) return null;
    const text = value === true ? 'on' : value === false ? 'off' : String(value);
    return { label: text, id: text, override: { value }, value: text };
  }
  if (second) {
    program.reporter.report('S01', program.placeOf(second), {
      found: textOf(second),
      remedy: "values are separated by ','",
    });
    return null;
  }
  const quantity = evaluate(scope, first);
  if (!quantity) return null;
  const read = overrideOf(scope, target, quantity, first);
  if (!read) return null;
  const label = exactQuantity(read.dimension, read.value);
  return { label, id: label, override: read.override, value: read.value };
}

/** A quantity in the place of what the target has: checked against its dimension and range. */
function overrideOf(
  scope: Scope,
  target: Target,
  quantity: Value,
  at: Expression | AstNode,
): { override: Override; value: number; dimension: Dimension } | null {
  const { program } = scope;
  switch (target.kind) {
    case 'let': {
      const known = letValue({ ...scope, known: new Map() }, target.symbol!);
      const dimension = known?.dimension ?? quantity.dimension;
      const value = convert(
        scope,
        at,
        quantity,
        dimension,
        `'${target.symbol!.name}'`,
        exactQuantity(dimension, known?.value ?? 1),
      );
      return value === null ? null : { override: { quantity: { dimension, value } }, value, dimension };
    }
    case 'size': {
      const value = convert(scope, at, quantity, 'bytes', `'${target.key}'`, '96 MiB');
      if (value === null) return null;
      const size = Math.round(value);
      if (size >= 1 && size <= MAX_PAGES * PAGE_SIZE)
        return { override: { value: size }, value: size, dimension: 'bytes' };
      program.reporter.report('V01', program.placeOf(at), {
        what: `'${target.key}'`,
        value: formatQuantity('bytes', value),
        range: 'from 1 B to 4 TiB',
        example: "'96 MiB'",
      });
      return null;
    }
    case 'seed': {
      const value = seedOf(scope, quantity, at);
      return value === null ? null : { override: { value }, value, dimension: 'number' };
    }
    case 'knob': {
      const value = fit(scope, target.knob!, quantity, at);
      return value === null ? null : { override: { value }, value, dimension: dimensionOf(target.knob!)! };
    }
    case 'reclaim':
      return null;
  }
}

export const MAX_SEED = 0xffff_ffff;

export function seedOf(scope: Scope, quantity: Value, at: AstNode): number | null {
  const value = convert(scope, at, quantity, 'number', "'seed'", '42');
  if (value === null) return null;
  if (Number.isInteger(value) && value >= 0 && value <= MAX_SEED) return value;
  scope.program.reporter.report('V01', scope.program.placeOf(at), {
    what: "'seed'",
    value: formatQuantity('number', value),
    range: `a whole number from 0 to ${MAX_SEED}`,
    example: "'seed 42'",
  });
  return null;
}

function reportTooMany(scope: Scope, at: AstNode, count: number): void {
  scope.program.reporter.report('V06', scope.program.placeOf(at), {
    count: formatQuantity('number', count),
    limit: String(MAX_POINTS),
    remedy: 'compare less, or give the sweep a larger step',
  });
}

export function sweepAxis(scope: Scope, node: Sweep): Dimensional | null {
  const { program } = scope;
  const before = program.reporter.errors;
  const target = varied(scope, node.target, node, 'swept');
  reportLeftOver(
    program,
    node.rest,
    "write 'sweep server.memory 56 MiB .. 80 MiB step 8 MiB'; single values go into 'compare'",
  );
  if (!target || program.reporter.errors > before) return null;
  const name = node.target!.text;
  if (target.knob && (target.knob.type.kind === 'choice' || target.knob.type.kind === 'flag')) {
    program.reporter.report('N09', program.placeOf(node.target!), {
      name,
      verb: 'swept',
      remedy: `it is no quantity; write 'compare ${name}: …'`,
    });
    return null;
  }
  const example = `'sweep ${name} ${exampleSweep(target)}'`;
  if (!node.from || !node.dots || !node.to) {
    program.reporter.report('S07', program.placeAfter(node), {
      what: `'sweep ${name}'`,
      part: "a first and a last value with '..' between them",
      example,
    });
    return null;
  }
  const from = evaluate(scope, node.from);
  const to = evaluate(scope, node.to);
  const first = from && overrideOf(scope, target, from, node.from);
  const last = to && overrideOf(scope, target, to, node.to);
  if (!first || !last) return null;
  const { dimension } = first;
  const place = program.placeOf(node);
  const bad = (problem: string, remedy: string, at: AstNode = node): null => {
    program.reporter.report('V07', program.placeOf(at), { problem, remedy });
    return null;
  };
  if (node.step.length + node.count.length > 1)
    return bad('the steps are given twice', "keep one of 'step …' and 'in … steps'");
  if (first.value > last.value) {
    return bad('the first value is above the last one', `write '${textOf(node.to)} .. ${textOf(node.from)}'`);
  }
  const whole =
    target.kind === 'seed' ||
    target.knob?.type.kind === 'integer' ||
    (dimension === 'number' && Number.isInteger(first.value) && Number.isInteger(last.value));
  let count: number;
  let step: number;
  if (node.count[0]) {
    const steps = evaluateAs(scope, node.count[0], 'number', "the number of steps behind 'in'", '7');
    if (steps === null) return null;
    if (!Number.isInteger(steps) || steps < 2)
      return bad(
        `${formatQuantity('number', steps)} is no number of values`,
        "write a whole number of at least 2: 'in 7 steps' gives seven values",
        node.count[0],
      );
    count = steps;
    step = (last.value - first.value) / (count - 1);
  } else {
    const given =
      node.step[0] &&
      evaluateAs(
        scope,
        node.step[0],
        dimension,
        "the step behind 'step'",
        exactQuantity(dimension, Math.max(1, (last.value - first.value) / 4)),
      );
    if (given === null) return null;
    if (given === undefined && !whole) {
      const suggested = exactQuantity(dimension, niceStep(dimension, last.value - first.value));
      program.reporter.report(
        'S07',
        program.placeAfter(node.to),
        { what: `'sweep ${name}'`, part: 'steps', example: `'step ${suggested}' or 'in 5 steps'` },
        {
          fixes: [
            program.insertAfter(node.to, ` step ${suggested}`, `Add 'step ${suggested}'`),
            { ...program.insertAfter(node.to, ' in 5 steps', "Add 'in 5 steps'"), preferred: false },
          ],
        },
      );
      return null;
    }
    step = given ?? 1;
    if (!(step > 0))
      return bad(`a step of ${formatQuantity(dimension, step)} never arrives`, 'write a step above 0', node.step[0]);
    count = Math.floor((last.value - first.value) / step + 1e-9) + 1;
  }
  if (count > MAX_POINTS) {
    program.reporter.report('V06', place, {
      count: formatQuantity('number', count),
      limit: String(MAX_POINTS),
      remedy: `take a larger step, for example '${exactQuantity(dimension, niceStep(dimension, last.value - first.value))}'`,
    });
    return null;
  }
  const integral =
    dimension === 'bytes' ||
    dimension === 'time' ||
    dimension === 'rate' ||
    dimension === 'share' ||
    target.kind === 'seed' ||
    target.knob?.type.kind === 'integer';
  const values = Array.from({ length: count }, (_, i) => {
    const value = node.count[0] && i === count - 1 ? last.value : first.value + i * step;
    return integral ? Math.round(value) : value;
  });
  if (new Set(values).size < values.length)
    return bad(
      'the steps are so small that values repeat',
      target.knob ? `its values are whole, ${rangeText(target.knob)}; take fewer steps` : 'take fewer steps',
    );
  return {
    axis: {
      kind: 'sweep',
      name,
      unit: unitOf[dimension],
      values: values.map((value) => ({ label: exactQuantity(dimension, value), value })),
    },
    target,
    overrides: values.map((value): Override =>
      target.kind === 'let' ? { quantity: { dimension, value } } : { value },
    ),
    ids: values.map((value) => exactQuantity(dimension, value)),
    node,
  };
}

function exampleSweep(target: Target): string {
  const dimension = target.kind === 'size' ? 'bytes' : target.knob ? dimensionOf(target.knob) : 'number';
  switch (dimension) {
    case 'bytes':
      return '56 MiB .. 80 MiB step 8 MiB';
    case 'time':
      return '50 us .. 200 us step 50 us';
    case 'rate':
      return '100 MB/s .. 400 MB/s step 100 MB/s';
    case 'share':
      return '10% .. 50% step 10%';
    default:
      return '1 .. 8';
  }
}

/** About a quarter of the way, in round units. */
function niceStep(dimension: Dimension, span: number): number {
  const rough = Math.max(span / 4, 1);
  let step = 1;
  if (dimension === 'bytes') {
    step = PAGE_SIZE;
    while (step * 2 <= rough) step *= 2;
    return step;
  }
  while (step * 10 <= rough) step *= 10;
  return rough >= step * 5 ? step * 5 : rough >= step * 2 ? step * 2 : step;
}

/** Where in `overrides` a dimension's value goes. */
export const overrideKey = (target: Target): string =>
  target.kind === 'let' ? letKey(target.symbol!.name) : target.key;

/** How many values a sweep has, for editors; 0: cannot be told. Complains about nothing. */
export function sweepValues(program: Program, node: Sweep): number {
  const machine = (program.items.findLast(({ item }) => item.$type === 'Machine')?.item as Machine | undefined) ?? null;
  const scope: Scope = {
    program: program.quiet(),
    machine,
    overrides: new Map(),
    property: propertyValue,
    evaluating: [],
    known: new Map(),
  };
  return sweepAxis(scope, node)?.axis.values.length ?? 0;
}
