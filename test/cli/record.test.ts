import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { FidelityReport } from '../../simulator/fidelity/areas.ts';
import { refault } from './support.ts';

const scratch = mkdtempSync(join(tmpdir(), 'refault-own-'));
after(() => rmSync(scratch, { recursive: true }));

/** A recorded folder: `before` and `after` as in memory.stat, and accesses to the pages of one file. */
function recorded(
  name: string,
  pages: readonly number[],
  stat: Readonly<Record<string, number>>,
  settings = '',
): string {
  const dir = join(scratch, name, 'run');
  mkdirSync(dir, { recursive: true });
  writeFileSync(
    join(dir, 'accesses.marks'),
    ['Attaching 1 probe...', ...pages.map((page) => `8388609 4242 ${page}`), ''].join('\n'),
  );
  const lines = (values: Readonly<Record<string, number>>) =>
    Object.entries(values).map(([key, value]) => `${key} ${value}`);
  writeFileSync(
    join(dir, 'counters.txt'),
    [
      '# by hand',
      'kernel 6.1.0-25-amd64',
      'trace accesses.marks',
      'format marks',
      'memory.max 1000 pages',
      ...(settings === '' ? [] : [settings]),
      '--- memory.stat before',
      'file 4096',
      '--- memory.stat after',
      'anon 0',
      ...lines(stat),
      '--- pressure after',
      'some avg10=0.00 avg60=0.00 avg300=0.00 total=0',
      '',
    ].join('\n'),
  );
  return join(scratch, name);
}

const cyclic = Array.from({ length: 6000 }, (_, i) => i % 1500);

test('one’s own trace and counters are compared with the variant of that kernel: a cyclic scan that never hits refaults at every return', async () => {
  const dir = recorded('cyclic', cyclic, { workingset_refault_file: 4500, pgactivate: 0 });
  const { status, out } = await refault(['fidelity', dir, '--format', 'json']);
  assert.equal(status, 0);
  const [set] = (JSON.parse(out) as FidelityReport).sets;
  assert.equal(set.mode, 'classic, v6.1');
  assert.equal(set.accesses, 6000);
  assert.deepEqual(set.simulated, { workingset_refault_file: 4500, pgactivate: 0 });
  assert.deepEqual(set.errors, { workingset_refault_file: 0, pgactivate: 0 });
});

test('a folder by itself will do, and MGLRU is told from lru_gen', async () => {
  const dir = recorded('mglru', cyclic, { workingset_refault_file: 4500 }, 'lru_gen 0x0007');
  const { status, out } = await refault(['fidelity', join(dir, 'run'), '--format', 'json']);
  assert.equal(status, 0);
  assert.equal((JSON.parse(out) as FidelityReport).sets[0].mode, 'mglru, mglru-6.1');
});

test('counters that cannot be of this trace are unusable, with both numbers', async () => {
  const { status, out } = await refault(['fidelity', recorded('other', cyclic, { workingset_refault_file: 7000 })]);
  assert.equal(status, 3);
  assert.match(out, /counts 7000 refaults, but the trace has only 6000 accesses/);
});

test('counters cut off in the middle of a line, or without a section, name what is missing', async () => {
  const dir = recorded('cut', cyclic, {});
  const file = join(dir, 'run/counters.txt');
  writeFileSync(
    file,
    'kernel 6.1.0\ntrace accesses.marks\nmemory.max 1000 pages\n--- memory.stat before\nworkingset_re',
  );
  assert.match((await refault(['fidelity', dir])).out, /line 5: 'workingset_re' is not 'NAME VALUE' \(cut off\?\)/);
  writeFileSync(file, 'kernel 6.1.0\ntrace accesses.marks\nmemory.max 1000 pages\n--- memory.stat before\n');
  assert.match((await refault(['fidelity', dir])).out, /sections 'memory.stat before' and 'memory.stat after'/);
  writeFileSync(
    file,
    'kernel 6.1.0\ntrace accesses.marks\nmemory.max 1000 pages\n--- memory.stat before\npgscan 9\n--- memory.stat after\npgscan 3\n',
  );
  assert.match((await refault(['fidelity', dir])).out, /pgscan falls from before to after: the sections are mixed up/);
  writeFileSync(file, 'kernel 6.1.0\ntrace other.marks\nmemory.max 1000 pages\n');
  assert.match((await refault(['fidelity', dir])).out, /names the trace 'other.marks', which is not there/);
});

test(
  'the script that records is a shell script that says how it is used',
  { skip: process.platform === 'win32' },
  async () => {
    const { out } = await refault(['record', '--script']);
    const file = join(scratch, 'record.sh');
    writeFileSync(file, out);
    assert.equal(spawnSync('sh', ['-n', file]).status, 0);
    const used = spawnSync('sh', [file], { encoding: 'utf8' });
    assert.equal(used.status, 2);
    assert.match(used.stderr, /usage: .*MEMORY_MAX_IN_PAGES FOLDER -- COMMAND/);
  },
);

test('record explains every source of accesses that the decoders read', async () => {
  const { out, status } = await refault(['record', '--help']);
  assert.equal(status, 0);
  for (const format of ['events', 'marks', 'lackey', 'blkparse', 'damon', 'damo'])
    assert.match(out, new RegExp(`\\[${format}\\]`));
});
