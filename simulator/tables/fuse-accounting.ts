/** The ways of counting pages on their way to a FUSE daemon, in the order in which they were thought of. */
import type { Source } from './define.ts';

export type AccountingId = 'none' | 'count-temps' | 'exempt' | 'double' | 'strict' | 'notemp';

export interface AccountingVariant {
  readonly id: AccountingId;
  readonly title: string;
  /** `kernel`: the kernel did or does this; `proposal`: was proposed. */
  readonly family: 'kernel' | 'proposal';
  readonly linux?: string;
  readonly year: number;
  readonly commit?: string;
  readonly summary: string;
  /** What counts as dirty for everybody: temporary pages or not. */
  readonly countsTemps: boolean;
  /** Each dirty page counts twice until its temporary page is gone. */
  readonly twice: boolean;
  /** There are temporary pages at all. */
  readonly temps: boolean;
  readonly strictlimit: boolean;
  readonly honoursCongestion: boolean;
  readonly daemonFlag: 'none' | 'local';
  readonly source: Source;
}

const lsfmm = {
  kind: 'published',
  where: 'LSFMM 2013; the FUSE writeback-cache series, lwn.net/Articles/545420',
} as const;

export const accountings: readonly AccountingVariant[] = [
  {
    id: 'none',
    title: 'Not counted',
    family: 'kernel',
    linux: '2.6.26',
    year: 2008,
    commit: '3be5a52b30aa',
    summary:
      'A page is clean as soon as it is copied; no limit knows the copies. Harmless for mapped writes alone, a way to fill memory once all writes are cached.',
    countsTemps: false,
    twice: false,
    temps: true,
    strictlimit: false,
    honoursCongestion: false,
    daemonFlag: 'none',
    source: { kind: 'published', where: 'commit 3be5a52b30aa; fs/fuse/file.c' },
  },
  {
    id: 'count-temps',
    title: 'Temporaries counted',
    family: 'proposal',
    year: 2012,
    summary:
      'Temporary pages count as dirty for everybody: writers stop, and so may the daemon, throttled by its own backlog.',
    countsTemps: true,
    twice: false,
    temps: true,
    strictlimit: false,
    honoursCongestion: false,
    daemonFlag: 'none',
    source: lsfmm,
  },
  {
    id: 'exempt',
    title: 'Daemon exempt',
    family: 'proposal',
    year: 2013,
    summary:
      'Temporary pages count, but the daemon is throttled less than others, so that it can work its backlog off.',
    countsTemps: true,
    twice: false,
    temps: true,
    strictlimit: false,
    honoursCongestion: false,
    daemonFlag: 'local',
    source: lsfmm,
  },
  {
    id: 'double',
    title: 'Counted twice',
    family: 'proposal',
    year: 2013,
    summary:
      'Each page is charged twice when it gets dirty; the second charge is returned when its copy has been written.',
    countsTemps: true,
    twice: true,
    temps: true,
    strictlimit: false,
    honoursCongestion: false,
    daemonFlag: 'none',
    source: { kind: 'assumed', where: 'LSFMM 2013 in one sentence; how the mount’s own count goes is our reading' },
  },
  {
    id: 'strict',
    title: 'Strict limit',
    family: 'kernel',
    linux: '3.12',
    year: 2013,
    commit: '5a53748568f7',
    summary:
      'The mount may hold 1 % of the dirty threshold, copies included, and is throttled against that from the first page on.',
    countsTemps: false,
    twice: false,
    temps: true,
    strictlimit: true,
    honoursCongestion: true,
    daemonFlag: 'none',
    source: { kind: 'measured', where: 'Linux 6.1' },
  },
  {
    id: 'notemp',
    title: 'No temporaries',
    family: 'kernel',
    linux: '6.16',
    year: 2025,
    commit: '0c58a97f919c',
    summary:
      'No copies: pages stay under writeback, counted like everybody’s, and reclaim passes them by instead of waiting.',
    countsTemps: true,
    twice: false,
    temps: false,
    strictlimit: true,
    honoursCongestion: true,
    daemonFlag: 'none',
    source: { kind: 'measured', where: 'Linux 6.18' },
  },
];

const byId = new Map<string, AccountingVariant>(accountings.map((row) => [row.id, row]));

export const accountingById = (id: string): AccountingVariant | undefined => byId.get(id);
