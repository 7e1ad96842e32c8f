/** What a comparison with recordings found, as text for terminals and as Markdown. */
import type { FidelityReport } from '../fidelity/areas.ts';
import type { FidelitySet } from '../fidelity/sets.ts';
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
  const [first] = Object.keys(set.errors);
  let worst = '';
  for (const name of Object.keys(set.errors))
    if (worst === '' || Math.abs(set.errors[name]) > Math.abs(set.errors[worst])) worst = name;
  const agreement =
    set.checks > 0
      ? `${whole(set.matched)} of ${whole(set.checks)} checks`
      : set.differingAccesses === null
        ? 'counters only'
        : `${whole(set.differingAccesses)} of ${whole(set.accesses)} accesses differ`;
  // accesses of two classes (an old and a new set, a hot set and a stream) are told apart
  const shown = ['misses', 'misses-class1'].every((name) => name in set.errors)
    ? ['misses', 'misses-class1']
    : first === undefined
      ? []
      : [first];
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

/** Columns in which some row of `rows` says something. */
const usedBy = (rows: readonly FidelityRow[]) => columns.filter(({ of }) => rows.some((row) => row[of] !== ''));

const areasOf = (report: FidelityReport): string[] => [...new Set(report.sets.map((set) => set.area))];

const notesOf = (sets: readonly FidelitySet[]): string[] =>
  sets.flatMap((set) => (set.notes ?? []).map((note) => `${set.name} ${set.mode}: ${note}`));

/** Ends with a newline. */
export function fidelityText(report: FidelityReport, colour: boolean): string {
  const paint = painter(colour);
  const lines: string[] = [];
  for (const area of areasOf(report)) {
    const sets = report.sets.filter((set) => set.area === area);
    const rows = sets.map(fidelityRow);
    const used = usedBy(rows);
    lines.push(paint(area, 'bold'));
    lines.push(
      ...alignedTable(
        used,
        rows.map((row) => used.map(({ of }) => row[of])),
        paint,
      ),
    );
    lines.push(...notesOf(sets).map((note) => paint(`• ${note}`, 'dim')), '');
  }
  for (const { folder, reason } of report.unusable) lines.push(paint(`unusable: ${folder}: ${reason}`, 'bad'));
  for (const file of report.unknown) lines.push(paint(`unknown file, not compared: ${file}`, 'warn'));
  if (report.sets.length === 0) lines.push('Nothing was compared.');
  return `${lines.join('\n').trimEnd()}\n`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

/** Tables by area, headings of the given level; ends without a newline. */
export function fidelityMarkdown(report: FidelityReport, level = 2): string {
  const blocks: string[] = [];
  for (const area of areasOf(report)) {
    const sets = report.sets.filter((set) => set.area === area);
    const rows = sets.map(fidelityRow);
    const used = usedBy(rows);
    blocks.push(`${'#'.repeat(level)} ${area}`);
    blocks.push(
      [
        `| ${used.map(({ title }) => title).join(' | ')} |`,
        `| ${used.map(({ align }) => (align === 'right' ? '---:' : '---')).join(' | ')} |`,
        ...rows.map((row) => `| ${used.map(({ of }) => cell(row[of])).join(' | ')} |`),
      ].join('\n'),
    );
    const notes = notesOf(sets);
    if (notes.length > 0) blocks.push(notes.map((note) => `- ${note}`).join('\n'));
  }
  if (report.unusable.length > 0)
    blocks.push(report.unusable.map(({ folder, reason }) => `- unusable: ${folder}: ${reason}`).join('\n'));
  if (report.unknown.length > 0) blocks.push(report.unknown.map((file) => `- unknown file: ${file}`).join('\n'));
  return blocks.join('\n\n');
}
