/**
 * How much may be dirty: thresholds from available memory or from bytes, and the limit that follows them slowly downwards.
 *
 * Kernel: global_dirtyable_memory, domain_dirty_limits, update_dirty_limit, dirty_poll_interval in mm/page-writeback.c (6.1).
 * Left out: highmem, cgroups' own domains, limits of single nodes.
 */
import type { KnobValues } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import { dirtyBackgroundBytes, dirtyBytes } from '../tables/fuse-knobs.ts';
import { dirtyBackgroundRatio, dirtyRatio } from '../tables/knobs.ts';
import { PAGE_SIZE, type Bytes, type Pages } from '../units.ts';

/** vm.dirty_ratio and its siblings. Bytes other than 0 win over ratios. */
export interface DirtySettings {
  readonly ratio: number;
  readonly backgroundRatio: number;
  readonly bytes: Bytes;
  readonly backgroundBytes: Bytes;
}

export const dirtySettings = (sysctls: KnobValues): DirtySettings => ({
  ratio: valueOf(sysctls, dirtyRatio),
  backgroundRatio: valueOf(sysctls, dirtyBackgroundRatio),
  bytes: valueOf(sysctls, dirtyBytes),
  backgroundBytes: valueOf(sysctls, dirtyBackgroundBytes),
});

/** A sysctl was written while running: ratio and bytes of the same threshold clear each other. Other sysctls change nothing. */
export function withSysctl(settings: DirtySettings, name: string, value: number): DirtySettings {
  switch (name) {
    case dirtyRatio.name:
      return { ...settings, ratio: value, bytes: 0 };
    case dirtyBackgroundRatio.name:
      return { ...settings, backgroundRatio: value, backgroundBytes: 0 };
    case dirtyBytes.name:
      return { ...settings, bytes: value, ratio: 0 };
    case dirtyBackgroundBytes.name:
      return { ...settings, backgroundBytes: value, backgroundRatio: 0 };
    default:
      return settings;
  }
}

export interface DirtyLimits {
  thresh: Pages;
  background: Pages;
}

/** Memory that may be dirty: what is free beyond the reserves, and file pages on lists. Never 0. */
export const dirtyable = (free: Pages, reserves: Pages, filePages: Pages): Pages =>
  free - Math.min(free, reserves) + filePages + 1;

/** Parts of a page for percents of memory: the kernel counts in 4096ths (20 % are 819). */
const ratioOfPage = (percent: number): number => Math.floor((percent * PAGE_SIZE) / 100);

/** Both thresholds in pages, written into `into`. */
export function dirtyLimits(available: Pages, settings: DirtySettings, into: DirtyLimits): DirtyLimits {
  const { bytes, backgroundBytes, ratio, backgroundRatio } = settings;
  const thresh = bytes > 0 ? Math.ceil(bytes / PAGE_SIZE) : Math.floor((ratioOfPage(ratio) * available) / PAGE_SIZE);
  const background =
    backgroundBytes > 0
      ? Math.ceil(backgroundBytes / PAGE_SIZE)
      : Math.floor((ratioOfPage(backgroundRatio) * available) / PAGE_SIZE);
  into.thresh = thresh;
  into.background = background >= thresh ? Math.floor(thresh / 2) : background;
  return into;
}

/** A real-time task, and PF_LESS_THROTTLE before 5.8: a quarter more, and a 32nd of the limit since 4.11. */
export function lifted(limits: DirtyLimits, limit: Pages): DirtyLimits {
  limits.thresh += Math.floor(limits.thresh / 4) + Math.floor(limit / 32);
  limits.background += Math.floor(limits.background / 4) + Math.floor(limit / 32);
  return limits;
}

/** Below it nobody is throttled. */
export const freerunCeiling = (thresh: Pages, background: Pages): Pages => Math.floor((thresh + background) / 2);

/** The domain's limit, 200 ms later: up to the threshold at once, down towards threshold or dirty pages by a 32nd. */
export function nextLimit(limit: Pages, thresh: Pages, dirty: Pages): Pages {
  if (limit < thresh) return thresh;
  const target = Math.max(thresh, dirty);
  return limit > target ? limit - Math.floor((limit - target) / 32) : limit;
}

/** log2, rounded down, of a whole number ≥ 1; 0 of less. */
export function ilog2(n: number): number {
  let log = 0;
  for (let rest = Math.floor(n); rest > 1; rest = Math.floor(rest / 2)) log++;
  return log;
}

/** 2ⁿ of a whole number n ≥ 0. */
export function powerOfTwo(n: number): number {
  let power = 1;
  for (let i = 0; i < n; i++) power *= 2;
  return power;
}

export const roundUpPowerOfTwo = (n: number): number => (n <= 1 ? 1 : powerOfTwo(ilog2(n - 1) + 1));

/** Pages a task may dirty before it looks again: about the root of what is left. */
export const pollInterval = (dirty: Pages, thresh: Pages): Pages =>
  thresh > dirty ? powerOfTwo(ilog2(thresh - dirty) >> 1) : 1;
