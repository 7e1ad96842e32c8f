/** Fewer points with the same extremes: of each bucket its first-coming extreme and the other one, so that no spike is lost. */

export function decimateMinMax(t: Float64Array, y: Float64Array, points: number): { t: Float64Array; y: Float64Array } {
  const n = t.length;
  if (n <= points) return { t: t.slice(), y: y.slice() };
  // First and last point stay; each bucket between gives two.
  const buckets = Math.max(1, (points - 2) >> 1);
  const outT = new Float64Array(2 * buckets + 2);
  const outY = new Float64Array(2 * buckets + 2);
  let k = 0;
  const put = (i: number) => {
    outT[k] = t[i];
    outY[k++] = y[i];
  };
  put(0);
  for (let b = 0; b < buckets; b++) {
    const from = 1 + Math.floor((b * (n - 2)) / buckets);
    const to = 1 + Math.floor(((b + 1) * (n - 2)) / buckets);
    let low = from;
    let high = from;
    for (let i = from + 1; i < to; i++) {
      if (y[i] < y[low]) low = i;
      if (y[i] > y[high]) high = i;
    }
    if (from >= to) continue;
    put(Math.min(low, high));
    if (low !== high) put(Math.max(low, high));
  }
  put(n - 1);
  return { t: outT.slice(0, k), y: outY.slice(0, k) };
}
