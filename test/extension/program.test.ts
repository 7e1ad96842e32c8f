import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dependenciesOf, factsOf } from '../../extension/program/dependencies.ts';
import { declarationKey, declarationSummary, isStale } from '../../extension/program/staleness.ts';
import { splitProgram } from '../../extension/commands/split-program.ts';

const needs = (cells: readonly string[], index: number) => dependenciesOf(cells.map(factsOf), index);

test('a run needs the nearest machine before it and the processes since the previous run', () => {
  const cells = [
    'machine small { memory 32 MiB }',
    'file a 1 MiB\nprocess p { read a once }',
    'run "first"',
    'machine big { memory 64 MiB }',
    'file b 1 MiB',
    'process q { read b once }',
    'run "second"',
  ];
  assert.deepEqual(needs(cells, 2), [0, 1]);
  assert.deepEqual(needs(cells, 6), [3, 4, 5]);
});

test('a comparison with recordings needs no cell, and leaves the processes before it to the next run', () => {
  const cells = ['machine m', 'process p { idle 1 s }', 'run "x" {\n  fidelity reclaim\n}', 'run "y"'];
  assert.deepEqual(needs(cells, 2), []);
  assert.deepEqual(needs(cells, 3), [0, 1]);
});

test('a run that chooses its processes needs those and what they name, wherever they stand', () => {
  const cells = [
    'file a 1 MiB',
    'process p { read a once }',
    'run',
    'process q { idle 1 s }',
    'run "again" of p { compare reclaim: lru }',
  ];
  assert.deepEqual(needs(cells, 4), [0, 1]);
});

test('a let is needed by what names it, also inside another declaration', () => {
  const cells = ['let hot = 3 MiB', 'file a hot', 'process p { read a once }', 'run'];
  assert.deepEqual(needs(cells, 3), [0, 1, 2]);
});

test('names in comments and strings are no dependencies', () => {
  const cells = ['file a 1 MiB', 'file b 1 MiB', 'process p { read b once } # not a\nrun "a"'];
  assert.deepEqual(needs(cells, 2), [1]);
});

test('names with hyphens are whole names', () => {
  const cells = ['file cold 1 MiB', 'file cold-scan 1 MiB', 'process p { read cold-scan once }', 'run'];
  assert.deepEqual(needs(cells, 3), [1, 2]);
});

test('settings before a run concern it, after it they do not', () => {
  const cells = ['sysctl vm.swappiness 10', 'process p { idle 1 s }', 'run', 'seed 4'];
  assert.deepEqual(needs(cells, 2), [0, 1]);
});

test('an output is stale when its plans are others now, fewer, more, or cannot be told', () => {
  const shown = ['a', 'b'];
  assert.equal(isStale({ hashes: ['a', 'b'], shown }), false);
  assert.equal(isStale({ hashes: ['a', 'c'], shown }), true);
  assert.equal(isStale({ hashes: ['a'], shown }), true);
  assert.equal(isStale({ hashes: ['a', 'b', 'c'], shown }), true);
  assert.equal(isStale({ hashes: undefined, shown }), true);
});

test('a cell that shows nothing is never stale', () => {
  assert.equal(isStale({ hashes: ['a'], shown: undefined }), false);
  assert.equal(isStale({ hashes: undefined, shown: undefined }), false);
});

test('comments and spacing do not change what a cell declares, sizes do', () => {
  assert.equal(declarationKey('file a  1 MiB # small\n\n'), declarationKey('# a file\n  file a 1 MiB'));
  assert.notEqual(declarationKey('file a 1 MiB'), declarationKey('file a 2 MiB'));
});

test('a declaration cell says what it declared', () => {
  assert.equal(
    declarationSummary(factsOf('machine server { memory 64 MiB }\nfile db 1 MiB\nprocess p { anon heap 1 MiB }')),
    'Declared server, db, p, heap.',
  );
  assert.equal(declarationSummary(factsOf('seed 3')), 'Settings taken.');
  assert.equal(declarationSummary(factsOf('# only a remark')), 'Nothing to run.');
});

test('a program becomes cells: declarations, then each run with the comment above it', () => {
  const text = 'file a 1 MiB\n\n# why\nrun "one" {\n  plot hit-ratio\n}\n\nfile b 1 MiB\nrun';
  assert.deepEqual(splitProgram(text), [
    'file a 1 MiB',
    '# why\nrun "one" {\n  plot hit-ratio\n}',
    'file b 1 MiB',
    'run',
  ]);
});

test('braces in strings and comments do not mislead the cutting', () => {
  const text = 'run "a {" { # }\n  plot hit-ratio\n}\nfile b 1 MiB\n';
  assert.deepEqual(splitProgram(text), ['run "a {" { # }\n  plot hit-ratio\n}', 'file b 1 MiB']);
});
