/**
 * Time told in work: how many accesses were done by then. Variants that miss more take longer for the same work, so on a common time axis the quick
 * ones are squeezed together; along work they line up, phase by phase. Exact at the ends of passes, straight lines between.
 */
import type { PointReport } from '../report.ts';

/** Accesses done by each of the times `t` (ascending), over all processes. */
export function workAt(point: PointReport, t: ArrayLike<number>): Float64Array {
  const changes: { at: number; slope: number; jump: number }[] = [];
  for (const phase of point.phases) {
    for (const { start, end, accesses } of phase.passes) {
      if (end > start) {
        const slope = accesses / (end - start);
        changes.push({ at: start, slope, jump: 0 }, { at: end, slope: -slope, jump: 0 });
      } else changes.push({ at: end, slope: 0, jump: accesses });
    }
  }
  changes.sort((a, b) => a.at - b.at);
  const out = new Float64Array(t.length);
  let done = 0;
  let slope = 0;
  let from = 0;
  let next = 0;
  for (let i = 0; i < t.length; i++) {
    while (next < changes.length && changes[next].at <= t[i]) {
      const change = changes[next++];
      done += slope * (change.at - from) + change.jump;
      from = change.at;
      slope += change.slope;
    }
    // Rounding may leave a slope of nearly nothing behind the last pass.
    out[i] = Math.round(next === changes.length ? done : done + slope * (t[i] - from));
  }
  return out;
}
