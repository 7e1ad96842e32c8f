/**
 * What teardown takes, as sets of figures to choose from: what was published, the ratios measured on Linux 6.18, or the user's own numbers.
 * A figure without a source of its own is said to be assumed. All in nanoseconds, with fractions: rounding happens where time passes.
 */
import type { Source } from '../tables/define.ts';
import { GIB, MIB, PAGE_SIZE } from '../units.ts';

/** How the pages of a region are held and mapped. */
export type Backing =
  | '4k'
  | 'folio-16k'
  | 'folio-32k'
  | 'folio-64k'
  | 'folio-128k'
  | 'folio-256k'
  | 'folio-512k'
  | 'folio-1m'
  | 'folio-2m'
  | 'thp'
  | 'hugetlb-2m'
  | 'hugetlb-1g';

/** Whose memory it is, and what ends with the last mapping. */
export type Contents =
  /** Anonymous, private: freed with the process. */
  | 'private'
  /** Shared memory whose last user goes: its pages are freed as the inode dies. */
  | 'shared'
  /** A memory file that stays (memfd held elsewhere, tmpfs, hugetlbfs): only the mapping goes. */
  | 'memory-file'
  /** A file of a file system, clean: its pages stay in the page cache. */
  | 'file'
  /** The same, dirtied through the mapping. */
  | 'dirty-file';

export type Era = 'pre-3.12' | 'v3.12' | 'v5.18';
export type CostSetId = 'published' | 'measured-6.18' | 'own';

/** Pages of 4 KiB that one mapping entry and one folio of a backing span. */
export interface BackingRow {
  readonly id: Backing;
  /** What must divide a region's size. */
  readonly size: number;
  /** Pages that one entry of the page tables maps: the unit of zapping. */
  readonly entry: number;
  readonly hugetlb: boolean;
  readonly doc: string;
}

const folio = (id: Backing, size: number): BackingRow => ({
  id,
  size,
  entry: 1,
  hugetlb: false,
  doc: `Folios of ${size >= MIB ? `${size / MIB} MiB` : `${size / 1024} KiB`}, mapped by entries of 4 KiB.`,
});
const huge = (id: Backing, size: number, hugetlb: boolean, doc: string): BackingRow => ({
  id,
  size,
  entry: size / PAGE_SIZE,
  hugetlb,
  doc,
});

export const backings: readonly BackingRow[] = [
  { id: '4k', size: PAGE_SIZE, entry: 1, hugetlb: false, doc: 'Base pages of 4 KiB.' },
  folio('folio-16k', 16 * 1024),
  folio('folio-32k', 32 * 1024),
  folio('folio-64k', 64 * 1024),
  folio('folio-128k', 128 * 1024),
  folio('folio-256k', 256 * 1024),
  folio('folio-512k', 512 * 1024),
  folio('folio-1m', MIB),
  folio('folio-2m', 2 * MIB),
  huge('thp', 2 * MIB, false, 'Transparent huge pages of 2 MiB, each mapped by one entry.'),
  huge(
    'hugetlb-2m',
    2 * MIB,
    true,
    'Pages of 2 MiB from the hugetlb pool: never on an LRU list, given back to the pool.',
  ),
  huge('hugetlb-1g', GIB, true, 'Pages of 1 GiB from the hugetlb pool.'),
];

const backingById = new Map(backings.map((row) => [row.id, row]));
export const backingRow = (id: Backing): BackingRow => backingById.get(id)!;

/** One figure with where it comes from. */
export interface Figure {
  readonly ns: number;
  readonly source: Source;
}

export interface CostSet {
  readonly id: CostSetId;
  readonly title: string;
  /** Unmapping and freeing, per 4 KiB of private anonymous memory or per entry where entries are larger (see BackingRow.entry). */
  readonly zap: Readonly<Record<Backing, Figure>>;
  /** The same per 4 KiB of base pages, for memory that is not private and anonymous. */
  readonly contents: Readonly<Record<Exclude<Contents, 'private'>, Figure>>;
  /** munlock of base pages per 4 KiB, on one node and interleaved over nodes; since 5.18 it happens while unmapping. */
  readonly munlock: Readonly<Record<Era, { readonly local: Figure; readonly interleaved: Figure }>>;
  /** munlock of a huge page mapped by one entry, by era. */
  readonly munlockHuge: Readonly<Record<Era, Figure>>;
  /** mlock's own work while populating, per 4 KiB of base pages and per huge page. */
  readonly mlock: Figure;
}

const published = (ns: number, where: string): Figure => ({ ns, source: { kind: 'published', where } });
const derived = (ns: number, where: string): Figure => ({ ns, source: { kind: 'derived', where } });
const measured = (ns: number, where: string): Figure => ({ ns, source: { kind: 'measured', where } });
const assumed = (ns: number, where: string): Figure => ({ ns, source: { kind: 'assumed', where } });

const PAGES_PER_GIB = GIB / PAGE_SIZE;
/** ms/GiB as ns per 4 KiB. */
const perGib = (ms: number, where: string): Figure => derived((ms * 1e6) / PAGES_PER_GIB, where);

/** Babka measured 56 GiB. */
const BABKA_PAGES = (56 * GIB) / PAGE_SIZE;
const BABKA = 'V. Babka, munlock performance series of 19 August 2013';
const perBabka = (seconds: number): Figure =>
  derived((seconds * 1e9) / BABKA_PAGES, `${BABKA}: ${seconds} s for 56 GiB`);
const HILDENBRAND = 'D. Hildenbrand, “optimize unmap/zap with PTE-mapped THP” (2024), Xeon 4210R';

/** What one 4 KiB anonymous page costs at exit, on the machine of the published figures and on that of the measurements. */
export const PAGE_COST = published(222, `${HILDENBRAND}: 58.1 ms/GiB`);
export const PAGE_COST_618 = measured(228.68, 'Linux 6.18.44, SIGKILL of a process with 64…1024 MiB, processor time');

/** Measured cost at exit as a ratio to private anonymous memory in base pages, per 4 KiB. */
export const RATIOS_618 = {
  '4k': 1,
  '4k locked': 1.4894,
  thp: 0.0237,
  'thp locked': 0.0337,
  'hugetlb-2m': 0.0041,
  file: 0.0384,
  'file locked': 0.0544,
  'dirty-file': 0.2796,
  'memory-file': 0.5324,
  'memory-file locked': 1.1095,
  shared: 2.7067,
} as const;

const ratio = (r: number, base: number): Figure => measured(r * base, 'Linux 6.18.44, ratio to a 4 KiB anonymous page');

const contentsAt = (base: number): CostSet['contents'] => ({
  shared: ratio(RATIOS_618.shared, base),
  'memory-file': ratio(RATIOS_618['memory-file'], base),
  file: ratio(RATIOS_618.file, base),
  'dirty-file': ratio(RATIOS_618['dirty-file'], base),
});

const bothEras: Pick<CostSet['munlock'], 'pre-3.12' | 'v3.12'> = {
  'pre-3.12': { local: perBabka(3.39), interleaved: perBabka(4.17) },
  'v3.12': { local: perBabka(1.92), interleaved: perBabka(3.48) },
};
const HUGE_PASS: Pick<CostSet['munlockHuge'], 'pre-3.12' | 'v3.12'> = {
  'pre-3.12': derived(350, `${BABKA}: 0.01 s for 56 GiB of huge pages`),
  'v3.12': derived(350, `${BABKA}: 0.01 s for 56 GiB of huge pages`),
};

const MLOCK_COUNT = assumed(15, 'a batched decrement of the mlock count; 6.18 was measured at 112 ns');

export const publishedCosts: CostSet = {
  id: 'published',
  title: 'Published figures',
  zap: {
    '4k': PAGE_COST,
    'folio-16k': perGib(35.5, HILDENBRAND),
    'folio-32k': perGib(23.5, HILDENBRAND),
    'folio-64k': perGib(18.4, HILDENBRAND),
    'folio-128k': perGib(14.0, HILDENBRAND),
    'folio-256k': perGib(11.8, HILDENBRAND),
    'folio-512k': perGib(10.7, HILDENBRAND),
    'folio-1m': perGib(10.3, HILDENBRAND),
    'folio-2m': perGib(9.91, HILDENBRAND),
    thp: assumed(2000, 'no published figure; Linux 6.18 was measured at 2.8 us per 2 MiB'),
    'hugetlb-2m': assumed(1000, 'no published figure; Linux 6.18 was measured at 0.48 us per 2 MiB'),
    'hugetlb-1g': assumed(1000, 'one entry, back to the pool, as a page of 2 MiB'),
  },
  contents: contentsAt(PAGE_COST.ns),
  munlock: { ...bothEras, 'v5.18': { local: MLOCK_COUNT, interleaved: MLOCK_COUNT } },
  munlockHuge: { ...HUGE_PASS, 'v5.18': assumed(15, 'one count a folio') },
  mlock: assumed(0, 'no published figure apart from populating'),
};

const PER_HUGE = (2 * MIB) / PAGE_SIZE;
const base = PAGE_COST_618.ns;
/** A set scaled to another page cost keeps the ratios. */
const scaled = (figure: Figure, from: number): Figure => ({
  ns: (figure.ns * base) / from,
  source: { kind: 'derived', where: `published ratio to a 4 KiB page, times ${base} ns (${figure.source.where})` },
});
const locked618 = ratio(RATIOS_618['4k locked'] - RATIOS_618['4k'], base);
const lockedThp618 = ratio((RATIOS_618['thp locked'] - RATIOS_618.thp) * PER_HUGE, base);

export const measuredCosts: CostSet = {
  id: 'measured-6.18',
  title: 'Ratios measured on Linux 6.18',
  zap: {
    ...publishedCosts.zap,
    '4k': PAGE_COST_618,
    'folio-16k': scaled(publishedCosts.zap['folio-16k'], PAGE_COST.ns),
    'folio-32k': scaled(publishedCosts.zap['folio-32k'], PAGE_COST.ns),
    'folio-64k': scaled(publishedCosts.zap['folio-64k'], PAGE_COST.ns),
    'folio-128k': scaled(publishedCosts.zap['folio-128k'], PAGE_COST.ns),
    'folio-256k': scaled(publishedCosts.zap['folio-256k'], PAGE_COST.ns),
    'folio-512k': scaled(publishedCosts.zap['folio-512k'], PAGE_COST.ns),
    'folio-1m': scaled(publishedCosts.zap['folio-1m'], PAGE_COST.ns),
    'folio-2m': scaled(publishedCosts.zap['folio-2m'], PAGE_COST.ns),
    thp: ratio(RATIOS_618.thp * PER_HUGE, base),
    'hugetlb-2m': ratio(RATIOS_618['hugetlb-2m'] * PER_HUGE, base),
    'hugetlb-1g': assumed(RATIOS_618['hugetlb-2m'] * PER_HUGE * base, 'one entry, as a page of 2 MiB'),
  },
  contents: contentsAt(base),
  munlock: { ...bothEras, 'v5.18': { local: locked618, interleaved: locked618 } },
  munlockHuge: { ...HUGE_PASS, 'v5.18': lockedThp618 },
  mlock: ratio(1.3, base),
};

/** munlock of a page of a memory file or a file, where it was measured; otherwise as for anonymous memory. */
export const MUNLOCK_618: Readonly<Partial<Record<Contents, number>>> = {
  'memory-file': (RATIOS_618['memory-file locked'] - RATIOS_618['memory-file']) * base,
  file: (RATIOS_618['file locked'] - RATIOS_618.file) * base,
};

/** What users may give themselves; absent: the published figure. Whole nanoseconds. */
export interface OwnCosts {
  readonly page?: number;
  readonly huge?: number;
  readonly hugetlb?: number;
  readonly munlock?: number;
  readonly sharedPage?: number;
  readonly filePage?: number;
}

const own = (ns: number | undefined, otherwise: Figure): Figure =>
  ns === undefined ? otherwise : { ns, source: { kind: 'assumed', where: 'given in the program' } };

export function ownCosts(given: OwnCosts): CostSet {
  const p = publishedCosts;
  // what is not given keeps its published ratio to a 4 KiB page
  const scale = (given.page ?? PAGE_COST.ns) / PAGE_COST.ns;
  const by = (figure: Figure): Figure => (scale === 1 ? figure : { ...figure, ns: figure.ns * scale });
  const zap = Object.fromEntries(Object.entries(p.zap).map(([id, figure]) => [id, by(figure)])) as Record<
    Backing,
    Figure
  >;
  const munlock = (era: Era) => ({
    local: own(given.munlock, p.munlock[era].local),
    interleaved: own(given.munlock, p.munlock[era].interleaved),
  });
  return {
    id: 'own',
    title: 'Own numbers',
    zap: {
      ...zap,
      '4k': own(given.page, zap['4k']),
      thp: own(given.huge, p.zap.thp),
      'hugetlb-2m': own(given.hugetlb, p.zap['hugetlb-2m']),
      'hugetlb-1g': own(given.hugetlb, p.zap['hugetlb-1g']),
    },
    contents: {
      shared: own(given.sharedPage, by(p.contents.shared)),
      'memory-file': by(p.contents['memory-file']),
      file: own(given.filePage, by(p.contents.file)),
      'dirty-file': by(p.contents['dirty-file']),
    },
    munlock: { 'pre-3.12': munlock('pre-3.12'), 'v3.12': munlock('v3.12'), 'v5.18': munlock('v5.18') },
    munlockHuge: p.munlockHuge,
    mlock: p.mlock,
  };
}

export const costSet = (id: CostSetId, given: OwnCosts = {}): CostSet =>
  id === 'published' ? publishedCosts : id === 'measured-6.18' ? measuredCosts : ownCosts(given);
