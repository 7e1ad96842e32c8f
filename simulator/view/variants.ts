/**
 * The experiment's dimensions as a reader sees them: `compare` axes multiply into variants (lines, bars, legend entries), `sweep` axes are
 * walked along x or picked one value at a time.
 */
import type { Axis } from '../plan.ts';
import type { PointReport, Report, VariantInfo } from '../report.ts';
import type { Pick, SeriesStyle } from './chart-model.ts';
import { styleOf } from './chart-model.ts';

export interface VariantRow {
  /** Stable across charts of a report, and across reports of one plan. */
  readonly key: string;
  readonly label: string;
  readonly style: SeriesStyle;
  /** One index per compare axis. */
  readonly coordinates: readonly number[];
  readonly info?: VariantInfo;
}

export interface Dimensions {
  readonly variants: readonly VariantRow[];
  /** Indices into report.axes. */
  readonly compares: readonly number[];
  readonly sweeps: readonly number[];
}

export function dimensionsOf(report: Report): Dimensions {
  const compares: number[] = [];
  const sweeps: number[] = [];
  report.axes.forEach((axis, i) => (axis.kind === 'compare' ? compares : sweeps).push(i));
  return { variants: variantsOf(report, compares), compares, sweeps };
}

function variantsOf(report: Report, compares: readonly number[]): VariantRow[] {
  const seen = new Map<string, PointReport>();
  for (const point of report.points) {
    const key = compares.map((a) => point.coordinates[a]).join(',');
    if (!seen.has(key)) seen.set(key, point);
  }
  // In the order written, not in the order in which points happened to finish.
  const found = [...seen.values()].map((point) => ({ point, at: compares.map((a) => point.coordinates[a]) }));
  found.sort((a, b) => compareTuples(a.at, b.at));
  const used = { candidates: 0, rulers: 0 };
  return found.map(({ point, at }) => {
    const parts = compares.map((a, i) => report.axes[a].values[at[i]]?.label ?? '?');
    const label = parts.length > 0 ? parts.join(' · ') : (point.variant['reclaim'] ?? 'run');
    const info = infoOf(report, compares, at, point);
    // Rulers take no hue from the candidates.
    const ruler = info?.family === 'ruler';
    const index = ruler ? used.rulers++ : used.candidates++;
    return {
      key: label,
      label,
      style: styleOf(index, ruler),
      coordinates: at,
      ...(info ? { info } : {}),
    };
  });
}

function infoOf(
  report: Report,
  compares: readonly number[],
  at: readonly number[],
  point: PointReport,
): VariantInfo | undefined {
  const names: string[] = [];
  compares.forEach((a, i) => {
    const value = report.axes[a].values[at[i]];
    const mechanism = report.axes[a].name.slice(report.axes[a].name.lastIndexOf('.') + 1);
    if (value) names.push(`${mechanism}:${value.value}`, value.label, String(value.value));
  });
  // Where something else is compared, what they have in common tells nobody apart.
  for (const mechanism of ['volatile.interface', 'reclaim']) {
    const varies = compares.length === 0 || compares.some((a) => report.axes[a].name === mechanism);
    const id = point.variant[mechanism];
    if (varies && id !== undefined) names.push(id);
  }
  for (const name of names) {
    const info = report.variants[name] ?? report.variants[name.split(/[\s{]/, 1)[0]];
    if (info) return info;
  }
  return undefined;
}

function compareTuples(a: readonly number[], b: readonly number[]): number {
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return a[i] - b[i];
  return 0;
}

/** What was selected for each sweep axis, by axis name; absent: the middle value. */
export type Selection = Readonly<Record<string, number>>;

export function selectedIndex(axis: Axis, selection: Selection): number {
  const chosen = selection[axis.name];
  const last = axis.values.length - 1;
  if (chosen === undefined || !Number.isInteger(chosen)) return Math.floor(last / 2);
  return Math.max(0, Math.min(last, chosen));
}

/** The point of `variant` at the given sweep indices (one per sweep axis, in axis order). */
export function pointFinder(report: Report, dimensions: Dimensions) {
  const byCoordinates = new Map(report.points.map((point) => [point.coordinates.join(','), point]));
  return (variant: VariantRow, sweepIndices: readonly number[]): PointReport | undefined => {
    const coordinates = new Array<number>(report.axes.length).fill(0);
    dimensions.compares.forEach((a, i) => (coordinates[a] = variant.coordinates[i]!));
    dimensions.sweeps.forEach((a, i) => (coordinates[a] = sweepIndices[i]!));
    return byCoordinates.get(coordinates.join(','));
  };
}

export function picksFor(
  report: Report,
  dimensions: Dimensions,
  selection: Selection,
  exceptAxis?: number,
): { readonly picks: readonly Pick[]; readonly indices: readonly number[]; readonly subtitle: string } {
  const picks: Pick[] = [];
  const said: string[] = [];
  const indices = dimensions.sweeps.map((a) => {
    const axis = report.axes[a];
    const selected = selectedIndex(axis, selection);
    if (a !== exceptAxis) {
      picks.push({ axis: axis.name, labels: axis.values.map((v) => v.label), selected });
      said.push(`${axis.name} ${axis.values[selected].label}`);
    }
    return selected;
  });
  return { picks, indices, subtitle: said.join(', ') };
}
