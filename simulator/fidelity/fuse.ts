/**
 * Dirty pages of FUSE mounts against recordings: a daemon that throws away what it is given, at a limited rate; a process that writes as fast as it
 * can, five seconds from the start. Rows of `fuse_guest61_summary.json` (6.1, one processor under emulation) and `fuse_host618_summary.json`
 * (6.18, two processors, others writing beside it); sizes in KiB, rates in MB/s, counted in whole writes of 1 MiB.
 */
import type { ObjectSpec, Plan, Scenario } from '../plan.ts';
import { createSimulation } from '../simulate.ts';
import { recordingOf, recordingRow } from '../tables/recordings.ts';
import { MIB, PAGE_SIZE, SECOND } from '../units.ts';
import { compareFigures, UnusableRecording, type FidelityArea, type FidelitySet, type RecordedFolder } from './sets.ts';

const FILES = /^fuse_(guest61|host618)_summary\.json$/;
const KIB_PAGE = PAGE_SIZE / 1024;
const RUN = 5 * SECOND;
/** More than anybody writes in five seconds. */
const ENDLESS = 1 << 24;

export interface RecordedFuse {
  readonly key: string;
  /** Thresholds and levels in KiB. */
  readonly thr: number;
  readonly bg: number;
  readonly tmp: number;
  readonly wb: number;
  readonly tmpmax: number;
  readonly bdimax: number;
  readonly bdithr: number;
  readonly totmax: number;
  /** MB/s of the whole run and of its second half. */
  readonly mbps: number;
  readonly mbps2: number;
  readonly mr: number;
  readonly strict: number;
}

/** Experiments that are compared, and what of each the recording can tell. */
const EXPERIMENTS = new Set(recordingRow('fuse')?.recordings);

/** Another process writes to the machine's disk from the start, as fast as it can. */
const BESIDE = /_ext/;
/**
 * The disk was not recorded: 20 MB/s is what the emulated machine's was limited to, 346 MB/s what the writer got beside a mount of 1 %. Assumed.
 */
const DISK = { '6.1': 20_000_000, '6.18': 346_000_000 } as const;

interface Experiment {
  readonly name: string;
  readonly parameters: Readonly<Record<string, number>>;
}

function experimentOf(key: string): Experiment {
  const [name, ...rest] = key.split(' ');
  const parameters: Record<string, number> = {};
  for (const part of rest) {
    const [parameter, value] = part.split('=');
    parameters[parameter] = Number(value);
  }
  return { name, parameters };
}

/** Whether a row of that key is one of those compared: without syncs, mappings and daemons with disks, and one writer a mount. */
export const isComparedFuse = (key: string): boolean => EXPERIMENTS.has(experimentOf(key).name);

/** The scenario a row was recorded in. */
export function fuseScenario(row: RecordedFuse, kernel: '6.1' | '6.18'): Scenario {
  const { name, parameters } = experimentOf(row.key);
  const mounts = parameters['mounts'] ?? 1;
  const pages = parameters['ring'] === undefined ? ENDLESS : (parameters['ring'] * MIB) / PAGE_SIZE;
  const through = name === 'writethrough';
  const byRatio = name === 'default_thresh';
  const beside = BESIDE.test(name);
  const others = beside ? [mounts] : [];
  // free memory and file pages of which the threshold is a fifth, and the reserves
  const memory = byRatio ? Math.ceil((row.thr * 1024 * 4096) / 819 / PAGE_SIZE) * PAGE_SIZE * 1.004 : 1024 * MIB;
  return {
    machine: {
      name: 'recorded',
      values: { memory: Math.floor(memory / PAGE_SIZE) * PAGE_SIZE, cpus: kernel === '6.1' ? 1 : 2, hz: 250 },
      disk: beside ? { bandwidth: DISK[kernel] } : {},
      swap: [],
    },
    cgroups: [{ name: '', parent: null, values: {} }],
    objects: [
      ...Array.from({ length: mounts }, (_, i): ObjectSpec => ({
        kind: 'file',
        name: `f${i}`,
        pages,
        fuse: i,
        values: {},
      })),
      ...others.map((): ObjectSpec => ({ kind: 'file', name: 'beside', pages: ENDLESS, values: {} })),
    ],
    processes: [...Array.from({ length: mounts }, (_, i) => i), ...others].map((object) => ({
      name: `dirtier${object}`,
      cgroup: 0,
      values: {},
      phases: [
        {
          name: '',
          steps: [
            {
              kind: 'access',
              verb: 'write',
              target: { object, start: 0, pages: object < mounts ? pages : ENDLESS },
              pattern: { kind: 'sequential' },
              amount: { kind: 'passes', count: 100_000 },
            },
          ],
        },
      ],
    })),
    fuse: Array.from({ length: mounts }, (_, i) => ({
      name: `f${i}`,
      values: {
        accounting: kernel === '6.1' ? 'strict' : 'notemp',
        max_ratio: row.mr * 10_000,
        max_write: parameters['maxw'] ?? MIB,
        max_background: parameters['bg'] ?? 12,
        writeback_cache: !through,
        ...(row.strict >= 0 ? { strictlimit: row.strict === 1 } : {}),
      },
      daemon: { bandwidth: Math.max(1, Math.floor(parameters['rate'] / mounts)), backing: 'none' },
    })),
    timeline: [],
    reclaim: { id: 'v6.1', values: {} },
    sysctls: byRatio ? {} : { 'vm.dirty_bytes': row.thr * 1024, 'vm.dirty_background_bytes': row.bg * 1024 },
    duration: RUN,
  };
}

export interface FuseFigures {
  /** Peak of what was dirty or on its way, all mounts, KiB. */
  readonly bdimax: number;
  readonly bdithr: number;
  readonly tmpmax: number;
  /** Peak of dirty pages, pages under writeback and copies of the whole machine, KiB: to be held against the global limit. */
  readonly totmax: number;
  /** A mount's throughput. */
  readonly 'kB/s': number;
}

const COLUMNS = ['bdimax', 'bdithr', 'tmpmax', 'totmax', 'kB/s'];

/** Runs the scenario and reads off what the recording tells. */
export function simulateFuse(row: RecordedFuse, kernel: '6.1' | '6.18'): FuseFigures {
  const scenario = fuseScenario(row, kernel);
  const mounts = scenario.fuse!.map(({ name }) => name);
  const plan: Plan = {
    version: 1,
    title: row.key,
    seed: 1,
    axes: [],
    points: [{ coordinates: [], scenario }],
    plots: [
      { metrics: mounts.map((object) => ({ name: 'bdi-peak', object })), over: 'phase', text: '' },
      { metrics: mounts.map((_, i) => ({ name: 'throughput', object: `dirtier${i}` })), over: 'phase', text: '' },
    ],
    expects: [],
    traces: [],
  };
  const simulation = createSimulation(plan);
  while (!simulation.advance(1_000_000).done);
  const [point] = simulation.report().points;
  const of = (name: string, object: string) => point.objects?.find((one) => one.name === object)?.values?.[name] ?? 0;
  const bytes = mounts.reduce((sum, _, i) => sum + (of('throughput', `dirtier${i}`) * RUN) / SECOND, 0);
  const writes = Math.floor((bytes + 1) / MIB / mounts.length);
  return {
    bdimax: mounts.reduce((sum, mount) => sum + of('bdi-peak', mount), 0) * KIB_PAGE,
    bdithr: of('BdiDirtyThresh', mounts[0]) * KIB_PAGE,
    tmpmax: point.measures['most-temporary'] * KIB_PAGE,
    totmax: point.measures['most-unwritten'] * KIB_PAGE,
    'kB/s': Math.round((writes * MIB * SECOND) / RUN / 1e3),
  };
}

/** Why a figure may be further off than 15 %: what the recording can't tell, or what is not understood. */
export function reasonsOf(
  row: RecordedFuse,
  kernel: '6.1' | '6.18',
  errors: Readonly<Record<string, number>>,
): string[] {
  const { name, parameters } = experimentOf(row.key);
  const off = (...figures: string[]) => figures.some((figure) => Math.abs(errors[figure] ?? 0) > 0.15);
  const reasons: string[] = [];
  const beside = BESIDE.test(name);
  const stalled = name.startsWith('stall');
  const sharing = !beside && row.mr === 100 && row.strict !== 0 && !stalled && parameters['ring'] !== 4;
  if (beside && (off('tmpmax', 'totmax') || (off('bdimax') && !stalled)))
    reasons.push(
      `the disk beside it was not recorded: ${DISK[kernel] / 1e6} MB/s are assumed, and nothing written before`,
    );
  if (sharing && off('bdithr', 'bdimax', 'totmax', 'kB/s'))
    reasons.push(
      'a mount’s share of the threshold begins at nothing beside what others and earlier runs had written, which the recording does not tell; here it is alone',
    );
  if (off('kB/s') && !sharing)
    reasons.push(
      'the recorded daemon kept its rate by sleeping and lost some time with each request; throughput was counted in whole writes of 1 MiB (0.21 MB/s)',
    );
  if (off('tmpmax') && !beside)
    reasons.push(
      row.mr < 100
        ? 'a few pages: requests of different sizes under way'
        : 'not understood: the recorded kernel’s flusher came back to a congested mount with smaller chunks than the formula gives',
    );
  if (stalled && off('bdimax'))
    reasons.push('counts of several processors are late by a batch of pages each; here they are exact');
  if (parameters['ring'] === 4 && off('bdimax'))
    reasons.push(
      'a page that is written anew while under writeback is dirty as well and counts twice; of a file kept as counts it counts once',
    );
  // what is not the mounts' is others': recorded in the sum alone
  if (off('totmax') && !beside && (!sharing || kernel === '6.18'))
    reasons.push('files of others on the machine are in the sum of what is not yet written; here nobody else writes');
  return reasons;
}

/** What a row tells of the figures we have. */
function toldBy(row: RecordedFuse, kernel: '6.1' | '6.18'): Record<string, number> {
  const { key, bdimax, bdithr, tmpmax, totmax } = row;
  // rewriting pages in memory is as fast as the processor copies: nothing of writeback
  if (experimentOf(key).name === 'ring') return { bdimax, totmax };
  const rate = { 'kB/s': Math.round(row.mbps * 1000) };
  // a mount's share beside a disk depends on how fast that is
  if (BESIDE.test(key)) return { bdimax, ...(kernel === '6.1' ? { tmpmax } : {}), totmax, ...rate };
  // on 6.18 others wrote beside it, and had thresholds of their own
  return kernel === '6.1' ? { bdimax, bdithr, tmpmax, totmax, ...rate } : { bdimax, totmax, ...rate };
}

function rowsOf(folder: RecordedFolder, file: string): RecordedFuse[] {
  let rows: unknown;
  try {
    rows = JSON.parse(folder.text(file));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new UnusableRecording(`${folder.name}/${file} is no JSON (truncated?)`);
  }
  if (!Array.isArray(rows) || rows.some((row: unknown) => typeof (row as RecordedFuse | null)?.key !== 'string'))
    throw new UnusableRecording(`${folder.name}/${file} is no list of rows with keys`);
  return rows as RecordedFuse[];
}

export function compareFuseRow(area: string, row: RecordedFuse, kernel: '6.1' | '6.18'): FidelitySet {
  const ours = simulateFuse(row, kernel);
  const figures = compareFigures({ ...ours }, [toldBy(row, kernel)]);
  const notes = reasonsOf(row, kernel, figures.errors);
  return {
    area,
    name: row.key,
    mode: kernel,
    ...figures,
    checks: 0,
    matched: 0,
    differingAccesses: null,
    accesses: 0,
    ...(notes.length > 0 ? { notes } : {}),
    columns: COLUMNS,
  };
}

export const fuseArea: FidelityArea = {
  claims: ({ name }) => name === 'fuse' || name.startsWith('fuse-'),
  uses: (file) => FILES.test(file),
  *compare(folder, wanted = () => true) {
    for (const file of folder.files) {
      const kernel = FILES.exec(file)?.[1] === 'guest61' ? '6.1' : '6.18';
      if (!FILES.test(file)) continue;
      for (const row of rowsOf(folder, file))
        if (isComparedFuse(row.key) && wanted(recordingOf(row.key))) yield compareFuseRow(folder.name, row, kernel);
    }
  },
};
