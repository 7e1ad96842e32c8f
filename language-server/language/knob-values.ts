/** Values that must fit where they stand: of the right dimension, whole where it matters, within their range. */
import type { AstNode } from 'langium';
import type { Knob } from '../../simulator/tables/define.ts';
import { type Dimension, dimensions } from '../../simulator/tables/units.ts';
import type { Expression, Quantity } from './generated/ast.ts';
import { exactQuantity, formatQuantity, nearest } from './quantities.ts';
import { textOf, wordOf } from './syntax.ts';
import { evaluate, type Scope, type Value } from './values.ts';

/** A quantity of one dimension; anything else is reported. `what` begins the message: "'memory'", "the size of 'db'". */
export function evaluateAs(
  scope: Scope,
  expression: Expression,
  dimension: Dimension,
  what: string,
  example: string,
): number | null {
  const value = evaluate(scope, expression);
  return value && convert(scope, expression, value, dimension, what, example);
}

export function convert(
  scope: Scope,
  at: AstNode,
  value: Value,
  dimension: Dimension,
  what: string,
  example: string,
): number | null {
  if (value.dimension === dimension) return value.value;
  const { program } = scope;
  const place = program.placeOf(at);
  if (dimension === 'number') {
    const unit = at.$type === 'Quantity' ? (at as Quantity).unit : undefined;
    const plain = unit ? (at as Quantity).number : example;
    program.reporter.report(
      'U05',
      place,
      { what, example: `'${plain}'`, unit: unit?.text ?? dimensions[value.dimension].noun },
      unit ? { fixes: [program.replace(at, plain, `Remove '${unit.text}'`)] } : {},
    );
  } else if (value.dimension === 'number') {
    const written = at.$type === 'Quantity' ? (at as Quantity).number : undefined;
    const candidates = unitsToOffer[dimension].map((u) => `${written ?? ''}${u === '%' ? u : ` ${u}`}`);
    program.reporter.report(
      'U01',
      place,
      {
        what,
        example: written ? `'${candidates[0]}'${candidates[1] ? ` or '${candidates[1]}'` : ''}` : `'${example}'`,
      },
      written
        ? {
            fixes: candidates.map((text, i) => ({
              ...program.replace(at, text, `Write '${text}'`),
              preferred: i === 0,
            })),
          }
        : {},
    );
  } else {
    program.reporter.report('U03', place, {
      what,
      wanted: dimensions[dimension].noun,
      found: `'${textOf(at)}'`,
      dimension: dimensions[value.dimension].noun,
      example: `'${example}'`,
    });
  }
  return null;
}

const unitsToOffer: Readonly<Record<Dimension, readonly string[]>> = {
  bytes: ['MiB', 'pages', 'GiB', 'KiB'],
  time: ['ms', 's', 'us', 'ns'],
  rate: ['MB/s', 'GB/s'],
  share: ['%'],
  number: [],
};

export const dimensionOf = (knob: Knob): Dimension | undefined => {
  switch (knob.type.kind) {
    case 'bytes':
    case 'time':
    case 'rate':
    case 'share':
      return knob.type.kind;
    case 'integer':
    case 'number':
      return 'number';
    case 'flag':
    case 'choice':
      return undefined;
  }
};

/** An example of a legal value: the default, else what is usual for the dimension. */
export function exampleOf(knob: Knob): string {
  const { type } = knob;
  if (type.kind === 'choice') return String(knob.default ?? type.of[0]?.id ?? '');
  if (type.kind === 'flag') return 'on';
  const dimension = dimensionOf(knob)!;
  if (typeof knob.default === 'number' && knob.default !== 0) return exactQuantity(dimension, knob.default);
  const usual = dimension === 'number' ? 4 : { bytes: 64 * 1024 ** 2, time: 1e8, rate: 1.5e8, share: 2e5 }[dimension];
  return exactQuantity(dimension, Math.min(Math.max(usual, type.min), type.max));
}

export function rangeText(knob: Knob): string {
  const { type } = knob;
  if (type.kind === 'choice' || type.kind === 'flag') return '';
  const dimension = dimensionOf(knob)!;
  return `from ${formatQuantity(dimension, type.min)} to ${formatQuantity(dimension, type.max)}`;
}

/** The value of a property as the plan wants it. `terms` is what stands behind the name. */
export function knobValue(
  scope: Scope,
  knob: Knob,
  terms: readonly Expression[],
  at: AstNode,
): number | string | boolean | null {
  const { program } = scope;
  const what = `'${knob.name}'`;
  const [first, second] = terms;
  if (second) {
    program.reporter.report('S01', program.placeOf(second), {
      found: textOf(second),
      remedy: `${what} has one value; a ',' separates properties`,
    });
  }
  if (knob.type.kind === 'flag') {
    if (!first) return true;
    const word = wordOf(first)?.text;
    if (word === 'on' || word === 'yes' || word === 'true') return true;
    if (word === 'off' || word === 'no' || word === 'false') return false;
    program.reporter.report('V04', program.placeOf(first), { what, choices: 'on, off', name: textOf(first), hint: '' });
    return null;
  }
  if (!first) {
    program.reporter.report('S07', program.placeAfter(at), {
      what,
      part: 'a value',
      example: `'${knob.name} ${exampleOf(knob)}'`,
    });
    return null;
  }
  if (knob.type.kind === 'choice') {
    const written = textOf(first).replace(/\s/g, '');
    const ids = knob.type.of.map((c) => c.id);
    if (ids.includes(written)) return written;
    const meant = nearest(written, ids);
    program.reporter.report(
      'V04',
      program.placeOf(first),
      { what, choices: ids.join(', '), name: written, hint: meant ? `: did you mean '${meant}'?` : '' },
      { fixes: (meant ? [meant] : ids.slice(0, 4)).map((id) => program.replace(first, id)) },
    );
    return null;
  }
  const value = evaluate(scope, first);
  return value && fit(scope, knob, value, first);
}

/** A quantity as the value of a property: of its dimension, whole where it must be, within its range. */
export function fit(scope: Scope, knob: Knob, value: Value, at: AstNode): number | null {
  const { type } = knob;
  if (type.kind === 'choice' || type.kind === 'flag') return null;
  const { program } = scope;
  const what = `'${knob.name}'`;
  const dimension = dimensionOf(knob)!;
  // Kernel sysctls are plain integers; those that are bytes may say so.
  const plain = knob.scope === 'sysctl' && value.dimension === 'number';
  let number = plain ? value.value : convert(scope, at, value, dimension, what, exampleOf(knob));
  if (number === null) return null;
  if (type.kind === 'integer' && !Number.isInteger(number)) {
    const near = String(Math.min(Math.max(Math.round(number), type.min), type.max));
    program.reporter.report(
      'V02',
      program.placeOf(at),
      { what, value: formatQuantity('number', number), example: `'${near}'` },
      { fixes: [program.replace(at, near, `Round to ${near}`)] },
    );
    return null;
  }
  if (type.kind !== 'number') number = Math.round(number);
  if (number < type.min || number > type.max) {
    const near = exactQuantity(dimension, number < type.min ? type.min : type.max);
    // The least rate that is legal is nothing anybody would mean.
    const usual = number < type.min && (type.min === 0 || type.kind === 'rate') ? exampleOf(knob) : near;
    program.reporter.report(
      'V01',
      program.placeOf(at),
      {
        what,
        value: formatQuantity(dimension, number),
        range: rangeText(knob),
        example: `'${usual}'`,
      },
      at.$type === 'Quantity' || at.$type === 'Negation'
        ? {
            fixes: [
              program.replace(
                at,
                type.kind === 'rate' ? usual : near,
                `Change to ${type.kind === 'rate' ? usual : near}`,
              ),
            ],
          }
        : {},
    );
    return null;
  }
  return number;
}
