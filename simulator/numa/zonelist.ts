/**
 * In which order nodes are tried: each node's own memory first, then the others by distance.
 *
 * Kernel: find_next_best_node and build_zonelists in mm/page_alloc.c (since 5.17, when load began to count once for each first node of a group of
 * equal distance); measured on 6.1.192. All lists are built together, lowest node first, as each adds to the load that later ones see.
 */
import { hasNode, MAX_NODES, type Nodemask } from './nodemask.ts';

export type Distances = readonly (readonly number[])[];

export const LOCAL_DISTANCE = 10;
export const REMOTE_DISTANCE = 20;

/** Distances of a machine whose firmware gives none. */
export const defaultDistances = (nodes: number): number[][] =>
  Array.from({ length: nodes }, (_, from) =>
    Array.from({ length: nodes }, (_, to) => (from === to ? LOCAL_DISTANCE : REMOTE_DISTANCE)),
  );

/**
 * The fallback order of each possible node: those of `memory`, nearest first; a node without memory still has a list, of the others. Of equally
 * distant nodes those without processors come first, then those with higher numbers than the node itself, then those that fewer lists begin with.
 */
export function buildZonelists(distances: Distances, memory: Nodemask, withCpus: Nodemask): Int32Array[] {
  const count = distances.length;
  const load = new Float64Array(count);
  const hasMemory = Array.from({ length: count }, (_, node) => hasNode(memory, node));
  const hasCpus = Array.from({ length: count }, (_, node) => hasNode(withCpus, node));
  const cost = new Float64Array(count);
  return distances.map((row, local) => {
    const others: number[] = [];
    for (let node = 0; node < count; node++) {
      if (node === local || !hasMemory[node]) continue;
      cost[node] = (row[node] + (node < local ? 1 : 0) + (hasCpus[node] ? 1 : 0)) * MAX_NODES + load[node];
      others.push(node);
    }
    others.sort((a, b) => cost[a] - cost[b] || a - b);
    let previous = local;
    for (const node of others) {
      if (row[node] !== row[previous]) load[node]++;
      previous = node;
    }
    return Int32Array.from(hasMemory[local] ? [local, ...others] : others);
  });
}
