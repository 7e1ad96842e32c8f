/** Which part of each region is in a device's memory, over time: a picture of blocks by time. Samples double their distance when there are too many. */
import type { Nanoseconds } from '../units.ts';
import type { Residency } from '../report.ts';
import { BLOCK_PAGES } from './parameters.ts';
import type { PageMap } from './page-map.ts';

const COLUMNS = 96;
/** Rows of one region; neighbouring blocks share one if there are more. */
const ROWS = 32;

export class ResidencyRecord {
  interval: Nanoseconds = 50_000;
  private readonly columns: Uint16Array[] = [];
  private readonly map: PageMap;
  private readonly resident: Uint16Array;

  constructor(map: PageMap, resident: Uint16Array) {
    this.map = map;
    this.resident = resident;
  }

  /** To be called at every multiple of `interval`. */
  sample(): void {
    this.columns.push(this.resident.slice());
    if (this.columns.length < 2 * COLUMNS) return;
    const kept = this.columns.filter((_, i) => i % 2 === 1);
    this.columns.length = 0;
    this.columns.push(...kept);
    this.interval *= 2;
  }

  /** The regions of which something was ever there. `end`: now, as the last column. */
  report(names: readonly string[], end: Nanoseconds): Residency[] {
    const { map, interval } = this;
    const columns = [...this.columns, this.resident];
    const t = Float64Array.from(columns, (_, i) =>
      i === columns.length - 1 ? end : Math.min(end, (i + 1) * interval),
    );
    const found: Residency[] = [];
    for (let first = 0; first < map.blocks;) {
      const object = map.blockObject[first];
      let last = first;
      let pages = 0;
      while (last < map.blocks && map.blockObject[last] === object) pages += map.blockPages[last++];
      const blocks = last - first;
      const each = Math.ceil(blocks / ROWS);
      const rows = Math.ceil(blocks / each);
      const values = new Float64Array(rows * columns.length);
      let any = false;
      for (let row = 0; row < rows; row++) {
        const from = first + row * each;
        const to = Math.min(last, from + each);
        let size = 0;
        for (let block = from; block < to; block++) size += map.blockPages[block];
        columns.forEach((column, c) => {
          let there = 0;
          for (let block = from; block < to; block++) there += column[block];
          if (there > 0) any = true;
          values[row * columns.length + c] = there / size;
        });
      }
      if (any) found.push({ object: names[object], pages, rowPages: each * BLOCK_PAGES, rows, t, values });
      first = last;
    }
    return found;
  }

  /** The whole of a region (by its number) over time. */
  share(object: number, end: Nanoseconds): { t: Float64Array; y: Float64Array } {
    const { map, interval } = this;
    const columns = [...this.columns, this.resident];
    const t = Float64Array.from(columns, (_, i) =>
      i === columns.length - 1 ? end : Math.min(end, (i + 1) * interval),
    );
    const y = Float64Array.from(columns, (column) => {
      let there = 0;
      let size = 0;
      for (let block = 0; block < map.blocks; block++) {
        if (map.blockObject[block] !== object) continue;
        there += column[block];
        size += map.blockPages[block];
      }
      return size > 0 ? there / size : 0;
    });
    return { t, y };
  }
}
