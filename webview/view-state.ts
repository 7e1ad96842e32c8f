/** What a reader has done to an output: survives re-runs of the cell, scrolling out of view and, through the host, reloading the window. */
import type { Range } from '../simulator/view/visible.ts';

export interface ViewState {
  /** Keys of hidden series. */
  readonly hidden: readonly string[];
  /** Chosen index by sweep axis. */
  readonly selection: Readonly<Record<string, number>>;
  /** By `xKey`. */
  readonly zoom: Readonly<Record<string, Range>>;
  /** Charts over time run along accesses done; `null`: as suits the report. */
  readonly work: boolean | null;
  /** Ids of charts whose table is open. */
  readonly tables: readonly string[];
}

export const INITIAL: ViewState = { hidden: [], selection: {}, zoom: {}, work: null, tables: [] };

/** Takes only what has the right shape: stored state may be of an older version, or anyone's. */
export function asViewState(value: unknown): ViewState {
  if (typeof value !== 'object' || value === null) return INITIAL;
  const { hidden, selection, zoom, work, tables } = value as Record<string, unknown>;
  const strings = (list: unknown): string[] => (Array.isArray(list) ? list.filter((v) => typeof v === 'string') : []);
  const entries = (map: unknown): [string, unknown][] =>
    typeof map === 'object' && map !== null ? Object.entries(map) : [];
  const isRange = (v: unknown): v is Range =>
    Array.isArray(v) &&
    v.length === 2 &&
    v.every((n) => Number.isFinite(n)) &&
    (v as unknown as Range)[0] < (v as unknown as Range)[1];
  return {
    hidden: strings(hidden),
    selection: Object.fromEntries(entries(selection).filter((e): e is [string, number] => Number.isInteger(e[1]))),
    zoom: Object.fromEntries(entries(zoom).filter((e): e is [string, Range] => isRange(e[1]))),
    work: typeof work === 'boolean' ? work : null,
    tables: strings(tables),
  };
}

/** The states of many outputs, oldest first, no more than fit a webview's memory comfortably. */
export class StateStore {
  readonly #states: Map<string, ViewState>;
  readonly #write: (all: Record<string, ViewState>) => void;

  constructor(stored: unknown, write: (all: Record<string, ViewState>) => void) {
    const entries = typeof stored === 'object' && stored !== null ? Object.entries(stored) : [];
    this.#states = new Map(entries.map(([key, value]) => [key, asViewState(value)]));
    this.#write = write;
  }

  get(key: string): ViewState {
    return this.#states.get(key) ?? INITIAL;
  }

  set(key: string, state: ViewState): void {
    this.#states.delete(key);
    this.#states.set(key, state);
    for (const oldest of this.#states.keys()) {
      if (this.#states.size <= 60) break;
      this.#states.delete(oldest);
    }
    this.#write(Object.fromEntries(this.#states));
  }
}
