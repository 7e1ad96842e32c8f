/**
 * `npm run soak`: the random tests again and again with new seeds, until one fails or the time is over.
 * `npm run soak -- --minutes 30 reclaim machine` takes half an hour and files with these words in their names.
 */
import { readFileSync, globSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { parseArgs } from 'node:util';
import { root } from './command.ts';
import { matching, nodeTests } from './stages.ts';

const { values, positionals } = parseArgs({
  options: { minutes: { type: 'string', default: '10' } },
  allowPositionals: true,
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) {
  console.error(`--minutes wants a number above 0, not '${values.minutes}'.`);
  process.exit(2);
}
const random = globSync('test/**/*.test.ts', { cwd: root })
  .sort()
  .filter((file) => !/^test.(browser|vscode)/.test(file))
  .filter((file) => readFileSync(path.join(root, file), 'utf8').includes("from 'fast-check'"));
const files = matching(random, positionals);
const end = Date.now() + minutes * 60_000;
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130)); // ends the children too

let seeds = 0;
do {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const { counts, text } = await nodeTests(files, seed);
  seeds++;
  console.log(`seed ${seed}: ${counts.passed} passed, ${counts.failed} failed`);
  if (counts.failed > 0) {
    console.log(
      `${text.trimEnd()}\n\nOnce more: REFAULT_TEST_SEED=${seed} npm test -- unit ${positionals.join(' ')}`.trimEnd(),
    );
    process.exitCode = 1;
  }
} while (Date.now() < end && process.exitCode === undefined);
console.log(`${seeds} seeds, ${files.length} files`);
