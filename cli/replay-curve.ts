/** The miss-ratio curve of exact LRU, over all sizes from one pass, as a report of its own. */
import type { StackDistances } from '../simulator/analysis/stack-distance.ts';
import { PLAN_VERSION, type Plan } from '../simulator/plan.ts';
import type { PointReport, Report } from '../simulator/report.ts';
import { reportOf } from '../simulator/simulate.ts';
import { PAGE_SIZE, type Pages } from '../simulator/units.ts';
import type { CliIo } from './io.ts';
import { distancesOf, largestPage } from './replay-lru.ts';
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
  /** Share of the pages that is looked at, 0 < rate ≤ 1. */
  readonly rate: number;
  readonly io: CliIo;
}

export async function missRatioCurve({ name, words, sizes, rate, io }: Curve): Promise<Report> {
  const filePages = largestPage(words) + 1;
  const distances = await distancesOf(words, filePages, { io, rate });
  const ratios = distances.missRatios(sizes);
  const errors = distances.standardErrors(sizes);
  const accesses = distances.accesses;
  const plan: Plan = {
    version: PLAN_VERSION,
    title: `${name}: miss ratio of exact LRU by memory${rate < 1 ? `, from ${percent(rate)} of the pages` : ''}`,
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
      scenario: scenarioOf({ name, policy: 'lru', size, memcg: false, filePages, anonPages: 0 }),
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
      measures: {
        'hit-ratio': 1 - ratios[i],
        'miss-ratio': ratios[i],
        ...(rate < 1 ? { 'miss-ratio-error': errors[i] } : {}),
      },
      phases: [],
      series: [],
      distributions: [],
      events: [],
      spans: [],
      expectations: [],
    };
  });
  return reportOf(plan, points, io.signal.aborted, rate < 1 ? [sampleNote(distances, sizes, rate)] : []);
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(3))} %`;

/** Fewer sampled pages than this say little. */
const FEW_PAGES = 1000;

function sampleNote(distances: StackDistances, sizes: readonly Pages[], rate: number): string {
  const errors = distances.standardErrors(sizes);
  let largest = 0;
  errors.forEach((error, i) => (largest = error > errors[largest] ? i : largest));
  const short = (error: number) => Number(error.toPrecision(2));
  const { distinct } = distances;
  const few = distinct < FEW_PAGES ? '; so few that a larger sample would pay' : '';
  return `a sample: ${percent(rate)} of the pages was looked at (${distinct} pages${few}). Standard error of the miss ratio, estimated: at most ${short(errors[largest])} (at ${sizes[largest]} pages), ${short(errors[sizes.length >> 1])} in the middle; 19 in 20 samples are off by less than twice that`;
}
