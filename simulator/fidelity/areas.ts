/** Every area that can be held against recordings, and the comparison of a whole directory of them. */
import { exitArea } from './exit.ts';
import { fuseArea } from './fuse.ts';
import { madvFreeArea } from './madv-free.ts';
import { numaArea } from './numa.ts';
import { ownArea } from './own.ts';
import { reclaimArea } from './reclaim.ts';
import { recordingOf } from '../tables/recordings.ts';
import { UnusableRecording, type FidelityArea, type FidelitySet, type RecordedFolder, type Wanted } from './sets.ts';

export const fidelityAreas: readonly FidelityArea[] = [
  ownArea,
  reclaimArea,
  numaArea,
  madvFreeArea,
  fuseArea,
  exitArea,
];

export interface FidelityReport {
  readonly sets: readonly FidelitySet[];
  /** Files that no area knows: `folder/file`. */
  readonly unknown: readonly string[];
  /** Recordings that can't be used, and why. */
  readonly unusable: readonly { readonly folder: string; readonly reason: string }[];
}

/** What a comparison tells while it goes on. */
export type FidelityStep =
  | { readonly kind: 'set'; readonly set: FidelitySet }
  | { readonly kind: 'unknown'; readonly file: string }
  | { readonly kind: 'unusable'; readonly folder: string; readonly reason: string };

/** Files that explain recordings: nothing to compare. */
const EXPLAINS = /(^|\/)(README(\.\w+)?|[^/]*\.(md|how\.txt|args\.txt)|[^/]*_args\.txt)$/i;

/** Compares folder after folder, all of each or what is wanted of it; nothing that is wrong with one of them keeps the others from being compared. */
export function* compareFolders(folders: readonly RecordedFolder[], wanted?: Wanted): Generator<FidelityStep, void> {
  for (const folder of folders) {
    const area = fidelityAreas.find((one) => one.claims(folder));
    for (const file of folder.files)
      if (!EXPLAINS.test(file) && !area?.uses(file)) yield { kind: 'unknown', file: `${folder.name}/${file}` };
    if (!area) continue;
    const sets = area.compare(folder, wanted);
    for (;;) {
      try {
        const next = sets.next();
        if (next.done) break;
        if (wanted?.(recordingOf(next.value.name)) ?? true) yield { kind: 'set', set: next.value };
      } catch (error) {
        if (!(error instanceof UnusableRecording)) throw error;
        yield { kind: 'unusable', folder: folder.name, reason: error.message };
        break;
      }
    }
  }
}

export function gather(steps: Iterable<FidelityStep>): FidelityReport {
  const sets: FidelitySet[] = [];
  const unknown: string[] = [];
  const unusable: { folder: string; reason: string }[] = [];
  for (const step of steps) {
    if (step.kind === 'set') sets.push(step.set);
    else if (step.kind === 'unknown') unknown.push(step.file);
    else unusable.push({ folder: step.folder, reason: step.reason });
  }
  return { sets, unknown, unusable };
}
