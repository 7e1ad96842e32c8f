/** Devices for tests: a spec with some knobs changed, and orders of pages. */
import type { DeviceSpec, KnobValues } from '../../../simulator/plan.ts';
import { parametersOf, type DeviceParameters } from '../../../simulator/device/parameters.ts';
import type { Standalone } from '../../../simulator/device/standalone.ts';

export interface SpecParts {
  readonly device?: KnobValues;
  readonly link?: KnobValues;
  readonly local?: KnobValues;
  readonly fault?: KnobValues;
  readonly thrash?: KnobValues;
  readonly odp?: KnobValues;
}

export const deviceSpec = ({ device, link, local, fault, thrash, odp }: SpecParts = {}): DeviceSpec => ({
  name: 'gpu',
  values: device ?? {},
  link: link ?? {},
  local: local ?? {},
  fault: fault ?? {},
  thrash: thrash ?? {},
  odp: odp ?? {},
});

export const device = (parts: SpecParts = {}): DeviceParameters => parametersOf(deviceSpec(parts));

/** 0 … n − 1, `times` over. */
export function sequence(n: number, times = 1): number[] {
  return Array.from({ length: n * times }, (_, i) => i % n);
}

export const countOf = (machine: Standalone, index: number, which = 0): number => machine.devices[which].counts[index];
