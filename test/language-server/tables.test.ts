/** The rows of the definition tables keep what they say: their examples are tried. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compileProgram } from '../../language-server/language/index.ts';
import { diagnostics } from '../../simulator/tables/diagnostics.ts';
import { patterns } from '../../simulator/tables/patterns.ts';
import { statements, type Place } from '../../simulator/tables/statements.ts';

const DECLARED =
  'machine server { memory 64 MiB }\nmachine other { memory 64 MiB }\nmachine server2 { memory 64 MiB }\n';

const NODES = 'machine m { node 0-3 { memory 64 MiB } }\n';

/** A program in which an example may stand, by what it is an example of. */
const frames: Readonly<Record<Place, (text: string) => string>> = {
  program: (text) => text,
  process: (text) =>
    `${/^m(empolicy|bind) /.test(text) ? NODES : ''}file db 96 MiB\nfile log 64 MiB\nfuse photos\nfile A 1 MiB\nfile B 1 MiB\ntrace oltp "x"\nprocess p {${text.startsWith('anon heap') ? '' : '\n  anon heap 128 MiB'}\n  read db\n  ${text}\n}\nrun`,
  run: (text) =>
    `machine server { memory 64 MiB }\nfile db 96 MiB\nprocess p { phase "B is hot" { read db } }\nrun {\n${text.includes('expect v3.15') ? 'compare reclaim: v3.15\n' : ''}${text}\n}`,
  at: (text) =>
    `machine m { node 0-1 { memory 64 MiB }; node 2-3 { memory 64 MiB, movable } }\ncgroup web { memory.max 32 MiB }\ncpuset jail { mems 0-1 }\ntmpfs scratch 16 MiB\nfuse photos\nprocess worker in web { idle 1 s }\nprocess writer in jail { write scratch; write photos }\ndevice gpu\n${text.startsWith('online') ? 'at 1 s { offline node 2 }\n' : ''}${text.startsWith('resume') ? 'at 1 s { stall photos.daemon }\n' : ''}at 5 s { ${text} }\nrun`,
};

const codesOf = (text: string): string[] =>
  compileProgram([{ uri: 'test:', text }], {
    resolveImport: (_, path) => (path === 'machines.refault' ? { uri: 'file:///m', text: '' } : null),
  }).diagnostics.map((d) => d.code);

/** An example may be a whole program, or stand in a process or a run. */
const attempts = (text: string): string[][] =>
  [
    text,
    `${DECLARED}${text}`,
    `machine m { ${text} }`,
    frames.process(text),
    frames.run(text),
    `${DECLARED}file A 1 MiB\nfile B 1 MiB\nfile db 96 MiB\nprocess p { ${text} }\nrun`,
  ].map(codesOf);

for (const row of diagnostics) {
  // That of S09 stands for five thousand parentheses.
  if (row.wrong === '' || row.code === 'S09') continue;
  test(`${row.code}: its wrong example gives it, its right one does not`, () => {
    const wrong = attempts(row.wrong);
    const at = wrong.findIndex((codes) => codes.includes(row.code));
    assert.ok(at >= 0, `nowhere among ${JSON.stringify(wrong)}`);
    const right = attempts(row.right);
    assert.ok(
      right.some((codes) => !codes.includes(row.code) && !codes.some((code) => code.startsWith('S'))),
      JSON.stringify(right),
    );
    assert.ok(!right[at].includes(row.code), JSON.stringify(right[at]));
  });
}

for (const row of statements) {
  test(`the example of '${row.word}' is a program`, () => {
    const codes = codesOf(
      frames[row.place](
        row.place === 'program' && row.word === 'process'
          ? `file db 1 MiB\n${row.example}`
          : row.word === 'let'
            ? `machine server { memory 64 MiB }\n${row.example}`
            : row.word === 'run'
              ? `file db 1 MiB\nprocess p { read db }\n${row.example}`
              : row.example,
      ),
    );
    assert.deepEqual(
      codes.filter((code) => code !== 'N10'),
      [],
    );
  });
}

for (const row of patterns) {
  test(`the example of '${row.name}' is one`, () => {
    assert.deepEqual(
      codesOf(frames.process(row.example)).filter((code) => code !== 'N10'),
      [],
    );
  });
}
