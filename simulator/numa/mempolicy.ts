/**
 * Memory policies: what set_mempolicy and mbind accept, what a cpuset makes of them, and what get_mempolicy shows.
 *
 * Kernel: mm/mempolicy.c of 6.1 (mpol_new, mpol_set_nodemask, mpol_rebind_policy, do_get_mempolicy), measured on 6.1.192. A policy is a value:
 * rebinding makes another one. Divergence: weighted interleave is 6.9's, accepted in every era; reference counts are not modelled.
 */
import type { MempolicySpec } from '../plan.ts';
import {
  firstNode,
  fold,
  formatNodelist,
  intersects,
  nodeBit,
  NO_NODES,
  onto,
  relative,
  remap,
  weight,
  FoldByZero,
  type Nodemask,
} from './nodemask.ts';

export type MempolicyMode = MempolicySpec['mode'];

/**
 * Which behaviour: `v6.1` as measured, or `documented` as the kernel's documentation says. They differ in what a change of cpuset mems does to
 * preferred policies.
 */
export type MempolicyEra = 'v6.1' | 'documented';

export interface MempolicyFlags {
  /** MPOL_F_STATIC_NODES: nodes are physical. */
  readonly static?: boolean;
  /** MPOL_F_RELATIVE_NODES: nodes are ordinals in what the cpuset allows. */
  readonly relative?: boolean;
  /** MPOL_F_NUMA_BALANCING. */
  readonly balancing?: boolean;
}

/** A policy in force. MPOL_DEFAULT is no policy: null. */
export interface Mempolicy {
  readonly mode: Exclude<MempolicyMode, 'default'>;
  readonly static: boolean;
  readonly relative: boolean;
  readonly balancing: boolean;
  /** Nodes in force. */
  readonly nodes: Nodemask;
  /**
   * The user's mask if any flag is set, else the cpuset's mems when `nodes` were last computed. One field in the kernel too (a union), which
   * is why 6.1 overwrites the mask of preferred policies with the mems.
   */
  readonly remembered: Nodemask;
}

/** Where a policy is set: the task's cpuset, and the nodes that have memory (N_MEMORY). */
export interface PolicyContext {
  readonly mems: Nodemask;
  readonly memory: Nodemask;
}

/** Why a policy is refused. All are EINVAL to the kernel; the reason is for people. */
export type PolicyReason =
  | 'static-and-relative'
  | 'balancing-without-bind'
  | 'nodes-on-default'
  | 'nodes-on-local'
  | 'flag-on-local'
  | 'flag-without-nodes'
  | 'no-nodes'
  | 'no-node-allowed';

export type SetResult =
  | { readonly ok: true; readonly policy: Mempolicy | null }
  | { readonly ok: false; readonly errno: 'EINVAL'; readonly reason: PolicyReason };

const refuse = (reason: PolicyReason): SetResult => ({ ok: false, errno: 'EINVAL', reason });

const flagged = (policy: Mempolicy): boolean => policy.static || policy.relative || policy.balancing;

/**
 * set_mempolicy or mbind of `mode` with `flags` and the user's `mask`. Nodes that don't exist are dropped silently, unless none is left;
 * relative nodes always find one.
 */
export function newMempolicy(
  mode: MempolicyMode,
  flags: MempolicyFlags,
  mask: Nodemask,
  context: PolicyContext,
): SetResult {
  const { static: isStatic = false, relative: isRelative = false, balancing = false } = flags;
  if (isStatic && isRelative) return refuse('static-and-relative');
  if (balancing && mode !== 'bind') return refuse('balancing-without-bind');
  if (mode === 'default') return mask === NO_NODES ? { ok: true, policy: null } : refuse('nodes-on-default');
  if (mode === 'local' || (mode === 'preferred' && mask === NO_NODES)) {
    if (mask !== NO_NODES) return refuse('nodes-on-local');
    if (isStatic || isRelative) return refuse(mode === 'local' ? 'flag-on-local' : 'flag-without-nodes');
    return { ok: true, policy: localPolicy };
  }
  if (mask === NO_NODES) return refuse('no-nodes');
  const allowed = context.mems & context.memory;
  const inContext = isRelative ? relative(mask, allowed) : mask & allowed;
  if (inContext === NO_NODES) return refuse('no-node-allowed');
  const nodes = mode === 'preferred' ? nodeBit(firstNode(inContext)) : inContext;
  const remembered = isStatic || isRelative || balancing ? mask : context.mems;
  return {
    ok: true,
    policy: { mode, static: isStatic, relative: isRelative, balancing, nodes, remembered },
  };
}

export const localPolicy: Mempolicy = {
  mode: 'local',
  static: false,
  relative: false,
  balancing: false,
  nodes: NO_NODES,
  remembered: NO_NODES,
};

export const flagsOf = (spec: MempolicySpec): MempolicyFlags => ({
  static: spec.flag === 'static',
  relative: spec.flag === 'relative',
  balancing: spec.balancing === true,
});

/** What get_mempolicy shows: nodes in force without flags, the user's mask (or what overwrote it) with any. */
export interface ShownPolicy {
  readonly mode: MempolicyMode;
  readonly static: boolean;
  readonly relative: boolean;
  readonly balancing: boolean;
  readonly mask: Nodemask;
}

export function getMempolicy(policy: Mempolicy | null): ShownPolicy {
  if (policy === null) {
    return { mode: 'default', static: false, relative: false, balancing: false, mask: NO_NODES };
  }
  const { mode, static: isStatic, relative: isRelative, balancing } = policy;
  const mask = mode === 'local' ? NO_NODES : flagged(policy) ? policy.remembered : policy.nodes;
  return { mode, static: isStatic, relative: isRelative, balancing, mask };
}

export interface RebindOptions {
  readonly era?: MempolicyEra;
  /** What becomes of a policy left without a node: all of the new mems, as the code does, or no policy, as the documentation says. */
  readonly emptied?: 'code' | 'documented';
}

/**
 * The cpuset's mems have changed to `mems` (mpol_rebind_policy). A relative mask over no mems at all divides by zero: throws FoldByZero.
 * Returns null where nothing but the default policy is left (documented behaviour only).
 */
export function rebind(policy: Mempolicy | null, mems: Nodemask, options: RebindOptions = {}): Mempolicy | null {
  const { era = 'v6.1', emptied = 'code' } = options;
  if (policy === null || policy.mode === 'local') return policy;
  if (!flagged(policy) && policy.remembered === mems) return policy;
  const preferring = policy.mode === 'preferred' || policy.mode === 'preferred-many';
  if (preferring && era === 'v6.1') return { ...policy, remembered: mems };

  let nodes: Nodemask;
  let remembered = policy.remembered;
  if (policy.static) nodes = policy.remembered & mems;
  else if (policy.relative) nodes = onto(fold(policy.remembered, weight(mems)), mems);
  else {
    // with the balancing flag alone the kernel takes the user's mask for the old mems, and overwrites it
    nodes = remap(policy.nodes, policy.remembered, mems);
    remembered = mems;
  }
  if (preferring && nodes !== NO_NODES && policy.mode === 'preferred') nodes = nodeBit(firstNode(nodes));
  if (nodes === NO_NODES) {
    // of preferred nodes that are gone the documentation says local allocation
    if (preferring) return localPolicy;
    if (emptied === 'documented') return null;
    nodes = mems;
  }
  return { ...policy, nodes, remembered };
}

/** Whether `rebind` would divide by zero. */
export const dividesByZero = (policy: Mempolicy | null, mems: Nodemask): boolean =>
  policy !== null && policy.relative && policy.mode !== 'preferred' && policy.mode !== 'preferred-many' && mems === 0n;

/** What a user asked for, whatever the kernel made of it: what wrong-node is held against. */
export interface NodeWish {
  readonly asked: Nodemask;
  readonly relative: boolean;
  /** As one would write it: `bind=relative:0-1`. */
  readonly text: string;
}

export const wishFor = (mode: MempolicyMode, flags: MempolicyFlags, asked: Nodemask): NodeWish => ({
  asked,
  relative: flags.relative === true,
  text: `${mode}${flags.static === true ? '=static' : flags.relative === true ? '=relative' : ''}${asked === NO_NODES ? '' : `:${formatNodelist(asked)}`}`,
});

/**
 * The nodes that a user meant, in the mems of now: relative masks folded onto them, of others what is allowed. Pages elsewhere are wrong-node.
 * null: no wish (no policy, local).
 */
export function meantNodes(wish: NodeWish | null, mems: Nodemask): Nodemask | null {
  if (wish === null || wish.asked === NO_NODES) return null;
  if (!wish.relative) return wish.asked & mems;
  return mems === NO_NODES ? NO_NODES : relative(wish.asked, mems);
}

/** A bind mask applies only where the cpuset allows one of its nodes; otherwise it is dropped without a word (policy_nodemask). */
export const bindApplies = (policy: Mempolicy, mems: Nodemask): boolean => intersects(policy.nodes, mems);

export { FoldByZero };
