/** Pictures of devices: where a region lay over time, and from how many uses on moving a page pays. */
import type { BreakEven, PointReport, Residency } from '../report.ts';
import { BREAK_EVEN, RESIDENCY, isDevicePicture } from '../tables/device-measures.ts';
import { PAGE_SIZE } from '../units.ts';
import type { Annotation, ChartModel, SeriesModel } from './chart-model.ts';
import { formatSignificant, formatValue, scaleFor } from './format.ts';
import { overTime } from './over-time.ts';
import type { PlotContext } from './panel.ts';
import { categoryAxis, metricTitle, panel, selectedPoints, valueAxis } from './panel.ts';
import type { VariantRow } from './variants.ts';

type Row = { readonly variant: VariantRow; readonly point: PointReport };

/** Whether a plot is about where pages of a device were, or whether it paid. */
export const isAboutDevices = ({ plot }: Pick<PlotContext, 'plot'>): boolean =>
  plot.metrics.some(({ name }) => isDevicePicture(name));

export function ofDevices(context: PlotContext): ChartModel[] {
  const { plot } = context;
  const lines = plot.over === 'time' && plot.as !== 'heatmap';
  if (lines && plot.metrics.every(({ name }) => name === RESIDENCY)) return overTime(context);
  const { rows } = selectedPoints(context);
  const next = { panel: 0 };
  const charts = plot.metrics.flatMap((metric) =>
    metric.name === RESIDENCY
      ? residencies(context, rows, metric.object, next)
      : metric.name === BREAK_EVEN
        ? breakEvens(context, rows, metric.object, next)
        : [],
  );
  return charts.length > 0 ? charts : [nothing(context)];
}

const NO_AXIS = { title: '', unit: '', scale: { divide: 1, suffix: '' }, min: 0, max: 0 };

const nothing = (context: PlotContext): ChartModel =>
  panel(context, {
    kind: 'table',
    panel: 0,
    title: context.plot.metrics.map((m) => metricTitle(context.report, m)).join(', '),
    metrics: context.plot.metrics,
    x: NO_AXIS,
    y: NO_AXIS,
    series: [],
    table: { columns: [], rows: [] },
    notes: ['Nothing of this was ever in a device’s memory.'],
  });

// ---- residency

function residencies(
  context: PlotContext,
  rows: readonly Row[],
  object: string | undefined,
  next: { panel: number },
): ChartModel[] {
  const { picks, subtitle } = selectedPoints(context);
  const several = rows.some(({ point }) => (point.devices?.length ?? 0) > 1);
  const never: string[] = [];
  const charts = rows.flatMap(({ variant, point }) => {
    const who = rows.length > 1 ? `${variant.label}: ` : '';
    const found = (point.devices ?? []).flatMap(({ name, residency }) =>
      residency.filter((r) => object === undefined || r.object === object).map((r) => ({ device: name, r })),
    );
    if (found.length === 0) never.push(variant.label);
    return found.map(({ device, r }) => {
      const where = several ? ` on ${device}` : '';
      return panel(context, {
        kind: 'heatmap',
        panel: next.panel++,
        title: `${who}Residency of ${r.object}${where}`,
        metrics: [{ name: RESIDENCY, object: r.object }],
        ...residencyAxes(r),
        series: [],
        heatmap: { rows: placesOf(r), rowTitle: 'from', columns: timesOf(r), values: r.values, dense: true },
        picks,
        subtitle,
      });
    });
  });
  const last = charts.at(-1);
  if (last && never.length > 0)
    charts[charts.length - 1] = { ...last, notes: [...last.notes, `${never.join(', ')}: nothing of it was there.`] };
  return charts;
}

const residencyAxes = (r: Residency): Pick<ChartModel, 'x' | 'y'> => ({
  x: categoryAxis('time', timesOf(r)),
  y: { title: 'in device memory', unit: 'ratio', scale: scaleFor('ratio', 1), min: 0, max: 1 },
});

/** Where in the region each row begins. */
const placesOf = (r: Residency): string[] =>
  Array.from({ length: r.rows }, (_, row) => formatValue(row * r.rowPages * PAGE_SIZE, 'bytes'));

const timesOf = (r: Residency): string[] => Array.from(r.t, (t) => formatValue(t, 'ns'));

// ---- break-even

/** Costs are what variants are held against: neutral, told apart by dash and marker. */
const COSTS = [
  { dash: [], marker: 'plus' },
  { dash: [7, 3], marker: 'cross' },
] as const;

interface Found extends Row {
  readonly device: string;
  readonly found: BreakEven;
}

/** One picture for all variants whose costs are the same: then they differ only in where they are in it. */
function breakEvens(
  context: PlotContext,
  rows: readonly Row[],
  device: string | undefined,
  next: { panel: number },
): ChartModel[] {
  const groups = new Map<string, Found[]>();
  for (const row of rows)
    for (const one of row.point.devices ?? []) {
      if (!one.breakEven || (device !== undefined && one.name !== device)) continue;
      const { local, remote, move } = one.breakEven;
      const key = [one.name, local, remote, move].join();
      groups.set(key, [...(groups.get(key) ?? []), { ...row, device: one.name, found: one.breakEven }]);
    }
  const several = new Set([...groups.values()].map(([first]) => first.device)).size > 1;
  return [...groups.values()].map((group) => {
    const [{ device: name }] = group;
    const who = groups.size > (several ? 2 : 1) ? `${group.map((g) => g.variant.label).join(', ')}: ` : '';
    return breakEven(
      context,
      group,
      `${who}What a page costs${several ? ` on ${name}` : ''}, moved and over the link`,
      next,
    );
  });
}

function breakEven(context: PlotContext, group: readonly Found[], title: string, next: { panel: number }): ChartModel {
  const { picks, subtitle } = selectedPoints(context);
  const [{ found: costs }] = group;
  const { local, remote, move, reuse, simulated } = costs;
  const finite = Number.isFinite(reuse);
  const heres = group.map((g) => g.found.here.reuse).filter((n) => Number.isFinite(n));
  const far = finite ? 4 * reuse : Math.max(8, ...heres);
  const top = Math.max(finite ? 2 * reuse : 8, ...heres.filter((n) => n <= far).map((n) => 1.15 * n));
  const ends = Float64Array.of(0, top);
  const line = (label: string, slot: number, at: (uses: number) => number): SeriesModel => ({
    key: label,
    label,
    unit: 'ns',
    style: { ...COSTS[slot], slot: -1 },
    x: ends,
    y: ends.map(at),
    points: 'none',
  });
  const points = (label: string, slot: number, y: Float64Array): SeriesModel => {
    const shown = Array.from(simulated.reuse.keys()).filter((i) => simulated.reuse[i] <= top);
    return {
      key: label,
      label,
      unit: 'ns',
      style: { ...COSTS[slot], slot: -1 },
      x: Float64Array.from(shown, (i) => simulated.reuse[i]),
      y: Float64Array.from(shown, (i) => y[i]),
      points: 'only',
    };
  };
  const here = group.flatMap(({ variant, found: { here: at } }): SeriesModel[] =>
    Number.isFinite(at.reuse) && at.reuse <= top
      ? [
          {
            key: `here: ${variant.label}`,
            label: group.length > 1 ? `you are here: ${variant.label}` : 'you are here',
            unit: 'ns',
            style: { ...variant.style, dash: [] },
            x: Float64Array.of(at.reuse),
            y: Float64Array.of(at.time),
            points: 'only',
          },
        ]
      : [],
  );
  const series = [
    line('moved, closed form', 0, (uses) => move + uses * local),
    line('over the link, closed form', 1, (uses) => uses * remote),
    points('moved, simulated', 0, simulated.moved),
    points('over the link, simulated', 1, simulated.remote),
    ...here,
  ];
  const annotations: Annotation[] = finite
    ? [
        {
          label: `break-even at ${formatSignificant(reuse, 3)} uses`,
          tone: 'phase',
          at: series.slice(0, 2).map(({ key }) => ({ series: key, x: reuse })),
        },
      ]
    : [];
  const beyond = group.filter(({ found: { here: at } }) => at.reuse > top);
  return panel(context, {
    kind: 'line',
    panel: next.panel++,
    title,
    metrics: [{ name: BREAK_EVEN }],
    x: { title: 'uses of each byte', unit: '', scale: scaleFor('', top), min: 0, max: top },
    y: valueAxis(
      'time for a page',
      'ns',
      series.map((s) => s.y),
    ),
    series,
    annotations,
    picks,
    subtitle,
    notes: [
      ...group.map(({ variant, found }) => (group.length > 1 ? `${variant.label}: ${found.verdict}` : found.verdict)),
      ...beyond.map(
        ({ variant, found }) =>
          `${variant.label} is off the picture, at ${formatSignificant(found.here.reuse, 3)} uses.`,
      ),
    ],
  });
}
