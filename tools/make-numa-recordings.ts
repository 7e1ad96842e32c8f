/**
 * Makes the compact recordings of NUMA placement in samples/recordings/numa from a directory of full ones:
 * `node tools/make-numa-recordings.ts DIR`, where DIR holds NAME.jsonl.gz and NAME.how.txt. Left out are times and amounts of memory, which nothing
 * is compared with; records keep their order and fields.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { recordedFolder } from '../cli/recorded-folder.ts';

/** Durations, and free memory of each node. */
const LEFT_OUT = /^(wms|ms|n\d+)$/;

const [dir] = process.argv.slice(2);
if (dir === undefined) throw new Error('usage: node tools/make-numa-recordings.ts DIR');
const from = recordedFolder(dir);
const out = join(import.meta.dirname, '../samples/recordings/numa');
mkdirSync(out, { recursive: true });
for (const file of from.files) {
  if (file.endsWith('.how.txt')) writeFileSync(join(out, file), from.text(file));
  if (!file.endsWith('.jsonl')) continue;
  const lines = from
    .text(file)
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.stringify(JSON.parse(line, (key, value: unknown) => (LEFT_OUT.test(key) ? undefined : value))));
  const packed = gzipSync(`${lines.join('\n')}\n`, { level: 9 });
  writeFileSync(join(out, `${file}.gz`), packed);
  console.log(`${file}: ${lines.length} records, ${packed.length} bytes`);
}
