import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import { pageAt, pageUri } from '../../language-server/language/diagnostic-page.ts';
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

test('a diagnostic that can be shown in a few lines is: its examples of wrong and right differ', () => {
  const without = diagnostics.filter((d) => d.wrong === '' && d.right === '').map((d) => d.code);
  assert.deepEqual(
    without,
    ['S12', 'N13', 'R02', 'R13'],
    'the parser’s own gap, errors in another file, a loop without time, settings from outside',
  );
  for (const d of diagnostics) if (!without.includes(d.code)) assert.notEqual(d.wrong.trim(), d.right.trim(), d.code);
});

test('the code of a diagnostic leads to its page without a web address', () => {
  for (const { code, title } of diagnostics) {
    assert.equal(new URL(pageUri(code)).protocol, 'refault-docs:');
    assert.ok(pageAt(new URL(pageUri(code)).pathname)?.startsWith(`# ${code}: ${title}\n`), code);
  }
  assert.equal(pageAt('/diagnostics/X99.md'), undefined);
});
