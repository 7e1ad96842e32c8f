/** What a comparison with recordings found, as text for terminals and as Markdown. */
import type { FidelityReport } from '../fidelity/areas.ts';
import type { FidelitySet } from '../fidelity/sets.ts';
import type { FidelityPart } from '../report.ts';
import { mainFigures } from '../view/fidelity.ts';
import { recordingRows } from '../tables/recordings.ts';
import { alignedTable, painter, type Column } from './columns.ts';

export interface FidelityRow {
  readonly area: string;
  readonly name: string;
  readonly mode: string;
  /** `48 of 327,680 accesses differ`, `4,646 of 4,646 checks`. */
  readonly agreement: string;
  /** The figure that matters most: what it was, what it is here. */
  readonly figure: string;
  readonly kernel: string;
  readonly simulated: string;
  readonly error: string;
  readonly spread: string;
  /** The figure that is farthest off. */
  readonly worst: string;
}

const whole = (value: number): string =>
  Number.isInteger(value)
    ? String(value).replace(/\B(?=(\d{3})+(?!\d))/g, ',')
    : String(Math.round(value * 1000) / 1000);

/** `+0.18 %`; `0` for none. */
export function percent(share: number): string {
  if (share === 0) return '0';
  const value = 100 * share;
  const digits = Math.abs(value) < 0.1 ? 3 : Math.abs(value) < 10 ? 2 : 0;
  return `${value > 0 ? '+' : '−'}${Math.abs(value).toFixed(digits)} %`;
}

export function fidelityRow(set: FidelitySet): FidelityRow {
  let worst = '';
  for (const name of Object.keys(set.errors))
    if (worst === '' || Math.abs(set.errors[name]) > Math.abs(set.errors[worst])) worst = name;
  const agreement =
    set.checks > 0
      ? `${whole(set.matched)} of ${whole(set.checks)} checks`
      : set.differingAccesses === null
        ? 'counters only'
        : `${whole(set.differingAccesses)} of ${whole(set.accesses)} accesses differ`;
  const shown = mainFigures(set);
  const sum = (figures: Readonly<Record<string, number>>) => shown.map((name) => whole(figures[name])).join(' + ');
  const largest = (figures: Readonly<Record<string, number>>) =>
    shown.reduce((found, name) => (Math.abs(figures[name] ?? 0) > Math.abs(found) ? figures[name] : found), 0);
  return {
    area: set.area,
    name: set.name,
    mode: set.mode,
    agreement: set.checks === 0 && set.accesses === 0 ? '' : agreement,
    figure: shown[0] ?? '',
    kernel: sum(set.kernel),
    simulated: sum(set.simulated),
    error: shown.length === 0 ? '' : percent(largest(set.errors)),
    spread: shown.some((name) => name in set.spread) ? percent(largest(set.spread)).replace('+', '') : '',
    worst:
      shown.includes(worst) || worst === '' || set.errors[worst] === 0 ? '' : `${worst} ${percent(set.errors[worst])}`,
  };
}

const columns: readonly (Column & { readonly of: keyof FidelityRow })[] = [
  { title: 'recording', align: 'left', of: 'name' },
  { title: 'mode', align: 'left', of: 'mode' },
  { title: 'agreement', align: 'left', of: 'agreement' },
  { title: 'figure', align: 'left', of: 'figure' },
  { title: 'kernel', align: 'right', of: 'kernel' },
  { title: 'simulated', align: 'right', of: 'simulated' },
  { title: 'error', align: 'right', of: 'error' },
  { title: 'kernel’s spread', align: 'right', of: 'spread' },
  { title: 'farthest off', align: 'left', of: 'worst' },
];

interface FidelityTable {
  readonly columns: readonly Column[];
  readonly rows: readonly (readonly string[])[];
  readonly notes: readonly string[];
}

/** A table of one area's sets: a row each, in columns in which somebody says something. */
function tableOf(sets: readonly FidelitySet[]): FidelityTable {
  const own = [...new Set(sets.flatMap((set) => set.columns ?? []))];
  if (own.length > 0) return tableOfFigures(sets, own);
  const rows = sets.map(fidelityRow);
  const used = columns.filter(({ of }) => rows.some((row) => row[of] !== ''));
  return { columns: used, rows: rows.map((row) => used.map(({ of }) => row[of])), notes: notesOf(sets) };
}

/** The same with a column for each figure, `kernel / simulated error`; notes are many rows' and numbered. */
function tableOfFigures(sets: readonly FidelitySet[], figures: readonly string[]): FidelityTable {
  const notes = [...new Set(sets.flatMap((set) => set.notes ?? []))];
  const figure = (set: FidelitySet, name: string): string =>
    name in set.errors
      ? `${whole(set.kernel[name])} / ${whole(set.simulated[name])}  ${percent(set.errors[name])}`
      : '';
  return {
    columns: [
      { title: 'recording', align: 'left' },
      { title: 'mode', align: 'left' },
      ...figures.map((title): Column => ({ title: `${title}, simulated`, align: 'right' })),
      { title: 'why', align: 'left' },
    ],
    rows: sets.map((set) => [
      set.name,
      set.mode,
      ...figures.map((name) => figure(set, name)),
      (set.notes ?? []).map((note) => notes.indexOf(note) + 1).join(', '),
    ]),
    notes: notes.map((note, i) => `why ${i + 1}: ${note}`),
  };
}

const areasOf = (report: FidelityReport): string[] => [...new Set(report.sets.map((set) => set.area))];

/** Where to read about the models that were compared; recordings of one's own are of page reclaim. */
const pagesOf = (report: FidelityReport): string[] => {
  const areas = areasOf(report).map((area) => area.replace(/^own$/, 'reclaim'));
  const rows = recordingRows.filter(({ name }) => areas.some((area) => area === name || area.startsWith(`${name}-`)));
  return [...new Set(rows.map(({ page }) => `docs/models/${page}`))];
};

const notesOf = (sets: readonly FidelitySet[]): string[] =>
  sets.flatMap((set) => (set.notes ?? []).map((note) => `${set.name} ${set.mode}: ${note}`));

/** What the parts of a run found, as one comparison. */
export const fidelityOf = (parts: readonly FidelityPart[]): FidelityReport => ({
  sets: parts.flatMap((part) => part.sets),
  unknown: parts.flatMap((part) => part.unknown),
  unusable: parts.flatMap((part) => part.unusable),
});

/** Ends with a newline. */
export function fidelityText(report: FidelityReport, colour: boolean): string {
  const paint = painter(colour);
  const lines: string[] = [];
  for (const area of areasOf(report)) {
    const sets = report.sets.filter((set) => set.area === area);
    const table = tableOf(sets);
    lines.push(paint(area, 'bold'));
    lines.push(...alignedTable(table.columns, table.rows, paint));
    lines.push(...table.notes.map((note) => paint(`• ${note}`, 'dim')), '');
  }
  for (const { folder, reason } of report.unusable) lines.push(paint(`unusable: ${folder}: ${reason}`, 'bad'));
  for (const file of report.unknown) lines.push(paint(`unknown file, not compared: ${file}`, 'warn'));
  if (report.sets.length === 0) lines.push('Nothing was compared.');
  else
    lines.push(
      ...(lines.at(-1) === '' ? [] : ['']),
      `What is modelled, simplified and left out, by mechanism: ${pagesOf(report).join(', ')}.`,
    );
  return `${lines.join('\n').trimEnd()}\n`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** Tables by area, headings of the given level; ends without a newline. */
export function fidelityMarkdown(report: FidelityReport, level = 2): string {
  const blocks: string[] = [];
  for (const area of areasOf(report)) {
    const sets = report.sets.filter((set) => set.area === area);
    const { columns: used, rows, notes } = tableOf(sets);
    blocks.push(`${'#'.repeat(level)} ${area}`);
    blocks.push(
      [
        `| ${used.map(({ title }) => title).join(' | ')} |`,
        `| ${used.map(({ align }) => (align === 'right' ? '---:' : '---')).join(' | ')} |`,
        ...rows.map((row) => `| ${row.map(cell).join(' | ')} |`),
      ].join('\n'),
    );
    if (notes.length > 0) blocks.push(notes.map((note) => `- ${note}`).join('\n'));
  }
  if (report.unusable.length > 0)
    blocks.push(report.unusable.map(({ folder, reason }) => `- unusable: ${folder}: ${reason}`).join('\n'));
  if (report.unknown.length > 0) blocks.push(report.unknown.map((file) => `- unknown file: ${file}`).join('\n'));
  return blocks.join('\n\n');
}
