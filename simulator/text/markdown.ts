/**
 * A report as Markdown: the accessible twin of the interactive output, and what `--format markdown` prints. Each chart is said in a sentence and
 * shown as a table when it has few numbers, as a text chart otherwise.
 */
import type { Report } from '../report.ts';
import type { ChartModel, DataTable } from '../view/chart-model.ts';
import { expectationsOf, verdictMark, verdictText } from '../view/expectations.ts';
import { eraOf, factsOf, standingText } from '../view/facts.ts';
import { formatCell, formatValue } from '../view/format.ts';
import { chartsOf, prefersWork } from '../view/plots.ts';
import { lastValue } from '../view/sentence.ts';
import { summaryOf, tableOf } from '../view/tables.ts';
import { dimensionsOf } from '../view/variants.ts';
import { painter } from './columns.ts';
import { fidelityMarkdown, fidelityOf } from './fidelity.ts';
import { unicodeChart } from './unicode-chart.ts';

const WIDTH = 100;
/** Data tables up to this many rows are written out. */
const ROWS = 12;

export interface MarkdownOptions {
  /** The result was restored rather than computed: said beside the title. */
  readonly cached?: boolean;
}

/** Ends without a newline. */
export function reportToMarkdown(report: Report, options: MarkdownOptions = {}): string {
  const blocks: string[] = [`## ${escapeText(report.title || 'Run')}`];
  const facts = factsOf(report, options.cached ?? false).map((fact) => (fact.warn ? `**${fact.text}**` : fact.text));
  blocks.push(`${facts.join(' · ')} · plan \`${report.plan.slice(0, 12)}\``);
  if (report.partial) blocks.push('The run was interrupted: what follows is true, but not all that was asked for.');
  const expectations = expectationsOf(report);
  if (expectations.length > 0) {
    const lines = expectations.map((e) => `- ${verdictMark(e.verdict)} ${code(e.text)} ${escapeText(verdictText(e))}`);
    blocks.push(lines.join('\n'));
  }
  if (report.points.length > 0) blocks.push(markdownTable(summaryOf(report)));
  if (report.fidelity) blocks.push(fidelityMarkdown(fidelityOf(report.fidelity), 3));
  else for (const model of chartsOf(report, {}, { work: prefersWork(report) })) blocks.push(...chartBlocks(model));
  blocks.push(...variantBlock(report));
  if (report.warnings.length > 0) {
    blocks.push('### Notes', report.warnings.map((text) => `- ${escapeText(text)}`).join('\n'));
  }
  return blocks.filter((block) => block !== '').join('\n\n');
}

function chartBlocks(model: ChartModel): string[] {
  const blocks = [`### ${escapeText(model.title)}`, escapeText(model.sentence)];
  // Long columns never make a short table: don't build it to find out.
  const few = model.series.every((s) => s.x.length <= ROWS);
  const table = few ? tableOf(model) : null;
  const drawn =
    model.series.some((s) => lastValue(s) !== null) ||
    model.heatmap !== undefined ||
    model.graph !== undefined ||
    (model.table !== undefined && model.table.rows.length > 0);
  if (drawn && table && table.rows.length <= ROWS) blocks.push(markdownTable(table));
  else if (drawn) {
    const body = unicodeChart(model, WIDTH, painter(false));
    if (body.length > 0) blocks.push(['```text', ...body, '```'].join('\n'));
  }
  if (model.notes.length > 0) blocks.push(escapeText(model.notes.join(' ')));
  return blocks;
}

function variantBlock(report: Report): string[] {
  const known = dimensionsOf(report).variants.filter((variant) => variant.info !== undefined);
  if (known.length === 0) return [];
  const lines = known.map(({ label, info }) => {
    const era = eraOf(info!);
    const facts = [era, standingText(info!.standing)].filter((text) => text !== '').join('; ');
    return `- **${escapeText(label)}** _${info!.standing}_: ${escapeText(info!.title)} (${escapeText(facts)}). ${escapeText(info!.summary)}`;
  });
  return ['### Variants', lines.join('\n')];
}

/** First column as text, numbers right-aligned with their units. */
export function markdownTable(table: DataTable): string {
  const cell = (value: number | string | null, column: number): string =>
    typeof value === 'string'
      ? escapeCell(value)
      : column === 0
        ? formatValue(value, table.columns[column].unit)
        : formatCell(value, table.columns[column].unit);
  const isText = table.columns.map((_, c) => table.rows.every((row) => typeof row[c] === 'string'));
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const titles = table.columns.map((c) => escapeCell(c.title) || ' ');
  return [
    line(titles),
    line(isText.map((text) => (text ? '---' : '--:'))),
    ...table.rows.map((row) => line(row.map(cell))),
  ].join('\n');
}

/** Characters that would start markup in running text. */
const escapeText = (text: string): string => text.replace(/[\\`*_[\]<>#|]/g, '\\$&').replace(/\r?\n/g, ' ');
const escapeCell = escapeText;

/** Inline code whose fence is longer than any run of backticks within. */
function code(text: string): string {
  const runs = text.match(/`+/g) ?? [];
  const fence = '`'.repeat(Math.max(0, ...runs.map((run) => run.length)) + 1);
  const pad = text.startsWith('`') || text.endsWith('`') ? ' ' : '';
  return `${fence}${pad}${text.replace(/\r?\n/g, ' ')}${pad}${fence}`;
}
