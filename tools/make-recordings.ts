/**
 * Makes the compact recordings in test/fidelity/recordings from a directory of full ones: `node tools/make-recordings.ts DIR`, where DIR holds
 * runs.json, traces/ and miss-bits/; then `npx prettier --write test/fidelity/recordings`. Sequences are kept as generator and seed, and refused unless they equal the recorded trace word by word.
 */
import { mkdirSync, readFileSync, writeFileSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { M, makeSequence, type Sequence } from '../test/fidelity/sequences.ts';

interface Repeat {
  readonly accesses: number;
  readonly misses_class0: number;
  readonly misses_class1: number;
  readonly memory_stat_end: Readonly<Record<string, number>>;
  readonly vmstat_delta: Readonly<Record<string, number>>;
}

interface Run {
  readonly params: Readonly<Record<string, string>>;
  readonly repeats: Readonly<Record<string, readonly Repeat[]>>;
}

const memoryStat = [
  'workingset_refault_file',
  'workingset_activate_file',
  'workingset_restore_file',
  'workingset_refault_anon',
  'workingset_activate_anon',
  'workingset_restore_anon',
  'workingset_nodereclaim',
  'pgscan',
  'pgsteal',
  'pgactivate',
  'pgdeactivate',
  'pgrefill',
];
const vmstat = ['pswpin', 'pswpout'];

/** The sequence behind a run's name. */
function sequenceOf(name: string, accesses: number): Sequence | undefined {
  const share = Number(/[A-Z]_[a-z]+([\d.]+)/.exec(name)?.[1]);
  const pages = Math.floor(share * M);
  if (name.startsWith('A_k')) return { kind: 'cyclic', accesses, pages };
  if (name === 'B_shift') return { kind: 'shift', accesses, pages: Math.floor(0.6 * M) };
  if (name === 'C_scan') return { kind: 'scan', accesses, pages: Math.floor(0.4 * M) };
  if (/^D_zipf[\d.]+$/.test(name)) return { kind: 'zipf', accesses, pages: 8 * M, s: share };
  if (name.startsWith('E_u')) return { kind: 'uniform', accesses, pages };
  if (/^F_zipf[\d.]+_mmap/.test(name)) return { kind: 'zipf', accesses, pages: 8 * M, s: share, op: 1 };
  if (name.startsWith('G_mix')) return { kind: 'mix', accesses, pages: Math.floor(0.8 * M), anon: M / 2 };
  return undefined;
}

function sameAsTrace(words: Uint32Array, file: string): boolean {
  const bytes = gunzipSync(readFileSync(file));
  if (bytes.length !== words.length * 4) return false;
  for (let i = 0; i < words.length; i++) if (bytes.readUInt32LE(4 * i) !== words[i]) return false;
  return true;
}

const pick = (from: Readonly<Record<string, number>>, names: readonly string[]) =>
  Object.fromEntries(names.map((name) => [name, from[name] ?? 0]));

const [dir] = process.argv.slice(2);
if (dir === undefined) throw new Error('usage: node tools/make-recordings.ts DIR');
const out = join(import.meta.dirname, '../test/fidelity/recordings');
mkdirSync(out, { recursive: true });
const { kernel, runs } = JSON.parse(readFileSync(join(dir, 'runs.json'), 'utf8')) as {
  kernel: string;
  runs: Record<string, Run>;
};
for (const [name, run] of Object.entries(runs)) {
  const accesses = Number(run.params.n);
  const sequence = sequenceOf(name, accesses);
  if (sequence === undefined || !sameAsTrace(makeSequence(sequence), join(dir, 'traces', `${name}.u32.gz`))) {
    console.error(`${name}: no generator makes this sequence; left out`);
    continue;
  }
  const modes: Record<string, unknown> = {};
  for (const [mode, repeats] of Object.entries(run.repeats)) {
    const bits = join(dir, 'miss-bits', `${name}.${mode}.missbits.gz`);
    // other modes have counters only; those with real disks depend on time
    if (!existsSync(bits) && !mode.endsWith(':memcg_nokmem')) continue;
    modes[mode] = repeats.map((r) => ({
      misses: [r.misses_class0, r.misses_class1],
      counters: { ...pick(r.memory_stat_end, memoryStat), ...pick(r.vmstat_delta, vmstat) },
    }));
    if (existsSync(bits)) {
      writeFileSync(join(out, `${name}.${mode}.missbits.gz`), gzipSync(gunzipSync(readFileSync(bits)), { level: 9 }));
    }
  }
  const { max, split, swappiness, anon } = run.params;
  const setup = {
    max: Number(max),
    split: Number(split),
    ...(swappiness === undefined ? {} : { swappiness: Number(swappiness), anon: Number(anon) }),
  };
  writeFileSync(join(out, `${name}.json`), `${JSON.stringify({ name, kernel, setup, sequence, modes })}\n`);
  console.log(`${name}: ${Object.keys(modes).join(', ')}`);
}
