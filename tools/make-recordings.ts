/**
 * Makes the compact recordings of page reclaim in samples/recordings from directories of full ones:
 * `node tools/make-recordings.ts DIR…`, where each DIR (`reclaim`, `reclaim-6.12`) holds runs.json, miss-bits/ and, the first, traces/.
 * Sequences are kept as generator and seed, and refused unless they equal the recorded trace word by word; of the counters those that are
 * compared are kept. Then `npx prettier --write samples/recordings`.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { recordedFolder } from '../cli/recorded-folder.ts';
import { readRun, RECLAIM_COUNTERS, RECLAIM_VMSTAT, type Mode } from '../simulator/fidelity/reclaim.ts';
import { M, makeSequence, type Sequence } from '../simulator/fidelity/sequences.ts';

/** The sequence behind a run's name. */
function sequenceOf(name: string): Omit<Sequence, 'accesses'> | undefined {
  const share = Number(/[A-Z]_[a-z]+([\d.]+)/.exec(name)?.[1]);
  const pages = Math.floor(share * M);
  if (name.startsWith('A_k')) return { kind: 'cyclic', pages };
  if (name === 'B_shift') return { kind: 'shift', pages: Math.floor(0.6 * M) };
  if (name === 'C_scan') return { kind: 'scan', pages: Math.floor(0.4 * M) };
  if (/^D_zipf[\d.]+$/.test(name)) return { kind: 'zipf', pages: 8 * M, s: share };
  if (name.startsWith('E_u')) return { kind: 'uniform', pages };
  if (/^F_zipf[\d.]+_mmap/.test(name)) return { kind: 'zipf', pages: 8 * M, s: share, op: 1 };
  if (name.startsWith('G_mix')) return { kind: 'mix', pages: Math.floor(0.8 * M), anon: M / 2 };
  return undefined;
}

const same = (a: Uint32Array, b: Uint32Array): boolean => a.length === b.length && a.every((word, i) => word === b[i]);

const pick = (from: Readonly<Record<string, number>>, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]));

const dirs = process.argv.slice(2);
if (dirs.length === 0) throw new Error('usage: node tools/make-recordings.ts DIR…');
for (const dir of dirs) {
  const folder = recordedFolder(dir);
  const out = join(import.meta.dirname, '../samples/recordings', basename(dir));
  mkdirSync(join(out, 'miss-bits'), { recursive: true });
  const file = JSON.parse(folder.text('runs.json')) as {
    kernel: string;
    runs: Record<string, { params: Record<string, string> }>;
  };
  const sequences: Record<string, unknown> = {};
  const runs: Record<string, unknown> = {};
  for (const [name, { params }] of Object.entries(file.runs)) {
    const run = readRun(folder, name);
    const sequence = sequenceOf(name);
    if (!sequence || !same(makeSequence({ ...sequence, accesses: run.words.length }), run.words)) {
      console.error(`${name}: no generator makes this sequence; left out`);
      continue;
    }
    sequences[name] = sequence;
    const repeats: Record<string, unknown> = {};
    for (const mode of Object.keys(run.repeats) as Mode[]) {
      const bits = run.missBits[mode];
      // without miss bits only the runs without kernel memory are told apart; those on real disks depend on time
      if (!bits && mode !== 'classic:memcg_nokmem') continue;
      repeats[mode] = run.repeats[mode]!.map((r) => ({
        accesses: r.accesses,
        misses_class0: r.misses_class0,
        misses_class1: r.misses_class1,
        seconds: r.seconds,
        memory_stat_end: pick(r.memory_stat_end, RECLAIM_COUNTERS),
        vmstat_delta: run.anon > 0 ? pick(r.vmstat_delta, RECLAIM_VMSTAT) : {},
      }));
      if (bits) writeFileSync(join(out, 'miss-bits', `${name}.${mode}.missbits.gz`), gzipSync(bits, { level: 9 }));
    }
    runs[name] = { params, repeats };
    console.log(`${basename(dir)}/${name}: ${Object.keys(repeats).join(', ')}`);
  }
  writeFileSync(join(out, 'runs.json'), `${JSON.stringify({ kernel: file.kernel, runs })}\n`);
  if (folder.files.some((path) => path.startsWith('traces/')))
    writeFileSync(join(out, 'sequences.json'), `${JSON.stringify(sequences)}\n`);
}
