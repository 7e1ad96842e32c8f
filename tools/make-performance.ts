/**
 * Writes what docs/performance.md says in figures, and its picture, from docs/performance.json, which is what `npm run bench -- --out
 * docs/performance.json` wrote: no figure is typed by hand. What stands between a pair of marks is made, the rest is prose. `--check` only says whether
 * page and picture are what the file gives (a test does so).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { styleOf, type ChartModel } from '../simulator/view/chart-model.ts';
import { categoryAxis, valueAxis } from '../simulator/view/panel.ts';
import { chartSvg } from '../simulator/view/svg.ts';
import { cellsOf, COLUMNS, isKept, shortNumber, targetText, type BenchFile, type Row } from '../test/bench/rows.ts';

const docs = path.join(import.meta.dirname, '../docs');
const source = 'performance.json';

/** Path below docs/ → text. */
export function performancePages(): ReadonlyMap<string, string> {
  const file = JSON.parse(readFileSync(path.join(docs, source), 'utf8')) as BenchFile;
  const rows = Object.values(file.suites).flatMap((suite) => suite.rows);
  const page = readFileSync(path.join(docs, 'performance.md'), 'utf8');
  const made = page.replace(
    /(<!-- made: ([\w ,]+) -->\n)[^]*?(<!-- end -->)/g,
    (_, start: string, what: string, end: string) => `${start}\n${part(what, file, rows, page)}\n\n${end}`,
  );
  return new Map([
    ['performance.md', made],
    ['images/growth.svg', growthPicture(rows)],
  ]);
}

function part(what: string, file: BenchFile, rows: readonly Row[], page: string): string {
  const [kind, ...rest] = what.split(' ');
  const name = rest.join(' ');
  switch (kind) {
    case 'machine':
      return machine(file);
    case 'targets':
      return targets(rows);
    case 'table':
      return pivots(name, rows);
    case 'rates':
      return rates(rows);
    case 'suites':
      return name
        .split(',')
        .map((suite) => suiteTables(file.suites[suite.trim()]?.rows ?? []))
        .join('\n\n');
    case 'rest':
      return suiteTables(
        Object.entries(file.suites)
          .filter(([suite]) => !named(page).includes(suite))
          .flatMap(([, suite]) => suite.rows.filter((row) => !row.column)),
      );
    default:
      throw new Error(`docs/performance.md has a mark for '${what}', which nobody makes`);
  }
}

/** Suites that have a place of their own on the page. */
const named = (page: string): string[] =>
  [...page.matchAll(/<!-- made: suites ([\w ,]+) -->/g)].flatMap(([, names]) => names.split(',').map((n) => n.trim()));

function machine({ machine, date, suites }: BenchFile): string {
  const facts = Object.entries({ ...machine, ...(date === undefined ? {} : { date }) }).map(([k, v]) => `${k} ${v}`);
  const rounds = [...new Set(Object.values(suites).map((suite) => suite.rounds))].sort((a, b) => a - b);
  return `Measured on: ${facts.join(', ')}; ${rounds.join(' or ')} rounds.`;
}

/** Everything that was set a target, in one table. */
function targets(rows: readonly Row[]): string {
  const judged = rows.filter((row) => isKept(row) !== null);
  const kept = judged.filter((row) => isKept(row)).length;
  const lines = judged.map((row) => [
    row.suite,
    row.name,
    `${shortNumber(row.value)} ${row.unit}`.trim(),
    ratioOf(row),
    targetText(row),
    isKept(row) ? 'kept' : '**missed**',
  ]);
  return `${kept} of ${judged.length} targets are kept.\n\n${table(['suite', 'what', 'value', 'ratio', 'target', ''], lines)}`;
}

const ratioOf = ({ ratio }: Row): string => (ratio === undefined ? '' : `× ${shortNumber(ratio)}`);

/** Tables whose name begins so: names down, one column a suite. */
function pivots(prefix: string, rows: readonly Row[]): string {
  const names = [...new Set(rows.flatMap((row) => row.column?.table ?? []))].filter((name) => name.startsWith(prefix));
  if (names.length === 0) return '_Not measured._';
  return names
    .map((name) => {
      const own = rows.filter((row) => row.column?.table === name);
      const body = pivot(own, (row) => {
        const mark = isKept(row) === false ? ' (missed)' : '';
        switch (row.column!.shows) {
          case 'value':
            return shortNumber(row.value) + mark;
          case 'ratio':
            return ratioOf(row) + mark;
          case 'both':
            return `${shortNumber(row.value)} (${ratioOf(row)})${mark}`;
          case 'note':
            return (row.note ?? '') + mark;
        }
      });
      return names.length > 1 ? `### ${name}\n\n${body}` : body;
    })
    .join('\n\n');
}

function pivot(rows: readonly Row[], cell: (row: Row) => string): string {
  const titles = [...new Set(rows.map((row) => row.column!.title))];
  const names = [...new Set(rows.map((row) => row.name))];
  const lines = names.map((name) => [
    name,
    ...titles.map((title) => {
      const row = rows.find((r) => r.name === name && r.column!.title === title);
      return row ? cell(row) : '';
    }),
  ]);
  return table(['', ...titles], lines);
}

const grown = (rows: readonly Row[]): Row[] => rows.filter((row) => row.column?.table === 'growth');

/** The cost of an access the other way round. */
function rates(rows: readonly Row[]): string {
  const own = grown(rows);
  return own.length === 0 ? '_Not measured._' : pivot(own, (row) => shortNumber(1000 / row.value));
}

function suiteTables(rows: readonly Row[]): string {
  if (rows.length === 0) return '_Not measured._';
  const titles = [...new Set(rows.map((row) => row.suite))];
  return titles
    .map((title) => {
      const own = rows.filter((row) => row.suite === title);
      const cells = own.map(cellsOf);
      const used = COLUMNS.map((_, i) => i).filter((i) => cells.some((line) => line[i] !== ''));
      const lines = cells.map((line) => used.map((i) => line[i]));
      return `**${title[0].toUpperCase()}${title.slice(1)}**\n\n${table(
        used.map((i) => (COLUMNS[i] === 'verdict' ? '' : COLUMNS[i])),
        lines,
      )}`;
    })
    .join('\n\n');
}

function table(head: readonly string[], lines: readonly (readonly string[])[]): string {
  const escape = (cell: string) => cell.replaceAll('|', '\\|');
  const line = (cells: readonly string[]) => `| ${cells.map(escape).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...lines.map(line)].join('\n');
}

function growthPicture(rows: readonly Row[]): string {
  const own = grown(rows);
  const sizes = [...new Set(own.map((row) => row.name))];
  const policies = [...new Set(own.map((row) => row.column!.title))];
  const series = policies.map((id, i) => ({
    key: id,
    label: id,
    unit: 'ns',
    style: styleOf(i),
    x: Float64Array.from(sizes, (_, at) => at),
    y: Float64Array.from(sizes, (name) => own.find((r) => r.name === name && r.column!.title === id)?.value ?? NaN),
  }));
  const model: ChartModel = {
    id: 'growth',
    kind: 'line',
    title: 'Nanoseconds an access as the working set grows',
    names: [],
    doc: '',
    subtitle: 'scattered Zipf 0.8, cache a tenth of the pages, processor time in process',
    stacked: false,
    stepped: false,
    x: categoryAxis(
      'pages',
      sizes.map((name) => name.replace(' pages', '')),
    ),
    y: valueAxis(
      'an access',
      'ns',
      series.map((s) => s.y),
    ),
    series,
    annotations: [],
    picks: [],
    notes: [],
    sentence: `Processor time an access for ${sizes[0] ?? 'no'} to ${sizes.at(-1) ?? 'no pages'}, one line a policy.`,
  };
  return chartSvg(model);
}

/** Names of those that differ from what the figures give. */
export const stalePerformance = (): string[] =>
  [...performancePages()].flatMap(([name, text]) => {
    const at = path.join(docs, name);
    return existsSync(at) && readFileSync(at, 'utf8') === text ? [] : [name];
  });

if (import.meta.main) {
  if (process.argv.includes('--check')) {
    const stale = stalePerformance();
    if (stale.length > 0) {
      console.error(`stale: ${stale.join(', ')}; run node tools/make-performance.ts`);
      process.exit(1);
    }
  } else for (const [name, text] of performancePages()) writeFileSync(path.join(docs, name), text);
}
