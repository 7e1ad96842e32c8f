/** From a report's `plot` lines to charts. A report without plots gets those that suit what it holds. */
import { LISTS } from '../engine/wanted.ts';
import type { PlotSpec } from '../plan.ts';
import { PLACEMENT } from '../tables/numa-pictures.ts';
import type { Report } from '../report.ts';
import type { ChartModel } from './chart-model.ts';
import { isAboutDevices, ofDevices } from './device-charts.ts';
import { fidelityCharts } from './fidelity.ts';
import { distributionOf, seriesOf } from './metrics.ts';
import { overAxis, overPhase, overVariant } from './over-category.ts';
import { overPass } from './over-pass.ts';
import { distributions, heatmaps, timelines } from './over-rest.ts';
import { isRangeMap, rangeMaps } from './range-map.ts';
import { overTime } from './over-time.ts';
import { plotContext, type ViewOptions } from './panel.ts';
import { isAboutNodes, overNode } from './placement.ts';
import type { Dimensions, Selection } from './variants.ts';
import { dimensionsOf } from './variants.ts';
import { waitGraphs } from './wait-graph.ts';

/** All charts of a report, in the order of its `plot` lines. `selection` chooses swept values by axis name. */
export function chartsOf(report: Report, selection: Selection = {}, options: ViewOptions = {}): ChartModel[] {
  if (report.fidelity) return fidelityCharts(report);
  const dimensions = dimensionsOf(report);
  const plots = plotsOf(report);
  const charts = plots.map((plot, index) => chartsOfPlot(report, plot, index, dimensions, selection, options));
  // What locked up is explained behind the first picture that shows it happen.
  const graphs = waitGraphs(report, dimensions, selection, plots.length);
  const shows = plots.findIndex((plot) => plot.over === 'time' || plot.as === 'area');
  if (graphs.length > 0) charts.splice(shows < 0 ? charts.length : shows + 1, 0, graphs);
  return charts.flat();
}

export function chartsOfPlot(
  report: Report,
  plot: PlotSpec,
  index: number,
  dimensions: Dimensions,
  selection: Selection,
  options: ViewOptions = {},
): ChartModel[] {
  const context = plotContext(report, plot, index, dimensions, selection, options);
  if (isAboutNodes(context)) return overNode(context);
  if (isAboutDevices(context)) return ofDevices(context);
  if (isRangeMap(context)) return rangeMaps(context);
  switch (plot.as) {
    case 'distribution':
      return distributions(context);
    case 'timeline':
      return timelines(context);
    case 'heatmap': {
      const panels = heatmaps(context);
      if (panels.length > 0) return panels;
      break;
    }
    case 'area':
      return overTime(context);
    default:
  }
  switch (plot.over) {
    case 'time':
      return overTime(context);
    case 'pass':
      return overPass(context);
    case 'phase':
      return overPhase(context);
    case 'variant':
      return overVariant(context);
    case undefined: {
      if (isDistribution(report, plot)) return distributions(context);
      const sweep = dimensions.sweeps[0];
      return sweep === undefined ? overVariant(context) : overAxis(context, sweep);
    }
    default: {
      const axis = report.axes.findIndex((a) => a.name === plot.over);
      return axis < 0 ? overVariant(context) : overAxis(context, axis);
    }
  }
}

/** Metrics that exist as distributions only are drawn as such without being told. */
const isDistribution = (report: Report, plot: PlotSpec): boolean =>
  plot.as === undefined &&
  plot.metrics.length > 0 &&
  plot.metrics.every((metric) =>
    report.points.some(
      (point) =>
        distributionOf(metric, point) !== undefined &&
        point.measures[metric.name] === undefined &&
        point.counters[metric.name] === undefined,
    ),
  );

/** The report's own plots, or: hit ratio by pass if there are passes, by sweep or variant if there are several points, lists over time. */
export function plotsOf(report: Report): readonly PlotSpec[] {
  if (report.plots.length > 0) return report.plots;
  if (report.points.some((point) => point.recovery !== undefined))
    return [{ metrics: [], as: 'timeline', text: 'timeline' }];
  const plots: PlotSpec[] = [];
  const { variants, sweeps } = dimensionsOf(report);
  const hitRatio = [{ name: 'hit-ratio' }];
  if (report.points.some((point) => point.phases.some((phase) => phase.passes.length > 1))) {
    plots.push({ metrics: hitRatio, over: 'pass', text: 'hit-ratio by pass' });
  }
  if (sweeps.length > 0) plots.push({ metrics: hitRatio, text: 'hit-ratio' });
  else if (variants.length > 1) plots.push({ metrics: hitRatio, over: 'variant', text: 'hit-ratio by variant' });
  const lists = LISTS.filter((name) =>
    report.points.some((point) => (seriesOf({ name }, point)?.y ?? new Float64Array()).some((v) => v > 0)),
  );
  if (lists.length > 0) {
    plots.push({ metrics: lists.map((name) => ({ name })), over: 'time', text: `${lists.join(', ')} over time` });
  }
  if (report.points.some((point) => point.numa))
    plots.push({ metrics: [{ name: PLACEMENT }], over: 'node', text: `${PLACEMENT} by node` });
  if (plots.length === 0) plots.push({ metrics: hitRatio, over: 'variant', text: 'hit-ratio by variant' });
  return plots;
}

/** From this ratio of the longest run to the median on, a common time axis squeezes most variants into its beginning. */
const UNEVEN = 3;

/** Whether charts over time had better run along accesses done, unless their reader says otherwise. */
export function prefersWork(report: Report): boolean {
  if (!canShowWork(report)) return false;
  const times = report.points.map((point) => point.time).sort((a, b) => a - b);
  return times[times.length - 1] > UNEVEN * times[times.length >> 1];
}

/** Whether time may be told in work (work.ts): worth offering when charts run over time, points differ in length, and their passes tell the work. */
export function canShowWork(report: Report): boolean {
  const overTime = plotsOf(report).some((plot) => plot.over === 'time' || plot.as === 'area');
  const counted = report.points.every((point) => point.phases.some((phase) => phase.passes.length > 0));
  const times = report.points.map((point) => point.time);
  return overTime && counted && times.length > 1 && Math.min(...times) < Math.max(...times);
}
