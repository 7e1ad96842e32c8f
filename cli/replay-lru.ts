/**
 * Exact LRU at many sizes from one pass over the trace, by stack distances: what machines of these sizes would have counted, without building
 * any. Only for reads of a file: writes come back out of memory, and first touches of anonymous memory are no misses.
 */
import { setImmediate } from 'node:timers/promises';
import { StackDistances } from '../simulator/analysis/stack-distance.ts';
import { OP_LOAD, OP_SHIFT, PAGE_MASK } from '../simulator/machine/access.ts';
import { counterRows, PGALLOC, PGFREE, PGPGIN } from '../simulator/machine/counters.ts';
import type { Gauges, Memory } from '../simulator/machine/memory.ts';
import type { Pages } from '../simulator/units.ts';
import type { CliIo } from './io.ts';

/** What of a memory a replay asks for. */
export type Replayed = Pick<Memory, 'counters' | 'io' | 'run' | 'gauges' | 'setTime'>;

/** Accesses between two looks at whether the user wants to stop. */
const STEP = 1 << 20;

export const readsOnly = (words: Uint32Array): boolean => words.every((word) => word >>> OP_SHIFT <= OP_LOAD);

export function largestPage(words: Uint32Array): number {
  let largest = 0;
  for (let i = 0; i < words.length; i++) {
    const page = words[i] & PAGE_MASK;
    if (page > largest) largest = page;
  }
  return largest;
}

/**
 * Takes in all of `words`; tells `at` at each of the ascending `stops`, which are numbers of accesses. Less than all if the user wants to stop.
 */
export async function distancesOf(
  words: Uint32Array,
  pages: Pages,
  { io, rate = 1, stops = [], at }: DistanceOptions,
): Promise<StackDistances> {
  const distances = new StackDistances(pages, { rate });
  let next = 0;
  while (distances.accesses < words.length && !io.signal.aborted) {
    const done = distances.accesses;
    while (next < stops.length && stops[next] <= done) next++;
    const end = Math.min(words.length, done + STEP, stops[next] ?? Infinity);
    distances.run(words, done, end - done);
    if (end === stops[next]) at?.(end, distances);
    if (io.isTty) io.stderr(`\r\x1b[Kstack distances  ${((100 * end) / words.length).toFixed(0)} %`);
    await setImmediate();
  }
  return distances;
}

export interface DistanceOptions {
  readonly io: CliIo;
  readonly rate?: number;
  readonly stops?: readonly number[];
  readonly at?: (accesses: number, distances: StackDistances) => void;
}

/** Makes memories of exact LRU, of any of `sizes`, that know their counts at `stops`. Null if the user wanted to stop. */
export async function lruMemories(
  words: Uint32Array,
  sizes: readonly Pages[],
  stops: readonly number[],
  io: CliIo,
): Promise<((size: Pages) => Replayed) | null> {
  const ascending = [...new Set(sizes)].sort((a, b) => a - b);
  const misses = new Map<number, Float64Array>([[0, new Float64Array(ascending.length)]]);
  const distances = await distancesOf(words, largestPage(words) + 1, {
    io,
    stops: [...new Set(stops)].sort((a, b) => a - b),
    at: (accesses, so) => misses.set(accesses, so.misses(ascending)),
  });
  if (distances.accesses < words.length) return null;
  return (size) => {
    const i = ascending.indexOf(size);
    return new LruMemory(size, (at) => misses.get(at)?.[i]);
  };
}

/** Its counts are right at stops, and between two as at the one before. */
class LruMemory implements Replayed {
  readonly counters = new Float64Array(counterRows.length);
  readonly io = { reads: 0, swapIns: 0, writes: 0, swapOuts: 0, zeroed: 0, scanned: 0 };
  private readonly size: Pages;
  private readonly missesAt: (accesses: number) => number | undefined;

  constructor(size: Pages, missesAt: (accesses: number) => number | undefined) {
    this.size = size;
    this.missesAt = missesAt;
  }

  run(_block: Uint32Array, offset: number, n: number): number {
    const misses = this.missesAt(offset + n) ?? this.io.reads;
    this.io.reads = misses;
    this.counters[PGPGIN] = misses;
    this.counters[PGALLOC] = misses;
    this.counters[PGFREE] = Math.max(0, misses - this.size);
    return n;
  }

  gauges(into: Gauges): Gauges {
    into.nr_active_file = 0;
    into.nr_active_anon = 0;
    into.nr_inactive_file = Math.min(this.io.reads, this.size);
    into.nr_inactive_anon = 0;
    return into;
  }
}
