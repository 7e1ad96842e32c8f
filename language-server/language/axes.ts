/** `compare` and `sweep`: the dimensions of an experiment, and what each of their values puts in the place of what the text says. */
import type { AstNode } from 'langium';

import { formatNodelist, nodemask } from '../../simulator/numa/nodemask.ts';
import { reportLeftOver } from './complaints.ts';
import { deviceChoice, takesSecond } from './devices.ts';
import type { Compare, CompareValue } from './generated/ast.ts';
import { nodeList } from './nodes.ts';
import { policyOfValue, readMpol, readPolicy } from './policies.ts';
import { variantChoice } from './properties.ts';
import { exactQuantity, formatQuantity } from './quantities.ts';
import { type Dimensional, MAX_POINTS } from './sweeps.ts';
import { textOf, unquoted } from './syntax.ts';
import type { Target } from './targets.ts';
import { accountingParameters } from './fuse.ts';
import { dimensionOf, exampleOf, knobValue } from './knob-values.ts';
import { evaluate, type Override, type Scope } from './values.ts';
import { overrideOf, unitOf, varied } from './varied.ts';

export function compareAxis(scope: Scope, node: Compare): Dimensional | null {
  const { program } = scope;
  const before = program.reporter.errors;
  const target = varied(scope, node.target, node, 'compared');
  reportLeftOver(program, node.rest, "values are separated by ','");
  if (!target) return null;
  if (node.values.length === 0) {
    const example = target.kind === 'reclaim' ? exampleVariants(target) : target.knob ? exampleOf(target.knob) : '…';
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
  const values: (Compared & { node: CompareValue })[] = [];
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

/** One value of a comparison. */
interface Compared {
  readonly label: string;
  readonly id: string;
  /** Shown as it was written, though its id alone would do (`counter 256`). */
  readonly whole?: boolean;
  readonly override: Override;
  readonly value: number | string;
}

/** A value is known by its alias, else by its id, else (the id being there twice) by its id with parameters. */
function labelled(
  values: readonly {
    readonly label: string;
    readonly id: string;
    readonly whole?: boolean;
    readonly node: CompareValue;
  }[],
): string[] {
  return values.map(({ label, id, whole, node }) => {
    if (node.alias || node.title) return node.alias?.text ?? unquoted(node.title!.text);
    if (whole) return label;
    return values.some((other) => other.node !== node && other.id === id && !other.node.alias && !other.node.title)
      ? label
      : id;
  });
}

function comparedValue(scope: Scope, target: Target, v: CompareValue, at: AstNode): Compared | null {
  const { program } = scope;
  if (target.kind === 'reclaim') {
    const variant = variantChoice(scope, v, at, target.mechanism);
    if (!variant) return null;
    const parameters = v.block ? ` ${textOf(v.block).replace(/\s+/g, ' ')}` : '';
    return { label: variant.id + parameters, id: variant.id, override: { variant }, value: variant.id };
  }
  if (isAccounting(target)) {
    const way = knobValue(scope, target.knob!, v.terms, v);
    if (way === null || !accountingParameters(scope, target.symbol!.name, v)) return null;
    const id = String(way);
    const parameters = v.block ? ` ${textOf(v.block).replace(/\s+/g, ' ')}` : '';
    return { label: id + parameters, id, override: { value: id }, value: id };
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
  if (target.kind === 'policy') {
    const given = policyOfValue(program, v);
    const ofMount = target.symbol?.kind === 'tmpfs';
    if (!given || (ofMount ? readMpol(program, given) : readPolicy(program, given)) === null) return null;
    return {
      label: given.text,
      id: given.text,
      override: { value: given.text, place: given.place },
      value: given.text,
    };
  }
  const [mark] = v.marks;
  if (mark) {
    program.reporter.report('S01', program.placeOf(mark), { found: mark.text, remedy: "values are separated by ','" });
    return null;
  }
  if (target.kind === 'nodes') {
    const nodes = nodeList(scope, first, v, `'${target.key}'`, "'0-1'", true);
    if (!nodes) return null;
    const label = nodes.length === 0 ? 'none' : formatNodelist(nodemask(nodes));
    return { label, id: label, override: { value: nodes.length === 0 ? '' : label }, value: label };
  }
  if (target.knob && takesSecond(target.knob)) {
    const chosen = deviceChoice(scope, target.knob, v.terms, v);
    if (!chosen) return null;
    const { label, values } = chosen;
    return { label, id: String(values[target.knob.name]), whole: true, override: { values }, value: label };
  }
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

/** `photos.accounting`: its values may carry properties of the mount and its daemon. */
export const isAccounting = ({ knob, symbol }: Target): boolean =>
  knob?.scope === 'fuse' && knob.name === 'accounting' && symbol !== undefined;

function reportTooMany(scope: Scope, at: AstNode, count: number): void {
  scope.program.reporter.report('V06', scope.program.placeOf(at), {
    count: formatQuantity('number', count),
    limit: String(MAX_POINTS),
    remedy: 'compare less, or give the sweep a larger step',
  });
}

/** Two variants of a mechanism, for messages. */
const exampleVariants = ({ mechanism }: Target): string =>
  mechanism === 'volatile.interface' ? 'vrange, vma' : 'classic, v6.1';
