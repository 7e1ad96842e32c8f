/** Whole processes of the command line, from start to end: what Node's start, reading, simulating and printing cost together. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { inChild } from './child.ts';
import { median, type Row } from './rows.ts';
import type { BenchOptions } from './suites.ts';
import { cacheOf, tracesFor, wordsOf, writeWords, type BenchTrace } from './traces.ts';
import { cli, refault, type Whole } from './whole.ts';

/** Milliseconds from opening to chart, cold; of which this is the part without an editor. */
const FIRST_CELL = 2000;

export async function benchProcesses({ rounds, quick }: BenchOptions): Promise<Row[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'refault-processes-'));
  try {
    const [trace] = tracesFor(quick);
    const file = path.join(folder, 'zipf.u32');
    await inChild(import.meta.filename, 'prepare', { file, trace });
    const sample = path.resolve(import.meta.dirname, '../../samples/page-cache-reclaim.refault.md');
    const memory = ['--memory', `${cacheOf(trace)} pages`, '--format', 'csv'];
    const cases: readonly { name: string; args: readonly string[]; budget?: number }[] = [
      { name: 'start: --version', args: ['--version'] },
      { name: 'check a sample', args: ['check', sample] },
      {
        name: "a sample's first run",
        args: ['run', sample, '--run', 'The workload moves', '--format', 'html'],
        budget: FIRST_CELL,
      },
      { name: 'replay lru', args: ['replay', file, '--policy', 'lru', ...memory] },
      { name: 'replay v6.1', args: ['replay', file, '--policy', 'v6.1', '--memcg', ...memory] },
      { name: 'replay mglru-6.1', args: ['replay', file, '--policy', 'mglru-6.1', '--memcg', ...memory] },
    ];
    const times = cases.map((): Whole[] => []);
    for (let round = 0; round < rounds; round++)
      for (const [i, { args }] of cases.entries()) times[i].push(await refault(args));
    const figure = (runs: readonly Whole[], what: 'cpu' | 'wall' | 'peak') => median(runs.map((r) => r[what]));
    return cases.map(({ name, budget }, i) => ({
      suite: `whole processes, ${cli().how}; replays of ${trace.accesses / 1e6} M accesses`,
      name,
      value: figure(times[i], 'wall'),
      unit: 'ms wall',
      ...(budget === undefined ? {} : { budget }),
      note: `${figure(times[i], 'cpu').toFixed(0)} ms of processor time, peak ${figure(times[i], 'peak').toFixed(0)} MiB`,
    }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** In a process of its own. */
export function prepare({ file, trace }: { readonly file: string; readonly trace: BenchTrace }): void {
  writeWords(file, wordsOf(trace));
}
