/** Figures of machines with several nodes: one row each. Other machines have none. */
import { counter } from './define.ts';
import type { Measure } from './measures.ts';

/** What a machine with several nodes tells at one moment. */
export interface NumaFigures {
  /** Pages on nodes that their user did not mean. */
  readonly wrongNode: number;
  /** Pages in use on the fullest node by the mean of all that are online. */
  readonly imbalance: number;
}

const row = (
  name: string,
  title: string,
  unit: Measure['unit'],
  doc: string,
  of: Measure['of'],
  rest: Pick<Measure, 'level'> & { readonly needs?: readonly string[] },
): Measure => ({
  ...counter({ name, title, kind: 'measure', unit, doc, source: { kind: 'derived', where: 'docs/models/numa.md' } }),
  of,
  needs: [],
  ...rest,
});

export const numaMeasures: readonly Measure[] = [
  row(
    'wrong-node',
    'Pages on the wrong node',
    'pages',
    'Pages in memory outside the nodes that their user asked for, read in the mems that the owner’s cpuset allows now: of a relative mask folded onto them, of others what is allowed of them.',
    (i) => i.numa?.().wrongNode ?? NaN,
    { level: true },
  ),
  row(
    'imbalance',
    'Imbalance of nodes',
    'ratio',
    'Pages in use on the fullest node by the mean of the nodes that are online; 1 is even.',
    (i) => i.numa?.().imbalance ?? NaN,
    { level: true },
  ),
  row(
    'remote-ratio',
    'Remote ratio',
    'ratio',
    'Share of the pages allocated that came from another node than the processor’s.',
    (i) => i.counter('numa_other') / (i.counter('numa_local') + i.counter('numa_other')),
    { needs: ['numa_local', 'numa_other'] },
  ),
];
