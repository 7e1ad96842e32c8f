/** What reclaim costs: CPU time for the pages it looked at, and the writes it queued. */
import { PURGED } from '../machine/counters.ts';
import type { Memory } from '../machine/memory.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import { scansOf } from './blocks-run.ts';
import type { Costs } from './costs.ts';
import type { Device } from './device.ts';

/** Pages under swap-out beyond which those who reclaim wait for the device. */
const SWAP_BACKLOG: Pages = 256;

export class ReclaimCosts {
  private readonly memory: Memory;
  private readonly costs: Costs;
  private readonly disk: Device;
  private readonly swap: Device;
  private seenSwapOuts: number;
  private seenWrites: number;
  private seenScans = 0;
  private seenPurged = 0;

  constructor(memory: Memory, costs: Costs, disk: Device, swap: Device) {
    this.memory = memory;
    this.costs = costs;
    this.disk = disk;
    this.swap = swap;
    // What happened before the run began is nobody's time.
    this.seenSwapOuts = memory.io.swapOuts;
    this.seenWrites = memory.io.writes;
    memory.takeQueuedWrites();
    this.time();
  }

  /** CPU time of reclaim since the last call: pages looked at on any list. */
  time(): Nanoseconds {
    const scans = scansOf(this.memory);
    const purged = this.memory.counters[PURGED];
    const time = (scans - this.seenScans) * this.costs.scan + (purged - this.seenPurged) * this.costs.purge;
    this.seenScans = scans;
    this.seenPurged = purged;
    return time;
  }

  /** Sends queued writes to their devices; returns until when a reclaimer must wait for swap not to fall too far behind. */
  sendWrites(time: Nanoseconds): Nanoseconds {
    const { io } = this.memory;
    if (io.swapOuts === this.seenSwapOuts && io.writes === this.seenWrites) return 0;
    this.seenSwapOuts = io.swapOuts;
    this.seenWrites = io.writes;
    const { file, swap } = this.memory.takeQueuedWrites();
    if (file > 0) this.disk.request(time, file);
    if (swap === 0) return 0;
    this.swap.request(time, swap);
    return this.swap.caughtUp(SWAP_BACKLOG);
  }
}
