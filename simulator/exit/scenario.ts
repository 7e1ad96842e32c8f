/** From what a plan says of exit and recovery to the model's own terms. */
import type { KnobValues, MachineSpec, ObjectSpec, RecoverySpec, Scenario } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as exit from '../tables/exit-knobs.ts';
import * as knobs from '../tables/knobs.ts';
import type { Pages } from '../units.ts';
import { costSet, type Backing, type Contents, type CostSetId, type Era } from './costs.ts';
import type { CrashKind, DumpMode, Overlap, Populate, RebootKind, RecoveryRules } from './recovery.ts';
import type { ExitRules, Region } from './teardown.ts';

const NONE: KnobValues = {};

/** How this machine gives memory up. */
export function exitRules(machine: MachineSpec, prefault: KnobValues = NONE): ExitRules {
  const values = machine.exit ?? NONE;
  const own = (name: string, key: string) => (values[name] === undefined ? {} : { [key]: values[name] as number });
  return {
    costs: costSet(valueOf(values, exit.exitCosts) as CostSetId, {
      ...own(exit.zap4k.name, 'page'),
      ...own(exit.zapThp.name, 'huge'),
      ...own(exit.zapHugetlb.name, 'hugetlb'),
      ...own(exit.zapShared.name, 'sharedPage'),
      ...own(exit.munlock4k.name, 'munlock'),
    }),
    era: valueOf(values, exit.munlock) as Era,
    interleaved: valueOf(values, exit.interleaved),
    fragmentation: valueOf(values, exit.fragmentation),
    rmapShortcut: valueOf(values, exit.rmapShortcut),
    workers: valueOf(values, exit.workers),
    sigma: valueOf(values, exit.sigma),
    kappa: valueOf(values, exit.kappa),
    nodes: (values[exit.exitNodes.name] as number | undefined) ?? machine.nodes?.length ?? 1,
    cpus: valueOf(machine.values, knobs.cpus),
    initOnFree: valueOf(values, exit.initOnFree),
    zeroBandwidth: valueOf(prefault, exit.zeroBandwidth),
  };
}

/** How many processes a process that ends stands for. */
export const processesPer = (machine: MachineSpec): number => valueOf(machine.exit ?? NONE, exit.processes);

export const backingOf = (object: ObjectSpec): Backing => valueOf(object.values, exit.backing) as Backing;
export const contentsOf = (object: ObjectSpec): Contents =>
  object.kind === 'anon' ? (valueOf(object.values, exit.mapping) as Contents) : 'memory-file';

export const regionOf = (object: ObjectSpec, pages: Pages): Region => ({
  name: object.name,
  pages,
  backing: backingOf(object),
  contents: contentsOf(object),
  locked: object.kind === 'anon' && valueOf(object.values, knobs.locked),
});

export const crashOf = ({ values }: RecoverySpec): CrashKind => valueOf(values, exit.crash) as CrashKind;
export const rebootOf = (spec: RecoverySpec): RebootKind =>
  (spec.values[exit.reboot.name] as RebootKind | undefined) ?? (crashOf(spec) === 'kernel' ? 'kexec' : 'none');
export const dumpModeOf = (spec: RecoverySpec): DumpMode =>
  (spec.dump[exit.dumpMode.name] as DumpMode | undefined) ?? (crashOf(spec) === 'kernel' ? 'filtered' : 'off');

/** `free`: frames that nobody uses when the crash comes. */
export function recoveryRules(machine: MachineSpec, spec: RecoverySpec, free: Pages): RecoveryRules {
  const { values, dump, prefault, helpers } = spec;
  return {
    budget: valueOf(values, exit.budget),
    crash: crashOf(spec),
    detect: valueOf(values, exit.detect),
    dump: {
      mode: dumpModeOf(spec),
      scan: valueOf(dump, exit.dumpScan),
      bandwidth: valueOf(dump, exit.dumpBandwidth),
      fraction: valueOf(dump, exit.dumpFraction),
      hugetlb: valueOf(dump, exit.dumpHugetlb),
    },
    reboot: rebootOf(spec),
    firmware: valueOf(values, exit.firmware),
    kernelInit: valueOf(values, exit.kernelInit),
    poolPage: valueOf(values, exit.poolPage),
    prefault: {
      threads: valueOf(prefault, exit.prefaultThreads),
      bandwidth: valueOf(prefault, exit.zeroBandwidth),
      memoryBandwidth: valueOf(prefault, exit.memoryBandwidth),
      fault: valueOf(prefault, exit.prefaultFault),
      chunk: valueOf(prefault, exit.chunk),
    },
    populate: valueOf(values, exit.populate) as Populate,
    overlap: valueOf(values, exit.overlap) as Overlap,
    replay: valueOf(values, exit.replay),
    helpers: {
      mrelease: valueOf(helpers, exit.mrelease),
      reaper: valueOf(helpers, exit.reaper),
      reaperDelay: valueOf(machine.exit ?? NONE, exit.reaperDelay),
      trim: valueOf(helpers, exit.trim),
      persist: valueOf(helpers, exit.persist),
    },
    exit: exitRules(machine, prefault),
    memory: valueOf(machine.values, knobs.memory),
    free,
  };
}

/** Regions of a process that are in memory whole, from the start: the locked ones. */
export const lockedRegions = (scenario: Scenario, process: number): Region[] =>
  scenario.objects
    .filter((object) => object.kind === 'anon' && object.process === process && valueOf(object.values, knobs.locked))
    .map((object) => regionOf(object, object.pages));
