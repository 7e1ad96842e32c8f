/** Arithmetic over figures of a run, in the unit of the metric: `64 MiB` beside pages is 16 384. */
import { isDevicePicture } from '../../simulator/tables/device-measures.ts';
import { isNumaPicture } from '../../simulator/tables/numa-pictures.ts';
import type { AstNode } from 'langium';
import type { MetricExpression } from '../../simulator/plan.ts';
import { dimensions } from '../../simulator/tables/units.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import type { Expression, Text } from './generated/ast.ts';
import { metricRef, type RunNames } from './metrics.ts';
import { textOf, wordOf } from './syntax.ts';
import { type Counter, metric } from './tables.ts';
import { evaluate, type Scope, type Value } from './values.ts';

/** Part of a condition; `unit` is that of the metrics in it, `quantity` what it is if it is no metric. */
interface FigureOf {
  readonly expression: MetricExpression;
  readonly unit: Counter['unit'] | null;
  readonly quantity: Value | null;
  readonly node: AstNode;
}

export function figure(scope: Scope, names: RunNames, node: Expression): FigureOf | null {
  if (!mentionsMetric(scope, node)) {
    const quantity = evaluate(scope, node);
    return quantity && { expression: { kind: 'number', value: quantity.value }, unit: null, quantity, node };
  }
  const { program } = scope;
  if (node.$type === 'Group') return node.value ? figure(scope, names, node.value) : null;
  if (node.$type === 'Reference') {
    const reference = node;
    const [phase, extra] = reference.args;
    if (reference.call && !reference.closed)
      program.reporter.report('S07', program.placeAfter(node), {
        what: "'('",
        part: "its ')'",
        example: `'${reference.name.text}("…")'`,
      });
    if (extra || (phase && phase.$type !== 'Text' && !wordOf(phase))) {
      program.reporter.report('S01', program.placeOf(extra ?? phase), {
        found: textOf(extra ?? phase),
        remedy: `in the parentheses stands one phase, in quotes: ${reference.name.text}("…")`,
      });
      return null;
    }
    const text: Text | undefined =
      phase?.$type === 'Text'
        ? phase
        : phase
          ? ({ $cstNode: phase.$cstNode, $container: phase.$container, text: wordOf(phase)!.text } as unknown as Text)
          : undefined;
    const found = metricRef(scope, names, reference.name, text, reference.object);
    if (found && (isNumaPicture(found.ref.name) || isDevicePicture(found.ref.name))) {
      program.reporter.report('R11', program.placeOf(reference.name), {
        what: `'${found.ref.name}' is a picture and has no number`,
        remedy: `plot it, and expect something of a figure such as '${isNumaPicture(found.ref.name) ? 'wrong-node' : 'reuse-margin'}'`,
      });
      return null;
    }
    return found && { expression: { kind: 'metric', metric: found.ref }, unit: found.row.unit, quantity: null, node };
  }
  if (node.$type === 'Binary') {
    const { operator, left, right } = node;
    if (!right) {
      program.reporter.report('S11', program.placeOf(node), {
        found: operator,
        side: 'right',
        remedy: 'add a value, or remove it',
      });
      return null;
    }
    const a = figure(scope, names, left);
    const b = figure(scope, names, right);
    if (!a || !b) return null;
    if (operator === '+' || operator === '-') {
      const joined = sameUnits(scope, node, a, b);
      return (
        joined && {
          expression: { kind: 'binary', op: operator, left: joined[0], right: joined[1] },
          unit: a.unit ?? b.unit,
          quantity: null,
          node,
        }
      );
    }
    const scaled = (f: FigureOf): MetricExpression =>
      f.quantity?.dimension === 'share' ? { kind: 'number', value: f.quantity.value / 1e6 } : f.expression;
    const unit =
      operator === '/' && a.unit !== null && a.unit === b.unit
        ? 'ratio'
        : a.unit && b.unit
          ? null
          : operator === '/'
            ? b.unit
              ? null
              : a.unit
            : (a.unit ?? b.unit);
    return {
      expression: { kind: 'binary', op: operator, left: scaled(a), right: scaled(b) },
      unit,
      quantity: null,
      node,
    };
  }
  program.reporter.report('V03', program.placeOf(node), {
    what: `'${textOf(node)}'`,
    problem: 'is no figure',
    remedy: 'write a metric or a number',
  });
  return null;
}

function mentionsMetric(scope: Scope, node: Expression): boolean {
  switch (node.$type) {
    case 'Reference': {
      const { name, call, part } = node;
      return (
        call ||
        part ||
        metric(name.text) !== undefined ||
        (!scope.program.symbols.has(name.text) && scope.property(scope, name.text, name) === undefined)
      );
    }
    case 'Group':
      return node.value !== undefined && mentionsMetric(scope, node.value);
    case 'Negation':
      return node.operand !== undefined && mentionsMetric(scope, node.operand);
    case 'Binary':
      return mentionsMetric(scope, node.left) || (node.right !== undefined && mentionsMetric(scope, node.right));
    default:
      return false;
  }
}

/** Both sides in the unit of the metric: `64 MiB` beside pages is 16 384, `90%` beside a ratio 0.9. */
export function sameUnits(
  scope: Scope,
  at: AstNode,
  a: FigureOf,
  b: FigureOf,
): [MetricExpression, MetricExpression] | null {
  const { program } = scope;
  const unit = a.unit ?? b.unit;
  const fail = (f: FigureOf, example: string): null => {
    program.reporter.report('U03', program.placeOf(f.node), {
      what: `'${textOf((f === a ? b : a).node)}'`,
      wanted: `in ${unit}`,
      found: `'${textOf(f.node)}'`,
      dimension: dimensions[f.quantity!.dimension].noun,
      example,
    });
    return null;
  };
  const inUnit = (f: FigureOf): MetricExpression | null => {
    const q = f.quantity;
    if (!q || !unit) return f.expression;
    const number = (value: number): MetricExpression => ({ kind: 'number', value });
    if (q.dimension === 'number') {
      if (unit === 'ns' && q.value !== 0) return fail(f, "'30 s'");
      // `hit-ratio > 90` never holds; `hit-ratio * 100 > 90` is somebody's own percentage
      const bare = (f === a ? b : a).expression.kind === 'metric';
      return unit === 'ratio' && bare && q.value > 1 ? fail(f, `'${q.value <= 100 ? q.value : 90}%'`) : f.expression;
    }
    switch (unit) {
      case 'pages':
        return q.dimension === 'bytes' ? number(q.value / PAGE_SIZE) : fail(f, "'100k'");
      case 'bytes':
        return q.dimension === 'bytes' ? f.expression : fail(f, "'64 MiB'");
      case 'bytes/s':
        return q.dimension === 'rate' ? f.expression : fail(f, "'150 MB/s'");
      case 'ns':
        return q.dimension === 'time' ? f.expression : fail(f, "'30 s'");
      case 'ratio':
        return q.dimension === 'share' ? number(q.value / 1e6) : fail(f, "'90%'");
      case 'percent':
        return q.dimension === 'share' ? number(q.value / 1e4) : fail(f, "'10%'");
      case 'factor':
        return q.dimension === 'share' ? number(q.value / 1e6) : fail(f, "'1.5'");
      case 'events':
      case 'nodes':
      case 'entries':
        return fail(f, "'100k'");
    }
  };
  const left = inUnit(a);
  const right = inUnit(b);
  if (!left || !right) return null;
  if (a.unit && b.unit && a.unit !== b.unit && !(isCount(a.unit) && isCount(b.unit))) {
    program.reporter.report('U04', program.placeOf(at), {
      left: `'${textOf(a.node)}' in ${a.unit}`,
      right: `'${textOf(b.node)}' in ${b.unit}`,
      op: 'a comparison or sum',
      remedy: 'compare figures of one unit',
    });
    return null;
  }
  return [left, right];
}

const isCount = (unit: Counter['unit']): boolean =>
  unit === 'pages' || unit === 'events' || unit === 'entries' || unit === 'nodes';
