/**
 * What a policy from the literature gets to fill: all of memory, reserves included (so do the published comparisons), or, where every cgroup at
 * the top has a limit, what those limits add up to.
 */
import type { Pages } from '../units.ts';

export function cacheCapacity(memory: Pages, parents: Int32Array, max: Float64Array): Pages {
  let limits = 0;
  for (let cgroup = 1; cgroup < parents.length; cgroup++) if (parents[cgroup] === 0) limits += max[cgroup];
  return limits > 0 ? Math.min(memory, limits) : memory;
}
