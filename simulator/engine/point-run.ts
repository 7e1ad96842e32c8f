/** One point being run, at either speed. */
import type { PointReport } from '../report.ts';

export interface PointRun {
  /** Runs about `budget` accesses or events; returns how many it did, at least 1 unless done. */
  advance(budget: number): number;
  readonly done: boolean;
  /** 0 … 1, as far as it can be told. */
  readonly fraction: number;
  /** What is known so far. */
  report(): PointReport;
  /** Said in the course of the run, for the report as a whole. */
  readonly warnings: readonly string[];
}
