/** Miss-ratio curves: stack distances of every access, exactly and from a sample (SHARDS), and how far the sample is off. Processor time. */
import { StackDistances } from '../../simulator/analysis/stack-distance.ts';
import { cpuTime, inChild } from './child.ts';
import { median, type Row } from './rows.ts';
import type { BenchOptions } from './suites.ts';
import { tracesFor, wordsOf, type BenchTrace } from './traces.ts';

/**
 * Nanoseconds a request of libCacheSim's profiler on such a trace, measured once on a machine where its cachesim did 3.4 M LRU accesses a second;
 * exact curves must be eight times as fast.
 */
const PROFILER = 2128;
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

export async function benchCurves({ rounds, quick }: BenchOptions): Promise<Row[]> {
  const rows: Row[] = [];
  for (const trace of tracesFor(quick)) {
    const { exact, sampled, meanError, worstError } = await inChild<Curves>(import.meta.filename, 'curves', {
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
        ratio: PROFILER / median(exact),
        ...(quick ? {} : { reach: EXACT }),
        note: `ratio to the ${PROFILER} ns of libCacheSim's profiler`,
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
