/** What a run says about volatile memory beyond counters: levels over time, waits in full, and the map of ranges over time. */
import { CALL_TIME, MMAP_SEM_CONTENDED, RECORDS, RECORD_TIME } from '../machine/counters.ts';
import type { Memory } from '../machine/memory.ts';
import type { Distribution, RangeMap } from '../report.ts';
import type { VolatileFigures } from '../tables/volatile-measures.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import { LOST, VOLATILE, type VolatileMemory } from '../volatile/volatile-memory.ts';
import { TimeHistogram } from './time-histogram.ts';

/** Rows of a map at most, and columns before every other is dropped. */
const ROWS = 16;
const COLUMNS = 64;

interface Column {
  readonly resident: Float64Array;
  readonly volatile: Float64Array;
  readonly purged: Float64Array;
}

export interface MappedObject {
  readonly name: string;
  readonly base: number;
  readonly pages: Pages;
}

export class VolatileRecords {
  /** From asking for mmap_sem to having it. */
  readonly semWait = new TimeHistogram();
  readonly faultWait = new TimeHistogram();
  readonly markTime = new TimeHistogram();
  readonly unmarkTime = new TimeHistogram();
  /** Of the interface. */
  readonly id: string;
  private readonly memory: Memory;
  private readonly volatile: VolatileMemory;
  private readonly mapped: readonly MappedObject[];
  private readonly vmas: () => number;
  /** Threads at volatile memory now, and since when time has been counted. */
  private busy = 0;
  private since: Nanoseconds = 0;
  private times: Nanoseconds[] = [];
  private columns: Column[][] = [];
  private every: Nanoseconds = 1;

  constructor(
    id: string,
    memory: Memory,
    volatile: VolatileMemory,
    mapped: readonly MappedObject[],
    vmas: () => number,
  ) {
    this.id = id;
    this.memory = memory;
    this.volatile = volatile;
    this.mapped = mapped;
    this.vmas = vmas;
  }

  // ---- records

  begin(now: Nanoseconds): void {
    this.count(now);
    this.busy++;
  }

  end(now: Nanoseconds, record: boolean): void {
    this.count(now);
    this.busy--;
    if (record) this.memory.counters[RECORDS]++;
  }

  /** Threads run a little ahead of each other: time never goes back. */
  private count(now: Nanoseconds): void {
    if (now <= this.since) return;
    if (this.busy > 0) this.memory.counters[RECORD_TIME] += now - this.since;
    this.since = now;
  }

  call(mark: boolean, time: Nanoseconds): void {
    (mark ? this.markTime : this.unmarkTime).add(time);
    this.memory.counters[CALL_TIME] += time;
  }

  // ---- levels

  figures(): VolatileFigures {
    const { volatile } = this;
    return {
      resident: volatile.resident,
      lost: volatile.lost,
      ranges: volatile.ranges,
      vmas: this.vmas(),
      waits: {
        'mmap_sem.wait.p99': this.memory.counters[MMAP_SEM_CONTENDED] > 0 ? this.semWait.percentile(0.99) : 0,
        'fault-wait.p99': this.faultWait.count > 0 ? this.faultWait.percentile(0.99) : 0,
        'mark-time.p50': this.markTime.percentile(0.5),
        'mark-time.p99': this.markTime.percentile(0.99),
        'unmark-time.p50': this.unmarkTime.percentile(0.5),
        'unmark-time.p99': this.unmarkTime.percentile(0.99),
      },
    };
  }

  distributions(): Distribution[] {
    return [
      this.semWait.distribution('mmap_sem.wait'),
      this.faultWait.distribution('fault-wait'),
      this.markTime.distribution('mark-time'),
      this.unmarkTime.distribution('unmark-time'),
    ].filter((d) => d !== undefined);
  }

  // ---- the map

  sample(now: Nanoseconds): void {
    const last = this.times.at(-1) ?? -Infinity;
    if (now === last) this.columns.pop();
    else if (now - last < this.every) return;
    else this.times.push(now);
    this.columns.push(this.mapped.map((object) => this.column(object)));
    if (this.times.length < COLUMNS) return;
    this.times = this.times.filter((_, i) => i % 2 === 0);
    this.columns = this.columns.filter((_, i) => i % 2 === 0);
    this.every = Math.max(this.every * 2, Math.floor((2 * now) / COLUMNS));
  }

  private column({ base, pages }: MappedObject): Column {
    const rows = Math.min(ROWS, pages);
    const column: Column = {
      resident: new Float64Array(rows),
      volatile: new Float64Array(rows),
      purged: new Float64Array(rows),
    };
    const { state } = this.volatile;
    for (let row = 0; row < rows; row++) {
      const from = base + Math.floor((row * pages) / rows);
      const to = base + Math.floor(((row + 1) * pages) / rows);
      const page = 1 / (to - from);
      for (let at = from; at < to; at++) {
        if ((state[at] & LOST) !== 0) column.purged[row] += page;
        else if (this.memory.isResident(at))
          column[(state[at] & VOLATILE) !== 0 ? 'volatile' : 'resident'][row] += page;
      }
    }
    return column;
  }

  maps(): RangeMap[] {
    return this.mapped.map(({ name, pages }, i) => {
      const all = (state: keyof Column) => Float64Array.from(this.columns.flatMap((column) => [...column[i][state]]));
      return {
        object: name,
        pages,
        t: Float64Array.from(this.times),
        rows: Math.min(ROWS, pages),
        shares: { resident: all('resident'), volatile: all('volatile'), purged: all('purged') },
      };
    });
  }
}
