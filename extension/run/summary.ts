/** The few figures that a cell's status bar shows of a report. */
import type { PointReport, Report } from '../../simulator/report.ts';

export interface RunSummary {
  readonly title: string;
  readonly hash: string;
  readonly points: number;
  /** What was compared (each combination of compared values), or the one reclaim variant; in the order of the plan. */
  readonly variants: readonly string[];
  /** Lowest and highest over all points; `null` where none has it. */
  readonly hitRatio: readonly [number, number] | null;
  /** Longest simulated time, ns. */
  readonly simulated: number;
  /** Wall time, ms. */
  readonly elapsed: number;
  /** Recordings of real kernels that it was held against. */
  readonly compared?: { readonly sets: number; readonly checks: number; readonly matched: number };
  readonly expectations: { readonly held: number; readonly all: number };
  readonly cached: boolean;
  readonly partial: boolean;
}

export function summarise(
  report: Report,
  { hash, cached, elapsed }: { readonly hash: string; readonly cached: boolean; readonly elapsed: number },
): RunSummary {
  const variants = new Set<string>();
  let low = Infinity;
  let high = -Infinity;
  let simulated = 0;
  for (const point of report.points) {
    variants.add(variantOf(report, point));
    const ratio = point.measures['hit-ratio'];
    if (ratio !== undefined && Number.isFinite(ratio)) {
      low = Math.min(low, ratio);
      high = Math.max(high, ratio);
    }
    simulated = Math.max(simulated, point.time);
  }
  return {
    title: report.title,
    hash,
    points: report.points.length,
    variants: [...variants],
    hitRatio: high >= low ? [low, high] : null,
    simulated,
    elapsed,
    ...(report.fidelity ? { compared: comparedIn(report.fidelity) } : {}),
    expectations: expectationsOf(report),
    cached,
    partial: report.partial,
  };
}

/** Its values on the `compare` axes, whatever they compare: reclaim, ways of counting, policies of devices. */
function variantOf({ axes }: Report, { coordinates, variant }: PointReport): string {
  const labels = axes.flatMap(({ kind, values }, i) => (kind === 'compare' ? [values[coordinates[i]].label] : []));
  return labels.length > 0 ? labels.join(' · ') : Object.values(variant).join(' · ');
}

function comparedIn(parts: NonNullable<Report['fidelity']>): NonNullable<RunSummary['compared']> {
  const sets = parts.flatMap((part) => part.sets);
  const sum = (of: (set: (typeof sets)[number]) => number) => sets.reduce((n, set) => n + of(set), 0);
  return { sets: sets.length, checks: sum((set) => set.checks), matched: sum((set) => set.matched) };
}

/** An expectation is judged at every point it names; it is counted once, and holds if it held everywhere. */
export function expectationsOf(report: Report): RunSummary['expectations'] {
  const holds = new Map<string, boolean>();
  for (const point of report.points) {
    for (const one of point.expectations) {
      const key = one.source ? `${one.source.uri}:${one.source.line}:${one.source.column}` : one.text;
      holds.set(key, (holds.get(key) ?? true) && one.holds);
    }
  }
  return { held: [...holds.values()].filter(Boolean).length, all: holds.size };
}

export interface StatusText {
  readonly text: string;
  readonly tooltip: string;
}

export const percent = (share: number): string => `${(100 * share).toFixed(1)}`;

export function durationText(ms: number): string {
  if (ms < 1) return `${(ms * 1000).toFixed(0)} µs`;
  if (ms < 1000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  return `${Math.floor(ms / 60_000)} min ${Math.round((ms % 60_000) / 1000)} s`;
}

/** Status-bar items of a finished cell, all its runs together, most telling first. */
export function statusTexts(runs: readonly RunSummary[]): StatusText[] {
  if (runs.length === 0) return [];
  const items: StatusText[] = [];
  const held = runs.reduce((sum, run) => sum + run.expectations.held, 0);
  const all = runs.reduce((sum, run) => sum + run.expectations.all, 0);
  if (all > 0) {
    items.push({
      text: `${held === all ? '$(pass)' : '$(error)'} ${held}/${all} expectations`,
      tooltip: held === all ? 'Every expectation held.' : `${all - held} of ${all} expectations did not hold.`,
    });
  }
  const compared = runs.flatMap((run) => run.compared ?? []);
  if (compared.length > 0) {
    const [sets, checks, matched] = (['sets', 'checks', 'matched'] as const).map((of) =>
      compared.reduce((sum, one) => sum + one[of], 0),
    );
    const checked =
      checks > 0 ? ` · ${matched.toLocaleString('en-US')} of ${checks.toLocaleString('en-US')} checks` : '';
    items.push({
      text: `${plural(sets, 'recorded run')}${checked}`,
      tooltip: 'Held against recordings of unmodified kernels.',
    });
  }
  const simulations = runs.filter((run) => !run.compared);
  if (simulations.length > 0) items.push(...simulationTexts(simulations));
  if (runs.some((run) => run.cached)) {
    items.push({
      text: '$(database) cached',
      tooltip: 'Kept from an earlier run of the same plan, seed and model version. Run the cell to compute it anew.',
    });
  }
  if (runs.some((run) => run.partial)) {
    items.push({
      text: '$(circle-slash) partial',
      tooltip: 'The run was interrupted: what is shown is true, but not all.',
    });
  }
  return items;
}

/** How much was simulated, and what came out. */
function simulationTexts(runs: readonly RunSummary[]): StatusText[] {
  const items: StatusText[] = [];
  const variants = new Set(runs.flatMap((run) => run.variants));
  const points = runs.reduce((sum, run) => sum + run.points, 0);
  items.push({
    text: `${plural(variants.size, 'variant')}${points > variants.size ? ` · ${points} points` : ''}`,
    tooltip: `Simulated: ${[...variants].join(', ')}`,
  });
  const ratios = runs.flatMap((run) => run.hitRatio ?? []);
  if (ratios.length > 0) {
    const low = percent(Math.min(...ratios));
    const high = percent(Math.max(...ratios));
    items.push({
      text: `hits ${low === high ? low : `${low} – ${high}`} %`,
      tooltip: 'Hit ratio over the whole run: lowest and highest of all points.',
    });
  }
  const simulated = Math.max(...runs.map((run) => run.simulated)) / 1e6;
  const elapsed = runs.reduce((sum, run) => sum + run.elapsed, 0);
  items.push({
    text: `${durationText(simulated)} simulated`,
    tooltip: `The longest run lasted ${durationText(simulated)} on the simulated machine${elapsed > 0 ? ` and took ${durationText(elapsed)} to compute` : ''}.`,
  });
  return items;
}

const plural = (n: number, what: string): string => `${n} ${what}${n === 1 ? '' : 's'}`;
