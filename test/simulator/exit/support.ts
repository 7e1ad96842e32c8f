/** The scenario of the golden timelines, and a short way to change it. */
import { publishedCosts, type Backing, type Contents } from '../../../simulator/exit/costs.ts';
import { recovery, type HelperRules, type Recovery, type RecoveryRules } from '../../../simulator/exit/recovery.ts';
import type { ExitRules, Region } from '../../../simulator/exit/teardown.ts';
import { GIB, PAGE_SIZE, SECOND } from '../../../simulator/units.ts';

export const exitRules = (changed: Partial<ExitRules> = {}): ExitRules => ({
  costs: publishedCosts,
  era: 'v5.18',
  interleaved: false,
  fragmentation: 1,
  rmapShortcut: true,
  workers: 0,
  sigma: 0.242,
  kappa: 0.0139,
  nodes: 1,
  cpus: 64,
  initOnFree: false,
  zeroBandwidth: 11.76e9,
  ...changed,
});

export const NO_HELPERS: HelperRules = { mrelease: 0, reaper: false, reaperDelay: 2 * SECOND, trim: 0, persist: false };

/** 512 GiB locked, process crash, detect 1 s, replay 3 s, 8 prefault threads. */
export const recoveryRules = (
  changed: Partial<RecoveryRules> = {},
  exit: Partial<ExitRules> = {},
  helpers: Partial<HelperRules> = {},
): RecoveryRules => ({
  budget: 30 * SECOND,
  crash: 'process',
  detect: SECOND,
  dump: { mode: 'off', scan: 96 * SECOND, bandwidth: 1e9, fraction: 100_000, hugetlb: false },
  reboot: 'none',
  firmware: 300 * SECOND,
  kernelInit: 5 * SECOND,
  poolPage: 3182,
  prefault: { threads: 8, bandwidth: 11.76e9, memoryBandwidth: 200e9, fault: 250, chunk: GIB },
  populate: 'mlock',
  overlap: 'none',
  replay: 3 * SECOND,
  helpers: { ...NO_HELPERS, ...helpers },
  exit: exitRules(exit),
  memory: 640 * GIB,
  free: 0,
  ...changed,
});

export const region = (
  gib: number,
  backing: Backing = '4k',
  locked = true,
  contents: Contents = 'private',
): Region => ({ name: 'cache', pages: (gib * GIB) / PAGE_SIZE, backing, contents, locked });

export const cache512 = (rules: RecoveryRules, backing: Backing = '4k', contents: Contents = 'private'): Recovery =>
  recovery(rules, [{ count: 1, regions: [region(512, backing, true, contents)] }]);

export const seconds = (time: number): number => time / SECOND;
/** To a tenth of a second, as the timelines give them. */
export const tenths = (time: number): number => Math.round(time / 1e8) / 10;

/** All of a phase, by name. */
export const lengthOf = ({ phases }: Recovery, name: string): number =>
  phases.filter((phase) => phase.name === name).reduce((sum, { start, end }) => sum + end - start, 0);
