/**
 * Shapes of the definition tables. Everything a user can name has exactly one row, and completion, hover, checks, inlay hints,
 * documentation pages, chart legends and the report are fed from it. Add a row; write its name nowhere else.
 */

/** How far a value may be trusted. */
export interface Source {
  readonly kind: 'measured' | 'published' | 'derived' | 'assumed';
  /** File, commit, paper, mail: where a reader can look it up. */
  readonly where: string;
}

/** What kind of thing a knob belongs to: the declaration, block or call whose property it is. */
export type Scope =
  | 'machine'
  | 'disk'
  | 'swap'
  | 'cgroup'
  | 'file'
  | 'anon'
  | 'locks'
  | 'handler'
  | 'process'
  | 'trace'
  | 'sysctl'
  | 'variant'
  | 'node'
  | 'cpuset'
  | 'tmpfs'
  | 'fuse'
  | 'daemon'
  | 'device'
  | 'link'
  | 'local'
  | 'fault'
  | 'thrash'
  | 'odp'
  | 'exit'
  | 'recovery'
  | 'dump'
  | 'prefault'
  | 'helpers';

/** Quantities are stored in base units: bytes, nanoseconds, bytes per second, parts per million; the language converts. */
export type KnobType =
  | { readonly kind: 'bytes'; readonly min: number; readonly max: number }
  | { readonly kind: 'time'; readonly min: number; readonly max: number }
  | { readonly kind: 'rate'; readonly min: number; readonly max: number }
  | { readonly kind: 'share'; readonly min: number; readonly max: number }
  | { readonly kind: 'integer'; readonly min: number; readonly max: number }
  | { readonly kind: 'number'; readonly min: number; readonly max: number }
  | { readonly kind: 'flag' }
  | { readonly kind: 'choice'; readonly of: readonly { readonly id: string; readonly doc: string }[] };

export type ValueOf<T extends KnobType> = T extends { kind: 'flag' }
  ? boolean
  : T extends { kind: 'choice' }
    ? string
    : number;

export interface Knob<T extends KnobType = KnobType> {
  /** The kernel's name where it has one, else kebab-case. */
  readonly name: string;
  readonly scope: Scope;
  readonly type: T;
  /** `null`: depends on other values; `doc` says how. */
  readonly default: ValueOf<T> | null;
  /** One or two sentences. */
  readonly doc: string;
  /** Where the kernel keeps it, if it does. */
  readonly kernel?: string;
  readonly source: Source;
}

export const bytes = (min: number, max: number) => ({ kind: 'bytes', min, max }) as const;
export const time = (min: number, max: number) => ({ kind: 'time', min, max }) as const;
export const rate = (min: number, max: number) => ({ kind: 'rate', min, max }) as const;
/** Parts per million of a whole; 20% is 200 000. */
export const share = (min = 0, max = 1_000_000) => ({ kind: 'share', min, max }) as const;
export const integer = (min: number, max: number) => ({ kind: 'integer', min, max }) as const;
export const number = (min: number, max: number) => ({ kind: 'number', min, max }) as const;
export const flag = () => ({ kind: 'flag' }) as const;
export const choice = (of: Readonly<Record<string, string>>) =>
  ({ kind: 'choice', of: Object.entries(of).map(([id, doc]) => ({ id, doc })) }) as const;

export const knob = <T extends KnobType>(row: Knob<T>): Knob<T> => row;

/** The value of `row` among `values`, or its default. Throws when neither is there: a caller must supply what depends on other values. */
export function valueOf<T extends KnobType>(
  values: Readonly<Record<string, number | string | boolean>>,
  row: Knob<T>,
): ValueOf<T> {
  const value = values[row.name] ?? row.default;
  if (value === null) throw new Error(`'${row.name}' has no default: it depends on other values`);
  return value as ValueOf<T>;
}

export interface Counter {
  /** The name in /proc/vmstat or memory.stat where there is one, else kebab-case. */
  readonly name: string;
  readonly title: string;
  /** `counter` only rises; `gauge` is a level sampled over time; `measure` is derived from others at the end. */
  readonly kind: 'counter' | 'gauge' | 'measure';
  readonly unit: 'pages' | 'events' | 'ratio' | 'ns' | 'bytes' | 'bytes/s' | 'percent' | 'nodes' | 'entries' | 'factor';
  readonly doc: string;
  /** `/proc/vmstat`, `memory.stat`, `/proc/pressure/memory`; absent for our own. */
  readonly kernel?: string;
  /** A bound that others are held against: drawn as a line over a stack of what it bounds. */
  readonly limit?: true;
  readonly source: Source;
}

export const counter = (row: Counter): Counter => row;

/** A reason the model gives for something it did: the id that events carry. */
export interface Rule {
  readonly id: string;
  readonly doc: string;
  /** Kernel function or commit that does the same. */
  readonly kernel?: string;
}

export const rule = (row: Rule): Rule => row;

/** A candidate for one job of the machine: page reclaim, or the interface by which programs say that memory is volatile. */
export interface Variant {
  readonly id: string;
  readonly title: string;
  readonly mechanism: 'reclaim' | 'volatile.interface';
  /** `kernel`: the kernel did or does this; `proposal`: was proposed; `reference`: from the literature; `ruler`: a bound, not a policy. */
  readonly family: 'kernel' | 'proposal' | 'reference' | 'ruler';
  /** It must be told all accesses beforehand. */
  readonly clairvoyant?: boolean;
  readonly linux?: string;
  readonly year?: number;
  readonly commit?: string;
  readonly summary: string;
  /** Parameters, `compare reclaim: id { name value }`; all of scope `variant`. */
  readonly knobs: readonly Knob[];
  readonly source: Source;
}
