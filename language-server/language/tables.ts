/** The definition tables as the language looks things up in them. */
import { counterRows } from '../../simulator/machine/counters.ts';
import type { ReclaimVariant } from '../../simulator/machine/reclaimer.ts';
import { reclaimVariant, reclaimVariants } from '../../simulator/reclaim/registry.ts';
import { volatileInterface, volatileInterfaces } from '../../simulator/volatile/interfaces.ts';
import type { Counter, Knob, Scope, Variant } from '../../simulator/tables/define.ts';
import { gauges } from '../../simulator/tables/gauges.ts';
import { knobs } from '../../simulator/tables/knobs.ts';
import { measures } from '../../simulator/tables/measures.ts';
import { devicePictures } from '../../simulator/tables/device-measures.ts';
import { numaPictures } from '../../simulator/tables/numa-pictures.ts';
import { patterns, type PatternRow } from '../../simulator/tables/patterns.ts';

export const metrics: readonly Counter[] = [...counterRows, ...gauges, ...measures, ...numaPictures, ...devicePictures];

const metricByName = new Map<string, Counter>(metrics.map((m) => [m.name, m]));
export const metric = (name: string): Counter | undefined => metricByName.get(name);

const knobsByScope = new Map<Scope, readonly Knob[]>();
export function knobsOf(scope: Scope): readonly Knob[] {
  let rows = knobsByScope.get(scope);
  if (!rows) knobsByScope.set(scope, (rows = knobs.filter((k) => k.scope === scope)));
  return rows;
}
export const knobOf = (scope: Scope, name: string): Knob | undefined => knobsOf(scope).find((k) => k.name === name);

const patternByName = new Map<string, PatternRow>(patterns.map((p) => [p.name, p]));
export const patternRow = (name: string): PatternRow | undefined => patternByName.get(name);

/** Mechanisms that have variants, by the name that `compare` gives them. */
export const mechanisms: Readonly<Record<Variant['mechanism'], readonly Variant[]>> = {
  reclaim: reclaimVariants,
  'volatile.interface': volatileInterfaces,
};
export const mechanismNames = Object.keys(mechanisms) as readonly Variant['mechanism'][];
export const isMechanism = (name: string): name is Variant['mechanism'] => name in mechanisms;
/** A variant of any mechanism: their names do not overlap. */
export const anyVariant = (id: string): Variant | undefined => reclaimVariant(id) ?? volatileInterface(id);
export const anyVariants: readonly Variant[] = mechanismNames.flatMap((name) => mechanisms[name]);

export { patterns, reclaimVariant, reclaimVariants };
export type { Counter, Knob, PatternRow, ReclaimVariant, Variant };

/** What runs today, as far as recordings hold it to a kernel. */
export const DEFAULT_RECLAIM = 'v6.1';
export const DEFAULT_SEED = 1;
