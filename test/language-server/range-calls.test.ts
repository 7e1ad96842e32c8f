/** Volatile memory in the language: what the tour's program means, and what is said about mistakes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { compileSources } from '../../language-server/language/compile.ts';

const compile = (text: string) => compileSources([{ uri: 'p', text }]);
const codes = (text: string) => compile(text).diagnostics.map((d) => d.code);

test('the tour’s program compiles word for word: four interfaces by twelve numbers of threads', () => {
  const { plans, diagnostics } = compile(
    readFileSync(join(import.meta.dirname, 'programs/volatile-ranges.refault'), 'utf8'),
  );
  assert.deepEqual(diagnostics, []);
  const [{ points }] = plans;
  assert.equal(points.length, 48);
  assert.deepEqual(
    [...new Set(points.map(({ scenario }) => scenario.volatile?.id))],
    ['vrange', 'vma', 'ashmem', 'madv-free'],
  );
  const [process] = points[0].scenario.processes;
  assert.equal(process.onPurged?.regenerate, 3_000_000);
  const mark = process.phases[1].steps[0];
  assert.ok(mark.kind === 'volatile' && mark.each === 1024 ** 2);
});

test('a region per thread is as often there as there are threads; a child of fork has the regions of its parent', () => {
  const { plans, diagnostics } = compile(`process p {
  threads 3
  anon h 1 MiB { per-thread }
  write h
  volatile h[0 .. 64 KiB]
  fork kid { write h[0 .. 64 KiB] }
}
run`);
  assert.deepEqual(diagnostics, []);
  const { objects, processes } = plans[0].points[0].scenario;
  assert.deepEqual(
    objects.map(({ name, pages }) => [name, pages]),
    [
      ['h', 768],
      ['kid.h', 768],
    ],
  );
  assert.deepEqual(processes[1].forked, { parent: 0, objects: [{ of: 0, copy: 1 }] });
});

test('mistakes are named where they are', () => {
  const program = (steps: string) => `process p {\n  anon h 1 MiB\n  write h\n  ${steps}\n}\nrun`;
  assert.deepEqual(codes(program('nonvolatile h')), ['K01']);
  assert.deepEqual(codes(program('volatile h[4 KiB .. 4 KiB]')), ['K02']);
  assert.deepEqual(codes(program('volatile h\n  on purged { idle 1 ms }')), ['K03']);
  assert.deepEqual(codes(program('on purged { regenerate 1 ms }')), ['K04']);
  assert.deepEqual(codes(program('madvise fre h')), ['V04']);
  assert.deepEqual(codes(program('volatile h in rangs of 1 MiB')), ['S01']);
  assert.deepEqual(codes(program('volatile h in ranges of 5 s')), ['U03']);
  assert.deepEqual(codes(program('volatile')), ['S07']);
  assert.deepEqual(codes(program('fork kid { fork other { write h } }')), ['R09']);
  assert.deepEqual(codes('file f 1 MiB\nprocess p { volatile f }\nrun'), ['R11']);
  assert.deepEqual(codes(`${program('volatile h')} { compare volatile.interface: vrang, vma }`), ['N06']);
});
