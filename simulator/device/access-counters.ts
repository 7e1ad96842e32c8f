/** Accesses over the link to each block, counted while a policy waits for enough of them to move the block to the device. */
import { adaptiveThreshold } from './break-even.ts';
import type { DeviceParameters } from './parameters.ts';
import * as tally from './tally.ts';

const TRIPPED = -1;

export class AccessCounters {
  private readonly parameters: DeviceParameters;
  private readonly counts: Float64Array;
  /** Whether the policy counts at all. */
  readonly active: boolean;
  private readonly seen: Float64Array;
  /** Share of the chunks that came and made another one leave, and the threshold that follows. */
  private knownShare = -1;
  private knownThreshold = 0;

  constructor(parameters: DeviceParameters, blocks: number, counts: Float64Array) {
    this.parameters = parameters;
    this.counts = counts;
    this.active = parameters.policy === 'counter' || parameters.policy === 'adaptive';
    this.seen = new Float64Array(blocks);
  }

  /** One more access to a block. True if the block's counter trips now. */
  trips(block: number): boolean {
    const { seen } = this;
    if (seen[block] < 0) return false;
    const now = seen[block] + this.parameters.granules;
    const trips = now >= this.threshold();
    seen[block] = trips ? TRIPPED : now;
    return trips;
  }

  restart(block: number): void {
    this.seen[block] = 0;
  }

  /** Accesses after which a block moves. */
  private threshold(): number {
    const { policy, threshold } = this.parameters;
    if (policy !== 'adaptive') return threshold;
    const { counts } = this;
    const share = counts[tally.CHUNKS_IN] > 0 ? counts[tally.EVICTIONS] / counts[tally.CHUNKS_IN] : 0;
    if (share !== this.knownShare) {
      this.knownShare = share;
      this.knownThreshold = adaptiveThreshold(this.parameters, share);
    }
    return this.knownThreshold;
  }
}
