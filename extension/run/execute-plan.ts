/** One plan from start to result: the cache, the memory there is, the pool; then the reports of its points put together. */
import type { RecordedFiles } from '../../simulator/fidelity/recorded-files.ts';
import { partsOf, type Plan } from '../../simulator/plan.ts';
import type { Report } from '../../simulator/report.ts';
import { workersWithin, type MemoryEstimate } from '../../simulator/memory-estimate.ts';
import type { Pool } from '../worker/pool.ts';
import type { ResultCache } from './cache.ts';

export interface Engine {
  readonly estimateMemory: (plan: Plan) => MemoryEstimate;
  readonly mergeReports: (plan: Plan, shards: readonly Report[], hash: string) => Report;
}

export interface ExecuteServices {
  readonly pool: Pick<Pool, 'run'>;
  readonly cache: ResultCache;
  readonly engine: () => Promise<Engine>;
  /** Bytes that a run may take; `undefined`: the host cannot tell (browser). */
  readonly freeMemory: () => number | undefined;
  readonly now: () => number;
}

export interface ExecuteOptions {
  readonly signal?: AbortSignal;
  readonly traces?: readonly Uint32Array[];
  readonly recordings?: readonly RecordedFiles[];
  /** Take a result from the cache if there is one. */
  readonly reuse: boolean;
  readonly onProgress?: (fraction: number) => void;
  /** A point has finished and others are still running; `report` puts the finished ones together, which takes its time. */
  readonly onPartial?: (report: () => Report) => void;
}

export interface Outcome {
  readonly plan: Plan;
  readonly hash: string;
  /** Absent when the run was cancelled before anything was known. */
  readonly report: Report | undefined;
  readonly cached: boolean;
  /** Wall time in milliseconds; 0 for a cached result. */
  readonly elapsed: number;
}

/** Refused before it started: the message says what is too large and what to do. */
export class NotEnoughMemoryError extends Error {
  override readonly name = 'NotEnoughMemoryError';
}

/** Share of free memory that a run may plan to use: the editor and everything else want some, too. */
const USABLE = 0.8;

export async function executePlan(
  { plan, hash }: { readonly plan: Plan; readonly hash: string },
  services: ExecuteServices,
  options: ExecuteOptions,
): Promise<Outcome> {
  const { pool, cache, now } = services;
  if (options.reuse) {
    const report = await cache.get(hash);
    if (report) return { plan, hash, report: describe(report, plan), cached: true, elapsed: 0 };
  }
  const engine = await services.engine();
  const width = widthFor(engine.estimateMemory(plan), plan, services.freeMemory());
  const start = now();
  const { shards, cancelled } = await pool.run(plan, {
    width,
    ...(options.traces ? { traces: options.traces } : {}),
    ...(options.recordings ? { recordings: options.recordings } : {}),
    ...(options.signal ? { signal: options.signal } : {}),
    ...(options.onProgress ? { onProgress: options.onProgress } : {}),
    onShard: (done) => {
      const parts = done.reduce((sum, shard) => sum + (shard.fidelity ?? shard.points).length, 0);
      if (options.onPartial && parts < partsOf(plan)) {
        options.onPartial(() => ({ ...engine.mergeReports(plan, done, hash), partial: true }));
      }
    },
  });
  const elapsed = now() - start;
  if (shards.length === 0) return { plan, hash, report: undefined, cached: false, elapsed };
  const merged = engine.mergeReports(plan, shards, hash);
  const report: Report = { ...merged, plan: hash, partial: merged.partial || cancelled };
  // Nobody waits for it: who asks for it meanwhile is made to (cache.ts).
  if (!report.partial) void cache.put(hash, report);
  return { plan, hash, report: describe(report, plan), cached: false, elapsed };
}

/** Places in the text are not part of the hash: they come from the plan at hand, not from the one that was simulated first. */
export function describe(report: Report, plan: Plan): Report {
  const points = report.points.map((point) => ({
    ...point,
    expectations: point.expectations.map((one) => {
      const source = plan.expects.find(({ text }) => text === one.text)?.source;
      return source ? { ...one, source } : one;
    }),
  }));
  return { ...report, title: plan.title, plots: plan.plots, points, ...(plan.source ? { source: plan.source } : {}) };
}

/** How many workers the memory allows. Throws when not even one. */
export function widthFor(estimate: MemoryEstimate, plan: Plan, free: number | undefined): number {
  const points = partsOf(plan);
  if (free === undefined || estimate.bytes <= 0) return points;
  const usable = free * USABLE;
  const width = workersWithin(usable, estimate);
  if (width >= 1) return Math.min(points, width);
  const parts = estimate.parts.map(({ what, bytes }) => `${what} ${sizeText(bytes)}`).join(', ');
  throw new NotEnoughMemoryError(
    `this run would need about ${sizeText(estimate.bytes)}${parts === '' ? '' : ` (${parts})`}, and ${sizeText(usable)} are free for it; ` +
      'make its files, regions or traces smaller, or close other programs',
  );
}

export function sizeText(bytes: number): string {
  const units = ['bytes', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${value >= 100 || unit === 0 ? value.toFixed(0) : value.toFixed(1)} ${units[unit]}`;
}
