/** What a run says about volatile memory beyond counters: levels over time, waits in full, and the map of ranges over time. */
import { CALL_TIME, MMAP_SEM_CONTENDED, RECORDS, RECORD_TIME } from '../machine/counters.ts';
import type { Memory } from '../machine/memory.ts';
import type { Distribution, RangeMap } from '../report.ts';
import type { VolatileFigures } from '../tables/volatile-measures.ts';
import type { Nanoseconds, Pages } from '../units.ts';
import { LOST, VOLATILE, type VolatileMemory } from '../volatile/volatile-memory.ts';
import { TimeHistogram } from './time-histogram.ts';

/** Rows of a map at most, and columns before every other is dropped. */
const ROWS = 64;
const COLUMNS = 128;

/** States of a row of the map, by number. */
export const RANGE_STATES = ['absent', 'resident', 'volatile', 'purged'] as const;

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
  private columns: Uint8Array[][] = [];
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

  /** What most pages of each row are; what is purged shows, however little it is. */
  private column({ base, pages }: MappedObject): Uint8Array {
    const rows = Math.min(ROWS, pages);
    const column = new Uint8Array(rows);
    const { state } = this.volatile;
    for (let row = 0; row < rows; row++) {
      const from = base + Math.floor((row * pages) / rows);
      const to = base + Math.floor(((row + 1) * pages) / rows);
      let lost = 0;
      let volatile = 0;
      let resident = 0;
      for (let page = from; page < to; page++) {
        if ((state[page] & LOST) !== 0) lost++;
        else if (this.memory.isResident(page)) {
          if ((state[page] & VOLATILE) !== 0) volatile++;
          else resident++;
        }
      }
      column[row] = lost > 0 ? 3 : volatile > 0 && volatile >= resident ? 2 : resident > 0 ? 1 : 0;
    }
    return column;
  }

  maps(): RangeMap[] {
    return this.mapped.map(({ name, pages }, i) => ({
      object: name,
      pages,
      states: RANGE_STATES,
      t: Float64Array.from(this.times),
      rows: Math.min(ROWS, pages),
      cells: Float64Array.from(this.columns.flatMap((column) => [...column[i]])),
    }));
  }
}
