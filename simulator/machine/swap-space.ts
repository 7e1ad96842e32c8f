/** Swap slots: how many there are and how many are in use. All devices count as one. */
import type { MachineSpec } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/knobs.ts';
import { MICROSECOND, PAGE_SIZE, type Pages } from '../units.ts';

/** Devices faster than this are read and written in place (zram, RAM disks): a page read back gives up its slot at once. */
const SYNCHRONOUS = 10 * MICROSECOND;

export class SwapSpace {
  readonly pages: Pages;
  readonly synchronous: boolean;
  used: Pages = 0;

  constructor(swap: MachineSpec['swap']) {
    this.pages = swap.reduce((sum, s) => sum + Math.floor(valueOf(s.values, knobs.swapSize) / PAGE_SIZE), 0);
    this.synchronous = swap.length > 0 && swap.every((s) => valueOf(s.values, knobs.swapLatency) < SYNCHRONOUS);
  }

  get free(): Pages {
    return this.pages - this.used;
  }
}
