/**
 * From how many uses on a page is worth moving: the closed form. A use over the link costs `remote`, one in the device's memory `local`; moving a
 * unit costs the fault (shared by the units of a batch), the transfer, and what an eviction or a return costs as often as they happen.
 *
 *     N* = (C_f/k + S/B + p_e·C_e + p_b·C_b) / (c_r − c_l)
 *
 * Moving always wins if and only if a unit is used more than N* times while it is there. A counter with threshold N* costs at most 2 − c_l/c_r
 * times what somebody who knows the future would pay (ski rental). Derived here; held against the simulation by tests.
 */
import { PAGE_SIZE, SECOND, type Bytes, type Nanoseconds } from '../units.ts';
import type { DeviceParameters } from './parameters.ts';

/** Nanoseconds of one granule, as fractions: what bandwidth allows, or latency by overlap, whichever is more. */
export interface AccessCosts {
  readonly remote: number;
  readonly local: number;
}

export function accessCosts({ granule, overlap, link, local }: DeviceParameters): AccessCosts {
  return {
    remote: Math.max(link.latency / overlap, (granule * SECOND) / link.h2d),
    local: Math.max(local.latency / overlap, (granule * SECOND) / local.bandwidth),
  };
}

/** What one isolated fault costs beside the bytes it moves: service of one batch with one block, one page mapped, one transfer set up, a replay. */
export function faultCost({ fault, link }: DeviceParameters): Nanoseconds {
  return fault.batchCost + fault.blockCost + fault.mapCost + fault.replayCost + link.latency + link.perDma;
}

export interface Migration {
  /** Bytes that move at a time. */
  readonly unit: Bytes;
  /** Units that share one fault's cost. */
  readonly batching: number;
  /** How often a unit that comes makes another one leave, and what that costs. */
  readonly evictions: number;
  readonly evictionCost: Nanoseconds;
  /** How often a processor wants it back, and what that costs. */
  readonly returns: number;
  readonly returnCost: Nanoseconds;
}

export const plainMigration = (unit: Bytes, batching = 1): Migration => ({
  unit,
  batching,
  evictions: 0,
  evictionCost: 0,
  returns: 0,
  returnCost: 0,
});

/** C_mig: nanoseconds to move one unit. */
export const migrationCost = (device: DeviceParameters, move: Migration): number =>
  faultCost(device) / move.batching +
  (move.unit * SECOND) / device.link.h2d +
  move.evictions * move.evictionCost +
  move.returns * move.returnCost;

/** N*: accesses of one granule to a unit at which both ways cost the same; Infinity if local access is no cheaper. */
export function breakEvenAccesses(device: DeviceParameters, move: Migration): number {
  const { remote, local } = accessCosts(device);
  return remote > local ? migrationCost(device, move) / (remote - local) : Infinity;
}

/** r*: the same as uses of each byte of the unit. `used`: the share of the unit that is used at all. */
export const breakEvenReuse = (device: DeviceParameters, move: Migration, used = 1): number =>
  (breakEvenAccesses(device, move) * device.granule) / (move.unit * used);

/** r* in the bandwidth-bound form, for comparing machines: (1 + C_f·B/(k·S)) / (u·(1 − B/B_l)). */
export const bandwidthBoundReuse = (of: {
  readonly fault: Nanoseconds;
  readonly link: number;
  readonly local: number;
  readonly unit: Bytes;
  readonly batching: number;
  readonly used: number;
}): number => (1 + (of.fault * of.link) / SECOND / (of.batching * of.unit)) / (of.used * (1 - of.link / of.local));

/** What `n` accesses to a unit cost under a counter with threshold `t`; the remote accesses come first. */
export function counterCost(device: DeviceParameters, move: Migration, n: number, t: number): number {
  const { remote, local } = accessCosts(device);
  return n < t ? n * remote : t * remote + migrationCost(device, move) + (n - t) * local;
}

/** What one pays who knows `n` beforehand: all remote, or moved at once. */
export function clairvoyantCost(device: DeviceParameters, move: Migration, n: number): number {
  const { remote, local } = accessCosts(device);
  return Math.min(n * remote, migrationCost(device, move) + n * local);
}

/** Threshold of policy `adaptive`: N* of a whole block, given how often a block that came made another one leave. At least 1. */
export function adaptiveThreshold(device: DeviceParameters, evictions: number): number {
  const unit = 512 * PAGE_SIZE;
  const evictionCost = (unit * SECOND) / device.link.d2h + device.link.latency + device.link.perDma;
  return Math.max(1, Math.ceil(breakEvenAccesses(device, { ...plainMigration(unit), evictions, evictionCost })));
}
