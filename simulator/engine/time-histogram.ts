/**
 * How often things took how long, in integer nanoseconds: eight buckets to a doubling, so a percentile read off it is at most an eighth too
 * low. Count, sum and maximum are exact. Nothing is allocated before the first entry.
 */
import type { Distribution } from '../report.ts';
import type { Nanoseconds } from '../units.ts';

/** 0 … 7 one each, then eight a doubling up to 2^53. */
const BUCKETS = 8 * 51 + 8;
const HALF = 67_108_864; // 2^26

export class TimeHistogram {
  count = 0;
  sum = 0;
  max: Nanoseconds = 0;
  #counts: Float64Array | undefined;

  add(time: Nanoseconds): void {
    this.count++;
    this.sum += time;
    if (time > this.max) this.max = time;
    this.#counts ??= new Float64Array(BUCKETS);
    this.#counts[bucketOf(time)]++;
  }

  /** NaN without entries. */
  get mean(): number {
    return this.sum / this.count;
  }

  /** Lower edge of the bucket that the entry of this rank (`share` 0 … 1) is in; NaN without entries. */
  percentile(share: number): Nanoseconds {
    if (this.#counts === undefined) return NaN;
    let rank = Math.max(1, Math.ceil(share * this.count));
    for (let i = 0; i < BUCKETS; i++) {
      rank -= this.#counts[i];
      if (rank <= 0) return edgeOf(i);
    }
    return this.max;
  }

  merge(other: TimeHistogram): void {
    if (other.#counts === undefined) return;
    this.#counts ??= new Float64Array(BUCKETS);
    for (let i = 0; i < BUCKETS; i++) this.#counts[i] += other.#counts[i];
    this.count += other.count;
    this.sum += other.sum;
    this.max = Math.max(this.max, other.max);
  }

  /** Undefined without entries. */
  distribution(name: string): Distribution | undefined {
    if (this.#counts === undefined) return undefined;
    const last = this.#counts.findLastIndex((n) => n > 0);
    return {
      name,
      unit: 'ns',
      edges: Float64Array.from({ length: last + 2 }, (_, i) => edgeOf(i)),
      counts: this.#counts.slice(0, last + 1),
    };
  }
}

function bucketOf(time: Nanoseconds): number {
  if (time < 8) return Math.max(0, Math.floor(time));
  const high = time >= HALF ? 26 : 0;
  const bits = Math.floor(high > 0 ? time / HALF : time);
  if (high > 0 && bits < 8) {
    const wide = Math.floor(time / 8388608); // 2^23: time has at least 27 bits
    const octave = 31 - Math.clz32(wide);
    return 8 * (octave + 23 - 2) + ((wide >>> (octave - 3)) & 7);
  }
  const octave = 31 - Math.clz32(bits);
  return 8 * (octave + high - 2) + ((bits >>> (octave - 3)) & 7);
}

/** Smallest time of a bucket. */
function edgeOf(bucket: number): Nanoseconds {
  if (bucket < 8) return bucket;
  let edge = 8 + (bucket & 7);
  for (let octave = bucket >> 3; octave > 1; octave--) edge *= 2;
  return edge;
}
