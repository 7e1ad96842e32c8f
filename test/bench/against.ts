/**
 * `--against PATH`: the same traces through libCacheSim's cachesim and through us, in turns, round by round. Of cachesim the whole process counts
 * (it reads the trace by mapping it); of us the whole process (`refault replay`, Node's start and reading included), and the loop alone,
 * warmed up. Processor time, system included.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { hasLists, reclaimVariant, reclaimVariants } from '../../simulator/reclaim/registry.ts';
import { cachesim, counterparts, type Answer } from './cachesim.ts';
import { inChild } from './child.ts';
import { timesOf, withWords } from './policies.ts';
import { median, medianRatio, type Row } from './rows.ts';
import type { BenchOptions } from './suites.ts';
import { cacheOf, tracesFor, writeOracleGeneral, type BenchTrace } from './traces.ts';
import { cli, refault, type Whole } from './whole.ts';

/** Times its LRU that ours must reach in process, on the first trace and on the second. */
const REACH: Readonly<Record<string, readonly [number, number]>> = {
  'v6.1': [5, 2.5],
  lru: [6, 4],
  'mglru-6.1': [3, 3],
  'mglru-6.7': [3, 3],
  'mglru-6.14': [3, 3],
};
/** Those that must be ahead of its own. */
const AHEAD: readonly string[] = ['sieve', 'clock', 'fifo', 's3-fifo', 'arc'];

interface Contest {
  readonly id: string;
  /** Nanoseconds an access, by round. */
  readonly inProcess: readonly number[];
  readonly whole: readonly number[];
  /** Absent: it has no such policy. */
  readonly theirs?: readonly number[];
  readonly theirLru: readonly number[];
  /** Nanoseconds an access of its own loop, as it says. */
  readonly claimed?: readonly number[];
  readonly missRatio: number;
  readonly theirMissRatio?: number;
  readonly peak: number;
  readonly theirPeak?: number;
}

export async function benchAgainst({ against, rounds, quick, policies }: BenchOptions): Promise<Row[]> {
  if (against === undefined) return [];
  const folder = mkdtempSync(path.join(os.tmpdir(), 'refault-against-'));
  try {
    const ids = reclaimVariants.map((v) => v.id).filter((id) => !policies || policies.includes(id));
    const rows: Row[] = [];
    for (const [number, trace] of tracesFor(quick).entries()) {
      const contests = await contest(against, folder, trace, ids, rounds);
      rows.push(...rowsOf(trace, contests, quick ? undefined : number));
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function contest(
  binary: string,
  folder: string,
  trace: BenchTrace,
  ids: readonly string[],
  rounds: number,
): Promise<Contest[]> {
  const contests: Contest[] = [];
  await withWords(trace, async (words) => {
    const file = path.join(folder, 'trace.oracleGeneral');
    await inChild(import.meta.filename, 'convert', { words, file, trace });
    const cache = cacheOf(trace);
    const perAccess = ({ cpu }: Whole) => (cpu * 1e6) / trace.accesses;
    for (const id of ids) {
      const name = counterparts.find(({ ours }) => ours === id)?.theirs;
      const whole: Whole[] = [];
      const theirs: Answer[] = [];
      const theirLru: Answer[] = [];
      const inProcess: number[] = [];
      let missRatio = NaN;
      for (let round = 0; round < rounds; round++) {
        theirLru.push((await cachesim(binary, file, 'lru', cache))!);
        whole.push(await replay(file, id, cache));
        const own = name === undefined || name === 'lru' ? null : await cachesim(binary, file, name, cache);
        if (own) theirs.push(own);
        else if (name === 'lru') theirs.push(theirLru.at(-1)!);
        // the second of two passes is still being compiled
        const times = await timesOf({ file: words, trace, id, rounds: 3 });
        inProcess.push(median(times.own));
        missRatio = times.missRatio;
      }
      if (theirs.length === 0 && name !== undefined) console.error(`  this cachesim has no '${name}'`);
      contests.push({
        id,
        inProcess,
        whole: whole.map(perAccess),
        theirLru: theirLru.map(perAccess),
        missRatio,
        peak: median(whole.map((w) => w.peak)),
        ...(theirs.length === 0
          ? {}
          : {
              theirs: theirs.map(perAccess),
              claimed: theirs.map((t) => 1000 / t.claimed),
              theirMissRatio: theirs[0].missRatio,
              theirPeak: median(theirs.map((t) => t.peak)),
            }),
      });
    }
  });
  return contests;
}

/** In a process of its own. */
export function convert({ words, file, trace }: { words: string; file: string; trace: BenchTrace }): void {
  const bytes = readFileSync(words);
  writeOracleGeneral(file, new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4), trace.pages);
}

const replay = (file: string, id: string, cache: number): Promise<Whole> =>
  refault([
    ...['replay', file, '--memory', `${cache} pages`, '--policy', id, '--format', 'csv'],
    // As in process: a cgroup's limit, kernel memory charged.
    ...(hasLists(reclaimVariant(id)!) ? ['--memcg'] : []),
  ]);

const rate = (nanoseconds: readonly number[]): number => 1000 / median(nanoseconds);
const peaks = (ours: number, theirs: number | undefined): string =>
  Number.isNaN(ours)
    ? ''
    : `peak ${ours.toFixed(0)} MiB${theirs === undefined || Number.isNaN(theirs) ? '' : `, its own ${theirs.toFixed(0)}`}`;

/** `number` of the trace, if targets apply. */
function rowsOf(trace: BenchTrace, contests: readonly Contest[], number: number | undefined): Row[] {
  const unit = 'M accesses/s';
  const both = contests.filter((c) => c.theirs !== undefined);
  const title = (what: string) => `against cachesim: ${trace.name}: ${what}`;
  const column = (title: string, shows: 'value' | 'ratio' | 'both' | 'note') => ({
    column: { table: `against ${trace.name}`, title, shows },
  });
  const lru = contests.flatMap((c) => c.theirLru);
  return [
    ...both.map((c) => ({
      suite: title('cachesim itself, whole process; ratio to its LRU'),
      name: c.id,
      value: rate(c.theirs!),
      unit,
      ratio: medianRatio(c.theirLru, c.theirs!),
      note: `its loop alone, as it says: ${rate(c.claimed!).toFixed(1)}`,
      ...column('cachesim', 'value'),
    })),
    ...contests.map((c) => ({
      suite: title('our loop; ratio to its LRU, whole process'),
      name: c.id,
      value: rate(c.inProcess),
      unit,
      ratio: medianRatio(c.theirLru, c.inProcess),
      note: `its LRU: ${rate(lru).toFixed(1)}`,
      ...(number === undefined || !REACH[c.id] ? {} : { reach: REACH[c.id][number] }),
      ...column('our loop (to its LRU)', 'both'),
    })),
    ...both.map((c) => ({
      suite: title('our loop; ratio to the same policy, its loop as it says'),
      name: c.id,
      value: rate(c.inProcess),
      unit,
      ratio: medianRatio(c.claimed!, c.inProcess),
      ...(AHEAD.includes(c.id) && number !== undefined ? { reach: 1 } : {}),
      ...column('to its own loop', 'ratio'),
    })),
    ...contests.map((c) => ({
      suite: title(`our whole process, ${cli().how}; ratio to its LRU`),
      name: c.id,
      value: rate(c.whole),
      unit,
      ratio: medianRatio(c.theirLru, c.whole),
      note: peaks(c.peak, c.theirPeak),
      ...column('our process (to its LRU)', 'both'),
    })),
    ...both.map((c) => ({
      suite: title(`our whole process, ${cli().how}; ratio to the same policy, its whole process`),
      name: c.id,
      value: rate(c.whole),
      unit,
      ratio: medianRatio(c.theirs!, c.whole),
      ...column('to its own process', 'ratio'),
    })),
    ...both.map((c) => ({
      suite: title('miss ratios, how far apart in four digits'),
      name: c.id,
      value: Math.abs(Math.round(c.missRatio * 10_000) - Math.round(c.theirMissRatio! * 10_000)) / 10_000,
      unit: '',
      note: `${c.missRatio.toFixed(4)}, its own ${c.theirMissRatio!.toFixed(4)}`,
      budget: counterparts.find(({ ours }) => ours === c.id)!.tolerance,
      ...column('miss ratio', 'note'),
    })),
  ];
}
