import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import fc from 'fast-check';
import { samples } from '../../extension/commands/samples.ts';
import { fromCells, toCells, type Cell } from '../../extension/notebook/cells.ts';

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (content: Uint8Array) => new TextDecoder('utf-8', { ignoreBOM: true }).decode(content);

/** What VS Code does with cells between reading and writing: metadata becomes JSON, text gets the platform's line ends. */
const throughTheEditor = (cells: readonly Cell[], eol = '\n'): Cell[] =>
  (JSON.parse(JSON.stringify(cells)) as Cell[]).map((cell) => ({ ...cell, text: cell.text.replaceAll('\n', eol) }));

const markdown = fc
  .array(
    fc.oneof(
      fc.constantFrom('```refault', '````refault title', '~~~refault', '```', '````', '~~~', '```js', '  ```refault'),
      fc.constantFrom('', '', '   ', '\t', '<!-- cell -->', '<!--', '-->', '# Title', 'run', '\ufeff', '> ```refault'),
      fc.string({ unit: 'grapheme', maxLength: 12 }),
    ),
    { maxLength: 24 },
  )
  .chain((lines) =>
    fc.tuple(
      fc.constant(lines),
      fc.array(fc.constantFrom('\n', '\n', '\r\n', '\r'), { minLength: lines.length, maxLength: lines.length }),
      fc.boolean(),
    ),
  )
  .map(([lines, ends, last]) => lines.map((line, i) => line + (i < lines.length - 1 || last ? ends[i] : '')).join(''));

test('any Markdown that is opened and saved untouched is the same, byte for byte', () => {
  fc.assert(
    fc.property(markdown, fc.constantFrom('\n', '\r\n'), (file, eol) => {
      assert.equal(text(fromCells(throughTheEditor(toCells(bytes(file)), eol))), file);
    }),
    { numRuns: 500 },
  );
});

test('every sample is read into cells and written back byte for byte', () => {
  for (const { file } of samples) {
    const content = readFileSync(new URL(`../../samples/${file}`, import.meta.url));
    const cells = toCells(content);
    assert.ok(
      cells.some(({ kind }) => kind === 'code'),
      `${file} has no cell`,
    );
    assert.deepEqual(Buffer.from(fromCells(throughTheEditor(cells))), content);
  }
});

test('Open Sample offers exactly the notebooks in samples/', () => {
  const files = readdirSync(new URL('../../samples/', import.meta.url)).filter((name) => name.endsWith('.refault.md'));
  assert.deepEqual(samples.map(({ file }) => file).sort(), files.sort());
});

test('an edited cell changes, the others stay as they were', () => {
  const file = 'Intro\n\n\n~~~refault  extra\nrun\n~~~\n\n* item\n';
  const cells = toCells(bytes(file)).map((cell) => (cell.kind === 'code' ? { ...cell, text: 'run "new"' } : cell));
  assert.equal(text(fromCells(cells)), 'Intro\n\n\n~~~refault  extra\nrun "new"\n~~~\n\n* item\n');
});

test('new cells without metadata are written as plain Markdown with fences', () => {
  const cells: Cell[] = [
    { kind: 'prose', language: 'markdown', text: '# New', metadata: {} },
    { kind: 'code', language: 'refault', text: 'run', metadata: {} },
  ];
  assert.equal(text(fromCells(cells)), '# New\n\n```refault\nrun\n```\n');
});

test('metadata that is not ours is ignored', () => {
  const cells: Cell[] = [
    { kind: 'code', language: 'refault', text: 'run', metadata: { layout: { lead: 3 }, other: 1 } },
  ];
  assert.equal(text(fromCells(cells)), '```refault\nrun\n```\n');
});

test('a code cell that was given another language is kept as a fenced block of that language', () => {
  const cells: Cell[] = [{ kind: 'code', language: 'python', text: 'print("```")', metadata: {} }];
  assert.equal(text(fromCells(cells)).trimEnd(), '````python\nprint("```")\n````');
});

test('a file that is not UTF-8 is refused rather than damaged', () => {
  assert.throws(() => toCells(new Uint8Array([0x23, 0x20, 0xff, 0xfe])), /not UTF-8/);
});
