/**
 * Page reclaim held against recorded runs, access by access: the recorded sequence goes through the variant that stands for the kernel's mode,
 * on a machine set up as the recorder set up his; hits, misses and counters are compared with the kernel's.
 *
 * The set-up: one CPU, a cgroup limited to `max` pages with kernel memory charged, direct reclaim only, no read-ahead, swap on a RAM disk.
 * Beside the file, the file system's metadata page is charged to the reader's cgroup: active from the start and never freed; and about 1 KiB
 * of objects (inodes, dentries, buffers), read off the recorded slab sizes. The recorder reads the cgroup's statistics every `sample` accesses,
 * which adds them up; only 6.12 is that sensitive, so only there it is done here.
 */
import { OP_LOAD, OP_SHIFT, OP_STORE, PAGE_MASK } from '../machine/access.ts';
import { counterRows } from '../machine/counters.ts';
import { createMemory } from '../machine/create-memory.ts';
import { OUT_OF_MEMORY, type Memory } from '../machine/memory.ts';
import type { KnobValues } from '../plan.ts';
import { ACTIVE } from '../reclaim/two-list.ts';
import { MIB, PAGE_SIZE, SECOND, type Nanoseconds } from '../units.ts';
import { makeSequence, type Sequence } from './sequences.ts';
import { compareFigures, UnusableRecording, type FidelityArea, type FidelitySet, type RecordedFolder } from './sets.ts';

/** Two lists, MGLRU, and two lists with kernel memory not charged to cgroups (recorded in counters only). */
export type Mode = 'classic' | 'mglru' | 'classic:memcg_nokmem';

const modes: ReadonlySet<string> = new Set<Mode>(['classic', 'mglru', 'classic:memcg_nokmem']);

/** One repeat of a run in runs.json; sizes in bytes, events in counts. */
interface RecordedRepeat {
  readonly accesses: number;
  readonly misses_class0: number;
  readonly misses_class1: number;
  readonly seconds?: number;
  readonly memory_stat_end: Readonly<Record<string, number>>;
  readonly vmstat_delta: Readonly<Record<string, number>>;
}

export interface RecordedRun {
  readonly name: string;
  /** Release of the kernel: `6.1.0-56-cloud-amd64 …`. */
  readonly kernel: string;
  readonly max: number;
  /** Page number from which on file pages are of class 1; 0: all are of class 0. */
  readonly split: number;
  readonly swappiness: number | undefined;
  readonly anon: number;
  /** How long it took, for kernels that decide by the clock; absent: what the first repeat took. */
  readonly seconds?: number;
  /** Size of the file; absent: that of the recorded runs. */
  readonly filePages?: number;
  /** Accesses between two looks of the recorder at the statistics. */
  readonly sample: number;
  readonly words: Uint32Array;
  readonly repeats: Readonly<Partial<Record<Mode, readonly RecordedRepeat[]>>>;
  /** The kernel's misses by mode, bit i of byte i >> 3, as recorded in the first repeat. */
  readonly missBits: Readonly<Partial<Record<Mode, Uint8Array>>>;
}

export interface Replayed {
  readonly accesses: number;
  /** File accesses that hit here and missed there, or the other way round; null where the kernel's were only counted. */
  readonly differing: number | null;
  readonly misses: readonly [number, number];
  readonly counters: Readonly<Record<string, number>>;
}

/** Counters that are compared, where recorded: events of memory.stat, and what a run with swap adds in vmstat. */
export const RECLAIM_COUNTERS = [
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
] as const;
export const RECLAIM_VMSTAT = ['pswpin', 'pswpout'] as const;

const FILE_PAGES = 172_032;
/** Objects charged to the cgroup beside tree nodes, in bytes. */
const KERNEL_OBJECTS = 1008;
/** Translation cache of the emulated processor in runs through a mapping: the size that explains the recorded activations. */
const EMULATED_TLB = 512;

const filePagesOf = (run: RecordedRun): number => Math.max(1, run.filePages ?? FILE_PAGES);

/** Which of our variants stands for a kernel in a mode. */
export function variantFor(kernel: string, mode: Mode): string {
  const late = /^6\.1[2-9]\./.test(kernel);
  if (mode === 'mglru') return late ? 'mglru-6.7' : 'mglru-6.1';
  return late ? 'v6.12' : 'v6.1';
}

/** Where the kernel decides from statistics that are as old as a clock says, every access takes its share of the recorded time. */
const watchesClock = (variant: string): boolean => variant === 'v6.12';

function memoryFor(run: RecordedRun, mode: Mode, variant: string, values: KnobValues): Memory {
  const mapped = run.words[0] >>> OP_SHIFT === OP_LOAD;
  const pages = filePagesOf(run);
  const file = { kind: 'file', name: 'data', pages, values: { advice: 'random' } } as const;
  const metadata = { kind: 'file', name: 'metadata', pages: 1, values: {} } as const;
  const region = { kind: 'anon', name: 'region', pages: run.anon, values: {} } as const;
  const swaps = run.anon > 0;
  return createMemory({
    machine: {
      name: 'recorded',
      values: { memory: 1280 * MIB, cpus: 1, tlb: mapped ? EMULATED_TLB : 0 },
      disk: {},
      swap: swaps ? [{ name: 'ram', values: { size: 256 * MIB, latency: 1000 } }] : [],
    },
    cgroups: [
      { name: '/', parent: null, values: {} },
      { name: 'run', parent: 0, values: { 'memory.max': run.max * PAGE_SIZE } },
    ],
    objects: swaps ? [file, metadata, region] : [file, metadata],
    bases: swaps ? [0, pages, pages + 1] : [0, pages],
    pages: pages + 1 + run.anon,
    sysctls: run.swappiness === undefined ? {} : { 'vm.swappiness': run.swappiness },
    reclaim: { id: variant, values },
    kswapd: 'synchronous',
    kernelBytes: [0, KERNEL_OBJECTS],
    chargesKernelMemory: mode !== 'classic:memcg_nokmem',
  });
}

/** Runs a recorded sequence through a variant. Throws `UnusableRecording` if it runs out of memory. */
export function replayRun(run: RecordedRun, mode: Mode, variant: string, values: KnobValues = {}): Replayed {
  const words = run.words.slice();
  const metadata = filePagesOf(run);
  const anonBase = metadata + 1;
  for (let i = 0; i < words.length; i++) if (words[i] >>> OP_SHIFT === OP_STORE) words[i] += anonBase;
  const memory = memoryFor(run, mode, variant, values);
  const missed = new Uint8Array(Math.ceil(words.length / 8));
  memory.run(words, 0, 1, 1, missed, 0);
  addMetadata(memory, metadata, mode);
  const done = watchesClock(variant)
    ? runByTheClock(memory, words, missed, run, mode)
    : 1 + memory.run(words, 1, words.length - 1, 1, missed, 1);
  if (done < words.length) throw new UnusableRecording(`${run.name}: out of memory after ${done} accesses`);
  memory.checkConservation();
  return { ...countMisses(run, words, missed, run.missBits[mode]), counters: countersOf(memory) };
}

function runByTheClock(memory: Memory, words: Uint32Array, missed: Uint8Array, run: RecordedRun, mode: Mode): number {
  const seconds = run.seconds ?? run.repeats[mode]?.[0]?.seconds ?? 0;
  const each: Nanoseconds = Math.round((seconds * SECOND) / words.length);
  for (let i = 1; i < words.length; i++) {
    memory.setTime?.(i * each);
    const outcome = memory.access(words[i], 1);
    if (outcome & OUT_OF_MEMORY) return i;
    if (outcome & 1) missed[i >> 3] |= 1 << (i & 7);
    if ((i + 1) % run.sample === 0) memory.readStatistics?.();
  }
  return words.length;
}

function countMisses(
  { split }: RecordedRun,
  words: Uint32Array,
  missed: Uint8Array,
  recorded: Uint8Array | undefined,
): Omit<Replayed, 'counters'> {
  let differing = 0;
  const misses: [number, number] = [0, 0];
  for (let i = 0; i < words.length; i++) {
    if (words[i] >>> OP_SHIFT === OP_STORE) continue;
    const ours = (missed[i >> 3] >> (i & 7)) & 1;
    if (recorded !== undefined && ours !== ((recorded[i >> 3] >> (i & 7)) & 1)) differing++;
    misses[split > 0 && (words[i] & PAGE_MASK) >= split ? 1 : 0] += ours;
  }
  return { accesses: words.length, differing: recorded === undefined ? null : differing, misses };
}

function countersOf(memory: Memory): Record<string, number> {
  const counters = Object.fromEntries(counterRows.map((row, i) => [row.name, memory.counters[i]]));
  counters['pgscan'] = counters['pgscan_direct'] + counters['pgscan_kswapd'];
  counters['pgsteal'] = counters['pgsteal_direct'] + counters['pgsteal_kswapd'];
  return counters;
}

/** ext4 reads an extent block when it first maps the file, touches it twice while it waits in a batch, and keeps hold of it. */
function addMetadata(memory: Memory, page: number, mode: Mode): void {
  memory.access(page, 1);
  memory.pin?.(page);
  if (mode !== 'mglru' && memory.reclaimer.kind === 'lists') memory.reclaimer.state[page] |= ACTIVE;
}

// ---- files

interface RunsFile {
  readonly kernel?: unknown;
  readonly runs?: Readonly<
    Record<string, { readonly params: Readonly<Record<string, string>>; readonly repeats: Record<string, unknown> }>
  >;
}

/** Names of the recorded runs of a folder and the kernel's release. Throws `UnusableRecording`. */
function readRuns(folder: RecordedFolder): { kernel: string; runs: NonNullable<RunsFile['runs']> } {
  let file: RunsFile;
  try {
    file = JSON.parse(folder.text('runs.json')) as RunsFile;
  } catch (error) {
    if (error instanceof UnusableRecording) throw error;
    throw new UnusableRecording(`${folder.name}/runs.json is not JSON (truncated?): ${String(error)}`);
  }
  if (typeof file.kernel !== 'string' || typeof file.runs !== 'object')
    throw new UnusableRecording(`${folder.name}/runs.json names no kernel or holds no runs`);
  return { kernel: file.kernel, runs: file.runs };
}

function wordsOf(folder: RecordedFolder, name: string, accesses: number): Uint32Array {
  const trace = `traces/${name}.u32`;
  const holder = folder.files.includes(trace) ? folder : folder.sibling('reclaim');
  if (holder?.files.includes(trace)) {
    const bytes = holder.bytes(trace);
    if (bytes.length !== 4 * accesses)
      throw new UnusableRecording(
        `${holder.name}/${trace} holds ${bytes.length / 4} accesses, but the run made ${accesses}: truncated, or of another run`,
      );
    const words = new Uint32Array(accesses);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let i = 0; i < accesses; i++) words[i] = view.getUint32(4 * i, true);
    return words;
  }
  for (const place of [folder, folder.sibling('reclaim')]) {
    if (!place?.files.includes('sequences.json')) continue;
    const sequences = JSON.parse(place.text('sequences.json')) as Readonly<Record<string, Sequence>>;
    const sequence = sequences[name] as Sequence | undefined;
    if (sequence) return makeSequence({ ...sequence, accesses });
  }
  throw new UnusableRecording(`${folder.name}: ${name} has no access sequence (neither ${trace} nor a generator)`);
}

/** One recorded run with its sequence and miss bits. Throws `UnusableRecording`. */
export function readRun(folder: RecordedFolder, name: string): RecordedRun {
  const { kernel, runs } = readRuns(folder);
  const run = runs[name] as NonNullable<RunsFile['runs']>[string] | undefined;
  if (run === undefined) throw new UnusableRecording(`${folder.name}/runs.json has no run '${name}'`);
  const { params } = run;
  const accesses = Number(params['n']);
  const repeats: Partial<Record<Mode, readonly RecordedRepeat[]>> = {};
  const missBits: Partial<Record<Mode, Uint8Array>> = {};
  for (const [mode, recorded] of Object.entries(run.repeats)) {
    // Other modes ran on real disks, where what happens depends on time.
    if (!modes.has(mode)) continue;
    repeats[mode as Mode] = (recorded as RecordedRepeat[]).map((repeat) => checkRepeat(folder, name, repeat, accesses));
    const file = `miss-bits/${name}.${mode}.missbits`;
    if (!folder.files.includes(file)) continue;
    const bits = folder.bytes(file);
    // recorders write ⌈n/8⌉ bytes, or ⌊n/8⌋ + 1
    if (bits.length < accesses / 8 || bits.length > accesses / 8 + 1)
      throw new UnusableRecording(
        `${folder.name}/${file} holds ${bits.length * 8} bits, but the run made ${accesses} accesses: truncated, or of another run`,
      );
    missBits[mode as Mode] = bits;
  }
  return {
    name,
    kernel,
    max: Number(params['max']),
    split: Number(params['split'] ?? 0),
    swappiness: params['swappiness'] === undefined ? undefined : Number(params['swappiness']),
    anon: Number(params['anon'] ?? 0),
    sample: Number(params['sample'] ?? Infinity),
    words: wordsOf(folder, name, accesses),
    repeats,
    missBits,
  };
}

function checkRepeat(folder: RecordedFolder, name: string, repeat: RecordedRepeat, accesses: number): RecordedRepeat {
  const where = `${folder.name}/runs.json, run ${name}`;
  if (repeat.accesses !== accesses)
    throw new UnusableRecording(`${where}: a repeat made ${repeat.accesses} accesses, the run ${accesses}`);
  if (typeof repeat.memory_stat_end !== 'object') throw new UnusableRecording(`${where}: counters are missing`);
  return repeat;
}

const figuresOf = (repeat: RecordedRepeat, swaps: boolean): Record<string, number> => {
  const figures: Record<string, number> = { misses: repeat.misses_class0 };
  if (repeat.misses_class1 > 0) figures['misses-class1'] = repeat.misses_class1;
  for (const name of RECLAIM_COUNTERS) {
    const value = repeat.memory_stat_end[name] as number | undefined;
    if (value !== undefined) figures[name] = value;
  }
  if (swaps)
    for (const name of RECLAIM_VMSTAT) {
      const value = repeat.vmstat_delta[name] as number | undefined;
      if (value !== undefined) figures[name] = value;
    }
  return figures;
};

/** One run in one mode, compared. */
export function compareRun(area: string, run: RecordedRun, mode: Mode, values: KnobValues = {}): FidelitySet {
  const variant = variantFor(run.kernel, mode);
  const replayed = replayRun(run, mode, variant, values);
  const repeats = run.repeats[mode] ?? [];
  const bits = run.missBits[mode];
  const notes: string[] = [];
  const first = repeats[0] as RecordedRepeat | undefined;
  if (bits !== undefined && first !== undefined) {
    const told = bitsSet(bits, run);
    if (told !== first.misses_class0 + first.misses_class1)
      notes.push(
        `the miss bits tell of ${told} misses, the counters of ${first.misses_class0 + first.misses_class1}: they may be of different repeats`,
      );
  }
  const simulated: Record<string, number> = {
    misses: replayed.misses[0],
    'misses-class1': replayed.misses[1],
    ...replayed.counters,
  };
  return {
    area,
    name: run.name,
    mode,
    ...compareFigures(
      simulated,
      repeats.map((repeat) => figuresOf(repeat, run.anon > 0)),
    ),
    checks: 0,
    matched: 0,
    differingAccesses: replayed.differing,
    accesses: run.words.length,
    ...(notes.length > 0 ? { notes } : {}),
  };
}

function bitsSet(bits: Uint8Array, run: RecordedRun): number {
  let n = 0;
  for (let i = 0; i < run.words.length; i++)
    if (run.words[i] >>> OP_SHIFT !== OP_STORE) n += (bits[i >> 3] >> (i & 7)) & 1;
  return n;
}

const FILES = /^(runs\.json|sequences\.json|traces\/[^/]+\.u32|miss-bits\/[^/]+\.missbits)$/;

export const reclaimArea: FidelityArea = {
  claims: ({ name }) => name === 'reclaim' || name.startsWith('reclaim-'),
  uses: (file) => FILES.test(file),
  *compare(folder, wanted = () => true) {
    for (const name of Object.keys(readRuns(folder).runs)) {
      if (!wanted(name)) continue;
      const run = readRun(folder, name);
      for (const mode of Object.keys(run.repeats) as Mode[]) yield compareRun(folder.name, run, mode);
    }
  },
};
