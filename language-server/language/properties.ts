/** Blocks of properties: which there are, what they are worth, and names for them (`server.disk.latency`) that expressions and sweeps use. */
import type { AstNode } from 'langium';
import type { KnobValues, VariantChoice } from '../../simulator/plan.ts';
import type { Knob, Variant } from '../../simulator/tables/define.ts';
import { PAGE_SIZE, pagesOf } from '../../simulator/units.ts';
import { reportLeftOver, reportUnknown } from './complaints.ts';
import type {
  Anon,
  CompareValue,
  FileDeclaration,
  Fuse,
  Property,
  PropertyBlock,
  Tmpfs,
  Unknown,
} from './generated/ast.ts';
import { exactQuantity, formatQuantity, nearest } from './quantities.ts';
import { textOf } from './syntax.ts';
import { mechanisms } from './tables.ts';
import { convert, knobValue } from './knob-values.ts';
import { evaluate, type Scope } from './values.ts';

export type Entries = readonly (Property | Unknown | AstNode)[];

export const entriesOf = (block: PropertyBlock | undefined): Entries => block?.entries ?? [];

export const propertiesIn = (entries: Entries): Property[] =>
  entries.filter((e): e is Property => e.$type === 'Property');

/** The first property of a name that a block gives. */
export const propertyNamed = (block: PropertyBlock | undefined, name: string): Property | undefined =>
  propertiesIn(entriesOf(block)).find((p) => p.name.text === name);

/** The properties that a block gives, overridden where the experiment says so. Anything wrong with the block is reported. */
export function properties(
  scope: Scope,
  /** For messages: `machine 'server'`. */
  owner: string,
  /** What the properties are called from outside: `server` of `server.memory`. */
  prefix: string | null,
  knobs: readonly Knob[],
  entries: Entries,
  /** Names that have a meaning of their own here and are handled by the caller. */
  handled: readonly string[] = [],
): KnobValues {
  const { program } = scope;
  const values: Record<string, number | string | boolean> = {};
  const given = new Map<string, Property>();
  for (const entry of entries) {
    if (entry.$type === 'Unknown') {
      reportUnknown(
        program,
        entry as Unknown,
        `in ${owner}`,
        knobs.map((k) => k.name),
      );
      continue;
    }
    if (entry.$type !== 'Property') continue;
    const property = entry as Property;
    const name = property.name.text;
    if (handled.includes(name)) continue;
    const row = knobs.find((k) => k.name === name);
    if (!row) {
      reportUnknownProperty(scope, owner, property, [...knobs.map((k) => k.name), ...handled]);
      continue;
    }
    reportLeftOver(program, property.rest, `a ',' or a new line ends '${name}'`);
    if (property.block) {
      program.reporter.report('S01', program.placeOf(property.block), {
        found: '{',
        remedy: `'${name}' has a value, no block`,
      });
    }
    const first = given.get(name);
    if (first) {
      program.reporter.report(
        'V10',
        program.placeOf(property),
        { name },
        { related: [{ ...program.placeOf(first), message: 'given here' }] },
      );
      continue;
    }
    given.set(name, property);
    const value = knobValue(scope, row, property.values, property.name);
    if (value !== null) values[name] = value;
  }
  // Of dozens of knobs a run overrides a few, mostly of something else: an editor asks this a thousand times for each keystroke.
  if (prefix !== null && [...scope.overrides.keys()].some((key) => key.startsWith(prefix))) {
    for (const knob of knobs) {
      const override = scope.overrides.get(`${prefix}.${knob.name}`);
      if (override && 'value' in override) values[knob.name] = override.value;
    }
  }
  return values;
}

function reportUnknownProperty(scope: Scope, owner: string, property: Property, names: readonly string[]): void {
  const { program } = scope;
  const name = property.name.text;
  const meant = nearest(name, names);
  program.reporter.report(
    'N05',
    program.placeOf(property.name),
    {
      owner,
      name,
      hint: meant ? `: did you mean '${meant}'?` : names.length > 0 ? `: it has ${names.join(', ')}` : '',
    },
    meant ? { fixes: [program.replace(property.name, meant, `Change to '${meant}'`)] } : {},
  );
}

// ---- the variants of a mechanism

/** `refault-2013 { ratio sqrt }` as a choice; `null`: reported. */
export function variantChoice(
  scope: Scope,
  value: Pick<CompareValue, 'terms' | 'block'>,
  at: AstNode,
  mechanism: Variant['mechanism'] = 'reclaim',
): VariantChoice | null {
  const { program } = scope;
  const [first, second] = value.terms;
  const written = first ? textOf(first).replace(/\s/g, '') : '';
  const variants = mechanisms[mechanism];
  const variant = variants.find((v) => v.id === written);
  if (!variant) {
    const ids = variants.map((v) => v.id);
    const meant = nearest(written, ids);
    program.reporter.report(
      'N06',
      program.placeOf(first ?? at),
      {
        what: mechanism === 'reclaim' ? 'reclaim variant' : 'interface of volatile memory',
        name: written,
        hint: meant ? `: did you mean '${meant}'?` : `: there are ${ids.join(', ')}`,
      },
      { fixes: first && meant ? [program.replace(first, meant, `Change to '${meant}'`)] : [] },
    );
    return null;
  }
  if (second) {
    const example = variant.knobs[0] ? `${variant.id} { ${variant.knobs[0].name} … }` : variant.id;
    program.reporter.report('S01', program.placeOf(second), {
      found: textOf(second),
      remedy: `parameters stand in braces: ${example}`,
    });
  }
  return {
    id: variant.id,
    values: properties(scope, `variant '${variant.id}'`, variant.id, variant.knobs, entriesOf(value.block)),
  };
}

/** The size of a file, an anonymous region or a tmpfs, in pages. */
export function objectPages(
  scope: Scope,
  node: FileDeclaration | Anon | Tmpfs | Fuse,
  limitPages: number,
): number | null {
  const { program } = scope;
  const name = node.name?.text ?? '';
  const kind =
    node.$type === 'Anon' ? 'anon' : node.$type === 'Tmpfs' ? 'tmpfs' : node.$type === 'Fuse' ? 'fuse' : 'file';
  const override = scope.overrides.get(`${name}.size`);
  let size: number | null = null;
  if (override && 'value' in override) size = override.value as number;
  else if (node.size) {
    const value = evaluate(scope, node.size);
    size = value && convert(scope, node.size, value, 'bytes', `the size of '${name}'`, '96 MiB');
  } else {
    program.reporter.report('S07', program.placeAfter(node.name ?? node), {
      what: `${kind} '${name}'`,
      part: 'a size',
      example: `'${kind} ${name || 'db'} 96 MiB'`,
    });
  }
  if (size === null) return null;
  const place = program.placeOf(node.size ?? node);
  const pages = pagesOf(size);
  if (!(pages >= 1)) {
    const fix = node.size ? { fixes: [program.replace(node.size, '1 MiB', 'Change to 1 MiB')] } : {};
    program.reporter.report(
      'V01',
      place,
      {
        what: `the size of '${name}'`,
        value: formatQuantity('bytes', size),
        range: 'at least one page of 4 KiB',
        example: "'96 MiB'",
      },
      fix,
    );
    return null;
  }
  if (pages > limitPages) {
    program.reporter.report('V08', place, {
      what: `'${name}'`,
      has: 'has',
      pages: formatQuantity('number', pages),
      limit: String(limitPages),
      remedy: `write at most '${exactQuantity('bytes', limitPages * PAGE_SIZE)}'`,
    });
    return null;
  }
  return pages;
}
