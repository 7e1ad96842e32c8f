/** Properties of nodes, cpusets and mounts whose values are lists or policies rather than quantities: one row each, for hovers and documentation. */
import type { Scope } from './define.ts';

export interface WordRow {
  readonly name: string;
  /** What it is a property of. */
  readonly scope: Scope;
  readonly form: string;
  readonly doc: string;
  readonly kernel: string;
}

export const numaWords: readonly WordRow[] = [
  {
    name: 'node',
    scope: 'machine',
    form: 'node NODES { PROPERTIES }',
    doc: 'Memory nodes, numbered from 0 without gaps, at most 1024. Together they have the memory and the processors of the machine.',
    kernel: '/sys/devices/system/node',
  },
  {
    name: 'distance',
    scope: 'machine',
    form: 'distance A-B N',
    doc: 'How far two nodes are from each other, both ways: 11 to 254; 20 unless given, and 10 from a node to itself. Allocations that spill over go to the nearest node.',
    kernel: '/sys/devices/system/node/node*/distance (SLIT)',
  },
  {
    name: 'mems',
    scope: 'cpuset',
    form: 'mems NODES',
    doc: 'Nodes that its tasks may use, as written without spaces: `0-1,3`. In v2 what is in force is what the parent has of them, or all of the parent’s if that is nothing; `""` is none.',
    kernel: 'cpuset.mems',
  },
  {
    name: 'cpus',
    scope: 'cpuset',
    form: 'cpus CPUS',
    doc: 'Processors that its tasks may use; those of a node follow those of the node before it.',
    kernel: 'cpuset.cpus',
  },
  {
    name: 'mpol',
    scope: 'tmpfs',
    form: 'mpol MODE[=FLAG][:NODES]',
    doc: 'The mount’s policy, as the mount option writes it: default, local, prefer, prefer (many), bind, interleave, weighted interleave; static or relative. It is kept as written, and each file gets its own of it when it is created, in the cpuset of its creator.',
    kernel: 'mount -t tmpfs -o mpol=',
  },
  {
    name: 'mpol',
    scope: 'anon',
    form: 'mpol MODE[=FLAG][:NODES]',
    doc: 'The region’s own policy, set by mbind before its first use. It goes before the task’s.',
    kernel: 'mbind(2)',
  },
];

export const numaWord = (scope: Scope, name: string): WordRow | undefined =>
  numaWords.find((row) => row.scope === scope && row.name === name);
