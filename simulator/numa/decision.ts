/**
 * Where to look for a page's frame, worked out once for each policy, mems and processor's node, and then only looked up.
 *
 * Kernel: policy_node, policy_nodemask, interleave_nid, alloc_pages_preferred_many in mm/mempolicy.c; prepare_alloc_pages and
 * first_zones_zonelist in mm/page_alloc.c; constrained_alloc in mm/oom_kill.c.
 */
import { CONSTRAINT_CPUSET, CONSTRAINT_MEMORY_POLICY, CONSTRAINT_NONE } from '../machine/placement.ts';
import type { Rule } from '../tables/define.ts';
import * as rules from '../tables/placement-rules.ts';
import { bindApplies, type Mempolicy } from './mempolicy.ts';
import { firstNode, hasNode, intersects, isSubset, nodesOf, type Nodemask } from './nodemask.ts';

const indexOf = new Map<Rule, number>(rules.placementRules.map((rule, i) => [rule, i]));
export const ruleIndex = (rule: Rule): number => {
  const i = indexOf.get(rule);
  if (i === undefined) throw new Error(`'${rule.id}' is no rule of placement`);
  return i;
};

/** A fixed answer. Orders are shared: nobody may write to them. */
export interface Decision {
  readonly order: Int32Array;
  readonly first: number;
  readonly preferred: number;
  /** What numastat holds a page to that none of the `first` nodes gave. */
  readonly preferredThen: number;
  readonly constraint: number;
  readonly rule: number;
  /** Nodes of a bind mask in force: pages elsewhere violate it. */
  readonly bound: Nodemask | null;
  readonly interleaved: boolean;
}

/** Nodes in turn: one decision for each, and which comes when. */
export interface Turns {
  /** By place: `byPlace[index % byPlace.length]` is the node. */
  readonly byPlace: Int32Array;
  /** By turns: the node after `node` is `after[node + 1]`, from −1 on. */
  readonly after: Int32Array;
  readonly weights: Int32Array;
  readonly of: readonly (Decision | undefined)[];
}

export interface Where {
  readonly zonelists: readonly Int32Array[];
  readonly memory: Nodemask;
  readonly mems: Nodemask;
  readonly cpuNode: number;
  readonly weights: readonly number[];
}

const within = (list: Int32Array, mask: Nodemask): Int32Array => list.filter((node) => hasNode(mask, node));

/** Longest run of turns that is laid out place by place. */
const MAX_PLACES = 1 << 18;

/** The decision for one node's zonelist within the mems; `mask`: the allocation's own mask, null if it has none. */
function along(
  from: number,
  mask: Nodemask | null,
  where: Where,
  rule: Rule,
  more: Partial<Pick<Decision, 'bound' | 'interleaved'>> = {},
): Decision {
  const list = where.zonelists[from];
  const allowed = mask === null ? where.mems : mask & where.mems;
  // the zone that statistics go by is the first of the mask, whatever the cpuset says of it
  const preferred = list.find((node) => hasNode(mask ?? where.mems, node)) ?? from;
  const constraint =
    mask !== null && !isSubset(where.memory, mask)
      ? CONSTRAINT_MEMORY_POLICY
      : isSubset(where.memory, where.mems)
        ? CONSTRAINT_NONE
        : CONSTRAINT_CPUSET;
  return {
    order: within(list, allowed),
    first: 0,
    preferred,
    preferredThen: preferred,
    constraint,
    rule: ruleIndex(rule),
    bound: null,
    interleaved: false,
    ...more,
  };
}

/** Policies that look in one place for all pages; null for those that take turns. */
export function decide(policy: Mempolicy | null, where: Where): Decision | null {
  const { cpuNode, mems, memory } = where;
  if (policy === null) return along(cpuNode, null, where, rules.NUMA_DEFAULT);
  switch (policy.mode) {
    case 'local':
      return along(cpuNode, null, where, rules.NUMA_LOCAL);
    case 'preferred': {
      const node = firstNode(policy.nodes);
      const there = hasNode(mems & memory, node);
      return along(node, null, where, there ? rules.NUMA_PREFERRED : rules.NUMA_PREFERRED_OUTSIDE);
    }
    case 'bind':
      return bindApplies(policy, mems)
        ? along(cpuNode, policy.nodes, where, rules.NUMA_BIND, { bound: policy.nodes })
        : along(cpuNode, null, where, rules.NUMA_BIND_DROPPED, { bound: policy.nodes });
    case 'preferred-many': {
      const then = along(cpuNode, null, where, rules.NUMA_PREFERRED_MANY);
      const list = where.zonelists[cpuNode];
      const preferred = within(list, policy.nodes & mems);
      const rest = then.order.filter((node) => !preferred.includes(node));
      if (preferred.length === 0) return { ...then, rule: ruleIndex(rules.NUMA_PREFERRED_MANY_OUTSIDE) };
      return {
        ...then,
        order: Int32Array.from([...preferred, ...rest]),
        first: preferred.length,
        preferred: list.find((node) => hasNode(policy.nodes, node)) ?? then.preferred,
      };
    }
    case 'interleave':
    case 'weighted-interleave':
      return null;
  }
}

/** Policies that take turns: each node's turn is its zonelist within the mems. */
export function takeTurns(policy: Mempolicy, where: Where): Turns {
  const nodes = nodesOf(policy.nodes);
  const weighted = policy.mode === 'weighted-interleave';
  const weights = new Int32Array(where.zonelists.length).fill(1);
  if (weighted) for (const node of nodes) weights[node] = Math.max(1, where.weights[node] ?? 1);
  const places: number[] = [];
  for (const node of nodes) for (let i = 0; i < weights[node] && places.length < MAX_PLACES; i++) places.push(node);
  const after = new Int32Array(where.zonelists.length + 1);
  for (let node = -1; node < where.zonelists.length; node++) {
    after[node + 1] = nodes.find((next) => next > node) ?? nodes[0];
  }
  const there = where.mems & where.memory;
  const of: (Decision | undefined)[] = [];
  for (const node of nodes) {
    const rule = !hasNode(there, node)
      ? rules.NUMA_INTERLEAVE_OUTSIDE
      : weighted
        ? rules.NUMA_WEIGHTED_INTERLEAVE
        : rules.NUMA_INTERLEAVE;
    of[node] = { ...along(node, null, where, rule), interleaved: true };
  }
  return { byPlace: Int32Array.from(places), after, weights, of };
}

/**
 * Kernel memory by the same policies: nodes of the cpuset first, then those of the hardwalled ancestor (`beyond`), never nodes whose memory is all
 * movable. Binding applies only if some node of the mask has kernel memory.
 */
export function decideKernel(policy: Mempolicy | null, where: Where, movable: Nodemask, beyond: Nodemask): Decision {
  const unmovable = where.memory & ~movable;
  const mask =
    policy !== null && policy.mode === 'bind' && intersects(policy.nodes, unmovable) && bindApplies(policy, where.mems)
      ? policy.nodes
      : null;
  const from = policy !== null && policy.mode === 'preferred' ? firstNode(policy.nodes) : where.cpuNode;
  const near = along(from, mask, where, rules.NUMA_KERNEL);
  const order = within(near.order, unmovable);
  const far = within(where.zonelists[from], (mask === null ? beyond : mask & beyond) & unmovable);
  const rest = far.filter((node) => !order.includes(node));
  return {
    ...near,
    order: Int32Array.from([...order, ...rest]),
    first: rest.length === 0 ? 0 : order.length,
    preferred: order[0] ?? rest[0] ?? from,
    preferredThen: order[0] ?? rest[0] ?? from,
  };
}
