/**
 * Everything the language can complain about, one row each, by subject in diagnostics/. A message says what is wrong and what to write instead;
 * `{…}` are filled in at the place. Each row has a page in docs/diagnostics/, generated from here.
 *
 * Letters: K volatile memory, S syntax, N names, U units, V values, R runs, P placement on nodes, F writeback and FUSE, E exit and recovery, D devices.
 */
import { deviceRows } from './diagnostics/devices.ts';
import { exitRows } from './diagnostics/exit.ts';
import { nameRows } from './diagnostics/names.ts';
import { placementRows } from './diagnostics/placement.ts';
import type { Complaint } from './diagnostics/row.ts';
import { runRows } from './diagnostics/runs.ts';
import { syntaxRows } from './diagnostics/syntax.ts';
import { unitRows } from './diagnostics/units.ts';
import { valueRows } from './diagnostics/values.ts';
import { volatileRows } from './diagnostics/volatile.ts';
import { writebackRows } from './diagnostics/writeback.ts';

export interface DiagnosticRow extends Complaint {
  readonly code: string;
}

const rows = {
  ...syntaxRows,
  ...nameRows,
  ...unitRows,
  ...valueRows,
  ...runRows,
  ...placementRows,
  ...writebackRows,
  ...exitRows,
  ...volatileRows,
  ...deviceRows,
} satisfies Readonly<Record<string, Complaint>>;

export type DiagnosticCode = keyof typeof rows;

/** In the order documentation lists them. */
export const diagnostics: readonly DiagnosticRow[] = Object.entries(rows).map(([code, row]) => ({ code, ...row }));

export const diagnosticRows = Object.fromEntries(diagnostics.map((row) => [row.code, row])) as Readonly<
  Record<DiagnosticCode, DiagnosticRow>
>;
