import type { Pages, Ppm } from '../units.ts';

/** A share of a capacity in whole pages, rounded down as libCacheSim does. */
export const shareOf = (capacity: Pages, share: Ppm): Pages => Math.floor((capacity * share) / 1_000_000);
