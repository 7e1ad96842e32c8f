/**
 * What memory.min or memory.low protects of a group in effect: no more than it uses, and a share of what its parent has, if the parent's children
 * claim more than that together.
 *
 * Kernel: mem_cgroup_calculate_protection, effective_protection in mm/memcontrol.c (6.1).
 * Left out: memory_recursiveprot, by which children share what their parent has and none of them claims.
 */
import type { Pages } from '../units.ts';

/** `settings`: memory.min or memory.low of each group; `target`: the group whose limit (0: the machine's shortage) causes reclaim. */
export function effectiveProtection(
  parents: Int32Array,
  charged: Float64Array,
  settings: Float64Array,
  cgroup: number,
  target: number,
): Pages {
  const parent = parents[cgroup];
  if (parent <= 0 || parent === target) return settings[cgroup];
  let claimed = 0;
  for (let sibling = 1; sibling < parents.length; sibling++)
    if (parents[sibling] === parent) claimed += Math.min(charged[sibling], settings[sibling]);
  const own = Math.min(charged[cgroup], settings[cgroup]);
  const ofParent = effectiveProtection(parents, charged, settings, parent, target);
  return claimed > ofParent ? Math.floor((own * ofParent) / claimed) : own;
}
