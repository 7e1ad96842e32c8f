/**
 * Bytes that a policy holds for each page in memory and for each page it keeps track of, all that the machine needs included: from what is alive
 * after a run with so many pages of either kind, and with twice as many. Sizes are just above powers of two, where what doubles is as empty as it
 * gets.
 */
import process from 'node:process';
import { BLOCK } from '../../simulator/machine/access.ts';
import { reclaimVariants } from '../../simulator/reclaim/registry.ts';
import type { Pages } from '../../simulator/units.ts';
import { randomFor } from '../../simulator/workload/random.ts';
import { inChild } from './child.ts';
import type { Row } from './rows.ts';
import type { BenchOptions } from './suites.ts';
import { futureOf, machineFor, runThrough } from './traces.ts';

const BYTES_PER_FRAME = 16;
const BYTES_PER_PAGE = 8;

/** The heap's own to and fro: code, and what is known of its types. Nothing is kept there for each page. */
const HEAP_NOISE = 4 * 2 ** 20;

interface Task {
  readonly id: string;
  readonly pages: Pages;
  readonly cache: Pages;
}

export async function benchMemory({ quick, policies }: BenchOptions): Promise<Row[]> {
  const scale = quick ? 8 : 1;
  const [pages, morePages] = [2 ** 20 / scale + 1, 2 ** 21 / scale + 1];
  const [cache, moreCache] = [2 ** 17 / scale + 1, 2 ** 18 / scale + 1];
  const held = (id: string, p: Pages, c: Pages) =>
    inChild<number>(import.meta.filename, 'heldBytes', { id, pages: p, cache: c }, ['--expose-gc']);
  const frames: Row[] = [];
  const tracked: Row[] = [];
  for (const { id } of reclaimVariants.filter((v) => !policies || policies.includes(v.id))) {
    const base = await held(id, pages, cache);
    const perFrame = ((await held(id, pages, moreCache)) - base) / (moreCache - cache);
    const perPage = ((await held(id, morePages, cache)) - base) / (morePages - pages);
    const unit = 'bytes';
    frames.push({
      suite: 'memory for each page in memory',
      name: id,
      value: round(perFrame),
      unit,
      ...(quick ? {} : { budget: BYTES_PER_FRAME }),
      column: { table: 'memory', title: 'for each page in memory', shows: 'value' },
    });
    tracked.push({
      suite: 'memory for each page kept track of',
      name: id,
      value: round(perPage),
      unit,
      ...(quick ? {} : { budget: BYTES_PER_PAGE }),
      column: { table: 'memory', title: 'for each page kept track of', shows: 'value' },
    });
  }
  return [...frames, ...tracked];
}

/** A tenth of a byte is what such a difference can tell. */
const round = (bytes: number): number => Math.max(0, Math.round(bytes * 10) / 10);

/** Most that is alive at eight moments of a run: all pages come by twice, and some are wanted again and again. */
export function heldBytes({ id, pages, cache }: Task): number {
  const used = () => {
    // Buffers are freed beside the program; the second call waits for those of the first.
    globalThis.gc!();
    globalThis.gc!();
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return { heapUsed, arrayBuffers };
  };
  const random = randomFor(4, pages);
  const words = new Uint32Array(2 * pages + 4 * cache);
  for (let i = 0; i < words.length; i++)
    words[i] = i < pages ? i : i < pages + 4 * cache ? Math.floor(random.unit() * cache) : i - pages - 4 * cache;
  const clairvoyant = reclaimVariants.find((v) => v.id === id)!.clairvoyant ?? false;
  // Of the future is said elsewhere what it costs: four bytes an access.
  const future = clairvoyant ? futureOf(words, pages) : undefined;
  // What the engine keeps of code it has run is no page's.
  if (!future) runThrough(machineFor(id, 4096, 512), words.subarray(0, 4096));
  const before = used();
  const memory = machineFor(id, pages, cache);
  if (future) memory.foresee(future);
  let most = 0;
  const part = Math.ceil(words.length / 8 / BLOCK) * BLOCK;
  for (let at = 0; at < words.length; at += part) {
    runThrough(memory, words.subarray(at, at + part));
    const now = used();
    const heap = now.heapUsed - before.heapUsed;
    most = Math.max(most, now.arrayBuffers - before.arrayBuffers + (heap > HEAP_NOISE ? heap : 0));
  }
  return memory.reclaimer.tally.misses > 0 ? most : NaN;
}
