/**
 * The mount option `mpol=` of tmpfs: its grammar with the kernel's errors, how mounts show it, and what a new file makes of it.
 *
 * Kernel: mpol_parse_str, mpol_to_str, mpol_shared_policy_init in mm/mempolicy.c; shmem_reconfigure in mm/shmem.c (6.1, measured).
 * The `=` stands before the flag, the `:` before the nodes, and the kernel looks for the first of each wherever it is.
 */
import {
  newMempolicy,
  type Mempolicy,
  type MempolicyFlags,
  type MempolicyMode,
  type PolicyContext,
} from './mempolicy.ts';
import { firstNode, formatNodelist, isSubset, NO_NODES, nodeBit, parseNodelist, type Nodemask } from './nodemask.ts';

/** A mount's policy: the mask raw, as written. Files get theirs from it when they are created. */
export interface MountPolicy {
  readonly mode: Exclude<MempolicyMode, 'default'>;
  readonly flags: MempolicyFlags;
  readonly mask: Nodemask;
}

/** Why an option is refused; the kernel says EINVAL to all. */
export type MpolReason =
  | 'nodelist-syntax'
  | 'node-without-memory'
  | 'unknown-mode'
  | 'unknown-flag'
  | 'one-node-only'
  | 'nodes-on-default'
  | 'nodes-on-local'
  | 'flag-on-local'
  | 'flag-without-nodes'
  | 'no-nodes';

export type MpolResult =
  /** null: `default`, no policy at all. */
  | { readonly ok: true; readonly policy: MountPolicy | null }
  | { readonly ok: false; readonly errno: 'EINVAL'; readonly reason: MpolReason };

/** Spelling in mount options. */
const modes: Readonly<Record<string, MempolicyMode>> = {
  default: 'default',
  prefer: 'preferred',
  bind: 'bind',
  interleave: 'interleave',
  local: 'local',
  'prefer (many)': 'preferred-many',
  'weighted interleave': 'weighted-interleave',
};

/** The names of modes that `mpol=` takes, for completion. */
export const mpolModeNames: readonly string[] = Object.keys(modes);

const refuse = (reason: MpolReason): MpolResult => ({ ok: false, errno: 'EINVAL', reason });

/**
 * The text after `mpol=`. `memory`: the nodes that have memory now; the list may name no other. The mounter's cpuset does not matter.
 */
export function parseMpol(text: string, memory: Nodemask): MpolResult {
  const colon = text.indexOf(':');
  const equals = text.indexOf('=');
  const end = (from: number): number => Math.min(...[colon, equals, text.length].filter((i) => i > from));
  const name = text.slice(0, end(-1));
  const list = colon < 0 ? undefined : text.slice(colon + 1, end(colon));
  const flag = equals < 0 ? undefined : text.slice(equals + 1, end(equals));

  let mask = NO_NODES;
  if (list !== undefined) {
    const parsed = parseNodelist(list);
    if (typeof parsed === 'string') return refuse('nodelist-syntax');
    if (!isSubset(parsed, memory)) return refuse('node-without-memory');
    mask = parsed;
  }
  const mode = Object.hasOwn(modes, name) ? modes[name] : undefined;
  if (mode === undefined) return refuse('unknown-mode');
  // of `default` the kernel doesn't even read the flag
  if (mode === 'default') return list === undefined ? { ok: true, policy: null } : refuse('nodes-on-default');
  if (mode === 'local' && list !== undefined) return refuse('nodes-on-local');
  if (mode === 'preferred' && list !== undefined) {
    if (!/^\d*$/.test(list)) return refuse('one-node-only');
    if (mask === NO_NODES) return refuse('no-nodes');
  }
  if ((mode === 'interleave' || mode === 'weighted-interleave') && list === undefined) mask = memory;
  if (flag !== undefined && flag !== 'static' && flag !== 'relative') return refuse('unknown-flag');
  if (flag !== undefined && mode === 'local') return refuse('flag-on-local');
  if (mode === 'preferred' && list === undefined) {
    return flag === undefined
      ? { ok: true, policy: { mode: 'local', flags: {}, mask: NO_NODES } }
      : refuse('flag-without-nodes');
  }
  if (mode !== 'local' && mask === NO_NODES) return refuse('no-nodes');
  if (mode === 'preferred') mask = nodeBit(firstNode(mask));
  const flags: MempolicyFlags = flag === undefined ? {} : { [flag]: true };
  return { ok: true, policy: { mode, flags, mask } };
}

/** As /proc/mounts shows it behind `mpol=`; empty where there is no policy. */
export function showMpol(policy: MountPolicy | null): string {
  if (policy === null) return '';
  const name = Object.keys(modes).find((key) => modes[key] === policy.mode)!;
  const flag = policy.flags.static === true ? '=static' : policy.flags.relative === true ? '=relative' : '';
  return `${name}${flag}${policy.mask === NO_NODES ? '' : `:${formatNodelist(policy.mask)}`}`;
}

/**
 * The policy of a new file: the mount's mask in the creator's context. null: none, silently, where no node is left of it (`bind:0-1` created in a
 * cpuset of node 2); its pages then follow the policy of whoever writes.
 */
export function filePolicy(mount: MountPolicy | null, creator: PolicyContext): Mempolicy | null {
  if (mount === null) return null;
  const made = newMempolicy(mount.mode, mount.flags, mount.mask, creator);
  return made.ok ? made.policy : null;
}

export interface TmpfsOptions {
  /** The text after the last `mpol=`; absent: none given. */
  readonly mpol?: string;
  /** The other options, `name` or `name=value`. */
  readonly others: readonly string[];
}

/** Options of mount -o, at commas; but the commas of a node list stay: what follows them starts with a digit (shmem_parse_options). */
export function splitTmpfsOptions(text: string): TmpfsOptions {
  const others: string[] = [];
  let mpol: string | undefined;
  for (const option of text.split(/,(?!\d)/)) {
    if (option === '') continue;
    if (option.startsWith('mpol=')) mpol = option.slice('mpol='.length);
    else others.push(option);
  }
  return mpol === undefined ? { others } : { mpol, others };
}

/**
 * The mount's policy after `mount -o remount,mpol=…`. Nothing given keeps it; so does `default`, which parses to no policy (measured on 6.1).
 * What doesn't parse is refused and changes nothing.
 */
export function remountPolicy(before: MountPolicy | null, text: string | undefined, memory: Nodemask): MpolResult {
  if (text === undefined) return { ok: true, policy: before };
  const parsed = parseMpol(text, memory);
  return parsed.ok && parsed.policy === null ? { ok: true, policy: before } : parsed;
}
