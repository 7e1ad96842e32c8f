/**
 * Cost of an access and memory as the working set grows from 10³ to 10⁸ pages: a file of so many pages, scattered Zipf 0.8, a cache of a tenth.
 * First each page once, the least wanted first, so that all are tracked, then half as many accesses as there are pages (a million at least), so that
 * what is in memory is what the policy would have there; then the lots of accesses that are timed. Processor time; the peak is the whole process's, Node's own 60 MiB or so included.
 */
import process from 'node:process';
import { BLOCK } from '../../simulator/machine/access.ts';
import type { Pages } from '../../simulator/units.ts';
import { randomFor } from '../../simulator/workload/random.ts';
import { cpuTime, inBundledChild } from './child.ts';
import { median, type Row } from './rows.ts';
import type { BenchOptions } from './suites.ts';
import { machineFor, runThrough } from './traces.ts';

const POLICIES: readonly string[] = ['lru', 'sieve', 's3-fifo', 'v6.1', 'mglru-6.1'];
const S = 0.8;
const LOT = 1 << 20;
/** The whole process, with 10⁸ pages tracked. */
const BUDGET_MIB = 4096;

interface Task {
  readonly id: string;
  readonly pages: Pages;
  readonly lots: number;
}

interface Grown {
  /** Nanoseconds. */
  readonly perAccess: number;
  readonly missRatio: number;
  readonly peakMiB: number;
}

const POWERS = ['10³', '10⁴', '10⁵', '10⁶', '10⁷', '10⁸'];

export async function benchGrowth({ rounds, quick, policies = POLICIES }: BenchOptions): Promise<Row[]> {
  const powers = quick ? POWERS.slice(0, 3) : POWERS;
  const rows: Row[] = [];
  const peaks: Row[] = [];
  for (const id of policies) {
    let first: number | undefined;
    for (const [i, power] of powers.entries()) {
      const task: Task = { id, pages: 1000 * 10 ** i, lots: 2 * rounds };
      const { perAccess, missRatio, peakMiB } = await inBundledChild<Grown>(import.meta.filename, 'grow', task);
      first ??= perAccess;
      rows.push({
        suite: `growth: ${id}`,
        name: `${power} pages`,
        value: perAccess,
        unit: 'ns',
        ratio: perAccess / first,
        note: `miss ratio ${missRatio.toFixed(3)}`,
        column: { table: 'growth', title: id, shows: 'value' },
      });
      peaks.push({
        suite: `growth: peak of the whole process, ${id}`,
        name: `${power} pages`,
        value: peakMiB,
        unit: 'MiB',
        ...(power === '10⁸' ? { budget: BUDGET_MIB } : {}),
        column: { table: 'peak', title: id, shows: 'value' },
      });
    }
  }
  return [...rows, ...peaks];
}

export function grow({ id, pages, lots }: Task): Grown {
  const memory = machineFor(id, pages, pages / 10);
  const pageOf = scatter(pages);
  const block = new Uint32Array(BLOCK);
  for (let rank = pages - 1; rank >= 0;) {
    let n = 0;
    while (n < BLOCK && rank >= 0) block[n++] = pageOf(rank--);
    if (memory.run(block, 0, n, 1) < n) throw new Error(`${id} runs out of memory with ${pages} pages`);
  }
  const draw = zipf(pages, S, randomFor(3, pages));
  const words = new Uint32Array(LOT);
  const times: number[] = [];
  const lot = () => {
    for (let i = 0; i < LOT; i++) words[i] = pageOf(draw());
    const begun = cpuTime();
    runThrough(memory, words);
    return cpuTime() - begun;
  };
  for (let settled = 0; settled < Math.max(LOT, pages / 2); settled += LOT) lot();
  const misses = memory.reclaimer.tally.misses;
  for (let i = 0; i < lots; i++) times.push(lot());
  return {
    perAccess: (median(times) * 1e6) / LOT,
    missRatio: (memory.reclaimer.tally.misses - misses) / (lots * LOT),
    peakMiB: process.resourceUsage().maxRSS / 1024,
  };
}

/** Ranks to pages without a table: multiplied by a number that has no factor in common with a power of ten, about 0.618 of it. */
function scatter(pages: Pages): (rank: number) => number {
  const golden = Math.round((pages * 0.6180339887) / 10) * 10 + 1;
  return (rank) => (rank * golden) % pages;
}

/**
 * Zipf-distributed ranks from 0 without a table, exactly: by inverting the integral of x^-s and rejecting what lies between it and the steps
 * (Hörmann, Derflinger, "Rejection-inversion to generate variates from monotone discrete distributions", ACM TOMACS 6(3), 1996).
 */
export function zipf(n: number, s: number, random: { unit(): number }): () => number {
  const integral = (x: number) => (x ** (1 - s) - 1) / (1 - s);
  const inverse = (y: number) => (1 + y * (1 - s)) ** (1 / (1 - s));
  const low = integral(1.5) - 1;
  const high = integral(n + 0.5);
  const sure = 2 - inverse(integral(2.5) - 2 ** -s);
  return () => {
    for (;;) {
      const y = high + random.unit() * (low - high);
      const x = inverse(y);
      const k = Math.min(n, Math.max(1, Math.round(x)));
      if (k - x <= sure || y >= integral(k + 0.5) - k ** -s) return k - 1;
    }
  };
}
