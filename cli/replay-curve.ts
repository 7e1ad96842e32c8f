/** The miss-ratio curve of exact LRU, over all sizes from one pass, as a report of its own. */
import { setImmediate } from 'node:timers/promises';
import { StackDistances } from '../simulator/analysis/stack-distance.ts';
import { PAGE_MASK } from '../simulator/machine/access.ts';
import { PLAN_VERSION, type Plan } from '../simulator/plan.ts';
import type { PointReport, Report } from '../simulator/report.ts';
import { reportOf } from '../simulator/simulate.ts';
import { PAGE_SIZE, type Pages } from '../simulator/units.ts';
import type { CliIo } from './io.ts';
import { scenarioOf } from './replay-memory.ts';

/** At most `count` sizes in even steps up to all distinct pages; steps of a percent or more are whole percents. */
export function curveSizes(distinct: Pages, count: number): readonly Pages[] {
  const sizes = Array.from({ length: count }, (_, k) => Math.floor((distinct * (k + 1)) / count));
  return [...new Set(sizes)].filter((size) => size > 0);
}

export interface Curve {
  readonly name: string;
  readonly words: Uint32Array;
  readonly distinct: Pages;
  /** Ascending. */
  readonly sizes: readonly Pages[];
  readonly io: CliIo;
}

export async function missRatioCurve({ name, words, sizes, io }: Curve): Promise<Report> {
  let largest = 0;
  for (const word of words) largest = Math.max(largest, word & PAGE_MASK);
  const distances = new StackDistances(largest + 1);
  const step = 1 << 20;
  for (let at = 0; at < words.length && !io.signal.aborted; at += step) {
    distances.run(words, at, Math.min(step, words.length - at));
    await setImmediate();
  }
  const ratios = distances.missRatios(sizes);
  const accesses = distances.accesses;
  const plan: Plan = {
    version: PLAN_VERSION,
    title: `${name}: miss ratio of exact LRU by memory`,
    seed: 0,
    axes: [
      {
        kind: 'sweep',
        name: 'memory',
        unit: 'bytes',
        values: sizes.map((size) => ({ label: `${size} pages`, value: size * PAGE_SIZE })),
      },
    ],
    points: sizes.map((size, i) => ({
      coordinates: [i],
      scenario: scenarioOf({ name, policy: 'lru', size, memcg: false, filePages: largest + 1, anonPages: 0 }),
    })),
    plots: [{ metrics: [{ name: 'miss-ratio' }], over: 'memory', as: 'line', text: 'miss-ratio over memory' }],
    expects: [],
    traces: [{ name, path: name, format: 'auto', values: {}, records: words.length }],
  };
  const points = sizes.map((size, i): PointReport => {
    const misses = Math.round(ratios[i] * accesses);
    const counts = { accesses, hits: accesses - misses, misses };
    return {
      coordinates: [i],
      variant: { reclaim: 'lru' },
      values: {},
      at: { memory: size * PAGE_SIZE },
      path: 'blocks',
      complete: accesses === words.length,
      time: 0,
      counters: counts,
      measures: { 'hit-ratio': 1 - ratios[i], 'miss-ratio': ratios[i] },
      phases: [],
      series: [],
      distributions: [],
      events: [],
      spans: [],
      expectations: [],
    };
  });
  return reportOf(plan, points, io.signal.aborted, []);
}
