/** What `npm run bench` can measure: one line a suite, in the order of the table. Each runs in a process of its own. */
import type { Row } from './rows.ts';

export interface BenchOptions {
  readonly rounds: number;
  /** Smaller worlds, for a look or for continuous integration. */
  readonly quick: boolean;
  /** Only these reclaim variants, where a suite has one row for each. */
  readonly policies?: readonly string[];
  /** A `cachesim` binary to alternate with. */
  readonly against?: string;
}

type Suite = (options: BenchOptions) => Promise<Row[]> | Row[];

export const suites: Readonly<Record<string, () => Promise<Suite>>> = {
  policies: async () => (await import('./policies.ts')).benchPolicies,
  against: async () => (await import('./against.ts')).benchAgainst,
  processes: async () => (await import('./processes.ts')).benchProcesses,
  sharing: async () => (await import('./sharing.ts')).benchSharing,
  curves: async () => (await import('./curves.ts')).benchCurves,
  reading: async () => (await import('./reading.ts')).benchReading,
  memory: async () => (await import('./memory.ts')).benchMemory,
  growth: async () => (await import('./growth.ts')).benchGrowth,
  editor: async () => byRounds((await import('./editor.ts')).benchEditor),
  window: async () => byRounds((await import('./window.ts')).benchWindow),
  charts: async () => byRounds((await import('./charts.ts')).benchCharts),
  threads: async () => byRounds((await import('./threads.ts')).benchThreads),
  devices: async () => byRounds((await import('./devices.ts')).benchDevices),
  writeback: async () => byRounds((await import('./writeback.ts')).benchWriteback),
  recovery: async () => byRounds((await import('./recovery.ts')).benchRecovery),
  ranges: async () => byRounds((await import('./ranges.ts')).benchRanges),
  placement: async () => byRounds((await import('./placement.ts')).benchPlacement),
};

const byRounds =
  (bench: (rounds: number) => Promise<Row[]> | Row[]): Suite =>
  ({ rounds }) =>
    bench(rounds);

/** Called in the suite's own process. */
export async function runSuite({ name, options }: { name: string; options: BenchOptions }): Promise<Row[]> {
  return await (
    await suites[name]()
  )(options);
}
