/**
 * Fewer points that look the same. A line through many points paints, in each column of a picture, from the least to the greatest of those that lie
 * there, and enters and leaves it at the first and the last: these four are enough, and every spike is among them.
 */

/**
 * Indices of what is to be drawn of columns over the ascending `x`, between `min` and `max` and one step beyond; the same ones for all of `ys`, so that
 * they can be stacked. `null`: all of them, being few. Of missing values (NaN) in a column one is kept: the line breaks there.
 */
export function seenPlaces(
  x: Float64Array,
  ys: readonly Float64Array[],
  { min, max }: { readonly min: number; readonly max: number },
  columns: number,
): Int32Array | null {
  const from = Math.max(0, firstAtLeast(x, min) - 1);
  const to = Math.min(x.length, firstAtLeast(x, max) + 1);
  if (to - from <= 4 * columns || !(max > min)) return from === 0 && to === x.length ? null : range(from, to);
  const keep = new Uint8Array(to - from);
  for (const y of ys) mark(keep, x, y, { from, to, min, width: (max - min) / columns });
  let count = 0;
  for (let i = 0; i < keep.length; i++) count += keep[i];
  const places = new Int32Array(count);
  for (let i = 0, k = 0; i < keep.length; i++) if (keep[i] === 1) places[k++] = from + i;
  return places;
}

interface Window {
  readonly from: number;
  readonly to: number;
  readonly min: number;
  /** Of a column, in the unit of x. */
  readonly width: number;
}

function mark(keep: Uint8Array, x: Float64Array, y: Float64Array, { from, to, min, width }: Window): void {
  for (let i = from; i < to;) {
    const limit = min + (Math.floor((x[i] - min) / width) + 1) * width;
    const first = i;
    let least = Infinity;
    let greatest = -Infinity;
    let low = i;
    let high = i;
    let gap = i;
    // The first belongs to its column even where rounding says otherwise.
    do {
      const v = y[i];
      if (v < least) {
        least = v;
        low = i;
      }
      if (v > greatest) {
        greatest = v;
        high = i;
      }
      if (v !== v) gap = i;
      i++;
    } while (i < to && x[i] < limit);
    keep[first - from] = keep[low - from] = keep[high - from] = keep[gap - from] = keep[i - 1 - from] = 1;
  }
}

/** Index of the first value not below `at`; the length where there is none. */
function firstAtLeast(x: Float64Array, at: number): number {
  let low = 0;
  let high = x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x[middle] < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

const range = (from: number, to: number): Int32Array => Int32Array.from({ length: to - from }, (_, i) => from + i);
