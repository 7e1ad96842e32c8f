/**
 * Makes the compact recording of lazily freed pages in samples/recordings/madv-free from a directory of full ones:
 * `node tools/make-madv-recordings.ts DIR`. Of each record the figures that are compared are kept, and what it was made with.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { recordedFolder } from '../cli/recorded-folder.ts';
import { madvFreeArea } from '../simulator/fidelity/madv-free.ts';

const KEPT: ReadonlySet<string> = new Set(
  'test v swap how cfg A F I IL AC X rep err lru_file F_zero I_left IL_left AC_left A_swapped purged_ranges purged_first pglazyfreed pswpout shared_anon private_file shared_file mlocked readonly_anon swappiness'.split(
    ' ',
  ),
);

const [dir] = process.argv.slice(2);
if (dir === undefined) throw new Error('usage: node tools/make-madv-recordings.ts DIR');
const folder = recordedFolder(dir);
const out = join(import.meta.dirname, '../samples/recordings/madv-free');
mkdirSync(out, { recursive: true });
for (const file of folder.files.filter((name) => madvFreeArea.uses(name))) {
  const lines = folder
    .text(file)
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line) => Object.entries(JSON.parse(line) as Record<string, unknown>).filter(([key]) => KEPT.has(key)))
    .map((entries) => JSON.stringify(Object.fromEntries(entries)));
  writeFileSync(join(out, `${file}.gz`), gzipSync(`${lines.join('\n')}\n`, { level: 9 }));
}
