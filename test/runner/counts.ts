/** What every stage ends with, and how a stage's program tells it to the runner: a line of its own on standard output. */
export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

const mark = '@counts ';

export const countsLine = (counts: Counts): string => mark + JSON.stringify(counts);

export function readCounts(line: string): Counts | undefined {
  return line.startsWith(mark) ? (JSON.parse(line.slice(mark.length)) as Counts) : undefined;
}

export const none: Counts = { passed: 0, failed: 0, skipped: 0 };

export function sum(all: readonly Counts[]): Counts {
  return all.reduce(
    (a, b) => ({ passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped }),
    none,
  );
}

/** The one form in which results are told: skipped tests are named only when there are any. */
export function told({ passed, failed, skipped }: Counts): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`;
}
