/** What things take, in integer nanoseconds, from one table: the machine's knobs. */
import type { KnobValues, MachineSpec } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/knobs.ts';
import { pteCost } from '../tables/volatile-knobs.ts';
import { PAGE_SIZE, SECOND, type BytesPerSecond, type Nanoseconds, type Pages } from '../units.ts';

export interface DeviceCosts {
  readonly latency: Nanoseconds;
  readonly bandwidth: BytesPerSecond;
  readonly depth: number;
}

export interface Costs {
  readonly hit: Nanoseconds;
  readonly fault: Nanoseconds;
  readonly scan: Nanoseconds;
  /** Purging a page: its page-table entry. */
  readonly purge: Nanoseconds;
  readonly disk: DeviceCosts;
  /** The first swap device; without swap nobody asks. */
  readonly swap: DeviceCosts;
}

/** Time on the wire for `pages`, rounded to the nanosecond. */
export const transferTime = (device: DeviceCosts, pages: Pages): Nanoseconds =>
  Math.round((pages * PAGE_SIZE * SECOND) / device.bandwidth);

export function costsOf(machine: MachineSpec): Costs {
  const disk = machine.disk;
  const swap: KnobValues = machine.swap[0]?.values ?? {};
  return {
    hit: valueOf(machine.values, knobs.hitCost),
    fault: valueOf(machine.values, knobs.faultCost),
    scan: valueOf(machine.values, knobs.scanCost),
    purge: valueOf(machine.locks ?? {}, pteCost),
    disk: {
      latency: valueOf(disk, knobs.latency),
      bandwidth: valueOf(disk, knobs.bandwidth),
      depth: valueOf(disk, knobs.queueDepth),
    },
    swap: {
      latency: valueOf(swap, knobs.swapLatency),
      bandwidth: valueOf(swap, knobs.swapBandwidth),
      depth: valueOf(disk, knobs.queueDepth),
    },
  };
}
