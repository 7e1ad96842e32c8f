/** `sweep`: equal steps from one value to another. */
import type { AstNode } from 'langium';
import type { Axis } from '../../simulator/plan.ts';
import type { Dimension } from '../../simulator/tables/units.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import { reportLeftOver } from './complaints.ts';
import type { Compare, Machine, Sweep } from './generated/ast.ts';
import type { Program } from './program.ts';
import { exactQuantity, formatQuantity } from './quantities.ts';
import { textOf } from './syntax.ts';
import { propertyValue, type Target } from './targets.ts';
import { dimensionOf, evaluateAs, rangeText } from './knob-values.ts';
import { evaluate, type Override, type Scope } from './values.ts';
import { overrideOf, unitOf, varied } from './varied.ts';

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
