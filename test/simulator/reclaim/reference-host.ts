/** What tests of the reference policies share: a host that only listens, and a few access sequences. */
import type {
  CacheReclaimer,
  FutureAccesses,
  MemoryHost,
  ReclaimVariant,
} from '../../../simulator/machine/reclaimer.ts';
import type { KnobValues } from '../../../simulator/plan.ts';
import { reclaimVariants } from '../../../simulator/reclaim/registry.ts';

const REFERENCE_IDS = [
  ...['fifo', 'clock', '2q', 'lirs', 'arc', 'car', 'clock-pro', 'w-tinylfu', 's3-fifo', 'sieve'],
  ...['lru', 'opt'],
];

export const referenceVariants: readonly ReclaimVariant[] = REFERENCE_IDS.map((id) => {
  const variant = reclaimVariants.find((v) => v.id === id);
  if (variant === undefined) throw new Error(`'${id}' is not registered`);
  return variant;
});

export interface Cache {
  readonly reclaimer: CacheReclaimer;
  /** Pages that left, in order. */
  readonly evicted: number[];
}

/** A reference policy on its own: it asks its host for nothing but its size. */
export function cacheOf(id: string, pages: number, capacity: number, values: KnobValues = {}): Cache {
  const variant = referenceVariants.find((v) => v.id === id);
  if (variant === undefined) throw new Error(`no reference policy '${id}'`);
  const evicted: number[] = [];
  const host = { pages, capacity, evicted: (page: number) => evicted.push(page) };
  const reclaimer = variant.create(host as unknown as MemoryHost, values);
  if (reclaimer.kind !== 'cache') throw new Error(`'${id}' is not a cache`);
  return { reclaimer, evicted };
}

/** What OPT is told of a sequence. */
export function futureOf(trace: ArrayLike<number>, pages: number): FutureAccesses {
  const next = new Uint32Array(trace.length);
  const upcoming = new Uint32Array(pages).fill(0xffffffff);
  for (let i = trace.length - 1; i >= 0; i--) {
    next[i] = upcoming[trace[i]];
    upcoming[trace[i]] = i;
  }
  return { next, first: upcoming };
}

/** Misses of a policy over a whole sequence. */
export function missesOf(id: string, trace: Uint32Array, pages: number, capacity: number, values?: KnobValues): number {
  const { reclaimer } = cacheOf(id, pages, capacity, values);
  reclaimer.foresee?.(futureOf(trace, pages));
  reclaimer.run(trace, 0, trace.length);
  return reclaimer.tally.misses;
}

export const residentIn = (reclaimer: CacheReclaimer, from: number, to: number): number => {
  let count = 0;
  for (let page = from; page < to; page++) if (reclaimer.isResident(page)) count++;
  return count;
};

/** Every page of [from, to) in order, `passes` times. */
export function cyclic(from: number, to: number, passes: number): Uint32Array {
  const words = new Uint32Array((to - from) * passes);
  for (let i = 0; i < words.length; i++) words[i] = from + (i % (to - from));
  return words;
}
