/** `refault list WHAT`: the definition tables, for people and for scripts. */
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { diagnostics } from '../simulator/tables/diagnostics.ts';
import { counterRows } from '../simulator/machine/counters.ts';
import { reclaimVariants } from '../simulator/reclaim/registry.ts';
import { accountings } from '../simulator/tables/fuse-accounting.ts';
import { gauges } from '../simulator/tables/gauges.ts';
import { knobs } from '../simulator/tables/knobs.ts';
import { measures } from '../simulator/tables/measures.ts';
import { recordingRows } from '../simulator/tables/recordings.ts';
import { rules } from '../simulator/tables/rules.ts';
import { CliError, EXIT, type CliIo } from './io.ts';

interface Table {
  /** Columns of the text form, one line each row. */
  readonly rows: () => readonly (readonly string[])[];
  readonly json: () => unknown;
}

const allKnobs = [...knobs, ...reclaimVariants.flatMap((v) => v.knobs.map((k) => ({ ...k, name: k.name, of: v.id })))];
const metrics = [...counterRows, ...gauges, ...measures];

/** Ways of counting the pages of a FUSE mount: `compare photos.accounting: …`. */
const accountingRows = accountings.map((row) => ({ mechanism: 'fuse accounting', ...row }));

const tables: Readonly<Record<string, Table>> = {
  knobs: {
    rows: () =>
      allKnobs.map((k) => ['of' in k ? String(k.of) : k.scope, k.name, k.type.kind, String(k.default ?? '-'), k.doc]),
    json: () => allKnobs,
  },
  variants: {
    rows: () =>
      [...reclaimVariants, ...accountingRows].map((v) => [
        v.mechanism,
        v.id,
        v.linux ? `Linux ${v.linux}` : v.family,
        String(v.year ?? ''),
        v.summary,
      ]),
    json: () => [...reclaimVariants.map((row) => ({ ...row, create: undefined })), ...accountingRows],
  },
  counters: { rows: () => metrics.map((c) => [c.kind, c.name, c.unit, c.doc]), json: () => metrics },
  rules: { rows: () => rules.map((r) => [r.id, r.doc]), json: () => rules },
  diagnostics: { rows: () => diagnostics.map((d) => [d.code, d.severity, d.title]), json: () => diagnostics },
  recordings: {
    rows: () => recordingRows.map((r) => [r.name, `Linux ${r.kernel}`, r.doc, r.recordings.join(' ')]),
    json: () => recordingRows,
  },
  samples: { rows: () => samples().map((s) => [s]), json: samples },
};

/** Samples beside the bundle, or in the checkout. */
function samples(): string[] {
  const here = path.dirname(fileURLToPath(import.meta.url));
  const folder = path.join(here, '..', 'samples');
  try {
    return readdirSync(folder)
      .filter((f) => /\.refault(\.md)?$/.test(f))
      .sort();
  } catch {
    return [];
  }
}

export function list(args: string[], io: CliIo): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { format: { type: 'string', default: 'text' } },
  });
  const [what] = positionals;
  const table = what !== undefined && Object.hasOwn(tables, what) ? tables[what] : undefined;
  if (!table || positionals.length > 1) throw new CliError(`list wants one of ${Object.keys(tables).join(', ')}`);
  if (values.format === 'json') io.stdout(`${JSON.stringify(table.json(), null, 2)}\n`);
  else if (values.format === 'text') io.stdout(columns(table.rows()));
  else throw new CliError(`list has the formats text and json, not '${values.format}'`);
  return Promise.resolve(EXIT.done);
}

/** Pads all columns but the last. */
function columns(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, c) => Math.max(...rows.map((r) => r[c].length)));
  return rows
    .map((r) => `${r.map((cell, c) => (c === r.length - 1 ? cell : cell.padEnd(widths[c]))).join('  ')}\n`)
    .join('');
}
