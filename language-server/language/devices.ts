/** Coprocessors of one scenario: their properties, `policy counter 256` and `prefetch tree 51%`, and phases that run on them. */
import type { AstNode } from 'langium';
import { MAX_DEVICES } from '../../simulator/device/page-map.ts';
import type { DeviceSpec, KnobValues, Scenario, TimelineAction } from '../../simulator/plan.ts';
import type { Knob } from '../../simulator/tables/define.ts';
import {
  CHUNK,
  counterThreshold,
  deviceMemory,
  deviceParts,
  devicePolicy,
  devicePrefetch,
  prefetchDensity,
  prefetchPages,
  type DevicePart,
} from '../../simulator/tables/device-knobs.ts';
import { reportLeftOver } from './complaints.ts';
import type { Device, DeviceAction, Expression, Loose, Property, Word } from './generated/ast.ts';
import { knobValue } from './knob-values.ts';
import { spanOfNode } from './spans.ts';
import { named } from './names.ts';
import type { LanguageSymbol } from './program.ts';
import { entriesOf, properties, propertiesIn } from './properties.ts';
import { exactQuantity, nearest } from './quantities.ts';
import { textOf } from './syntax.ts';
import { knobOf, knobsOf, reclaimVariants } from './tables.ts';
import type { Scope } from './values.ts';

const EXAMPLE = "'device gpu { memory 1 GiB, link { h2d 25 GB/s } }'";

/** The knob that `gpu.memory` or `gpu.link.h2d` names, from what stands behind the device's name. */
export function deviceKnob(rest: string): Knob | undefined {
  const dot = rest.indexOf('.');
  const part = dot < 0 ? undefined : deviceParts.find((p) => p === rest.slice(0, dot));
  return part ? knobOf(part, rest.slice(dot + 1)) : knobOf('device', rest);
}

export const isDevicePart = (scope: string): scope is DevicePart => deviceParts.some((p) => p === scope);

/** Names of everything that can be varied of a device. */
export const deviceNames = (name: string): string[] => [
  ...knobsOf('device').map((k) => `${name}.${k.name}`),
  ...deviceParts.flatMap((part) => knobsOf(part).map((k) => `${name}.${part}.${k.name}`)),
];

/** Properties whose value may carry a second one: which knob that is, by the first. */
const SECOND: Readonly<Record<string, Readonly<Record<string, Knob>>>> = {
  [devicePolicy.name]: { counter: counterThreshold },
  [devicePrefetch.name]: { tree: prefetchDensity, sequential: prefetchPages },
};

const secondOf = (knob: Knob, choice: string): Knob | undefined => SECOND[knob.name]?.[choice];

export const takesSecond = (knob: Knob): boolean => knob.scope === 'device' && knob.name in SECOND;

/** `counter 256`, as knobs; `null`: reported. The label is as short as it was written. */
export function deviceChoice(
  scope: Scope,
  knob: Knob,
  terms: readonly Expression[],
  at: AstNode,
): { readonly label: string; readonly values: Record<string, number | string> } | null {
  const { program } = scope;
  const [first, second, third] = terms;
  const choice = knobValue(scope, knob, first ? [first] : [], at);
  if (typeof choice !== 'string') return null;
  if (!second) return { label: choice, values: { [knob.name]: choice } };
  const other = secondOf(knob, choice);
  const extra = other ? third : second;
  if (extra) {
    program.reporter.report('S01', program.placeOf(extra), {
      found: textOf(extra),
      remedy: other ? `'${choice}' takes one value` : `'${choice}' takes no value; a ',' separates`,
    });
    return null;
  }
  const value = knobValue(scope, other!, [second], at);
  if (typeof value !== 'number') return null;
  return {
    label: `${choice} ${textOf(second).replace(/\s+/g, ' ')}`,
    values: { [knob.name]: choice, [other!.name]: value },
  };
}

export function deviceSpec(scope: Scope, node: Device): DeviceSpec | null {
  const { program } = scope;
  const before = program.reporter.errors;
  const name = node.name?.text ?? '';
  if (!node.name)
    program.reporter.report('S07', program.placeAfterWord(node, 'device'), {
      what: "'device'",
      part: 'a name',
      example: EXAMPLE,
    });
  reportLeftOver(
    program,
    node.rest,
    `properties of a device stand in braces: device ${name || 'gpu'} { memory 1 GiB }`,
  );
  const entries = entriesOf(node.block);
  const given = propertiesIn(entries);
  const paired = Object.keys(SECOND);
  const plain = properties(
    scope,
    `device '${name}'`,
    node.name ? name : null,
    knobsOf('device').filter((k) => !paired.includes(k.name)),
    entries,
    [...paired, ...deviceParts],
  );
  const values: Record<string, number | string | boolean> = {};
  for (const key of paired) Object.assign(values, pairOf(scope, name, key, given));
  Object.assign(values, plain);
  // What is varied by a name of its own wins over the second value of another.
  for (const knob of Object.values(SECOND).flatMap((row) => Object.values(row))) {
    const override = scope.overrides.get(`${name}.${knob.name}`);
    if (override && 'value' in override) values[knob.name] = override.value;
  }
  const parts = Object.fromEntries(deviceParts.map((part) => [part, partOf(scope, name, part, given)]));
  checkMemory(scope, node, values);
  if (program.reporter.errors > before) return null;
  return { name, values, ...(parts as Record<DevicePart, KnobValues>), source: spanOfNode(program, node) };
}

/** `policy counter 256`: the property as it is, or as the experiment has it. */
function pairOf(scope: Scope, name: string, key: string, given: readonly Property[]): KnobValues {
  const { program } = scope;
  const [property, twice] = given.filter((p) => p.name.text === key);
  if (twice)
    program.reporter.report(
      'V10',
      program.placeOf(twice),
      { name: key },
      { related: [{ ...program.placeOf(property), message: 'given here' }] },
    );
  let values: KnobValues = {};
  if (property) {
    reportLeftOver(program, property.rest, `a ',' or a new line ends '${key}'`);
    if (property.block)
      program.reporter.report('S01', program.placeOf(property.block), {
        found: '{',
        remedy: `'${key}' has a value, no block`,
      });
    values = deviceChoice(scope, knobOf('device', key)!, property.values, property.name)?.values ?? {};
  }
  const override = scope.overrides.get(`${name}.${key}`);
  if (!override) return values;
  if ('values' in override) return { ...values, ...override.values };
  return 'value' in override ? { ...values, [key]: override.value } : values;
}

function partOf(scope: Scope, name: string, part: DevicePart, given: readonly Property[]): KnobValues {
  const { program } = scope;
  const [property, twice] = given.filter((p) => p.name.text === part);
  if (twice) program.reporter.report('V10', program.placeOf(twice), { name: part });
  if (property && !property.block) {
    const [knob] = knobsOf(part);
    program.reporter.report('S07', program.placeAfter(property), {
      what: `'${part}'`,
      part: 'its properties in braces',
      example: `'${part} { ${knob.name} … }'`,
    });
  }
  if (property) reportLeftOver(program, property.rest, `properties of '${part}' stand in braces`);
  return properties(
    scope,
    `'${part}' of '${name}'`,
    name === '' ? null : `${name}.${part}`,
    knobsOf(part),
    entriesOf(property?.block),
  );
}

/** Memory is handed out in chunks. */
function checkMemory(scope: Scope, node: Device, values: KnobValues): void {
  const { program } = scope;
  const memory = Number(values[deviceMemory.name] ?? deviceMemory.default);
  if (memory % CHUNK === 0) return;
  const property = propertiesIn(entriesOf(node.block)).find((p) => p.name.text === deviceMemory.name);
  const at = property?.values[0];
  const near = exactQuantity('bytes', Math.max(CHUNK, Math.round(memory / CHUNK) * CHUNK));
  const varied = scope.overrides.has(`${node.name?.text ?? ''}.${deviceMemory.name}`);
  program.reporter.report(
    'D01',
    program.placeOf(at ?? property ?? node.name ?? node),
    { name: node.name?.text ?? '', value: exactQuantity('bytes', memory), near },
    at && !varied ? { fixes: [program.replace(at, near, `Change to ${near}`)] } : {},
  );
}

/** Devices of one scenario, numbered as they are first used. */
export class DeviceTable {
  readonly specs: DeviceSpec[] = [];
  readonly used = new Set<LanguageSymbol>();
  readonly #index = new Map<AstNode, number | null>();

  add(scope: Scope, node: Device): number | null {
    const known = this.#index.get(node);
    if (known !== undefined) return known;
    this.#index.set(node, null);
    const spec = deviceSpec(scope, node);
    if (!spec) return null;
    const { program } = scope;
    const symbol = program.symbols.get(spec.name);
    if (symbol?.node === node) this.used.add(symbol);
    if (this.specs.length === MAX_DEVICES) {
      program.reporter.report('D02', program.placeOf(node.name ?? node), { limit: String(MAX_DEVICES) });
      return null;
    }
    this.#index.set(node, this.specs.length);
    return this.specs.push(spec) - 1;
  }
}

/** What a device needs of the machine it is on. */
export function checkDevices(
  scope: Scope,
  scenario: Scenario,
  inputs: { readonly processes: readonly AstNode[] },
): void {
  if (!scenario.devices) return;
  const { program } = scope;
  const override = scope.overrides.get('reclaim');
  const variant = reclaimVariants.find((v) => v.id === scenario.reclaim.id);
  if (!variant || variant.family === 'kernel' || variant.family === 'proposal') return;
  const place = override && 'place' in override && override.place ? override.place : undefined;
  const at = inputs.processes[0];
  program.reporter.report('D03', place ?? program.placeOf(at), { variant: variant.id, name: scenario.devices[0].name });
}

/** `on gpu`: the device that a phase runs on. */
export const deviceNamed = (scope: Scope, word: Word): LanguageSymbol | null =>
  named(scope, word, ['device'], 'a device', (name) => `declare it with 'device ${name} { memory 1 GiB }'`);

const FATES = ['give-back', 'lose'] as const;

/** `reset gpu`, `reset gpu lose`, `kill gpu give-back`. */
export function deviceAction(
  scope: Scope,
  keyword: DeviceAction['keyword'] | 'kill',
  word: Word,
  words: readonly Loose[],
  number: (node: Device) => number | null,
): TimelineAction | null {
  const { program } = scope;
  const symbol = deviceNamed(scope, word);
  const device = symbol && number(symbol.node as Device);
  const [fate, ...rest] = words;
  reportLeftOver(program, rest, `write '${keyword} ${word.text} give-back'`);
  if (fate && !FATES.includes(fate.text as (typeof FATES)[number])) {
    const meant = nearest(fate.text, FATES);
    program.reporter.report(
      'V04',
      program.placeOf(fate),
      {
        what: `what becomes of the pages on '${word.text}'`,
        choices: FATES.join(', '),
        name: fate.text,
        hint: meant ? `: did you mean '${meant}'?` : '',
      },
      { fixes: (meant ? [meant] : FATES).map((id) => program.replace(fate, id)) },
    );
    return null;
  }
  if (device === null) return null;
  const pages = fate ? { pages: fate.text as (typeof FATES)[number] } : {};
  return { kind: 'device', device, state: keyword === 'kill' ? 'die' : 'reset', ...pages };
}
