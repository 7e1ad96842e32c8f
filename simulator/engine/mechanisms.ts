/** Who is on a machine beside threads and kswapd: made once for each run, each mechanism in a file of its own. */
import type { Step } from '../plan.ts';
import { Devices } from '../device/devices.ts';
import type { AccessGuard, Engine, StepHandler, TimelineHandlers } from './engine.ts';
import { fuseActions } from './fuse-actions.ts';
import { joinGuards } from './guards.ts';
import { NoRanges } from './no-ranges.ts';
import { NoNodes, NumaSteps } from './numa-steps.ts';
import { RegionSteps } from './region-steps.ts';
import { Teardown } from './teardown.ts';
import { usesVolatile } from './setup.ts';
import { Volatile } from './volatile.ts';
import { Writers } from './writers.ts';

export interface Mechanisms {
  readonly writers: Writers;
  readonly teardown: Teardown;
  /** Who carries out steps that are no accesses, by kind. */
  readonly steps: Partial<Readonly<Record<Step['kind'], StepHandler>>>;
  /** Who carries out actions of the timeline, by kind; processes.ts knows the rest. */
  readonly actions: TimelineHandlers;
  readonly guard: AccessGuard | undefined;
  /** Coprocessors; absent on machines without any. */
  readonly devices: Devices | undefined;
  /** On machines whose programs make memory volatile, or fork. */
  readonly volatile: Volatile | undefined;
}

export function mechanismsFor(engine: Engine): Mechanisms {
  const writers = new Writers(engine);
  const regions = new RegionSteps(engine);
  const nodes = engine.setup.numa === undefined ? undefined : new NumaSteps(engine, engine.setup.numa);
  const devices = engine.setup.scenario.devices?.length
    ? new Devices(engine, engine.setup.scenario.devices)
    : undefined;
  const volatile = usesVolatile(engine.setup.scenario) && engine.memory.advice ? new Volatile(engine) : undefined;
  const ranges = volatile ?? new NoRanges(engine);
  return {
    writers,
    teardown: new Teardown(engine),
    steps: {
      mlock: regions,
      munlock: regions,
      munmap: regions,
      fsync: writers.syncs,
      sync: writers.syncs,
      mempolicy: nodes ?? new NoNodes(engine),
      volatile: ranges,
      nonvolatile: ranges,
      madvise: ranges,
      fork: ranges,
    },
    actions: { ...fuseActions(writers), ...nodes?.actions, ...devices?.actions },
    guard: joinGuards(devices, volatile, nodes?.guard),
    devices,
    volatile,
  };
}
