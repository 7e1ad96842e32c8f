/** Expectations as a reader wants them: each once, with the points at which it fails, instead of once per point. */
import type { ExpectationResult, Report } from '../report.ts';
import type { SourceSpan } from '../plan.ts';
import { formatSignificant, formatNumber, formatValue } from './format.ts';

export type Verdict = 'holds' | 'fails' | 'open';

export interface ExpectationSummary {
  readonly text: string;
  readonly verdict: Verdict;
  /** Points it was checked at. */
  readonly checked: number;
  readonly failures: readonly ExpectationFailure[];
  /** Points at which the run ended before it could be told. */
  readonly open: number;
  readonly source?: SourceSpan;
}

export interface ExpectationFailure {
  /** `classic, server.memory 64 MiB`. Empty when the run has one point. */
  readonly where: string;
  /** `261 734 against 100 000, first at 1.2 s`. */
  readonly detail: string;
}

export function expectationsOf(report: Report): ExpectationSummary[] {
  const groups = new Map<string, { result: ExpectationResult; where: string; open: boolean }[]>();
  for (const point of report.points) {
    const where = report.axes
      .map((axis, a) => {
        const label = axis.values[point.coordinates[a]]?.label ?? '?';
        return axis.kind === 'compare' ? label : `${axis.name} ${label}`;
      })
      .join(', ');
    for (const result of point.expectations) {
      const open = !point.complete && !result.holds && result.left === null && result.violated === undefined;
      const entry = { result, where, open };
      const group = groups.get(result.text);
      if (group) group.push(entry);
      else groups.set(result.text, [entry]);
    }
  }
  return [...groups].map(([text, entries]) => {
    const failures = entries
      .filter((e) => !e.open && !e.result.holds)
      .map((e) => ({ where: e.where, detail: detailOf(e.result) }));
    const open = entries.filter((e) => e.open).length;
    const source = entries[0].result.source;
    return {
      text,
      verdict: failures.length > 0 ? 'fails' : open > 0 ? 'open' : 'holds',
      checked: entries.length - open,
      failures,
      open,
      ...(source ? { source } : {}),
    };
  });
}

function detailOf({ left, right, violated }: ExpectationResult): string {
  const parts: string[] = [];
  if (left !== null && right !== null) parts.push(`${plain(left)} against ${plain(right)}`);
  if (violated !== undefined) parts.push(`first at ${formatValue(violated, 'ns')}`);
  return parts.join(', ');
}

const plain = (value: number): string => (Number.isInteger(value) ? formatNumber(value) : formatSignificant(value, 4));

export const verdictMark = (verdict: Verdict): string => (verdict === 'holds' ? '✓' : verdict === 'fails' ? '✗' : '?');

export const verdictWord = (verdict: Verdict): string =>
  verdict === 'holds' ? 'holds' : verdict === 'fails' ? 'fails' : 'not decided';

/** `fails at 2 of 28 points: …` in one line; the first few failures only. */
export function verdictText(summary: ExpectationSummary, shown = 2): string {
  const { verdict, checked, failures, open } = summary;
  const points = (n: number) => (n === 1 ? 'point' : 'points');
  if (verdict === 'holds') return checked > 1 ? `holds at all ${checked} points` : 'holds';
  if (verdict === 'open') return `not decided at ${open} ${points(open)}: the run was interrupted`;
  const told = failures.slice(0, shown).map(({ where, detail }) => {
    if (where === '') return detail;
    return detail === '' ? where : `${where} (${detail})`;
  });
  const more = failures.length > shown ? `; and ${failures.length - shown} more` : '';
  const all = failures.length === checked ? `all ${checked} points` : `${failures.length} of ${checked} points`;
  const of = checked > 1 ? ` at ${all}` : '';
  const list = told.filter((t) => t !== '').join('; ');
  return `fails${of}${list === '' ? '' : `: ${list}`}${more}`;
}
