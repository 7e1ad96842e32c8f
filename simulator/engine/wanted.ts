/** What a plan's plots and expectations ask for beyond the usual: decides what has to be recorded, and sometimes which way a point is run. */
import { counterRows } from '../machine/counters.ts';
import type { MetricExpression, MetricRef, Plan } from '../plan.ts';
import { isDevicePicture } from '../tables/device-measures.ts';
import { gauges } from '../tables/gauges.ts';
import { measureByName } from '../tables/measures.ts';
import { isNumaPicture } from '../tables/numa-pictures.ts';

export interface Wanted {
  /** Every metric that is named anywhere. */
  readonly names: ReadonlySet<string>;
  /** Named in a plot over time: each becomes a series. */
  readonly overTime: ReadonlySet<string>;
  /** Named in a plot by pass, beyond accesses, hits and misses: counters are read at every pass. */
  readonly byPass: ReadonlySet<string>;
  /** Something is asked of a single object. */
  readonly objects: boolean;
  /** Whose figures are asked for: files, regions, mounts, daemons, processes. */
  readonly objectNames: ReadonlySet<string>;
  /** Figures of one object in plots over time. */
  readonly objectsOverTime: readonly MetricRef[];
  /** Memory pressure is asked for: only the full machine knows it. */
  readonly pressure: boolean;
}

const ALWAYS_BY_PASS = new Set(['accesses', 'hits', 'misses', 'hit-ratio', 'miss-ratio']);

export const LISTS = ['nr_active_file', 'nr_inactive_file', 'nr_active_anon', 'nr_inactive_anon'] as const;

export function wantedBy(plan: Plan): Wanted {
  const names = new Set<string>();
  const overTime = new Set<string>();
  const byPass = new Set<string>();
  const objectNames = new Set<string>();
  const objectsOverTime: MetricRef[] = [];
  const see = (metric: MetricRef) => {
    names.add(metric.name);
    if (metric.object !== undefined) objectNames.add(metric.object);
  };
  for (const plot of plan.plots)
    for (const metric of plot.metrics) {
      see(metric);
      if (plot.over === 'time' && metric.object !== undefined) objectsOverTime.push(metric);
      if (plot.over === 'time') overTime.add(metric.name);
      if (plot.over === 'pass' && !ALWAYS_BY_PASS.has(metric.name)) byPass.add(metric.name);
    }
  // What is drawn of a plan without plots (view/plots.ts): a list that stays empty is a line at 0, not a hole.
  if (plan.plots.length === 0) for (const name of LISTS) overTime.add(name);
  const walk = (expression: MetricExpression): void => {
    if (expression.kind === 'metric') see(expression.metric);
    if (expression.kind === 'binary') {
      walk(expression.left);
      walk(expression.right);
    }
  };
  for (const { condition } of plan.expects)
    if (condition.kind === 'compare') {
      walk(condition.left);
      walk(condition.right);
    }
  return {
    names,
    overTime,
    byPass,
    objects: objectNames.size > 0,
    objectNames,
    objectsOverTime,
    pressure: [...names].some((name) => name.startsWith('memory.pressure.')),
  };
}

const counterNames = new Set<string>(counterRows.map((row) => row.name));
const gaugeNames = new Set<string>(gauges.map((row) => row.name));

export const isCounter = (name: string): boolean => counterNames.has(name);
export const isGauge = (name: string): boolean => gaugeNames.has(name);
export const isMetric = (name: string): boolean =>
  isCounter(name) ||
  isGauge(name) ||
  measureByName(name) !== undefined ||
  name === 'resident' ||
  isNumaPicture(name) ||
  isDevicePicture(name);
