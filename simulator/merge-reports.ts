/**
 * Reports of what single points found, with the names of all that occurs in them, and reports of shards put together again. Apart from the
 * simulation, so that whoever only puts together need not load it.
 */
import { counterRows } from './machine/counters.ts';
import { hashPlan } from './plan-hash.ts';
import type { Plan } from './plan.ts';
import { reclaimVariant } from './reclaim/registry.ts';
import {
  MODEL_VERSION,
  REPORT_VERSION,
  type FidelityPart,
  type MetricInfo,
  type PointReport,
  type Report,
  type VariantInfo,
} from './report.ts';
import { valueOf, type Counter, type Variant } from './tables/define.ts';
import { devicePictures } from './tables/device-measures.ts';
import { accountingById } from './tables/fuse-accounting.ts';
import { accounting } from './tables/fuse-knobs.ts';
import { gauges } from './tables/gauges.ts';
import { measures } from './tables/measures.ts';
import { numaPictures } from './tables/numa-pictures.ts';
import { volatileInterface } from './volatile/interfaces.ts';

/** Puts the reports of shards of one plan together again, points in plan order. `hash` spares hashing the plan once more. */
export type MergeReports = (plan: Plan, shards: readonly Report[], hash?: string) => Report;

const infoOf = ({
  title,
  summary,
  linux,
  year,
  commit,
  source,
  family,
}: Pick<Variant, 'title' | 'summary' | 'linux' | 'year' | 'commit' | 'source' | 'family'>): VariantInfo => ({
  title,
  summary,
  ...(linux !== undefined ? { linux } : {}),
  ...(year !== undefined ? { year } : {}),
  ...(commit !== undefined ? { commit } : {}),
  standing: source.kind,
  family,
});

/** A report of what `points` found, with the names and titles of all that may occur in it. */
export function reportOf(
  plan: Plan,
  points: readonly PointReport[],
  partial: boolean,
  warnings: readonly string[],
  hash = hashPlan(plan),
): Report {
  const metrics: Record<string, MetricInfo> = {};
  const pictures = [
    ...(points.some((point) => point.numa) ? numaPictures : []),
    ...(points.some((point) => point.devices) ? devicePictures : []),
  ];
  const rows: readonly Counter[] = [...counterRows, ...gauges, ...measures, ...pictures];
  for (const { name, title, unit, doc, kernel, limit } of rows)
    metrics[name] = { title, unit, doc, ...(kernel !== undefined ? { kernel } : {}), ...(limit ? { limit } : {}) };
  const variants: Record<string, VariantInfo> = {};
  for (const { scenario } of plan.points)
    for (const { id } of [scenario.reclaim, ...(scenario.volatile ? [scenario.volatile] : [])]) {
      const variant: Variant | undefined = reclaimVariant(id) ?? volatileInterface(id);
      if (!variant || id in variants) continue;
      variants[id] = infoOf(variant);
    }
  for (const { scenario } of plan.points)
    for (const { values } of scenario.fuse ?? []) {
      const id = valueOf(values, accounting);
      const row = accountingById(id);
      if (row) variants[`${accounting.name}:${id}`] = infoOf(row);
    }
  return {
    version: REPORT_VERSION,
    model: MODEL_VERSION,
    plan: hash,
    seed: plan.seed,
    title: plan.title,
    partial,
    axes: plan.axes,
    plots: plan.plots,
    points,
    metrics,
    variants,
    warnings: [...new Set(warnings)],
    ...(plan.source ? { source: plan.source } : {}),
  };
}

/** What `mergeReports` wants of a shard: names and titles would only make the way from a worker longer. */
export const shardOf = (report: Report): Report => ({ ...report, axes: [], plots: [], metrics: {}, variants: {} });

export const mergeReports: MergeReports = (plan, shards, hash) => {
  if (plan.fidelity !== undefined) return mergeFidelity(plan, plan.fidelity.length, shards, hash);
  const key = (coordinates: readonly number[]) => coordinates.join();
  const found = new Map<string, PointReport>();
  for (const shard of shards)
    for (const point of shard.points) {
      const known = found.get(key(point.coordinates));
      if (!known || (point.complete && !known.complete)) found.set(key(point.coordinates), point);
    }
  const points = plan.points.flatMap(({ coordinates }) => found.get(key(coordinates)) ?? []);
  const partial = points.length < plan.points.length || points.some((point) => !point.complete);
  // Warnings in the order of the points that gave rise to them, whichever came in first.
  const places = new Map(plan.points.map(({ coordinates }, i) => [key(coordinates), i]));
  const placeOf = (shard: Report) => {
    const first = shard.points.at(0);
    return (first && places.get(key(first.coordinates))) ?? Infinity;
  };
  const inOrder = shards.map((shard) => ({ shard, place: placeOf(shard) })).sort((a, b) => a.place - b.place);
  return reportOf(
    plan,
    points,
    partial,
    inOrder.flatMap(({ shard }) => shard.warnings),
    hash,
  );
};

function mergeFidelity(plan: Plan, parts: number, shards: readonly Report[], hash?: string): Report {
  const found: FidelityPart[] = [];
  for (const part of shards.flatMap((shard) => shard.fidelity ?? []))
    if (!(found[part.part] as FidelityPart | undefined)?.complete) found[part.part] = part;
  const fidelity = found.filter(() => true); // without the holes
  const partial = fidelity.length < parts || fidelity.some(({ complete }) => !complete);
  return { ...reportOf(plan, [], partial, [], hash), fidelity };
}
