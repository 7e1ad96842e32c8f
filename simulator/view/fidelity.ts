/**
 * What recordings of real kernels say beside the simulator, as charts and tables: for each folder of recordings the error of the figure that
 * matters most beside the kernel's own spread, then every recording as a row.
 */
import type { FidelitySet } from '../fidelity/sets.ts';
import type { FidelityPart, Report } from '../report.ts';
import { recordingOf, recordingRow } from '../tables/recordings.ts';
import { styleOf, type AxisModel, type ChartModel, type DataTable, type SeriesModel } from './chart-model.ts';
import { formatValue } from './format.ts';
import { categoryAxis, valueAxis } from './panel.ts';
import { sentenceFor } from './sentence.ts';

/** More categories than that are told by recording, the set that is farthest off for all of them. */
const MOST_BARS = 24;
/** So many recordings are named when a note holds for several. */
const NAMED = 3;
/** In a column of words. */
const NOTHING = '–';

/** The figures that matter most of a set: accesses of two classes (an old and a new set, a hot set and a stream) are told apart. */
export function mainFigures({ errors }: FidelitySet): readonly string[] {
  if (['misses', 'misses-class1'].every((name) => name in errors)) return ['misses', 'misses-class1'];
  return Object.keys(errors).slice(0, 1);
}

/** Error of the main figures, the larger one; of recordings that are checks, the share that does not match. NaN: nothing is compared. */
export function mainError(set: FidelitySet): number {
  if (set.checks > 0) return (set.matched - set.checks) / set.checks;
  return farthest(mainFigures(set).map((name) => set.errors[name]));
}

/** How far the kernel's own repeats are apart in them; NaN for a single repeat. */
export const mainSpread = (set: FidelitySet): number =>
  farthest(mainFigures(set).flatMap((name) => (name in set.spread ? [set.spread[name]] : [])));

const farthest = (values: readonly number[]): number =>
  values.reduce((found, value) => (Math.abs(value) > Math.abs(found) || Number.isNaN(found) ? value : found), NaN);

/** Below one in a million an error is that of fractions in the recording: no count is so large. */
const unlessNoise = (error: number): number => (Math.abs(error) < 1e-6 ? 0 : error);

export function fidelityCharts(report: Report): ChartModel[] {
  const parts = report.fidelity ?? [];
  return [...(parts.length > 1 ? [overview(parts)] : []), ...parts.flatMap(chartsOfPart)];
}

function overview(parts: readonly FidelityPart[]): ChartModel {
  const rows = parts.map(({ area, complete, sets }) => {
    const told = sets.filter((set) => set.differingAccesses !== null);
    const errors = sets.map((set) => Math.abs(mainError(set))).filter((error) => !Number.isNaN(error));
    const sum = (of: (set: FidelitySet) => number, over = sets) => over.reduce((n, set) => n + of(set), 0);
    const checks = sum((set) => set.checks);
    return [
      complete ? titleOf(area) : `${titleOf(area)} (interrupted)`,
      sets.length,
      told.length > 0 ? sum((set) => set.accesses, told) : null,
      told.length > 0 ? sum((set) => set.differingAccesses ?? 0, told) : null,
      checks > 0 ? checks : null,
      checks > 0 ? sum((set) => set.matched) : null,
      median(errors),
      errors.length > 0 ? Math.max(...errors) : null,
    ];
  });
  return tableModel('fidelity.0', 'All recordings', {
    columns: [
      { title: 'recorded', unit: '' },
      { title: 'sets', unit: 'count' },
      { title: 'accesses', unit: 'count' },
      { title: 'that differ', unit: 'count' },
      { title: 'checks', unit: 'count' },
      { title: 'that match', unit: 'count' },
      { title: 'median error', unit: 'ratio' },
      { title: 'largest', unit: 'ratio' },
    ],
    rows,
  });
}

function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = [...values].sort((a, b) => a - b);
  return (sorted[(sorted.length - 1) >> 1] + sorted[sorted.length >> 1]) / 2;
}

const titleOf = (area: string): string => recordingRow(area)?.title ?? area;

function chartsOfPart(part: FidelityPart): ChartModel[] {
  const title = titleOf(part.area);
  const table = tableModel(
    `${part.area}.1`,
    `${title}: the kernel beside the simulator`,
    rowsOf(part.sets),
    notesOf(part),
  );
  const bars = errorBars(part, title);
  return bars ? [bars, table] : [table];
}

interface Pair {
  readonly error: number;
  readonly spread: number;
}

interface Bar extends Pair {
  readonly label: string;
}

function errorBars({ area, sets }: FidelityPart, title: string): ChartModel | null {
  const named = sets.map((set) => ({ ...pair(set), label: `${set.name} ${set.mode}` }));
  const bars = named.length <= MOST_BARS ? named : byRecording(sets);
  const drawn = bars.filter(({ error }) => !Number.isNaN(error));
  // one bar says no more than its row
  if (drawn.length < 2) return null;
  const x = Float64Array.from(drawn, (_, i) => i);
  const all: readonly SeriesModel[] = [
    {
      key: 'fidelity error',
      label: 'error of the simulator',
      unit: 'ratio',
      style: styleOf(0),
      x,
      y: Float64Array.from(drawn, ({ error }) => Math.abs(error)),
    },
    {
      key: 'fidelity spread',
      label: 'the kernel’s own spread',
      unit: 'ratio',
      style: styleOf(0, true),
      x,
      y: Float64Array.from(drawn, ({ spread }) => spread),
    },
  ];
  const series = all.filter(({ y }) => y.some((value) => !Number.isNaN(value)));
  const checks = sets.some((set) => set.checks > 0);
  return {
    ...blank(`${area}.0`, 'bars', checks ? `${title}: checks that do not match` : `${title}: error by recording`),
    names: [area],
    doc: checks
      ? 'Share of recorded values (an errno, a mask, a node) that come out otherwise here.'
      : 'Error of the figure that matters most, against the nearest of the kernel’s repeats, without its sign; and how far those repeats are apart, (largest − smallest) / smallest.',
    x: categoryAxis(
      'recording',
      drawn.map(({ label }) => label),
    ),
    y: valueAxis(
      checks ? 'share of checks' : 'error',
      'ratio',
      series.map(({ y }) => y),
    ),
    series,
    notes:
      drawn.length < named.length
        ? ['Of recordings with several sets the one that is farthest off is drawn; the table has them all.']
        : [],
    sentence: sentenceOf(title, drawn, checks),
  };
}

/** Who is farthest off, and whether the kernel itself is farther from itself. */
function sentenceOf(title: string, bars: readonly Bar[], checks: boolean): string {
  const worst = bars.reduce((found, bar) => (Math.abs(bar.error) > Math.abs(found.error) ? bar : found));
  const what = checks ? 'share of checks that do not match' : 'error';
  const head = `Bar chart: ${title}: ${what} of ${bars.length} recordings`;
  if (worst.error === 0) return `${head}, all 0 %.`;
  const repeated = bars.filter(({ spread }) => !Number.isNaN(spread));
  const within = repeated.filter(({ error, spread }) => Math.abs(error) <= spread).length;
  const beside =
    repeated.length === 0
      ? ''
      : `; within the kernel’s own spread in ${within} of the ${repeated.length} that were repeated`;
  return `${head}, largest ${formatValue(Math.abs(worst.error), 'ratio')} in ${worst.label}${beside}.`;
}

const pair = (set: FidelitySet): Pair => ({ error: unlessNoise(mainError(set)), spread: mainSpread(set) });

/** Error and spread belong together: those of the set that is farthest off. */
const farther = (a: Pair, b: Pair): Pair => (Math.abs(b.error) > Math.abs(a.error) || Number.isNaN(a.error) ? b : a);

function byRecording(sets: readonly FidelitySet[]): Bar[] {
  const found = new Map<string, FidelitySet[]>();
  for (const set of sets) {
    const label = `${recordingOf(set.name)} ${set.mode}`;
    found.set(label, [...(found.get(label) ?? []), set]);
  }
  return [...found].map(([label, of]) => ({ label, ...of.map(pair).reduce(farther) }));
}

/** A row for each main figure; of recordings that are checks, one. Columns that say nothing of any of them are left out. */
function rowsOf(sets: readonly FidelitySet[]): DataTable {
  const columns = [
    { title: 'recording', unit: '' },
    { title: 'mode', unit: '' },
    { title: 'figure', unit: '' },
    { title: 'kernel', unit: 'count' },
    { title: 'simulated', unit: 'count' },
    { title: 'error', unit: 'ratio' },
    { title: 'kernel’s spread', unit: 'ratio' },
    { title: 'accesses that differ', unit: 'count' },
    { title: 'of', unit: 'count' },
    { title: 'other figures, farthest off', unit: '' },
  ];
  const rows = sets.flatMap((set): (string | number | null)[][] => {
    const told = set.differingAccesses === null ? [null, null] : [set.differingAccesses, set.accesses];
    const off = farthestOff(set);
    if (set.checks > 0)
      return [[set.name, set.mode, 'checks', set.checks, set.matched, mainError(set), null, ...told, off]];
    return mainFigures(set).map((figure, i) => [
      set.name,
      set.mode,
      figure,
      set.kernel[figure],
      set.simulated[figure],
      unlessNoise(set.errors[figure]),
      set.spread[figure] ?? null,
      ...(i === 0 ? told : [null, null]),
      i === 0 ? off : null,
    ]);
  });
  const kept = columns.flatMap((_, c) => (rows.some((row) => row[c] !== null) ? [c] : []));
  return {
    columns: kept.map((c) => columns[c]),
    rows: rows.map((row) => kept.map((c) => row[c] ?? (columns[c].unit === '' ? NOTHING : null))),
  };
}

/** The figure besides the main ones that is farthest off, and by how much: `pgrefill +0.2 %`; null where all are exact. */
function farthestOff(set: FidelitySet): string | null {
  const main = new Set(mainFigures(set));
  let found = { name: '', error: 0 };
  for (const [name, error] of Object.entries(set.errors))
    if (!main.has(name) && Math.abs(unlessNoise(error)) > Math.abs(found.error)) found = { name, error };
  return found.name === '' ? null : `${found.name} ${found.error > 0 ? '+' : ''}${formatValue(found.error, 'ratio')}`;
}

function notesOf({ sets, unknown, unusable }: FidelityPart): string[] {
  const said = new Map<string, string[]>();
  for (const set of sets)
    for (const note of set.notes ?? []) said.set(note, [...(said.get(note) ?? []), `${set.name} ${set.mode}`]);
  return [
    ...unusable.map(({ folder, reason }) => `Unusable: ${folder}: ${reason}.`),
    ...unknown.map((file) => `Unknown file, not compared: ${file}.`),
    ...[...said].map(([note, names]) => {
      const more = names.length > NAMED ? ` and ${names.length - NAMED} others` : '';
      return `${names.slice(0, NAMED).join(', ')}${more}: ${note}.`;
    }),
  ];
}

const NO_AXIS: AxisModel = { title: '', unit: '', scale: { divide: 1, suffix: '' }, min: 0, max: 0 };

const blank = (id: string, kind: ChartModel['kind'], title: string): ChartModel => ({
  id,
  kind,
  title,
  names: [],
  doc: '',
  subtitle: '',
  stacked: false,
  stepped: false,
  x: NO_AXIS,
  y: NO_AXIS,
  series: [],
  annotations: [],
  picks: [],
  notes: [],
  sentence: '',
});

const withSentence = (model: ChartModel): ChartModel => ({ ...model, sentence: sentenceFor(model) });

const tableModel = (id: string, title: string, table: DataTable, notes: readonly string[] = []): ChartModel =>
  withSentence({ ...blank(id, 'table', title), table, notes });
