/** How much a host should ask of `advance` at a time. The slice is tuned to the clock, never the result: its size does not change a report. */

/** Aimed-at length of a slice; an interruption waits for one slice at most. */
const SLICE_MS = 15;
const SMALLEST = 4096;
const LARGEST = 1 << 24;
/** Before anything has been measured. */
export const FIRST_BUDGET = 4 * SMALLEST;

/** Scales towards the aimed-at slice, by no more than four at a time: one odd measurement must not make the next slice a long one. */
export function nextBudget(budget: number, spent: number): number {
  const factor = spent > 0 ? Math.min(4, Math.max(0.25, SLICE_MS / spent)) : 4;
  return Math.min(LARGEST, Math.max(SMALLEST, Math.floor(budget * factor)));
}
