/** One scenario: a machine, its cgroups, and the processes of a run, at one point of the experiment. */
import type { ProcessSpec, Scenario, TraceRef, VariantChoice } from '../../simulator/plan.ts';
import type { Knob } from '../../simulator/tables/define.ts';
import { duration } from './amounts.ts';
import { CgroupTable } from './cgroups.ts';
import { checkDevices, DeviceTable } from './devices.ts';
import { CpusetTable } from './cpusets.ts';
import { reportLeftOver } from './complaints.ts';
import { checkShares } from './fuse.ts';
import { checkDaemons, checkDirtySysctls } from './writeback.ts';
import type { At, Expression, Machine, Process, Recovery, Seed, Swap, Sysctl, Trace } from './generated/ast.ts';
import { machineSpec, sysctlValue } from './machines.ts';
import { ObjectTable } from './objects.ts';
import { spanOfNode } from './spans.ts';
import { recoverySpec, reportRoom } from './recoveries.ts';
import { checkPlacement } from './placement.ts';
import { processSpec, traceRef } from './processes.ts';
import type { ScenarioParts } from './scenario-parts.ts';
import type { LanguageSymbol, Program } from './program.ts';
import { DEFAULT_INTERFACE } from '../../simulator/volatile/interfaces.ts';
import { anyVariant, DEFAULT_RECLAIM, knobsOf, reclaimVariants } from './tables.ts';
import { propertyValue } from './targets.ts';
import { timelineEntry } from './timeline.ts';
import { evaluate, type Override, type Scope } from './values.ts';
import { seedOf } from './varied.ts';

export const scopeFor = (
  program: Program,
  machine: Machine | null,
  overrides: ReadonlyMap<string, Override> = new Map(),
): Scope => ({
  program,
  machine,
  overrides,
  property: propertyValue,
  evaluating: [],
  known: new Map(),
});

/** What a run takes from the text: the statements that concern it, in program order. */
export interface RunInputs {
  readonly machine: Machine | null;
  readonly swaps: readonly Swap[];
  readonly sysctls: readonly Sysctl[];
  readonly processes: readonly Process[];
  readonly timeline: readonly At[];
  readonly recovery: Recovery | null;
}

export interface Built {
  readonly scenario: Scenario;
  readonly traces: readonly TraceRef[];
  /** Declarations it is made of. */
  readonly used: ReadonlySet<LanguageSymbol>;
  readonly phases: ReadonlySet<string>;
}

/** `null`: something is wrong with it, and has been reported. */
export function buildScenario(
  scope: Scope,
  inputs: RunInputs,
  until: Expression | undefined,
  seenTraces: Map<Trace, number>,
  traces: TraceRef[],
): Built | null {
  const { program } = scope;
  const before = program.reporter.errors;
  const { machine, sysctls: own, reclaim, volatile } = machineSpec(scope, inputs);
  const objects = new ObjectTable(program, inputs.processes);
  const cgroups = new CgroupTable();
  const cpusets = new CpusetTable();
  const devices = new DeviceTable();
  const children: ProcessSpec[] = [];
  const parts: ScenarioParts = {
    objects,
    cgroup: (s, node) => cgroups.add(s, node),
    cpuset: (s, node) => cpusets.add(s, node),
    device: (s, node) => devices.add(s, node),
    fork: (spec) => inputs.processes.length + children.push(spec) - 1,
    complete: (process, spec) => {
      children[process - inputs.processes.length] = spec;
    },
    trace: (s, node) => {
      const known = seenTraces.get(node);
      if (known !== undefined) return known;
      const ref = traceRef(s, node, spanOfNode(program, node));
      if (!ref) return null;
      seenTraces.set(node, traces.length);
      return traces.push(ref) - 1;
    },
  };
  const parents = inputs.processes.map((p) => processSpec(scope, parts, p)).filter((p) => p !== null);
  const processes = [...parents, ...children];
  const timeline = inputs.timeline
    .map((at) =>
      timelineEntry(scope, at, inputs.processes, {
        cgroup: (node) => cgroups.add(scope, node),
        cpuset: (node) => cpusets.add(scope, node),
        mount: (node) => objects.mount(scope, node),
        fuse: (node) => objects.fuse(scope, node),
        device: (node) => devices.add(scope, node),
      }),
    )
    .filter((entry) => entry !== null)
    .sort((a, b) => a.time - b.time);
  const sysctls: Record<string, number | string | boolean> = { ...own };
  for (const s of inputs.sysctls) {
    const set = sysctlValue(scope, s.name, s.value, s, s.rest);
    if (set) sysctls[set.name] = set.value;
  }
  for (const row of knobsOf('sysctl')) {
    const override = scope.overrides.get(row.name);
    if (override && 'value' in override) sysctls[row.name] = override.value;
  }
  checkDirtySysctls(scope, inputs.sysctls, sysctls);
  checkShares(scope, machine.disk, objects.fuses);
  checkDaemons(scope, inputs.timeline, timeline, objects.fuses);
  const recovery = inputs.recovery ? recoverySpec(scope, inputs.recovery, inputs.processes) : undefined;
  const time = until ? duration(scope, until, "the time behind 'for'", '60 s') : undefined;
  if (program.reporter.errors > before || time === null) return null;
  const override = scope.overrides.get('reclaim');
  const chosen =
    override && 'variant' in override ? override.variant : (reclaim ?? { id: defaultReclaim(), values: {} });
  const scenario: Scenario = {
    machine,
    cgroups: cgroups.specs,
    objects: objects.objects,
    processes,
    timeline,
    reclaim: withParameters(scope, chosen),
    ...volatileOf(scope, processes, volatile),
    sysctls,
    ...(cpusets.specs.length > 1 ? { cpusets: cpusets.specs } : {}),
    ...(objects.mounts.length > 0 ? { mounts: objects.mounts } : {}),
    ...(objects.fuses.length > 0 ? { fuse: objects.fuses.map(({ spec }) => spec) } : {}),
    ...(recovery ? { recovery } : {}),
    ...(devices.specs.length > 0 ? { devices: devices.specs } : {}),
    ...(time === undefined ? {} : { duration: time }),
  };
  reportRoom(scope, scenario, inputs);
  checkPlacement(program, scenario, inputs);
  checkDevices(scope, scenario, inputs);
  if (program.reporter.errors > before) return null;
  return {
    scenario,
    traces,
    used: new Set([...objects.used, ...devices.used]),
    phases: new Set(processes.flatMap((p) => p.phases.map((phase) => phase.name).filter((name) => name !== ''))),
  };
}

export const defaultReclaim = (): string =>
  reclaimVariants.some((v) => v.id === DEFAULT_RECLAIM) ? DEFAULT_RECLAIM : (reclaimVariants[0]?.id ?? DEFAULT_RECLAIM);

/** How memory is made volatile, in runs that do so. */
function volatileOf(
  scope: Scope,
  processes: readonly ProcessSpec[],
  given: VariantChoice | null,
): { readonly volatile?: VariantChoice } {
  const override = scope.overrides.get('volatile.interface');
  const chosen = override && 'variant' in override ? override.variant : given;
  const used = processes.some(({ phases }) =>
    phases.some(({ steps }) => steps.some(({ kind }) => kind === 'volatile' || kind === 'nonvolatile')),
  );
  if (!chosen && !used) return {};
  return { volatile: withParameters(scope, chosen ?? { id: DEFAULT_INTERFACE, values: {} }) };
}

/** `sweep s3-fifo.small …` reaches the parameters of the variant wherever it is chosen. */
function withParameters(scope: Scope, choice: VariantChoice): VariantChoice {
  const knobs: readonly Knob[] = anyVariant(choice.id)?.knobs ?? [];
  const values: Record<string, number | string | boolean> = { ...choice.values };
  for (const knob of knobs) {
    const override = scope.overrides.get(`${choice.id}.${knob.name}`);
    if (override && 'value' in override) values[knob.name] = override.value;
  }
  return { id: choice.id, values };
}

export function seedValue(scope: Scope, node: Seed): number | null {
  const { program } = scope;
  reportLeftOver(program, node.rest, "'seed' takes one number");
  if (!node.value) {
    program.reporter.report('S07', program.placeAfter(node), {
      what: "'seed'",
      part: 'a number',
      example: "'seed 42'",
    });
    return null;
  }
  const value = evaluate(scope, node.value);
  return value && seedOf(scope, value, node.value);
}
