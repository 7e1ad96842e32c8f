/**
 * Holding the simulator against recordings of real kernels: what one comparison is, and what an area (reclaim, numa, madv-free, exit, fuse) offers.
 * Pure functions over the contents of files; a host reads and decompresses them. Command line, notebook and tests share this room.
 */

/** One recorded scenario in one kernel mode, beside what the simulator makes of it. */
export interface FidelitySet {
  /** The folder it was recorded in: `reclaim`, `reclaim-6.12`, `numa`, `madv-free`, `exit`, `fuse`. */
  readonly area: string;
  readonly name: string;
  /** Which of the kernel's ways (`classic`, `mglru`), or the kernel's version where there is only one. */
  readonly mode: string;
  /** What the kernel counted; of several repeats the one nearest to ours. */
  readonly kernel: Readonly<Record<string, number>>;
  readonly simulated: Readonly<Record<string, number>>;
  /** The kernel's own spread over its repeats, (largest − smallest) / smallest. Empty for a single repeat. */
  readonly spread: Readonly<Record<string, number>>;
  /** (simulated − kernel) / kernel, to the nearest repeat; 0 where both are 0. */
  readonly errors: Readonly<Record<string, number>>;
  /** Single recorded values (an errno, a mask, a placement) and how many we got right; 0 where the set is not of that kind. */
  readonly checks: number;
  readonly matched: number;
  /** Accesses that hit here and missed there, or the other way round; null where the recording can't tell. */
  readonly differingAccesses: number | null;
  readonly accesses: number;
  /** What does not match and why, what could not be used and why. */
  readonly notes?: readonly string[];
  /** Figures that tables show one by one, where several matter as much; else the first of them and the one farthest off. */
  readonly columns?: readonly string[];
}

/** The files of one recorded folder, decompressed (`.gz` and `.zst` taken off their names). */
export interface RecordedFolder {
  /** The folder's own name: `numa`, `reclaim-6.12`. */
  readonly name: string;
  /** Paths relative to the folder, ascending: `static2.jsonl`, `traces/A_k1.1.u32`. */
  readonly files: readonly string[];
  /** Throws `UnusableRecording` if it can't be read. */
  text(file: string): string;
  bytes(file: string): Uint8Array;
  /** A neighbouring folder, if there is one: `reclaim-6.12` takes its sequences from `reclaim`. */
  sibling(name: string): RecordedFolder | undefined;
}

/** Whether a recording is to be compared. */
export type Wanted = (recording: string) => boolean;

/** How an area compares: yields one set after the other, so that hosts can show progress and cancel. */
export interface FidelityArea {
  /** Whether a folder belongs to the area. */
  claims(folder: RecordedFolder): boolean;
  /** Which of its files it uses; the others are reported as unknown. */
  uses(file: string): boolean;
  /** With `wanted`, those of the folder's recordings that it names (tables/recordings.ts); others may be left out. */
  compare(folder: RecordedFolder, wanted?: Wanted): Generator<FidelitySet, void>;
}

/** A recording that can't be used: truncated, mixed up, counters missing. The message says which file and why. */
export class UnusableRecording extends Error {
  override readonly name = 'UnusableRecording';
}

/** (value − recorded) / recorded for the nearest of the repeats, with that repeat. Two zeros do not differ. */
export function nearest(
  value: number,
  repeats: readonly number[],
): { readonly recorded: number; readonly error: number } {
  let best = { recorded: NaN, error: Infinity };
  for (const recorded of repeats) {
    const error = value === recorded ? 0 : (value - recorded) / Math.max(Math.abs(recorded), 1);
    if (Math.abs(error) < Math.abs(best.error)) best = { recorded, error };
  }
  return best;
}

/** Errors, nearest repeats and spreads of several figures at once. */
export function compareFigures(
  simulated: Readonly<Record<string, number>>,
  repeats: readonly Readonly<Record<string, number>>[],
): Pick<FidelitySet, 'kernel' | 'simulated' | 'spread' | 'errors'> {
  const kernel: Record<string, number> = {};
  const ours: Record<string, number> = {};
  const spread: Record<string, number> = {};
  const errors: Record<string, number> = {};
  for (const [name, value] of Object.entries(simulated)) {
    const recorded = repeats.map((repeat) => repeat[name]).filter((figure) => figure !== undefined);
    if (recorded.length === 0) continue;
    const found = nearest(value, recorded);
    ours[name] = value;
    kernel[name] = found.recorded;
    errors[name] = found.error;
    if (recorded.length > 1) {
      const least = Math.min(...recorded);
      spread[name] = (Math.max(...recorded) - least) / Math.max(Math.abs(least), 1);
    }
  }
  return { kernel, simulated: ours, spread, errors };
}
