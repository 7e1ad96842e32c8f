/**
 * From a crash back to service: detect → dump → teardown (munlock, zap) → firmware or kexec → kernel-init → pool → prefault → replay. What each
 * phase takes, what it waits for, which phases make the whole as long as it is, and what is left of the budget.
 *
 * A crash of the process tears its memory down; a crash of the kernel never gets there: memory is gone with the kernel that knew it.
 * The closed form of docs/models/exit.md; engine/recovery.ts does the same on the machine.
 */
import { backingRow } from './costs.ts';
import { p99, teardown, timeFreed, type ExitRules, type Exiting, type Helpers, type Region } from './teardown.ts';
import {
  GIB,
  MIB,
  PAGE_SIZE,
  SECOND,
  type Bytes,
  type BytesPerSecond,
  type Nanoseconds,
  type Pages,
} from '../units.ts';

export type CrashKind = 'process' | 'kernel';
export type DumpMode = 'off' | 'filtered' | 'full';
export type RebootKind = 'none' | 'kexec' | 'firmware';
export type Populate = 'mlock' | 'populate' | 'onfault' | 'none';
/** When the successor begins to take memory: after the old process has gone; as it gives memory back; at once, from whatever is free. */
export type Overlap = 'none' | 'freed' | 'free';

export interface DumpRules {
  readonly mode: DumpMode;
  /** Time to look through the page descriptors of 10^12 bytes of memory. */
  readonly scan: Nanoseconds;
  readonly bandwidth: BytesPerSecond;
  /** Share of memory that a filtered dump keeps, in parts per million. */
  readonly fraction: number;
  readonly hugetlb: boolean;
}

export interface PrefaultRules {
  readonly threads: number;
  /** One thread clearing pages. */
  readonly bandwidth: BytesPerSecond;
  /** All threads together. */
  readonly memoryBandwidth: BytesPerSecond;
  /** A fault, beside clearing. */
  readonly fault: Nanoseconds;
  /** What is taken at a time while memory is coming back. */
  readonly chunk: Bytes;
}

export interface HelperRules {
  /** Threads that call process_mrelease at the kill; 0: none. */
  readonly mrelease: number;
  readonly reaper: boolean;
  readonly reaperDelay: Nanoseconds;
  /** Share of pages that madvise had already given up, in parts per million. */
  readonly trim: number;
  /** Memory lies in files that outlive the process. */
  readonly persist: boolean;
}

export interface RecoveryRules {
  readonly budget: Nanoseconds;
  readonly crash: CrashKind;
  readonly detect: Nanoseconds;
  readonly dump: DumpRules;
  readonly reboot: RebootKind;
  readonly firmware: Nanoseconds;
  readonly kernelInit: Nanoseconds;
  /** Making the hugetlb pool at boot, for each page of 2 MiB. */
  readonly poolPage: Nanoseconds;
  readonly prefault: PrefaultRules;
  readonly populate: Populate;
  readonly overlap: Overlap;
  readonly replay: Nanoseconds;
  readonly helpers: HelperRules;
  readonly exit: ExitRules;
  readonly memory: Bytes;
  /** Frames that nobody used at the crash. */
  readonly free: Pages;
}

export const PHASES = [
  'detect',
  'dump',
  'munlock',
  'zap',
  'firmware',
  'kexec',
  'kernel-init',
  'pool',
  'prefault',
  'replay',
] as const;
export type PhaseName = (typeof PHASES)[number];

/** It may begin when `phase` has got as far as it is at the time `at`. */
export interface Dependency {
  readonly phase: number;
  readonly at: Nanoseconds;
}

export interface Phase {
  readonly name: PhaseName;
  /** Told apart where a phase has several parts: the last chunk of an overlapped prefault. */
  readonly part?: string;
  readonly resource: string;
  /** From the crash. */
  readonly start: Nanoseconds;
  readonly end: Nanoseconds;
  readonly deps: readonly Dependency[];
}

/** One stretch of the critical path. */
export interface Stretch {
  readonly phase: number;
  readonly from: Nanoseconds;
  readonly to: Nanoseconds;
}

export interface Analysis {
  readonly timeToService: Nanoseconds;
  readonly critical: readonly Stretch[];
  /** By phase: how much later it could end without service being later. */
  readonly float: readonly Nanoseconds[];
  /** By name, shares of the critical path; they add up to 1. */
  readonly shares: Readonly<Partial<Record<PhaseName, number>>>;
}

export interface Recovery extends Analysis {
  readonly phases: readonly Phase[];
  readonly slack: Nanoseconds;
  /** What first touches will still take after service has begun. */
  readonly latentDebt: Nanoseconds;
  readonly peakLockWait: Nanoseconds;
  readonly exitP99: Nanoseconds;
  /** When each group's processes had exited, from the kill. */
  readonly exits: readonly { readonly end: Nanoseconds; readonly count: number }[];
  /** When everything of the old processes has gone; 0 if the kernel crashed. */
  readonly teardownEnd: Nanoseconds;
}

/** The kernel's OOM_REAPER_DELAY, 2·HZ. */
export const OOM_REAPER_DELAY: Nanoseconds = 2 * SECOND;

export function dumpBytes(rules: RecoveryRules, regions: readonly Region[]): Bytes {
  const { mode, fraction, hugetlb } = rules.dump;
  if (mode === 'off') return 0;
  const pooled = sizeOf(regions.filter(({ backing }) => backingRow(backing).hugetlb));
  const all = rules.crash === 'kernel' ? rules.memory : sizeOf(regions);
  const left = Math.max(0, hugetlb ? all : all - pooled);
  return mode === 'full' ? left : (left * fraction) / 1e6;
}

export const sizeOf = (regions: readonly Region[]): Bytes =>
  regions.reduce((sum, { pages }) => sum + pages * PAGE_SIZE, 0);

/** A kernel's dump looks through all page descriptors; a process's writes what is mapped. */
export function dumpTime(rules: RecoveryRules, regions: readonly Region[]): Nanoseconds {
  const { mode, scan, bandwidth } = rules.dump;
  if (mode === 'off') return 0;
  const scanning = rules.crash === 'kernel' ? (rules.memory / 1e12) * scan : 0;
  return Math.round(scanning + (dumpBytes(rules, regions) * SECOND) / bandwidth);
}

/** Time to have `regions` populated by so many threads at once. What survived is only mapped. */
export function prefaultTime(rules: RecoveryRules, regions: readonly Region[], survives: boolean): Nanoseconds {
  const { threads, bandwidth, memoryBandwidth, fault } = rules.prefault;
  let work = 0;
  let bytes = 0;
  for (const { backing, pages } of regions) {
    const row = backingRow(backing);
    const size = pages * PAGE_SIZE;
    // a fault maps what a folio holds; huge pages' figures have the fault in them
    const faults = row.size >= 2 * MIB ? 0 : size / row.size;
    work += faults * fault;
    if (rules.populate === 'mlock') work += row.entry === 1 ? pages * rules.exit.costs.mlock.ns : 0;
    if (survives) continue;
    bytes += size;
    work += (size * SECOND) / bandwidth;
  }
  const running = Math.max(1, Math.min(threads, rules.exit.cpus));
  return Math.round(Math.max(work / running, (bytes * SECOND) / memoryBandwidth));
}

/** What is in memory when the crash comes, and how its teardown is to be counted. */
function atCrash(rules: RecoveryRules, exiting: readonly Exiting[]): Exiting[] {
  const { trim, persist } = rules.helpers;
  return exiting.map(({ regions, count }) => ({
    count,
    regions: regions.map((region) => ({
      ...region,
      pages: Math.round((region.pages * (1e6 - trim)) / 1e6),
      ...(persist ? { contents: 'memory-file' as const } : {}),
    })),
  }));
}

export const helpersOf = ({ mrelease, reaper, reaperDelay }: HelperRules): Helpers | null =>
  mrelease > 0 ? { threads: mrelease, delay: 0 } : reaper ? { threads: 1, delay: reaperDelay } : null;

export const poolTime = (rules: RecoveryRules, regions: readonly Region[]): Nanoseconds =>
  Math.round((sizeOf(regions.filter(({ backing }) => backingRow(backing).hugetlb)) / (2 * MIB)) * rules.poolPage);

/** The closed form. `exiting`: what crashes and comes back. */
export function recovery(rules: RecoveryRules, exiting: readonly Exiting[]): Recovery {
  const present = atCrash(rules, exiting);
  const regions = present.flatMap((one) => one.regions);
  const survives = rules.helpers.persist && rules.crash === 'process' && rules.reboot === 'none';
  const phases: Phase[] = [];
  let last: Dependency | null = null;
  let now = 0;
  const add = (name: PhaseName, resource: string, time: Nanoseconds): number => {
    if (time <= 0) return -1;
    phases.push({ name, resource, start: now, end: now + time, deps: last ? [last] : [] });
    now += time;
    last = { phase: phases.length - 1, at: now };
    return phases.length - 1;
  };
  add('detect', 'supervisor', rules.detect);
  add('dump', 'dump', dumpTime(rules, regions));
  const whole = prefaultTime(rules, regions, survives);
  const early = rules.populate === 'mlock' || rules.populate === 'populate';
  const populating = early ? whole : 0;
  let end: Ends = { peakLockWait: 0, exitP99: 0, teardownEnd: 0, exits: [] };
  if (rules.crash === 'process') {
    const gone = teardown(rules.exit, present, helpersOf(rules.helpers));
    const began = now;
    const before: Dependency | null = last;
    add('munlock', 'exit', gone.passEnd);
    const zap = add('zap', 'exit', gone.end - gone.passEnd);
    end = { peakLockWait: gone.peakLockWait, exitP99: p99(gone.exits), teardownEnd: now, exits: gone.exits };
    if (rules.overlap !== 'none' && rules.reboot === 'none' && zap >= 0 && populating > 0) {
      const at = (pages: Pages) => began + timeFreed(gone, pages);
      overlapped(rules, phases, { populating, zap, before, at, began, pages: sizeOf(regions) / PAGE_SIZE });
      now = phases.at(-1)!.end;
      last = { phase: phases.length - 1, at: now };
      add('replay', 'service', rules.replay);
      return finish(rules, phases, end, 0, regions, whole);
    }
  }
  if (rules.reboot !== 'none') {
    add('firmware', 'firmware', rules.reboot === 'firmware' ? rules.firmware : 0);
    add('kernel-init', 'kernel', rules.kernelInit);
    add('pool', 'kernel', poolTime(rules, regions));
  }
  add('prefault', 'prefault', populating);
  add('replay', 'service', rules.replay);
  return finish(rules, phases, end, early ? 0 : whole, regions, whole);
}

type Ends = Pick<Recovery, 'peakLockWait' | 'exitP99' | 'teardownEnd' | 'exits'>;

interface OverlapInput {
  readonly populating: Nanoseconds;
  readonly zap: number;
  readonly before: Dependency | null;
  readonly began: Nanoseconds;
  readonly pages: Pages;
  at(freed: Pages): Nanoseconds;
}

/**
 * The successor takes memory while its predecessor still gives it back: it may begin with its first chunk when that is there, and end with its last
 * one chunk after that is there.
 */
function overlapped(rules: RecoveryRules, phases: Phase[], input: OverlapInput): void {
  const { populating, zap, before, began, pages } = input;
  const chunk = Math.min(pages, Math.max(1, Math.floor(rules.prefault.chunk / PAGE_SIZE)));
  const own = rules.overlap === 'free' ? rules.free : 0;
  const chunkTime = Math.round((populating * chunk) / pages);
  const there = (wanted: Pages): Dependency | null => {
    const time = wanted - own <= 0 ? began : input.at(wanted - own);
    if (time <= began) return before;
    // The pass gives nothing back: time within it counts as the zap's beginning.
    return { phase: zap, at: Math.max(time, phases[zap].start) };
  };
  const deps = (...all: (Dependency | null)[]) => all.filter((dep) => dep !== null);
  const startOf = (list: readonly Dependency[]) => list.reduce((latest, { at }) => Math.max(latest, at), 0);
  const firstDeps = deps(there(chunk));
  const start = startOf(firstDeps);
  const main = phases.push({
    name: 'prefault',
    resource: 'prefault',
    start,
    end: start + populating - chunkTime,
    deps: firstDeps,
  });
  const lastDeps = deps({ phase: main - 1, at: phases[main - 1].end }, there(pages));
  const from = startOf(lastDeps);
  phases.push({
    name: 'prefault',
    part: 'last chunk',
    resource: 'prefault',
    start: from,
    end: from + chunkTime,
    deps: lastDeps,
  });
}

function finish(
  rules: RecoveryRules,
  phases: readonly Phase[],
  end: Ends,
  postponed: Nanoseconds,
  regions: readonly Region[],
  whole: Nanoseconds,
): Recovery {
  const analysis = analyse(phases);
  const { trim } = rules.helpers;
  // what was trimmed away comes back by faults, at the price of what was kept
  const trimmed = trim === 0 || regions.length === 0 ? 0 : Math.round((whole * trim) / Math.max(1, 1e6 - trim));
  return {
    ...analysis,
    phases,
    slack: rules.budget - analysis.timeToService,
    latentDebt: postponed + trimmed,
    ...end,
  };
}

/** Critical path, float and shares of phases in the order of their dependencies; the last phase ends in service. */
export function analyse(phases: readonly Phase[]): Analysis {
  const final = phases.length - 1;
  if (final < 0) return { timeToService: 0, critical: [], float: [], shares: {} };
  const total = phases[final].end;
  const float = phases.map(() => Infinity);
  float[final] = 0;
  for (let i = final; i >= 0; i--) {
    // a phase nobody waits for may run on after service has begun
    const own = float[i] === Infinity ? Math.max(0, total - phases[i].end) : float[i];
    float[i] = own;
    for (const { phase, at } of phases[i].deps) float[phase] = Math.min(float[phase], own + phases[i].start - at);
  }
  const critical: Stretch[] = [];
  let at = final;
  let to = total;
  for (;;) {
    const { start, deps } = phases[at];
    critical.unshift({ phase: at, from: start, to });
    const [binding] = [...deps].sort((a, b) => b.at - a.at);
    if (!binding) break;
    to = binding.at;
    at = binding.phase;
  }
  const shares: Partial<Record<PhaseName, number>> = {};
  for (const { phase, from, to: until } of critical) {
    const { name } = phases[phase];
    shares[name] = (shares[name] ?? 0) + (total === 0 ? 0 : (until - from) / total);
  }
  return { timeToService: total, critical, float, shares };
}

/** Bytes in the usual unit, for messages. */
export const gib = (bytes: Bytes): string => `${Math.round((bytes / GIB) * 10) / 10} GiB`;
