/** Figures of a run, by name: `workingset_refault_file("B is hot")`, `residency of grid`. */
import type { MetricRef } from '../../simulator/plan.ts';
import { isBdiMeasure } from '../../simulator/tables/writeback-measures.ts';
import type { Dimensional } from './sweeps.ts';
import type { Text, Word } from './generated/ast.ts';
import { nearest } from './quantities.ts';
import type { Program, SymbolKind } from './program.ts';
import { unquoted } from './syntax.ts';
import { type Counter, metric, metrics } from './tables.ts';
import type { Scope } from './values.ts';

/** What a run varies and who takes part: names that `expect` and `plot` may use. */
export interface RunNames {
  readonly dimensionals: readonly Dimensional[];
  readonly phases: ReadonlySet<string>;
  /** A `compare` or `sweep` has errors of its own: names may be missing for that reason. */
  readonly incomplete: boolean;
}

export const spaces = (text: string): string => text.replace(/\s+/g, ' ').trim();

export function metricRef(
  scope: Scope,
  names: RunNames,
  word: Word,
  phase: Text | undefined,
  object: Word | undefined,
  /** Whose it is said to be behind it: not read yet. */
  whose = false,
): { ref: MetricRef; row: Counter } | null {
  const { program } = scope;
  const row = metric(word.text);
  if (!row) {
    reportMetric(scope, word);
    return null;
  }
  const said = phase && (phase.text.startsWith('"') ? unquoted(phase.text) : phase.text);
  if (said !== undefined && !names.phases.has(said)) {
    const meant = nearest(said, names.phases);
    program.reporter.report(
      'N01',
      program.placeOf(phase!),
      {
        kind: 'phase',
        name: said,
        hint: meant
          ? ` in this run: did you mean '${meant}'?`
          : names.phases.size > 0
            ? ` in this run: there are ${[...names.phases].map((p) => `"${p}"`).join(', ')}`
            : ': the processes of this run have no named phases',
      },
      meant ? { fixes: [program.replace(phase!, `"${meant}"`)] } : {},
    );
    return null;
  }
  if (object && !isObject(scope, object)) return null;
  if (!object && isBdiMeasure(row.name)) return ofDevice(scope, word, row, whose);
  return {
    ref: { name: row.name, ...(said === undefined ? {} : { phase: said }), ...(object ? { object: object.text } : {}) },
    row,
  };
}

const OBJECTS: ReadonlySet<SymbolKind> = new Set(['file', 'anon', 'tmpfs', 'fuse', 'device', 'cgroup', 'process']);

/** A figure of one device: which one must be said. */
function ofDevice(scope: Scope, word: Word, row: Counter, whose: boolean): { ref: MetricRef; row: Counter } | null {
  const { program } = scope;
  if (whose) return { ref: { name: row.name }, row };
  const mount = [...program.symbols.values()].find((s) => s.kind === 'fuse')?.name ?? DISK;
  program.reporter.report(
    'F09',
    program.placeOf(word),
    { name: row.name, mount },
    { fixes: [program.insertAfter(word, ` of ${mount}`, `Write '${row.name} of ${mount}'`)] },
  );
  return null;
}

/** The machine's disk, in the place of an object. */
const DISK = 'disk';

/** A declared name, the daemon of a mount, the disk. */
export const namesObject = (program: Program, name: string): boolean =>
  name === DISK ||
  program.symbols.has(name) ||
  (program.split(name)?.symbol.kind === 'fuse' && name.endsWith('.daemon'));

export function isObject(scope: Scope, word: Word): boolean {
  const { program } = scope;
  const symbol = program.symbols.get(word.text);
  if (symbol && OBJECTS.has(symbol.kind)) return true;
  const hit = program.split(word.text);
  if ((hit?.symbol.kind === 'fuse' && hit.rest === 'daemon') || (!symbol && word.text === DISK)) return true;
  const meant = nearest(word.text, program.symbols.keys());
  program.reporter.report(
    'N01',
    program.placeOf(word),
    {
      kind: 'file, memory, process, device or cgroup',
      name: word.text,
      hint: meant ? `: did you mean '${meant}'?` : '',
    },
    meant ? { fixes: [program.replace(word, meant)] } : {},
  );
  return false;
}

function reportMetric(scope: Scope, word: Word): void {
  const { program } = scope;
  const name = word.text;
  const meant =
    nearest(
      name,
      metrics.map((m) => m.name),
    ) ?? metrics.find((m) => name.length > 3 && m.name.includes(name))?.name;
  program.reporter.report(
    'N07',
    program.placeOf(word),
    { name, hint: meant ? `: did you mean '${meant}'?` : ": for example 'hit-ratio' or 'workingset_refault_file'" },
    meant ? { fixes: [program.replace(word, meant, `Change to '${meant}'`)] } : {},
  );
}
