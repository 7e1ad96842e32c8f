/** The hand-kept TextMate grammars: their own test files, the samples, and the injection into Markdown. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';
import oniguruma from 'vscode-oniguruma';
import textmate from 'vscode-textmate';
import { statements } from '../../simulator/tables/statements.ts';
import { patterns } from '../../simulator/tables/patterns.ts';
import { units } from '../../simulator/tables/units.ts';
import { programs } from './programs.ts';

const root = path.join(import.meta.dirname, '..', '..');
const syntaxes = path.join(root, 'extension', 'syntaxes');
const read = (name: string): string => readFileSync(path.join(syntaxes, name), 'utf8');

/** As much of Markdown as an injection needs. */
const markdown = JSON.stringify({
  scopeName: 'text.html.markdown',
  patterns: [{ match: '^#.*$', name: 'markup.heading.markdown' }],
});
const grammars: Readonly<Record<string, () => string>> = {
  'source.refault': () => read('refault.tmLanguage.json'),
  'markdown.refault.codeblock': () => read('refault.markdown-injection.tmLanguage.json'),
  'text.html.markdown': () => markdown,
};

async function registry(): Promise<InstanceType<typeof textmate.Registry>> {
  const wasm = readFileSync(createRequire(import.meta.url).resolve('vscode-oniguruma/release/onig.wasm'));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  return new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (p) => new oniguruma.OnigScanner(p),
      createOnigString: (s) => new oniguruma.OnigString(s),
    }),
    loadGrammar: (scope) =>
      Promise.resolve(grammars[scope] ? textmate.parseRawGrammar(grammars[scope](), `${scope}.json`) : null),
    getInjections: (scope) => (scope === 'text.html.markdown' ? ['markdown.refault.codeblock'] : []),
  });
}

let shared: Promise<InstanceType<typeof textmate.Registry>> | undefined;

/** Words with the innermost scope that they have. */
async function scopesOf(scope: string, text: string): Promise<[string, string[]][]> {
  const grammar = await (await (shared ??= registry())).loadGrammar(scope);
  assert.ok(grammar);
  let state = textmate.INITIAL;
  const found: [string, string[]][] = [];
  for (const line of text.split('\n')) {
    const result = grammar.tokenizeLine(line, state);
    state = result.ruleStack;
    for (const t of result.tokens) {
      const word = line.slice(t.startIndex, t.endIndex).trim();
      if (word !== '') found.push([word, t.scopes]);
    }
  }
  return found;
}

test('the grammar’s own test files hold', () => {
  const bin = path.join(root, 'node_modules', '.bin', 'vscode-tmgrammar-test');
  const run = spawnSync(
    process.execPath,
    [bin, '-g', 'extension/syntaxes/refault.tmLanguage.json', 'test/grammar/*.refault'],
    { cwd: root, encoding: 'utf8' },
  );
  assert.equal(run.status, 0, run.stdout + run.stderr);
});

test('every statement word, pattern and unit of the tables has a colour', async () => {
  const plain = 'variable.other.refault';
  for (const row of statements) {
    const [first] = await scopesOf('source.refault', row.example);
    assert.equal(first[0], row.word);
    assert.notEqual(first[1].at(-1), plain, row.word);
  }
  for (const row of patterns) {
    const found = await scopesOf('source.refault', `read db ${row.name}`);
    assert.equal(found.at(-1)?.[1].at(-1), 'support.type.pattern.refault', row.name);
  }
  for (const row of units) {
    const found = await scopesOf('source.refault', `let x = 4 ${row.name}`);
    assert.equal(found.at(-1)?.[1].at(-1), 'keyword.other.unit.refault', row.name);
  }
});

test('in programs every number is a number, and comments and texts hold nothing else', async () => {
  for (const { text } of programs) {
    for (const [word, scopes] of await scopesOf('source.refault', text)) {
      if (/^\d[\d_.]*$/.test(word))
        assert.ok(
          scopes.some((s) => /numeric|string|comment|entity\.name/.test(s)),
          `${word}: ${scopes.join(' ')}`,
        );
      if (word.startsWith('#'))
        assert.ok(
          scopes.some((s) => s.startsWith('comment')),
          word,
        );
    }
  }
});

test('a refault fence in Markdown is coloured, other fences and prose are not', async () => {
  const text =
    '# Title\n\nread the file\n\n```refault\nfile db 96 MiB\n```\n\n```js\nfile db\n```\nread\n\n````refault\nrun "x"\n````\n';
  const found = await scopesOf('text.html.markdown', text);
  const scopesOfWord = (word: string, nth = 0): string[] => found.filter(([w]) => w === word)[nth]?.[1] ?? [];
  assert.ok(scopesOfWord('MiB').includes('keyword.other.unit.refault'));
  assert.ok(scopesOfWord('MiB').includes('meta.embedded.block.refault'));
  assert.ok(scopesOfWord('run').includes('keyword.control.declaration.refault'));
  assert.ok(!found.some(([w, s]) => /^read|^file db$/.test(w) && s.some((x) => x.endsWith('.refault'))));
});
