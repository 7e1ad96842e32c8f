/**
 * By how much a writer is to go faster or slower than the base rate, from where the dirty pages stand: 1024 is "as fast as the base rate".
 *
 * Kernel: pos_ratio_polynom, wb_position_ratio in mm/page-writeback.c (6.1), in the kernel's whole numbers.
 */
import type { Pages } from '../units.ts';

/** RATELIMIT_CALC_SHIFT. */
export const ONE = 1024;

/** What is known of the machine and of one device when a writer is weighed (struct dirty_throttle_control). */
export interface DirtyState {
  /** All dirty and under writeback. */
  dirty: Pages;
  thresh: Pages;
  background: Pages;
  /** The domain's limit, at least `thresh`. */
  limit: Pages;
  /** The same of the device. */
  wbDirty: Pages;
  wbThresh: Pages;
  wbBackground: Pages;
  /** Pages per second it writes, smoothed. */
  bandwidth: number;
  strictlimit: boolean;
}

const half = (a: number, b: number): number => Math.floor((a + b) / 2);

/** 1 + ((setpoint − dirty) / (limit − setpoint))³, between 0 and 2: 2 at freerun, 1 at the setpoint, 0 at the limit. */
export function polynomial(setpoint: Pages, dirty: Pages, limit: Pages): number {
  // (limit − setpoint) | 1 keeps the divisor odd, and so from being 0
  const span = limit - setpoint;
  const x = Math.trunc(((setpoint - dirty) * ONE) / (span % 2 === 0 ? span + 1 : span));
  // beyond ±2 the result is clamped anyway, and the cube would leave whole numbers
  if (x >= 2 * ONE) return 2 * ONE;
  if (x <= -2 * ONE) return 0;
  const cube = Math.floor((Math.floor((x * x) / ONE) * x) / ONE);
  return Math.min(2 * ONE, Math.max(0, cube + ONE));
}

/** The position ratio, in 1024ths; 0: the writer must stand still. */
export function positionRatio(s: DirtyState): number {
  const limit = Math.max(s.limit, s.thresh);
  if (s.dirty >= limit) return 0;
  const freerun = half(s.thresh, s.background);
  const setpoint = half(freerun, limit);
  const ratio = polynomial(setpoint, s.dirty, limit);
  return s.strictlimit ? strictRatio(s, ratio) : Math.floor(deviceRatio(s, ratio, limit, setpoint));
}

/** The device's own counts decide, unless the machine as a whole is worse off. */
function strictRatio(s: DirtyState, ratio: number): number {
  if (s.wbDirty < 8) return Math.min(2 * ratio, 2 * ONE);
  if (s.wbDirty >= s.wbThresh) return 0;
  const setpoint = half(s.wbThresh, s.wbBackground);
  if (setpoint === 0 || setpoint === s.wbThresh) return 0;
  return Math.min(ratio, polynomial(setpoint, s.wbDirty, s.wbThresh));
}

/** A straight line through the device's setpoint, never below a quarter, and lifted where the device may run dry. */
function deviceRatio(s: DirtyState, global: number, limit: Pages, setpoint: Pages): number {
  let ratio = global;
  let thresh = Math.min(s.wbThresh, s.thresh);
  thresh = Math.max(thresh, Math.floor((limit - s.dirty) / 8));
  const x = Math.floor((thresh * 65_536) / (s.thresh % 2 === 0 ? s.thresh + 1 : s.thresh));
  const wbSetpoint = Math.floor((setpoint * x) / 65_536);
  const span = Math.floor(((s.thresh - thresh + 8 * s.bandwidth) * x) / 65_536);
  const intercept = wbSetpoint + span;
  if (s.wbDirty < intercept - Math.floor(span / 4)) {
    const rest = intercept - wbSetpoint;
    ratio = Math.floor((ratio * (intercept - s.wbDirty)) / (rest % 2 === 0 ? rest + 1 : rest));
  } else ratio = Math.floor(ratio / 4);
  const reserve = Math.floor(thresh / 2);
  if (s.wbDirty < reserve) {
    if (s.wbDirty > Math.floor(reserve / 8)) ratio = Math.floor((ratio * reserve) / s.wbDirty);
    else ratio *= 8;
  }
  return ratio;
}
