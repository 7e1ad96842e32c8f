/**
 * Accesses per second of every reclaim variant, on two Zipf traces. Words are generated once, so that only the variant's own loop is timed. Each
 * variant has a process of its own, in which it takes turns with exact LRU: first a run of each to warm up, then `rounds` of both on fresh
 * machines. Processor time; the median of the rounds' ratios is what counts, for the machine's speed drifts and ratios don't.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { reclaimVariants } from '../../simulator/reclaim/registry.ts';
import { cpuTime, inBundledChild, inChild } from './child.ts';
import { median, medianRatio, type Row } from './rows.ts';
import type { BenchOptions } from './suites.ts';
import {
  cacheOf,
  futureOf,
  machineFor,
  runThrough,
  tracesFor,
  wordsOf,
  writeWords,
  type BenchTrace,
} from './traces.ts';

interface Task {
  readonly file: string;
  readonly trace: BenchTrace;
  readonly id: string;
  readonly rounds: number;
}

export interface PolicyTimes {
  /** Nanoseconds of processor time an access, by round. */
  readonly own: readonly number[];
  readonly lru: readonly number[];
  /** The very first run, code yet to be compiled. */
  readonly cold: number;
  readonly missRatio: number;
}

export async function benchPolicies({ rounds, quick, policies }: BenchOptions): Promise<Row[]> {
  const ids = reclaimVariants.map((v) => v.id).filter((id) => !policies || policies.includes(id));
  const rows: Row[] = [];
  for (const trace of tracesFor(quick)) {
    await withWords(trace, async (file) => {
      for (const id of ids) rows.push(rowOf(trace, id, await timesOf({ file, trace, id, rounds })));
    });
  }
  return rows;
}

const rowOf = (trace: BenchTrace, id: string, { own, lru, cold, missRatio }: PolicyTimes): Row => ({
  suite: `accesses by policy: ${trace.name}; ratio to exact LRU here`,
  name: id,
  value: 1000 / median(own),
  unit: 'M accesses/s',
  ratio: medianRatio(lru, own),
  note: `first run ${(1000 / cold).toFixed(1)}, miss ratio ${missRatio.toFixed(4)}`,
});

export const timesOf = (task: Task): Promise<PolicyTimes> => inBundledChild(import.meta.filename, 'measure', task);

/** Generates a trace once, in a file that lasts as long as `work`. */
export async function withWords(trace: BenchTrace, work: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'refault-bench-'));
  try {
    const file = path.join(folder, 'words.u32');
    await inChild(import.meta.filename, 'generate', { file, trace });
    await work(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** In a process of its own, as the next one. */
export function generate({ file, trace }: { readonly file: string; readonly trace: BenchTrace }): void {
  writeWords(file, wordsOf(trace));
}

export function measure({ file, trace, id, rounds }: Task): PolicyTimes {
  const bytes = readFileSync(file);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const future = reclaimVariants.find((v) => v.id === id)!.clairvoyant ? futureOf(words, trace.pages) : undefined;
  let misses = 0;
  const once = (policy: string): number => {
    const memory = machineFor(policy, trace.pages, cacheOf(trace));
    if (memory.wantsFuture) memory.foresee(future!);
    const begun = cpuTime();
    runThrough(memory, words);
    const time = cpuTime() - begun;
    if (policy === id) misses = memory.reclaimer.tally.misses;
    return (time * 1e6) / words.length;
  };
  const cold = once(id);
  once('lru');
  const own: number[] = [];
  const lru: number[] = [];
  for (let round = 0; round < rounds; round++) {
    lru.push(once('lru'));
    own.push(once(id));
  }
  return { own, lru, cold, missRatio: misses / words.length };
}
