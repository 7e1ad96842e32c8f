/** Reports as one CSV table, a row a point (or, of recordings, a figure): what a spreadsheet or a data frame wants. RFC 4180; the same columns in every row. */
import type { PointReport, Report } from '../report.ts';

/** Values in base units: bytes, nanoseconds, pages; empty where a point has no such value. */
export function reportsToCsv(reports: readonly Report[]): string {
  if (reports.every(({ fidelity }) => fidelity !== undefined)) return fidelityCsv(reports);
  const points = reports.flatMap((report) => report.points.map((point) => ({ report, point })));
  const groups = ['variant', 'at', 'measures', 'counters'] as const;
  const columns = groups.flatMap((group) => {
    const names = new Set(points.flatMap(({ point }) => Object.keys(point[group])));
    return [...names].map((name) => ({ name, of: (point: PointReport) => point[group][name] }));
  });
  const header = ['run', ...columns.map((c) => c.name), 'time', 'complete'];
  const rows = points.map(({ report, point }) => [
    report.title,
    ...columns.map((c) => c.of(point) ?? ''),
    point.time,
    point.complete,
  ]);
  return [header, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

/** Comparisons with recordings: a row a figure. */
function fidelityCsv(reports: readonly Report[]): string {
  const header = ['run', 'area', 'name', 'mode', 'figure', 'kernel', 'simulated', 'error', 'spread'];
  const rows = reports.flatMap(({ title, fidelity = [] }) =>
    fidelity.flatMap(({ sets }) =>
      sets.flatMap(({ area, name, mode, kernel, simulated, errors, spread }) =>
        Object.keys(errors).map((figure) => [
          ...[title, area, name, mode, figure],
          ...[kernel[figure], simulated[figure], errors[figure], spread[figure] ?? ''],
        ]),
      ),
    ),
  );
  return [header, ...rows].map((row) => `${row.map(field).join(',')}\r\n`).join('');
}

const field = (value: string | number | boolean): string => {
  const text = String(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};
