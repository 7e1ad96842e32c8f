/** A report for a terminal: facts, summary table, a chart for each plot, expectations, warnings. Pure: the caller knows width and colour. */
import type { Report } from '../report.ts';
import { chartsOf, prefersWork } from '../view/plots.ts';
import type { ChartModel } from '../view/chart-model.ts';
import { expectationsOf, verdictMark, verdictText } from '../view/expectations.ts';
import { factsOf, standingsText } from '../view/facts.ts';
import { formatCell } from '../view/format.ts';
import { summaryOf } from '../view/tables.ts';
import { dimensionsOf } from '../view/variants.ts';
import type { Paint } from './columns.ts';
import { alignedTable, cellWidth, painter, wrap } from './columns.ts';
import { fidelityOf, fidelityText } from './fidelity.ts';
import { unicodeChart } from './unicode-chart.ts';

export interface TextOptions {
  /** Cells per line; default 80. */
  readonly width?: number;
  /** ANSI colours; default off. */
  readonly color?: boolean;
}

/** Ends without a newline. */
export function reportToText(report: Report, options: TextOptions = {}): string {
  const width = Math.max(40, options.width ?? 80);
  const paint = painter(options.color ?? false);
  const blocks: string[][] = [heading(report, width, paint)];
  if (report.points.length > 0) blocks.push(summary(report, width, paint));
  if (report.fidelity) blocks.push([fidelityText(fidelityOf(report.fidelity), options.color ?? false).trimEnd()]);
  else
    for (const model of chartsOf(report, {}, { work: prefersWork(report) }))
      blocks.push(chartBlock(model, width, paint));
  const expectations = expectationLines(report, width, paint);
  if (expectations.length > 0) blocks.push(expectations);
  if (report.warnings.length > 0) {
    blocks.push([
      paint('Notes', 'bold'),
      ...report.warnings.flatMap((text) => wrap(`• ${text}`, width, '  ').map((line) => paint(line, 'dim'))),
    ]);
  }
  return blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n');
}

function heading(report: Report, width: number, paint: Paint): string[] {
  const facts = factsOf(report).map((fact) => fact.text);
  const text = [...facts, `plan ${report.plan.slice(0, 12)}`].join(' · ');
  const warn = report.partial
    ? [paint('PARTIAL: the run was interrupted; what follows is true, but not all that was asked for.', 'warn')]
    : [];
  return [paint(report.title || 'Run', 'bold'), ...wrap(text, width).map((line) => paint(line, 'dim')), ...warn];
}

function summary(report: Report, width: number, paint: Paint): string[] {
  const table = summaryOf(report);
  const sweeps = dimensionsOf(report).sweeps.length;
  const styles = new Map(dimensionsOf(report).variants.map((v) => [v.key, v.style]));
  let earlier = '';
  const rows = table.rows.map((row, r) => {
    const group = row.slice(0, sweeps).join('\n');
    const repeated = group === earlier;
    earlier = group;
    return row.map((cell, i) => {
      // A swept value is said once for the rows that share it.
      if (i < sweeps && repeated) return '';
      if (i === sweeps) return paint(String(cell), styles.get(table.keys[r])?.slot ?? 6);
      return typeof cell === 'string' ? cell : formatCell(cell, table.columns[i].unit);
    });
  });
  const columns = table.columns.map((c, i) => ({
    title: c.title,
    align: i <= sweeps ? ('left' as const) : ('right' as const),
  }));
  const standings = standingsText(dimensionsOf(report).variants);
  const badge = standings === '' ? [] : wrap(`${standings} (refault fidelity has the numbers)`, width);
  return [...alignedTable(columns, rows, paint), ...badge.map((line) => paint(line, 'dim'))];
}

function chartBlock(model: ChartModel, width: number, paint: Paint): string[] {
  const names = model.names.join(', ');
  const where = model.subtitle === '' ? '' : ` at ${model.subtitle}`;
  const fits = cellWidth(`${model.title}${where}   ${names}`) <= width;
  const title = fits
    ? [`${paint(model.title, 'bold')}${paint(`${where}   ${names}`, 'dim')}`]
    : [
        ...wrap(`${model.title}${where}`, width).map((line) => paint(line, 'bold')),
        ...wrap(names, width).map((line) => paint(line, 'dim')),
      ];
  const body = unicodeChart(model, width, paint);
  const notes = model.notes.flatMap((note) => wrap(note, width).map((line) => paint(line, 'dim')));
  return [...title, ...body, ...notes];
}

function expectationLines(report: Report, width: number, paint: Paint): string[] {
  const found = expectationsOf(report);
  if (found.length === 0) return [];
  const held = found.filter((e) => e.verdict === 'holds').length;
  const lines = found.flatMap((e) => {
    const tone = e.verdict === 'holds' ? 'good' : e.verdict === 'fails' ? 'bad' : 'warn';
    const detail = e.verdict === 'holds' ? [] : wrap(verdictText(e), width - 4).map((line) => `    ${line}`);
    return [`${paint(verdictMark(e.verdict), tone)} ${e.text}`, ...detail];
  });
  return [paint(`Expectations: ${held} of ${found.length} hold`, 'bold'), ...lines];
}
