import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { FidelityReport } from '../../simulator/fidelity/areas.ts';
import { refault } from './support.ts';

const shipped = join(import.meta.dirname, '../../samples/recordings');
const scratch = mkdtempSync(join(tmpdir(), 'refault-fidelity-'));
after(() => rmSync(scratch, { recursive: true }));

/** A directory with only the recordings of 6.12 and what they need, changed by `spoil`. */
function spoiled(name: string, spoil: (folder: string) => void): string {
  const dir = join(scratch, name);
  cpSync(join(shipped, 'reclaim-6.12'), join(dir, 'reclaim-6.12'), { recursive: true });
  cpSync(join(shipped, 'reclaim/sequences.json'), join(dir, 'reclaim/sequences.json'));
  cpSync(join(shipped, 'reclaim/runs.json'), join(dir, 'reclaim/runs.json'));
  writeFileSync(join(dir, 'reclaim/runs.json'), '{"kernel":"6.1.0","runs":{}}');
  spoil(join(dir, 'reclaim-6.12'));
  return dir;
}

test('fidelity says of each recording how many accesses differ, and what kernel and simulator counted', async () => {
  const { status, out } = await refault(['fidelity', spoiled('whole', () => undefined), '--format', 'json']);
  assert.equal(status, 0);
  const report = JSON.parse(out) as FidelityReport;
  const zipf = report.sets.find((set) => set.name === 'D_zipf1.0' && set.mode === 'mglru');
  assert.equal(zipf?.area, 'reclaim-6.12');
  assert.equal(zipf.differingAccesses, 0);
  assert.equal(zipf.accesses, 327_680);
  assert.equal(zipf.kernel['misses'], 81_542);
  assert.equal(zipf.simulated['misses'], 81_542);
  assert.deepEqual([report.unknown, report.unusable], [[], []]);
});

test('fidelity prints a table, and the same as Markdown', async () => {
  const dir = spoiled('table', () => undefined);
  const text = await refault(['fidelity', dir]);
  assert.match(text.out, /D_zipf1\.0 +mglru +0 of 327,680 accesses differ +misses +81,542 +81,542 +0/);
  const markdown = await refault(['fidelity', dir, '--format', 'markdown']);
  assert.match(
    markdown.out,
    /\| D_zipf1\.0 \| mglru \| 0 of 327,680 accesses differ \| misses \| 81,542 \| 81,542 \| 0 \|/,
  );
});

test('truncated miss bits are reported as unusable with the file and both sizes, not compared', async () => {
  const dir = spoiled('bits', (folder) => truncateSync(join(folder, 'miss-bits/A_k1.1.classic.missbits.gz'), 30));
  const { status, out } = await refault(['fidelity', dir]);
  assert.equal(status, 3);
  assert.match(out, /unusable: reclaim-6\.12: .*A_k1\.1\.classic\.missbits\.gz can't be decompressed \(truncated\?\)/);
});

test('counters of another run are told from the sequence: both numbers of accesses are named', async () => {
  const dir = spoiled('mixed', (folder) => {
    const file = join(folder, 'runs.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"accesses": 108132', '"accesses": 99'));
  });
  const { status, out } = await refault(['fidelity', dir]);
  assert.equal(status, 3);
  assert.match(out, /run A_k1\.1: a repeat made 99 accesses, the run 108132/);
});

test('files that nobody knows are named, and do not keep the rest from being compared', async () => {
  const dir = spoiled('unknown', (folder) => {
    writeFileSync(join(folder, 'notes.bin'), 'x');
    writeFileSync(join(folder, 'README.md'), 'x');
  });
  const { status, out } = await refault(['fidelity', dir]);
  assert.equal(status, 0);
  assert.match(out, /unknown file, not compared: reclaim-6\.12\/notes\.bin/);
  assert.doesNotMatch(out, /README/);
  assert.match(out, /C_scan/);
});

test('a directory that is not there is an input that could not be read', async () => {
  const { status, err } = await refault(['fidelity', join(scratch, 'nowhere')]);
  assert.equal(status, 3);
  assert.match(err, /there is no directory/);
});
