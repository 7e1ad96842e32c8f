/** Every reclaim variant, in the order lists and legends show them: the history of an argument, then the literature, then the rulers. */
import type { ReclaimVariant } from '../machine/reclaimer.ts';
import { arc } from './arc.ts';
import { car } from './car.ts';
import { clockPro } from './clock-pro.ts';
import { clock } from './clock.ts';
import { fifo } from './fifo.ts';
import { lirs } from './lirs.ts';
import { lru } from './lru.ts';
import { opt } from './opt.ts';
import { s3Fifo } from './s3-fifo.ts';
import { sieve } from './sieve.ts';
import { twoQ } from './two-q.ts';
import { wTinyLfu } from './w-tinylfu.ts';
import { classic } from './classic.ts';
import { refault2013 } from './refault-2013.ts';
import { workingset315 } from './workingset-3.15.ts';
import { workingset61 } from './workingset-6.1.ts';
import { workingset612 } from './workingset-6.12.ts';
import { mglru61 } from './mglru-6.1.ts';
import { mglru614 } from './mglru-6.14.ts';
import { mglru67 } from './mglru-6.7.ts';

export const reclaimVariants: readonly ReclaimVariant[] = [
  classic,
  refault2013,
  workingset315,
  workingset61,
  workingset612,
  mglru61,
  mglru67,
  mglru614,
  // the literature, by age
  clock,
  fifo,
  twoQ,
  lirs,
  arc,
  car,
  clockPro,
  wTinyLfu,
  s3Fifo,
  sieve,
  // rulers
  lru,
  opt,
];

const byId = new Map(reclaimVariants.map((v) => [v.id, v]));

export const reclaimVariant = (id: string): ReclaimVariant | undefined => byId.get(id);

/** Whether a variant is one of the kernel's ways, merged or not: it keeps lists for the machine, and knows cgroups and watermarks. */
export const hasLists = ({ family }: ReclaimVariant): boolean => family === 'kernel' || family === 'proposal';
