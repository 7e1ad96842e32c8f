/** Frames of each node, and how many of them lie in a zone that the kernel may use for itself. */
import type { MachineSpec } from '../plan.ts';
import { valueOf } from '../tables/define.ts';
import * as knobs from '../tables/knobs.ts';
import { movable, nodeMemory } from '../tables/numa-knobs.ts';
import { PAGE_SIZE, type Pages } from '../units.ts';

/** `known`: somebody places pages on nodes; otherwise the machine is one node to memory. */
export function nodesOf(
  machine: MachineSpec,
  known: boolean,
): {
  readonly sizes: readonly Pages[];
  readonly kernelRoom: readonly Pages[];
} {
  const { nodes } = machine;
  if (nodes === undefined || nodes.length <= 1 || !known) {
    const pages = Math.floor(valueOf(machine.values, knobs.memory) / PAGE_SIZE);
    return { sizes: [pages], kernelRoom: [pages] };
  }
  const sizes = nodes.map(({ values }) => Math.floor(valueOf(values, nodeMemory) / PAGE_SIZE));
  return { sizes, kernelRoom: sizes.map((pages, i) => (valueOf(nodes[i].values, movable) ? 0 : pages)) };
}
