/**
 * Figures by pass: how long a policy takes to notice that the workload moved. Passes count on across the phases of a process, whose starts are
 * marked; a step without passes counts in tenths of its phase's accesses.
 */
import type { PointReport } from '../report.ts';
import type { Annotation, ChartModel, SeriesModel } from './chart-model.ts';
import { metricInfo, metricText, ofPass } from './metrics.ts';
import type { PlotContext } from './panel.ts';
import { metricTitle, numberAxis, panel, selectedPoints, shareValueAxes, valueAxis } from './panel.ts';

export function overPass(context: PlotContext): ChartModel[] {
  const { report, plot } = context;
  const { rows, picks, subtitle } = selectedPoints(context);
  const processes = processesOf(rows.map((row) => row.point));
  const panels: ChartModel[] = [];
  for (const process of processes) {
    for (const metric of plot.metrics) {
      const missing: string[] = [];
      const annotations = new Map<string, Annotation>();
      const series = rows.flatMap(({ variant, point }): SeriesModel[] => {
        const values: number[] = [];
        for (const phase of point.phases) {
          if (phase.process !== process) continue;
          if (metric.phase !== undefined && phase.name !== metric.phase) continue;
          if (phase.name !== '') {
            const x = values.length + 0.5;
            const earlier = annotations.get(phase.name);
            const at = { series: variant.key, x };
            annotations.set(phase.name, { label: phase.name, tone: 'phase', at: [...(earlier?.at ?? []), at] });
          }
          for (const pass of phase.passes) values.push(ofPass(metric, pass) ?? NaN);
        }
        if (!values.some((v) => !Number.isNaN(v))) {
          missing.push(variant.label);
          return [];
        }
        const { key, label, style } = variant;
        const x = Float64Array.from(values, (_, i) => i + 1);
        return [{ key, label, style, unit: metricInfo(report, metric.name).unit, x, y: Float64Array.from(values) }];
      });
      const who = processes.length > 1 ? `${process}: ` : '';
      const unit = metricInfo(report, metric.name).unit;
      const xs = series.map((s) => s.x);
      const x = numberAxis('pass', 'count', xs);
      panels.push(
        panel(context, {
          kind: plot.as === 'bars' ? 'bars' : 'line',
          panel: panels.length,
          title: `${who}${metricTitle(report, metric)} by pass`,
          metrics: [metric],
          x: { ...x, min: 0.5, max: x.max + 0.5 },
          y: valueAxis(
            metricTitle(report, metric),
            unit,
            series.map((s) => s.y),
          ),
          series,
          picks,
          subtitle,
          annotations: [...annotations.values()],
          notes:
            missing.length > 0
              ? [
                  `${metricText(metric)} is not counted by pass${missing.length < rows.length ? ` for ${missing.join(', ')}` : ''}.`,
                ]
              : [],
        }),
      );
    }
  }
  return shareValueAxes(panels);
}

/** Processes that have passes, in order of appearance; at least one, so that an empty chart can say why it is empty. */
function processesOf(points: readonly PointReport[]): string[] {
  const names = new Set<string>();
  for (const point of points) for (const phase of point.phases) if (phase.passes.length > 0) names.add(phase.process);
  return names.size > 0 ? [...names] : [points[0]?.phases[0]?.process ?? ''];
}
