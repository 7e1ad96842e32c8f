/** What `compare`, `sweep` and `set` name, and whether a value fits there. */
import type { AstNode } from 'langium';
import { MAX_PAGES } from '../../simulator/machine/access.ts';
import type { Dimension } from '../../simulator/tables/units.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';
import type { Expression, Word } from './generated/ast.ts';
import { exactQuantity, formatQuantity, nearest } from './quantities.ts';
import { type Target, targetNames, targetOf } from './targets.ts';
import { convert, dimensionOf, fit } from './knob-values.ts';
import { letKey, letValue, type Override, type Scope, type Value } from './values.ts';

export const unitOf: Readonly<Record<Dimension, string>> = {
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
    program.reporter.report('S07', program.placeAfter(at), {
      what: `'${statement}'`,
      part: 'something to vary',
      example,
    });
    return null;
  }
  const name = word.text;
  const target = targetOf(scope, name);
  const place = program.placeOf(word);
  // A plan has one seed, and loads a trace once, for all its points.
  const once =
    target?.kind === 'seed'
      ? "a run has one seed; write 'seed 2' in a second run"
      : target?.symbol?.kind === 'trace'
        ? 'a trace is read once for all points; declare a second one'
        : undefined;
  if (target && once) {
    program.reporter.report('N09', place, { name, verb, remedy: once });
    return null;
  }
  const unordered = target?.kind === 'reclaim' || target?.kind === 'nodes' || target?.kind === 'policy';
  if (target && !(verb === 'swept' && unordered) && !(verb === 'set' && target.kind === 'reclaim')) return target;
  if (target) {
    program.reporter.report('N09', place, {
      name,
      verb,
      remedy:
        target.kind === 'reclaim'
          ? "its variants have no order; write 'compare reclaim: classic, v6.1'"
          : `its values have no order; write 'compare ${name}: ${target.kind === 'nodes' ? '0-1, 2-3' : 'bind:0, interleave:0-3'}'`,
    });
    return null;
  }
  const names = targetNames(scope);
  const meant = nearest(name, names);
  const hit = program.split(name);
  const own = hit ? names.filter((n) => n.startsWith(`${hit.symbol.name}.`)) : [];
  const other = meant || hit ? undefined : ofAnother(name, names);
  const instead = meant ?? other;
  program.reporter.report(
    'N09',
    place,
    {
      name,
      verb,
      remedy: meant
        ? `did you mean '${meant}'?`
        : other
          ? `nothing is called '${name.slice(0, name.indexOf('.'))}': did you mean '${other}'?`
          : own.length > 0
            ? `of '${hit!.symbol.name}' there are ${own.join(', ')}`
            : "name a property, as in 'server.memory', a sysctl, or a name given by 'let'",
    },
    instead ? { fixes: [program.replace(word, instead, `Change to '${instead}'`)] } : {},
  );
  return null;
}

/** The same property of something that is there: 'server.memory' where the machine is called 'm'. */
const ofAnother = (name: string, names: readonly string[]): string | undefined =>
  name.includes('.') ? names.find((known) => known.endsWith(name.slice(name.indexOf('.')))) : undefined;

/** A quantity in the place of what the target has: checked against its dimension and range. */
export function overrideOf(
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
    case 'nodes':
    case 'policy':
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

/** Where in `overrides` a dimension's value goes. */
export const overrideKey = (target: Target): string =>
  target.kind === 'let' ? letKey(target.symbol!.name) : target.key;
