/**
 * Reading traces: the first trace as oracleGeneral, csv and text, plain and packed, from file to access words. With `--against`, cachesim reads the
 * same files with its policy `nop`, which does nothing else: its whole process, in turns with ours. Processor time; files lie in the page cache.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { zstdCompressSync } from 'node:zlib';
import { readTrace } from '../../cli/trace-file.ts';
import { cachesim } from './cachesim.ts';
import { cpuTime, inBundledChild, inChild } from './child.ts';
import { median, medianRatio, type Row } from './rows.ts';
import type { BenchOptions } from './suites.ts';
import { tracesFor, wordsOf, writeOracleGeneral, type BenchTrace } from './traces.ts';

interface Format {
  readonly file: string;
  readonly ours: string;
  /** Type and parameters. */
  readonly theirs: readonly string[];
}

const formats: readonly Format[] = [
  { file: 'trace.oracleGeneral', ours: 'oracleGeneral', theirs: ['oracleGeneral'] },
  {
    file: 'trace.csv',
    ours: 'csv:id=2,header=false',
    theirs: ['csv', '-t', 'time-col=1,obj-id-col=2,obj-size-col=3,delimiter=,,obj-id-is-num=true'],
  },
  { file: 'trace.txt', ours: 'txt', theirs: ['txt'] },
];

export async function benchReading({ rounds, quick, against }: BenchOptions): Promise<Row[]> {
  const [trace] = tracesFor(quick);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'refault-reading-'));
  try {
    await inChild(import.meta.filename, 'writeFiles', { folder, trace });
    const rows: Row[] = [];
    for (const format of formats)
      for (const packed of ['', '.zst']) {
        const file = path.join(folder, format.file + packed);
        const ours: Reading[] = [];
        const theirs: number[] = [];
        for (let round = 0; round < rounds; round++) {
          const reading = await inBundledChild<Reading>(import.meta.filename, 'read', { file, format: format.ours });
          if (reading.records !== trace.accesses) throw new Error(`${file}: ${reading.records} records`);
          ours.push(reading);
          const other = against === undefined ? null : await nop(against, file, format.theirs, trace);
          if (other !== null) theirs.push(other);
        }
        const cpu = ours.map((reading) => reading.cpu);
        rows.push({
          suite: `reading ${trace.accesses / 1e6} M records${against !== undefined ? "; ratio to cachesim's reading, whole process" : ''}`,
          name: format.file + packed,
          value: trace.accesses / 1000 / median(cpu),
          unit: 'M records/s',
          note: `${(statSync(file).size / 2 ** 20).toFixed(0)} MiB, peak ${median(ours.map((o) => o.peakMiB)).toFixed(0)} MiB${
            against !== undefined && theirs.length === 0 ? '; this cachesim does not read it' : ''
          }`,
          ...(theirs.length === rounds ? { ratio: medianRatio(theirs, cpu), ...(quick ? {} : { reach: 1 }) } : {}),
        });
      }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Milliseconds of processor time; null if it does not read this. */
async function nop(binary: string, file: string, format: readonly string[], trace: BenchTrace): Promise<number | null> {
  const answer = await cachesim(binary, file, 'nop', 1000, format).catch(() => null);
  return answer?.requests === trace.accesses ? answer.cpu : null;
}

export function writeFiles({ folder, trace }: { readonly folder: string; readonly trace: BenchTrace }): void {
  const words = wordsOf(trace);
  const at = (name: string) => path.join(folder, name);
  writeOracleGeneral(at('trace.oracleGeneral'), words, trace.pages);
  const lines = (line: (page: number, i: number) => string): string => {
    const parts: string[] = [];
    for (let i = 0; i < words.length; i++) parts.push(line(words[i], i));
    return parts.join('');
  };
  writeFileSync(
    at('trace.csv'),
    lines((page, i) => `${Math.floor(i / 1000)},${page},4096\n`),
  );
  writeFileSync(
    at('trace.txt'),
    lines((page) => `${page}\n`),
  );
  for (const { file } of formats) writeFileSync(at(`${file}.zst`), zstdCompressSync(readFileSync(at(file))));
}

interface Reading {
  /** Milliseconds. */
  readonly cpu: number;
  readonly records: number;
  readonly peakMiB: number;
}

/** The first time, as it is for who calls `replay`: code that nothing has warmed up. */
export async function read({ file, format }: { readonly file: string; readonly format: string }): Promise<Reading> {
  const begun = cpuTime();
  const { words } = await readTrace(file, format);
  return { cpu: cpuTime() - begun, records: words.length, peakMiB: process.resourceUsage().maxRSS / 1024 };
}
