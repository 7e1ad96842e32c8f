/** The `cachesim` of libCacheSim, as a user has built it: which of our variants it has, how it is called, what it answers. */
import { accessSync, constants, mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Pages } from '../../simulator/units.ts';
import { wholeProcess, type Whole } from './whole.ts';
import { writeOracleGeneral } from './traces.ts';

/** A variant of ours that it has, too. */
interface Counterpart {
  readonly ours: string;
  readonly theirs: string;
  /** Largest difference of miss ratios: none in four digits, where both follow one description to the letter. */
  readonly tolerance: number;
}

export const counterparts: readonly Counterpart[] = [
  { ours: 'lru', theirs: 'lru', tolerance: 0 },
  { ours: 'fifo', theirs: 'fifo', tolerance: 0 },
  { ours: 'clock', theirs: 'clock', tolerance: 0 },
  { ours: 'sieve', theirs: 'sieve', tolerance: 0 },
  { ours: 's3-fifo', theirs: 's3fifo', tolerance: 0 },
  { ours: 'arc', theirs: 'arc', tolerance: 0 },
  { ours: '2q', theirs: 'twoq', tolerance: 0 },
  { ours: 'lirs', theirs: 'lirs', tolerance: 0 },
  { ours: 'opt', theirs: 'belady', tolerance: 0 },
  { ours: 'w-tinylfu', theirs: 'wtinylfu', tolerance: 0 },
];

export interface Answer extends Whole {
  /** Requests it has counted. */
  readonly requests: number;
  readonly missRatio: number;
  /** Million accesses a second of its own loop, by the wall clock, as it says. */
  readonly claimed: number;
}

/** One policy over a file, oracleGeneral unless a type and its parameters are given, object sizes ignored; null if it has no such policy. */
export async function cachesim(
  binary: string,
  file: string,
  policy: string,
  cache: Pages,
  [type, ...parameters]: readonly string[] = ['oracleGeneral'],
): Promise<Answer | null> {
  const args = [file, type, policy, String(cache), '--ignore-obj-size', '1', ...parameters];
  const ran = await wholeProcess(binary, args, path.dirname(file));
  const said = /(\d+) req, miss ratio ([\d.]+), throughput ([\d.]+) MQPS/.exec(ran.stdout);
  if (ran.status === 0 && said) {
    const [requests, missRatio, claimed] = said.slice(1).map(Number);
    return { ...ran, requests, missRatio, claimed };
  }
  if (/do not support algorithm|unknown algorithm|not supported/i.test(ran.stderr + ran.stdout)) return null;
  throw new Error(
    `'${binary} ${args.join(' ')}' ended with status ${ran.status} and did not say a miss ratio: ${(ran.stderr || ran.stdout).trim().slice(-300) || 'it said nothing'}`,
  );
}

/** Whether this is a cachesim that works; throws what is wrong otherwise. */
export async function tryCachesim(binary: string): Promise<void> {
  const refuse = (problem: string): never => {
    throw new Error(`--against wants the cachesim binary of libCacheSim: ${problem}`);
  };
  const found = statSync(binary, { throwIfNoEntry: false });
  if (!found) refuse(`there is no '${binary}'`);
  if (!found!.isFile()) refuse(`'${binary}' is no file`);
  try {
    accessSync(binary, constants.X_OK);
  } catch {
    refuse(`'${binary}' can't be executed`);
  }
  const folder = mkdtempSync(path.join(os.tmpdir(), 'refault-trial-'));
  try {
    const trial = path.join(folder, 'trial.oracleGeneral');
    writeOracleGeneral(
      trial,
      Uint32Array.from({ length: 2000 }, (_, i) => (i * i) % 1009),
      1009,
    );
    const answer = await cachesim(binary, trial, 'lru', 100).catch((error: Error) => refuse(error.message));
    if (answer === null) refuse(`'${binary}' knows no lru`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
