import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

const root = path.join(import.meta.dirname, '..', '..');

test('the generated parser tables and syntax-tree types are what the grammar gives', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'refault-grammar-'));
  try {
    const config = JSON.parse(readFileSync(path.join(root, 'langium-config.json'), 'utf8')) as {
      out: string;
      languages: { grammar: string }[];
    };
    mkdirSync(path.join(folder, path.dirname(config.languages[0].grammar)), { recursive: true });
    copyFileSync(path.join(root, config.languages[0].grammar), path.join(folder, config.languages[0].grammar));
    writeFileSync(path.join(folder, 'langium-config.json'), JSON.stringify(config));
    const made = spawnSync(process.execPath, [path.join(root, 'node_modules/langium-cli/bin/langium.js'), 'generate'], {
      cwd: folder,
      encoding: 'utf8',
    });
    assert.equal(made.status, 0, made.stdout + made.stderr);
    for (const name of readdirSync(path.join(folder, config.out))) {
      assert.equal(
        readFileSync(path.join(root, config.out, name), 'utf8'),
        readFileSync(path.join(folder, config.out, name), 'utf8'),
        `${name} is stale: run \`npm run generate\``,
      );
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
