/**
 * Figures derived from counts: one row each, with the formula. The same formulas serve whole runs, phases, passes and windows of time.
 */
import type { Gauges } from '../machine/memory.ts';
import type { ExitReport, PassReport, RecoveryReport } from '../report.ts';
import { PAGE_SIZE, SECOND } from '../units.ts';
import { counter, type Counter } from './define.ts';
import { exitMeasures } from './exit-measures.ts';
import { deviceMeasures, type DeviceFigures } from './device-measures.ts';
import { numaMeasures, type NumaFigures } from './numa-measures.ts';
import { writebackMeasures, type WritebackFigures } from './writeback-measures.ts';
import { volatileMeasures, type VolatileFigures } from './volatile-measures.ts';

/** What formulas may ask for: totals over some span of a run. */
export interface MeasureInput {
  readonly accesses: number;
  readonly hits: number;
  readonly misses: number;
  /** Simulated nanoseconds. */
  readonly elapsed: number;
  /** Rise of a counter over the span. */
  counter(name: string): number;
  /** Levels at the end of the span; absent in windows of time. */
  readonly gauges?: Gauges;
  readonly passes?: readonly Pick<PassReport, 'accesses' | 'misses'>[];
  /** Memory pressure at the end of the span, by measure name; absent on the fast path. */
  readonly pressure?: Readonly<Record<string, number>>;
  /** Mean over the run so far, when it is kept. */
  readonly refaultDistance?: number;
  /** Levels of a machine with several nodes, at the end; worked out when asked for. */
  readonly numa?: () => NumaFigures;
  /** Of machines with devices. */
  readonly devices?: () => DeviceFigures;
  /** Levels of volatile memory; worked out when asked for. */
  readonly volatile?: () => VolatileFigures;
  /** Of runs with FUSE mounts. */
  readonly writeback?: () => WritebackFigures;
  readonly recovery?: RecoveryReport;
  readonly exits?: readonly ExitReport[];
}

export interface Measure extends Counter {
  /** NaN: can't be told from this input. */
  of(input: MeasureInput): number;
  /** Counters the formula asks for: what has to be recorded to draw it over time. */
  readonly needs: readonly string[];
  /** A level (drawn as sampled) rather than a ratio of rises (drawn for windows of time). */
  readonly level?: boolean;
}

const derived = { kind: 'derived', where: 'counted by the simulator' } as const;

const measure = (
  name: string,
  title: string,
  unit: Counter['unit'],
  doc: string,
  of: Measure['of'],
  rest: { needs?: readonly string[]; level?: boolean; kernel?: string } = {},
): Measure => ({
  ...counter({
    name,
    title,
    kind: 'measure',
    unit,
    doc,
    source: derived,
    ...(rest.kernel ? { kernel: rest.kernel } : {}),
  }),
  of,
  needs: rest.needs ?? [],
  ...(rest.level ? { level: true } : {}),
});

const REFAULTS = ['workingset_refault_file', 'workingset_refault_anon'] as const;
const SCANS = ['pgscan_kswapd', 'pgscan_direct'] as const;
const STEALS = ['pgsteal_kswapd', 'pgsteal_direct'] as const;
const sum = (input: MeasureInput, names: readonly string[]) => names.reduce((n, name) => n + input.counter(name), 0);

/** A pass counts as adapted when at least this share of it hits. */
export const ADAPTED = 0.99;

const pressure = (kind: 'some' | 'full', field: 'avg10' | 'avg60' | 'avg300' | 'total') => {
  const name = `memory.pressure.${kind}.${field}`;
  const who = kind === 'some' ? 'at least one task' : 'all tasks that had something to do';
  return measure(
    name,
    `Memory pressure, ${kind} ${field}`,
    field === 'total' ? 'ns' : 'percent',
    field === 'total'
      ? `Time for which ${who} waited for memory.`
      : `Share of the last ${field.slice(3)} s in which ${who} waited for memory (exponential average, as the kernel’s).`,
    (input) => input.pressure?.[name] ?? NaN,
    { level: true, kernel: '/proc/pressure/memory' },
  );
};

export const measures: readonly Measure[] = [
  measure('accesses', 'Accesses', 'events', 'Page-sized accesses.', (i) => i.accesses),
  measure(
    'hits',
    'Hits',
    'events',
    'Accesses whose page was in memory, or was made on the spot (first touch of anonymous memory).',
    (i) => i.hits,
  ),
  measure(
    'misses',
    'Misses',
    'events',
    'Accesses whose page was not in memory: it had to be read from disk or swap, or was made by writing all of it to a file.',
    (i) => i.misses,
  ),
  measure('hit-ratio', 'Hit ratio', 'ratio', 'Hits by accesses.', (i) => i.hits / i.accesses),
  measure('miss-ratio', 'Miss ratio', 'ratio', 'Misses by accesses.', (i) => i.misses / i.accesses),
  measure(
    'refault-rate',
    'Refault rate',
    'ratio',
    'Share of the misses that brought back a page whose eviction was still remembered.',
    (i) => sum(i, REFAULTS) / i.misses,
    { needs: REFAULTS },
  ),
  measure(
    'refault-distance',
    'Refault distance',
    'pages',
    'Evictions and activations between a page’s eviction and its return: the mean over the run, or the whole distribution. Two-list variants only.',
    (i) => i.refaultDistance ?? NaN,
    { level: true },
  ),
  measure(
    'reclaim-efficiency',
    'Reclaim efficiency',
    'ratio',
    'Pages reclaimed by pages scanned.',
    (i) => sum(i, STEALS) / sum(i, SCANS),
    { needs: [...SCANS, ...STEALS] },
  ),
  measure(
    'active-share',
    'Active share',
    'ratio',
    'Share of the listed file and anonymous pages that is on active lists.',
    ({ gauges }) => {
      if (!gauges) return NaN;
      const active = gauges.nr_active_file + gauges.nr_active_anon;
      return active / (active + gauges.nr_inactive_file + gauges.nr_inactive_anon);
    },
    { level: true },
  ),
  measure(
    'clean-file',
    'Clean file',
    'pages',
    'File pages on the lists that are neither dirty nor under writeback: what reclaim can free at once.',
    ({ gauges }) => {
      const listed = gauges ? gauges.nr_active_file + gauges.nr_inactive_file : 0;
      return gauges && listed > 0 ? Math.max(0, listed - gauges.nr_dirty - gauges.nr_writeback) : NaN;
    },
    { level: true },
  ),
  measure(
    'adaptation-passes',
    'Passes until adapted',
    'events',
    'The first pass of a phase of which at least 99 % hits, counted from 1; infinite if none does. For a whole run: of its last phase with passes.',
    ({ passes }) => {
      if (!passes || passes.length === 0) return NaN;
      const first = passes.findIndex((pass) => pass.accesses - pass.misses >= ADAPTED * pass.accesses);
      return first < 0 ? Infinity : first + 1;
    },
  ),
  measure('elapsed', 'Elapsed time', 'ns', 'Simulated time.', (i) => i.elapsed),
  measure(
    'throughput',
    'Throughput',
    'bytes/s',
    'Bytes accessed by simulated time.',
    (i) => (i.accesses * PAGE_SIZE * SECOND) / i.elapsed,
  ),
  measure(
    'mean-access-time',
    'Mean access time',
    'ns',
    'Simulated time by accesses: what one page-sized access took on average, idle time included.',
    (i) => i.elapsed / i.accesses,
  ),
  ...(['some', 'full'] as const).flatMap((kind) =>
    (['avg10', 'avg60', 'avg300', 'total'] as const).map((field) => pressure(kind, field)),
  ),
  ...exitMeasures,
  ...numaMeasures,
  ...deviceMeasures,
  ...volatileMeasures,
  ...writebackMeasures,
];

const byName = new Map(measures.map((m) => [m.name, m]));

export const measureByName = (name: string): Measure | undefined => byName.get(name);
