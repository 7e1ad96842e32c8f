/**
 * What happened pass by pass, or slice by slice where a phase has no passes. Bounded: when there are too many, neighbours are put together
 * and `group` says how many passes an entry stands for.
 */
import type { Nanoseconds } from '../units.ts';

/** Counters and gauges at one moment, opaque here. */
export type Snapshot = unknown;

export interface PassEntry {
  accesses: number;
  hits: number;
  misses: number;
  start: Nanoseconds;
  end: Nanoseconds;
  before: Snapshot;
  after: Snapshot;
}

export const MAX_PASSES = 4096;
export const SLICES = 10;
/** Slices kept of a phase whose length is not known beforehand, before they are put together to ten. */
const MAX_OPEN_SLICES = 1280;

export class PassLog {
  readonly kind: 'passes' | 'slices';
  /** Passes in one entry. */
  group = 1;
  private readonly total: number;
  private entriesSoFar: PassEntry[] = [];
  private open: PassEntry | null = null;
  private opened = 0;
  private length = 16;

  /** `total`: accesses of the phase, Infinity if that can't be told; only slices need it. */
  constructor(kind: 'passes' | 'slices', total: number) {
    this.kind = kind;
    this.total = total;
  }

  /** Accesses until the slice that begins now ends. */
  get nextLength(): number {
    if (this.total === Infinity) return this.length;
    const { total } = this;
    let i = this.entriesSoFar.length;
    let length = 0;
    for (; i < SLICES && length === 0; i++)
      length = Math.floor(((i + 1) * total) / SLICES) - Math.floor((i * total) / SLICES);
    return Math.max(length, 1);
  }

  add(entry: PassEntry): void {
    if (this.open) {
      merge(this.open, entry);
      this.opened++;
    } else {
      this.open = { ...entry };
      this.opened = 1;
    }
    if (this.opened < this.group) return;
    this.entriesSoFar.push(this.open);
    this.open = null;
    if (this.kind === 'passes' && this.entriesSoFar.length >= MAX_PASSES) {
      this.entriesSoFar = pairs(this.entriesSoFar);
      this.group *= 2;
    }
    if (this.kind === 'slices' && this.total === Infinity && this.entriesSoFar.length >= MAX_OPEN_SLICES) {
      this.entriesSoFar = pairs(this.entriesSoFar);
      this.length *= 2;
    }
  }

  /** All entries; slices put together to at most ten. */
  entries(): readonly PassEntry[] {
    const all = this.open ? [...this.entriesSoFar, this.open] : this.entriesSoFar;
    if (this.kind === 'passes' || all.length <= SLICES) return all;
    const few: PassEntry[] = [];
    for (let i = 0; i < SLICES; i++) {
      const from = Math.floor((i * all.length) / SLICES);
      const to = Math.floor(((i + 1) * all.length) / SLICES);
      const entry = { ...all[from] };
      for (let j = from + 1; j < to; j++) merge(entry, all[j]);
      few.push(entry);
    }
    return few;
  }
}

function merge(into: PassEntry, next: PassEntry): void {
  into.accesses += next.accesses;
  into.hits += next.hits;
  into.misses += next.misses;
  into.start = Math.min(into.start, next.start);
  into.end = Math.max(into.end, next.end);
  into.after = next.after;
}

function pairs(entries: PassEntry[]): PassEntry[] {
  const out: PassEntry[] = [];
  for (let i = 0; i < entries.length; i += 2) {
    const entry = { ...entries[i] };
    if (i + 1 < entries.length) merge(entry, entries[i + 1]);
    out.push(entry);
  }
  return out;
}

/** The passes of several threads side by side: the i-th of each put together. */
export function sideBySide(logs: readonly (readonly PassEntry[])[]): readonly PassEntry[] {
  if (logs.length === 1) return logs[0];
  const out: PassEntry[] = [];
  for (const log of logs)
    for (const [i, entry] of log.entries()) {
      const into = out[i] as PassEntry | undefined;
      if (into) {
        const end = into.end;
        const after = into.after;
        merge(into, entry);
        if (end > entry.end) into.after = after;
        if (entry.start === into.start && entry.before !== undefined) into.before = entry.before;
      } else out[i] = { ...entry };
    }
  return out;
}
