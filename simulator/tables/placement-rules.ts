/** Why a page lies on its node: the rule that chose where to look first, and what has moved pages since. */
import { rule } from './define.ts';

export const NUMA_DEFAULT = rule({
  id: 'numa.default',
  doc: 'No policy: the node of the processor that asked first, then its zonelist, within the cpuset’s mems.',
  kernel: 'get_task_policy, policy_node in mm/mempolicy.c',
});
export const NUMA_LOCAL = rule({
  id: 'numa.local',
  doc: 'Local allocation: the node of the processor that asked first, then its zonelist, within the cpuset’s mems.',
  kernel: 'MPOL_LOCAL in mm/mempolicy.c',
});
export const NUMA_PREFERRED = rule({
  id: 'numa.preferred',
  doc: 'The preferred node first, then that node’s zonelist, within the cpuset’s mems.',
  kernel: 'MPOL_PREFERRED, policy_node in mm/mempolicy.c',
});
export const NUMA_PREFERRED_OUTSIDE = rule({
  id: 'numa.preferred-outside',
  doc: 'The preferred node is outside the cpuset’s mems or has no memory: the first allowed node of its zonelist.',
  kernel: 'MPOL_PREFERRED, __cpuset_node_allowed',
});
export const NUMA_PREFERRED_MANY = rule({
  id: 'numa.preferred-many',
  doc: 'The nearest node of the mask that has room, without reclaim; then the local zonelist, within the cpuset’s mems.',
  kernel: 'alloc_pages_preferred_many in mm/mempolicy.c',
});
export const NUMA_PREFERRED_MANY_OUTSIDE = rule({
  id: 'numa.preferred-many-outside',
  doc: 'No preferred node is in the cpuset’s mems and has memory: the local zonelist, within the mems.',
  kernel: 'alloc_pages_preferred_many in mm/mempolicy.c',
});
export const NUMA_BIND = rule({
  id: 'numa.bind',
  doc: 'Only nodes of the mask that the cpuset allows, nearest to the processor first.',
  kernel: 'MPOL_BIND, policy_nodemask in mm/mempolicy.c',
});
export const NUMA_BIND_DROPPED = rule({
  id: 'numa.bind-dropped',
  doc: 'The cpuset allows no node of the mask: it was dropped without an error, and pages are placed as if there were no policy.',
  kernel: 'policy_nodemask, cpuset_nodemask_valid_mems_allowed',
});
export const NUMA_INTERLEAVE = rule({
  id: 'numa.interleave',
  doc: 'The mask’s nodes in turn, by the page’s place in its region or file; of the page cache one after the other.',
  kernel: 'interleave_nid, interleave_nodes in mm/mempolicy.c',
});
export const NUMA_INTERLEAVE_OUTSIDE = rule({
  id: 'numa.interleave-outside',
  doc: 'It was the turn of a node outside the cpuset’s mems or without memory: the first allowed node of its zonelist.',
  kernel: 'alloc_page_interleave, __cpuset_node_allowed',
});
export const NUMA_WEIGHTED_INTERLEAVE = rule({
  id: 'numa.weighted-interleave',
  doc: 'As many pages from each of the mask’s nodes as its weight says, in turn.',
  kernel: 'weighted_interleave_nid, weighted_interleave_nodes in mm/mempolicy.c (6.9)',
});
export const NUMA_KERNEL = rule({
  id: 'numa.kernel',
  doc: 'Memory of the kernel itself: by the task’s policy, on nodes that are not all movable; outside the cpuset rather than not at all.',
  kernel: 'alloc_pages, __cpuset_node_allowed without __GFP_HARDWALL',
});
export const NUMA_SPILLED = rule({
  id: 'numa.spilled',
  doc: 'The nodes that the policy would have taken were full: the next of the zonelist.',
  kernel: 'get_page_from_freelist in mm/page_alloc.c',
});
export const CPUSET_MIGRATE = rule({
  id: 'cpuset.migrate',
  doc: 'The cpuset’s mems changed and its pages followed, the n-th old node to the n-th new one.',
  kernel: 'cpuset_migrate_mm, do_migrate_pages',
});
export const ATTACH_MIGRATE = rule({
  id: 'cpuset.attach-migrate',
  doc: 'The process was moved into a cpuset and took its pages along.',
  kernel: 'cpuset_attach, do_migrate_pages',
});
export const HOTPLUG_OFFLINE_RULE = rule({
  id: 'hotplug.offline',
  doc: 'The node went offline: its pages went to the next node of its zonelist that had room, whatever policies and cpusets say.',
  kernel: 'do_migrate_range in mm/memory_hotplug.c',
});
export const MEMPOLICY_MOVE = rule({
  id: 'mempolicy.move',
  doc: 'mbind with MPOL_MF_MOVE moved the page to where its new policy wants it.',
  kernel: 'do_mbind, new_page in mm/mempolicy.c',
});

/** Order is the index that placements carry. Only ever append. */
export const placementRules = [
  NUMA_DEFAULT,
  NUMA_LOCAL,
  NUMA_PREFERRED,
  NUMA_PREFERRED_OUTSIDE,
  NUMA_PREFERRED_MANY,
  NUMA_PREFERRED_MANY_OUTSIDE,
  NUMA_BIND,
  NUMA_BIND_DROPPED,
  NUMA_INTERLEAVE,
  NUMA_INTERLEAVE_OUTSIDE,
  NUMA_WEIGHTED_INTERLEAVE,
  NUMA_KERNEL,
  NUMA_SPILLED,
  CPUSET_MIGRATE,
  ATTACH_MIGRATE,
  HOTPLUG_OFFLINE_RULE,
  MEMPOLICY_MOVE,
] as const;

// ---- events

export const MEMPOLICY_SET = rule({
  id: 'mempolicy.set',
  doc: 'A task set a policy, for itself or for a region.',
  kernel: 'set_mempolicy, mbind',
});
export const MEMPOLICY_REFUSED = rule({
  id: 'mempolicy.refused',
  doc: 'The kernel refused a policy; the old one stays.',
  kernel: 'set_mempolicy, mbind: EINVAL',
});
export const CPUSET_SET = rule({
  id: 'cpuset.set',
  doc: 'The timeline wrote a cpuset’s file, and the policies of its tasks were rebound.',
  kernel: 'update_nodemask, mpol_rebind_task, mpol_rebind_mm',
});
export const CPUSET_REFUSED = rule({
  id: 'cpuset.refused',
  doc: 'The kernel refused a write to a cpuset, or a process in it; nothing changed.',
  kernel: 'validate_change, cpuset_can_attach',
});
export const CPUSET_ATTACH = rule({
  id: 'cpuset.attach',
  doc: 'A process was moved into a cpuset.',
  kernel: 'cpuset_attach',
});
export const CPUSET_EMPTIED = rule({
  id: 'cpuset.emptied',
  doc: 'A cpuset (v1) has lost its last node: its tasks were moved to the nearest ancestor that has one, and stay there.',
  kernel: 'remove_tasks_in_empty_cpuset',
});
export const NODE_ONLINE = rule({ id: 'node.online', doc: 'A node’s memory came online.', kernel: 'online_pages' });
export const NODE_OFFLINE = rule({ id: 'node.offline', doc: 'A node’s memory went offline.', kernel: 'offline_pages' });
export const NODE_REFUSED = rule({
  id: 'node.refused',
  doc: 'A node could not go offline, or not completely: pages that can’t move, or no memory elsewhere; or it could not go online, as it was already.',
  kernel: 'offline_pages: EBUSY',
});
export const TMPFS_REMOUNT = rule({
  id: 'tmpfs.remount',
  doc: 'A tmpfs was remounted: the new policy is for new files.',
  kernel: 'shmem_reconfigure',
});
export const TMPFS_REFUSED = rule({
  id: 'tmpfs.refused',
  doc: 'The kernel refused a mount option; a mount without it, or as it was.',
  kernel: 'mpol_parse_str: EINVAL',
});
export const KERNEL_CRASH = rule({
  id: 'crash.kernel',
  doc: 'A known bug of the kernel was hit; the run ends here. The event names the commit that fixed it.',
});

export const numaEvents = [
  MEMPOLICY_SET,
  MEMPOLICY_REFUSED,
  CPUSET_SET,
  CPUSET_REFUSED,
  CPUSET_ATTACH,
  CPUSET_EMPTIED,
  NODE_ONLINE,
  NODE_OFFLINE,
  NODE_REFUSED,
  TMPFS_REMOUNT,
  TMPFS_REFUSED,
  KERNEL_CRASH,
] as const;
