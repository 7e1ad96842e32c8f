/**
 * Sets of nodes and the algebra that policies and cpusets need. A mask is a bigint, bit n for node n: a value, compared with `===`.
 *
 * Kernel: include/linux/nodemask.h, lib/bitmap.c (bitmap_fold, bitmap_onto, bitmap_remap, bitmap_bitremap, bitmap_parselist).
 */

export type Nodemask = bigint;

/** MAX_NUMNODES of distribution kernels (CONFIG_NODES_SHIFT 10). */
export const MAX_NODES = 1024;
export const NO_NODES: Nodemask = 0n;

export const nodeBit = (node: number): Nodemask => 1n << BigInt(node);

export function nodemask(nodes: Iterable<number>): Nodemask {
  let mask = 0n;
  for (const node of nodes) mask |= nodeBit(node);
  return mask;
}

/** Nodes 0 to `count` − 1. */
export const firstNodes = (count: number): Nodemask => nodeBit(count) - 1n;

/** The nodes of a mask, ascending. */
export function nodesOf(mask: Nodemask): number[] {
  const nodes: number[] = [];
  for (let base = 0; mask !== 0n; base += 32, mask >>= 32n) {
    let word = Number(mask & 0xffff_ffffn) | 0;
    while (word !== 0) {
      nodes.push(base + 31 - Math.clz32(word & -word));
      word &= word - 1;
    }
  }
  return nodes;
}

export const weight = (mask: Nodemask): number => nodesOf(mask).length;
export const hasNode = (mask: Nodemask, node: number): boolean => ((mask >> BigInt(node)) & 1n) === 1n;
export const intersects = (a: Nodemask, b: Nodemask): boolean => (a & b) !== 0n;
export const isSubset = (a: Nodemask, of: Nodemask): boolean => (a & ~of) === 0n;

/** The lowest node, −1 of an empty mask. */
export const firstNode = (mask: Nodemask): number => nodesOf(mask)[0] ?? -1;

/** The next node after `node`, round again to the first; −1 of an empty mask (next_node_in). */
export function nextNodeIn(node: number, mask: Nodemask): number {
  const above = firstNode((mask >> BigInt(node + 1)) << BigInt(node + 1));
  return above >= 0 ? above : firstNode(mask);
}

/** Folding by no bits at all divides by zero: the kernel dies of it, so does whoever calls this without looking. */
export class FoldByZero extends Error {
  override name = 'FoldByZero';
}

/** { b mod size : b ∈ mask }. Throws FoldByZero. */
export function fold(mask: Nodemask, size: number): Nodemask {
  if (size === 0) throw new FoldByZero('a nodemask folded by zero bits');
  return nodemask(nodesOf(mask).map((node) => node % size));
}

/** Bit i of `mask` becomes the i-th node of `relmap`; bits beyond its weight are lost. */
export function onto(mask: Nodemask, relmap: Nodemask): Nodemask {
  const nodes = nodesOf(relmap);
  return nodemask(nodesOf(mask).flatMap((i) => nodes[i] ?? []));
}

/** What MPOL_F_RELATIVE_NODES means: bit i is the (i mod weight)-th allowed node. Throws FoldByZero if none is allowed. */
export const relative = (mask: Nodemask, allowed: Nodemask): Nodemask => onto(fold(mask, weight(allowed)), allowed);

/** Where `node` goes when the set `from` becomes `to`: by ordinal, modulo the new set's weight. What isn't in `from` stays. */
export function remapNode(node: number, from: Nodemask, to: Nodemask): number {
  const ordinal = nodesOf(from).indexOf(node);
  const targets = nodesOf(to);
  return ordinal < 0 || targets.length === 0 ? node : targets[ordinal % targets.length];
}

export function remap(mask: Nodemask, from: Nodemask, to: Nodemask): Nodemask {
  if (from === to) return mask;
  return nodemask(nodesOf(mask).map((node) => remapNode(node, from, to)));
}

/** As the kernel prints lists: `0-1,3`; empty: an empty string. */
export function formatNodelist(mask: Nodemask): string {
  const nodes = nodesOf(mask);
  const ranges: string[] = [];
  for (let i = 0; i < nodes.length; i++) {
    const start = nodes[i];
    while (nodes[i + 1] === nodes[i] + 1) i++;
    ranges.push(nodes[i] === start ? `${start}` : `${start}-${nodes[i]}`);
  }
  return ranges.join(',');
}

export type NodelistError = 'EINVAL' | 'ERANGE' | 'EOVERFLOW';

/**
 * A list of numbers as the kernel reads it: `0-3,5`, `all`, `0-15:2/4` (two of every four), `N` for the last. Blanks may stand between
 * ranges. An empty text is an empty set. Returns the error's name for what it refuses: nonsense EINVAL, beyond the last possible node ERANGE.
 */
export function parseNodelist(text: string, possible = MAX_NODES): Nodemask | NodelistError {
  let mask = 0n;
  for (const region of text.split(/[\s,]+/)) {
    if (region === '') continue;
    // a pattern stands only behind a range or `all`
    const match = /^(?:[aA][lL][lL]|(N|\d+)-(N|\d+))(?::(N|\d+)\/(N|\d+))?$/.exec(region) ?? /^(N|\d+)$/.exec(region);
    if (match === null) return 'EINVAL';
    const number = (part: string | undefined): number | undefined =>
      part === undefined ? undefined : part === 'N' ? possible - 1 : Number(part);
    const start = number(match[1]) ?? 0;
    const end = number(match[2]) ?? number(match[1]) ?? possible - 1;
    const used = number(match[3]) ?? end + 1;
    const group = number(match[4]) ?? end + 1;
    if (Math.max(start, end, used, group) > 0xffff_ffff) return 'EOVERFLOW';
    if (start > end || group === 0 || used > group) return 'EINVAL';
    if (end >= possible) return 'ERANGE';
    for (let base = start; base <= end; base += group) {
      for (let n = base; n <= end && n < base + used; n++) mask |= nodeBit(n);
    }
  }
  return mask;
}
