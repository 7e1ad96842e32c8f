/**
 * Runs a recorded access sequence through a variant as the kernel was set up, and holds hits, misses and counters against the recording.
 * `node test/fidelity/recordings.ts [NAME,…] [VARIANT] [KNOBS as JSON]` prints the comparison.
 *
 * The set-up: one CPU, a cgroup limited to `max` pages with kernel memory charged, direct reclaim only, no read-ahead, swap on a RAM disk.
 * Beside the file, the file system's metadata page is charged to the reader's cgroup: active from the start and never freed; and about 1 KiB
 * of objects (inodes, dentries, buffers), read off the recorded slab sizes. Not modelled: that reading the statistics now and then, as the
 * recorder did, adds them up early.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { OP_LOAD, OP_SHIFT, OP_STORE } from '../../simulator/machine/access.ts';
import { counterRows } from '../../simulator/machine/counters.ts';
import { createMemory } from '../../simulator/machine/create-memory.ts';
import type { Memory } from '../../simulator/machine/memory.ts';
import type { KnobValues } from '../../simulator/plan.ts';
import { ACTIVE } from '../../simulator/reclaim/two-list.ts';
import { MIB, PAGE_SIZE } from '../../simulator/units.ts';
import { makeSequence, type Sequence } from './sequences.ts';

/** Two lists, MGLRU, and two lists with kernel memory not charged to cgroups (counters only). */
export type Mode = 'classic' | 'mglru' | 'classic:memcg_nokmem';

export interface Repeat {
  /** Of class 0 (page numbers below `split`, or all) and class 1. */
  readonly misses: readonly [number, number];
  readonly counters: Readonly<Record<string, number>>;
}

export interface Recording {
  readonly name: string;
  readonly kernel: string;
  readonly setup: {
    readonly max: number;
    readonly split: number;
    readonly swappiness?: number;
    readonly anon?: number;
  };
  readonly sequence: Sequence;
  readonly modes: Readonly<Partial<Record<Mode, readonly Repeat[]>>>;
}

export interface Comparison {
  readonly accesses: number;
  /** File accesses that hit here and missed there, or the other way round; NaN where they were only counted. */
  readonly differing: number;
  readonly misses: readonly [number, number];
  readonly counters: Readonly<Record<string, number>>;
  readonly kernel: readonly Repeat[];
}

const FILE_PAGES = 172_032;
/** Objects charged to the cgroup beside tree nodes, in bytes. */
const KERNEL_OBJECTS = 1008;
/** Translation cache of the emulated processor in runs through a mapping: the size that explains the recorded activations. */
const EMULATED_TLB = 512;
const folder = join(import.meta.dirname, 'recordings');

export const recordingNames = (): readonly string[] =>
  readdirSync(folder)
    .filter((f) => f.endsWith('.json'))
    .map((f) => f.slice(0, -5));

export const loadRecording = (name: string): Recording =>
  JSON.parse(readFileSync(join(folder, `${name}.json`), 'utf8')) as Recording;

function memoryFor(recording: Recording, mode: Mode, variant: string, values: KnobValues): Memory {
  const { setup } = recording;
  const anon = setup.anon ?? 0;
  const mapped = recording.sequence.op === OP_LOAD;
  const file = { kind: 'file', name: 'data', pages: FILE_PAGES, values: { advice: 'random' } } as const;
  const metadata = { kind: 'file', name: 'metadata', pages: 1, values: {} } as const;
  const region = { kind: 'anon', name: 'region', pages: anon, values: {} } as const;
  return createMemory({
    machine: {
      name: 'recorded',
      values: { memory: 1280 * MIB, cpus: 1, tlb: mapped ? EMULATED_TLB : 0 },
      disk: {},
      swap: anon > 0 ? [{ name: 'ram', values: { size: 256 * MIB, latency: 1000 } }] : [],
    },
    cgroups: [
      { name: '/', parent: null, values: {} },
      { name: 'run', parent: 0, values: { 'memory.max': setup.max * PAGE_SIZE } },
    ],
    objects: anon > 0 ? [file, metadata, region] : [file, metadata],
    bases: anon > 0 ? [0, FILE_PAGES, FILE_PAGES + 1] : [0, FILE_PAGES],
    pages: FILE_PAGES + 1 + anon,
    sysctls: setup.swappiness === undefined ? {} : { 'vm.swappiness': setup.swappiness },
    reclaim: { id: variant, values },
    kswapd: 'synchronous',
    kernelBytes: [0, KERNEL_OBJECTS],
    chargesKernelMemory: mode !== 'classic:memcg_nokmem',
  });
}

export function replay(recording: Recording, mode: Mode, variant: string, values: KnobValues = {}): Comparison {
  const kernel = recording.modes[mode];
  if (kernel === undefined) throw new Error(`${recording.name} was not recorded in mode ${mode}`);
  const words = makeSequence(recording.sequence);
  const anonBase = FILE_PAGES + 1;
  for (let i = 0; i < words.length; i++) if (words[i] >>> OP_SHIFT === OP_STORE) words[i] += anonBase;
  const memory = memoryFor(recording, mode, variant, values);
  const missed = new Uint8Array(Math.ceil(words.length / 8));
  memory.run(words, 0, 1, 1, missed, 0);
  addMetadata(memory, mode);
  const done = 1 + memory.run(words, 1, words.length - 1, 1, missed, 1);
  if (done < words.length) throw new Error(`${recording.name}: out of memory after ${done} accesses`);
  memory.checkConservation();

  const bits = join(folder, `${recording.name}.${mode}.missbits.gz`);
  const recorded = existsSync(bits) ? gunzipSync(readFileSync(bits)) : undefined;
  let differing = 0;
  const misses: [number, number] = [0, 0];
  for (let i = 0; i < words.length; i++) {
    if (words[i] >>> OP_SHIFT === OP_STORE) continue;
    const ours = (missed[i >> 3] >> (i & 7)) & 1;
    if (recorded !== undefined && ours !== ((recorded[i >> 3] >> (i & 7)) & 1)) differing++;
    const page = words[i] & 0x3fffffff;
    misses[recording.setup.split > 0 && page >= recording.setup.split ? 1 : 0] += ours;
  }
  const counters = Object.fromEntries(counterRows.map((row, i) => [row.name, memory.counters[i]]));
  counters.pgscan = counters.pgscan_direct + counters.pgscan_kswapd;
  counters.pgsteal = counters.pgsteal_direct + counters.pgsteal_kswapd;
  return {
    accesses: words.length,
    differing: recorded === undefined ? NaN : differing,
    misses,
    counters,
    kernel,
  };
}

/** ext4 reads an extent block when it first maps the file, touches it twice while it waits in a batch, and keeps hold of it. */
function addMetadata(memory: Memory, mode: Mode): void {
  memory.access(FILE_PAGES, 1);
  memory.pin?.(FILE_PAGES);
  if (mode !== 'mglru') memory.reclaimer.state[FILE_PAGES] |= ACTIVE;
}

/** The recorded repeat nearest to `value`, and the distance to it as a share of it. */
export function errorOf(value: number, recorded: readonly number[]): number {
  let best = Infinity;
  for (const r of recorded) {
    const error = value === r ? 0 : (value - r) / Math.max(Math.abs(r), 1);
    if (Math.abs(error) < Math.abs(best)) best = error;
  }
  return best;
}

function print(name: string, variant: string, values: KnobValues): void {
  const recording = loadRecording(name);
  const mode = variant.startsWith('mglru') ? 'mglru' : 'classic';
  const started = performance.now();
  const c = replay(recording, mode, variant, values);
  const seconds = (performance.now() - started) / 1000;
  console.log(`${name} ${mode}: ${c.differing} of ${c.accesses} accesses differ (${seconds.toFixed(2)} s)`);
  const line = (what: string, ours: number, recorded: readonly number[]) => {
    const error = 100 * errorOf(ours, recorded);
    if (ours !== 0 || recorded.some((r) => r !== 0)) {
      console.log(
        `  ${what.padEnd(26)} ${String(ours).padStart(8)}  kernel ${recorded.join(' / ')}  ${error.toFixed(3)} %`,
      );
    }
  };
  for (const i of [0, 1])
    line(
      `misses of class ${i}`,
      c.misses[i],
      c.kernel.map((r) => r.misses[i]),
    );
  for (const name of Object.keys(c.kernel[0].counters))
    line(
      name,
      c.counters[name],
      c.kernel.map((r) => r.counters[name]),
    );
}

if (import.meta.main) {
  const [names, variant = 'v6.1', knobs = '{}'] = process.argv.slice(2);
  for (const name of names ? names.split(',') : recordingNames()) print(name, variant, JSON.parse(knobs) as KnobValues);
}
