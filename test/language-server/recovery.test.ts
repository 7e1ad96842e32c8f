import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileProgram } from '../../language-server/language/index.ts';
import { parseSource, rawTokens } from '../../language-server/language/parser.ts';
import { programs } from './programs.ts';

/** A syntax tree as text, without positions. */
const shape = (node: unknown): string =>
  JSON.stringify(node, (key, value: unknown) => (key.startsWith('$') && key !== '$type' ? undefined : value));

const items = (text: string): string[] => parseSource('test:', text).ast.items.map(shape);

for (const { name, text } of programs) {
  test(`${name}: any single token deleted, all other top-level items survive intact`, () => {
    const parsed = parseSource('test:', text).ast.items;
    const spans = parsed.map((item) => [item.$cstNode!.offset, item.$cstNode!.end] as const);
    const shapes = parsed.map(shape);
    for (const token of rawTokens(text)) {
      // Joining a comment with the next line comments that line out: the rest of the text is another program.
      if (
        token.tokenType.name === 'NL' &&
        text.slice(text.lastIndexOf('\n', token.startOffset - 1) + 1, token.startOffset).includes('#')
      )
        continue;
      // A space stays where a line break was: else two words became one.
      const space = token.tokenType.name === 'NL' ? ' ' : '';
      const without = text.slice(0, token.startOffset) + space + text.slice(token.endOffset! + 1);
      const left = items(without);
      const hit = spans.findIndex(([start, end]) => token.startOffset >= start && token.startOffset < end);
      let at = 0;
      shapes.forEach((wanted, i) => {
        if (i === hit) return;
        const found = left.indexOf(wanted, at);
        assert.ok(
          found >= 0,
          `without '${token.image}' at ${token.startLine}:${token.startColumn} item ${i} is lost: ${wanted.slice(0, 200)}`,
        );
        at = found + 1;
      });
    }
  });

  test(`${name}: one deleted token gives at most one diagnostic a line`, () => {
    for (const token of rawTokens(text)) {
      const without = text.slice(0, token.startOffset) + text.slice(token.endOffset! + 1);
      const lines = compileProgram([{ uri: 'test:', text: without }]).diagnostics.map((d) => d.range.start.line);
      assert.equal(new Set(lines).size, lines.length);
    }
  });
}

test('one mistake gives one error', () => {
  const base =
    'machine server {\n  memory 64 MiB\n}\n\nfile db 96 MiB\n\nprocess p {\n  phase "a" { read db uniform, 10 times }\n  phase "b" { read db once }\n}\n\nrun "r" {\n  compare reclaim: lru\n}\n';
  assert.deepEqual(compileProgram([{ uri: 'test:', text: base }]).diagnostics, []);
  const counts: string[] = [];
  for (const token of rawTokens(base)) {
    if (token.tokenType.name === 'NL') continue;
    const text = base.slice(0, token.startOffset) + base.slice(token.endOffset! + 1);
    const errors = compileProgram([{ uri: 'test:', text }]).diagnostics.filter((d) => d.severity === 'error');
    if (errors.length > 1)
      counts.push(
        `without '${token.image}' at ${token.startLine}:${token.startColumn}: ${errors.map((e) => `${e.range.start.line + 1} ${e.message}`).join(' | ')}`,
      );
  }
  assert.deepEqual(counts, []);
});
