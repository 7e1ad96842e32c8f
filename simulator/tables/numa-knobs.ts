/** Knobs of nodes, cpusets and tmpfs mounts. */
import { GIB, PAGE_SIZE } from '../units.ts';
import { bytes, choice, flag, integer, knob } from './define.ts';

const TIB = 1024 * GIB;
const assumed = (where: string) => ({ kind: 'assumed', where }) as const;
const published = (where: string) => ({ kind: 'published', where }) as const;
const CPUSETS_V1 = 'Documentation/admin-guide/cgroup-v1/cpusets.rst';

// ---- machine

export const cgroupVersion = knob({
  name: 'cgroup-version',
  scope: 'machine',
  type: choice({
    v2: 'One hierarchy: `mems` stays as written, what is in force (`mems.effective`) follows hotplug, and pages move when mems change.',
    v1: 'A hierarchy for each controller: a node that goes offline leaves `mems` for good, and pages move only with `memory_migrate`.',
  }),
  default: 'v2',
  doc: 'Which cgroup version the cpusets are mounted as.',
  kernel: 'mount -t cgroup2, mount -t cgroup -o cpuset',
  source: assumed('what distributions mount since about 2021'),
});

export const mempolicyEra = knob({
  name: 'mempolicy-era',
  scope: 'machine',
  type: choice({
    'v6.1': 'As measured on 6.1.',
    documented:
      'As the kernel’s documentation says: preferred policies, too, are renumbered when mems change, and a policy left without a node becomes local.',
  }),
  default: 'v6.1',
  doc: 'Whose word counts where the kernel does otherwise than its documentation says.',
  kernel: 'mpol_rebind_policy in mm/mempolicy.c',
  source: { kind: 'measured', where: '6.1.192, against Documentation/admin-guide/mm/numa_memory_policy.rst' },
});
export const emptyRebind = knob({
  name: 'empty-rebind',
  scope: 'machine',
  type: choice({
    code: 'All of the new mems.',
    doc: 'No policy, as documented.',
  }),
  default: 'code',
  doc: 'What a policy has that is left without a node when mems change.',
  kernel: 'mpol_rebind_nodemask in mm/mempolicy.c',
  source: { kind: 'measured', where: '6.1.192' },
});
export const bugRefcount = knob({
  name: 'bug.refcount',
  scope: 'machine',
  type: flag(),
  default: false,
  doc: 'A tmpfs file’s policy loses a reference whenever an allocation retries because the cpuset has changed meanwhile, and is freed in use.',
  kernel: 'fixed by 00442ad04a5e (3.7)',
  source: published('commit 00442ad04a5e'),
});
export const bugRemountUaf = knob({
  name: 'bug.remountUaf',
  scope: 'machine',
  type: flag(),
  default: false,
  doc: 'A remount without `mpol=` frees the mount’s policy and keeps using it: the next file that is created crashes.',
  kernel: 'fixed by 5f00110f7273 (3.9), CVE-2013-1767',
  source: published('commit 5f00110f7273'),
});
export const bugFoldZero = knob({
  name: 'bug.foldZero',
  scope: 'machine',
  type: flag(),
  default: false,
  doc: 'Policies of regions are rebound to the mems a cpuset has configured, even if none are (v2): a relative mask is folded by zero.',
  kernel: 'since 3.17 (ae1c802382f7); a fix was posted in June 2026',
  source: published('commit ae1c802382f7, linux-mm'),
});

// ---- node

export const nodeMemory = knob({
  name: 'memory',
  scope: 'node',
  type: bytes(0, 4 * TIB),
  default: 4 * GIB,
  doc: 'Memory of the node, the kernel’s own reserves included. Where the machine’s `memory` is given, nodes without share what is left of it evenly.',
  kernel: 'MemTotal in /sys/devices/system/node/node*/meminfo',
  source: assumed('round number'),
});
export const nodeCpus = knob({
  name: 'cpus',
  scope: 'node',
  type: integer(0, 1024),
  default: 4,
  doc: 'Processors of the node, numbered on from those of the node before it. 0: memory only.',
  kernel: '/sys/devices/system/node/node*/cpulist',
  source: assumed('round number'),
});
export const movable = knob({
  name: 'movable',
  scope: 'node',
  type: flag(),
  default: false,
  doc: 'All of the node lies in the movable zone: no kernel memory, so it can go offline completely.',
  kernel: 'online_movable in /sys/devices/system/memory/memory*/state, movable_node',
  source: published('Documentation/admin-guide/mm/memory-hotplug.rst'),
});
export const weight = knob({
  name: 'weight',
  scope: 'node',
  type: integer(1, 255),
  default: 1,
  doc: 'Pages that weighted interleaving takes from the node before it goes on to the next.',
  kernel: '/sys/kernel/mm/mempolicy/weighted_interleave/node*',
  source: published('Documentation/ABI/testing/sysfs-kernel-mm-mempolicy-weighted-interleave (6.9)'),
});

// ---- cpuset

export const memoryMigrate = knob({
  name: 'memory_migrate',
  scope: 'cpuset',
  type: flag(),
  default: null,
  doc: 'When `mems` change, or a process is moved in, its pages follow to the new nodes. Off in v1 unless given; v2 always does so.',
  kernel: 'cpuset.memory_migrate (cgroup v1)',
  source: published(CPUSETS_V1),
});
export const memHardwall = knob({
  name: 'mem_hardwall',
  scope: 'cpuset',
  type: flag(),
  default: false,
  doc: 'Kernel allocations, too, stay within `mems` instead of those of the nearest such ancestor.',
  kernel: 'cpuset.mem_hardwall (cgroup v1)',
  source: published(CPUSETS_V1),
});

// ---- tmpfs

export const tmpfsSize = knob({
  name: 'size',
  scope: 'tmpfs',
  type: bytes(PAGE_SIZE, 4 * TIB),
  default: null,
  doc: 'Most that the mount holds: the size behind its name.',
  kernel: 'mount -t tmpfs -o size=',
  source: published('Documentation/filesystems/tmpfs.rst'),
});

export const numaKnobs = [
  cgroupVersion,
  mempolicyEra,
  emptyRebind,
  bugRefcount,
  bugRemountUaf,
  bugFoldZero,
  nodeMemory,
  nodeCpus,
  movable,
  weight,
  memoryMigrate,
  memHardwall,
  tmpfsSize,
] as const;
