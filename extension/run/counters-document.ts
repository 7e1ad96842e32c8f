/** The counters of runs as a readable document: a single point in the layout of /proc/vmstat, several side by side. */
import type { PointReport, Report } from '../../simulator/report.ts';

/** Points side by side in one table. */
const COLUMNS = 8;

export function countersDocument(reports: readonly Report[]): string {
  const blocks = [
    '# Kernel counters',
    'At the end of each run, under the names of `/proc/vmstat`; counts of pages unless the name says otherwise.',
  ];
  for (const report of reports) {
    blocks.push(`## ${report.title || 'Run'}${report.partial ? ' (partial)' : ''}`);
    blocks.push(`Seed ${report.seed}, model ${report.model}.`);
    const { moved, still } = counterNames(report.points);
    if (report.points.length === 1) blocks.push(list(report.points[0], [...moved, ...still]));
    else {
      for (let at = 0; at < report.points.length; at += COLUMNS) {
        blocks.push(table(moved, report, report.points.slice(at, at + COLUMNS)));
      }
      if (still.length > 0) blocks.push(`Zero throughout: ${still.map((name) => `\`${name}\``).join(', ')}.`);
    }
  }
  return `${blocks.join('\n\n')}\n`;
}

export function labelOf(report: Report, point: PointReport): string {
  const parts = point.coordinates.map((at, axis) => {
    const { name, values } = report.axes[axis];
    const label = values[at]?.label ?? String(at);
    return report.axes[axis].kind === 'compare' && name === 'reclaim' ? label : `${name} ${label}`;
  });
  return parts.length > 0 ? parts.join(', ') : Object.values(point.variant).join(', ') || 'run';
}

/** Every counter that any point has, in the order of the first that has it. */
function counterNames(points: readonly PointReport[]): { readonly moved: string[]; readonly still: string[] } {
  const names = [...new Set(points.flatMap(({ counters }) => Object.keys(counters)))];
  const moves = (name: string) => points.some(({ counters }) => (counters[name] ?? 0) !== 0);
  return { moved: names.filter(moves), still: names.filter((name) => !moves(name)) };
}

const list = ({ counters }: PointReport, names: readonly string[]): string =>
  ['```text', ...names.map((name) => `${name} ${counters[name] ?? 0}`), '```'].join('\n');

/** Aligned, so that it reads as well in the editor as in a preview. */
function table(names: readonly string[], report: Report, points: readonly PointReport[]): string {
  if (names.length === 0) return 'Nothing was counted.';
  const rows = [
    ['counter', ...points.map((point) => labelOf(report, point).replaceAll('|', '\\|'))],
    ...names.map((name) => [
      `\`${name}\``,
      ...points.map(({ counters }) => (counters[name] ?? 0).toLocaleString('en-US')),
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? `:${'-'.repeat(width + 1)}` : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n');
}
