/** One figure of the bench suite, and how the suite prints them. */
export interface Row {
  readonly suite: string;
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** To the suite's own yardstick, where it has one. */
  readonly ratio?: number;
  /** Upper limit of `value`, where a budget is written down. */
  readonly budget?: number;
  readonly note?: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}

export function printRows(rows: readonly Row[]): string {
  const lines: string[] = [];
  let suite = '';
  for (const row of rows) {
    if (row.suite !== suite) lines.push('', (suite = row.suite));
    const ratio = row.ratio === undefined ? '' : `× ${row.ratio.toFixed(2)}`;
    const budget =
      row.budget === undefined ? '' : `budget ${row.budget} ${row.value <= row.budget ? 'kept' : 'EXCEEDED'}`;
    lines.push(
      `  ${row.name.padEnd(28)} ${row.value.toFixed(2).padStart(9)} ${row.unit.padEnd(13)} ${ratio.padEnd(8)} ${[budget, row.note].filter(Boolean).join('  ')}`,
    );
  }
  return lines.join('\n');
}
