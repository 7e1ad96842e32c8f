/** A report of a machine with four nodes, made by hand: two objects, mems that change, a node that goes away. */
import type { PlotSpec } from '../../simulator/plan.ts';
import type { NumaReport, Report } from '../../simulator/report.ts';
import { numaPictures } from '../../simulator/tables/numa-pictures.ts';
import { shiftReport } from './fixtures.ts';

const SECOND = 1e9;

export const PLACEMENT_PLOTS: readonly PlotSpec[] = [
  {
    metrics: [
      { name: 'placement', object: 'scratch' },
      { name: 'placement', object: 'heap' },
    ],
    over: 'node',
    text: 'placement of scratch, heap by node',
  },
  { metrics: [{ name: 'numastat' }], text: 'numastat' },
  { metrics: [{ name: 'numa_miss' }], over: 'node', text: 'numa_miss by node' },
];

const at = (...values: number[]) => Float64Array.from(values);

export const numa: NumaReport = {
  nodes: [0, 1, 2, 3].map((node) => ({
    node,
    pages: 1_048_576,
    online: node !== 2,
    counters: { numa_hit: 1000 * (node + 1), numa_miss: 10 * node, local_node: 500 },
    gauges: { nr_free_pages: 900_000 },
  })),
  online: [
    { time: 0, nodes: [0, 1, 2, 3] },
    { time: 4 * SECOND, nodes: [0, 1, 3] },
  ],
  placement: [
    {
      object: 'heap',
      t: at(0, 1 * SECOND, 2 * SECOND, 4 * SECOND, 6 * SECOND),
      pages: [at(0, 0, 0, 0, 0), at(0, 0, 64, 64, 64), at(0, 128, 128, 0, 0), at(0, 128, 64, 192, 192)],
    },
    {
      object: 'scratch',
      t: at(0, 1 * SECOND, 6 * SECOND),
      pages: [at(0, 0, 0), at(0, 0, 0), at(0, 300, 0), at(0, 0, 300)],
    },
  ],
  migrations: [
    { time: 2 * SECOND, object: 'heap', from: 3, to: 1, pages: 64, rule: 'cpuset.migrate' },
    { time: 4 * SECOND, object: 'heap', from: 2, to: 3, pages: 128, rule: 'hotplug.offline' },
    { time: 4 * SECOND, object: 'scratch', from: 2, to: 3, pages: 300, rule: 'hotplug.offline' },
  ],
  why: [
    {
      object: 'scratch',
      process: 'writer',
      rule: 'hotplug.offline',
      scope: 'file',
      policy: 'bind=relative:0-1',
      mask: [2, 3],
      mems: [1],
      pages: [0, 0, 0, 300],
      wrong: 300,
    },
    {
      object: 'heap',
      process: 'writer',
      rule: 'numa.default',
      scope: 'system',
      policy: '',
      mask: [],
      mems: [1],
      pages: [0, 64, 0, 192],
      wrong: 0,
    },
  ],
};

export function placementReport(plots: readonly PlotSpec[] = PLACEMENT_PLOTS): Report {
  const report = shiftReport({ variants: ['v6.1'], sizes: [64], plots, title: 'Where did my pages go?' });
  const metrics = { ...report.metrics };
  for (const { name, title, unit, doc } of numaPictures) metrics[name] = { title, unit, doc };
  metrics['numa_miss'] = { title: 'Misses of nodes', unit: 'pages', doc: '' };
  return {
    ...report,
    metrics,
    points: report.points.map((point) => ({
      ...point,
      time: 6 * SECOND,
      events: [
        { time: 2 * SECOND, rule: 'cpuset.set', subject: 'jail', text: 'jail.mems = 1-2' },
        { time: 4 * SECOND, rule: 'node.offline', subject: 'node 2', text: 'node 2 went offline' },
      ],
      numa,
    })),
  };
}
