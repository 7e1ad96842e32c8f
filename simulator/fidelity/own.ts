/**
 * A recording of one's own: a folder with `counters.txt` (what `refault record --script` writes) and the trace it names. The text has lines
 * `key value` and then sections of counters as the kernel prints them, before and after the run:
 *
 *     kernel 6.1.0-25-amd64
 *     trace accesses.marks
 *     format marks
 *     memory.max 16384 pages
 *     swappiness 60
 *     seconds 12
 *     lru_gen 0x0000
 *     --- memory.stat before
 *     workingset_refault_file 0
 *     …
 *     --- memory.stat after
 *
 * Sections that nothing is compared with (vmstat, pressure) may be there too.
 */
import { traceDecoder } from '../trace/format.ts';
import { TraceError } from '../trace/trace-error.ts';
import { RECLAIM_COUNTERS, RECLAIM_VMSTAT, replayRun, variantFor, type Mode, type RecordedRun } from './reclaim.ts';
import { compareFigures, UnusableRecording, type FidelityArea, type FidelitySet, type RecordedFolder } from './sets.ts';

const COUNTERS_FILE = 'counters.txt';

interface OwnCounters {
  readonly settings: Readonly<Record<string, string>>;
  /** By section: `memory.stat before` → name → value. */
  readonly sections: Readonly<Record<string, Readonly<Record<string, number>>>>;
}

/** Reads counters.txt. Throws `UnusableRecording` that names the line. */
export function readCounters(text: string, where: string): OwnCounters {
  const settings: Record<string, string> = {};
  const sections: Record<string, Record<string, number>> = {};
  let section: Record<string, number> | undefined;
  for (const [i, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    if (line.startsWith('---')) {
      sections[line.slice(3).trim()] = section = {};
      continue;
    }
    const at = line.search(/\s/);
    if (at < 0)
      throw new UnusableRecording(`${where}, line ${i + 1}: '${line.slice(0, 40)}' is not 'NAME VALUE' (cut off?)`);
    const name = line.slice(0, at);
    const value = line.slice(at).trim();
    if (section === undefined) settings[name] = value;
    else if (/^-?\d+$/.test(value)) section[name] = Number(value);
  }
  return { settings, sections };
}

function setting({ settings }: OwnCounters, name: string, where: string): string {
  const value = settings[name] as string | undefined;
  if (value === undefined) throw new UnusableRecording(`${where}: '${name}' is missing`);
  return value;
}

/** What counters rose by; those that were not printed before began at 0. */
function risen(counters: OwnCounters, of: string, where: string): Record<string, number> {
  const before = counters.sections[`${of} before`] as Readonly<Record<string, number>> | undefined;
  const after = counters.sections[`${of} after`] as Readonly<Record<string, number>> | undefined;
  if (before === undefined || after === undefined)
    throw new UnusableRecording(`${where}: there must be sections '${of} before' and '${of} after'`);
  return Object.fromEntries(Object.entries(after).map(([name, value]) => [name, value - (before[name] ?? 0)]));
}

/** The run that a folder holds, and what the kernel counted during it. */
export function readOwn(folder: RecordedFolder): { run: RecordedRun; mode: Mode; counted: Record<string, number> } {
  const where = `${folder.name}/${COUNTERS_FILE}`;
  const counters = readCounters(folder.text(COUNTERS_FILE), where);
  const trace = setting(counters, 'trace', where);
  const format = counters.settings['format'] ?? 'auto';
  const max = /^(\d+)( pages)?$/.exec(setting(counters, 'memory.max', where));
  if (!max) throw new UnusableRecording(`${where}: memory.max must be a number of pages, or of bytes without a unit`);
  const name = folder.files.find((file) => file === trace || file === trace.replace(/\.(gz|zst)$/, ''));
  if (name === undefined) throw new UnusableRecording(`${where} names the trace '${trace}', which is not there`);
  let decoded;
  try {
    const decoder = traceDecoder(format, name);
    decoder.push(folder.bytes(name));
    decoded = decoder.finish();
  } catch (error) {
    if (error instanceof TraceError) throw new UnusableRecording(`${folder.name}/${name}: ${error.message}`);
    throw error;
  }
  const counted = risen(counters, 'memory.stat', where);
  const refaults = counted['workingset_refault_file'] ?? counted['workingset_refault'] ?? 0;
  if (refaults > decoded.words.length)
    throw new UnusableRecording(
      `${where} counts ${refaults} refaults, but the trace has only ${decoded.words.length} accesses: they are not of the same run, or the trace lost events`,
    );
  const fell = RECLAIM_COUNTERS.find((counter) => (counted[counter] ?? 0) < 0);
  if (fell !== undefined)
    throw new UnusableRecording(`${where}: ${fell} falls from before to after: the sections are mixed up`);
  const generations = counters.settings['lru_gen'] ?? '0';
  const mode: Mode = Number(generations) % 2 === 1 || generations === 'y' ? 'mglru' : 'classic';
  const swappiness = counters.settings['swappiness'];
  return {
    mode,
    counted: { ...pick(counted, RECLAIM_COUNTERS), ...(decoded.anonPages > 0 ? pick(counted, RECLAIM_VMSTAT) : {}) },
    run: {
      name: folder.name,
      kernel: setting(counters, 'kernel', where),
      max: max[2] === undefined ? Math.floor(Number(max[1]) / 4096) : Number(max[1]),
      split: 0,
      swappiness: swappiness === undefined ? undefined : Number(swappiness),
      anon: decoded.anonPages,
      filePages: decoded.filePages,
      seconds: Number(counters.settings['seconds'] ?? 0),
      sample: Infinity,
      words: decoded.words,
      repeats: {},
      missBits: {},
    },
  };
}

const pick = (from: Readonly<Record<string, number>>, names: readonly string[]) =>
  Object.fromEntries(names.filter((name) => name in from).map((name) => [name, from[name]]));

export const ownArea: FidelityArea = {
  claims: (folder) => folder.files.includes(COUNTERS_FILE),
  uses: () => true,
  *compare(folder) {
    const { run, mode, counted } = readOwn(folder);
    const variant = variantFor(run.kernel, mode);
    const replayed = replayRun(run, mode, variant);
    const set: FidelitySet = {
      area: 'own',
      name: folder.name,
      mode: `${mode}, ${variant}`,
      ...compareFigures(replayed.counters, [counted]),
      checks: 0,
      matched: 0,
      differingAccesses: null,
      accesses: run.words.length,
      notes: [`${replayed.misses[0]} of ${run.words.length} accesses missed here`],
    };
    yield set;
  },
};
