/** Lock-ups as graphs: who waits for whom, one panel for each variant that locked up. */
import type { Report, WaitCycle } from '../report.ts';
import { rules } from '../tables/rules.ts';
import type { ChartModel, GraphModel, GraphNode } from './chart-model.ts';
import { formatValue } from './format.ts';
import { sentenceFor } from './sentence.ts';
import type { Dimensions, Selection } from './variants.ts';
import { picksFor, pointFinder } from './variants.ts';

/** `plot` is the first half of the panels' ids: no plot line of the report has it. */
export function waitGraphs(report: Report, dimensions: Dimensions, selection: Selection, plot: number): ChartModel[] {
  const { picks, indices, subtitle } = picksFor(report, dimensions, selection);
  const find = pointFinder(report, dimensions);
  const found: { who: string; cycle: WaitCycle }[] = [];
  for (const variant of dimensions.variants)
    for (const cycle of find(variant, indices)?.cycles ?? [])
      if (cycle.members.length > 0) found.push({ who: dimensions.variants.length > 1 ? variant.label : '', cycle });
  return found.map(({ who, cycle }, panel) => {
    const none = { title: '', unit: '', scale: { divide: 1, suffix: '' }, min: 0, max: 0 };
    const model: ChartModel = {
      id: `${plot}.${panel}`,
      kind: 'graph',
      title: `${who === '' ? '' : `${who}: `}locked up, ${cycleName(cycle)}`,
      names: [cycle.rule],
      doc: rules.find((rule) => rule.id === cycle.rule)?.doc ?? '',
      subtitle,
      stacked: false,
      stepped: false,
      x: none,
      y: none,
      series: [],
      annotations: [],
      picks,
      notes: [
        `Nothing got done after ${formatValue(cycle.since, 'ns')}; noticed at ${formatValue(cycle.time, 'ns')}, where the run ends.`,
      ],
      graph: graphOf(cycle),
      sentence: '',
    };
    return { ...model, sentence: sentenceFor(model) };
  });
}

/** `class D-A (memory)`. */
export function cycleName(cycle: Pick<WaitCycle, 'class' | 'rule'>): string {
  const kind = cycle.rule.slice(cycle.rule.indexOf('.') + 1);
  return `class ${cycle.class} (${kind})`;
}

function graphOf(cycle: WaitCycle): GraphModel {
  const { members } = cycle;
  const nodes = members.map(({ actor, kind, waitsFor, holds, on }): GraphNode => ({
    label: actor,
    kind,
    waitsFor,
    holds,
    on: Math.max(0, Math.min(members.length - 1, on)),
  }));
  return { cycle: cycleLength(nodes), nodes };
}

/** How many nodes from the first one on are on the cycle: until the way leads back. */
function cycleLength(nodes: readonly GraphNode[]): number {
  let length = 1;
  while (length < nodes.length && nodes[length - 1].on === length) length++;
  return length;
}
