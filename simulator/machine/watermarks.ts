/**
 * Watermarks of a node: how much must stay free, and when kswapd starts and stops.
 *
 * Kernel: init_per_zone_wmark_min, __setup_per_zone_wmarks in mm/page_alloc.c, 3.15 and 6.1.
 * Left out: zones below the node and their lowmem reserves, per-CPU page lists, temporary boosts.
 */
import type { Pages } from '../units.ts';

export interface Watermarks {
  readonly min: Pages;
  readonly low: Pages;
  readonly high: Pages;
  /** kswapd works past high by this much (3.15). */
  readonly gap: Pages;
}

/** Largest integer whose square is not above `n`. */
export const integerSqrt = (n: number): number => Math.floor(Math.sqrt(n));

/** vm.min_free_kbytes as the kernel computes it: 4·√(memory in KiB), clamped. */
export function defaultMinFreeKbytes(memory: Pages, era: '3.15' | '6.1'): number {
  const limit = era === '3.15' ? 65_536 : 262_144;
  return Math.min(Math.max(integerSqrt(memory * 4 * 16), 128), limit);
}

/**
 * `memory` is the node's; with more nodes, `of.all` is all that counts by size (movable zones too) and `of.kernel` what min_free_kbytes is computed
 * from (nr_free_buffer_pages: no movable zones).
 */
export function watermarks(
  memory: Pages,
  era: '3.15' | '6.1',
  minFreeKbytes: number | undefined,
  scaleFactor: number,
  of: { readonly all: Pages; readonly kernel: Pages } = { all: memory, kernel: memory },
): Watermarks {
  const kbytes = minFreeKbytes ?? defaultMinFreeKbytes(of.kernel, era);
  const whole = Math.trunc(kbytes / 4);
  const min = of.all === memory ? whole : Math.floor((whole * memory) / of.all);
  if (era === '3.15') {
    const low = min + (min >> 2);
    return { min, low, high: min + (min >> 1), gap: Math.min(low, Math.ceil(memory / 100)) };
  }
  const step = Math.max(min >> 2, Math.trunc((memory * scaleFactor) / 10_000));
  return { min, low: min + step, high: min + 2 * step, gap: 0 };
}
