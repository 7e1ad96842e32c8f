/**
 * Recoveries as one Gantt chart: a lane for each variant (two where its phases overlap), a colour for each phase, what is off the critical path
 * apart, the slack that is left, and the line of the budget. A single recovery has a lane for each resource.
 */
import type { PointReport, RecoveryPhase, RecoveryReport } from '../report.ts';
import { styleOf, type Annotation, type ChartModel, type DataTable, type SeriesModel } from './chart-model.ts';
import { formatValue } from './format.ts';
import { categoryAxis, numberAxis, panel, selectedPoints, type PlotContext } from './panel.ts';
import { PHASES } from '../exit/recovery.ts';

export const SLACK = 'slack';

interface Bar {
  readonly lane: number;
  readonly name: string;
  /** On the critical path. */
  readonly binds: boolean;
  readonly from: number;
  readonly to: number;
}

interface Row {
  readonly label: string;
  readonly recovery: RecoveryReport;
}

const isRow = (row: { readonly label: string; readonly point: PointReport }): boolean =>
  row.point.recovery !== undefined;

/** `null`: the points say nothing of a recovery. */
export function recoveryTimeline(context: PlotContext): ChartModel | null {
  const { rows: points, picks, subtitle } = selectedPoints(context);
  const rows: Row[] = points
    .map(({ variant, point }) => ({ label: variant.label, point }))
    .filter(isRow)
    .map(({ label, point }) => ({ label, recovery: point.recovery! }));
  if (rows.length === 0) return null;
  const lanes: string[] = [];
  const bars: Bar[] = [];
  const place = rows.length === 1 ? byResource : byTrack;
  for (const row of rows) place(row, lanes, bars);
  const names = [...PHASES, SLACK].filter((name) => bars.some((bar) => bar.name === name));
  const series = names.flatMap((name) =>
    [true, false].flatMap((binds) => {
      const mine = bars.filter((bar) => bar.name === name && bar.binds === binds);
      return mine.length === 0 ? [] : [seriesOf(name, binds, mine)];
    }),
  );
  const ends = rows.map(({ recovery }) =>
    Math.max(recovery.budget, ...recovery.phases.map(({ end }) => end - recovery.crash)),
  );
  return panel(context, {
    kind: 'timeline',
    panel: 0,
    title: rows.length === 1 ? 'From crash to service' : 'From crash to service, by variant',
    metrics: context.plot.metrics,
    x: numberAxis('time since the crash', 'ns', [[0, ...ends]]),
    y: categoryAxis(rows.length === 1 ? 'resource' : 'variant', lanes),
    series,
    picks,
    subtitle,
    annotations: budgets(rows, series),
    notes: rows.map(sentenceOf),
    table: tableOf(rows),
  });
}

/** What a picture shows of one phase, in its place in the order of phases. */
function seriesOf(name: string, binds: boolean, bars: readonly Bar[]): SeriesModel {
  const slot = name === SLACK ? -1 : PHASES.findIndex((phase) => phase === name);
  return {
    key: binds ? name : `${name} off`,
    label: binds ? name : name === SLACK ? SLACK : `${name}, off the critical path`,
    style: { ...styleOf(Math.max(0, COLOURS[slot] ?? slot), slot < 0), dash: [] },
    unit: '',
    x: Float64Array.from(bars, (bar) => bar.from),
    x2: Float64Array.from(bars, (bar) => bar.to),
    y: Float64Array.from(bars, (bar) => bar.lane),
    ...(binds ? {} : { faint: true as const }),
  };
}

/** Hues by phase (detect, dump, munlock, zap, firmware, kexec, kernel-init, pool, prefault, replay): neighbours differ. */
const COLOURS: readonly number[] = [4, 6, 3, 0, 3, 3, 5, 6, 2, 1];

function byResource({ recovery }: Row, lanes: string[], bars: Bar[]): void {
  for (const phase of recovery.phases) {
    const known = lanes.indexOf(phase.resource);
    const lane = known < 0 ? lanes.push(phase.resource) - 1 : known;
    bars.push(...barsOf(recovery, phase, lane));
  }
  bars.push(...slackOf(recovery, lanes.length - 1));
}

/** The critical path in one lane, with what else has room there; what overlaps it in a second. */
function byTrack({ label, recovery }: Row, lanes: string[], bars: Bar[]): void {
  const first = lanes.push(label) - 1;
  let second = -1;
  const drawn: RecoveryPhase[] = [];
  for (const phase of [...recovery.phases].sort(
    (a, b) => Number(b.critical !== undefined) - Number(a.critical !== undefined),
  )) {
    // a phase that goes on after what it was waited for keeps its lane: the rest of it is the second's
    const { critical, end } = phase;
    const kept = critical ? { ...phase, end: critical.to } : phase;
    const overlaps = drawn.some((other) => kept.start < other.end && other.start < kept.end);
    if (overlaps || end > kept.end) second = second < 0 ? lanes.push(`${label}, meanwhile`) - 1 : second;
    bars.push(...barsOf(recovery, kept, overlaps ? second : first));
    if (end > kept.end) bars.push(...barsOf(recovery, { ...phase, start: kept.end, end, critical: undefined }, second));
    if (!overlaps) drawn.push(kept);
  }
  bars.push(...slackOf(recovery, first));
}

/** The part of a phase that is on the critical path, and what is not. */
function barsOf(
  { crash }: RecoveryReport,
  {
    name,
    start,
    end,
    critical,
  }: Pick<RecoveryPhase, 'name' | 'start' | 'end'> & { readonly critical?: RecoveryPhase['critical'] | undefined },
  lane: number,
): Bar[] {
  const bar = (from: number, to: number, binds: boolean): Bar[] =>
    to > from ? [{ lane, name, binds, from: from - crash, to: to - crash }] : [];
  if (!critical) return bar(start, end, false);
  return [
    ...bar(start, critical.from, false),
    ...bar(critical.from, critical.to, true),
    ...bar(critical.to, end, false),
  ];
}

const slackOf = ({ timeToService, budget }: RecoveryReport, lane: number): Bar[] =>
  budget > timeToService ? [{ lane, name: SLACK, binds: false, from: timeToService, to: budget }] : [];

function budgets(rows: readonly Row[], series: readonly SeriesModel[]): Annotation[] {
  const all = [...new Set(rows.map(({ recovery }) => recovery.budget))];
  return all.map((budget) => ({
    label: `budget ${formatValue(budget, 'ns')}`,
    tone: 'alarm',
    at: series.map(({ key }) => ({ series: key, x: budget })),
  }));
}

/** `4k: 45.8 s, 15.8 s over budget; critical: detect → zap → prefault → replay`. */
function sentenceOf({ label, recovery }: Row): string {
  const { timeToService, slack, phases, latentDebt } = recovery;
  const path = phases.filter(({ critical }) => critical).map(({ name, part }) => (part === undefined ? name : part));
  const left = slack < 0 ? `${formatValue(-slack, 'ns')} over budget` : `${formatValue(slack, 'ns')} left`;
  const debt = latentDebt > 0 ? `; ${formatValue(latentDebt, 'ns')} of first touches still to come` : '';
  const who = label === '' ? '' : `${label}: `;
  return `${who}service after ${formatValue(timeToService, 'ns')}, ${left}; critical path: ${path.join(' → ')}${debt}.`;
}

function tableOf(rows: readonly Row[]): DataTable {
  return {
    columns: [
      { title: 'variant', unit: '' },
      { title: 'phase', unit: '' },
      { title: 'resource', unit: '' },
      { title: 'from', unit: 'ns' },
      { title: 'to', unit: 'ns' },
      { title: 'on the critical path', unit: 'ns' },
      { title: 'float', unit: 'ns' },
    ],
    rows: rows.flatMap(({ label, recovery }) => [
      ...recovery.phases.map(({ name, part, resource, start, end, critical, float }) => [
        label,
        part === undefined ? name : `${name}, ${part}`,
        resource,
        start - recovery.crash,
        end - recovery.crash,
        critical ? critical.to - critical.from : 0,
        float,
      ]),
      [label, 'service', '', recovery.timeToService, recovery.budget, null, recovery.slack],
    ]),
  };
}
