/** Every reclaim variant, in the order lists and legends show them: the history of an argument, then the literature, then the rulers. */
import type { ReclaimVariant } from '../machine/reclaimer.ts';

export const reclaimVariants: readonly ReclaimVariant[] = [];

const byId = new Map(reclaimVariants.map((v) => [v.id, v]));

export const reclaimVariant = (id: string): ReclaimVariant | undefined => byId.get(id);
