/** `refault replay TRACE`: recorded accesses through policies and sizes, without a program. Made for people who know cache simulators. */
import { writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { MAX_PAGES, OP_SHIFT, OP_STORE } from '../simulator/machine/access.ts';
import { PLAN_VERSION, type Plan } from '../simulator/plan.ts';
import { reclaimVariant, reclaimVariants } from '../simulator/reclaim/registry.ts';
import type { Report } from '../simulator/report.ts';
import type { DecodedTrace } from '../simulator/trace/decoder.ts';
import { PAGE_SIZE, type Pages } from '../simulator/units.ts';
import { formats } from './formats.ts';
import { CliError, EXIT, type CliIo } from './io.ts';
import { curveSizes, missRatioCurve } from './replay-curve.ts';
import { anonBase, scenarioOf, type ReplaySetup } from './replay-memory.ts';
import { replayPoints } from './replay-run.ts';
import { sizeOf, type Size } from './sizes.ts';
import { problemOf, readTrace } from './trace-file.ts';

const USAGE = `refault replay TRACE --memory SIZE[,SIZE…] --policy ID[,ID…] [options]
refault replay TRACE --mrc [--sample SHARE] [options]

  --memory SIZE[,SIZE…]  '16384 pages', 64MiB, or 10% of the trace's distinct pages
  --policy ID[,ID…]      reclaim variants; \`refault list variants\` has them all
  --trace-format F       oracleGeneral, txt, csv[:id=COLUMN,delimiter=C,header=true,ids=text], u32, u64, u32ops,
                         events, marks, lackey, blkparse, damon, damo (see refault record --help);
                         else the file's name tells
  --memcg                SIZE is a cgroup's memory.max: kernel memory is charged, only direct reclaim
  --file-pages N         size of the file; else as far as the trace reaches
  --swappiness N         vm.swappiness, 0 to 200
  --swap SIZE            a swap device
  --mrc                  add the miss-ratio curve of exact LRU, or draw it alone, without --memory and --policy
  --sample SHARE         look at that share of the pages for the curve (1%): many times faster, with the error stated
  --warmup N             leave the first N accesses out of the counts
  --miss-bits PATH       write one bit an access, 1 for a miss (one size and one policy)
  --format F             text, json, csv or markdown
`;

const FORMATS = ['text', 'json', 'csv', 'markdown'] as const;

/** Table, policies and machine together, at most; what the accesses take is counted apart. */
const BYTES_PER_PAGE = 72;
const BYTES_PER_FRAME = 48;

export async function replay(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      memory: { type: 'string', multiple: true },
      policy: { type: 'string', multiple: true },
      'trace-format': { type: 'string', default: 'auto' },
      memcg: { type: 'boolean', default: false },
      'file-pages': { type: 'string' },
      swappiness: { type: 'string' },
      swap: { type: 'string' },
      mrc: { type: 'boolean', default: false },
      sample: { type: 'string' },
      warmup: { type: 'string', default: '0' },
      'miss-bits': { type: 'string' },
      format: { type: 'string', default: 'text' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) {
    io.stdout(USAGE);
    return EXIT.done;
  }
  const [file, ...more] = positionals;
  if (file === undefined || more.length > 0)
    throw new CliError('replay needs exactly one TRACE; see refault replay --help');
  const format = FORMATS.find((name) => name === values.format);
  if (format === undefined)
    throw new CliError(`there is no format '${values.format}'; there are ${FORMATS.join(', ')}`);
  const curveOnly = values.mrc && values.policy === undefined && values.memory === undefined;
  const policies = curveOnly ? [] : policiesOf(values.policy);
  const sizeTexts = curveOnly ? [] : listOf('--memory', values.memory, "one or more sizes: '16384 pages', 64MiB, 10%");
  const rate = values.sample === undefined ? 1 : shareOf('--sample', values.sample);
  if (values.sample !== undefined && !values.mrc)
    throw new CliError('--sample is for the curve of --mrc; policies are simulated with every page');
  const warmup = wholeNumber('--warmup', values.warmup, 0, Number.MAX_SAFE_INTEGER);
  const swappiness =
    values.swappiness === undefined ? undefined : wholeNumber('--swappiness', values.swappiness, 0, 200);
  const missBitsPath = values['miss-bits'];
  if (missBitsPath !== undefined && (policies.length !== 1 || sizeTexts.length !== 1))
    throw new CliError('--miss-bits wants one size and one policy');

  const trace = await readTrace(file, values['trace-format'], io.signal).catch((error: unknown) => {
    if (io.signal.aborted) return null;
    throw error;
  });
  if (trace === null) return EXIT.interrupted;
  const filePages = filePagesOf(values['file-pages'], trace);
  const sizes = sizeTexts.map((text) => sizeOf('--memory', text, trace.distinct));
  if (warmup >= trace.words.length)
    throw new CliError(`--warmup: the trace has only ${trace.words.length} accesses, so none would be counted`);

  const name = file === '-' ? 'standard input' : path.basename(file);
  const base = {
    name,
    memcg: values.memcg,
    filePages,
    anonPages: trace.anonPages,
    ...(swappiness === undefined ? {} : { swappiness }),
    ...(values.swap === undefined ? {} : { swap: sizeOf('--swap', values.swap, trace.distinct).pages * PAGE_SIZE }),
  };
  const setups = policies.flatMap((policy) =>
    sizes.map(({ pages }): ReplaySetup => ({ ...base, policy, size: pages })),
  );
  for (const setup of setups) checkSize(setup);
  if (!curveOnly) checkMemory(trace, setups);

  const words = machineWide(trace, curveOnly ? filePages : anonBase(setups[0]));
  const missBits = missBitsPath === undefined ? undefined : new Uint8Array(Math.ceil(words.length / 8));
  const reports: Report[] = [];
  if (!curveOnly) {
    const plan = planOf(name, values['trace-format'], policies, sizes, setups, trace);
    reports.push(await replayPoints({ plan, setups, words, warmup, io, ...(missBits ? { missBits } : {}) }));
  }
  if (values.mrc && !io.signal.aborted) {
    const finest = format === 'text' || format === 'markdown' ? 20 : 100;
    const { distinct } = trace;
    reports.push(await missRatioCurve({ name, words, distinct, sizes: curveSizes(distinct, finest), rate, io }));
  }
  if (missBits !== undefined && missBitsPath !== undefined && !io.signal.aborted) {
    await writeFile(missBitsPath, missBits).catch((error: unknown) => {
      throw new CliError(`cannot write '${missBitsPath}': ${problemOf(error)}`, EXIT.unreadable);
    });
  }
  if (io.isTty) io.stderr('\r\x1b[K');
  const [first, ...rest] = reports;
  if (first !== undefined) io.stdout(formats[format]([first, ...rest], { io, file }));
  return io.signal.aborted ? EXIT.interrupted : EXIT.done;
}

function listOf(option: string, given: readonly string[] | undefined, what: string): readonly string[] {
  const items = (given ?? []).flatMap((text) => text.split(',')).map((text) => text.trim());
  if (items.length === 0 || items.includes('')) throw new CliError(`${option} wants ${what}`);
  const twice = items.find((item, i) => items.indexOf(item) !== i);
  if (twice !== undefined) throw new CliError(`${option} has '${twice}' twice`);
  return items;
}

function policiesOf(given: readonly string[] | undefined): readonly string[] {
  const policies = listOf('--policy', given, 'one or more reclaim variants; `refault list variants` has them all');
  for (const id of policies) {
    if (reclaimVariant(id) === undefined)
      throw new CliError(`there is no policy '${id}'; there are ${reclaimVariants.map((v) => v.id).join(', ')}`);
  }
  return policies;
}

function filePagesOf(given: string | undefined, trace: DecodedTrace): Pages {
  if (given === undefined) return trace.filePages;
  const pages = wholeNumber('--file-pages', given, 1, MAX_PAGES);
  if (pages < trace.filePages)
    throw new CliError(
      `--file-pages: the trace reads page ${trace.filePages - 1}, so the file has at least ${trace.filePages} pages`,
    );
  return pages;
}

/** The kernel's own reserves alone need some memory. */
function checkSize({ policy, size, memcg }: ReplaySetup): void {
  const family = reclaimVariant(policy)?.family;
  if ((family === 'kernel' || family === 'proposal') && !memcg && size < 256)
    throw new CliError(
      `--memory: ${size} pages are too few for a machine under '${policy}', which needs 256 for its reserves; with --memcg any size will do`,
    );
}

function checkMemory(trace: DecodedTrace, setups: readonly ReplaySetup[]): void {
  const largest = Math.max(...setups.map((s) => s.filePages + s.anonPages));
  if (largest > MAX_PAGES - 1)
    throw new CliError(`the trace spans ${largest} pages, more than the ${MAX_PAGES} of one machine`);
  const frames = Math.min(largest, Math.max(...setups.map((s) => s.size)));
  const future = setups.some((s) => reclaimVariant(s.policy)?.id === 'opt') ? 4 * trace.words.length + 4 * largest : 0;
  const needed = largest * BYTES_PER_PAGE + frames * BYTES_PER_FRAME + future;
  const free = os.freemem();
  if (needed > free) {
    const gib = (bytes: number) => `${(bytes / 1024 ** 3).toFixed(1)} GiB`;
    throw new CliError(
      `replaying over ${largest} pages would need about ${gib(needed)} and ${gib(free)} are free; sample the trace's ids, or give it denser page numbers`,
    );
  }
}

/** Traces number file and anonymous pages apart; the machine has one space for both. Changes the words in place. */
function machineWide({ words, anonPages }: DecodedTrace, anonStart: number): Uint32Array {
  if (anonPages > 0)
    for (let i = 0; i < words.length; i++) if (words[i] >>> OP_SHIFT === OP_STORE) words[i] += anonStart;
  return words;
}

function planOf(
  name: string,
  format: string,
  policies: readonly string[],
  sizes: readonly Size[],
  setups: readonly ReplaySetup[],
  trace: DecodedTrace,
): Plan {
  return {
    version: PLAN_VERSION,
    title: name,
    seed: 0,
    axes: [
      {
        kind: 'compare',
        name: 'reclaim',
        unit: '',
        values: policies.map((id) => ({ label: id, value: id })),
      },
      {
        kind: 'sweep',
        name: 'memory',
        unit: 'bytes',
        values: sizes.map(({ text, pages }) => ({ label: text, value: pages * PAGE_SIZE })),
      },
    ],
    points: setups.map((setup, i) => ({
      coordinates: [Math.floor(i / sizes.length), i % sizes.length],
      scenario: scenarioOf(setup),
    })),
    plots:
      sizes.length > 1
        ? [{ metrics: [{ name: 'miss-ratio' }], over: 'memory', as: 'line', text: 'miss-ratio over memory' }]
        : [{ metrics: [{ name: 'miss-ratio' }], over: 'variant', as: 'bars', text: 'miss-ratio over variant' }],
    expects: [],
    traces: [{ name, path: name, format, values: {}, records: trace.words.length, pages: trace.distinct }],
  };
}

/** `1%` or `0.01`. */
function shareOf(option: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*(%?)$/.exec(text.trim());
  const share = match === null ? NaN : Number(match[1]) / (match[2] === '%' ? 100 : 1);
  if (!(share > 0 && share <= 1)) throw new CliError(`${option} wants a share above 0 and up to 100%, not '${text}'`);
  return share;
}

function wholeNumber(option: string, text: string, min: number, max: number): number {
  const n = Number(text);
  if (!/^\d+$/.test(text.trim()) || !Number.isSafeInteger(n))
    throw new CliError(`${option} wants a whole number, not '${text}'`);
  if (n < min || n > max) throw new CliError(`${option} lies between ${min} and ${max}, not at ${text}`);
  return n;
}
