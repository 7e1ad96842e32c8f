/** Blocks of properties: which there are, what they are worth, and names for them (`server.disk.latency`) that expressions and sweeps use. */
import type { AstNode } from 'langium';
import type { KnobValues, VariantChoice } from '../../simulator/plan.ts';
import type { Knob, Scope as KnobScope } from '../../simulator/tables/define.ts';
import { laterName } from '../../simulator/tables/later.ts';
import { pagesOf, PAGE_SIZE } from '../../simulator/units.ts';
import type {
  Anon,
  Cgroup,
  CompareValue,
  Expression,
  FileDeclaration,
  Machine,
  Process,
  Property,
  PropertyBlock,
  Trace,
  Unknown,
} from './generated/ast.ts';
import { reportLeftOver, reportUnknown } from './complaints.ts';
import type { LanguageSymbol, SymbolKind } from './program.ts';
import { exactQuantity, formatQuantity, nearest } from './quantities.ts';
import { knobOf, knobsOf, metric, reclaimVariant, reclaimVariants } from './tables.ts';
import { textOf } from './syntax.ts';
import { convert, dimensionOf, evaluate, knobValue, type Scope, type Value } from './values.ts';

export type Entries = readonly (Property | Unknown | AstNode)[];

export const entriesOf = (block: PropertyBlock | undefined): Entries => block?.entries ?? [];

export const propertiesIn = (entries: Entries): Property[] =>
  entries.filter((e): e is Property => e.$type === 'Property');

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
  if (prefix !== null) {
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
  const later = laterName(name, 'property');
  if (later) {
    program.reporter.report('L01', program.placeOf(property.name), {
      what: name,
      remedy: `it belongs to ${later.of}; remove it until then`,
    });
    return;
  }
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
): VariantChoice | null {
  const { program } = scope;
  const [first, second] = value.terms;
  const written = first ? textOf(first).replace(/\s/g, '') : '';
  const variant = reclaimVariant(written);
  if (!variant) {
    const ids = reclaimVariants.map((v) => v.id);
    const meant = nearest(written, ids);
    program.reporter.report(
      'N06',
      program.placeOf(first ?? at),
      { name: written, hint: meant ? `: did you mean '${meant}'?` : `: there are ${ids.join(', ')}` },
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

// ---- names of properties

/** A name that can be read in expressions and, with `compare`, `sweep` and `--set`, be varied. */
export interface Target {
  /** Canonical; the key of overrides. */
  readonly key: string;
  readonly kind: 'knob' | 'size' | 'let' | 'reclaim' | 'seed';
  readonly knob?: Knob;
  readonly symbol?: LanguageSymbol;
  /** The variant whose parameter it is. */
  readonly variant?: string;
}

const scopeOf: Readonly<Partial<Record<SymbolKind, KnobScope>>> = {
  machine: 'machine',
  file: 'file',
  anon: 'anon',
  process: 'process',
  cgroup: 'cgroup',
  trace: 'trace',
};

/** The name of the machine of programs that declare none. */
export const DEFAULT_MACHINE = 'machine';

export function targetOf(scope: Pick<Scope, 'program' | 'machine'>, name: string): Target | undefined {
  const { program, machine } = scope;
  const hit = program.split(name);
  if (hit) {
    const { symbol, rest } = hit;
    if (rest === '') return symbol.kind === 'let' ? { key: `let ${symbol.name}`, kind: 'let', symbol } : undefined;
    return ofSymbol(symbol, symbol.name, symbol.kind, rest);
  }
  if (name === 'reclaim') return { key: 'reclaim', kind: 'reclaim' };
  if (name === 'seed') return { key: 'seed', kind: 'seed' };
  const sysctl = knobOf('sysctl', name);
  if (sysctl) return { key: name, kind: 'knob', knob: sysctl };
  const own = machine?.name?.text ?? DEFAULT_MACHINE;
  const bare = name.startsWith(`${DEFAULT_MACHINE}.`) && !machine ? name.slice(DEFAULT_MACHINE.length + 1) : name;
  const symbol = machine?.name && program.symbols.get(machine.name.text);
  const ofMachine = ofSymbol(symbol ?? undefined, own, 'machine', bare);
  if (ofMachine) return ofMachine;
  const variant = reclaimVariants.find((v) => name.startsWith(`${v.id}.`));
  const knob = variant?.knobs.find((k) => k.name === name.slice(variant.id.length + 1));
  return variant && knob ? { key: name, kind: 'knob', knob, variant: variant.id } : undefined;
}

function ofSymbol(
  symbol: LanguageSymbol | undefined,
  prefix: string,
  kind: SymbolKind,
  rest: string,
): Target | undefined {
  const more = symbol ? { symbol } : {};
  if ((kind === 'file' || kind === 'anon') && rest === 'size') return { key: `${prefix}.size`, kind: 'size', ...more };
  const knobScope = scopeOf[kind];
  if (!knobScope) return undefined;
  const disk = kind === 'machine' && rest.startsWith('disk.') ? knobOf('disk', rest.slice(5)) : undefined;
  const knob = disk ?? knobOf(knobScope, rest);
  return knob && { key: `${prefix}.${rest}`, kind: 'knob', knob, ...more };
}

/** Every name that `targetOf` knows, for completion and for "did you mean". */
export function targetNames(scope: Pick<Scope, 'program' | 'machine'>): string[] {
  const names = ['reclaim', 'seed', ...knobsOf('sysctl').map((k) => k.name)];
  const machineKnobs = (prefix: string): string[] => [
    ...knobsOf('machine').map((k) => `${prefix}.${k.name}`),
    ...knobsOf('disk').map((k) => `${prefix}.disk.${k.name}`),
  ];
  for (const symbol of scope.program.symbols.values()) {
    if (symbol.kind === 'let') names.push(symbol.name);
    else if (symbol.kind === 'machine') names.push(...machineKnobs(symbol.name));
    else if (scopeOf[symbol.kind]) names.push(...knobsOf(scopeOf[symbol.kind]!).map((k) => `${symbol.name}.${k.name}`));
    if (symbol.kind === 'file' || symbol.kind === 'anon') names.push(`${symbol.name}.size`);
  }
  if (!scope.machine) names.push(...machineKnobs(DEFAULT_MACHINE));
  return names;
}

/** `server.memory` in an expression. `undefined`: no such name; `null`: reported. */
export function propertyValue(scope: Scope, name: string, at: AstNode): Value | null | undefined {
  const target = targetOf(scope, name);
  if (!target || target.kind === 'let') return undefined;
  const { program } = scope;
  const override = scope.overrides.get(target.key);
  if (target.kind === 'size') {
    if (override && 'value' in override) return { dimension: 'bytes', value: override.value as number };
    const { size } = target.symbol!.node as FileDeclaration | Anon;
    return guarded(scope, target.key, at, () => (size ? evaluate(scope, size) : null));
  }
  const dimension = target.knob && dimensionOf(target.knob);
  if (!target.knob || !dimension) {
    program.reporter.report('V03', program.placeOf(at), {
      what: `'${name}'`,
      problem: metric(name) ? 'is known only after a run' : 'is no number',
      remedy: 'use something that has a size, a time, a rate, a share or a count',
    });
    return null;
  }
  if (override && 'value' in override) return { dimension, value: override.value as number };
  const given = givenProperty(scope, target, name);
  if (given) {
    return guarded(scope, target.key, at, () => {
      const value = evaluate(scope, given);
      const number = value && convert(scope, given, value, dimension, `'${name}'`, exactQuantity(dimension, 1));
      return number === null ? null : { dimension, value: number };
    });
  }
  if (typeof target.knob.default === 'number') return { dimension, value: target.knob.default };
  program.reporter.report('V03', program.placeOf(at), {
    what: `'${name}'`,
    problem: 'has no fixed default',
    remedy: 'give it a value where it is declared',
  });
  return null;
}

function guarded(scope: Scope, key: string, at: AstNode, work: () => Value | null): Value | null {
  if (scope.evaluating.includes(key)) {
    scope.program.reporter.report('N11', scope.program.placeOf(at), {
      name: key,
      chain: [...scope.evaluating.slice(scope.evaluating.indexOf(key)), key].join(' → '),
    });
    return null;
  }
  scope.evaluating.push(key);
  const value = work();
  scope.evaluating.pop();
  return value;
}

function givenProperty(scope: Scope, target: Target, name: string): Expression | undefined {
  const node = target.symbol?.node;
  if (!node) {
    if (target.knob?.scope !== 'sysctl') return undefined;
    const item = scope.program.items.findLast(({ item }) => item.$type === 'Sysctl' && item.name?.text === name)?.item;
    return item?.$type === 'Sysctl' ? item.value : undefined;
  }
  let entries: Entries =
    node.$type === 'Process'
      ? ((node as Process).block?.statements ?? [])
      : entriesOf((node as Machine | FileDeclaration | Anon | Cgroup | Trace).block);
  if (target.knob?.scope === 'disk')
    entries = propertiesIn(entries)
      .filter((p) => p.name.text === 'disk')
      .flatMap((p) => [...entriesOf(p.block)]);
  return propertiesIn(entries).find((p) => p.name.text === target.knob?.name)?.values[0];
}

/** The size of a file or an anonymous region, in pages. */
export function objectPages(scope: Scope, node: FileDeclaration | Anon, limitPages: number): number | null {
  const { program } = scope;
  const name = node.name?.text ?? '';
  const kind = node.$type === 'Anon' ? 'anon' : 'file';
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
