/** Plans for tests, said briefly. */
import type {
  AccessStep,
  Axis,
  ObjectSpec,
  Pattern,
  PhaseSpec,
  Plan,
  ProcessSpec,
  Scenario,
  Step,
} from '../../simulator/plan.ts';
import { PLAN_VERSION } from '../../simulator/plan.ts';
import { PAGE_SIZE } from '../../simulator/units.ts';

export const file = (name: string, pages: number, values: ObjectSpec['values'] = {}): ObjectSpec => ({
  kind: 'file',
  name,
  pages,
  values,
});

export const anon = (name: string, pages: number, process = 0, values: ObjectSpec['values'] = {}): ObjectSpec => ({
  kind: 'anon',
  name,
  pages,
  process,
  values,
});

export interface Rest {
  readonly pattern?: Pattern;
  readonly verb?: AccessStep['verb'];
  readonly start?: number;
  readonly pages: number;
  readonly rate?: number;
  readonly think?: number;
}

const accessStep = (object: number, amount: AccessStep['amount'], rest: Rest): AccessStep => ({
  kind: 'access',
  verb: rest.verb ?? 'read',
  target: { object, start: rest.start ?? 0, pages: rest.pages },
  pattern: rest.pattern ?? { kind: 'sequential' },
  amount,
  ...(rest.rate !== undefined ? { rate: rest.rate } : {}),
  ...(rest.think !== undefined ? { think: rest.think } : {}),
});

export const passes = (object: number, count: number, rest: Rest): AccessStep =>
  accessStep(object, { kind: 'passes', count }, rest);
export const times = (object: number, count: number, rest: Rest): AccessStep =>
  accessStep(object, { kind: 'accesses', count }, rest);
export const lasting = (object: number, time: number, rest: Rest): AccessStep =>
  accessStep(object, { kind: 'time', time }, rest);

export const phase = (name: string, steps: readonly Step[], duration?: number): PhaseSpec => ({
  name,
  steps,
  ...(duration !== undefined ? { duration } : {}),
});

export const process = (
  name: string,
  phases: readonly PhaseSpec[],
  values: ProcessSpec['values'] = {},
  cgroup = 0,
): ProcessSpec => ({ name, cgroup, values, phases });

export interface World {
  readonly memoryPages: number;
  readonly objects: readonly ObjectSpec[];
  readonly processes: readonly ProcessSpec[];
  readonly reclaim?: string;
  readonly machine?: Scenario['machine']['values'];
  readonly disk?: Scenario['machine']['disk'];
  readonly swapPages?: number;
  readonly cgroups?: Scenario['cgroups'];
  readonly sysctls?: Scenario['sysctls'];
  readonly timeline?: Scenario['timeline'];
  readonly fuse?: Scenario['fuse'];
  readonly duration?: number;
}

export const scenario = (world: World): Scenario => ({
  machine: {
    name: 'server',
    values: { memory: world.memoryPages * PAGE_SIZE, ...world.machine },
    disk: world.disk ?? {},
    swap: world.swapPages ? [{ name: 'swap', values: { size: world.swapPages * PAGE_SIZE } }] : [],
  },
  cgroups: world.cgroups ?? [{ name: '', parent: null, values: {} }],
  objects: world.objects,
  processes: world.processes,
  timeline: world.timeline ?? [],
  reclaim: { id: world.reclaim ?? 'lru', values: {} },
  sysctls: world.sysctls ?? {},
  ...(world.fuse ? { fuse: world.fuse } : {}),
  ...(world.duration !== undefined ? { duration: world.duration } : {}),
});

export const plan = (world: World, rest: Partial<Plan> = {}): Plan => ({
  version: PLAN_VERSION,
  title: 'test',
  seed: 1,
  axes: [],
  points: [{ coordinates: [], scenario: scenario(world) }],
  plots: [],
  expects: [],
  traces: [],
  ...rest,
});

/** The same world under several variants. */
export const compare = (world: World, ids: readonly string[], rest: Partial<Plan> = {}): Plan => {
  const axis: Axis = {
    kind: 'compare',
    name: 'reclaim',
    unit: '',
    values: ids.map((id) => ({ label: id, value: id })),
  };
  return plan(world, {
    axes: [axis],
    points: ids.map((id, i) => ({ coordinates: [i], scenario: scenario({ ...world, reclaim: id }) })),
    ...rest,
  });
};
