import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { compileProgram, parseNotebook } from '../../language-server/language/index.ts';
import { diagnostics } from '../../simulator/tables/diagnostics.ts';
import { stalePages } from '../../tools/generate-docs.ts';

const root = path.join(import.meta.dirname, '..', '..');

test('docs/language.md and docs/diagnostics/ are what the definition tables give', () => {
  assert.deepEqual(stalePages(path.join(root, 'docs')), [], 'run `npm run generate`');
});

test('the program in the README compiles without a complaint', () => {
  const cells = parseNotebook(readFileSync(path.join(root, 'README.md'), 'utf8')).filter((c) => c.kind === 'code');
  assert.ok(cells.length > 0);
  const { plans, diagnostics } = compileProgram(cells.map((c, i) => ({ uri: `readme:${i}`, text: c.text })));
  assert.deepEqual(diagnostics, []);
  assert.equal(plans.length, 1);
});

test('every diagnostic of the program text has an example that is wrong and one that is right, and they differ', () => {
  for (const d of diagnostics.filter((d) => d.code !== 'S12')) {
    assert.notEqual(d.wrong, d.right, d.code);
    assert.ok(d.wrong.trim() !== '' && d.right.trim() !== '', d.code);
  }
});
