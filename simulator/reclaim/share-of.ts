import type { Pages, Ppm } from '../units.ts';

/** A share of a capacity in whole pages, rounded down as libCacheSim does. */
export const shareOf = (capacity: Pages, share: Ppm): Pages => Math.floor((capacity * share) / 1_000_000);

/** Places that queues need: no more pages can be in memory, or remembered, than there are. Memory may be larger by far. */
export const placesFor = (limit: Pages, pages: Pages): Pages => Math.max(1, Math.min(limit, pages));
