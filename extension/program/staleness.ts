/**
 * Whether an output still tells the truth about its cell. A run's output is stale when the plans that the cell's text now stands for are
 * not those it was computed from: a comment, a moved line or another cell's rename makes nothing stale, a changed size anywhere does.
 */
import type { CellFacts } from './dependencies.ts';

export interface CellState {
  /** Hashes of the plans whose `run` stands in the cell, as compiled now; `undefined`: the program has errors that concern it. */
  readonly hashes: readonly string[] | undefined;
  /** Hashes the cell's outputs were computed from; `undefined`: no output. */
  readonly shown: readonly string[] | undefined;
}

export function isStale({ hashes, shown }: CellState): boolean {
  if (shown === undefined) return false;
  if (hashes === undefined) return true;
  return hashes.length !== shown.length || hashes.some((hash, i) => hash !== shown[i]);
}

/** Stands in for a plan hash where a cell only declares: changes exactly when its code does, not its comments or spacing. */
export function declarationKey(text: string): string {
  return text
    .replace(/#[^\n]*/g, '')
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '')
    .join('\n');
}

/** What a cell that only declares says when it is run. */
export function declarationSummary(facts: CellFacts): string {
  const names = [...facts.declares];
  if (names.length === 0) return facts.global ? 'Settings taken.' : 'Nothing to run.';
  return `Declared ${names.slice(0, 8).join(', ')}${names.length > 8 ? ` and ${names.length - 8} more` : ''}.`;
}
