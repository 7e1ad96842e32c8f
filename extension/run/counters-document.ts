/** The counters of a run as a readable document: a table for each run, and each point in the layout of /proc/vmstat. */
import type { PointReport, Report } from '../../simulator/report.ts';

export function countersDocument(reports: readonly Report[]): string {
  const blocks = [
    '# Kernel counters',
    'At the end of each run, under the names of `/proc/vmstat`; counts of pages unless the name says otherwise.',
  ];
  for (const report of reports) {
    blocks.push(`## ${report.title || 'Run'}${report.partial ? ' (partial)' : ''}`);
    blocks.push(`Seed ${report.seed}, model ${report.model}.`);
    const labels = report.points.map((point) => labelOf(report, point));
    const names = counterNames(report.points);
    if (report.points.length <= 8) blocks.push(table(names, labels, report));
    report.points.forEach((point, i) => {
      if (labels.length > 1) blocks.push(`### ${labels[i]}`);
      blocks.push(['```text', ...names.map((name) => `${name} ${point.counters[name] ?? 0}`), '```'].join('\n'));
    });
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

/** Every counter that any point has, in the order of the first that has it; those that are zero everywhere come last, as noise. */
function counterNames(points: readonly PointReport[]): string[] {
  const names = [...new Set(points.flatMap(({ counters }) => Object.keys(counters)))];
  const moved = (name: string) => points.some(({ counters }) => (counters[name] ?? 0) !== 0);
  return [...names.filter(moved), ...names.filter((name) => !moved(name))];
}

/** Aligned, so that it reads as well in the editor as in a preview. */
function table(names: readonly string[], labels: readonly string[], report: Report): string {
  const moved = names.filter((name) => report.points.some(({ counters }) => (counters[name] ?? 0) !== 0));
  if (moved.length === 0) return 'Nothing was counted.';
  const rows = [
    ['counter', ...labels.map((label) => label.replaceAll('|', '\\|'))],
    ...moved.map((name) => [
      `\`${name}\``,
      ...report.points.map(({ counters }) => (counters[name] ?? 0).toLocaleString('en-US')),
    ]),
  ];
  const widths = rows[0].map((_, column) => Math.max(3, ...rows.map((row) => row[column].length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(' | ')} |`;
  const rule = `|${widths.map((width, i) => (i === 0 ? `:${'-'.repeat(width + 1)}` : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join('\n');
}
