/**
 * Histogram of refault distances: how much had happened on the lists between a page's eviction and its return. Read off the event log of the
 * two-list variants, so it costs nothing unless asked for; variants that keep no distances have none.
 */
import type { Distribution } from '../report.ts';
import { RECLAIM_REFAULT_ACTIVATE, RECLAIM_REFAULT_FAR, RECLAIM_REFAULT_STALE } from '../tables/rules.ts';

export const REFAULT_DISTANCE = 'refault-distance';

const WITH_DISTANCE = new Set([RECLAIM_REFAULT_ACTIVATE.id, RECLAIM_REFAULT_FAR.id, RECLAIM_REFAULT_STALE.id]);
/** Four buckets to a doubling: 0, 1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20 … */
const EDGES = [0, 1, 2, 3];
for (let width = 1; width < 1_099_511_627_776; width *= 2) for (let i = 4; i < 8; i++) EDGES.push(i * width);

export class RefaultDistances {
  private readonly counts = new Float64Array(EDGES.length - 1);
  private n = 0;
  private sum = 0;

  /** To be given to the memory's log. */
  readonly log = (rule: string, _page: number, distance: number): void => {
    if (!WITH_DISTANCE.has(rule) || !(distance >= 0)) return;
    this.n++;
    this.sum += distance;
    this.counts[Math.min(bucketOf(distance), this.counts.length - 1)]++;
  };

  /** NaN without any. */
  get mean(): number {
    return this.sum / this.n;
  }

  distribution(): readonly Distribution[] {
    const last = this.counts.findLastIndex((count) => count > 0);
    if (last < 0) return [];
    return [
      {
        name: REFAULT_DISTANCE,
        unit: 'pages',
        edges: Float64Array.from(EDGES.slice(0, last + 2)),
        counts: this.counts.slice(0, last + 1),
      },
    ];
  }
}

function bucketOf(distance: number): number {
  let low = 0;
  let high = EDGES.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (EDGES[middle] <= distance) low = middle;
    else high = middle - 1;
  }
  return low;
}
