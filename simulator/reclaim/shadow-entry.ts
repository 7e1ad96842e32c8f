/**
 * What a page leaves behind in its place in the tree: the time of its eviction on its lruvec's clock, and whether it belonged to the workingset. The
 * machine keeps with it on whose behalf the page was evicted.
 *
 * Kernel: pack_shadow, unpack_shadow in mm/workingset.c. Known divergence: 30 bits of time, where 64-bit kernels have 36 or more; a page that returns
 * after 2^30 evictions seems to have left later than it did.
 */
const TIME_SHIFT = 2;
const TIME_MASK = 0x3fffffff;
const WORKINGSET_SHIFT = 1;

/** Never 0, which stands for no entry. */
export const packShadow = (time: number, workingset: boolean): number =>
  (((time & TIME_MASK) << TIME_SHIFT) | (workingset ? 1 << WORKINGSET_SHIFT : 0) | 1) >>> 0;

/** How far the clock has come since. */
export const timeSince = (now: number, shadow: number): number => (now - (shadow >>> TIME_SHIFT)) & TIME_MASK;

export const wasWorkingset = (shadow: number): boolean => (shadow & (1 << WORKINGSET_SHIFT)) !== 0;
