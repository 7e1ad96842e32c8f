/** What checks of plans are made of: is it there, is it of the right kind, is it in range. All throw a PlanError that says what is wrong. */
import { PlanError } from './plan-error.ts';
import type { Knob } from './tables/define.ts';
import { knobs } from './tables/knobs.ts';

export type Row = Readonly<Record<string, unknown>>;

export const fail = (message: string, remedy: string): never => {
  throw new PlanError(message, remedy);
};

export const BROKEN = 'This plan was not made by the Refault language; make it again from its program.';

export function row(value: unknown, what: string): Row {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return fail(`${what} is missing`, BROKEN);
  return value as Row;
}

export function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) return fail(`${what} is not a list`, BROKEN);
  return value as unknown[];
}

export function text(value: unknown, what: string): string {
  if (typeof value !== 'string') return fail(`${what} is not text`, BROKEN);
  return value;
}

export function numberIn(value: unknown, what: string, min: number, max: number, remedy?: string): number {
  if (typeof value !== 'number' || Number.isNaN(value)) return fail(`${what} is not a number`, BROKEN);
  if (value < min || value > max)
    return fail(
      `${what} is ${value}, which is not between ${min} and ${max}`,
      remedy ?? `Choose a value from ${min} to ${max}.`,
    );
  return value;
}

export function integerIn(value: unknown, what: string, min: number, max: number, remedy?: string): number {
  const n = numberIn(value, what, min, max, remedy);
  if (!Number.isInteger(n)) return fail(`${what} is ${n}, which is not a whole number`, 'Choose a whole number.');
  return n;
}

export const indexIn = (value: unknown, what: string, length: number): number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 0 && value < length
    ? value
    : fail(`${what} names number ${String(value)} of ${length}`, BROKEN);

const knobByKey = new Map<string, Knob>(knobs.map((knob) => [`${knob.scope}/${knob.name}`, knob]));

export function values(value: unknown, scope: Knob['scope'], what: string): void {
  for (const [name, given] of Object.entries(row(value, `the values of ${what}`))) {
    const knob = knobByKey.get(`${scope}/${name}`);
    const label = `'${name}' of ${what}`;
    if (!['number', 'string', 'boolean'].includes(typeof given))
      fail(`${label} is neither number nor text nor flag`, BROKEN);
    if (knob) checkKnob(knob, given, label);
  }
}

export function checkKnob(knob: Knob, given: unknown, label: string): void {
  const { type } = knob;
  switch (type.kind) {
    case 'flag':
      if (typeof given !== 'boolean') fail(`${label} is not on or off`, 'Say on or off.');
      return;
    case 'choice':
      if (!type.of.some(({ id }) => id === given))
        fail(`${label} is '${String(given)}'`, `Choose one of ${type.of.map(({ id }) => id).join(', ')}.`);
      return;
    case 'number':
      numberIn(given, label, type.min, type.max);
      return;
    default:
      integerIn(given, label, type.min, type.max);
  }
}
