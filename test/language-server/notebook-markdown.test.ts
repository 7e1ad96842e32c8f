import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { parseNotebook, serializeNotebook } from '../../language-server/language/notebook-markdown.ts';

const cellsOf = (text: string) => parseNotebook(text).map(({ kind, text }) => [kind, text]);

/** Text made of the lines that matter to the reader of a notebook, with all three line ends. */
const markdown = fc
  .array(
    fc.tuple(
      fc.constantFrom(
        '```refault', '```', '````refault', '````', '~~~refault', '~~~', '```js', '```refault title', '  ```refault', '    ```refault', '> ```refault',
        '- ```refault', '<!-- cell -->', ' <!-- cell -->', '<!--', '-->', '<!-- a -->', '<pre>', '</pre>', '', ' ', '\t', '# Title', 'prose', 'file db 96 MiB',
        '``` refault', '```refaults', '```refault ', '``````', '\ufeff', '\u00a0', '***', '``` a`b',
      ), // prettier-ignore
      fc.constantFrom('\n', '\n', '\n', '\r\n', '\r'),
    ),
    { maxLength: 14 },
  )
  .chain((lines) =>
    fc.constantFrom(
      lines.map(([l, e]) => l + e).join(''),
      lines
        .map(([l, e]) => l + e)
        .join('')
        .replace(/[\r\n]+$/, ''),
    ),
  );

test('any Markdown file is written back byte for byte', () => {
  fc.assert(
    fc.property(fc.oneof(markdown, fc.string({ maxLength: 60 })), (text) => {
      assert.equal(serializeNotebook(parseNotebook(text)), text);
    }),
    { numRuns: 3000 },
  );
});

const cell = fc.record({
  kind: fc.constantFrom('code' as const, 'prose' as const),
  text: fc
    .array(fc.constantFrom('file db 96 MiB', '', 'a b', '# x', '    y'), { maxLength: 4 })
    .map((lines) => lines.join('\n')),
});
const trimmed = (text: string) => text.replace(/^([ \t]*\n)+|(\n[ \t]*)+$/g, '').replace(/^[ \t]*$/, '');

test('cells made in the editor come back as they were', () => {
  fc.assert(
    fc.property(fc.array(cell, { maxLength: 6 }), (cells) => {
      const expected = cells.map(({ kind, text }) => [kind, kind === 'prose' ? trimmed(text) : text]);
      const found = cellsOf(serializeNotebook(cells));
      assert.deepEqual(found, expected);
    }),
    { numRuns: 2000 },
  );
});

test('cells that are moved, deleted or edited neither merge nor vanish, and the others keep their bytes', () => {
  fc.assert(
    fc.property(markdown, fc.infiniteStream(fc.nat(1000)), (text, choices) => {
      const next = (n: number) => choices.next().value! % n;
      const cells = parseNotebook(text);
      if (cells.length === 0) return;
      const moved = [...cells];
      const [taken] = moved.splice(next(moved.length), 1);
      if (next(3) > 0) moved.splice(next(moved.length + 1), 0, taken);
      const edited = next(2) > 0 && moved.length > 0 ? next(moved.length) : -1;
      if (edited >= 0) moved[edited] = { ...moved[edited], text: 'file other 1 MiB' };
      const out = serializeNotebook(moved);
      const back = parseNotebook(out);
      assert.deepEqual(
        back.map((c) => c.kind),
        moved.map((c) => c.kind),
        JSON.stringify(out),
      );
      back.forEach((c, i) => {
        // What prose left open is closed when something comes behind it.
        if (c.kind === 'code' || i === edited) assert.equal(c.text, moved[i].text);
        else assert.ok(c.text.startsWith(moved[i].text));
      });
      assert.equal(serializeNotebook(back), out);
    }),
    { numRuns: 3000 },
  );
});

test('a fence is lengthened when the code of a cell contains one', () => {
  const text = serializeNotebook([{ kind: 'code', text: '# ends with\n```\n# here' }]);
  assert.equal(text, '````refault\n# ends with\n```\n# here\n````\n');
});

test('fences of other languages, in lists, in quotes, indented and in comments are prose', () => {
  for (const prose of [
    '```js\n```refault\n```',
    '- a\n  ```refault\n  x\n  ```',
    '> ```refault\n> x\n> ```',
    '    ```refault',
    '<!--\n```refault\n-->',
    '````md\n```refault\n```\n````',
  ]) {
    assert.deepEqual(cellsOf(prose), [['prose', prose]]);
  }
});

test('a fence that is never closed makes a cell to the end of the file', () => {
  assert.deepEqual(cellsOf('a\n\n```refault\nfile db 1 MiB\n'), [
    ['prose', 'a'],
    ['code', 'file db 1 MiB'],
  ]);
});

test('lines are counted in the file: that of a cell is its first line of code', () => {
  const cells = parseNotebook('# T\r\n\r\n```refault\r\nfile a 1 MiB\r\n```\r\ntext\r\n');
  assert.deepEqual(
    cells.map((c) => c.line),
    [0, 3, 5],
  );
  assert.equal(cells[1].text, 'file a 1 MiB');
});

test('line ends of the file are kept in a cell that was edited', () => {
  const cells = parseNotebook('```refault\r\nfile a 1 MiB\r\n```\r\n');
  assert.equal(
    serializeNotebook([{ ...cells[0], text: 'file a 1 MiB\nrun' }]),
    '```refault\r\nfile a 1 MiB\r\nrun\r\n```\r\n',
  );
});
