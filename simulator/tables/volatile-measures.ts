/** Figures of volatile memory and its locks: one row each. Runs without it have none. */
import { SECOND, type Pages } from '../units.ts';
import { counter } from './define.ts';
import type { Measure } from './measures.ts';

/** A picture rather than a number: `plot range-map of REGION`. */
export const RANGE_MAP = 'range-map';

/** What volatile memory tells at one moment. */
export interface VolatileFigures {
  readonly resident: Pages;
  readonly lost: Pages;
  readonly ranges: number;
  readonly vmas: number;
  /** Percentiles of times, by measure. */
  readonly waits: Readonly<Record<string, number>>;
}

const row = (
  name: string,
  title: string,
  unit: Measure['unit'],
  doc: string,
  of: Measure['of'],
  rest: Pick<Measure, 'level'> & { readonly needs?: readonly string[] } = {},
): Measure => ({
  ...counter({
    name,
    title,
    kind: 'measure',
    unit,
    doc,
    source: { kind: 'derived', where: 'docs/models/volatile-ranges.md' },
  }),
  of,
  needs: [],
  ...rest,
});

const ratio = (
  name: string,
  title: string,
  unit: Measure['unit'],
  doc: string,
  above: string,
  below: string,
): Measure =>
  row(name, title, unit, doc, (i) => (i.counter(below) === 0 && i.volatile ? 0 : i.counter(above) / i.counter(below)), {
    needs: [above, below],
  });

const wait = (name: string, title: string, doc: string): Measure =>
  row(name, title, 'ns', doc, (i) => i.volatile?.().waits[name] ?? NaN, { level: true });

export const volatileMeasures: readonly Measure[] = [
  row(
    'records-per-second',
    'Records per second',
    'events',
    'Statements over volatile memory that threads carried out to their end, by the time in which some thread was at such a statement or made calls on such memory. One round of `volatile`, `nonvolatile` and one use is one record of ebizzy.',
    (i) => (i.counter('records') * SECOND) / i.counter('record-time'),
    { needs: ['records', 'record-time'] },
  ),
  ratio(
    'mmap_sem.wait',
    'Wait for mmap_sem',
    'ns',
    'What a fault or a call waited for mmap_sem on average; 0 where it need not.',
    'mmap_sem-wait-time',
    'mmap_sem-taken',
  ),
  ratio(
    'mmap_sem.contention',
    'Contention of mmap_sem',
    'ratio',
    'Share of the faults and calls that had to wait for mmap_sem.',
    'mmap_sem-contended',
    'mmap_sem-taken',
  ),
  ratio(
    'fault-wait',
    'Wait of faults',
    'ns',
    'What a page fault waited for mmap_sem on average.',
    'fault-wait-time',
    'fault-waits',
  ),
  wait(
    'mmap_sem.wait.p99',
    'Wait for mmap_sem, 99th percentile',
    'What 99 of 100 faults and calls waited at most; up to an eighth too low.',
  ),
  wait('fault-wait.p99', 'Wait of faults, 99th percentile', 'What 99 of 100 faults waited for mmap_sem at most.'),
  wait(
    'mark-time.p50',
    'Time to mark, median',
    'From entering the kernel to leaving it, of calls that make memory volatile, and of madvise.',
  ),
  wait('mark-time.p99', 'Time to mark, 99th percentile', 'The same of the slowest hundredth.'),
  wait(
    'unmark-time.p50',
    'Time to take back, median',
    'From entering the kernel to leaving it, of calls that take memory back.',
  ),
  wait('unmark-time.p99', 'Time to take back, 99th percentile', 'The same of the slowest hundredth.'),
  row(
    'volatile-resident',
    'Volatile in memory',
    'pages',
    'Pages in memory that reclaim may drop.',
    (i) => i.volatile?.().resident ?? NaN,
    { level: true },
  ),
  row(
    'lost-pages',
    'Lost pages',
    'pages',
    'Pages whose content has been dropped and not been written again.',
    (i) => i.volatile?.().lost ?? NaN,
    { level: true },
  ),
  row(
    'volatile-ranges',
    'Volatile ranges',
    'entries',
    'Ranges that are marked now, in all trees.',
    (i) => i.volatile?.().ranges ?? NaN,
    { level: true },
  ),
  row(
    'vmas',
    'Mappings',
    'entries',
    'Mappings of all processes: where volatility is a flag of the mapping, each range makes more of them.',
    (i) => i.volatile?.().vmas ?? NaN,
    { level: true },
  ),
  ratio(
    'lazyfree-ratio',
    'Lazily freed that went',
    'ratio',
    'Share of the pages given to MADV_FREE that reclaim discarded.',
    'pglazyfreed',
    'pglazyfree',
  ),
  ratio(
    'false-purge-ratio',
    'False reports',
    'ratio',
    'Share of the reported purges that concerned no page of the call.',
    'false-purged',
    'reported-purged',
  ),
  row(
    RANGE_MAP,
    'Range map',
    'ratio',
    'What is volatile, purged and in memory of a region over time: `plot range-map of thumbnails`.',
    () => NaN,
  ),
];
