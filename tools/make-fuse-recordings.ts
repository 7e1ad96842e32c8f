/**
 * Makes the compact recordings of FUSE writeback in samples/recordings/fuse from a directory of full ones: `node tools/make-fuse-recordings.ts DIR`,
 * where DIR holds fuse_guest61_summary.json and fuse_host618_summary.json. Rows and fields that are compared are kept. Then
 * `npx prettier --write samples/recordings/fuse`.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isComparedFuse, type RecordedFuse } from '../simulator/fidelity/fuse.ts';

const FIELDS = [
  'key',
  'n',
  'mr',
  'strict',
  'thr',
  'bg',
  'tmp',
  'wb',
  'tmpmax',
  'totmax',
  'bdimax',
  'bdithr',
  'mbps',
  'mbps2',
];

const [dir] = process.argv.slice(2);
if (dir === undefined) throw new Error('usage: node tools/make-fuse-recordings.ts DIR');
const out = join(import.meta.dirname, '../samples/recordings/fuse');
mkdirSync(out, { recursive: true });
for (const file of ['fuse_guest61_summary.json', 'fuse_host618_summary.json']) {
  const rows = JSON.parse(readFileSync(join(dir, file), 'utf8')) as (RecordedFuse & Record<string, unknown>)[];
  const kept = rows
    .filter(({ key }) => isComparedFuse(key))
    .map((row) => Object.fromEntries(FIELDS.map((field) => [field, row[field]])));
  writeFileSync(join(out, file), JSON.stringify(kept));
  console.log(`${file}: ${kept.length} of ${rows.length} rows`);
}
