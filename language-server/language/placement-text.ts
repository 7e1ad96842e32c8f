/** How nodes, times and policies are written in what is said of placement. */
import { formatNodelist, NO_NODES, nodemask, weight, type Nodemask } from '../../simulator/numa/nodemask.ts';
import type { MempolicySpec } from '../../simulator/plan.ts';
import { policyText } from './policies.ts';
import { exactQuantity } from './quantities.ts';

export const listText = (mask: Nodemask): string => (mask === NO_NODES ? 'none' : formatNodelist(mask));
/** `node 2`, `nodes 0-3`. */
export const nodesText = (mask: Nodemask): string => `node${weight(mask) === 1 ? '' : 's'} ${listText(mask)}`;
export const timeText = (time: number): string => exactQuantity('time', time);
export const specText = (spec: MempolicySpec): string => policyText(spec, formatNodelist(nodemask(spec.nodes)));
