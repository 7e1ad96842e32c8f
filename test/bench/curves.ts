/** Miss-ratio curves: stack distances of every access, exactly and from a sample (SHARDS), and how far the sample is off. Processor time. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { StackDistances } from '../../simulator/analysis/stack-distance.ts';
import { cachesim } from './cachesim.ts';
import { cpuTime, inBundledChild, inChild } from './child.ts';
import { median, type Row } from './rows.ts';
import type { BenchOptions } from './suites.ts';
import { cacheOf, tracesFor, wordsOf, writeOracleGeneral, type BenchTrace } from './traces.ts';

/**
 * Nanoseconds a request of libCacheSim's profiler, measured once on a machine whose cachesim did so many million LRU accesses a second on the two
 * traces. Where there is a cachesim to ask, they are scaled to this machine. Exact curves must be eight times as fast.
 */
const PROFILER = 2128;
const ITS_LRU = [3.4, 2.1];
const EXACT = 8;
const RATE = 0.01;
/** Nanoseconds. */
const SHARDS_BUDGET = 10;

interface Curves {
  /** Nanoseconds an access, by round. */
  readonly exact: readonly number[];
  readonly sampled: readonly number[];
  /** Of the miss ratio at 100 sizes. */
  readonly meanError: number;
  readonly worstError: number;
}

export async function benchCurves({ rounds, quick, against }: BenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [number, trace] of tracesFor(quick).entries()) {
    const profiler =
      against === undefined || quick ? PROFILER : PROFILER * (await slowness(against, trace, ITS_LRU[number], rounds));
    const { exact, sampled, meanError, worstError } = await inBundledChild<Curves>(import.meta.filename, 'curves', {
      trace,
      rounds,
    });
    const suite = `miss-ratio curves: ${trace.name}`;
    rows.push(
      {
        suite,
        name: 'exact',
        value: median(exact),
        unit: 'ns an access',
        ratio: profiler / median(exact),
        ...(quick ? {} : { reach: EXACT }),
        note: `ratio to libCacheSim's profiler, ${profiler.toFixed(0)} ns${profiler === PROFILER ? ' on another machine' : ' by the speed of this machine'}`,
      },
      {
        suite,
        name: 'SHARDS at 1 %',
        value: median(sampled),
        unit: 'ns an access',
        budget: SHARDS_BUDGET,
        note: `off by ${meanError.toFixed(4)} on average, ${worstError.toFixed(4)} at worst`,
      },
    );
  }
  return rows;
}

/** How much longer LRU of this cachesim takes than at `million` accesses a second. */
async function slowness(binary: string, trace: BenchTrace, million: number, rounds: number): Promise<number> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'refault-curves-'));
  try {
    const file = path.join(folder, 'trace.oracleGeneral');
    await inChild(import.meta.filename, 'write', { file, trace });
    const times: number[] = [];
    for (let i = 0; i < rounds; i++) times.push((await cachesim(binary, file, 'lru', cacheOf(trace)))!.cpu);
    return (median(times) * 1000 * million) / trace.accesses;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function write({ file, trace }: { readonly file: string; readonly trace: BenchTrace }): void {
  writeOracleGeneral(file, wordsOf(trace), trace.pages);
}

/** In a process of its own. */
export function curves({ trace, rounds }: { readonly trace: BenchTrace; readonly rounds: number }): Curves {
  const words = wordsOf(trace);
  const sizes = Array.from({ length: 100 }, (_, i) => Math.floor((trace.pages * (i + 1)) / 100));
  const once = (rate: number) => {
    const begun = cpuTime();
    const distances = new StackDistances(trace.pages, { rate });
    distances.run(words, 0, words.length);
    const ratios = distances.missRatios(sizes);
    return { ratios, time: ((cpuTime() - begun) * 1e6) / words.length };
  };
  const [truth, guess] = [once(1).ratios, once(RATE).ratios];
  const exact: number[] = [];
  const sampled: number[] = [];
  for (let round = 0; round < rounds; round++) {
    exact.push(once(1).time);
    sampled.push(once(RATE).time);
  }
  const errors = sizes.map((_, i) => Math.abs(truth[i] - guess[i]));
  return {
    exact,
    sampled,
    meanError: errors.reduce((a, b) => a + b, 0) / errors.length,
    worstError: Math.max(...errors),
  };
}
