/**
 * What is estimated of a device every 200 ms: how fast it writes, and the base rate at which each of its writers may dirty pages. All rates are
 * pages per second.
 *
 * Kernel: wb_update_write_bandwidth, wb_update_dirty_ratelimit in mm/page-writeback.c (6.1).
 */
import { MILLISECOND, type Nanoseconds, type Pages } from '../units.ts';
import { powerOfTwo, roundUpPowerOfTwo } from './dirty-limits.ts';
import { ONE, type DirtyState } from './position-ratio.ts';

/** BANDWIDTH_INTERVAL. */
export const BANDWIDTH_INTERVAL: Nanoseconds = 200 * MILLISECOND;
/** INIT_BW: 100 MiB/s in pages. */
export const INITIAL_BANDWIDTH = 25_600;

export interface Estimates {
  /** Over about four seconds. */
  bandwidth: number;
  /** Smoothed once more. */
  average: number;
  /** Base rate of one writer. */
  ratelimit: number;
  /** What would have balanced the last interval. */
  balanced: number;
}

export const initialEstimates = (): Estimates => ({
  bandwidth: INITIAL_BANDWIDTH,
  average: INITIAL_BANDWIDTH,
  ratelimit: INITIAL_BANDWIDTH,
  balanced: INITIAL_BANDWIDTH,
});

/** `written` pages were written in `elapsed` ticks of a clock of `hz`. */
export function updateBandwidth(e: Estimates, written: Pages, elapsed: number, hz: number): void {
  const period = roundUpPowerOfTwo(3 * hz);
  const old = e.bandwidth;
  if (elapsed > period) {
    e.bandwidth = Math.floor((written * hz) / elapsed);
    e.average = Math.max(1, e.bandwidth);
    return;
  }
  const now = Math.floor((written * hz + old * (period - elapsed)) / period);
  let average = e.average;
  if (average > old && old >= now) average -= Math.floor((average - old) / 8);
  if (average < old && old <= now) average += Math.floor((old - average) / 8);
  e.average = Math.max(1, average);
  e.bandwidth = now;
}

/** `dirtied` pages were dirtied in `elapsed` ticks, at a position ratio of `ratio` now. */
export function updateRatelimit(
  e: Estimates,
  state: DirtyState,
  ratio: number,
  dirtied: Pages,
  elapsed: number,
  hz: number,
): void {
  const limit = Math.max(state.limit, state.thresh);
  const freerun = Math.floor((state.thresh + state.background) / 2);
  let { dirty } = state;
  let setpoint = Math.floor((freerun + limit) / 2);
  const rate = e.ratelimit;
  const dirtyRate = Math.floor((dirtied * hz) / elapsed);
  const task = Math.floor((rate * ratio) / ONE) + 1;
  const odd = dirtyRate % 2 === 0 ? dirtyRate + 1 : dirtyRate;
  const balanced = Math.min(e.average, Math.floor((task * e.average) / odd));
  if (state.strictlimit) {
    dirty = state.wbDirty;
    setpoint = dirty < 8 ? dirty + 1 : Math.floor((state.wbThresh + state.wbBackground) / 2);
  }
  const step =
    dirty < setpoint
      ? Math.max(0, Math.min(e.balanced, balanced, task) - rate)
      : Math.max(0, rate - Math.max(e.balanced, balanced, task));
  const shift = Math.floor(rate / (2 * step + 1));
  const slowed = shift < 64 ? Math.ceil(Math.floor(step / powerOfTwo(shift)) / 8) : 0;
  e.ratelimit = Math.max(1, rate < balanced ? rate + slowed : rate - slowed);
  e.balanced = balanced;
}
