import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { compileProgram } from '../../language-server/language/index.ts';
import { parseSource } from '../../language-server/language/parser.ts';
import { programs } from './programs.ts';

const compile = (text: string) => compileProgram([{ uri: 'test:', text }], { checkOnly: true });

/** No exception, and nothing that the parser itself had to give up on: the grammar takes any text. */
function takes(text: string): void {
  assert.deepEqual(parseSource('test:', text).errors, [], JSON.stringify(text));
  for (const d of compile(text).diagnostics) {
    assert.ok(d.message.length > 0 && !/undefined|\[object|NaN|\{\w+\}/.test(d.message), d.message);
    assert.ok(d.range.start.line >= 0 && d.range.end.line <= text.split(/\r\n|\r|\n/).length, d.message);
  }
}

for (const { name, text } of programs) {
  test(`${name}: typed character by character, it never fails`, () => {
    for (let end = 0; end <= text.length; end++) takes(text.slice(0, end));
  });
}

test('with characters deleted, replaced and inserted anywhere, no program fails', () => {
  const signs = fc.constantFrom(
    ...'{}[]()"#;,:=<>!+-*/%.0 9azMiB\n\t\\\u00e9\u2028\ud83d',
    'process ',
    'run ',
    'sweep ',
    '1e999',
    '..',
    ' 50% ',
    'let x = x\n',
  );
  fc.assert(
    fc.property(
      fc.constantFrom(...programs),
      fc.array(fc.tuple(fc.nat(), fc.nat(6), signs), { minLength: 1, maxLength: 8 }),
      ({ text }, edits) => {
        let mutated = text;
        for (const [at, remove, insert] of edits) {
          const i = at % (mutated.length + 1);
          mutated = mutated.slice(0, i) + insert + mutated.slice(i + remove);
        }
        takes(mutated);
      },
    ),
    { numRuns: 400 },
  );
});

test('random text never fails', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), takes), { numRuns: 300 });
  const words = fc.constantFrom(
    'machine', 'file', 'process', 'run', 'let', 'x', 'db', '{', '}', '96', 'MiB', 'read', 'zipf', 'for', 'times', 'compare', 'reclaim', ':', ',', 'sweep', '..',
    'step', 'plot', 'expect', 'at', 'of', 'by', 'no', '<', '(', ')', '[', ']', '"a"', '50%', '\n', ';', '=', '-', '*', 'in', 'cgroup', 'anon', 'phase', 'as', 'seed', 'sysctl',
  ); // prettier-ignore
  fc.assert(
    fc.property(fc.array(words, { maxLength: 60 }), (list) => takes(list.join(' '))),
    { numRuns: 1500 },
  );
});

test('absurdly deep and long programs are diagnosed, not crashed on', () => {
  takes(`let x = ${'('.repeat(5000)}1${')'.repeat(5000)}`);
  takes(`let x = 1${' + 1'.repeat(5000)}`);
  takes(`let x = ${'- '.repeat(5000)}1`);
  takes('{'.repeat(5000));
  takes('}'.repeat(5000));
  takes('process p { '.repeat(2000));
  takes(`process p {${' for 1 s {'.repeat(1000)}`);
  takes('"'.repeat(5000));
  takes(Array.from({ length: 3000 }, (_, i) => `let x${i} = x${i + 1}`).join('\n'));
  takes(`run { compare reclaim: ${'lru, '.repeat(3000)} }`);
  takes('file db 96 MiB\n'.repeat(2000));
});
