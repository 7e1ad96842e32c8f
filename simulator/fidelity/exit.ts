/**
 * Exit times: the measured cost set against what exits of processes took on a real kernel. The recordings are fits over five sizes of processor
 * time by pages (`exit_fits.json`) and the same for several processes at once (`exit_multi.json`); what is compared is the slope, and its ratio to
 * that of 4 KiB anonymous pages, which is what carries over from machine to machine.
 */
import { measuredCosts, type Backing, type Contents } from '../exit/costs.ts';
import { teardown, regionWork, type ExitRules, type Region } from '../exit/teardown.ts';
import { compareFigures, UnusableRecording, type FidelityArea, type FidelitySet, type RecordedFolder } from './sets.ts';

const FITS = 'exit_fits.json';
const MULTI = 'exit_multi.json';
const PAGES = 262_144;

/** What the recordings call kinds of memory. */
const KINDS: Readonly<
  Record<string, { readonly backing: Backing; readonly contents: Contents; readonly locked: boolean }>
> = {
  a4k: { backing: '4k', contents: 'private', locked: false },
  a4k_lock: { backing: '4k', contents: 'private', locked: true },
  thp: { backing: 'thp', contents: 'private', locked: false },
  thp_lock: { backing: 'thp', contents: 'private', locked: true },
  hugetlb: { backing: 'hugetlb-2m', contents: 'private', locked: false },
  file: { backing: '4k', contents: 'file', locked: false },
  file_lock: { backing: '4k', contents: 'file', locked: true },
  filew: { backing: '4k', contents: 'dirty-file', locked: false },
  shm: { backing: '4k', contents: 'memory-file', locked: false },
  shm_lock: { backing: '4k', contents: 'memory-file', locked: true },
  shmown: { backing: '4k', contents: 'shared', locked: false },
};

const rules = (cpus: number): ExitRules => ({
  costs: measuredCosts,
  era: 'v5.18',
  interleaved: false,
  fragmentation: 1,
  rmapShortcut: true,
  workers: 0,
  sigma: 0.242,
  kappa: 0.0139,
  nodes: 1,
  cpus,
  initOnFree: false,
  zeroBandwidth: 1,
});

const regionOf = (type: string): Region => ({ name: type, pages: PAGES, ...KINDS[type] });
const perPage = (type: string): number => {
  const { pass, zap } = regionWork(rules(2), regionOf(type));
  return (pass + zap) / PAGES;
};

interface Fit {
  readonly how: string;
  readonly type: string;
  readonly [stat: string]: unknown;
}
interface Slope {
  readonly b_ns_per_4k: number;
  readonly ratio_to_a4k: number;
}
interface Several {
  readonly type: string;
  readonly np: number;
  readonly same: number;
  readonly mib: number;
  readonly cpu_vs_np1: number;
}

function parsed(folder: RecordedFolder, file: string): unknown {
  try {
    return JSON.parse(folder.text(file)) as unknown;
  } catch (error) {
    throw error instanceof UnusableRecording
      ? error
      : new UnusableRecording(`${folder.name}/${file} is no JSON: ${String(error)}`);
  }
}

const NONE = { checks: 0, matched: 0, differingAccesses: null, accesses: 0 } as const;

function fitSet(area: string, kernel: string, { how, type, ...stats }: Fit): FidelitySet {
  const slopes = Object.values(stats).filter((s): s is Slope => typeof (s as Slope | null)?.b_ns_per_4k === 'number');
  if (slopes.length === 0) throw new UnusableRecording(`${area}/${FITS}: '${type}' has no slope`);
  const figures = (ns: number, ratio: number) => ({ ns_per_4k: ns, ratio_permille: 1000 * ratio });
  return {
    area,
    name: `${type} ${how}`,
    mode: kernel,
    // processor time, minimum of three, is the row that ratios are quoted from; its medians and wall times are the spread
    ...compareFigures(
      figures(perPage(type), perPage(type) / perPage('a4k')),
      slopes.map(({ b_ns_per_4k: ns, ratio_to_a4k: ratio }) => figures(ns, ratio)),
    ),
    ...NONE,
  };
}

/** How much longer a page takes when several exit at once on two processors. */
function several(type: string, np: number, same: boolean): number {
  const region = regionOf(type);
  const own = rules(2);
  const alone = teardown(own, [{ count: 1, regions: [region] }]).end;
  if (same) return regionWork(own, region, np).zap / regionWork(own, region).zap;
  // two run at a time, each with memory of its own
  const one = { count: 1, regions: [region] };
  const together = teardown(own, Array<typeof one>(Math.min(np, 2)).fill(one)).end;
  return together / alone;
}

function* compare(folder: RecordedFolder): Generator<FidelitySet, void> {
  const fits = parsed(folder, FITS) as { readonly kernel?: string; readonly fits_np1?: readonly Fit[] };
  const list = fits.fits_np1;
  if (list === undefined || !Array.isArray(list)) throw new UnusableRecording(`${folder.name}/${FITS} has no fits_np1`);
  const kernel = /\d+\.\d+/.exec(fits.kernel ?? '')?.[0] ?? '6.18';
  for (const fit of list as readonly Fit[]) if (fit.type in KINDS) yield fitSet(folder.name, kernel, fit);
  if (!folder.files.includes(MULTI)) return;
  const groups = new Map<string, Several[]>();
  for (const row of parsed(folder, MULTI) as readonly Several[]) {
    if (!(row.type in KINDS)) continue;
    const key = `${row.type} ×${row.np}${row.same === 1 ? ' same file' : ''}`;
    groups.set(key, [...(groups.get(key) ?? []), row]);
  }
  for (const [name, rows] of groups) {
    const [{ type, np, same }] = rows;
    yield {
      area: folder.name,
      name,
      mode: kernel,
      ...compareFigures(
        { times: several(type, np, same === 1) },
        rows.map(({ cpu_vs_np1: times }) => ({ times })),
      ),
      ...NONE,
      notes: ['processor time by page relative to one process, on two processors; 64 to 512 MiB are the repeats'],
    };
  }
}

export const exitArea: FidelityArea = {
  claims: (folder) => folder.files.includes(FITS),
  uses: (file) => file === FITS || file === MULTI,
  compare,
};
