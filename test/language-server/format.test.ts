import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatText } from '../../language-server/language/format.ts';
import { parseSource, rawTokens } from '../../language-server/language/parser.ts';
import { programs } from './programs.ts';

const shape = (text: string): string =>
  JSON.stringify(parseSource('test:', text).ast, (key, value: unknown) =>
    key.startsWith('$') && key !== '$type' ? undefined : value,
  );
const images = (text: string): string[] =>
  rawTokens(text)
    .filter((t) => t.tokenType.name !== 'NL')
    .map((t) => t.image.trimEnd());

/** Programs with white space thrown in and taken out, and with signs and words here and there. */
const mangled = fc
  .tuple(
    fc.constantFrom(...programs),
    fc.array(
      fc.tuple(
        fc.nat(),
        fc.nat(2),
        fc.constantFrom(
          ' ',
          '   ',
          '\n',
          '\n\n\n',
          '\t',
          '',
          ';',
          ',',
          '-',
          ' - ',
          '=',
          '(',
          ')',
          '[',
          '{',
          '}',
          '%',
          '..',
          ' x',
          '5',
          '#c\n',
          '"',
          ':',
        ),
      ),
      { maxLength: 12 },
    ),
  )
  .map(([{ text }, edits]) =>
    edits.reduce(
      (t, [at, cut, add]) => t.slice(0, at % (t.length + 1)) + add + t.slice((at % (t.length + 1)) + cut),
      text,
    ),
  );

test('formatting twice changes nothing more, whatever the text', () => {
  fc.assert(
    fc.property(mangled, (text) => {
      const once = formatText(text);
      assert.equal(formatText(once), once);
    }),
    { numRuns: 500 },
  );
});

test('formatting changes white space only: the same tokens, the same tree', () => {
  fc.assert(
    fc.property(mangled, (text) => {
      const formatted = formatText(text);
      assert.deepEqual(images(formatted), images(text));
      assert.equal(shape(formatted), shape(text));
    }),
    { numRuns: 500 },
  );
});

test('quantities, blocks and commas are written as the tour writes them', () => {
  const ugly =
    'machine   server{memory 64MiB,cpus 4\n\n\ndisk{latency 100us ,bandwidth 150MB/s}\n\n}\n\n\n\nfile A   10 %\nprocess p {\nread A sequentially 4times # why\n}\n';
  assert.equal(
    formatText(ugly),
    'machine server { memory 64 MiB, cpus 4\n\n  disk { latency 100 us, bandwidth 150 MB/s }\n}\n\nfile A 10%\nprocess p {\n  read A sequentially 4 times  # why\n}\n',
  );
});

test('a file ends with one line break, a cell with none', () => {
  assert.equal(formatText('file A 1 MiB'), 'file A 1 MiB\n');
  assert.equal(formatText('file A 1 MiB\n\n\n'), 'file A 1 MiB\n');
  assert.equal(formatText('file A 1 MiB\n\n', { finalNewline: false }), 'file A 1 MiB');
});

test('tight kernel words stay tight, operators get their spaces', () => {
  assert.equal(formatText('tmpfs s 2GiB{mpol bind=relative:0-1}'), 'tmpfs s 2 GiB { mpol bind=relative:0-1 }\n');
  assert.equal(formatText('let x=0.6*server.memory'), 'let x=0.6 * server.memory\n');
  assert.equal(
    formatText('run{compare reclaim:lru,v6.1 ;sweep m.memory 1MiB..2MiB in 2steps}'),
    'run { compare reclaim: lru, v6.1; sweep m.memory 1 MiB .. 2 MiB in 2 steps }\n',
  );
});

test('a file that was written with CRLF keeps it', () => {
  assert.equal(formatText('file A 1MiB\r\nrun\r\n'), 'file A 1 MiB\r\nrun\r\n');
});
