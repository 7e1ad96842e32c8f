/**
 * How long a writer pauses, and how much it may dirty until it is asked again. Times in ticks of the kernel's clock.
 *
 * Kernel: wb_max_pause, wb_min_pause in mm/page-writeback.c (6.1).
 */
import type { Pages } from '../units.ts';
import { ilog2, roundUpPowerOfTwo } from './dirty-limits.ts';

/** DIRTY_POLL_THRESH. */
export const POLL_PAGES: Pages = 32;

/** MAX_PAUSE: 200 ms. */
const maxTicks = (hz: number): number => Math.max(Math.floor(hz / 5), 1);

/** The longest pause: 200 ms, less where few dirty pages would be gone before. */
export function maxPause(wbDirty: Pages, bandwidth: number, hz: number): number {
  const perTick = 1 + Math.floor(bandwidth / roundUpPowerOfTwo(1 + Math.floor(hz / 8)));
  return Math.min(Math.floor(wbDirty / perTick) + 1, maxTicks(hz));
}

export interface PauseTarget {
  /** Shorter pauses are put off and made up for later. */
  min: number;
  /** Pages to dirty until the next look. */
  pages: Pages;
}

export function pauseTarget(
  max: number,
  bandwidth: number,
  taskRate: number,
  ratelimit: number,
  hz: number,
): PauseTarget {
  const high = ilog2(bandwidth);
  const low = ilog2(ratelimit);
  let target = Math.max(1, Math.floor(hz / 100));
  if (high > low) target += Math.floor(((high - low) * 10 * hz) / 1024);
  target = Math.min(target, 1 + Math.floor(max / 2));
  const perSecond = roundUpPowerOfTwo(hz);
  let pages = Math.floor((ratelimit * target) / perSecond);
  if (pages < POLL_PAGES) {
    target = max;
    pages = Math.floor((ratelimit * target) / perSecond);
    if (pages > POLL_PAGES) {
      pages = POLL_PAGES;
      target = Math.floor((hz * POLL_PAGES) / ratelimit);
    }
  }
  if (Math.floor((hz * pages) / (taskRate + 1)) > max) {
    target = max;
    pages = Math.floor((taskRate * target) / perSecond);
  }
  return { min: pages >= POLL_PAGES ? 1 + Math.floor(target / 2) : target, pages };
}
