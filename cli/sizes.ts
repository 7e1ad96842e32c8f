/** SIZE as the command line writes it: `16384 pages`, `64MiB`, or `10%` of the trace's distinct pages. */
import { unitByName } from '../simulator/tables/units.ts';
import { PAGE_SIZE, type Pages } from '../simulator/units.ts';
import { CliError } from './io.ts';

export interface Size {
  /** As written, for labels. */
  readonly text: string;
  /** Whole pages, rounded down; at least one. */
  readonly pages: Pages;
}

/** Throws a CliError naming `option` if `text` is no size. `distinct`: what percentages are of. */
export function sizeOf(option: string, text: string, distinct: Pages): Size {
  const example = `write '16384 pages', '64MiB' or '10%'`;
  const match = /^(\d+(?:\.\d+)?|\.\d+)\s*([A-Za-z%]*)$/.exec(text.trim());
  if (match === null) throw new CliError(`${option}: '${text}' is not a size; ${example}`);
  const [, number, unit] = match;
  if (unit === '') throw new CliError(`${option}: '${text}' has no unit; ${example}`);
  const row = unitByName(unit) ?? unitByName(unitIgnoringCase(unit));
  if (row === undefined || (row.dimension !== 'bytes' && row.name !== '%'))
    throw new CliError(`${option}: '${unit}' is no unit of memory; ${example}`);
  const pages =
    row.name === '%' ? percentOf(Number(number), distinct) : Math.floor((Number(number) * row.factor) / PAGE_SIZE);
  if (pages < 1) {
    const reason = row.name === '%' ? `less than one of the trace's ${distinct} distinct pages` : 'less than one page';
    throw new CliError(`${option}: '${text}' is ${reason}`);
  }
  if (pages > Number.MAX_SAFE_INTEGER / PAGE_SIZE)
    throw new CliError(`${option}: '${text}' is more than can be counted`);
  return { text: text.trim(), pages };
}

/** Rounded at nine digits first, so that 7 % of 100 is 7 and not 6.99…. */
const percentOf = (percent: number, whole: number): number => Math.floor(Number(((percent * whole) / 100).toFixed(9)));

/** `mib` is understood; `mb` and `kb` are too, as thousands. */
function unitIgnoringCase(unit: string): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'kB', 'MB', 'GB', 'TB', 'pages', 'page'];
  return names.find((name) => name.toLowerCase() === unit.toLowerCase()) ?? unit;
}
