/** `expect` and `plot`: figures of a run, by name. */
import type { AstNode } from 'langium';
import type {
  Comparison,
  ExpectCondition,
  ExpectSpec,
  MetricExpression,
  MetricRef,
  PlotSpec,
} from '../../simulator/plan.ts';
import { rules } from './events.ts';
import { laterName } from '../../simulator/tables/later.ts';
import { dimensions, type Dimension } from '../../simulator/tables/units.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import type { Condition, Expect, Expression, Plot, PlotMetric, Text, Where, Word } from './generated/ast.ts';
import { duration } from './accesses.ts';
import type { Dimensional } from './axes.ts';
import { reportLeftOver } from './complaints.ts';
import { spanOfNode } from './objects.ts';
import { nearest } from './quantities.ts';
import { spanOf, textOf, unquoted, wordOf } from './syntax.ts';
import { metric, metrics, type Counter } from './tables.ts';
import { convert, dimensionOf, evaluate, exampleOf, type Scope, type Value } from './values.ts';

/** What a run varies and who takes part: names that `expect` and `plot` may use. */
export interface RunNames {
  readonly dimensionals: readonly Dimensional[];
  readonly phases: ReadonlySet<string>;
  /** A `compare` or `sweep` has errors of its own: names may be missing for that reason. */
  readonly incomplete: boolean;
}

const spaces = (text: string): string => text.replace(/\s+/g, ' ').trim();

// ---- metrics

function metricRef(
  scope: Scope,
  names: RunNames,
  word: Word,
  phase: Text | undefined,
  object: Word | undefined,
): { ref: MetricRef; row: Counter } | null {
  const { program } = scope;
  const row = metric(word.text);
  if (!row) {
    reportMetric(scope, word);
    return null;
  }
  const said = phase && (phase.text.startsWith('"') ? unquoted(phase.text) : phase.text);
  if (said !== undefined && !names.phases.has(said)) {
    const meant = nearest(said, names.phases);
    program.reporter.report(
      'N01',
      program.placeOf(phase!),
      {
        kind: 'phase',
        name: said,
        hint: meant
          ? ` in this run: did you mean '${meant}'?`
          : names.phases.size > 0
            ? ` in this run: there are ${[...names.phases].map((p) => `"${p}"`).join(', ')}`
            : ': the processes of this run have no named phases',
      },
      meant ? { fixes: [program.replace(phase!, `"${meant}"`)] } : {},
    );
    return null;
  }
  if (object && !isObject(scope, object)) return null;
  return {
    ref: { name: row.name, ...(said === undefined ? {} : { phase: said }), ...(object ? { object: object.text } : {}) },
    row,
  };
}

function isObject(scope: Scope, word: Word): boolean {
  const { program } = scope;
  const symbol = program.symbols.get(word.text);
  if (
    symbol &&
    (symbol.kind === 'file' || symbol.kind === 'anon' || symbol.kind === 'cgroup' || symbol.kind === 'process')
  )
    return true;
  const meant = nearest(word.text, program.symbols.keys());
  program.reporter.report(
    'N01',
    program.placeOf(word),
    { kind: 'file, memory, process or cgroup', name: word.text, hint: meant ? `: did you mean '${meant}'?` : '' },
    meant ? { fixes: [program.replace(word, meant)] } : {},
  );
  return false;
}

function reportMetric(scope: Scope, word: Word): void {
  const { program } = scope;
  const name = word.text;
  const later = laterName(name, 'metric');
  if (later) {
    program.reporter.report('L01', program.placeOf(word), {
      what: name,
      remedy: `it belongs to ${later.of}; remove it until then`,
    });
    return;
  }
  const meant =
    nearest(
      name,
      metrics.map((m) => m.name),
    ) ?? metrics.find((m) => name.length > 3 && m.name.includes(name))?.name;
  program.reporter.report(
    'N07',
    program.placeOf(word),
    { name, hint: meant ? `: did you mean '${meant}'?` : ": for example 'hit-ratio' or 'workingset_refault_file'" },
    meant ? { fixes: [program.replace(word, meant, `Change to '${meant}'`)] } : {},
  );
}

// ---- plot

const OVER = ['time', 'pass', 'phase', 'variant'];
const FORMS = ['line', 'bars', 'area', 'heatmap', 'distribution', 'timeline', 'table'] as const;

export function plotSpec(scope: Scope, names: RunNames, node: Plot): PlotSpec | null {
  const { program } = scope;
  const before = program.reporter.errors;
  reportLeftOver(program, node.rest, "write 'plot hit-ratio, miss-ratio by pass'");
  const found: { ref: MetricRef; node: PlotMetric }[] = [];
  let over: string | undefined;
  let as: PlotSpec['as'];
  let ofObjects = false;
  for (const part of node.parts) {
    switch (part.$type) {
      case 'PlotMetric': {
        const { name } = part;
        if (!name) break;
        // `placement of scratch, heap`: the list of objects goes on as long as its names are no metrics.
        const last = found.at(-1);
        if (ofObjects && last && !metric(name.text) && program.symbols.has(name.text)) {
          if (isObject(scope, name)) found.push({ ref: { ...last.ref, object: name.text }, node: part });
          break;
        }
        ofObjects = false;
        if (name.text === 'timeline' && node.parts.length === 1) {
          as = 'timeline';
          break;
        }
        const ref = metricRef(scope, names, name, part.phase, undefined);
        if (ref) found.push({ ref: ref.ref, node: part });
        break;
      }
      case 'PlotObject': {
        const last = found.at(-1);
        ofObjects = true;
        if (!part.object)
          program.reporter.report('S07', program.placeAfter(part), {
            what: "'of'",
            part: 'a file or memory',
            example: "'of heap'",
          });
        else if (last && isObject(scope, part.object))
          found[found.length - 1] = { ...last, ref: { ...last.ref, object: part.object.text } };
        break;
      }
      case 'PlotOver': {
        ofObjects = false;
        if (!part.axis) {
          program.reporter.report('S07', program.placeAfter(part), {
            what: `'${part.keyword}'`,
            part: 'an axis',
            example: "'by pass'",
          });
          break;
        }
        over = axisName(scope, names, part.axis);
        break;
      }
      case 'PlotForm': {
        ofObjects = false;
        const form = part.form?.text;
        if (FORMS.includes(form as (typeof FORMS)[number])) as = form as (typeof FORMS)[number];
        else if (part.form) {
          const meant = nearest(form!, FORMS);
          program.reporter.report(
            'N14',
            program.placeOf(part.form),
            {
              name: form!,
              what: 'form of chart',
              remedy: meant ? `did you mean '${meant}'?` : `there are ${FORMS.join(', ')}`,
            },
            meant ? { fixes: [program.replace(part.form, meant)] } : {},
          );
        } else
          program.reporter.report('S07', program.placeAfter(part), {
            what: "'as'",
            part: 'a form',
            example: "'as heatmap'",
          });
        break;
      }
      default:
    }
  }
  if (program.reporter.errors > before) return null;
  if (found.length === 0 && as !== 'timeline') {
    program.reporter.report('S07', program.placeAfter(node), {
      what: "'plot'",
      part: 'something to plot',
      example: "'plot hit-ratio by pass'",
    });
    return null;
  }
  return {
    metrics: found.map((f) => f.ref),
    ...(over === undefined ? {} : { over }),
    ...(as === undefined ? {} : { as }),
    text: spaces(textOf(node).replace(/^plot/, '')),
    source: spanOfNode(program, node),
  };
}

function axisName(scope: Scope, names: RunNames, word: Word): string | undefined {
  const name = word.text;
  if (OVER.includes(name) || names.dimensionals.some((d) => d.axis.name === name)) return name;
  if (names.incomplete) return undefined;
  const { program } = scope;
  const known = [...OVER, ...names.dimensionals.map((d) => d.axis.name)];
  const meant = nearest(name, known);
  if (name === 'node')
    program.reporter.report('L01', program.placeOf(word), {
      what: 'by node',
      remedy: 'machines have one node until then',
    });
  else
    program.reporter.report(
      'N14',
      program.placeOf(word),
      { name, what: 'axis of this run', remedy: meant ? `did you mean '${meant}'?` : `there are ${known.join(', ')}` },
      meant ? { fixes: [program.replace(word, meant)] } : {},
    );
  return undefined;
}

// ---- expect

export function expectSpec(scope: Scope, names: RunNames, node: Expect): ExpectSpec | null {
  const { program } = scope;
  const before = program.reporter.errors;
  reportLeftOver(program, node.rest, "write 'expect v6.1: hit-ratio > 90%'");
  const example = "'expect hit-ratio > 90%'";
  const [condition, second] = node.colon ? node.conditions : node.heads;
  if (!condition) {
    program.reporter.report('S07', program.placeAfter(node), { what: "'expect'", part: 'a condition', example });
    return null;
  }
  if (second) {
    const place = { uri: program.sourceOf(second).uri, range: spanOf([second]) };
    program.reporter.report('S01', place, {
      found: textOf(second),
      remedy: node.colon
        ? "write one 'expect' for each condition"
        : "behind the names of variants stands a ':', as in 'expect classic, v6.1: hit-ratio > 90%'",
    });
  }
  const variants = node.colon ? labelsOf(scope, names, node.heads) : [];
  const where = node.where.map((w) => whereOf(scope, names, w)).filter((w) => w !== null);
  const read = conditionOf(scope, names, condition);
  if (!read || program.reporter.errors > before) return null;
  return {
    text: spaces(textOf(node).replace(/^expect/, '')),
    variants,
    where,
    condition: read,
    source: spanOfNode(program, node),
  };
}

function labelsOf(scope: Scope, names: RunNames, heads: readonly Condition[]): string[] {
  const { program } = scope;
  const compared = names.dimensionals.filter((d) => d.axis.kind === 'compare');
  const labels: string[] = [];
  for (const head of heads) {
    const written = spaces(textOf(head));
    const plain = written.startsWith('"') ? unquoted(written) : written;
    const hits = compared.flatMap((d) =>
      d.axis.values
        .filter((v, i) => v.label === plain || d.ids[i] === plain || sameQuantity(scope, head, d, v.value))
        .map((v) => v.label),
    );
    if (hits.length > 0) {
      labels.push(...hits);
      continue;
    }
    if (names.incomplete) continue;
    const known = compared.flatMap((d) => d.axis.values.map((v) => v.label));
    const meant = nearest(plain, known);
    program.reporter.report(
      'R04',
      program.placeOf(head),
      {
        name: plain,
        hint: meant
          ? `: did you mean '${meant}'?`
          : known.length > 0
            ? `: there are ${known.join(', ')}`
            : ": this run has no 'compare'",
      },
      meant ? { fixes: [program.replace(head, meant)] } : {},
    );
  }
  return [...new Set(labels)];
}

/** `1024 KiB` names the value labelled `1 MiB`. */
function sameQuantity(scope: Scope, head: Condition, d: Dimensional, value: number | string): boolean {
  if (typeof value !== 'number' || head.left?.$type !== 'Quantity' || head.operator) return false;
  return evaluate(scope, head.left)?.value === value && d.axis.unit !== '';
}

function whereOf(scope: Scope, names: RunNames, node: Where): ExpectSpec['where'][number] | null {
  const { program } = scope;
  const swept = names.dimensionals.filter((d) => d.axis.unit !== '');
  const example = swept[0]
    ? `'at ${swept[0].axis.name} >= ${swept[0].axis.values[0].label}'`
    : "'at server.memory >= 56 MiB'";
  if (!node.axis || !node.operator || !node.value) {
    program.reporter.report('S07', program.placeAfter(node), {
      what: "'at'",
      part: 'an axis and what it is compared with',
      example,
    });
    return null;
  }
  const d = names.dimensionals.find((x) => x.axis.name === node.axis!.text);
  if (!d || d.axis.unit === '') {
    if (names.incomplete) return null;
    const meant = nearest(
      node.axis.text,
      swept.map((x) => x.axis.name),
    );
    program.reporter.report(
      'R05',
      program.placeOf(node.axis),
      {
        name: node.axis.text,
        remedy: meant
          ? `did you mean '${meant}'?`
          : swept.length > 0
            ? `there are ${swept.map((x) => x.axis.name).join(', ')}`
            : "sweep it, or leave the 'at' out",
      },
      meant ? { fixes: [program.replace(node.axis, meant)] } : {},
    );
    return null;
  }
  const value = evaluate(scope, node.value);
  const dimension: Dimension =
    d.target.kind === 'size'
      ? 'bytes'
      : d.target.knob
        ? (dimensionOf(d.target.knob) ?? 'number')
        : (value?.dimension ?? 'number');
  const number =
    value &&
    convert(
      scope,
      node.value,
      value,
      dimension,
      `'${node.axis.text}'`,
      d.target.knob ? exampleOf(d.target.knob) : dimensions[dimension].example,
    );
  if (number === null) return null;
  return { axis: d.axis.name, op: comparison(node.operator), value: number };
}

const comparison = (op: string): Comparison => (op === '=' ? '==' : (op as Comparison));

function conditionOf(scope: Scope, names: RunNames, node: Condition): ExpectCondition | null {
  const { program } = scope;
  const word = node.left && wordOf(node.left);
  if (node.absent || node.limited || (word && !node.operator)) return eventOf(scope, node, word);
  if (!node.left) return null;
  if (!node.operator || !node.right) {
    const example = `'${textOf(node.left)} ${node.operator ?? '>'} 90%'`;
    program.reporter.report('S07', program.placeAfter(node), {
      what: `'${textOf(node.left)}'`,
      part: node.operator ? 'something to compare with' : "a comparison ('<', '<=', '==', '!=', '>=' or '>')",
      example,
    });
    return null;
  }
  const left = figure(scope, names, node.left);
  const right = figure(scope, names, node.right);
  if (!left || !right) return null;
  const joined = sameUnits(scope, node, left, right);
  return joined && { kind: 'compare', op: comparison(node.operator), left: joined[0], right: joined[1] };
}

function eventOf(scope: Scope, node: Condition, word: Word | undefined): ExpectCondition | null {
  const { program } = scope;
  if (!word) {
    program.reporter.report('S07', program.placeOf(node), {
      what: node.absent ? "'no'" : "'before'",
      part: 'an event',
      example: "'no oom' or 'oom before 20 s'",
    });
    return null;
  }
  const name = word.text;
  if (!node.absent && !node.limited && metric(name)) {
    program.reporter.report('S07', program.placeAfter(node), {
      what: `'${name}'`,
      part: "a comparison ('<', '<=', '==', '!=', '>=' or '>')",
      example: `'${name} > 0'`,
    });
    return null;
  }
  const later = laterName(name, 'event');
  if (later) {
    program.reporter.report('L01', program.placeOf(word), {
      what: name,
      remedy: `it belongs to ${later.of}; remove it until then`,
    });
    return null;
  }
  const known = rules();
  if (!known.includes(name)) {
    const meant = nearest(name, [...known, ...metrics.map((m) => m.name)]);
    program.reporter.report(
      'N01',
      program.placeOf(word),
      { kind: 'event', name, hint: meant ? `: did you mean '${meant}'?` : `: there is for example 'oom'` },
      meant ? { fixes: [program.replace(word, meant)] } : {},
    );
    return null;
  }
  const before = node.before ? duration(scope, node.before, "the time behind 'before'", '20 s') : undefined;
  if (node.limited && !node.before)
    program.reporter.report('S07', program.placeAfter(node), {
      what: "'before'",
      part: 'a time',
      example: "'before 20 s'",
    });
  if (before === null || (node.limited && !node.before)) return null;
  return { kind: 'event', event: name, absent: node.absent, ...(before === undefined ? {} : { before }) };
}

/** Part of a condition; `unit` is that of the metrics in it, `quantity` what it is if it is no metric. */
interface FigureOf {
  readonly expression: MetricExpression;
  readonly unit: Counter['unit'] | null;
  readonly quantity: Value | null;
  readonly node: AstNode;
}

function figure(scope: Scope, names: RunNames, node: Expression): FigureOf | null {
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
function sameUnits(scope: Scope, at: AstNode, a: FigureOf, b: FigureOf): [MetricExpression, MetricExpression] | null {
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
    if (q.dimension === 'number') return unit === 'ns' && q.value !== 0 ? fail(f, '30 s') : f.expression;
    switch (unit) {
      case 'pages':
        return q.dimension === 'bytes' ? number(q.value / PAGE_SIZE) : fail(f, '100k');
      case 'bytes':
        return q.dimension === 'bytes' ? f.expression : fail(f, '64 MiB');
      case 'bytes/s':
        return q.dimension === 'rate' ? f.expression : fail(f, '150 MB/s');
      case 'ns':
        return q.dimension === 'time' ? f.expression : fail(f, '30 s');
      case 'ratio':
        return q.dimension === 'share' ? number(q.value / 1e6) : fail(f, '90%');
      case 'percent':
        return q.dimension === 'share' ? number(q.value / 1e4) : fail(f, '10%');
      case 'events':
      case 'nodes':
      case 'entries':
        return fail(f, '100k');
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
