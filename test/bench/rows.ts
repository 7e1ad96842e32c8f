/** One figure of the bench suite, how it is judged, and how figures are printed. */
export interface Row {
  readonly suite: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** To the suite's own yardstick, where it has one. */
  readonly ratio?: number;
  /** Upper limit of `value`, where a budget is written down. */
  readonly budget?: number;
  /** Lower limit of `value`. */
  readonly least?: number;
  /** Lower limit of `ratio`. */
  readonly reach?: number;
  readonly note?: string;
  /** Where the row stands in documents, which put several suites beside each other: a table with names down and these titles across. */
  readonly column?: {
    readonly table: string;
    readonly title: string;
    readonly shows: 'value' | 'ratio' | 'both' | 'note';
  };
}

/** What `npm run bench` writes: figures by suite, and the machine they are true of. */
export interface BenchFile {
  readonly machine: Readonly<Record<string, string | number>>;
  readonly date?: string;
  readonly suites: Readonly<Record<string, { readonly rounds: number; readonly rows: readonly Row[] }>>;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

/** Median of a[i] / b[i]: rounds that alternate are compared round by round, so that a drift of the machine's speed cancels. */
export const medianRatio = (a: readonly number[], b: readonly number[]): number => median(a.map((v, i) => v / b[i]));

/** Whether a row keeps what it has been set; null if it has been set nothing. */
export function isKept({ value, ratio, budget, least, reach }: Row): boolean | null {
  if (budget === undefined && least === undefined && reach === undefined) return null;
  return (
    (budget === undefined || value <= budget) &&
    (least === undefined || value >= least) &&
    (reach === undefined || (ratio !== undefined && ratio >= reach))
  );
}

export function targetText({ budget, least, reach }: Row): string {
  return [
    budget === undefined ? '' : `≤ ${shortNumber(budget)}`,
    least === undefined ? '' : `≥ ${shortNumber(least)}`,
    reach === undefined ? '' : `≥ × ${shortNumber(reach)}`,
  ]
    .filter(Boolean)
    .join(', ');
}

/** Three significant digits, whole numbers in full: 0.00004, 1.25, 12.5, 1250. */
export function shortNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  if (Math.abs(value) >= 100) return value.toFixed(0);
  return Math.abs(value) < 1e-6 ? value.toExponential(1) : String(Number(value.toPrecision(3)));
}

const verdicts = new Map([
  [true, 'kept'],
  [false, 'MISSED'],
  [null, ''],
]);

export const COLUMNS = ['what', 'value', 'unit', 'ratio', 'target', 'verdict', 'note'] as const;

export const cellsOf = (row: Row): readonly string[] => [
  row.name,
  shortNumber(row.value),
  row.unit,
  row.ratio === undefined ? '' : `× ${row.ratio.toFixed(2)}`,
  targetText(row),
  verdicts.get(isKept(row))!,
  row.note ?? '',
];

/** Columns that are flush right. */
const RIGHT = new Set([1, 3]);

/** All figures as one table, a line above each suite. */
export function printRows(rows: readonly Row[]): string {
  const cells = rows.map(cellsOf);
  const widths = COLUMNS.map((title, i) => Math.max(title.length, ...cells.map((line) => line[i].length)));
  const line = (texts: readonly string[]): string =>
    `  ${texts.map((text, i) => (RIGHT.has(i) ? text.padStart(widths[i]) : text.padEnd(widths[i]))).join('  ')}`.trimEnd();
  const lines = [line(COLUMNS)];
  rows.forEach((row, i) => {
    if (row.suite !== rows[i - 1]?.suite) lines.push('', row.suite);
    lines.push(line(cells[i]));
  });
  const judged = rows.map(isKept).filter((kept) => kept !== null);
  lines.push('', `${judged.filter(Boolean).length} of ${judged.length} targets kept`);
  return lines.join('\n');
}
