/**
 * The stepper: `createSimulation(plan)` then `advance(budget)` until done. Whoever drives it can cancel, draw progress or stop between any two
 * calls; `report()` says what is known so far, labelled partial if it is not all. The core never observes wall time.
 */
import type { Plan } from './plan.ts';
import type { Report } from './report.ts';
import type { Bytes } from './units.ts';

export interface SimulationOptions {
  /** Run only these points (indices into plan.points): how a pool spreads a sweep. Default: all. */
  readonly points?: readonly number[];
  /** Access words of Plan.traces[i] (see machine/access.ts), loaded and decoded by the host. */
  readonly traces?: readonly Uint32Array[];
  /** Record single events with rule ids in this window of simulated time. Off by default: it costs time and memory. */
  readonly log?: { readonly from: number; readonly to: number; readonly limit: number };
}

export interface Progress {
  readonly done: boolean;
  /** 0 … 1 over all points of this simulation. */
  readonly fraction: number;
  /** Index into plan.points that is being run. */
  readonly point: number;
}

export interface Simulation {
  /** Runs about `budget` page accesses (at least one batch) and returns. */
  advance(budget: number): Progress;
  report(): Report;
}

/** Largest memory a run would hold at a time, to be compared with what the host has before starting. */
export interface MemoryEstimate {
  readonly bytes: Bytes;
  /** The biggest parts, for the message. */
  readonly parts: readonly { readonly what: string; readonly bytes: Bytes }[];
}

export type CreateSimulation = (plan: Plan, options?: SimulationOptions) => Simulation;
export type EstimateMemory = (plan: Plan) => MemoryEstimate;
/** Puts the reports of shards of one plan together again, points in plan order. */
export type MergeReports = (plan: Plan, shards: readonly Report[]) => Report;
