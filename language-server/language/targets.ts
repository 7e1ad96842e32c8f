/** Names of properties (`server.disk.latency`): what expressions read, and what `compare`, `sweep` and `--set` vary. */
import type { AstNode } from 'langium';
import type { Knob, Variant } from '../../simulator/tables/define.ts';
import { RECOVERY_BLOCKS } from '../../simulator/tables/exit-knobs.ts';
import { daemonOf, fuseKnob } from './fuse.ts';
import { CPUSET_LISTS, type CpusetList } from './cpusets.ts';
import type {
  Anon, Cgroup, Cpuset, Device, Expression, FileDeclaration, Fuse, Machine, Process, Tmpfs, Trace,
} from './generated/ast.ts'; // prettier-ignore
import { hasNodes, readNodeList, totalOfNodes } from './nodes.ts';
import { deviceKnob, deviceNames, isDevicePart } from './devices.ts';
import { isObjectKind } from './objects.ts';
import type { LanguageSymbol, SymbolKind } from './program.ts';
import { type Entries, entriesOf, propertiesIn } from './properties.ts';
import { exactQuantity } from './quantities.ts';
import { textOf } from './syntax.ts';
import { anyVariants, isMechanism, knobOf, knobsOf, mechanismNames, metric } from './tables.ts';
import { convert, dimensionOf } from './knob-values.ts';
import { evaluate, type Scope, type Value } from './values.ts';

/** A name that can be read in expressions and, with `compare`, `sweep` and `--set`, be varied. */
export interface Target {
  /** Canonical; the key of overrides. */
  readonly key: string;
  readonly kind: 'knob' | 'size' | 'let' | 'reclaim' | 'seed' | 'nodes' | 'policy';
  readonly knob?: Knob;
  /** Whose variants it chooses from (kind `reclaim`). */
  readonly mechanism?: Variant['mechanism'];
  /** The list of a cpuset (kind `nodes`). */
  readonly list?: CpusetList;
  readonly symbol?: LanguageSymbol;
  /** The variant whose parameter it is. */
  readonly variant?: string;
}

const scopeOf: Readonly<Partial<Record<SymbolKind, Knob['scope']>>> = {
  machine: 'machine',
  file: 'file',
  anon: 'anon',
  process: 'process',
  cgroup: 'cgroup',
  cpuset: 'cpuset',
  tmpfs: 'tmpfs',
  fuse: 'fuse',
  device: 'device',
  trace: 'trace',
};

/** What the policy of each is called. */
const policyName: Readonly<Partial<Record<SymbolKind, string>>> = { process: 'mempolicy', anon: 'mpol', tmpfs: 'mpol' };

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
  if (isMechanism(name)) return { key: name, kind: 'reclaim', mechanism: name };
  if (name === 'seed') return { key: 'seed', kind: 'seed' };
  const sysctl = knobOf('sysctl', name);
  if (sysctl) return { key: name, kind: 'knob', knob: sysctl };
  const recovering = recoveryKnob(name);
  if (recovering) return recovering;
  const own = machine?.name?.text ?? DEFAULT_MACHINE;
  const bare = name.startsWith(`${DEFAULT_MACHINE}.`) && !machine ? name.slice(DEFAULT_MACHINE.length + 1) : name;
  const symbol = machine?.name && program.symbols.get(machine.name.text);
  const ofMachine = ofSymbol(symbol ?? undefined, own, 'machine', bare);
  if (ofMachine) return ofMachine;
  const variant = anyVariants.find((v) => name.startsWith(`${v.id}.`));
  const knob = variant?.knobs.find((k) => k.name === name.slice(variant.id.length + 1));
  return variant && knob ? { key: name, kind: 'knob', knob, variant: variant.id } : undefined;
}

/** `recovery.budget`, `recovery.prefault.threads`, `prefault.threads`. */
function recoveryKnob(name: string): Target | undefined {
  const inside = name.startsWith('recovery.') ? name.slice('recovery.'.length) : name;
  for (const block of RECOVERY_BLOCKS) {
    if (!inside.startsWith(`${block}.`)) continue;
    const knob = knobOf(block, inside.slice(block.length + 1));
    return knob && { key: `recovery.${inside}`, kind: 'knob', knob };
  }
  const knob = inside === name ? undefined : knobOf('recovery', inside);
  return knob && { key: name, kind: 'knob', knob };
}

function ofSymbol(
  symbol: LanguageSymbol | undefined,
  prefix: string,
  kind: SymbolKind,
  rest: string,
): Target | undefined {
  const more = symbol ? { symbol } : {};
  if (isObjectKind(kind) && rest === 'size') return { key: `${prefix}.size`, kind: 'size', ...more };
  const list = kind === 'cpuset' ? CPUSET_LISTS.find((l) => l === rest) : undefined;
  if (list) return { key: `${prefix}.${rest}`, kind: 'nodes', list, ...more };
  if (policyName[kind] === rest) return { key: `${prefix}.${rest}`, kind: 'policy', ...more };
  const ofNode = kind === 'machine' ? /^node\d+\.(.+)$/.exec(rest) : null;
  const nodeKnob = ofNode && knobOf('node', ofNode[1]);
  if (nodeKnob) return { key: `${prefix}.${rest}`, kind: 'knob', knob: nodeKnob, ...more };
  const knobScope = scopeOf[kind];
  if (!knobScope) return undefined;
  const disk = kind === 'machine' && rest.startsWith('disk.') ? knobOf('disk', rest.slice(5)) : undefined;
  const exit = kind === 'machine' && rest.startsWith('exit.') ? knobOf('exit', rest.slice(5)) : undefined;
  const locks = kind === 'machine' && rest.startsWith('locks.') ? knobOf('locks', rest.slice(6)) : undefined;
  const knob =
    disk ??
    exit ??
    locks ??
    (kind === 'fuse' ? fuseKnob(rest) : kind === 'device' ? deviceKnob(rest) : knobOf(knobScope, rest));
  return knob && { key: `${prefix}.${rest}`, kind: 'knob', knob, ...more };
}

/** Every name that `targetOf` knows, for completion and for "did you mean". */
export function targetNames(scope: Pick<Scope, 'program' | 'machine'>): string[] {
  const names: string[] = [...mechanismNames, ...knobsOf('sysctl').map((k) => k.name)];
  const machineKnobs = (prefix: string): string[] => [
    ...knobsOf('machine').map((k) => `${prefix}.${k.name}`),
    ...knobsOf('disk').map((k) => `${prefix}.disk.${k.name}`),
    ...knobsOf('exit').map((k) => `${prefix}.exit.${k.name}`),
    ...knobsOf('locks').map((k) => `${prefix}.locks.${k.name}`),
  ];
  for (const symbol of scope.program.symbols.values()) {
    if (symbol.kind === 'let') names.push(symbol.name);
    else if (symbol.kind === 'machine') names.push(...machineKnobs(symbol.name));
    else if (symbol.kind === 'device') names.push(...deviceNames(symbol.name));
    else if (scopeOf[symbol.kind] && symbol.kind !== 'trace')
      names.push(...knobsOf(scopeOf[symbol.kind]!).map((k) => `${symbol.name}.${k.name}`));
    if (symbol.kind === 'fuse') names.push(...knobsOf('daemon').map((k) => `${daemonOf(symbol.name)}.${k.name}`));
    if (isObjectKind(symbol.kind)) names.push(`${symbol.name}.size`);
    if (symbol.kind === 'cpuset') names.push(...CPUSET_LISTS.map((l) => `${symbol.name}.${l}`));
    if (policyName[symbol.kind]) names.push(`${symbol.name}.${policyName[symbol.kind]}`);
  }
  if (scope.program.items.some(({ item }) => item.$type === 'Recovery')) {
    names.push(...knobsOf('recovery').map((k) => `recovery.${k.name}`));
    for (const block of RECOVERY_BLOCKS) names.push(...knobsOf(block).map((k) => `recovery.${block}.${k.name}`));
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
    const { size } = target.symbol!.node as FileDeclaration | Anon | Tmpfs;
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
  if (target.knob.scope === 'machine' && target.symbol) {
    const owner = target.symbol.node as Machine;
    const asked = target.knob.name;
    if (hasNodes(owner, asked))
      return guarded(scope, target.key, at, () => {
        const value = totalOfNodes(scope, owner, asked);
        return value === undefined ? null : { dimension, value };
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

/** In the last recovery of the program: `budget 30 s`, `prefault threads 8`, `prefault { threads 8 }`. */
function givenInRecovery(scope: Scope, { scope: block, name }: Knob): Expression | undefined {
  const item = scope.program.items.findLast(({ item: found }) => found.$type === 'Recovery')?.item;
  const own = propertiesIn(entriesOf(item?.$type === 'Recovery' ? item.block : undefined));
  if (block === 'recovery') return own.find((p) => p.name.text === name)?.values[0];
  const blocks = own.filter((p) => p.name.text === block);
  const inLine = blocks.find((p) => p.values[0] && textOf(p.values[0]) === name)?.values[1];
  return (
    inLine ?? propertiesIn(blocks.flatMap((p) => [...entriesOf(p.block)])).find((p) => p.name.text === name)?.values[0]
  );
}

function givenProperty(scope: Scope, target: Target, name: string): Expression | undefined {
  const node = target.symbol?.node;
  if (!node) {
    if (target.knob && target.key.startsWith('recovery.')) return givenInRecovery(scope, target.knob);
    if (target.knob?.scope !== 'sysctl') return undefined;
    const item = scope.program.items.findLast(({ item }) => item.$type === 'Sysctl' && item.name?.text === name)?.item;
    return item?.$type === 'Sysctl' ? item.value : undefined;
  }
  let entries: Entries =
    node.$type === 'Process'
      ? ((node as Process).block?.statements ?? [])
      : entriesOf((node as Machine | FileDeclaration | Anon | Cgroup | Cpuset | Tmpfs | Fuse | Device | Trace).block);
  if (target.knob?.scope === 'disk' || target.knob?.scope === 'exit')
    entries = propertiesIn(entries)
      .filter((p) => p.name.text === target.knob?.scope)
      .flatMap((p) => [...entriesOf(p.block)]);
  if (target.knob?.scope === 'daemon')
    entries = propertiesIn(entries)
      .filter((p) => p.name.text === 'daemon')
      .flatMap((p) => [...entriesOf(p.block)]);
  if (target.knob && isDevicePart(target.knob.scope))
    entries = propertiesIn(entries)
      .filter((p) => p.name.text === target.knob!.scope)
      .flatMap((p) => [...entriesOf(p.block)]);
  if (target.knob?.scope === 'node') {
    const number = Number(/\.node(\d+)\./.exec(name)?.[1]);
    entries = propertiesIn(entries)
      .filter((p) => p.name.text === 'node' && p.values[0] && readNodeList(textOf(p.values[0]))?.includes(number))
      .flatMap((p) => [...entriesOf(p.block)]);
  }
  return propertiesIn(entries).find((p) => p.name.text === target.knob?.name)?.values[0];
}
