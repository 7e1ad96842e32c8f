/** Mixtures: neighbouring accesses with weights. */
import type { Amount, MixStep } from '../../simulator/plan.ts';
import { unitByName } from '../../simulator/tables/units.ts';
import { accessStep } from './accesses.ts';
import { reportLeftOver } from './complaints.ts';
import type { Access, Argument, Figure, Weighted } from './generated/ast.ts';
import type { ObjectTable } from './objects.ts';
import { exactQuantity, formatQuantity } from './quantities.ts';
import { textOf, wordOf } from './syntax.ts';
import { evaluateAs } from './knob-values.ts';
import { type Scope } from './values.ts';

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
  // What is wrong with an object may have been said elsewhere: without all parts there is no sum to judge.
  if (program.reporter.errors > before || parts.length < nodes.length) return null;
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
