/** `expect` and `plot`: figures of a run, by name. */
import type { Comparison, ExpectCondition, ExpectSpec } from '../../simulator/plan.ts';
import { type Dimension, dimensions } from '../../simulator/tables/units.ts';
import { duration } from './amounts.ts';
import type { Dimensional } from './sweeps.ts';
import { reportLeftOver } from './complaints.ts';
import { rules } from './events.ts';
import { figure, sameUnits } from './figures.ts';
import type { Condition, Expect, Where, Word } from './generated/ast.ts';
import { type RunNames, spaces } from './metrics.ts';
import { spanOfNode } from './spans.ts';
import { nearest } from './quantities.ts';
import { spanOf, textOf, unquoted, wordOf } from './syntax.ts';
import { metric, metrics } from './tables.ts';
import { convert, dimensionOf, exampleOf } from './knob-values.ts';
import { evaluate, type Scope } from './values.ts';

export function expectSpec(scope: Scope, names: RunNames, node: Expect): ExpectSpec | null {
  const { program } = scope;
  const before = program.reporter.errors;
  const arrow = node.rest[0]?.text === '>' && textOf(node).includes('=>');
  reportLeftOver(program, node.rest, arrow ? "write '>=' for at least" : "write 'expect v6.1: hit-ratio > 90%'");
  if (arrow) return null;
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
      remedy:
        node.colon || condition.operator
          ? "conditions are not joined; write one 'expect' for each"
          : "behind the names of variants stands a ':', as in 'expect classic, v6.1: hit-ratio > 90%'",
    });
    return null;
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

export const comparison = (op: string): Comparison => (op === '=' ? '==' : (op as Comparison));

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
