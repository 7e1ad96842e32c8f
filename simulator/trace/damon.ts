/**
 * DAMON's view of a workload: for each interval, regions of addresses with a number of times that a sampled page of them was found accessed.
 * Single accesses are not in it; they are made up so that each interval has the same regions with the same rates: in every interval a region
 * that was found accessed in k of the at most K checks (K: the largest number seen) gets ⌈pages · k / K⌉ accesses, spread evenly over its
 * pages and over the interval's turns. So hit ratios of such a trace are an estimate, and only coarse ones.
 *
 * Read: lines of the event damon:damon_aggregated (`target_id=… nr_regions=… START-END: NR_ACCESSES AGE`), and what `damo` prints as JSON
 * (records[].snapshots[].regions[]).
 */
import { OP_STORE } from '../machine/access.ts';
import type { DecodedTrace, TraceDecoder } from './decoder.ts';
import { KeyedCollector } from './keyed.ts';
import { LineDecoder, textOf } from './lines.ts';
import { TraceError } from './trace-error.ts';

interface Region {
  readonly space: number;
  readonly start: number;
  readonly pages: number;
  readonly found: number;
}

const PAGE = 4096;
/** Largest JSON that is taken: it must be in memory as a whole. */
const LARGEST_JSON = 1 << 28;

/** Makes up the accesses of intervals. */
class Synthesis {
  private readonly accesses = new KeyedCollector();
  private readonly intervals: Region[][] = [];
  private largest = 0;

  region(interval: number, target: string, start: number, end: number, found: number): void {
    if (found > this.largest) this.largest = found;
    const pages = Math.floor(end / PAGE) - Math.floor(start / PAGE);
    if (pages <= 0) return;
    while (this.intervals.length <= interval) this.intervals.push([]);
    const space = this.accesses.space(`anon ${target}`);
    this.intervals[interval].push({ space, start: Math.floor(start / PAGE), pages, found });
  }

  finish(): DecodedTrace {
    for (const regions of this.intervals) this.turns(regions);
    return this.accesses.finish('no region was found accessed');
  }

  /** Regions take turns, each at its own pace, so that none is used up before another has begun. */
  private turns(regions: readonly Region[]): void {
    const wanted = regions.map(({ pages, found }) => (found === 0 ? 0 : Math.ceil((pages * found) / this.largest)));
    const most = Math.max(0, ...wanted);
    const done = wanted.map(() => 0);
    for (let turn = 1; turn <= most; turn++) {
      for (let i = 0; i < regions.length; i++) {
        while (done[i] * most < turn * wanted[i]) {
          const { space, start, pages } = regions[i];
          const at = Math.floor((done[i]++ * pages) / wanted[i]);
          this.accesses.push(OP_STORE, space, start + at);
        }
      }
    }
  }
}

class DamonDecoder extends LineDecoder {
  private readonly synthesis = new Synthesis();
  private interval = -1;
  private left = 0;

  protected record(bytes: Uint8Array, start: number, end: number): void {
    const line = textOf(bytes, start, end);
    if (!line.includes('damon_aggregated')) return;
    const found = /target_id=(\d+) nr_regions=(\d+) (\d+)-(\d+): (\d+)/.exec(line);
    if (!found) this.fail(`damon_aggregated without 'target_id=N nr_regions=N START-END: N': '${line.slice(0, 80)}'`);
    const [, target, regions, from, to, accesses] = found;
    // an interval's regions come one after another, as many as it says
    if (this.left === 0) {
      this.interval++;
      this.left = Number(regions);
    }
    this.left--;
    this.synthesis.region(this.interval, target, Number(from), Number(to), Number(accesses));
  }

  protected result(): DecodedTrace {
    return this.synthesis.finish();
  }
}

export const damonDecoder = (): TraceDecoder => new DamonDecoder();

interface DamoRecord {
  readonly target_id?: unknown;
  readonly snapshots?: readonly {
    readonly regions?: readonly { readonly start?: unknown; readonly end?: unknown; readonly nr_accesses?: unknown }[];
  }[];
}

class DamoDecoder implements TraceDecoder {
  private text = '';

  push(bytes: Uint8Array): void {
    for (let from = 0; from < bytes.length; from += 4096)
      this.text += textOf(bytes, from, Math.min(bytes.length, from + 4096));
    if (this.text.length > LARGEST_JSON) throw new TraceError('', 'it is longer than 256 MiB: record fewer snapshots');
  }

  finish(): DecodedTrace {
    let parsed: unknown;
    try {
      // line ends have become `?`, which JSON has nowhere outside of strings
      parsed = JSON.parse(this.text.replaceAll('?', ' '));
    } catch (error) {
      throw new TraceError('', `it is not JSON as damo prints it: ${String(error)}`);
    }
    const records = (Array.isArray(parsed) ? parsed : (parsed as { records?: unknown }).records) as
      readonly DamoRecord[] | undefined;
    if (!Array.isArray(records)) throw new TraceError('', "there are no 'records' in it");
    const synthesis = new Synthesis();
    for (const { target_id, snapshots } of records as readonly DamoRecord[]) {
      for (const [interval, { regions }] of (snapshots ?? []).entries()) {
        for (const region of regions ?? [])
          synthesis.region(
            interval,
            String(target_id),
            numberOf(region.start),
            numberOf(region.end),
            numberOf(typeof region.nr_accesses === 'object' ? damoCount(region.nr_accesses) : region.nr_accesses),
          );
      }
    }
    return synthesis.finish();
  }
}

/** Newer versions wrap the count: `{ "samples": n }`. */
const damoCount = (count: object | null): unknown => (count as { samples?: unknown } | null)?.samples;

/** Numbers may be written with thousands separators. */
function numberOf(value: unknown): number {
  const number = typeof value === 'string' ? Number(value.replaceAll(',', '')) : value;
  if (typeof number !== 'number' || !Number.isFinite(number))
    throw new TraceError('', `a region has ${JSON.stringify(value)} where a number is expected`);
  return number;
}

export const damoDecoder = (): TraceDecoder => new DamoDecoder();
