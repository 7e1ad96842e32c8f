import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

interface Configuration {
  readonly wordPattern: string;
  readonly comments: { readonly lineComment: string };
  readonly indentationRules: { readonly increaseIndentPattern: string; readonly decreaseIndentPattern: string };
  readonly folding: { readonly markers: { readonly start: string; readonly end: string } };
}

const file = path.join(import.meta.dirname, '..', '..', 'extension', 'language-configuration.json');
const configuration = JSON.parse(readFileSync(file, 'utf8')) as Configuration;

test('a double click takes names with dots and hyphens, and quantities with their unit, whole', () => {
  const words = (text: string): string[] => text.match(new RegExp(configuration.wordPattern, 'g')) ?? [];
  for (const word of [
    'refault-2013',
    'vm.swappiness',
    'v3.15',
    'hugetlb-2m',
    '64MiB',
    '150MB/s',
    '20%',
    '400k',
    '0.6',
    'µs',
  ])
    assert.deepEqual(words(word), [word]);
  assert.deepEqual(words('db[0 .. 38 MiB]'), ['db', '0', '38', 'MiB']);
});

test('a line that opens a block indents the next, one that closes it does not; comments and closed blocks do neither', () => {
  const increases = new RegExp(configuration.indentationRules.increaseIndentPattern);
  const decreases = new RegExp(configuration.indentationRules.decreaseIndentPattern);
  for (const line of ['machine server {', '  phase "A" { # why', 'run "x" {']) assert.match(line, increases);
  for (const line of ['file db 96 MiB', 'disk { latency 100 us }', '# a {', 'read db'])
    assert.doesNotMatch(line, increases);
  assert.match('  }', decreases);
  assert.doesNotMatch('disk { latency 100 us }', decreases);
});

test('regions fold by comments', () => {
  assert.match('  #region machines', new RegExp(configuration.folding.markers.start));
  assert.match('# endregion', new RegExp(configuration.folding.markers.end));
  assert.equal(configuration.comments.lineComment, '#');
});
